"""Named edits of a stack file, each as a function that changes its settings."""

import copy
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Final

from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import parse
from tests.support.edited_parts import (
    InapplicableError,
    Settings,
    by_role,
    conditions,
    on_bucket,
    remove_consumer,
    user,
    with_role,
    without_doubles,
)

Edit = Callable[[Settings], None]
"""Changes settings in place; raises `InapplicableError` where there is nothing to change."""

MANY: Final = 84
"""As many prefixes as make an access policy two."""


EDITS: Final[dict[str, tuple[Edit, Edit]]] = {}
"""By name: what comes first, and the edit itself."""


def edited(settings: Settings, name: str) -> tuple[Settings, Settings]:
    """The settings before and after an edit.

    Raises:
        InapplicableError: it makes no sense for these.
    """
    first, second = EDITS[name]
    before = copy.deepcopy(settings)
    first(before)
    after = copy.deepcopy(before)
    second(after)
    return before, after


def randomly_edited(settings: Settings, random: Random) -> Settings:
    """The settings after up to three edits, which may not go with each other."""
    found = settings
    for name in random.choices(list(EDITS), k=random.randint(1, 3)):
        with suppress(InapplicableError):
            after = edited(found, name)[1]
            if not problems(after):
                found = after
    return found


def problems(settings: Settings) -> list[str]:
    """Why the program does not take these, if it does not."""
    found = Problems()
    parse(copy.deepcopy(settings), found)
    return found


def _nothing(_settings: Settings) -> None:
    """The stack is as it is."""


def edit(name: str, first: Edit = _nothing) -> Callable[[Edit], Edit]:
    def add(second: Edit) -> Edit:
        EDITS[name] = (first, second)
        return second

    return add


@edit("a grant is added")
def grant_added(settings: Settings) -> None:
    consumer = with_role(settings)
    bucket_added(settings)
    settings["grants"].append(
        {"consumer": consumer["name"], "bucket": "moments-added-101", "levels": ["list", "read"]}
    )


@edit("a bucket is added")
def bucket_added(settings: Settings) -> None:
    settings.setdefault("buckets", []).append({"name": "moments-added-101", "protect": False})


@edit("a grant on what is there is added", bucket_added)
def grant_on_there(settings: Settings) -> None:
    settings["grants"].append(
        {
            "consumer": with_role(settings)["name"],
            "bucket": "moments-added-101",
            "levels": ["list", "read"],
        }
    )


@edit("a grant and its bucket are removed", grant_added)
def grant_removed(settings: Settings) -> None:
    settings["grants"].pop()
    settings["buckets"].pop()


@edit("a grant moves to another consumer")
def grant_moved(settings: Settings) -> None:
    one, other = with_role(settings), with_role(settings, 1)
    own = by_role(settings, one)
    own[-1]["consumer"] = other["name"]
    without_doubles(settings)
    if len(own) == 1:
        raise InapplicableError


@edit("grants are swapped")
def grants_swapped(settings: Settings) -> None:
    one, other = with_role(settings), with_role(settings, 1)
    names = {one["name"]: other["name"], other["name"]: one["name"]}
    for each in settings["grants"]:
        if each.get("via") != "resource":
            each["consumer"] = names.get(each["consumer"], each["consumer"])


LEVELS: Final = {
    "bucket": ("delete", "read"),
    "topic": ("subscribe", "publish"),
    "queue": ("receive", "send"),
}
"""Two of each kind of what the stack makes."""


@edit("levels change")
def levels_changed(settings: Settings) -> None:
    _change_one([each for each in settings["grants"] if each.get("via") != "resource"])


def _change_one(grants: list[Settings]) -> Settings:
    for kind in LEVELS:
        for grant in grants:
            if kind in grant:
                _other_levels(grant, kind)
                return grant
    raise InapplicableError


def _other_levels(grant: Settings, kind: str) -> None:
    one, other = LEVELS[kind]
    grant["levels"] = [one] if one not in grant["levels"] else [other]


@edit("a prefix moves")
def prefix_moved(settings: Settings) -> None:
    grant = on_bucket(settings)
    grant["prefixes"] = ["moved/"]


@edit("a consumer is added")
def consumer_added(settings: Settings) -> None:
    grant = on_bucket(settings)
    settings["consumers"].append(
        {"name": "added", "user": {"name": "Added"}, "role": {"name": "AddedAccess"}}
    )
    settings["grants"].append(
        {"consumer": "added", "bucket": grant["bucket"], "levels": ["list", "read"]}
    )


@edit("a consumer is removed", consumer_added)
def consumer_removed(settings: Settings) -> None:
    remove_consumer(settings, "added")


def _organization(settings: Settings) -> Settings:
    found = (each for each in settings["consumers"] if "organization" in each)
    for consumer in found:
        organization: Settings = consumer["organization"]
        return organization
    raise InapplicableError


def _in_one_unit(settings: Settings) -> None:
    organization = _organization(settings)
    organization["paths"] = [f"{organization['id']}/r-ab12/ou-ab12-33333333/*"]


def _added_to_one_unit(settings: Settings) -> None:
    _in_one_unit(settings)
    consumer_added(settings)


@edit("an organization comes in as a consumer goes", _added_to_one_unit)
def organization_for_consumer(settings: Settings) -> None:
    remove_consumer(settings, "added")
    del _organization(settings)["paths"]


@edit("an organization shrinks as a consumer comes")
def organization_and_consumer(settings: Settings) -> None:
    _added_to_one_unit(settings)


@edit("a consumer takes the place of another", consumer_added)
def consumer_replaced(settings: Settings) -> None:
    remove_consumer(settings, "added")
    settings["consumers"].append(
        {"name": "next", "user": {"name": "Next"}, "role": {"name": "NextAccess"}}
    )
    settings["grants"].append(
        {"consumer": "next", "bucket": on_bucket(settings)["bucket"], "levels": ["list", "delete"]}
    )


@edit("a user is another one")
def user_renamed(settings: Settings) -> None:
    user(settings)["user"]["name"] = "Another"


@edit("a role has another name")
def role_renamed(settings: Settings) -> None:
    with_role(settings)["role"]["name"] = "AnotherAccess"


@edit("a role has another path")
def role_moved(settings: Settings) -> None:
    with_role(settings)["role"]["path"] = "/moved/"


def many_prefixes(settings: Settings) -> None:
    on_bucket(settings)["levels"] = ["read"]
    on_bucket(settings)["prefixes"] = [f"images-of-customer-{each:04}/" for each in range(MANY)]


@edit("an access policy becomes two")
def policy_split(settings: Settings) -> None:
    many_prefixes(settings)


@edit("an access policy becomes one", many_prefixes)
def policy_joined(settings: Settings) -> None:
    on_bucket(settings)["prefixes"] = ["images-of-customer-0000/", "images-of-customer-0083/"]


@edit("statements move on to the next part", many_prefixes)
def statements_on(settings: Settings) -> None:
    more = [f"images-earlier-{each:04}/" for each in range(20)]
    on_bucket(settings)["prefixes"] = more + on_bucket(settings)["prefixes"]


@edit("statements move back to the part before", many_prefixes)
def statements_back(settings: Settings) -> None:
    del on_bucket(settings)["prefixes"][:20]


def _inline(settings: Settings) -> None:
    with_role(settings)["role"]["policy"] = "inline"


@edit("a policy becomes part of the role")
def managed_to_inline(settings: Settings) -> None:
    _inline(settings)


@edit("a policy leaves the role", _inline)
def inline_to_managed(settings: Settings) -> None:
    del with_role(settings)["role"]["policy"]


@edit("a policy becomes part of the role and says something else")
def managed_to_other_inline(settings: Settings) -> None:
    _inline(settings)
    levels_changed(settings)


@edit("a policy leaves the role and says something else", _inline)
def inline_to_other_managed(settings: Settings) -> None:
    del with_role(settings)["role"]["policy"]
    levels_changed(settings)


def _unprotected(settings: Settings) -> None:
    bucket = on_bucket(settings)["bucket"]
    for each in settings["buckets"]:
        if each["name"] == bucket:
            each["protect"] = False


def _with_key(settings: Settings) -> None:
    _unprotected(settings)
    for each in _with_its_copy(settings):
        if each.get("existing"):
            raise InapplicableError
        each["encryption"] = "kms"


def _with_its_copy(settings: Settings) -> list[Settings]:
    """A bucket, and the one that S3 copies its objects into, which has a key if it has one."""
    bucket = on_bucket(settings)["bucket"]
    names = {bucket} | {
        each["replication"]["bucket"]
        for each in settings["buckets"]
        if each["name"] == bucket and "replication" in each
    }
    return [each for each in settings["buckets"] if each["name"] in names]


def _without_key(settings: Settings) -> None:
    for each in settings["buckets"]:
        each.pop("encryption", None)


def _unprotected_without_key(settings: Settings) -> None:
    _unprotected(settings)
    for each in _with_its_copy(settings):
        each.pop("encryption", None)


@edit("a bucket gets a key", _unprotected_without_key)
def key_added(settings: Settings) -> None:
    _with_key(settings)


@edit("a bucket loses its key", _with_key)
def key_removed(settings: Settings) -> None:
    _without_key(settings)


@edit("a trust asks for an external ID")
def trust_narrowed(settings: Settings) -> None:
    consumer = with_role(settings)
    by_resource = any(
        each.get("via") == "resource" and each["consumer"] == consumer["name"]
        for each in settings["grants"]
    )
    found = conditions(consumer)
    if "external_id" in found:
        found["external_id"] = "another-external-id"
    elif by_resource or set(consumer) & {"oidc", "eks_pods"}:
        raise InapplicableError
    else:
        found["external_id"] = "an-external-id"


@edit("a trust has other principals")
def trust_moved(settings: Settings) -> None:
    _other_callers(with_role(settings))


def _other_callers(consumer: Settings) -> None:
    if "principals" in consumer:
        consumer["principals"]["arns"] = ["arn:aws:iam::444455556666:role/Others"]
    elif "oidc" in consumer:
        is_pod = consumer["oidc"]["subjects"][0].startswith("system:")
        others = (
            "system:serviceaccount:others:app"
            if is_pod
            else "repo:example-org/others:ref:refs/heads/main"
        )
        consumer["oidc"]["subjects"] = [others]
    elif "third_party" in consumer:
        account = consumer["third_party"]["account_id"]
        consumer["third_party"]["arns"] = [f"arn:aws:iam::{account}:role/Others"]
    elif "organization" in consumer:
        consumer["organization"]["paths"] = ["o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/*"]
    elif "user" in consumer:
        consumer["user"]["name"] = "Another"
    elif "eks_pods" in consumer:
        consumer["eks_pods"]["namespace"] = "others"
    elif "roles_anywhere" in consumer:
        consumer["roles_anywhere"]["certificate"] = {"x509Subject/CN": "others.example.com"}
    elif "lambda_functions" in consumer:
        consumer["lambda_functions"]["functions"] = ["others"]
    else:
        raise InapplicableError


@edit("trust and grants change in one go")
def trust_and_grants(settings: Settings) -> None:
    levels_changed(settings)
    trust_moved(settings)


@edit("trust and grants of an inline policy change in one go", _inline)
def trust_and_inline_grants(settings: Settings) -> None:
    levels_changed(settings)
    trust_moved(settings)


def _second_way(settings: Settings) -> None:
    consumer = with_role(settings)
    if "external_id" not in consumer.get("conditions", {}):
        raise InapplicableError
    consumer["conditions"]["more_external_ids"] = ["next-external-id"]


@edit("a trust widens and a grant goes", grant_added)
def trust_wider_grants_narrower(settings: Settings) -> None:
    if len(by_role(settings)) < 2:
        raise InapplicableError
    settings["grants"].remove(by_role(settings)[-1])
    _second_way(settings)


@edit("a trust narrows and a grant comes", _second_way)
def trust_narrower_grants_wider(settings: Settings) -> None:
    consumer = with_role(settings)
    consumer["conditions"].pop("more_external_ids")
    grant = by_role(settings)[0]
    if "bucket" not in grant:
        raise InapplicableError
    grant["levels"] = sorted({*grant["levels"], "delete"})


def _until(settings: Settings, year: int) -> None:
    conditions(with_role(settings))["expires_at"] = f"{year}-01-01"


@edit("who comes changes, and until when", lambda settings: _until(settings, 2097))
def trust_and_conditions(settings: Settings) -> None:
    _until(settings, 2098)
    trust_moved(settings)


@edit("conditions change")
def conditions_changed(settings: Settings) -> None:
    conditions(settings["consumers"][0])["expires_at"] = "2098-01-01"


@edit("an address is asked for")
def address_asked(settings: Settings) -> None:
    consumer = settings["consumers"][0]
    if "eks_pods" in consumer:
        raise InapplicableError
    conditions(consumer)["source_ips"] = ["198.51.100.0/24"]


BY_THEMSELVES: Final = {"user", "ec2", "ecs_tasks", "lambda_functions", "roles_anywhere"}
"""Kinds of consumer that a policy of a resource can let in."""


@edit("a role's grant goes by resource")
def role_to_resource(settings: Settings) -> None:
    for each in settings["grants"]:
        consumer = next(c for c in settings["consumers"] if c["name"] == each["consumer"])
        shared = next((k for k in ("bucket", "topic", "queue") if k in each), None)
        if shared and each.get("via") != "resource" and set(consumer) & BY_THEMSELVES:
            resource = next(r for r in settings[f"{shared}s"] if r["name"] == each[shared])
            if not resource.get("existing") and not consumer.get("conditions"):
                each["via"] = "resource"
                if not any(
                    g.get("via") != "resource"
                    for g in settings["grants"]
                    if g["consumer"] == each["consumer"]
                ):
                    del consumer["role"]
                return
    raise InapplicableError


@edit("a grant by resource goes by the role", role_to_resource)
def resource_to_role(settings: Settings) -> None:
    each = next(g for g in settings["grants"] if g.get("via") == "resource")
    consumer = next(c for c in settings["consumers"] if c["name"] == each["consumer"])
    del each["via"]
    consumer.setdefault("role", {"name": "ByRole"})


@edit("a grant by resource changes")
def direct_changed(settings: Settings) -> None:
    _change_direct(settings)


def _change_direct(settings: Settings) -> Settings:
    grant = _change_one([each for each in settings["grants"] if each.get("via") == "resource"])
    grant.pop("prefixes", None)
    return grant


@edit("a grant by resource goes")
def direct_removed(settings: Settings) -> None:
    for each in settings["grants"]:
        more = [g for g in settings["grants"] if g["consumer"] == each["consumer"]]
        if each.get("via") == "resource" and len(more) > 1:
            settings["grants"].remove(each)
            return
    raise InapplicableError


@edit("who comes and a grant by resource change in one go", role_to_resource)
def direct_and_trust(settings: Settings) -> None:
    direct = _change_direct(settings)
    _other_callers(next(c for c in settings["consumers"] if c["name"] == direct["consumer"]))


BOUNDARY: Final = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@edit("a role gets a boundary")
def boundary_added(settings: Settings) -> None:
    with_role(settings)["role"]["permissions_boundary"] = BOUNDARY


@edit("a role loses its boundary and gets a grant", boundary_added)
def boundary_removed(settings: Settings) -> None:
    del with_role(settings)["role"]["permissions_boundary"]
    levels_changed(settings)


def _user_bounded(settings: Settings) -> None:
    user(settings)["user"]["permissions_boundary"] = BOUNDARY


@edit("a user loses its boundary, and a grant is another one", _user_bounded)
def user_unbounded(settings: Settings) -> None:
    del user(settings)["user"]["permissions_boundary"]
    _change_one(by_role(settings, user(settings)))


@edit("sessions are revoked")
def revoked(settings: Settings) -> None:
    with_role(settings)["role"]["revoked_before"] = "2026-01-01T00:00:00Z"


@edit("a revocation is taken back", revoked)
def unrevoked(settings: Settings) -> None:
    del with_role(settings)["role"]["revoked_before"]


@edit("sessions are revoked and others come")
def revoked_for_others(settings: Settings) -> None:
    revoked(settings)
    levels_changed(settings)
    trust_moved(settings)


@edit("the kind of policy, trust and grants change in one go")
def everything_changes(settings: Settings) -> None:
    _inline(settings)
    levels_changed(settings)
    trust_moved(settings)


@edit("an access policy has another name, and trust and grants change in one go")
def policy_renamed(settings: Settings) -> None:
    with_role(settings)["role"]["policy_name"] = "AnotherName"
    levels_changed(settings)
    trust_moved(settings)


@edit("Staging may list a bucket, or no longer")
def may_list(settings: Settings) -> None:
    for each in settings.get("buckets", ()):
        if not each.get("existing"):
            each["staging_may_list"] = not each.get("staging_may_list")
            return
    raise InapplicableError


@edit("a consumer is renamed")
def consumer_renamed(settings: Settings) -> None:
    consumer = settings["consumers"][0]
    for each in settings["grants"]:
        if each["consumer"] == consumer["name"]:
            each["consumer"] = "renamed"
    consumer["renamed_from"], consumer["name"] = consumer["name"], "renamed"
