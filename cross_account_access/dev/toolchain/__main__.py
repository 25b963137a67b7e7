"""The command `access-toolchain`."""

import argparse
import os
import sys
from collections.abc import Sequence

from cross_account_access.dev.toolchain.aws_command import aws_cli, aws_cli_if_ready
from cross_account_access.dev.toolchain.cache import cache_folder
from cross_account_access.dev.toolchain.errors import ToolchainError
from cross_account_access.dev.toolchain.pulumi_cli import pulumi, pulumi_if_ready
from cross_account_access.dev.toolchain.workflow_linter import actionlint, actionlint_if_ready
from cross_account_access.dev.toolchain.yaml_language import yaml_host, yaml_host_if_ready

ENSURE = {"pulumi": pulumi, "aws": aws_cli, "yaml": yaml_host, "actionlint": actionlint}
READY = {
    "pulumi": pulumi_if_ready,
    "aws": aws_cli_if_ready,
    "yaml": yaml_host_if_ready,
    "actionlint": actionlint_if_ready,
}
WITHOUT_ASKING = ("pulumi", "aws")

DESCRIPTION = """\
Makes ready the two programs that the project needs beside its Python packages:

  pulumi  the Pulumi command line with its Python language host: the one on PATH when it is
          recent enough, else the official download, else built from Go modules (some minutes,
          4 GB of disk for a while)
  aws     the AWS CLI, in a virtual environment of its own

and, where they are named:

  yaml        Pulumi's YAML language host, for programs in YAML: the one beside pulumi, else built
              from its Go module (a minute or so)
  actionlint  what checks the workflows for GitHub Actions in our tests, built from its Go module
"""
EPILOG = """\
What is made is kept by version in {cache}
($XDG_CACHE_HOME decides), with the log of each build beside it. It is safe to interrupt, to run
twice at once, and to remove that folder.

exit status: 0 done, 1 not possible (the reason is told), 2 wrong usage, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        parser = _parser()
        options = parser.parse_args(arguments)
        for tool in options.tools:
            if tool not in ENSURE:
                parser.error(f"unknown program {tool!r}; known are {', '.join(ENSURE)}")
        return _run(options.verb, options.tools or WITHOUT_ASKING)
    except ToolchainError as error:
        sys.stderr.write(f"toolchain: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("toolchain: interrupted; the next run starts afresh\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="access-toolchain",
        description=DESCRIPTION,
        epilog=EPILOG.format(cache=cache_folder()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="ensure | path")
    for verb, purpose in (
        ("ensure", "make the programs ready and tell where each is"),
        ("path", "print their folders as a value for PATH; makes nothing"),
    ):
        verb_parser = verbs.add_parser(verb, help=purpose, description=purpose)
        verb_parser.add_argument(
            "tools",
            nargs="*",
            metavar=" | ".join(ENSURE),
            help=f"which of them; {' and '.join(WITHOUT_ASKING)} when not given",
        )
    return parser


def _run(verb: str, tools: Sequence[str]) -> int:
    if verb == "ensure":
        for tool in tools:
            sys.stdout.write(f"{tool}: {ENSURE[tool]()}\n")
            sys.stdout.flush()
        return 0
    folders = {tool: READY[tool]() for tool in tools}
    missing = [tool for tool, folder in folders.items() if folder is None]
    if missing:
        message = f"{' and '.join(missing)} not ready; run `access-toolchain ensure` first"
        raise ToolchainError(message)
    sys.stdout.write(f"{os.pathsep.join(str(folder) for folder in folders.values())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
