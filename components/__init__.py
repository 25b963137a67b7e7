"""The AWS resources of the program, as Pulumi components; nothing else creates any."""
