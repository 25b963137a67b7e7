# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""Bad settings are told before anything happens: all together, each by name, value, rule and remedy."""

from datetime import UTC, datetime
from typing import Any

import pulumi
import pytest

from cross_account_access.declaration.kinds import (
    Instances,
    Organization,
    Principals,
    Queue,
    ThirdParty,
    Topic,
    User,
    WebIdentities,
)
from cross_account_access.declaration.kinds.bucket import AccessLog
from cross_account_access.declaration.kinds.instances import InstanceRole
from cross_account_access.declaration.model import (
    Conditions,
    Level,
    Mfa,
    Principal,
    SessionTags,
    SourceIdentity,
    Via,
)
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import Settings, expiry, parse
from tests.support.deployment import deploy, stack_values


def problems_of(**changes: object) -> list[str]:
    problems = Problems()
    parse(stack_values("prod", **changes), problems)
    return problems


def settings_of(**changes: object) -> Settings:
    problems = Problems()
    settings = parse(stack_values("prod", **changes), problems)
    assert problems == []
    return settings


def consumer(**changes: Any) -> dict[str, Any]:
    return {
        "name": "stage-admin",
        "user": {"name": "StageAdmin"},
        "role": {"name": "StageRole"},
        **changes,
    }


def of_kind(kind: str, value: Any, **changes: Any) -> dict[str, Any]:
    """A consumer that is no user."""
    return {"name": "other", kind: value, "role": {"name": "OtherRole"}, **changes}


def vendor(**changes: Any) -> dict[str, Any]:
    return of_kind(
        "third_party",
        {"account_id": "777788889999"},
        conditions={"external_id": "vendor-7"},
        **changes,
    )


def ci(**changes: Any) -> dict[str, Any]:
    return of_kind(
        "oidc",
        {
            "issuer": "https://ci.example.com",
            "audience": "aws",
            "subjects": ["repo:our-org/site:ref:refs/heads/main"],
            **changes,
        },
    )


def under(**conditions: Any) -> dict[str, Any]:
    """Settings in which the user has conditions."""
    return {"consumers": [consumer(conditions=conditions)]}


def beside(*others: dict[str, Any]) -> dict[str, Any]:
    """Settings with further consumers, each with a grant."""
    named = [{**other, "name": f"other-{index}"} for index, other in enumerate(others)]
    return {
        "consumers": [consumer(), *named],
        "grants": [grant(), *(grant(consumer=other["name"]) for other in named)],
    }


def bucket(**changes: Any) -> dict[str, Any]:
    return {"name": "production-test-bucket-101", **changes}


def grant(**changes: Any) -> dict[str, Any]:
    return {
        "consumer": "stage-admin",
        "bucket": "production-test-bucket-101",
        "levels": ["read"],
        **changes,
    }


def message(kind: str, *, via: str = "role", **changes: Any) -> dict[str, Any]:
    """Settings with a topic or queue beside the bucket, granted to the user."""
    levels = {"topic": ["publish"], "queue": ["send"]}[kind]
    own = {"consumer": "stage-admin", kind: "my-own", "levels": levels, "via": via, **changes}
    return {f"{kind}s": [{"name": "my-own"}], "grants": [grant(), own]}


def direct(*others: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Settings in which consumers come as themselves: the user, or others beside it."""
    who = {"name": "stage-admin", "user": {"name": "StageAdmin"}, **changes}
    consumers = [{**other, "name": f"other-{index}"} for index, other in enumerate(others)]
    return {
        "consumers": [consumer() if others else who, *consumers],
        "grants": [
            grant() if others else grant(via="resource"),
            *(grant(consumer=other["name"], via="resource") for other in consumers),
        ],
    }


@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_both_stack_files_are_valid(stack: str) -> None:
    problems = Problems()
    parse(stack_values(stack), problems)
    assert problems == []


def test_the_two_stacks_share_no_name_so_they_live_side_by_side() -> None:
    names = []
    for stack in ("prod", "staging"):
        settings = parse(stack_values(stack), Problems())
        names.append(
            {item.name for item in settings.resources}
            | {item.role.name for item in settings.consumers if item.role}
            | {item.role.policy_name for item in settings.consumers if item.role}
            | {
                item.principal.name
                for item in settings.consumers
                if isinstance(item.principal, User)
            }
        )
    assert names[0].isdisjoint(names[1])


def test_prod_protects_its_bucket_and_staging_does_not() -> None:
    assert all(item.protect for item in parse(stack_values("prod"), Problems()).buckets)
    assert not any(item.protect for item in parse(stack_values("staging"), Problems()).buckets)


def test_every_setting_is_read() -> None:
    settings = settings_of(
        buckets=[
            bucket(
                protect=False,
                staging_may_list=True,
                noncurrent_days=7,
                access_log={"bucket": "our-logs", "prefix": "prod/"},
            )
        ],
        consumers=[
            consumer(
                renamed_from="admin",
                user={"name": "StageAdmin", "path": "/people/"},
                role={
                    "name": "StageRole",
                    "path": "/access/",
                    "policy_name": "Readers",
                    "policy": "inline",
                    "max_session_duration": 7200,
                    "permissions_boundary": "arn:aws:iam::111122223333:policy/Boundary",
                    "tags": {"team": "data"},
                },
            )
        ],
        grants=[grant(levels=["delete", "write"])],
        tags={"cost-centre": "42"},
    )
    (read,) = settings.buckets
    assert (read.protect, read.staging_may_list, read.noncurrent_days) == (False, True, 7)
    assert read.access_log == AccessLog(bucket="our-logs", prefix="prod/")
    (who,) = settings.consumers
    assert isinstance(who.principal, User)
    assert who.principal.arn(settings.staging) == "arn:aws:iam::444455556666:user/people/StageAdmin"
    assert who.role
    assert who.role.arn(settings.production) == "arn:aws:iam::111122223333:role/access/StageRole"
    assert (who.role.policy_name, who.role.max_session_duration) == ("Readers", 7200)
    assert who.role.inline_policy
    assert who.renamed_from == "admin"
    assert who.role.permissions_boundary == "arn:aws:iam::111122223333:policy/Boundary"
    assert who.role.tags == {"team": "data"}
    assert settings.grants[0].levels == (Level.DELETE, Level.WRITE)
    assert settings.tags == {"cost-centre": "42"}


def test_profiles_default_to_the_names_of_the_walkthrough() -> None:
    settings = settings_of(production_profile=None, staging_profile=None)
    assert settings.production.profile == "ProductionAccountAdmin"
    assert settings.staging.profile == "StagingAccountAdmin"


def test_a_china_region_puts_every_arn_into_its_partition() -> None:
    settings = settings_of(production_region="cn-north-1", staging_region="cn-northwest-1")
    assert settings.production.root_arn == "arn:aws-cn:iam::111122223333:root"
    assert settings.buckets[0].arn(settings.production).startswith("arn:aws-cn:s3:::")


KINDS: dict[str, tuple[dict[str, Any], Principal]] = {
    "ec2": (
        {"ec2": {"role": {"name": "Replicator"}}},
        Instances(role=InstanceRole(name="Replicator"), instance_profile="Replicator"),
    ),
    "ec2 with every setting": (
        {
            "ec2": {
                "role": {
                    "name": "Replicator",
                    "path": "/machines/",
                    "permissions_boundary": "arn:aws:iam::444455556666:policy/Boundary",
                },
                "instance_profile": "Profile",
            }
        },
        Instances(
            role=InstanceRole(
                name="Replicator",
                path="/machines/",
                permissions_boundary="arn:aws:iam::444455556666:policy/Boundary",
            ),
            instance_profile="Profile",
        ),
    ),
    "third_party": (
        {
            "third_party": {"account_id": "777788889999"},
            "conditions": {"external_id": "vendor-7"},
        },
        ThirdParty(account_id="777788889999"),
    ),
    "oidc": (
        {
            "oidc": {
                "issuer": "https://ci.example.com/tenant",
                "audience": "aws",
                "subjects": ["repo:our-org/*"],
                "allow_wildcard_subjects": True,
                "provider": "existing",
            }
        },
        WebIdentities(
            issuer="ci.example.com/tenant",
            audience="aws",
            subjects=("repo:our-org/*",),
            allow_wildcard_subjects=True,
            existing=True,
        ),
    ),
    "principals": (
        {"principals": {"arns": ["arn:aws:iam::444455556666:role/data/*"]}},
        Principals(arns=("arn:aws:iam::444455556666:role/data/*",)),
    ),
    "organization": (
        {"organization": {"id": "o-a1b2c3d4e5", "paths": ["o-a1b2c3d4e5/r-ab12/"]}},
        Organization(id="o-a1b2c3d4e5", paths=("o-a1b2c3d4e5/r-ab12/",)),
    ),
}


@pytest.mark.parametrize(("declared", "who"), KINDS.values(), ids=KINDS)
def test_every_kind_of_consumer_is_read(declared: dict[str, Any], who: Principal) -> None:
    named = {"name": "stage-admin", "role": {"name": "StageRole"}}
    (read,) = settings_of(consumers=[{**named, **declared}]).consumers
    assert read.principal == who


def test_every_condition_is_read() -> None:
    (read,) = settings_of(
        **under(
            external_id="vendor-7",
            mfa={"max_age": 900},
            source_ips=["203.0.113.0/24", "2001:db8::/32"],
            source_identity={"required": False, "values": ["Alice"]},
            session_tags={"tags": {"team": "data"}},
            expires_at="2030-01-31T01:00:00+01:00",
        )
    ).consumers
    assert read.conditions == Conditions(
        external_id="vendor-7",
        mfa=Mfa(max_age=900),
        source_ips=("203.0.113.0/24", "2001:db8::/32"),
        source_identity=SourceIdentity(required=False, values=("Alice",)),
        session_tags=SessionTags(tags={"team": "data"}),
        expires_at="2030-01-31T00:00:00Z",
    )
    (read,) = settings_of(**under(vpc_endpoints=["vpce-01234567"], mfa={})).consumers
    assert read.conditions == Conditions(vpc_endpoints=("vpce-01234567",), mfa=Mfa())


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2030-01-31", "2030-01-31T00:00:00Z"),
        ("2030-01-31T18:00:00Z", "2030-01-31T18:00:00Z"),
        ("2030-01-31T01:00:00+02:00", "2030-01-30T23:00:00Z"),
        # How the engine hands on what stands unquoted in the stack file.
        ("2030-01-31 00:00:00 +0000 UTC", "2030-01-31T00:00:00Z"),
        ("2030-01-31 01:00:00 +0200 +0200", "2030-01-30T23:00:00Z"),
    ],
)
def test_a_date_is_its_first_moment_in_utc(written: str, moment: str) -> None:
    (read,) = settings_of(**under(expires_at=written)).consumers
    assert read.conditions.expires_at == moment


def test_a_prefix_means_the_same_with_and_without_its_slash() -> None:
    for written in ("images", "images/"):
        (read,) = settings_of(grants=[grant(prefixes=[written])]).grants
        assert read.prefixes == ("images/",)


def test_grants_of_one_bucket_may_be_several_when_their_prefixes_are_apart() -> None:
    grants = [
        grant(prefixes=["images", "videos"]),
        grant(prefixes=["images-private"], levels=["write"]),
    ]
    assert len(settings_of(grants=grants).grants) == 2


def test_topics_and_queues_are_read() -> None:
    settings = settings_of(
        buckets=None,
        topics=[{"name": "News_1"}],
        queues=[{"name": "Jobs-1", "protect": False}],
        grants=[
            {"consumer": "stage-admin", "topic": "News_1", "levels": ["subscribe", "publish"]},
            {"consumer": "stage-admin", "queue": "Jobs-1", "levels": ["receive"]},
        ],
    )
    assert settings.resources == (Topic(name="News_1"), Queue(name="Jobs-1", protect=False))
    assert [item.resource for item in settings.grants] == list(settings.resources)
    assert settings.grants[0].levels == (Level.SUBSCRIBE, Level.PUBLISH)
    assert {item.via for item in settings.grants} == {Via.ROLE}


def test_lists_that_are_left_empty_are_as_good_as_left_out() -> None:
    assert settings_of(topics=[], queues=[]) == settings_of()
    grants = [{"consumer": "stage-admin", "topic": "news", "levels": ["publish"]}]
    shared = settings_of(buckets=[], topics=[{"name": "news"}], grants=grants).resources
    assert shared == (Topic(name="news"),)


@pytest.mark.parametrize(("word", "has_own_key"), [("s3", False), ("kms", True)])
def test_the_encryption_is_one_word(word: str, has_own_key: bool) -> None:
    assert settings_of(buckets=[bucket(encryption=word)]).buckets[0].has_own_key is has_own_key
    assert settings_of().buckets[0].has_own_key is False


def test_a_consumer_without_a_role_comes_by_resource_policies() -> None:
    settings = settings_of(**direct())
    assert settings.consumers[0].role is None
    assert settings.grants[0].via is Via.RESOURCE


@pytest.mark.parametrize(
    "who",
    [
        {"user": {"name": "Copier"}, "conditions": {"mfa": {}}},
        {"ec2": {"role": {"name": "Copier"}}},
        {"principals": {"arns": ["arn:aws:iam::444455556666:role/data/*"]}},
        {"organization": {"id": "o-a1b2c3d4e5"}},
    ],
    ids=lambda who: next(iter(who)),
)
def test_who_has_an_identity_may_come_by_resource_policies(who: dict[str, Any]) -> None:
    settings = settings_of(**direct(who))
    assert settings.grants[1].via is Via.RESOURCE
    assert settings.consumers[1].role is None


def test_a_topic_and_a_queue_may_have_the_name_of_a_bucket() -> None:
    names = {kind: [{"name": "my-own"}] for kind in ("buckets", "topics", "queues")}
    grants = [
        {"consumer": "stage-admin", "bucket": "my-own", "levels": ["read"]},
        {"consumer": "stage-admin", "topic": "my-own", "levels": ["publish"]},
        {"consumer": "stage-admin", "queue": "my-own", "levels": ["send"]},
    ]
    assert len(settings_of(**names, grants=grants).grants) == 3


def test_consumers_of_one_issuer_share_its_provider() -> None:
    second = ci(subjects=["repo:our-org/app:ref:refs/heads/main"])
    second["role"] = {"name": "AppRole"}
    assert len(settings_of(**beside(ci(), second)).consumers) == 3


LONG = "x" * 65

REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "account ID of 11 digits": (
        {"production_account_id": "12345678901"},
        "production_account_id: '12345678901' must be 12 digits: a YAML number loses its leading "
        'zeros, so write it quoted, "012345678901" if that is the account',
    ),
    "account ID of letters": (
        {"staging_account_id": "staging"},
        "staging_account_id: 'staging' must be 12 digits",
    ),
    "account ID in foreign digits": ({"staging_account_id": "٤" * 12}, "must be 12 digits"),
    "account ID missing": (
        {"production_account_id": None},
        "production_account_id: missing; add it",
    ),
    "account ID left empty": (
        {"production_account_id": ""},
        "production_account_id: '' must be 12 digits",
    ),
    "same account twice": (
        {"staging_account_id": "111122223333"},
        "staging_account_id: '111122223333' is the Production account too",
    ),
    "same profile twice": (
        {"staging_profile": "ProductionAccountAdmin"},
        "staging_profile: 'ProductionAccountAdmin' is the Production profile too",
    ),
    "empty profile": (
        {"production_profile": ""},
        "production_profile: '' must be the name of an AWS CLI profile",
    ),
    "profile with a space": (
        {"staging_profile": "my profile"},
        "staging_profile: 'my profile' must be",
    ),
    "region missing": ({"staging_region": None}, "staging_region: missing"),
    "malformed region": (
        {"staging_region": "Oregon"},
        "staging_region: 'Oregon' must be an AWS region",
    ),
    "mistyped region": (
        {"production_region": "us-wset-2"},
        "production_region: 'us-wset-2' must be an AWS region, as in us-west-2; did you mean us-west-2?",
    ),
    "zone for a region": (
        {"production_region": "us-west-2a"},
        "'us-west-2a' must be an AWS region",
    ),
    "regions of two partitions": (
        {"staging_region": "cn-north-1"},
        "staging_region: 'cn-north-1' is in partition aws-cn, us-west-2 in aws",
    ),
    "unknown setting": (
        {"production_acount_id": "111122223333"},
        "production_acount_id: no such setting; did you mean production_account_id?",
    ),
    "unknown setting in a list": (
        {"buckets": [bucket(protected=True)]},
        "buckets[0].protected: no such setting; did you mean protect?",
    ),
    "nothing to share": (
        {"buckets": []},
        "buckets: missing, and so are topics and queues; share something, as in buckets: [{name: my-bucket}]",
    ),
    "no list of what is shared": ({"buckets": None}, "buckets: missing, and so are"),
    "buckets as text": ({"buckets": "my-bucket"}, "buckets: 'my-bucket' must be a list"),
    "bucket as text": ({"buckets": ["my-bucket"]}, "buckets[0]: 'my-bucket' must be a mapping"),
    "bucket without a name": ({"buckets": [{}]}, "buckets[0].name: missing"),
    "bucket twice": (
        {"buckets": [bucket(), bucket()]},
        "buckets[1].name: 'production-test-bucket-101' is there already",
    ),
    "flag as text": (
        {"buckets": [bucket(protect="yes")]},
        "buckets[0].protect: 'yes' must be true or false",
    ),
    "days as text": (
        {"buckets": [bucket(noncurrent_days="ten")]},
        "buckets[0].noncurrent_days: 'ten' must be a whole number of days",
    ),
    "days of zero": (
        {"buckets": [bucket(noncurrent_days=0)]},
        "buckets[0].noncurrent_days: 0 must be 1 to 36500 days",
    ),
    "days as a flag": (
        {"buckets": [bucket(noncurrent_days=True)]},
        "noncurrent_days: True must be a whole number",
    ),
    "log without a bucket": (
        {"buckets": [bucket(access_log={"prefix": "x/"})]},
        "buckets[0].access_log.bucket: missing",
    ),
    "consumer without a role": (
        {"consumers": [{"name": "stage-admin", "user": {"name": "StageAdmin"}}]},
        "consumers[0].role: missing; add it, as in {name: StageRole}",
    ),
    "consumer with a user as text": (
        {"consumers": [consumer(user="StageAdmin")]},
        "consumers[0].user: 'StageAdmin' must be a mapping",
    ),
    "consumer name in capitals": (
        {"consumers": [consumer(name="StageAdmin")]},
        "consumers[0].name: 'StageAdmin' must be lower-case",
    ),
    "user name too long": (
        {"consumers": [consumer(user={"name": LONG})]},
        "consumers[0].user.name",
    ),
    "user name with a slash": (
        {"consumers": [consumer(user={"name": "a/b"})]},
        "consumers[0].user.name: 'a/b' must consist of letters",
    ),
    "user path without slashes": (
        {"consumers": [consumer(user={"name": "A", "path": "people"})]},
        "consumers[0].user.path: 'people' must begin and end with /",
    ),
    "path with an empty part": (
        {"consumers": [consumer(user={"name": "A", "path": "/a//b/"})]},
        "must not have two slashes in a row",
    ),
    "adopted user with a boundary": (
        {
            "consumers": [
                consumer(
                    user={
                        "name": "A",
                        "permissions_boundary": "arn:aws:iam::444455556666:policy/B",
                        "existing": True,
                    }
                )
            ]
        },
        "consumers[0].user.existing: True leaves the user as it is",
    ),
    "role name too long": (
        {"consumers": [consumer(role={"name": LONG})]},
        "consumers[0].role.name",
    ),
    "role name as a number": (
        {"consumers": [consumer(role={"name": 42})]},
        'consumers[0].role.name: 42 must be text: write it quoted, "42"',
    ),
    "role path and name beyond the console": (
        {"consumers": [consumer(role={"name": "R" * 40, "path": "/" + "p" * 30 + "/"})]},
        "have 71 characters together; the console switches to roles with at most 64",
    ),
    "policy name too long": (
        {"consumers": [consumer(role={"name": "R", "policy_name": "P" * 129})]},
        "consumers[0].role.policy_name",
    ),
    "session too short": (
        {"consumers": [consumer(role={"name": "R", "max_session_duration": 900})]},
        "consumers[0].role.max_session_duration: 900 must be 3600 to 43200 seconds",
    ),
    "session too long": (
        {"consumers": [consumer(role={"name": "R", "max_session_duration": 43201})]},
        "43201 must be 3600 to 43200 seconds",
    ),
    "boundary that is no ARN": (
        {"consumers": [consumer(role={"name": "R", "permissions_boundary": "Boundary"})]},
        "must be the ARN of a managed policy",
    ),
    "reserved tag": ({"tags": {"aws:team": "x"}}, "tags: 'aws:team' must not begin with aws:"),
    "tags that differ in case": (
        {"tags": {"Team": "x", "team": "y"}},
        "has keys that differ only in case",
    ),
    "tag value of the wrong characters": (
        {"tags": {"team": "a|b"}},
        "tags.team: 'a|b' must have at most 256",
    ),
    "too many tags": ({"tags": {f"k{i}": "v" for i in range(41)}}, "tags: 41 tags"),
    "unknown level": (
        {"grants": [grant(levels=["raed"])]},
        "grants[0].levels[0]: 'raed' must be one of list, read, write, delete; did you mean read?",
    ),
    "level twice": (
        {"grants": [grant(levels=["read", "read"])]},
        "grants[0].levels[1]: 'read' is there twice",
    ),
    "no level": ({"grants": [grant(levels=[])]}, "grants[0].levels: empty"),
    "grant to nobody": (
        {"grants": [grant(consumer="stage-admn"), grant()]},
        "grants[0].consumer: 'stage-admn' is not the name of anything under consumers; did you mean stage-admin?",
    ),
    "grant of nothing": (
        {"grants": [grant(bucket="another-bucket")]},
        "grants[0].bucket: 'another-bucket' is not the name of anything under buckets",
    ),
    "the same grant twice": (
        {"grants": [grant(), grant(levels=["list"])]},
        "grants: 2 grants of 'production-test-bucket-101' to 'stage-admin'",
    ),
    "consumer without a grant": (
        {
            "consumers": [
                consumer(),
                consumer(name="other", user={"name": "B"}, role={"name": "RB"}),
            ]
        },
        "consumers[1].name: 'other' has no grant",
    ),
    "consumer of no kind": (
        {"consumers": [{"name": "stage-admin", "role": {"name": "StageRole"}}]},
        "consumers[0]: has none of user, ec2, third_party, oidc, principals, organization; add one, as in user: {name: StageAdmin}",
    ),
    "consumer of a mistyped kind": (
        {"consumers": [{"name": "stage-admin", "usr": {}, "role": {"name": "StageRole"}}]},
        "consumers[0].usr: no such setting; did you mean user?",
    ),
    "consumer of two kinds": (
        {"consumers": [consumer(ec2={"role": {"name": "R"}})]},
        "consumers[0]: has user and ec2; it takes one of them, remove the rest",
    ),
    "instances without a role": (
        beside(of_kind("ec2", {})),
        "consumers[1].ec2.role: missing; add it, as in {name: StageInstances}",
    ),
    "chained session of more than an hour": (
        beside(
            of_kind(
                "ec2", {"role": {"name": "R"}}, role={"name": "S", "max_session_duration": 7200}
            )
        ),
        "consumers[1].role.max_session_duration: 7200 cannot be had by instances: a role that is assumed from another role lasts 3600 seconds at the most",
    ),
    "roles of instances that differ in case": (
        beside(
            of_kind("ec2", {"role": {"name": "R"}, "instance_profile": "A"}),
            of_kind("ec2", {"role": {"name": "r"}, "instance_profile": "B"}, role={"name": "S"}),
        ),
        "consumers[2].ec2.role.name: 'r' is there already",
    ),
    "third party without an external ID": (
        beside(of_kind("third_party", {"account_id": "777788889999"})),
        "consumers[1].conditions: missing; add it, as in {external_id: what-the-third-party-gave-you}",
    ),
    "third party with other conditions only": (
        beside(of_kind("third_party", {"account_id": "777788889999"}, conditions={})),
        "consumers[1].conditions.external_id: missing",
    ),
    "third party that is Production": (
        beside({**vendor(), "third_party": {"account_id": "111122223333"}}),
        "consumers[1].third_party.account_id: '111122223333' is the Production account, which is no third party",
    ),
    "third party that is Staging": (
        beside({**vendor(), "third_party": {"account_id": "444455556666"}}),
        "'444455556666' is the Staging account, which is no third party",
    ),
    "external ID of one character": (
        under(external_id="x"),
        "consumers[0].conditions.external_id: 'x' must have 2 to 1224 characters, not 1",
    ),
    "external ID too long": (under(external_id="x" * 1225), "must have 2 to 1224 characters"),
    "external ID of the wrong alphabet": (
        under(external_id="vendor 7"),
        "'vendor 7' must consist of letters, digits and _+=,.@:/-",
    ),
    "MFA for instances": (
        beside(of_kind("ec2", {"role": {"name": "R"}}, conditions={"mfa": {"max_age": 900}})),
        "consumers[1].conditions.mfa: {'max_age': 900} cannot be met by a machine (ec2)",
    ),
    "MFA for CI": (
        beside({**ci(), "conditions": {"mfa": {}}}),
        "conditions.mfa: {} cannot be met by a machine (oidc)",
    ),
    "MFA for a third party": (
        beside({**vendor(), "conditions": {"external_id": "vendor-7", "mfa": {}}}),
        "conditions.mfa: {} cannot be met by a machine (third_party)",
    ),
    "MFA for roles": (
        beside(
            of_kind(
                "principals",
                {"arns": ["arn:aws:iam::444455556666:role/data/*"]},
                conditions={"mfa": {}},
            )
        ),
        "conditions.mfa: {} cannot be met by a role",
    ),
    "MFA as a flag": (
        under(mfa=True),
        "consumers[0].conditions.mfa: True must be a mapping, as in {max_age: 3600}",
    ),
    "MFA of too long ago": (
        under(mfa={"max_age": 129601}),
        "mfa.max_age: 129601 must be 60 to 129600 seconds",
    ),
    "external ID for CI": (
        beside({**ci(), "conditions": {"external_id": "vendor-7"}}),
        "conditions.external_id: 'vendor-7' cannot be met by a token",
    ),
    "session tags for CI": (
        beside({**ci(), "conditions": {"session_tags": {"tags": {"a": "b"}}}}),
        "conditions.session_tags: {'tags': {'a': 'b'}} cannot be met by a token",
    ),
    "source IP that is no range": (
        under(source_ips=["203.0.113.7/24"]),
        "conditions.source_ips[0]: '203.0.113.7/24' must be a range of IP addresses",
    ),
    "every source IP": (under(source_ips=["0.0.0.0/0"]), "'0.0.0.0/0' is every address"),
    "private source IP": (under(source_ips=["10.1.0.0/16"]), "'10.1.0.0/16' is a private range"),
    "the same range twice": (
        under(source_ips=["203.0.113.0/24", "203.0.113.0/24"]),
        "conditions.source_ips[1]: '203.0.113.0/24' is there twice; remove one",
    ),
    "source IPs without an item": (under(source_ips=[]), "conditions.source_ips: empty"),
    "endpoint that is none": (
        under(vpc_endpoints=["vpc-01234567"]),
        "conditions.vpc_endpoints[0]: 'vpc-01234567' must be the ID of a VPC endpoint of S3",
    ),
    "source IPs and endpoints": (
        under(source_ips=["203.0.113.0/24"], vpc_endpoints=["vpce-01234567"]),
        "conditions.vpc_endpoints: ['vpce-01234567'] cannot go with source_ips",
    ),
    "source identity of AWS": (
        under(source_identity={"values": ["aws:x"]}),
        "source_identity.values[0]: 'aws:x' must not begin with aws:",
    ),
    "source identity of one character": (
        under(source_identity={"values": ["x"]}),
        "'x' must have 2 to 64 letters",
    ),
    "session tags without a tag": (
        under(session_tags={"tags": {}}),
        "session_tags.tags: {} names no tag",
    ),
    "expiry that is no date": (
        under(expires_at="next week"),
        "conditions.expires_at: 'next week' must be a date or a time with its offset",
    ),
    "expiry on a day that there is not": (
        under(expires_at="2030-02-30"),
        "'2030-02-30' must be a date",
    ),
    "expiry without an offset": (
        under(expires_at="2030-01-31T18:00:00"),
        "'2030-01-31T18:00:00' must be a date or a time with its offset",
    ),
    "expiry as a number": (under(expires_at=20300131), "expires_at: 20300131 must be"),
    "unknown condition": (
        under(externalid="vendor-7"),
        "conditions.externalid: no such setting; did you mean external_id?",
    ),
    "issuer without https": (
        beside(ci(issuer="http://ci.example.com")),
        "consumers[1].oidc.issuer: 'http://ci.example.com' must be an https URL",
    ),
    "audience with a wildcard": (
        beside(ci(audience="*")),
        "oidc.audience: '*' must be the token's audience",
    ),
    "any subject": (
        beside(ci(subjects=["*"], allow_wildcard_subjects=True)),
        "oidc.subjects[0]: '*' lets in other organizations of the issuer too",
    ),
    "subject of any organization": (
        beside(ci(subjects=["repo:*/site:ref:refs/heads/main"], allow_wildcard_subjects=True)),
        "lets in other organizations of the issuer too",
    ),
    "subject of organizations that begin alike": (
        beside(ci(subjects=["repo:our-org*/site:x"], allow_wildcard_subjects=True)),
        "lets in other organizations of the issuer too",
    ),
    "subject with a quiet wildcard": (
        beside(ci(subjects=["repo:our-org/site:*"])),
        "'repo:our-org/site:*' has a wildcard; name the subjects one by one, or say allow_wildcard_subjects: true",
    ),
    "subject with a variable": (
        beside(ci(subjects=["repo:our-org/${x}"], allow_wildcard_subjects=True)),
        "must be the subject of a token",
    ),
    "no subject": (beside(ci(subjects=[])), "oidc.subjects: empty"),
    "provider that is neither": (
        beside(ci(provider="exists")),
        "oidc.provider: 'exists' must be one of create, existing; did you mean existing?",
    ),
    "provider made and not made": (
        beside(ci(), {**ci(provider="existing"), "role": {"name": "AppRole"}}),
        "consumers[2].oidc.existing: True contradicts another consumer of the same issuer",
    ),
    "wildcard for everybody": (
        beside(of_kind("principals", {"arns": ["*"]})),
        "consumers[1].principals.arns[0]: '*' must be the ARN of users or roles",
    ),
    "every role": (
        beside(of_kind("principals", {"arns": ["arn:aws:iam::444455556666:role/*"]})),
        "is everybody in the account; name some part of them",
    ),
    "principals of another account": (
        beside(of_kind("principals", {"arns": ["arn:aws:iam::777788889999:role/data/*"]})),
        "must name the Staging account, 444455556666; other accounts are third_party",
    ),
    "principals of any account": (
        beside(of_kind("principals", {"arns": ["arn:aws:iam::*:role/data/*"]})),
        "must name the Staging account",
    ),
    "principals of another partition": (
        beside(of_kind("principals", {"arns": ["arn:aws-cn:iam::444455556666:role/data/*"]})),
        "must be of partition aws",
    ),
    "a session for its role": (
        beside(of_kind("principals", {"arns": ["arn:aws:sts::444455556666:assumed-role/Data/me"]})),
        "must be the role's own ARN, not that of a session",
    ),
    "organization that is none": (
        beside(of_kind("organization", {"id": "o-1"})),
        "consumers[1].organization.id: 'o-1' must be the ID of an organization",
    ),
    "unit of another organization": (
        beside(of_kind("organization", {"id": "o-a1b2c3d4e5", "paths": ["o-zzzzzzzzzz/r-ab12/*"]})),
        "organization.paths[0]: 'o-zzzzzzzzzz/r-ab12/*' must be the path of a unit",
    ),
    "prefix with a wildcard": (
        {"grants": [grant(prefixes=["images/*"])]},
        "grants[0].prefixes[0]: 'images/*' must not have *, ? or ${",
    ),
    "prefix with a variable": (
        {"grants": [grant(prefixes=["home/${aws:username}"])]},
        "must not have *, ? or ${",
    ),
    "prefix with a slash in front": (
        {"grants": [grant(prefixes=["/images"])]},
        "'/images' must not begin with a slash, as keys do not: images",
    ),
    "prefix of nothing": (
        {"grants": [grant(prefixes=[""])]},
        "'' is the whole bucket; leave prefixes out for that",
    ),
    "no prefix": ({"grants": [grant(prefixes=[])]}, "grants[0].prefixes: empty"),
    "the same prefix with and without its slash": (
        {"grants": [grant(prefixes=["images", "images/"])]},
        "grants[0]: 'images/' overlaps with 'images/' of grants[0]",
    ),
    "a prefix inside another": (
        {"grants": [grant(prefixes=["images"]), grant(prefixes=["images/raw"], levels=["write"])]},
        "grants[1]: 'images/raw/' overlaps with 'images/' of grants[0], for 'stage-admin' in 'production-test-bucket-101'",
    ),
    "a prefix beside the whole bucket": (
        {"grants": [grant(), grant(prefixes=["images"], levels=["write"])]},
        "grants[1]: 'images/' overlaps with the whole bucket of grants[0]",
    ),
    "AWS-managed key": (
        {"buckets": [bucket(encryption="alias/aws/s3")]},
        "buckets[0].encryption: 'alias/aws/s3' is the AWS-managed key, whose key policy nobody can change, so that it cannot be shared across accounts; write kms",
    ),
    "encryption of a mistyped kind": (
        {"buckets": [bucket(encryption="kmss")]},
        "buckets[0].encryption: 'kmss' must be s3 (keys of S3) or kms (a key that the stack makes for the bucket); did you mean kms?",
    ),
    "encryption with a key of somebody's": (
        {"buckets": [bucket(encryption="arn:aws:kms:us-west-2:111122223333:key/1")]},
        "must be s3 (keys of S3) or kms (a key that the stack makes for the bucket)",
    ),
    "FIFO queue": (
        {**message("queue"), "queues": [{"name": "jobs.fifo"}]},
        "queues[0].name: 'jobs.fifo' is the name of a FIFO queue, which is not made here; leave .fifo out",
    ),
    "FIFO topic": ({"topics": [{"name": "news.fifo"}]}, "topics[0].name: 'news.fifo' is the name"),
    "queue name with a dot": (
        {"queues": [{"name": "my.jobs"}]},
        "queues[0].name: 'my.jobs' must have 1 to 80 letters, digits, hyphens and underscores",
    ),
    "queue name too long": ({"queues": [{"name": "q" * 81}]}, "must have 1 to 80 letters"),
    "topic name too long": ({"topics": [{"name": "t" * 257}]}, "must have 1 to 256 letters"),
    "topic without a name": ({"topics": [{}]}, "topics[0].name: missing"),
    "queues as text": ({"queues": "jobs"}, "queues: 'jobs' must be a list, as in {name: my-queue}"),
    "unknown setting of a topic": (
        {"topics": [{"name": "news", "protct": True}]},
        "topics[0].protct: no such setting; did you mean protect?",
    ),
    "topic twice": (
        {"topics": [{"name": "news"}, {"name": "news"}]},
        "topics[1].name: 'news' is there already",
    ),
    "grant of no resource": (
        {"grants": [{"consumer": "stage-admin", "levels": ["read"]}]},
        "grants[0]: has none of bucket, topic, queue, resource; add one, as in bucket: my-bucket",
    ),
    "grant of two resources": (
        {**message("topic"), "grants": [grant(topic="my-own")]},
        "grants[0]: has bucket and topic; it takes one of them, remove the rest",
    ),
    "grant of an unknown topic": (
        message("topic", topic="my-owm"),
        "grants[1].topic: 'my-owm' is not the name of anything under topics; did you mean my-own?",
    ),
    "grant of a queue as of a topic": (
        {
            **message("queue"),
            "grants": [{"consumer": "stage-admin", "topic": "my-own", "levels": ["publish"]}],
        },
        "grants[0].topic: 'my-own' is not the name of anything under topics",
    ),
    "level of another kind": (
        message("topic", levels=["read"]),
        "grants[1].levels[0]: 'read' must be one of publish, subscribe",
    ),
    "level of a bucket that is one of a queue": (
        {"grants": [grant(levels=["send"])]},
        "grants[0].levels[0]: 'send' must be one of list, read, write, delete",
    ),
    "prefixes of a queue": (
        message("queue", prefixes=["images"]),
        "grants[1].prefixes: ['images'] cannot confine a queue, which has no keys; remove it",
    ),
    "way that there is not": (
        {"grants": [grant(via="policy")]},
        "grants[0].via: 'policy' must be one of role, resource",
    ),
    "topic granted twice": (
        {**message("topic"), "grants": [grant(), *message("topic")["grants"][1:] * 2]},
        "grants: 2 grants of 'my-own' to 'stage-admin'",
    ),
    "the same keys both ways": (
        {"grants": [grant(), grant(prefixes=["images"], via="resource")]},
        "grants[1]: 'images/' overlaps with the whole bucket of grants[0]",
    ),
    "CI by a resource policy": (
        direct(ci()),
        "grants[1].via: 'resource' cannot be had by oidc: a token makes nobody known to AWS but by a role; write via: role",
    ),
    "third party by a resource policy": (
        direct(vendor()),
        "grants[1].via: 'resource' cannot be had by third_party: no resource policy can ask for its external ID",
    ),
    "external ID by a resource policy": (
        direct(conditions={"external_id": "vendor-7"}),
        "grants[0].via: 'resource' cannot go with the consumer's condition external_id, which is stated when a role is assumed",
    ),
    "source identity by a resource policy": (
        direct(conditions={"source_identity": {}}),
        "condition source_identity, which is stated when a role is assumed, and which no resource policy can ask for; write via: role, or remove the condition",
    ),
    "session tags by a resource policy": (
        direct(conditions={"session_tags": {"required": False, "tags": {"a": "b"}}}),
        "condition session_tags, which is stated when a role is assumed",
    ),
    "role without use": (
        direct(role={"name": "StageRole"}),
        "consumers[0].role.name: 'StageRole' would be a role without permissions, since all grants of the consumer say via: resource",
    ),
    "no role for one of two grants": (
        {**direct(), "grants": [grant(via="resource", prefixes=["a"]), grant(prefixes=["b"])]},
        "consumers[0].role: missing; add it, as in {name: StageRole}",
    ),
    "subscription of CI": (
        {
            **beside(ci()),
            "topics": [{"name": "news"}],
            "grants": [grant(), {"consumer": "other-0", "topic": "news", "levels": ["subscribe"]}],
        },
        "grants[1].levels: ['subscribe'] cannot have subscribe for oidc: it is confined to queues and functions of the consumer's own account",
    ),
    "subscription of an organization": (
        {
            **beside(of_kind("organization", {"id": "o-a1b2c3d4e5"})),
            "topics": [{"name": "news"}],
            "grants": [grant(), {"consumer": "other-0", "topic": "news", "levels": ["subscribe"]}],
        },
        "cannot have subscribe for organization",
    ),
    "user's policy too large for its grants": (
        {
            **direct(),
            "grants": [grant(via="resource", prefixes=[f"customer-{n:03}" for n in range(60)])],
        },
        "the most; shorten its conditions, or let fewer grants go via: resource",
    ),
    "trust policy limit that AWS has not": (
        {"trust_policy_limit": 100},
        "trust_policy_limit: 100 must be 2048 to 8192 characters",
    ),
    "trust policy too large": (
        beside(
            of_kind(
                "principals",
                {"arns": [f"arn:aws:iam::444455556666:role/data/{n:02}*" for n in range(50)]},
            )
        ),
        "consumers[1].name: 'other-0' needs a trust policy of 2311 characters, and 2048 is the most",
    ),
    "access policy too large": (
        {"grants": [grant(prefixes=[f"images-of-customer-{n:04}" for n in range(1000)])]},
        "that is 12 managed policies of at most 6144, and a role has at most 10; grant fewer",
    ),
    "inline access policy too large": (
        {
            "consumers": [consumer(role={"name": "StageRole", "policy": "inline"})],
            "grants": [grant(prefixes=[f"images-of-customer-{n:04}" for n in range(200)])],
        },
        "and 10240 is the most for an inline one; remove role.policy",
    ),
    "access policy that cannot be cut": (
        {
            **under(vpc_endpoints=[f"vpce-{n:017x}" for n in range(300)]),
        },
        "needs an access policy with a statement of ",
    ),
    "policy of two parts, the second named as another's": (
        {
            "consumers": [
                consumer(),
                of_kind(
                    "organization",
                    {"id": "o-a1b2c3d4e5"},
                    role={"name": "OtherRole", "policy_name": "stageroleaccess-2"},
                ),
            ],
            "grants": [
                grant(prefixes=[f"images-of-customer-{n:04}" for n in range(100)]),
                grant(consumer="other"),
            ],
        },
        "needs 2 managed policies, and 'StageRoleAccess-2' is too long or the name of another",
    ),
    "policy of two parts, the second with too long a name": (
        {
            "consumers": [consumer(role={"name": "StageRole", "policy_name": "n" * 128})],
            "grants": [grant(prefixes=[f"images-of-customer-{n:04}" for n in range(100)])],
        },
        "n-2' is too long or the name of another",
    ),
    "kind of policy that there is not": (
        {"consumers": [consumer(role={"name": "StageRole", "policy": "inlined"})]},
        "consumers[0].role.policy: 'inlined' must be one of managed, inline; did you mean inline?",
    ),
    "former name that is in use": (
        {
            "consumers": [
                consumer(renamed_from="other"),
                of_kind("organization", {"id": "o-a1b2c3d4e5"}),
            ],
            "grants": [grant(), grant(consumer="other")],
        },
        "consumers[0].renamed_from: 'other' is still the name of a consumer",
    ),
    "former name of two": (
        {
            "consumers": [
                consumer(renamed_from="old"),
                of_kind("organization", {"id": "o-a1b2c3d4e5"}, renamed_from="old"),
            ],
            "grants": [grant(), grant(consumer="other")],
        },
        "consumers[1].renamed_from: 'old' is there already; each must differ",
    ),
    "former name that is none": (
        {"consumers": [consumer(renamed_from="Stage Admin")]},
        "consumers[0].renamed_from: 'Stage Admin' must be lower-case letters",
    ),
    "user's policy too large": (
        {
            **under(
                external_id="x" * 1000,
                session_tags={"tags": {f"tag{n}": "y" * 100 for n in range(9)}},
            ),
            "trust_policy_limit": 8192,
        },
        "characters in Staging, and 2048 is the most; shorten its conditions",
    ),
    "role names that differ in case": (
        {
            "consumers": [
                consumer(),
                consumer(name="other", user={"name": "B"}, role={"name": "stagerole"}),
            ],
            "grants": [grant(), grant(consumer="other")],
        },
        "consumers[1].role.name: 'stagerole' is there already",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ab", "3 to 63 characters"),
        ("a" * 64, "3 to 63 characters"),
        ("My-Bucket", "lower-case"),
        ("my_bucket", "lower-case"),
        ("-bucket", "begin and end"),
        ("bucket-", "begin and end"),
        ("my..bucket", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--bucket", "xn--"),
        ("sthree-bucket", "sthree-"),
        ("amzn-s3-demo-bucket", "amzn-s3-demo-"),
        ("bucket-s3alias", "-s3alias"),
        ("bucket--ol-s3", "--ol-s3"),
        ("bucket.mrap", ".mrap"),
        ("bucket--x-s3", "--x-s3"),
        ("bucket--table-s3", "--table-s3"),
        ("bucket-111122223333-us-west-2-an", "-an"),
    ],
)
def test_rejects_bucket_names_that_s3_refuses(name: str, rule: str) -> None:
    problems = problems_of(buckets=[bucket(name=name)], grants=[grant(bucket=name)])
    assert [
        problem for problem in problems if problem.startswith("buckets[0].name") and rule in problem
    ]


def test_a_bad_value_is_told_once() -> None:
    assert len(problems_of(staging_region="Oregon")) == 1
    assert len(problems_of(consumers=[consumer(user=None)])) == 1


def test_all_problems_are_told_together_and_nothing_is_registered() -> None:
    values = stack_values("prod", production_account_id="1", staging_region="x", unknown="y")
    with pytest.raises(pulumi.RunError) as caught:
        deploy(values)
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 problems in Pulumi.prod.yaml; nothing was changed:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "production_account_id",
        "staging_region",
        "unknown",
    ]


def many(kind: str, levels: list[str], count: int, **changes: Any) -> dict[str, Any]:
    """Settings in which many principals come to one resource as themselves."""
    names = [f"team-{number}" for number in range(count)]
    return {
        "buckets": [bucket(encryption="kms")] if kind == "bucket" else None,
        **({f"{kind}s": [{"name": "my-own"}]} if kind != "bucket" else {}),
        "consumers": [
            {
                "name": name,
                "principals": {"arns": [f"arn:aws:iam::444455556666:role/{name}/*"]},
                "conditions": {"source_ips": ["203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"]},
            }
            for name in names
        ],
        "grants": [
            {
                "consumer": name,
                kind: "production-test-bucket-101" if kind == "bucket" else "my-own",
                "levels": levels,
                "via": "resource",
                **changes,
            }
            for name in names
        ],
    }


@pytest.mark.parametrize(
    ("kind", "levels", "fits", "too_many", "told"),
    [
        (
            "bucket",
            ["list", "read"],
            20,
            40,
            "buckets[0].name: 'production-test-bucket-101' needs a bucket policy of ",
        ),
        ("topic", ["publish"], 70, 95, "topics[0].name: 'my-own' needs a topic policy of "),
        ("queue", ["receive"], 12, 19, "queues[0].name: 'my-own' needs a queue policy of "),
    ],
)
def test_the_policy_of_a_resource_is_measured(
    kind: str, levels: list[str], fits: int, too_many: int, told: str
) -> None:
    assert problems_of(**many(kind, levels, fits)) == []
    (problem,) = problems_of(**many(kind, levels, too_many))
    assert problem.startswith(told)
    assert problem.endswith("is the most; let fewer grants go via: resource")


def test_the_statements_of_a_queue_are_counted() -> None:
    """Short ones, so that their number is reached before the bytes."""
    settings = many("queue", ["send"], 20)
    for number, item in enumerate(settings["consumers"]):
        item["principals"] = {"arns": [f"arn:aws:iam::444455556666:role/{number}*"]}
        del item["conditions"]
    told = [problem for problem in problems_of(**settings) if "statements" in problem]
    assert told == [
        "queues[0].name: 'my-own' needs a queue policy of 21 statements, and 20 is the most; "
        "let fewer grants go via: resource"
    ]


def test_a_key_policy_is_measured_too() -> None:
    told = problems_of(**many("bucket", ["read"], 100))
    assert [problem for problem in told if "needs a key policy of" in problem]


def test_a_raised_quota_admits_a_larger_trust_policy() -> None:
    arns = [f"arn:aws:iam::444455556666:role/data/{n:02}*" for n in range(50)]
    settings = beside(of_kind("principals", {"arns": arns}))
    assert problems_of(**settings, trust_policy_limit=4096) == []


@pytest.mark.parametrize(
    ("expires_at", "told"),
    [
        ("2030-01-01", "consumer 'stage-admin' EXPIRED at 2030-01-01T00:00:00Z: all its access is"),
        ("2030-01-01T12:00:00Z", "EXPIRED"),
        ("2030-01-01T18:00:00Z", "consumer 'stage-admin' expires in less than a day, at"),
        ("2030-01-03", "expires in 1 day, at 2030-01-03T00:00:00Z"),
        ("2030-01-15T12:00:00Z", "expires in 14 days"),
    ],
)
def test_an_expiry_that_has_passed_or_is_near_is_told(expires_at: str, told: str) -> None:
    consumers = settings_of(**under(expires_at=expires_at)).consumers
    (warning,) = expiry.warnings(consumers, datetime(2030, 1, 1, 12, tzinfo=UTC))
    assert told in warning


def test_nothing_is_told_of_an_expiry_that_is_far_or_of_none() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    for conditions in ({"expires_at": "2030-01-16"}, {}):
        assert list(expiry.warnings(settings_of(**under(**conditions)).consumers, now)) == []


def test_an_expired_consumer_is_deployed_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", told.append)
    deployment = deploy(stack_values("prod", **under(expires_at="2020-01-01")))
    assert "2020-01-01T00:00:00Z" in deployment.one("aws:iam/policy:Policy").inputs["policy"]
    assert [line for line in told if "EXPIRED" in line]


def test_inline_policies_of_two_roles_may_have_one_name() -> None:
    inline = {"policy": "inline", "policy_name": "Access"}
    settings = settings_of(
        consumers=[
            consumer(role={"name": "StageRole", **inline}),
            of_kind("organization", {"id": "o-a1b2c3d4e5"}, role={"name": "OtherRole", **inline}),
        ],
        grants=[grant(), grant(consumer="other")],
    )
    roles = [item.role for item in settings.consumers]
    assert [role and role.policy_name for role in roles] == ["Access", "Access"]


def test_an_access_policy_may_need_as_many_policies_as_a_role_takes() -> None:
    grants = [grant(prefixes=[f"images-of-customer-{n:04}" for n in range(800)])]
    assert settings_of(grants=grants).grants[0].prefixes[-1] == "images-of-customer-0799/"
