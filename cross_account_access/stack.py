"""A Pulumi stack as data: its outputs, the resources of its state, those that a preview plans.

Everything comes from the `pulumi` command, so that it works on any backend and as any user that
the command itself works for.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cross_account_access.errors import NotDeployedError, UncheckedError, UsageError
from cross_account_access.facts.partitions import partition_of

_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands in a preview for a text that is known only after the deployment (Pulumi SDK)."""
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Key that marks an object of a state file as special, such as an encrypted value (Pulumi SDK)."""
_PROVIDER_OF_AWS: Final = "pulumi:providers:aws"
_STACK: Final = "pulumi:pulumi:Stack"
_EVENT_LOG: Final = {"PULUMI_DEBUG_COMMANDS": "true"}
"""Lets `pulumi preview` write the events of the engine to a file, as Pulumi's Automation API has it
do; they alone tell the outputs that a stack would have."""

_KEEPING: Final = ("same", "update")
"""Steps after which a resource is still the one that it was."""
_DIFFERING: Final = ("create", "update", "replace", "delete")
"""Steps of a resource that is not as the program says; a replacement has others beside its own."""
_NOT_OF_PROGRAM: Final = ("refresh", "delete", "discard")
_FAILED: Final = "error: preview failed"
IMPORT: Final = ("import", "--generate-code=false", "--file")
"""The command that imports, but for the file: the program has the code already."""

_LOCKED: Final = "currently locked"
_REMEDIES: Final = {
    "no stack selected": "name one with --stack, or select one with `pulumi stack select`",
    "no stack named": "`pulumi stack ls` lists those of this project and backend",
    "no Pulumi.yaml": "name the folder of the program with --cwd",
    "passphrase": "set PULUMI_CONFIG_PASSPHRASE to the one that the stack was made with",
    _LOCKED: "somebody's update of this stack is running: wait for its end; where"
    " nobody's is, as after a killed process, `access recover` says so and goes on from there",
    "failed to load checkpoint": "a file of the backend was cut off: `access recover --stack NAME`"
    " says which, and with --apply ends it",
    "account ID not allowed": "the profile of that side, production_profile or staging_profile of"
    " the stack file, holds credentials of another account: correct these",
    "PULUMI_ACCESS_TOKEN": "choose a backend with `pulumi login` or PULUMI_BACKEND_URL",
}
"""What helps, by a part of pulumi's own message."""


@dataclass(frozen=True, kw_only=True)
class StackResource:
    """One resource of a stack, deployed or planned."""

    urn: str
    type: str
    """Type token, like `aws:iam/role:Role`."""
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    provider: str | None = None
    """URN of its provider."""
    dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By property: URNs of the resources that its value was made from."""

    @property
    def name(self) -> str:
        """The logical name."""
        return self.urn.rsplit("::", 1)[-1]

    def known(self, key: str) -> Any:  # noqa: ANN401 - a property of any resource
        """The value of an input, `None` where there is none or it is not known yet.

        A resource that the stack only reads has outputs alone.
        """
        properties = self.inputs or self.outputs
        value = properties.get(key)
        return None if is_unknown(value) else value


@dataclass(frozen=True, kw_only=True)
class StackAccount:
    """An account of the stack, as the provider that deploys to it says."""

    id: str
    """12 digits."""
    label: str
    """The provider's logical name, like `production`."""
    profile: str | None
    region: str | None

    @property
    def partition(self) -> str:
        """The partition, which the region decides."""
        return partition_of(self.region or "")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A preview, in a form that imports what exists."""

    resources: tuple[StackResource, ...]
    """As a deployment now would leave them."""
    created: frozenset[str]
    """The URNs of those that it would create."""
    replaced: frozenset[str]
    """The URNs of those that it would make anew, in place of what the state has."""
    import_file: Mapping[str, Any]
    """What `pulumi preview --import-file` writes."""


@dataclass(frozen=True, kw_only=True)
class Previewed:
    """A preview, with what is there in between."""

    resources: tuple[StackResource, ...]
    """As a deployment now would leave them."""
    moments: tuple[tuple[StackResource, ...], ...]
    """All resources, at the beginning and after each step that changes one."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What the program says of one resource, and what the cloud says, which is something else."""

    wanted: StackResource
    """As a deployment now would leave it; as it was, where the program has it no more."""
    properties: tuple[str, ...]
    """Those that differ, by their paths; empty where the resource is missing on one side."""
    recorded: Mapping[str, Any] | None
    """Its outputs in the state; None where it was never deployed."""
    found: Mapping[str, Any] | None
    """Its outputs now, in the cloud; None where it is gone."""
    is_wanted: bool = True
    """Whether the program has it."""


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """A preview that has looked at the cloud first."""

    resources: tuple[StackResource, ...]
    """As a deployment now would leave them."""
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Stack:
    """A stack of the project in a folder."""

    folder: Path
    name: str | None = None
    """`None` for the one that is selected."""

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs.

        Raises:
            UncheckedError: no pulumi, or no such stack.
            NotDeployedError: nothing is deployed.
        """
        outputs: dict[str, Any] = self._json("stack", "output")
        if not outputs:
            raise self._not_deployed()
        return named(outputs)

    def state(self) -> tuple[StackResource, ...]:
        """The resources of the state.

        Raises:
            UncheckedError: no pulumi, or no such stack.
            NotDeployedError: nothing is deployed.
        """
        resources = resources_of_state(self._json("stack", "export"))
        if not resources:
            raise self._not_deployed()
        return resources

    def preview(self) -> tuple[StackResource, ...]:
        """The resources as a deployment now would leave them; as `previewed`."""
        return self.previewed().resources

    def previewed(self) -> Previewed:
        """What a deployment now would do; runs the program, changes nothing.

        Raises:
            UncheckedError: no pulumi, no such stack, or a program that fails.
        """
        # Loads what draws on terminals; `access credentials` comes by here and must be quick.
        from cross_account_access.presentation import notice, progress  # noqa: PLC0415

        with progress("previewing the stack"), tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "events.json"
            words = ("preview", "--show-sames", "--event-log", str(log), "--json")
            ran = self._ran(*words, **_EVENT_LOG)
            events = log.read_text() if log.exists() else ""
        preview = _parsed_object(ran.stdout)
        if ran.returncode != 0:
            if not _stops_at_protected(preview):
                raise UncheckedError(_reason(ran.stdout, ran.stderr))
            notice(
                f"a deployment would stop: {_reason(ran.stdout, ran.stderr)}\n"
                "what follows is as if it went on"
            )
            preview = _with_all_deletions(preview)
        return Previewed(
            resources=resources_of_preview(preview, outputs_of_events(events)),
            moments=moments_of_preview(preview),
        )

    def refreshed(self) -> Refreshed:
        """What differs between the program and the cloud, whose state is read but not recorded.

        Raises:
            UncheckedError: no pulumi, no such stack, a program that fails, or a cloud that cannot
                be read.
        """
        from cross_account_access.presentation import progress  # noqa: PLC0415 - as above

        with progress("previewing the stack"):
            preview = self._json("preview", "--refresh", "--show-sames")
        return Refreshed(
            resources=resources_of_preview(preview), differences=differences_of_preview(preview)
        )

    def plan(self) -> "Plan":
        """What a deployment now would leave and what it would create; changes nothing.

        Raises:
            UncheckedError: no pulumi, no such stack, or a program that fails.
        """
        from cross_account_access.presentation import progress  # noqa: PLC0415 - as above

        with progress("previewing the stack"), tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "import.json"
            preview = self._json("preview", "--show-sames", "--import-file", str(path))
            template = json.loads(path.read_text()) if path.exists() else {"resources": []}

        def urns(*ops: str) -> frozenset[str]:
            return frozenset(
                step["urn"] for step in preview.get("steps") or () if step["op"] in ops
            )

        return Plan(
            resources=resources_of_preview(preview),
            created=urns("create"),
            replaced=urns("replace", "create-replacement"),
            import_file=template,
        )

    def import_from(self, path: Path) -> None:
        """Takes the resources of a file for `pulumi import` into the state.

        Raises:
            UncheckedError: no pulumi, no such stack, or a refused import.
        """
        from cross_account_access.presentation import progress  # noqa: PLC0415 - as above

        file = str(path.resolve())
        with progress("importing into the state"):
            self._run(*IMPORT, file, "--yes", "--skip-preview")

    def exported(self) -> dict[str, Any]:
        """The state as `pulumi stack export` prints it.

        Raises:
            UncheckedError: no pulumi, or no such stack.
        """
        return self._json("stack", "export")

    def replace_state(self, path: Path) -> None:
        """Takes a file of `pulumi stack export` for the state; refused while an update runs.

        Raises:
            UncheckedError: no pulumi, no such stack, or a lock.
        """
        self._run("stack", "import", "--file", str(path.resolve()))

    def cancel(self) -> None:
        """Removes the lock, whoever holds it.

        Raises:
            UncheckedError: no pulumi, or no such stack.
        """
        self._run("cancel", "--yes")

    def backend(self) -> str:
        """The address of the backend, which is asked about no stack.

        Raises:
            UncheckedError: no pulumi, or no backend.
        """
        ran = Stack(self.folder)._ran("whoami", "--verbose", "--json")
        if ran.returncode != 0:
            raise UncheckedError(_reason(ran.stdout, ran.stderr))
        return str(_parsed_object(ran.stdout).get("url", ""))

    def selected(self) -> str:
        """The stack's name, also of the one that is selected.

        Raises:
            UncheckedError: no pulumi, or no stack selected.
        """
        return self._run("stack", "--show-name").strip()

    def _json(self, *words: str, **environment: str) -> dict[str, Any]:
        form = [] if words == ("stack", "export") else ["--json"]
        printed = self._run(*words, *form, **environment)
        value: dict[str, Any] = json.loads(printed)
        return value

    def _run(self, *words: str, **environment: str) -> str:
        ran = self._ran(*words, **environment)
        if ran.returncode != 0:
            raise UncheckedError(_reason(ran.stdout, ran.stderr))
        return ran.stdout

    def _ran(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [_pulumi(), *words, "--non-interactive"]
        if self.name is not None:
            command += ["--stack", self.name]
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _not_deployed(self) -> NotDeployedError:
        name = f"stack {self.name}" if self.name else "the selected stack"
        return NotDeployedError(f"{name} is not deployed; run `pulumi up` first")


def add_stack_options(parser: argparse.ArgumentParser) -> None:
    """Add `--stack` and `--cwd`, which `stack_of` reads."""
    parser.add_argument("--stack", metavar="NAME", help="the stack; without it, the selected one")
    add_folder_option(parser)


def add_folder_option(parser: argparse.ArgumentParser) -> None:
    """Add `--cwd`, which `stack_in` reads."""
    parser.add_argument(
        "--cwd", metavar="DIR", type=Path, default=Path(), help="folder of the Pulumi program"
    )


def stack_of(arguments: argparse.Namespace) -> Stack:
    """Return the stack that the options name.

    Raises:
        UsageError: when `--cwd` is no folder.
    """
    return stack_in(arguments, arguments.stack)


def stack_in(arguments: argparse.Namespace, name: str | None) -> Stack:
    """Return a stack of the program in the folder that `--cwd` names.

    Raises:
        UsageError: when it is no folder.
    """
    if not arguments.cwd.is_dir():
        msg = f"--cwd {arguments.cwd}: no such folder"
        raise UsageError(msg)
    return Stack(arguments.cwd, name)


def naming(arguments: argparse.Namespace) -> list[str]:
    """Return the options that name the same stack to another command."""
    return [
        *(["--stack", arguments.stack] if arguments.stack else []),
        *(["--cwd", str(arguments.cwd)] if arguments.cwd != Path() else []),
    ]


def resources_of_state(export: Mapping[str, Any]) -> tuple[StackResource, ...]:
    """Return the resources of what `pulumi stack export` prints."""
    resources = (export.get("deployment") or {}).get("resources") or ()
    # What waits for its deletion after a replacement is no longer in use.
    return tuple(_resource(each) for each in resources if not each.get("delete"))


def outputs_of_events(events: str) -> Mapping[str, Any]:
    """Return the outputs that a preview gives the stack, of the events of the engine, one a line.

    Those that refer to what is not made yet are not known. There are none where the log has none.
    """
    found: Mapping[str, Any] = {}
    for line in events.splitlines():
        metadata = (json.loads(line).get("resOutputsEvent") or {}).get("metadata") or {}
        # A stack that is refreshed first has those of the last deployment before its own.
        if metadata.get("type") == _STACK and metadata.get("op") != "refresh":
            found = (metadata.get("new") or {}).get("outputs") or found
    return found


def resources_of_preview(
    preview: Mapping[str, Any], outputs: Mapping[str, Any] | None = None
) -> tuple[StackResource, ...]:
    """Return the resources of what `pulumi preview --json --show-sames` prints.

    A resource has several steps when the preview looks at the cloud first or replaces it; the
    last one says what it will be. One that stays keeps its ARN, which the last step leaves out.

    Args:
        preview: what is printed.
        outputs: of the stack, which it does not tell.
    """
    planned: dict[str, StackResource] = {}
    for step in preview.get("steps") or ():
        if step["op"] in ("delete", "discard"):
            planned.pop(step["urn"], None)
        elif step.get("newState") is not None:
            state = _state_after(step)
            if state["type"] == _STACK and outputs:
                state = {**state, "outputs": outputs}
            planned[step["urn"]] = _resource(state)
    return tuple(planned.values())


def moments_of_preview(preview: Mapping[str, Any]) -> tuple[tuple[StackResource, ...], ...]:
    """Return all resources at the beginning and after each step of a preview.

    The engine may take steps that wait for nothing in another order. Of a resource that is replaced
    the former one is there, too, until its own deletion.
    """
    steps = [each for each in preview.get("steps") or () if each["op"] != "refresh"]
    there: dict[str, StackResource] = {}
    for step in steps:
        if step.get("oldState") is not None:
            there.setdefault(step["urn"], _resource(step["oldState"]))
    moments = [tuple(there.values())]
    for step in steps:
        urn, op = step["urn"], step["op"]
        former = f"{urn}, replaced"
        if op == "delete-replaced":
            there.pop(former if former in there else urn, None)
        elif op in ("delete", "discard"):
            there.pop(urn, None)
        elif op in ("create", "update", "create-replacement"):
            if op == "create-replacement" and urn in there:
                there[former] = replace(there[urn], urn=former)
            there[urn] = _resource(_state_after(step))
        else:
            continue
        moments.append(tuple(there.values()))
    return tuple(moments)


def _state_after(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return the new state of a step, with the ARN of a resource that stays the one that it was."""
    state: dict[str, Any] = step["newState"]
    kept = (step.get("oldState") or {}).get("outputs") or {}
    if step["op"] in _KEEPING and "arn" in kept:
        return {**state, "outputs": {"arn": kept["arn"], **(state.get("outputs") or {})}}
    return state


def differences_of_preview(preview: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what differs from the cloud by a preview that has looked at it first.

    Providers and components, which are in no cloud, are left out.
    """
    recorded: dict[str, Any] = {}
    differences = []
    for step in preview.get("steps") or ():
        urn, before, after = step["urn"], step.get("oldState"), step.get("newState")
        if step["op"] == "refresh":
            recorded[urn] = before
        elif step["op"] in _DIFFERING and "provider" in step:
            differences.append(
                Difference(
                    wanted=_resource(after or before or recorded[urn]),
                    properties=tuple(step.get("diffReasons") or ()),
                    recorded=(recorded.get(urn) or {}).get("outputs"),
                    # What a refresh has found is the old state of the steps after it.
                    found=before.get("outputs") if before else None,
                    is_wanted=step["op"] != "delete",
                )
            )
    return tuple(differences)


def accounts_of(resources: Iterable[StackResource]) -> dict[str, StackAccount]:
    """Return the accounts by the URN of the provider that deploys to each."""
    accounts = {}
    for resource in resources:
        if resource.type != _PROVIDER_OF_AWS:
            continue
        allowed = _parsed(resource.inputs.get("allowedAccountIds"))
        if isinstance(allowed, list) and len(allowed) == 1:
            accounts[resource.urn] = StackAccount(
                id=str(allowed[0]),
                label=resource.name,
                profile=resource.known("profile"),
                region=resource.known("region"),
            )
    return accounts


def named(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs by the names of the contract: two underscores only keep one off the screen."""
    return {name.removeprefix("__"): value for name, value in outputs.items()}


def is_unknown(value: object) -> bool:
    """Say whether a value is not known before the deployment, or is an encrypted secret."""
    return value == _UNKNOWN or (isinstance(value, Mapping) and _SIGNATURE in value)


def _resource(state: Mapping[str, Any]) -> StackResource:
    provider, outputs = state.get("provider"), state.get("outputs") or {}
    return StackResource(
        urn=state["urn"],
        type=state["type"],
        inputs=state.get("inputs") or {},
        outputs=named(outputs) if state["type"] == _STACK else outputs,
        provider=provider.rsplit("::", 1)[0] if provider else None,
        dependencies={
            key: urns or () for key, urns in (state.get("propertyDependencies") or {}).items()
        },
    )


def _parsed(value: object) -> object:
    """Providers keep lists and objects as JSON text."""
    return json.loads(value) if isinstance(value, str) else value


def _pulumi() -> str:
    command = shutil.which("pulumi")
    if command is None:
        msg = (
            "no pulumi on PATH; install the Pulumi CLI, or put the one that `make setup` makes"
            " there: `access-toolchain path` names its folder"
        )
        raise UncheckedError(msg)
    return command


def _parsed_object(text: str) -> dict[str, Any]:
    """Return a JSON object, an empty one where it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _errors(printed: Mapping[str, Any]) -> list[str]:
    diagnostics = printed.get("diagnostics") or ()
    return [each["message"] for each in diagnostics if each.get("severity") == "error"]


def _stops_at_protected(preview: Mapping[str, Any]) -> bool:
    """Say whether a preview failed for nothing but resources that must not be deleted."""
    told = [each.strip() for each in _errors(preview)]
    protected = [each for each in told if "because it is protected" in each]
    return bool(protected and preview.get("steps")) and {*told} <= {*protected, _FAILED}


def _with_all_deletions(preview: Mapping[str, Any]) -> dict[str, Any]:
    """Return a preview that stopped at a deletion without what the program does not have.

    By then every resource of the program has a step; those with a step of the refresh alone would
    have been deleted.
    """
    steps = preview["steps"]
    planned = {step["urn"] for step in steps if step["op"] not in _NOT_OF_PROGRAM}
    return {**preview, "steps": [step for step in steps if step["urn"] in planned]}


def _reason(stdout: str, stderr: str) -> str:
    """Return pulumi's own message in one line, and what helps."""
    errors = _errors(_parsed_object(stdout))
    printed = [line.strip() for line in (*stderr.splitlines(), *stdout.splitlines())]
    errors += [line for line in printed if line.startswith("error:")]
    told = next(iter(errors), stderr) or "no reason given"
    if _LOCKED in told:
        # Who holds it is on the lines after.
        told = "\n".join([told, *(line for line in printed if " created by " in line)])
    lines = [line.strip().removeprefix("error: ") for line in told.splitlines() if line.strip()]
    message = f"pulumi: {' '.join(lines)}" if lines else "pulumi failed without a reason"
    for part, remedy in _REMEDIES.items():
        if part in message:
            return f"{message}\n{remedy}"
    return message
