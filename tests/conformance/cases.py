"""Reads the cases: data files to complete questions, each with its answer and AWS's pages.

README.md tells the form of the files. Nothing here knows a judge.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parent
ANSWERS: Final = ("allowed", "denied", "unknown")
VERDICTS: Final = ("accepted", "refused", "unknown")
"""Answers about a document alone."""

_PLACE: Final = re.compile(r"<([a-z_]+)>")
_OF_A_CASE: Final = frozenset(
    {
        *("users", "roles", "resources", "layers", "who", "action", "resource", "context"),
        *("session_policies", "through", "session_name", "document", "kind", "answer"),
        *("because", "pages", "name", "fill"),
    }
)
_ACCOUNT: Final = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):")


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of AWS's documentation."""

    title: str
    address: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question with all that is known, and the answer that AWS's pages give."""

    id: str
    """Topic, group and case, such as `two-accounts/bucket/neither`."""
    topic: str
    answer: str
    """One of `ANSWERS`; for a question about a document alone, one of `VERDICTS`."""
    because: str
    pages: tuple[Page, ...]
    users: Mapping[str, Any]
    roles: Mapping[str, Any]
    resources: Mapping[str, Any]
    layers: Mapping[str, Any]
    """Of organizations, VPC endpoints and Block Public Access, as README.md tells."""
    who: str | None
    action: str | None
    resource: str | None
    context: Mapping[str, Any]
    """By context key its value or values; `None` for a key that the request does not carry."""
    session_policies: tuple[Any, ...]
    through: str | None
    """ARN of a role that is assumed first; the question is then about its session."""
    session_name: str | None
    document: Any
    """For a question about a document alone; its `kind` says what it is attached to."""
    kind: str | None

    @property
    def is_about_two_accounts(self) -> bool:
        """Whether the caller and what it asks for belong to different accounts."""
        caller = _ACCOUNT.match(self.who or "")
        owners = {self._owner(name) for name in (self.resource, self.through) if name}
        return caller is not None and bool(owners - {caller[1], None})

    def _owner(self, arn: str) -> str | None:
        stated = self.resources.get(arn.split("/", 1)[0] if ":s3:::" in arn else arn)
        if stated is not None:
            return str(stated["account"])
        found = _ACCOUNT.match(arn)
        return found[1] if found else None

    def as_json(self) -> dict[str, Any]:
        """Return the case as values that JSON can carry."""
        return {**asdict(self), "is_about_two_accounts": self.is_about_two_accounts}


@lru_cache(maxsize=1)
def topics() -> Mapping[str, str]:
    """Return the title of each topic, in the order of the files."""
    return {path.stem: _read(path)["title"] for path in _files()}


@lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    """Return all cases.

    Raises:
        ValueError: for a file that breaks the form, and for an ID that two cases have.
    """
    pages = {
        name: Page(title=title, address=address)
        for name, (title, address) in _read(FOLDER / "pages.yaml").items()
    }
    found: dict[str, Case] = {}
    for path in _files():
        for case in _of_file(path, pages):
            if case.id in found:
                msg = f"{path.name}: two cases have the ID {case.id}"
                raise ValueError(msg)
            found[case.id] = case
    return tuple(found.values())


def _files() -> list[Path]:
    return sorted((FOLDER / "cases").glob("*.yaml"))


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _of_file(path: Path, pages: Mapping[str, Page]) -> Iterator[Case]:
    content = _read(path)
    values = content.get("values", {})
    for group in content["groups"]:
        for case in _of_group(group):
            always = group.get("always", {})
            merged = {**always, **case, "fill": {**always.get("fill", {}), **case.get("fill", {})}}
            unknown = merged.keys() - _OF_A_CASE
            if unknown:
                msg = f"{path.name}: {group['name']}: {sorted(unknown)} is no part of a case"
                raise ValueError(msg)
            fill = {
                name: _filled(_named(value, values), {}, values)
                for name, value in merged["fill"].items()
            }
            merged = _filled(merged, fill, values)
            cited = merged.get("pages", group.get("pages", ()))
            name = f"{path.stem}/{group['name']}/{merged['name']}"
            answer = merged["answer"]
            if answer not in (VERDICTS if "document" in merged else ANSWERS):
                msg = f"{name}: {answer!r} is no answer"
                raise ValueError(msg)
            yield Case(
                id=name,
                topic=path.stem,
                answer=answer,
                because=merged.get("because", group.get("because", "")),
                pages=tuple(pages[each] for each in cited),
                users=merged.get("users", {}),
                roles=merged.get("roles", {}),
                resources=merged.get("resources", {}),
                layers=merged.get("layers", {}),
                who=merged.get("who"),
                action=merged.get("action"),
                resource=merged.get("resource"),
                context=merged.get("context") or {},
                session_policies=tuple(merged.get("session_policies", ())),
                through=merged.get("through"),
                session_name=merged.get("session_name"),
                document=merged.get("document"),
                kind=merged.get("kind"),
            )


def _of_group(group: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the cases that are written out, then one for each row of the table."""
    yield from group.get("cases", ())
    columns = group.get("columns", ())
    for row in group.get("rows", ()):
        *cells, answer = row
        if len(cells) != len(columns):
            msg = f"{group['name']}: the row {row} does not fit the columns {columns}"
            raise ValueError(msg)
        name = ", ".join("-" if cell is None else str(cell) for cell in cells)
        yield {"name": name, "fill": dict(zip(columns, cells, strict=True)), "answer": answer}


def _named(value: Any, values: Mapping[str, Any]) -> Any:
    return values.get(value, value) if isinstance(value, str) else value


def _filled(value: Any, fill: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """Put the cells of a case in their places, and named values in place of `=name`."""
    if isinstance(value, str):
        whole = _PLACE.fullmatch(value)
        if whole and whole[1] in fill:
            return fill[whole[1]]
        if value.startswith("="):
            return _filled(values[value[1:]], fill, values)
        return _PLACE.sub(lambda match: str(fill.get(match[1], match[0])), value)
    if isinstance(value, list):
        return [_filled(each, fill, values) for each in value]
    if isinstance(value, dict):
        return {
            _filled(key, fill, values): _filled(each, fill, values) for key, each in value.items()
        }
    return value


def by_topic(of: tuple[Case, ...]) -> Mapping[str, tuple[Case, ...]]:
    """Return the cases of each topic."""
    grouped = itertools.groupby(of, key=lambda case: case.topic)
    return {topic: tuple(each) for topic, each in grouped}
