module pulumi-language-yaml.example

go 1.26.6

require github.com/pulumi/pulumi-yaml v1.25.0
