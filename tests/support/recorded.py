"""States that an earlier program left behind, one for each example, in `tests/states/`.

Who upgrades has a stack file and a state that the new program has not written. `NAME.yaml` is the
stack file (of the example `yaml`, its program), `NAME.json` the state, as `pulumi stack export`
prints it but without what tells where and when it was made. `beyond-examples` has what is in no
example.

`python -m tests.support.recorded NAME ...`, in the checkout, records with the program as it is now.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml

from cross_account_access.dev import toolchain
from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ROOT
from tests.support.people import PRODUCTION_ADMIN, REGION, STAGING_ADMIN, admin
from tests.support.program import Program

STATES: Final = ROOT / "tests" / "states"
_OF_OUR_OWN: Final = ("prod", "staging")
"""Stacks of the program itself, beside the examples."""
_OF_PLACE_AND_TIME: Final = ("created", "modified", "sourcePosition", "stackTrace", "time")


def examples() -> set[str]:
    """All that has a stack of this program, by name."""
    return {*_OF_OUR_OWN, *(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())}


def stack_of(name: str) -> str:
    """The stack whose state was recorded: it is part of every URN."""
    return {"staging": "staging", "yaml": "dev"}.get(name, "prod")


def opened(name: str, box: Sandbox, folder: Path) -> Program:
    """The program as it is now, with the recorded stack file and an empty stack.

    The accounts are emptied, but for the users that the stack adopts, and buckets of access logs.
    """
    box.reset()
    program, stack = Program.copied_to(folder, box.environment), stack_of(name)
    recorded = STATES / f"{name}.yaml"
    if name == "yaml":
        program = _in_yaml(program, recorded)
    else:
        shutil.copy2(recorded, program.folder / f"Pulumi.{stack}.yaml")
    program.init(stack)
    users = (consumer.get("user", {}) for consumer in program.settings(stack).get("consumers", []))
    create = ("aws", "iam", "create-user", "--profile", STAGING_ADMIN, "--user-name")
    for user in users:
        if user.get("adopt"):
            ran = program.run(*create, user["name"])
            assert ran.status == 0, ran.output
    for bucket in program.settings(stack).get("buckets", []):
        if "access_log" in bucket:
            place: Any = {"LocationConstraint": REGION}
            admin(PRODUCTION_ADMIN).client("s3").create_bucket(
                Bucket=bucket["access_log"]["bucket"], CreateBucketConfiguration=place
            )
    return program


def resources(name: str) -> list[dict[str, Any]]:
    """The resources in the recorded state, each after those that it needs."""
    found: list[dict[str, Any]] = json.loads((STATES / f"{name}.json").read_text())["deployment"][
        "resources"
    ]
    return found


def replay(name: str, program: Program) -> None:
    """Makes in the accounts what is in the recorded state, and so brings the stack into it.

    The identifiers that AWS chooses, such as those of KMS keys, are new ones.
    """
    folder = program.folder.parent / "replay"
    folder.mkdir()
    shutil.copy2(Path(__file__).with_name("replay.py"), folder / "__main__.py")
    shutil.copy2(STATES / f"{name}.json", folder / "state.json")
    stack_file = f"Pulumi.{stack_of(name)}.yaml"
    shutil.copy2(program.folder / stack_file, folder)
    project = yaml.safe_load((program.folder / "Pulumi.yaml").read_text())["name"]
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": project, "runtime": "python"}))
    Program(folder, program.environment).up(stack_of(name))


def record(name: str, box: Sandbox) -> None:
    """Deploys a stack with the program as it is now, and keeps its stack file and its state.

    The stack file of what is no example stands among the states already.

    Raises:
        FileExistsError: there is a state of it, which somebody may still have.
    """
    recorded = STATES / f"{name}.json"
    if recorded.exists():
        raise FileExistsError(recorded)
    if name in examples():
        example = ROOT / ("" if name in _OF_OUR_OWN else f"examples/{name}")
        stack_file = "Pulumi.yaml" if name == "yaml" else f"Pulumi.{stack_of(name)}.yaml"
        shutil.copy2(example / stack_file, STATES / f"{name}.yaml")
    with TemporaryDirectory() as folder:
        program = opened(name, box, Path(folder))
        program.up(stack_of(name))
        exported = json.loads(program.pulumi("stack", "export", "--stack", stack_of(name)))
    manifest, *lines = (
        json.dumps({key: value for key, value in each.items() if key not in _OF_PLACE_AND_TIME})
        for each in (exported["deployment"]["manifest"], *exported["deployment"]["resources"])
    )
    recorded.write_text(
        f'{{"version": {exported["version"]}, "deployment": {{"manifest": {manifest},'
        ' "resources": [\n' + ",\n".join(lines) + "\n]}}\n"
    )


def _in_yaml(program: Program, recorded: Path) -> Program:
    """The recorded program in YAML, with the component package where it is now."""
    path = os.pathsep.join([str(toolchain.yaml_host()), program.environment["PATH"]])
    example = Program(program.folder / "examples" / "yaml", {**program.environment, "PATH": path})
    project = example.folder / "Pulumi.yaml"
    now, then = (yaml.safe_load(each.read_text()) for each in (project, recorded))
    project.write_text(yaml.safe_dump({**then, "plugins": now["plugins"]}))
    return example


if __name__ == "__main__":
    with Sandbox.start(production="111122223333", staging="444455556666") as running:
        for each in sys.argv[1:]:
            record(each, running)
