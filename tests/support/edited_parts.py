"""The parts of a stack file's settings that edits change."""

from typing import Any

Settings = dict[str, Any]


class InapplicableError(Exception):
    """The edit makes no sense for these settings."""


def with_role(settings: Settings, number: int = 0) -> Settings:
    found = [each for each in settings["consumers"] if "role" in each]
    if len(found) <= number:
        raise InapplicableError
    consumer: Settings = found[number]
    return consumer


def by_role(settings: Settings, consumer: Settings | None = None) -> list[Settings]:
    name = (consumer or with_role(settings))["name"]
    found = [
        each
        for each in settings["grants"]
        if each["consumer"] == name and each.get("via") != "resource"
    ]
    if not found:
        raise InapplicableError
    return found


def on_bucket(settings: Settings) -> Settings:
    grants: list[Settings] = settings["grants"]
    for each in grants:
        if "bucket" in each and each.get("via") != "resource":
            return each
    raise InapplicableError


def user(settings: Settings) -> Settings:
    consumers: list[Settings] = settings["consumers"]
    for each in consumers:
        if "user" in each and not {"existing", "adopt"} & set(each["user"]):
            return each
    raise InapplicableError


def conditions(consumer: Settings) -> Settings:
    found: Settings = consumer.setdefault("conditions", {})
    return found


def remove_consumer(settings: Settings, name: str) -> None:
    settings["consumers"] = [each for each in settings["consumers"] if each["name"] != name]
    settings["grants"] = [each for each in settings["grants"] if each["consumer"] != name]


def without_doubles(settings: Settings) -> None:
    keys = [
        tuple(each.get(k) for k in ("consumer", "bucket", "topic", "queue", "resource", "via"))
        for each in settings["grants"]
    ]
    if len(set(keys)) < len(keys):
        raise InapplicableError
