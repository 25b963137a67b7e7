"""What the settings accept, AWS accepts: shown against the models of its operations."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.loaders import create_loader
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.fields import Group, Items, Nested, Text, group_of
from cross_account_access.declaration.keys import key_arn
from cross_account_access.declaration.kinds import (
    Bucket,
    Secret,
    Table,
    User,
    eks_pods,
    lambda_functions,
    roles_anywhere,
)
from cross_account_access.declaration.policies.documents import (
    access_policy,
    caller_policy,
    key_policy,
    resource_policy,
    trust_policy,
)
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.rules import issuers
from cross_account_access.declaration.settings import SETTINGS, parse
from cross_account_access.facts import quotas
from tests.support.deployment import stack_values
from tests.unit.declaration.documents import ANCHOR
from tests.unit.declaration.stack_file import bucket, consumer, grant

KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PRODUCTION = Account(account_id="111122223333", profile="p", region="us-west-2")
LOADER = create_loader()


@cache
def shape(service: str, operation: str, *path: str) -> dict[str, Any]:
    """The shape of an input, or one by its own name after `#`; a list's item is its `member`."""
    model = LOADER.load_service_model(service, "service-2")
    name = operation.removeprefix("#")
    if name == operation:
        name = model["operations"][operation]["input"]["shape"]
    found = model["shapes"][name]
    for name in path:
        inside = found["members"][name] if found["type"] == "structure" else found["member"]
        found = model["shapes"][inside["shape"]]
    assert isinstance(found, dict)
    return found


def fits(value: str, wanted: dict[str, Any]) -> bool:
    """Whether botocore's model takes the text, by its length and its pattern."""
    shortest, longest = wanted.get("min", 0), wanted.get("max", len(value))
    if not shortest <= len(value) <= longest:
        return False
    # Python knows no classes of Unicode: each character stands for its class instead.
    pattern = wanted.get("pattern", "(?s:.*)")
    if r"\p{" in pattern:
        value = "".join({"L": "a", "N": "a", "Z": "a"}.get(_class(char), char) for char in value)
        pattern = re.sub(r"\\p\{\w\}", "a", pattern)
    return re.fullmatch(pattern, value, re.ASCII) is not None


def _class(char: str) -> str:
    return unicodedata.category(char)[0]


class Taken(NamedTuple):
    """A rule of ours, and what AWS makes of the values that keep it."""

    rule: Callable[[str], str | None]
    shapes: Sequence[tuple[str, ...]]
    examples: list[str]
    form: str = "(?s:.*)"
    """What the model does not say."""
    as_sent: Callable[[str], str] = str
    """From the value to what is sent."""


TAG_KEYS = [
    ("iam", "CreateRole", "Tags", "member", "Key"),
    ("kms", "TagResource", "Tags", "member", "TagKey"),
    ("sns", "TagResource", "Tags", "member", "Key"),
    ("sts", "AssumeRole", "Tags", "member", "Key"),
]
IAM_NAME = r"[\w+=,.@-]+"

RULES = {
    "role name": Taken(
        rules.iam_name(quotas.ROLE_NAME_CHARACTERS),
        [("iam", "CreateRole", "RoleName")],
        ["StageRole", "r" * 64],
    ),
    "user name": Taken(
        rules.iam_name(quotas.USER_NAME_CHARACTERS),
        [("iam", "CreateUser", "UserName")],
        ["Stage.Admin@example.com", "u" * 64],
    ),
    "name of an old user": Taken(
        rules.iam_name(quotas.OLD_USER_NAME_CHARACTERS),
        [("iam", "PutUserPolicy", "UserName")],
        ["u" * 128],
    ),
    "policy name": Taken(
        rules.policy_name,
        [("iam", "CreatePolicy", "PolicyName"), ("iam", "PutRolePolicy", "PolicyName")],
        ["StageRoleAccess", "p" * 128],
    ),
    "name of an instance profile": Taken(
        rules.iam_name(quotas.INSTANCE_PROFILE_NAME_CHARACTERS),
        [("iam", "CreateInstanceProfile", "InstanceProfileName")],
        ["Replicator", "i" * 128],
    ),
    "path": Taken(
        rules.iam_path,
        [("iam", "CreateRole", "Path"), ("iam", "CreateUser", "Path")],
        ["/", "/people/", "/a/b/c/", "/" + "p" * 510 + "/", "/${aws:username}/", "/a*/"],
        # In an ARN pattern it would mean other paths too.
        form=r"(?!.*(?:\*|\?|\$\{)).*",
    ),
    "permissions boundary": Taken(
        rules.permissions_boundary(PRODUCTION),
        [("iam", "CreateRole", "PermissionsBoundary")],
        [
            "arn:aws:iam::111122223333:policy/teams/data/Boundary",
            "arn:aws:iam::aws:policy/PowerUserAccess",
            "arn:aws:iam::444455556666:policy/Boundary",
            "arn:aws-cn:iam::111122223333:policy/Boundary",
            "arn:aws:iam::111122223333:role/Boundary",
        ],
        form=rf"arn:aws:iam::(?:111122223333|aws):policy/(?:[\x21-\x7e]+/)*{IAM_NAME}",
    ),
    "issuer": Taken(
        issuers.issuer,
        [("iam", "CreateOpenIDConnectProvider", "Url")],
        [
            "https://token.actions.githubusercontent.com",
            "https://sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/",
            "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            "https://ci.example.com:8443/",
            "https://ci.example.com/?a=b",
        ],
        form=r"https://[^/:?#]+(?:/[^?#]*)?",
    ),
    "audience": Taken(
        rules.audience,
        [("iam", "CreateOpenIDConnectProvider", "ClientIDList", "member")],
        ["sts.amazonaws.com", "a" * 255],
    ),
    "external ID": Taken(
        rules.external_id, [("sts", "AssumeRole", "ExternalId")], ["vendor-7/a", "e" * 1224]
    ),
    "source identity": Taken(
        rules.source_identity, [("sts", "AssumeRole", "SourceIdentity")], ["Alice", "s" * 64]
    ),
    "name of a consumer": Taken(
        rules.logical_name, [("sts", "AssumeRole", "RoleSessionName")], ["stage-admin", "ab", "a"]
    ),
    "tag key": Taken(
        rules.tag_key,
        TAG_KEYS,
        ["cost-centre", "équipe 1", "k" * 128, "aws:x", "AWS:x"],
        form=r"(?!(?i:aws:)).*",
    ),
    "tag value": Taken(
        rules.tag_value,
        [(*names[:-1], names[-1].replace("Key", "Value")) for names in TAG_KEYS],
        ["", "42", "v" * 256, "Aws:x"],
        form=r"(?!(?i:aws:)).*",
    ),
    # S3, SNS, SQS and Secrets Manager say the rest in their guides only.
    "bucket name": Taken(
        rules.bucket_name,
        [("s3control", "CreateBucket", "Bucket"), ("kms", "CreateAlias", "AliasName")],
        ["my-bucket", "my.bucket-1", "b" * 63, "xn--a", "192.168.5.4", "bucket--x-s3"],
        form=r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        as_sent=lambda name: name.replace(".", "_"),
    ),
    "topic name": Taken(
        rules.message_name("topic", quotas.TOPIC_NAME_CHARACTERS),
        [("sns", "CreateTopic", "Name")],
        ["News_1", "t" * 256, "news.fifo"],
        form=r"[A-Za-z0-9_-]{1,256}",
    ),
    "queue name": Taken(
        rules.message_name("queue", quotas.QUEUE_NAME_CHARACTERS),
        [("sqs", "CreateQueue", "QueueName")],
        ["Jobs-1", "q" * 80],
        form=r"[A-Za-z0-9_-]{1,80}",
    ),
    "unit of an organization": Taken(
        rules.organization_path("o-a1b2c3d4e5"),
        [("organizations", "DescribeOrganizationalUnit", "OrganizationalUnitId")],
        ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"],
        as_sent=lambda path: path.split("/")[2] or "ou-ab12-11111111",
    ),
    "account ID": Taken(
        rules.account_id, [("organizations", "#AccountId")], ["111122223333", "000000000001"]
    ),
    "organization": Taken(
        rules.organization_id,
        [("organizations", "#OrganizationId")],
        ["o-a1b2c3d4e5", "o-" + "a" * 32],
    ),
    "key ARN": Taken(
        key_arn(PRODUCTION),
        [("kms", "DescribeKey", "KeyId")],
        [KEY, KEY.replace("us-west-2", "eu-west-1"), KEY.replace("key/", "alias/")],
        form=r"arn:aws:kms:us-west-2:\d{12}:key/[A-Za-z0-9-]+",
    ),
    "VPC endpoint": Taken(
        rules.vpc_endpoint,
        [],
        ["vpce-1a2b3c4d", "vpce-0123456789abcdef0"],
        form=r"vpce-(?:[0-9a-f]{8}|[0-9a-f]{17})",
    ),
    "name of a function": Taken(
        lambda_functions.function_name,
        [("lambda", "CreateFunction", "FunctionName")],
        ["resize-images", "f" * 64, "arn:aws:lambda:us-west-2:444455556666:function:f"],
        # An ARN is made of it.
        form=r"[A-Za-z0-9_-]{1,64}",
    ),
    "name of a cluster": Taken(
        eks_pods.cluster_name, [("eks", "CreateCluster", "name")], ["apps_1", "c" * 100, "-apps"]
    ),
    # What Kubernetes takes, and part of an external ID.
    "namespace": Taken(
        eks_pods.dns_label,
        [("sts", "AssumeRole", "ExternalId")],
        ["web-1", "n" * 63, "Web", "w-"],
        form=r"(?!-)[a-z0-9-]{1,63}(?<!-)",
        as_sent="us-west-2/444455556666/apps/{}/reader".format,
    ),
    "service account": Taken(
        eks_pods.dns_subdomain,
        [("sts", "AssumeRole", "ExternalId")],
        ["shop.web-1", "s" * 253, "shop..web", ".shop"],
        form=r"(?![.-])(?!.*\.\.)[a-z0-9.-]{1,253}(?<![.-])",
        as_sent="us-west-2/444455556666/apps/shop/{}".format,
    ),
    "trust anchor": Taken(
        roles_anywhere.trust_anchor(PRODUCTION),
        [("rolesanywhere", "GetTrustAnchor", "trustAnchorId")],
        [
            ANCHOR.replace("444455556666", "111122223333"),
            ANCHOR,
            ANCHOR.replace("anchor", "profile"),
        ],
        form=r"arn:aws:rolesanywhere:[a-z0-9-]+:111122223333:trust-anchor/[0-9a-f-]{36}",
        as_sent=lambda arn: arn.rsplit("/", 1)[-1],
    ),
    "prefix of a log": Taken(
        rules.log_prefix,
        [("s3", "#TargetPrefix")],
        ["prod/", "logs", "é/", "a" * 512],
        form=r".{0,512}",
    ),
    "prefix": Taken(
        rules.key_prefix,
        [("iam", "CreatePolicy", "PolicyDocument")],
        ["images", "images/raw/", "été/", "a" * 512, "s3://b/images", "../x", "a//b"],
        # With its slash, and with room for a name behind it: a key has 1024 bytes.
        form=r"(?!/|.*//)(?!.*[*?])(?:.{1,511}|.{512})",
    ),
}

ODD = st.sampled_from(
    [*"aZ0_-+=,.@:/*?$ {}\\\"'#|\n\x00\x7fé²日", "${", "aws:", "//", "..", "x" * 200]
)


@st.composite
def near(draw: Callable[[SearchStrategy[Any]], Any], examples: list[str]) -> str:
    """An example with a few small changes, so that many still keep the rule."""
    text: str = draw(st.sampled_from(examples))
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 2)))
        text = text[:begin] + draw(st.one_of(st.just(""), ODD)) + text[end:]
    return text


@pytest.mark.parametrize("taken", RULES.values(), ids=RULES)
@given(data=st.data())
def test_what_a_rule_accepts_aws_accepts(taken: Taken, data: st.DataObject) -> None:
    value = data.draw(near(taken.examples))
    if taken.rule(value) is not None:
        return
    assert re.fullmatch(taken.form, value)
    for names in taken.shapes:
        is_sent_otherwise = names[0] in ("kms", "organizations", "rolesanywhere", "sts")
        sent = taken.as_sent(value) if is_sent_otherwise else value
        assert fits(sent, shape(*names)), names


@pytest.mark.parametrize("taken", RULES.values(), ids=RULES)
def test_each_rule_accepts_its_first_example(taken: Taken) -> None:
    assert taken.rule(taken.examples[0]) is None


def test_numbers_are_within_what_aws_takes() -> None:
    longest = shape("iam", "CreateRole", "MaxSessionDuration")
    assert range(longest["min"], longest["max"] + 1) == quotas.ROLE_SESSION_SECONDS
    assert shape("iam", "CreateRole", "Tags")["max"] == quotas.TAGS_OF_PRINCIPAL


def test_what_exists_already_is_asked_for_as_aws_names_it() -> None:
    for kind, service, operation, name in (
        (Secret, "secretsmanager", "DescribeSecret", "SecretId"),
        (Table, "dynamodb", "DescribeTable", "TableName"),
    ):
        region = PRODUCTION.region
        arn = f"arn:aws:{service}:{region}:{PRODUCTION.account_id}:{kind.arn_example}"
        problems = problems_of(resources=[{"name": "ours", "arn": arn}])
        assert problems == []
        assert fits(arn, shape(service, operation, name))


SWEPT = {
    "account ID": ["production_account_id", "staging_account_id", "third_party.account_id"],
    "role name": ["role.name", "replication.role_name"],
    "user name": ["user.name"],
    "policy name": ["role.policy_name"],
    "name of an instance profile": ["ec2.instance_profile"],
    "path": ["user.path", "role.path"],
    "permissions boundary": ["user.permissions_boundary", "role.permissions_boundary"],
    "issuer": ["oidc.issuer"],
    "audience": ["oidc.audience"],
    "external ID": ["conditions.external_id", "conditions.more_external_ids"],
    "source identity": ["source_identity.values"],
    "name of a consumer": ["consumers.name", "consumers.renamed_from", "resources.name"],
    "bucket name": ["buckets.name", "access_log.bucket", "replication.bucket"],
    "topic name": ["topics.name", "notifications.topic"],
    "queue name": ["queues.name", "notifications.queue"],
    "organization": ["organization.id"],
    "unit of an organization": ["organization.paths"],
    "key ARN": [
        f"{kind}.kms_key_arn"
        for kind in ("buckets", "topics", "queues", "resources", "replication")
    ],
    "VPC endpoint": ["conditions.vpc_endpoints"],
    "name of a function": ["lambda_functions.functions"],
    "name of a cluster": ["eks_pods.cluster"],
    "namespace": ["eks_pods.namespace"],
    "service account": ["eks_pods.service_account"],
    "trust anchor": ["roles_anywhere.trust_anchor_arn"],
    "prefix of a log": ["access_log.prefix"],
    "prefix": ["grants.prefixes", "replication.prefixes"],
}
"""Settings by the rule that is tried above; with the group that they are in."""
ELSEWHERE = {
    "test_refused_accounts.py": [
        f"{side}_{what}" for side in ("production", "staging") for what in ("profile", "region")
    ],
    "test_refused_resources.py": ["buckets.encryption"],
    "test_existing_resources.py": ["resources.arn"],
    "test_principal_patterns.py": ["principals.arns"],
    "test_third_parties.py": ["third_party.arns"],
    "test_issuers.py": ["oidc.subjects"],
    "test_source_ranges.py": ["conditions.source_ips"],
    "test_granted_actions.py": ["grants.actions"],
    "test_levels.py": ["grants.levels"],
    "test_bucket_settings.py": [f"notifications.{name}" for name in ("events", "prefix", "suffix")],
    # Names of what the same file declares.
    "test_refused_grants.py": [
        f"grants.{name}" for name in ("consumer", "bucket", "topic", "queue", "resource")
    ],
}
"""Settings whose rules no model of an operation has, by the tests that try them."""


def texts_of(group: Group, name: str = "") -> set[str]:
    """The settings that are text, each with the group that it is in."""
    found = set()
    for each in group.fields:
        match each.setting:
            case Nested() as nested:
                found |= texts_of(group_of(nested.declared), each.name)
            case Items() as items:
                found |= texts_of(items.group, each.name)
            case Text():
                found.add(f"{name}.{each.name}".removeprefix("."))
    return found


def test_every_text_is_tried_against_what_aws_takes() -> None:
    assert SWEPT.keys() <= RULES.keys()
    assert all((Path(__file__).parent / name).exists() for name in ELSEWHERE)
    tried = [name for names in (*SWEPT.values(), *ELSEWHERE.values()) for name in names]
    assert len(tried) == len(set(tried))
    assert set(tried) == texts_of(SETTINGS)


def problems_of(**changes: Any) -> list[str]:
    problems = Problems()
    parse(stack_values("prod", **changes), problems)
    return problems


TEXTS = {
    "external_id": near(["vendor-7", "e" * 300]),
    "prefix": near(["images/", "été", "a" * 400]),
    "path": near(["/", "/people/", "/" + "p" * 20 + "/"]),
    "tag": near(["data", "équipe", "日本"]),
}


@given(st.fixed_dictionaries(TEXTS))
def test_the_documents_of_what_is_accepted_are_within_what_aws_takes(texts: dict[str, str]) -> None:
    declared = stack_values(
        "prod",
        buckets=[bucket(encryption="kms")],
        consumers=[
            consumer(
                user={"name": "StageAdmin", "path": texts["path"]},
                role={"name": "StageRole", "path": texts["path"]},
                conditions={
                    "external_id": texts["external_id"],
                    "session_tags": {"tags": {texts["tag"] or "team": texts["tag"]}},
                },
            )
        ],
        grants=[grant(levels=["list", "read", "write"], prefixes=[texts["prefix"]])],
    )
    problems = Problems()
    settings = parse(declared, problems)
    if problems:
        return
    (who,), accounts, grants = settings.consumers, settings.accounts, settings.grants
    (shared,) = settings.buckets
    assert isinstance(who.principal, User)
    assert isinstance(shared, Bucket)
    document = shape("iam", "CreatePolicy", "PolicyDocument")
    for text, most in (
        (trust_policy(who, accounts), 2048),
        (access_policy(who, grants, accounts), 6144),
        (caller_policy(who, grants, accounts), 2048),
        (resource_policy(shared, grants, accounts), 20_480),
        (key_policy(shared, grants, accounts), 32_768),
    ):
        assert fits(text, document)
        assert quotas.policy_characters(text) <= most
