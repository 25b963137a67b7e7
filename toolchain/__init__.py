"""The programs that the project needs beside its Python packages, made ready by themselves."""

from toolchain.aws_command import aws_cli
from toolchain.errors import ToolchainError
from toolchain.pulumi_cli import pulumi

__all__ = ["ToolchainError", "aws_cli", "pulumi"]
