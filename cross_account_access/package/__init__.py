"""The component as a Pulumi package, for programs in any language."""
