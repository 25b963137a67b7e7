"""The documents of both accounts, read together: what each example declares is what they allow.

The access engine reads what the program registers for an example, and answers for every grant: the
consumer may do exactly the actions of its levels, by the declared way and under the declared
conditions, and nobody else may.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from cross_account_access.command.inventory import inventory_of
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.kinds import (
    Bucket,
    Organization,
    Principals,
    ThirdParty,
    WebIdentities,
)
from cross_account_access.declaration.model import Consumer, Grant, Via
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import Settings, parse
from cross_account_access.facts import service_reference
from cross_account_access.iam.engine import (
    Context,
    Outcome,
    Request,
    ResourceDocuments,
    World,
    assume,
    decide,
    parse_principal,
)
from cross_account_access.iam.lint.findings import Severity
from cross_account_access.iam.lint.judging import judge
from cross_account_access.iam.lint.subjects import subjects_of
from cross_account_access.stack import StackResource
from tests.support.deployment import (
    PROJECT,
    ROOT,
    Deployment,
    Registered,
    deploy,
    stack_values,
)
from tests.support.proof import deployed, settings_of

EXAMPLES: Final = sorted((ROOT / "examples").glob("*/Pulumi.prod.yaml"))
STRANGER: Final = "arn:aws:iam::444455556666:user/Mallory"
ANYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
NEEDS_OF_KEY: Final = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}
"""What S3 asks of the key of a bucket for an object, by what is asked of S3."""
KEYS: Final = (
    *("aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalOrgID"),
    *("aws:PrincipalOrgPaths", "aws:RequestTag/project", "aws:SourceIp", "aws:SourceVpce"),
    *("aws:TagKeys", "kms:EncryptionContext:aws:s3:arn", "kms:ViaService", "s3:prefix"),
    *("s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-customer-algorithm"),
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    *("sns:Endpoint", "sts:ExternalId", "sts:SourceIdentity"),
)
"""All that the examples' conditions look at, beside the clock and TLS."""


class Example:
    """One stack file: what it declares, and the world that the program makes of it."""

    def __init__(self, values: dict[str, str], made: Deployment) -> None:
        problems = Problems()
        self.settings: Settings = parse(values, problems)
        assert problems == []
        inventory = inventory_of(map(_resource, made.resources))
        self.arns = set(inventory.resources)
        outside = [_caller(consumer, self.accounts) for consumer in self.settings.consumers]
        users, roles = dict(inventory.users), dict(inventory.roles)
        for arn in (*outside, STRANGER):
            if ":user/" in arn and arn not in users:
                users[arn] = {"policies": {"own": ANYTHING}}
            elif ":role/" in arn and arn not in roles:
                nobody = {"Version": "2012-10-17", "Statement": []}
                roles[arn] = {"policies": {"own": ANYTHING}, "trust": nobody}
        owner = self.accounts.trusting
        of_others: dict[str, ResourceDocuments] = {
            each.arn(owner): {"account": owner.account_id, "policy": None}
            for each in self.settings.resources
            if each.is_of_others
        }
        resources = {**inventory.resources, **of_others}
        self.world = World(users=users, roles=roles, resources=resources)

    @property
    def accounts(self) -> Accounts:
        return self.settings.accounts

    def may(self, grant: Grant, action: str, resource: str, *, who: str | None = None) -> bool:
        """Whether the consumer, or `who` in its place, may do this by the way of the grant."""
        caller = parse_principal(who or _caller(grant.consumer, self.accounts))
        context = _context(grant, resource, self.accounts)
        if grant.via is Via.ROLE:
            assert grant.consumer.role
            role = grant.consumer.role.arn(self.accounts.trusting)
            if isinstance(grant.consumer.principal, WebIdentities):
                ask = Request(caller, "sts:AssumeRoleWithWebIdentity", role, context)
                first, session = decide(self.world, ask).outcome, parse_principal(role)
            else:
                assumed = assume(self.world, caller, role, context)
                first, session = assumed.decision.outcome, assumed.session
            assert first is not Outcome.UNKNOWN
            if first is Outcome.DENIED:
                return False
            caller = session
        decision = decide(self.world, Request(caller, action, resource, context))
        assert decision.outcome is not Outcome.UNKNOWN, decision.unknown
        return decision.allowed


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.parent.name)
def example(request: pytest.FixtureRequest) -> Example:
    name = request.param.parent.name
    return Example(settings_of(request.param), deployed(name))


def test_a_consumer_may_do_what_it_is_granted_and_no_more(example: Example) -> None:
    for grant in example.settings.grants:
        granted = set(_requests(grant, grant.levels, example.accounts))
        possible = set(_requests(grant, grant.resource.levels, example.accounts))
        assert granted
        for action, resource in granted:
            assert example.may(grant, action, resource), (grant, action)
        for action, resource in possible - granted - _granted_otherwise(example, grant):
            assert not example.may(grant, action, resource), (grant, action)


def test_nobody_else_may_come_in_its_place(example: Example) -> None:
    others = {_caller(item, example.accounts) for item in example.settings.consumers} | {STRANGER}
    for grant in example.settings.grants:
        own = _caller(grant.consumer, example.accounts)
        for other in others - {own}:
            if isinstance(grant.consumer.principal, Organization) or ":oidc-provider/" in other:
                continue  # an organization has them all, and jobs are told apart by their token
            for action, resource in _requests(grant, grant.levels, example.accounts):
                if not _has_such_a_grant(example, other, grant):
                    assert not example.may(grant, action, resource, who=other), (grant, other)


def test_who_comes_by_the_role_may_not_come_without_it_nor_the_other_way_round(
    example: Example,
) -> None:
    for grant in example.settings.grants:
        for action, resource in _requests(grant, grant.levels, example.accounts):
            if isinstance(grant.consumer.principal, WebIdentities):
                continue
            caller = _caller(grant.consumer, example.accounts)
            context = _context(grant, resource, example.accounts)
            request = Request(parse_principal(caller), action, resource, context)
            alone = decide(example.world, request).outcome
            assert (alone is Outcome.ALLOWED) is (grant.via is Via.RESOURCE), (grant, action)


def test_the_examples_have_grants_of_every_kind_and_way() -> None:
    ways = {
        (kind, via)
        for path in EXAMPLES
        for config in [yaml.safe_load(path.read_text())["config"]]
        for grant in config[f"{PROJECT}:grants"]
        for kind in ("bucket", "topic", "queue", "resource")
        for via in [grant.get("via", "role")]
        if kind in grant
    }
    made = {(kind, via) for kind in ("bucket", "topic", "queue") for via in Via}
    assert ways == {*made, ("resource", Via.ROLE)}


def _requests(grant: Grant, levels: Any, accounts: Accounts) -> Iterator[tuple[str, str]]:
    """The actions that levels mean, each on a resource that the grant is about."""
    owner = accounts.trusting
    arn = grant.resource.arn(owner)
    for level in levels:
        actions = grant.resource.levels[level]
        for action in actions.on_resource:
            if action != "s3:ListBucketMultipartUploads" or not grant.prefixes:
                yield action, arn
        for action in actions.on_anything:
            yield action, "*"
        for action in actions.on_objects:
            inside = next(
                pattern.removesuffix("*")
                for pattern in grant.resource.inside(owner).values()
                if (known := service_reference.action(action)) and known.is_about(pattern)
            )
            yield action, f"{inside}{min(grant.prefixes, default='')}sunset.jpg"
            has_key = isinstance(grant.resource, Bucket) and grant.resource.has_own_key
            if has_key and action in NEEDS_OF_KEY:
                # A planned key is called by its logical name.
                key = owner.regional_arn("kms", f"key/access-{grant.resource.name}")
                yield NEEDS_OF_KEY[action], key


def _granted_otherwise(example: Example, grant: Grant) -> set[tuple[str, str]]:
    """What other grants of the consumer on the resource allow, whatever the prefix."""
    return {
        (action, resource)
        for other in example.settings.grants
        if (other.consumer.name, other.resource) == (grant.consumer.name, grant.resource)
        for action, resource in _requests(other, other.levels, example.accounts)
        if action != "s3:ListBucket"
    }


def _has_such_a_grant(example: Example, caller: str, grant: Grant) -> bool:
    """Whether this other caller has a grant on the same resource that goes by resource policies."""
    return any(
        other.resource == grant.resource
        and other.via is Via.RESOURCE
        and grant.via is Via.RESOURCE
        and _caller(other.consumer, example.accounts) == caller
        for other in example.settings.grants
    )


def _caller(consumer: Consumer, accounts: Accounts) -> str:
    """One whom the consumer means."""
    match consumer.principal:
        case ThirdParty(arns=(arn, *_)):
            return arn
        case ThirdParty(account_id=account):
            return f"arn:aws:iam::{account}:user/Vendor"
        case Principals(arns=(pattern, *_)):
            return pattern.replace("*", "x").replace("/x_", "/AWSReservedSSO_")
        case Organization():
            return "arn:aws:iam::123456789012:user/Colleague"
        case who:
            (arn,) = who.principal_arns(accounts)
            return arn


def _context(grant: Grant, resource: str, accounts: Accounts) -> Context:
    """Circumstances in which all conditions of the consumer are met."""
    conditions, who = grant.consumer.conditions, grant.consumer.principal
    output: dict[str, Any] = {
        "aws:CurrentTime": "2030-01-01T00:00:00Z",
        "aws:SecureTransport": "true",
        "s3:prefix": min(grant.prefixes, default=""),
    }
    if ":kms:" in resource:
        output["kms:ViaService"] = "s3.us-west-2.amazonaws.com"
        output["kms:EncryptionContext:aws:s3:arn"] = grant.resource.arn(accounts.trusting)
    if (account := who.home_account(accounts)) and ":sns:" in resource:
        output["sns:Endpoint"] = f"arn:aws:sqs:us-west-2:{account}:jobs"
    if conditions.external_id:
        output["sts:ExternalId"] = conditions.external_id
    if conditions.mfa:
        output |= {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"}
    if conditions.source_ips:
        output["aws:SourceIp"] = conditions.source_ips[0].split("/")[0]
    if conditions.source_identity:
        output["sts:SourceIdentity"] = "Alice"
    if conditions.session_tags:
        tags = conditions.session_tags.tags
        output |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        output["aws:TagKeys"] = sorted(tags)
    if isinstance(who, Organization):
        output["aws:PrincipalOrgID"] = who.id
        output["aws:PrincipalOrgPaths"] = [path.removesuffix("*") for path in who.paths] or ["x/"]
    if isinstance(who, WebIdentities):
        output[f"{who.issuer}:aud"] = who.audience
        output[f"{who.issuer}:sub"] = who.subjects[0].replace("*", "x")
    return Context(output, absent=[key for key in KEYS if key not in output])


def test_lint_condemns_no_trust_policy_that_the_settings_accept() -> None:
    arns = [f"arn:aws:iam::444455556666:role/data/{number:02}*" for number in range(60)]
    consumers = [{"name": "data", "principals": {"arns": arns}, "role": {"name": "Data"}}]
    grants = [{"consumer": "data", "bucket": "production-test-bucket-101", "levels": ["read"]}]
    for limit, accepted in ((2048, False), (4096, True)):
        changes = {"consumers": consumers, "grants": grants, "trust_policy_limit": limit}
        values = stack_values("prod", **changes)
        problems = Problems()
        parse(values, problems)
        assert (problems == []) is accepted, problems
    inventory = inventory_of(map(_resource, deploy(values).resources))
    found = [finding for subject in subjects_of(inventory) for finding in judge(subject)]
    assert [finding.rule for finding in found] == ["size"]
    assert found[0].severity is Severity.LOW


def _resource(item: Registered) -> StackResource:
    """A registered resource as a state file has it."""
    return StackResource(
        urn=f"urn:pulumi:prod::{PROJECT}::{item.type}::{item.name}",
        type=item.type,
        inputs=item.inputs,
        provider=f"urn:pulumi:prod::{PROJECT}::pulumi:providers:aws::{item.provider}",
    )
