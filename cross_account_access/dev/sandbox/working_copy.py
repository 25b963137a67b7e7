"""The copy of a project in which the sandbox's command runs, so that the checkout stays as it is.

Pulumi writes into stack files: `pulumi stack init` appends the salt of its passphrase, with which
no other backend can do anything. In the copy they are the sandbox's own. Every other file is a link
to the checkout's, so that a change of the program is seen at once; new files are the sandbox's.
"""

import os
import re
from pathlib import Path

_STACK_FILE = re.compile(r"Pulumi\..+\.yaml")
_ENVIRONMENT = ".venv"
# Big, and not to be written to: linked as they are.
_WHOLE = {_ENVIRONMENT, "venv", "node_modules"}
_SECRETS = re.compile(r"^(?:encryptionsalt|encryptedkey|secretsprovider):.*\n?", re.MULTILINE)
"""What a stack file says of the backend's secrets, one line each."""


def of(folder: Path, sandbox: Path) -> Path | None:
    """The folder's counterpart in a copy of its project, or None where there is no project.

    The copy reaches up to the repository, since a project may refer to its neighbours. A stack file
    is taken from the checkout when it is new or was changed there; between that, what was changed
    in the sandbox stays.

    Args:
        folder: where the user is.
        sandbox: the sandbox's own folder, which gets the copy.
    """
    parents = (folder, *folder.parents)
    if not any((each / "Pulumi.yaml").exists() for each in parents):
        return None
    project = next(each for each in reversed(parents) if (each / "Pulumi.yaml").exists())
    root = next((each for each in parents if (each / ".git").exists()), project)
    copy = sandbox / "project"
    copy.mkdir(mode=0o700, exist_ok=True)
    _drop_links(copy)
    _copy(root, copy, sandbox)
    return copy / folder.relative_to(root)


def _drop_links(copy: Path) -> None:
    for found, folders, files in os.walk(copy):
        for name in (*folders, *files):
            path = Path(found, name)
            if path.is_symlink():
                path.unlink()


def _copy(source: Path, target: Path, sandbox: Path) -> None:
    for entry in source.iterdir():
        copied = target / entry.name
        hidden = entry.name.startswith(".") and entry.name != _ENVIRONMENT
        if hidden or entry.name == "__pycache__" or entry == sandbox:
            continue
        if entry.is_dir() and not entry.is_symlink() and entry.name not in _WHOLE:
            copied.mkdir(exist_ok=True)
            _copy(entry, copied, sandbox)
        elif _STACK_FILE.fullmatch(entry.name):
            _take(entry, copied)
        elif not copied.exists():
            copied.symlink_to(entry)


def _take(stack_file: Path, copied: Path) -> None:
    taken = copied.with_name(f".{copied.name}.taken")
    content = stack_file.read_text(encoding="utf-8")
    if copied.exists() and taken.exists() and taken.read_text(encoding="utf-8") == content:
        return
    kept = copied.read_text(encoding="utf-8") if copied.exists() else ""
    own = _SECRETS.sub("", content)
    salt = "".join(_SECRETS.findall(kept))
    # A mapping's keys begin on lines of their own.
    separated = own if own.endswith("\n") or not own else f"{own}\n"
    copied.write_text(separated + salt, encoding="utf-8")
    taken.write_text(content, encoding="utf-8")
