module pulumi-language-python.example

go 1.26.6

require github.com/pulumi/pulumi/sdk/v3 v3.75.0
