"""The actions that each type of resource takes, as data: `actions.json`.

By type, by kind of object that an action is asked for, and by whether it is read or written: each
action with who calls it. That is a file of Terraform's AWS provider, on which the official Pulumi
provider stands (https://github.com/hashicorp/terraform-provider-aws), or a part of this project.
Beside the types there are what exists already, by service, and what every stack takes.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

FILE: Final = Path(__file__).with_name("actions.json")
_TRIED: Final = Path(__file__).with_name("tried.json")
Mode = Literal["read", "write"]

Actions = Mapping[str, Mapping[str, Mapping[Mode, Mapping[str, str]]]]
"""By type, kind of object, and mode: who calls each action."""


@cache
def actions() -> Actions:
    """All of them."""
    found: Actions = json.loads(FILE.read_text())
    return found


@cache
def tried() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The actions that were asked for in the sandbox, where removing any one broke a run.

    By `program`, which is deploying, previewing, refreshing and destroying, or `access`, which is
    what its verbs read besides; by side; with the example that asked for each first.
    """
    found: Mapping[str, Mapping[str, Mapping[str, str]]] = json.loads(_TRIED.read_text())
    return found
