"""The programs that the project needs beside its Python packages, made ready by themselves."""

from cross_account_access.dev.toolchain.aws_command import aws_cli
from cross_account_access.dev.toolchain.cache import FOLDER_VARIABLE, cache_folder
from cross_account_access.dev.toolchain.errors import ToolchainError
from cross_account_access.dev.toolchain.pulumi_cli import pulumi
from cross_account_access.dev.toolchain.yaml_language import yaml_host

__all__ = ["FOLDER_VARIABLE", "ToolchainError", "aws_cli", "cache_folder", "pulumi", "yaml_host"]
