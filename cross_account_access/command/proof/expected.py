"""The documents that a declaration asks for, written from the contract's words alone.

What a level means is the judge's own table (`iam.services`); how callers are told apart and what
is asked of them is below. Nothing of the program that makes the real documents has a part in it,
so that a mistake there shows as a difference.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from cross_account_access.command.proof.by_s3 import replicating_role, told_by_s3
from cross_account_access.credentials.contract import Consumer, Contract, Grant, HandedOut
from cross_account_access.errors import UncheckedError
from cross_account_access.facts import service_reference
from cross_account_access.facts.partitions import dns_suffix, service_principal
from cross_account_access.iam.actions import expand
from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import IdentityDocuments, ResourceDocuments, RoleDocuments
from cross_account_access.iam.inventory import UNKNOWN_TRUST, Inventory, LabelledAccount
from cross_account_access.iam.services import (
    Operation,
    Place,
    Scope,
    Service,
    pattern_inside,
    service_name,
    service_of,
    services,
)

_Block = Mapping[str, Mapping[str, Sequence[str]]]
"""Conditions: values by operator and key."""
_Statement = dict[str, Any]
_Principals = Mapping[str, Sequence[str]]

_SEVERAL_VALUES: Final = frozenset({"aws:PrincipalOrgPaths"})
"""Claims of which a caller has several: it is below each unit on its path ("AWS global condition
context keys",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html)."""
_ASSUME: Final = "sts:AssumeRole"


def expected(contract: Contract, accounts: Iterable[LabelledAccount]) -> Inventory:
    """The principals and resources of a stack with the documents that it is declared to have.

    Args:
        contract: what is declared.
        accounts: both accounts, with their names for people.

    Raises:
        UncheckedError: the declaration does not tell who is let in, or names a resource of a
            service that is not described.
    """
    return _Expected(contract, tuple(accounts)).inventory()


class _Expected:
    def __init__(self, contract: Contract, accounts: tuple[LabelledAccount, ...]) -> None:
        self._contract = contract
        self._accounts = accounts
        self._owner = contract.production_account_id
        self._partition = next((each.partition for each in accounts), "aws")

    def inventory(self) -> Inventory:
        users: dict[str, IdentityDocuments] = {}
        roles: dict[str, RoleDocuments] = {}
        for consumer in self._contract.consumers.values():
            if consumer.role_arn:
                roles[consumer.role_arn] = {
                    "trust": _document(self._trust(consumer)),
                    "policies": {
                        "access": _document(
                            [
                                *self._permissions(consumer, "role"),
                                *(_assuming(consumer) if consumer.trusts_itself else ()),
                                *_revocation(consumer),
                            ]
                        )
                    },
                }
            policies = {"own": _document(self._of_caller(consumer))}
            if consumer.user_sign_in == "console":
                policies["sign-in"] = _document(self._sign_in())
            own: IdentityDocuments = {"policies": policies}
            if consumer.sign_in == "profile":
                users[consumer.principal_arns[0]] = own
            elif consumer.handed_out:
                trust = self._handed_out(consumer, consumer.handed_out)
                roles[consumer.principal_arns[0]] = {"trust": trust, **own}
        for each in self._contract.replications:
            roles[each.role_arn] = replicating_role(
                each,
                production=self._owner,
                region=self._contract.production_region,
                has_key=self._key_of(each.bucket_arn) is not None,
                is_to_own_key=self._key_of(each.destination_arn) is not None,
            )
        return Inventory(
            accounts=self._accounts, users=users, roles=roles, resources=self._resources()
        )

    def _handed_out(self, consumer: Consumer, handed_out: HandedOut) -> Document:
        """Whom the role of machines trusts: the service that gives it to them.

        "IAM roles for Amazon EC2",
        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html.
        """
        if consumer.adopted_policy:
            return UNKNOWN_TRUST
        service = {"Service": [service_principal(handed_out.service, self._partition)]}
        actions = [_ASSUME, *handed_out.about_session]
        claims = _if_any("StringLike", handed_out.claims)
        return _document([_allow(actions, claims, principal=service)])

    def _sign_in(self) -> Iterator[_Statement]:
        """What a console user needs for temporary credentials.

        "SignInLocalDevelopmentAccess - AWS Managed Policy",
        https://docs.aws.amazon.com/aws-managed-policy/latest/reference/SignInLocalDevelopmentAccess.html.
        """
        actions = ["signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token"]
        clients = f"arn:{self._partition}:signin:*:*:oauth2/public-client/*"
        yield _allow(actions, resources=[clients])

    # Who may assume a role.

    def _trust(self, consumer: Consumer) -> Iterator[_Statement]:
        """Who is let in, under all that is asked; and what may be said about the session."""
        who, narrowed = self._callers(consumer)
        is_federated = consumer.sign_in == "web_identity"
        action = "sts:AssumeRoleWithWebIdentity" if is_federated else _ASSUME
        asked = (*_external_id(consumer), *_mfa(consumer), *_stated(consumer), *_anyway(consumer))
        callers = [(who, narrowed)]
        if consumer.trusts_itself and consumer.role_arn:
            production = {"AWS": [f"arn:{self._partition}:iam::{self._owner}:root"]}
            callers.append((production, {"ArnLike": {"aws:PrincipalArn": [consumer.role_arn]}}))
        for who, narrowed in callers:
            yield _allow([action], narrowed, *asked, principal=who)
            for about, conditions in _about_session(consumer):
                yield _allow([about], narrowed, *conditions, principal=who)

    def _callers(self, consumer: Consumer) -> tuple[_Principals, _Block]:
        """Whom a policy names to let a consumer in, and what narrows them down."""
        several = consumer.claims.keys() & _SEVERAL_VALUES
        claims = {key: consumer.claims[key] for key in consumer.claims.keys() - several}
        narrowed = _merged(
            _if_any("StringLike", claims),
            _if_any("ForAnyValue:StringLike", {key: consumer.claims[key] for key in several}),
        )
        arns = consumer.principal_arns
        if consumer.sign_in == "web_identity" and claims:
            return {"Federated": arns}, narrowed
        if consumer.home_account:
            root = f"arn:{self._partition}:iam::{consumer.home_account}:root"
            is_whole_account = arns == (root,)
            by_arn = {} if is_whole_account else {"ArnLike": {"aws:PrincipalArn": arns}}
            if arns:
                return {"AWS": [root]}, _merged(narrowed, by_arn)
        elif claims:
            return {"AWS": ["*"]}, narrowed
        message = (
            f"the declaration does not say who consumer {consumer.name} is; "
            "deploy the stack with a current version of cross-account-access"
        )
        raise UncheckedError(message)

    # What may be done.

    def _of_caller(self, consumer: Consumer) -> Iterator[_Statement]:
        """A consumer's own account lets it assume its role, and use what it reaches without."""
        yield from _assuming(consumer)
        yield from self._permissions(consumer, "resource")

    def _permissions(self, consumer: Consumer, via: str) -> Iterator[_Statement]:
        grants = [grant for grant in consumer.grants if grant.via == via]
        yield from self._uses(consumer, grants)
        for arn in dict.fromkeys(grant.resource_arn for grant in grants):
            yield from self._uses_of_key(consumer, [g for g in grants if g.resource_arn == arn])

    def _uses(
        self, consumer: Consumer, grants: Iterable[Grant], principal: _Principals | None = None
    ) -> Iterator[_Statement]:
        """What grants allow; `principal` where the resource says it, confined as `_callers`."""
        found: dict[tuple[tuple[str, ...], str], set[str]] = defaultdict(set)
        for grant in grants:
            always = [
                *_anyway(consumer),
                _if_any("StringEquals", {"aws:SourceVpce": consumer.vpc_endpoints}),
                *(_mfa(consumer) if grant.via == "resource" else ()),
                *([self._callers(consumer)[1]] if principal else ()),
            ]
            for operation in self._operations(grant):
                places = self._places(consumer, grant)
                resources = tuple(
                    sorted({arn for each in places for arn in each.fill(operation.everything)})
                )
                confined = _confined(operation, places)
                conditions = json.dumps(_merged(confined, *always), sort_keys=True)
                found[resources, conditions] |= set(operation.actions)
            for action, arns, confined in self._beyond_levels(consumer, grant):
                conditions = json.dumps(_merged(confined, *always), sort_keys=True)
                found[tuple(sorted(arns)), conditions].add(action)
        for (resources, conditions), actions in found.items():
            yield _allow(actions, json.loads(conditions), resources=resources, principal=principal)

    def _operations(self, grant: Grant) -> Iterator[Operation]:
        for operation in _service(grant.resource_arn).operations:
            is_left_out = grant.prefixes and operation.needs_whole_resource
            if operation.levels & set(grant.levels) and not is_left_out:
                yield operation

    def _beyond_levels(
        self, consumer: Consumer, grant: Grant
    ) -> Iterator[tuple[str, set[str], _Block]]:
        """The actions that a grant names beside its levels, with what each is about.

        An action without a resource is about the whole account; a pattern never is.
        """
        operations, places = _service(grant.resource_arn).operations, self._places(consumer, grant)
        for action in grant.more_actions:
            told = [each for each in operations if action in each.actions]
            for operation in told:
                arns = {arn for place in places for arn in place.fill(operation.everything)}
                yield action, arns, _confined(operation, places)
            if told:
                continue
            known = [found for name in expand(action) if (found := service_reference.action(name))]
            inside = pattern_inside(grant.resource_arn) if not any(grant.prefixes) else None
            about = {
                arn
                for arn in (
                    grant.resource_arn,
                    *([inside] if inside else ()),
                    *(
                        arn
                        for each in operations
                        for place in places
                        for arn in place.fill(each.everything)
                    ),
                )
                if arn != "*" and any(each.is_about(arn) for each in known)
            }
            yield action, about or {"*"}, {}

    def _places(self, consumer: Consumer, grant: Grant) -> list[Place]:
        home = consumer.home_account or ""
        return [
            Place(arn=grant.resource_arn, prefix=prefix, home=home, owner=self._owner)
            for prefix in grant.prefixes or ("",)
        ]

    def _uses_of_key(
        self, consumer: Consumer, grants: Sequence[Grant], principal: _Principals | None = None
    ) -> Iterator[_Statement]:
        """What grants on one resource need of its key, whichever of the account's keys it is.

        The service asks for it, for this resource alone. Address, endpoint and MFA are known of
        the request for the resource only.
        """
        arn = grants[0].resource_arn
        actions = {
            action
            for grant in grants
            for operation in self._operations(grant)
            for action in operation.key_actions
        }
        actions |= {
            needed
            for grant in grants
            for action in grant.more_actions
            for needed in _of_key(action)
            if any(operation.key_actions for operation in _service(arn).operations)
        }
        named = grants[0].kms_key_arn
        if not actions or (self._key_of(arn) is None and named is None):
            return
        region = self._contract.production_region
        made = "*" if principal else f"arn:{self._partition}:kms:{region}:{self._owner}:key/*"
        key = named or made
        narrowed = [self._callers(consumer)[1]] if principal else []
        conditions = (self._for_resource(arn), *_expiry(consumer), *narrowed)
        yield _allow(actions, *conditions, resources=[key], principal=principal)

    def _key_of(self, arn: str) -> str | None:
        """The key that a resource has for itself alone."""
        return self._contract.kms_key_arns.get(Place(arn=arn).name)

    def _for_resource(self, arn: str) -> _Block:
        """That the service of a resource asks for a key, on behalf of this resource.

        "AWS KMS condition keys",
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html.
        """
        place, host = Place(arn=arn), dns_suffix(self._partition)
        region = self._contract.production_region
        about = {
            f"kms:EncryptionContext:{key}": [place.fill(value)]
            for key, value in _service(arn).encryption_context.items()
        }
        # Whether others have S3 encrypt by bucket or by object is not known.
        if arn in self._contract.of_others:
            inside = pattern_inside(arn)
            about = {key: [*arns, *([inside] if inside else ())] for key, arns in about.items()}
        via = [f"{service_name(arn)}.{region}.{host}"]
        if arn in self._contract.of_others:
            return _merged({"StringEquals": {"kms:ViaService": via}}, _if_any("StringLike", about))
        return {"StringEquals": {**about, "kms:ViaService": via}}

    # What resources say themselves.

    def _resources(self) -> dict[str, ResourceDocuments]:
        contract = self._contract
        own = (contract.bucket_arns, contract.topic_arns, contract.queue_arns)
        policies = {
            arn: self._resource_policy(arn)
            for by_name in own
            for arn in by_name.values()
            if arn not in contract.of_others
        } | {
            key: self._key_policy(arn)
            for arn in contract.bucket_arns.values()
            if arn not in contract.of_others and (key := self._key_of(arn))
        }
        return {
            arn: ResourceDocuments(account=self._owner, policy=_document(statements))
            for arn, statements in policies.items()
        }

    def _resource_policy(self, arn: str) -> Iterator[_Statement]:
        """Who needs no role; no plain HTTP, and no chosen key.

        Staging's listing is the account's to hand on, so it names nobody of it.
        """
        place, service = Place(arn=arn), _service(arn)
        everything = [arn, *([inside] if (inside := pattern_inside(arn)) else ())]
        http: _Block = {"Bool": {"aws:SecureTransport": ["false"]}}
        yield _deny([f"{service_name(arn)}:*"], http, everything)
        keys = "no key" if arn in self._contract.refusing_keys else ""
        keys = "own key" if self._key_of(arn) else keys
        for operation in service.operations:
            for chosen in operation.refused.get(keys, ()):
                yield _deny(operation.actions, chosen, place.fill(operation.everything))
        if arn in self._contract.listed_by_staging:
            listing = {
                action
                for operation in service.operations
                if "list" in operation.levels
                for action in operation.actions
            }
            staging = f"arn:{self._partition}:iam::{self._contract.staging_account_id}:root"
            yield _allow(listing, resources=[arn], principal={"AWS": [staging]})
        if arn in self._contract.notified:
            yield told_by_s3(arn, self._contract.notified[arn], self._owner)
        for consumer, grants in self._without_role(arn):
            yield from self._uses(consumer, grants, self._callers(consumer)[0])

    def _key_policy(self, arn: str) -> Iterator[_Statement]:
        """The key of a resource: managed, and used for the resource alone, by whom IAM lets.

        "Default key policy", which leaves all to IAM,
        https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html.
        """
        owner = {"AWS": [f"arn:{self._partition}:iam::{self._owner}:root"]}
        uses = {
            action for operation in _service(arn).operations for action in operation.key_actions
        }
        if arn in [each.destination_arn for each in self._contract.replications]:
            uses |= {"kms:Encrypt"}
        yield _allow(services()["kms"].left_to_owner, resources=["*"], principal=owner)
        yield _allow(uses, self._for_resource(arn), resources=["*"], principal=owner)
        for consumer, grants in self._without_role(arn):
            yield from self._uses_of_key(consumer, grants, self._callers(consumer)[0])

    def _without_role(self, arn: str) -> Iterator[tuple[Consumer, list[Grant]]]:
        for consumer in self._contract.consumers.values():
            grants = [g for g in consumer.grants if (g.via, g.resource_arn) == ("resource", arn)]
            if grants:
                yield consumer, grants


def _service(arn: str) -> Service:
    try:
        return service_of(arn)
    except KeyError as error:
        message = f"{arn}: what a level means for {service_name(arn)} is not described"
        raise UncheckedError(message) from error


def _of_key(action: str) -> tuple[str, ...]:
    """What an action beyond the levels needs of a key: whoever only reads does not encrypt."""
    known = [found for name in expand(action) if (found := service_reference.action(name))]
    writes = any(set(each.access_level.split(", ")) - {"List", "Read"} for each in known)
    return ("kms:Decrypt", "kms:GenerateDataKey") if writes else ("kms:Decrypt",)


def _confined(operation: Operation, places: Sequence[Place]) -> _Block:
    """The conditions of an operation at some places, any of which will do."""
    if operation.scope is Scope.LISTING and places[0].prefix == "":
        return {}
    blocks = [place.fill(operation.confined) for place in places]
    return {
        operator: {
            key: sorted({value for block in blocks for value in block[operator][key]})
            for key in values
        }
        for operator, values in blocks[0].items()
    }


# What is asked of a consumer.


def _anyway(consumer: Consumer) -> tuple[_Block, ...]:
    """What is asked of the request for the role, and of each for what is shared."""
    return _if_any("IpAddress", {"aws:SourceIp": consumer.source_ips}), *_expiry(consumer)


def _expiry(consumer: Consumer) -> tuple[_Block, ...]:
    if consumer.expires_at is None:
        return ()
    return ({"DateLessThan": {"aws:CurrentTime": [consumer.expires_at]}},)


def _assuming(consumer: Consumer) -> Iterator[_Statement]:
    """Whoever assumes the role may, with what it says of its session."""
    if consumer.role_arn:
        asked = ((_ASSUME, _external_id(consumer)), *_about_session(consumer))
        for action, conditions in asked:
            yield _allow([action], *conditions, resources=[consumer.role_arn])


def _revocation(consumer: Consumer) -> Iterator[_Statement]:
    """Sessions that were issued before a revocation may nothing."""
    if consumer.revoked_before is not None:
        older = {"DateLessThan": {"aws:TokenIssueTime": [consumer.revoked_before]}}
        yield _statement("Deny", ["*"], older, ["*"], None)


def _external_id(consumer: Consumer) -> tuple[_Block, ...]:
    if consumer.external_id is None:
        return ()
    stated = [consumer.external_id, *consumer.more_external_ids]
    return ({"StringEquals": {"sts:ExternalId": stated}},)


def _mfa(consumer: Consumer) -> tuple[_Block, ...]:
    """A code, not older than declared; access keys have no such key, so it must be there.

    "Secure API access with MFA",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html.
    """
    if not consumer.mfa:
        return ()
    age = str(consumer.mfa_max_age)
    is_young = {} if consumer.mfa_max_age is None else {"aws:MultiFactorAuthAge": [age]}
    return {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}}, _if_any("NumericLessThan", is_young)


def _stated(consumer: Consumer) -> tuple[_Block, ...]:
    """What the request for the role must say of its session."""
    tags = {f"aws:RequestTag/{key}": [value] for key, value in consumer.session_tags.items()}
    identity: _Block = {}
    if consumer.source_identity_required:
        names = {"sts:SourceIdentity": consumer.source_identities}
        anything: _Block = {"Null": {"sts:SourceIdentity": ["false"]}}
        identity = _if_any("StringEquals", names) or anything
    return identity, _if_any("StringEquals", tags)


def _about_session(consumer: Consumer) -> Iterator[tuple[str, tuple[_Block, ...]]]:
    """The actions of those who say something of their session, in both accounts.

    "Monitor and control actions taken with assumed roles",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html.
    "Pass session tags in AWS STS",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html.
    """
    if consumer.may_state_source_identity:
        names = {"sts:SourceIdentity": consumer.source_identities}
        yield "sts:SetSourceIdentity", (_if_any("StringEquals", names),)
    tags = consumer.allowed_session_tags
    if tags or consumer.free_session_tags:
        values = {f"aws:RequestTag/{key}": [value] for key, value in tags.items()}
        no_other = {"aws:TagKeys": sorted([*tags, *consumer.free_session_tags])}
        yield (
            "sts:TagSession",
            (
                _if_any("StringEqualsIfExists", values),
                {"ForAllValues:StringLike": no_other},
            ),
        )


# Statements.


def _if_any(operator: str, values: Mapping[str, Sequence[str]]) -> _Block:
    """A block of those keys that have values; nothing without any."""
    present = {key: list(each) for key, each in values.items() if each}
    return {operator: present} if present else {}


def _merged(*blocks: _Block) -> _Block:
    """All conditions in one block; no two are about the same key by the same operator."""
    merged: dict[str, dict[str, Sequence[str]]] = defaultdict(dict)
    for block in blocks:
        for operator, values in block.items():
            merged[operator] |= values
    return dict(merged)


def _allow(
    actions: Iterable[str],
    *blocks: _Block,
    resources: Sequence[str] = (),
    principal: _Principals | None = None,
) -> _Statement:
    return _statement("Allow", actions, _merged(*blocks), resources, principal)


def _deny(actions: Iterable[str], block: _Block, resources: Sequence[str]) -> _Statement:
    return _statement("Deny", actions, block, resources, "*")


def _statement(
    effect: str,
    actions: Iterable[str],
    conditions: _Block,
    resources: Sequence[str],
    principal: _Principals | str | None,
) -> _Statement:
    statement: _Statement = {"Effect": effect, "Action": sorted(actions)}
    if principal:
        statement["Principal"] = principal
    if resources:
        statement["Resource"] = list(resources)
    if conditions:
        statement["Condition"] = conditions
    return statement


def _document(statements: Iterable[_Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}
