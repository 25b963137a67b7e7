"""What a stack file declares is what is read."""

from typing import Any

import pytest

from cross_account_access.declaration.kinds import (
    EcsTasks,
    EksPods,
    Instances,
    LambdaFunctions,
    Organization,
    Principals,
    Queue,
    RolesAnywhere,
    ThirdParty,
    Topic,
    User,
    WebIdentities,
)
from cross_account_access.declaration.kinds.bucket_settings import AccessLog
from cross_account_access.declaration.machines import StagingRole
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
from cross_account_access.declaration.settings import parse
from tests.support.deployment import stack_values
from tests.unit.declaration.documents import ANCHOR
from tests.unit.declaration.stack_file import (
    beside,
    bucket,
    ci,
    consumer,
    direct,
    grant,
    of_kind,
    settings_of,
    under,
)

KINDS: dict[str, tuple[dict[str, Any], Principal]] = {
    "ec2": (
        {"ec2": {"role": {"name": "Replicator"}}},
        Instances(role=StagingRole(name="Replicator"), instance_profile="Replicator"),
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
            role=StagingRole(
                name="Replicator",
                path="/machines/",
                permissions_boundary="arn:aws:iam::444455556666:policy/Boundary",
            ),
            instance_profile="Profile",
        ),
    ),
    "ecs_tasks": (
        {"ecs_tasks": {"role": {"name": "Renderer", "path": "/tasks/"}}},
        EcsTasks(role=StagingRole(name="Renderer", path="/tasks/")),
    ),
    "lambda_functions": (
        {"lambda_functions": {"role": {"name": "Resizer"}, "functions": ["f"]}},
        LambdaFunctions(role=StagingRole(name="Resizer"), functions=("f",)),
    ),
    "lambda_functions of an adopted role": (
        {"lambda_functions": {"role": {"name": "Resizer", "existing": True}}},
        LambdaFunctions(role=StagingRole(name="Resizer", existing=True)),
    ),
    "eks_pods": (
        {
            "eks_pods": {
                "role": {"name": "Shop"},
                "cluster": "apps",
                "namespace": "web",
                "service_account": "shop",
            }
        },
        EksPods(
            role=StagingRole(name="Shop"), cluster="apps", namespace="web", service_account="shop"
        ),
    ),
    "roles_anywhere": (
        {
            "roles_anywhere": {
                "role": {"name": "Backup"},
                "trust_anchor_arn": ANCHOR,
                "certificate": {"x509SAN/URI": "spiffe://example.com/backup"},
            }
        },
        RolesAnywhere(
            role=StagingRole(name="Backup"),
            trust_anchor_arn=ANCHOR,
            certificate={"x509SAN/URI": "spiffe://example.com/backup"},
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


def test_each_permissions_boundary_must_exist_in_the_account_of_its_principal() -> None:
    of_staging = "arn:aws:iam::444455556666:policy/Boundary"
    of_production = "arn:aws:iam::111122223333:policy/Boundary"
    settings = settings_of(
        consumers=[
            consumer(
                user={"name": "A", "permissions_boundary": of_staging},
                role={"name": "R", "permissions_boundary": of_production},
            ),
            of_kind("ec2", {"role": {"name": "I", "permissions_boundary": of_staging}}),
        ],
        grants=[grant(), grant(consumer="other")],
    )
    assert sorted((each.side, each.parameters["PolicyArn"]) for each in settings.must_exist) == [
        ("production", of_production),
        ("staging", of_staging),
        ("staging", of_staging),
    ]


def test_profiles_default_to_the_names_of_the_walkthrough() -> None:
    settings = settings_of(production_profile=None, staging_profile=None)
    assert settings.production.profile == "ProductionAccountAdmin"
    assert settings.staging.profile == "StagingAccountAdmin"


def test_a_china_region_puts_every_arn_into_its_partition() -> None:
    settings = settings_of(production_region="cn-north-1", staging_region="cn-northwest-1")
    assert settings.production.root_arn == "arn:aws-cn:iam::111122223333:root"
    assert settings.buckets[0].arn(settings.production).startswith("arn:aws-cn:s3:::")


@pytest.mark.parametrize(("declared", "who"), KINDS.values(), ids=KINDS)
def test_every_kind_of_consumer_is_read(declared: dict[str, Any], who: Principal) -> None:
    named = {"name": "stage-admin", "role": {"name": "StageRole"}}
    (read,) = settings_of(consumers=[{**named, **declared}]).consumers
    assert read.principal == who


def test_pods_state_the_external_id_of_their_association_and_their_tags() -> None:
    declared, _ = KINDS["eks_pods"]
    expiry = {"conditions": {"expires_at": "2030-01-31"}}
    named = {"name": "stage-admin", "role": {"name": "StageRole"}}
    (read,) = settings_of(
        staging_region="eu-west-1", consumers=[{**named, **declared, **expiry}]
    ).consumers
    assert read.conditions.external_id == "eu-west-1/444455556666/apps/web/shop"
    assert read.conditions.expires_at == "2030-01-31T00:00:00Z"
    assert read.conditions.session_tags
    assert read.conditions.session_tags.tags == {
        "eks-cluster-arn": "arn:aws:eks:eu-west-1:444455556666:cluster/apps",
        "kubernetes-namespace": "web",
        "kubernetes-service-account": "shop",
    }


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
        {"ecs_tasks": {"role": {"name": "Copier"}}},
        {"lambda_functions": {"role": {"name": "Copier"}}},
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
