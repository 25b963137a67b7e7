"""The actions of all services: their resources, condition keys and access levels.

The data are a snapshot of AWS's Service Authorization Reference, "Actions, resources,
and condition keys for AWS services",
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html,
one file a service, read when a service is first asked for. `snapshot/source.json` says where it is
from and of which day. No snapshot is complete on the day it is read, so an action that is unknown
here is a matter to tell, never a reason to refuse.
"""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from cross_account_access.facts.service_reference.operations import OPERATIONS

SNAPSHOT: Final = Path(__file__).parent / "snapshot"
_PLACEHOLDER: Final = re.compile(r"\$?\{[^}]*\}|<[^>]*>")
_SESSION_KEYS: Final = "sts"
"""The service under which the keys of identity providers are listed."""


@dataclass(frozen=True)
class Source:
    """Where the snapshot is from."""

    name: str
    version: str
    date: str
    """The day of the data, `YYYY-MM-DD`."""
    address: str
    licence: str


@dataclass(frozen=True)
class Action:
    """One action."""

    name: str
    """As AWS writes it, like `s3:GetObject`."""
    access_level: str
    """`List`, `Read`, `Write`, `Tagging` or `Permissions management`, or some of them."""
    resources: tuple[str, ...]
    """ARNs with placeholders, like `arn:${Partition}:s3:::${BucketName}`; none for no resource."""
    condition_keys: tuple[str, ...]
    """Beside the global ones, as AWS writes them, some with a placeholder for a part."""

    def is_about(self, resource: str) -> bool:
        """Say whether the action can have this resource, an ARN or `*`."""
        if not self.resources:
            return resource == "*"
        service = self.name.split(":", 1)[0]
        return any(_arns(service)[form].fullmatch(resource) for form in self.resources)

    def can_have(self, condition_key: str) -> bool:
        """Say whether requests for the action can carry a condition key."""
        return any(
            _key(known).fullmatch(condition_key)
            for known in (*self.condition_keys, *_global_condition_keys())
        )


@cache
def source() -> Source:
    """Where the data are from."""
    return Source(**json.loads((SNAPSHOT / "source.json").read_text()))


@cache
def services() -> frozenset[str]:
    """The known services, as actions name them, like `s3`."""
    return frozenset(path.stem for path in (SNAPSHOT / "services").iterdir())


def is_known_service(action: str) -> bool:
    """Say whether the actions of this one's service are known."""
    return _service_of(action) in services()


@cache
def actions(service: str) -> Mapping[str, Action]:
    """The actions of a service by their names in lower case; none for an unknown service."""
    if service not in services():
        return {}
    data = _data(service)
    found = {}
    for name, each in data["actions"].items():
        resources = [data["resources"][kind] for kind in each["resources"]]
        keys = [*each["keys"], *(key for kind in resources for key in kind["keys"])]
        forms = [form for kind in resources for form in kind["arns"]]
        found[f"{service}:{name.lower()}"] = Action(
            f"{service}:{name}",
            each["access"],
            tuple(dict.fromkeys(forms)),
            tuple(dict.fromkeys(keys)),
        )
    return found


def action(name: str) -> Action | None:
    """The action of this name, in whatever case; None where it is unknown."""
    return actions(_service_of(name)).get(name.lower())


def nearest(name: str) -> str | None:
    """The action whose name is closest, of the same service or of the closest one, if one is."""
    service = _service_of(name)
    if service not in services():
        near = difflib.get_close_matches(service, sorted(services()), n=1)
        if not near:
            return None
        service = near[0]
    wanted = f"{service}:{name.lower().partition(':')[2]}"
    close = difflib.get_close_matches(wanted, list(actions(service)), n=1, cutoff=0.7)
    return actions(service)[close[0]].name if close else None


def authorized_by(operation: str) -> tuple[str, ...]:
    """The actions that an API operation needs where its name is the name of no action.

    `s3:HeadObject` needs `s3:GetObject`, and `s3:RenameObject` needs `s3express:CreateSession`.

    Args:
        operation: written like an action, in whatever case.

    Returns:
        an empty tuple where the operation is an action itself, or unknown.
    """
    return OPERATIONS.get(operation.lower(), ())


def condition_key_type(key: str) -> str | None:
    """The type of a condition key: `String`, `ARN`, `Bool`, `Date`, `IPAddress`, `Numeric`.

    `ArrayOf` before it says that a request can carry several values of the key. None where the key
    is unknown; those of identity providers are, but for some claims of the best known ones.
    """
    service = _service_of(key)
    listed = _data(service if service in services() else _SESSION_KEYS)["condition_keys"]
    for known, type_ in (*_global_condition_keys().items(), *listed.items()):
        if _key(known).fullmatch(key):
            return str(type_)
    return None


def _service_of(name: str) -> str:
    return name.split(":", 1)[0].lower()


@cache
def _data(service: str) -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads((SNAPSHOT / "services" / f"{service}.json").read_text())
    return data


@cache
def _global_condition_keys() -> Mapping[str, str]:
    keys: Mapping[str, str] = json.loads((SNAPSHOT / "global_condition_keys.json").read_text())
    return keys


@cache
def _arns(service: str) -> Mapping[str, re.Pattern[str]]:
    """What each ARN of a service with placeholders stands for.

    The last placeholder holds anything, as names can have slashes, but for what another ARN of the
    service spells out: of `table/T/index/I`, `T/index/I` is not the name of a table.
    """
    forms = {form for kind in _data(service)["resources"].values() for form in kind["arns"]}
    texts = {form: _arn(form) for form in forms}
    patterns = {}
    for form, text in texts.items():
        longer = [texts[other] for other in forms if other.startswith((f"{form}/", f"{form}:"))]
        others = f"(?!(?:{'|'.join(longer)})\\Z)" if longer else ""
        patterns[form] = re.compile(f"{others}{text}", re.DOTALL)
    return patterns


def _arn(form: str) -> str:
    """An expression for one ARN, in which a placeholder ends where what comes after it begins."""
    first, *rest = _PLACEHOLDER.split(form)
    parts = [_literal(first)]
    for text in rest:
        hole = "[^:]*" if text.startswith(":") else "[^:/]*" if text else ".*"
        parts += hole, _literal(text)
    return "".join(parts)


def _literal(text: str) -> str:
    """Some ARNs of the reference have wildcards of their own, like `dms`'s `rep:*`."""
    return re.escape(text).replace(r"\*", ".*")


@lru_cache(maxsize=4096)
def _key(known: str) -> re.Pattern[str]:
    text = ".+".join(map(re.escape, _PLACEHOLDER.split(known)))
    return re.compile(text, re.DOTALL | re.IGNORECASE)
