"""Whatever a careless caller hands over, an error of one line comes back, and no long one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cross_account_access.iam import (
    Context,
    Decisions,
    IamError,
    Inventory,
    PolicyKind,
    Request,
    World,
    assume,
    compare,
    compile_policy,
    decide,
    parse_principal,
    read,
)
from cross_account_access.iam.inventory import NOTHING
from tests.unit.iam.engine.accounts import BUCKET, ROLE, TRUSTING, USER, allow, policy


def nested(wrap: Callable[[Any], Any]) -> Any:
    value: Any = "x"
    for _ in range(5_000):
        value = wrap(value)
    return value


ODD: list[Any] = [
    *(None, 0, 1.5, True, "", b"x", [], (), {}, [None], {1: 2}, {None: None}, set(), object()),
    *("A" * 2_000_000, 10**5_000, float("nan"), "\ud800", "a\nb", ["a", 1], lambda: 0),
    *(nested(lambda value: [value]), nested(lambda value: {"a": value})),
    {"account": 111122223333},
]


def with_element(**more: Any) -> Any:
    return compile_policy(policy(allow() | more), PolicyKind.IDENTITY, "policy")


def naming(principal: Any) -> Any:
    statement = allow(Principal=principal)
    return compile_policy(policy(statement), PolicyKind.RESOURCE, "policy")


def asked(operator: Any, key: Any, value: Any) -> Any:
    return with_element(Condition={operator: {key: value}})


def inventory(**parts: Any) -> Inventory:
    nothing: dict[str, Any] = {"accounts": (), "users": {}, "roles": {}, "resources": {}}
    made = Inventory(**(nothing | parts))
    made.world()
    return made


def compared(element: str, value: Any) -> Any:
    own: Any = {"policies": {"p": policy(allow() | {element: value})}}
    return compare(NOTHING, inventory(users={USER: own}))


CALLER = parse_principal(USER)
PLACES: dict[str, Callable[[Any], Any]] = {
    "users": lambda value: World(users=value),
    "roles": lambda value: World(roles=value),
    "resources": lambda value: World(resources=value),
    "layers of a world": lambda value: World(layers=value),
    "user": lambda value: World(users={USER: value}),
    "role": lambda value: World(roles={ROLE: value}),
    "resource": lambda value: World(resources={BUCKET: value}),
    "ARN of a user": lambda value: World(users={value: {}}),
    "ARN of a resource": lambda value: World(
        resources={value: {"account": TRUSTING, "policy": None}}
    ),
    "account": lambda value: World(resources={BUCKET: {"account": value, "policy": None}}),
    "policies": lambda value: World(users={USER: {"policies": value}}),
    "policy": lambda value: World(users={USER: {"policies": {"p": value}}}),
    "name of a policy": lambda value: World(users={USER: {"policies": {value: policy()}}}),
    "boundary": lambda value: World(users={USER: {"boundary": value}}),
    "trust": lambda value: World(roles={ROLE: {"trust": value}}),
    "principal": parse_principal,
    "action": lambda value: Request(CALLER, value, BUCKET),
    "resource of a request": lambda value: Request(CALLER, "s3:GetObject", value),
    "context": Context,
    "context key": lambda value: Context({value: "x"}),
    "context value": lambda value: Context({"aws:SourceIp": value}),
    "absent keys": lambda value: Context(absent=value),
    "absent key": lambda value: Context(absent=[value]),
    "role that is assumed": lambda value: assume(World(), CALLER, value),
    "session name": lambda value: assume(World(), CALLER, ROLE, session_name=value),
    "document": lambda value: compile_policy(value, PolicyKind.IDENTITY, "policy"),
    "statement": lambda value: compile_policy(
        {"Statement": [value]}, PolicyKind.IDENTITY, "policy"
    ),
    "element": lambda value: compile_policy({value: 1}, PolicyKind.IDENTITY, "policy"),
    "version": lambda value: compile_policy(
        {"Version": value, "Statement": []}, PolicyKind.IDENTITY, "policy"
    ),
    **{
        name: lambda value, name=name: with_element(**{name: value})  # type: ignore[misc]
        for name in ("Effect", "Action", "Resource", "Sid", "NotAction", "Condition")
    },
    "operator": lambda value: asked(value, "aws:SourceIp", "x"),
    "key of a condition": lambda value: asked("StringEquals", value, "x"),
    **{
        f"value of {name}": lambda value, name=name: asked(name, "a:b", value)  # type: ignore[misc]
        for name in ("StringEquals", "Null", "NumericEquals", "DateEquals", "IpAddress")
    },
    "Principal": naming,
    "principal of a request": lambda value: Request(value, "s3:GetObject", BUCKET),
    "context of a request": lambda value: Request(CALLER, "s3:GetObject", BUCKET, value),
    "session policies": lambda value: Request(CALLER, "s3:GetObject", BUCKET, Context(), value),
    "request": lambda value: decide(World(), value),
    "world": lambda value: decide(value, Request(CALLER, "s3:GetObject", BUCKET)),
    "request of a class": lambda value: Decisions(World()).decide(value),
    "world of classes": Decisions,
    "who assumes": lambda value: assume(World(), value, ROLE),
    "context of assuming": lambda value: assume(World(), CALLER, ROLE, value),
    "kind of a policy": lambda value: read(policy(), value, "policy"),
    **{
        f"{part} of an inventory": lambda value, part=part: inventory(**{part: value})  # type: ignore[misc]
        for part in ("accounts", "users", "roles", "resources", "layers")
    },
    "name": lambda value: inventory().long(value),
    "short name": lambda value: inventory().short(value),
    **{
        f"compared {name}": lambda value, name=name: compared(name, value)  # type: ignore[misc]
        for name in ("Action", "Resource", "Condition", "Effect")
    },
    **{
        f"compared value of {name}": lambda value, name=name: compared(  # type: ignore[misc]
            "Condition", {name: {"a:b": value}}
        )
        for name in ("StringLike", "NumericEquals", "IpAddress")
    },
    "compared user": lambda value: compare(NOTHING, inventory(users={USER: value})),
    "compared role": lambda value: compare(NOTHING, inventory(roles={ROLE: value})),
    "compared resource": lambda value: compare(NOTHING, inventory(resources={BUCKET: value})),
    "AWS": lambda value: naming({"AWS": value}),
    "kind of principal": lambda value: naming({value: "x"}),
}
KEYS = {"ARN of a user", "ARN of a resource", "name of a policy", "context key", "element"}
KEYS |= {"operator", "key of a condition", "kind of principal"}


@pytest.mark.parametrize("place", PLACES)
def test_an_odd_value_is_told_in_one_line_or_accepted(place: str) -> None:
    for value in ODD:
        if place in KEYS and isinstance(value, list | dict | set):
            continue  # Python itself has no such keys.
        message = ""
        try:
            PLACES[place](value)
        except IamError as error:
            message = str(error)
        assert "\n" not in message
        assert len(message) < 700


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        ("users", 7, "users: 7 is no mapping"),
        ("roles", 7, "roles: 7 is no mapping"),
        ("resources", 7, "resources: 7 is no mapping"),
        ("user", 7, f"{USER}: 7 is no mapping"),
        ("account", 111122223333, f"account of {BUCKET} 111122223333 is no text"),
        ("policies", None, "policies of user/StageAdmin: None is no mapping"),
        ("Condition", nested(lambda value: {"a": value}), "Statement[0].Condition.a.a"),
        ("principal", None, "principal None is no text"),
        ("principal of a request", None, "principal of a request: None is no Principal"),
        ("action", None, "action None is no text"),
        ("resource of a request", None, "resource None is no text"),
        ("context", 7, "context: 7 is no mapping"),
        ("context of a request", None, "context of a request: None is no Context"),
        ("session policies", None, "session policies: None is no tuple"),
        ("session policies", (None,), "session policy: None is no Policy"),
        ("request", None, "request: None is no Request"),
        ("request of a class", None, "request: None is no Request"),
        ("world", None, "world: None is no World"),
        ("world of classes", None, "world: None is no World"),
        ("who assumes", None, "principal who assumes: None is no Principal"),
        ("context of assuming", 7, "context: 7 is no Context"),
        ("session name", 7, "session name 7 is no text"),
        ("layers of a world", None, "layers: None is no Layers"),
        ("absent key", 7, "absent context key 7 is no text"),
        ("absent keys", 7, "absent context keys 7 are no list"),
        ("context value", 10**5_000, "too many digits"),
        ("operator", 7, "names of operators and keys are texts"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-",
)
def test_the_message_names_what_is_odd(place: str, value: Any, named: str) -> None:
    with pytest.raises(IamError) as caught:
        PLACES[place](value)
    assert named in str(caught.value)
