"""The actions that each type of resource takes, as data: `actions.json`.

By type, by kind of object that an action is asked for, and by whether it is read or written: each
action with who calls it. That is a file and a function of Terraform's AWS provider, on which the
official Pulumi provider stands (https://github.com/hashicorp/terraform-provider-aws), or a part of
this project.
Beside the types there are what exists already, by service, and what every stack takes.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

FILE: Final = Path(__file__).with_name("actions.json")
TRIED: Final = Path(__file__).with_name("tried.json")
Mode = Literal["read", "write"]

Actions = Mapping[str, Mapping[str, Mapping[Mode, Mapping[str, str]]]]
"""By type, kind of object, and mode: who calls each action."""


@cache
def actions() -> Actions:
    """All of them."""
    found: Actions = json.loads(FILE.read_text())
    return found


@cache
def tried() -> Mapping[str, Mapping[str, Mapping[str, list[str]]]]:
    """The actions that were asked for in the sandbox, where removing any one broke a command.

    By example, command and side. A command is one of deploying, previewing, refreshing and
    destroying a stack, or a verb of `access`.
    """
    found: Mapping[str, Mapping[str, Mapping[str, list[str]]]] = json.loads(TRIED.read_text())
    return found
