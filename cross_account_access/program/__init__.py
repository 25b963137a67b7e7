"""The steps of the Pulumi program, beside the component that it makes."""
