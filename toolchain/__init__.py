"""The programs that the project needs beside its Python packages, made ready by themselves."""

from toolchain.aws_command import aws_cli
from toolchain.cache import cache_folder
from toolchain.errors import ToolchainError
from toolchain.pulumi_cli import pulumi
from toolchain.yaml_language import yaml_host

__all__ = ["ToolchainError", "aws_cli", "cache_folder", "pulumi", "yaml_host"]
