"""Examples as states without an engine, changes of their documents, and what changes access.

Which change does is settled request by request: the access engine is asked about every request of a
list that is made from the declaration, before and after. `access prove` has no part in that.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, product
from pathlib import Path
from typing import Any, Final

from cross_account_access.command.inventory import StackInventory, inventory_of
from cross_account_access.credentials.contract import Consumer, Contract, read
from cross_account_access.facts.service_reference import actions
from cross_account_access.iam.documents import PolicyKind
from cross_account_access.iam.engine import Context, Outcome, Request, decide, parse_principal
from cross_account_access.iam.inventory import is_unknown_document
from cross_account_access.iam.services import service_name, service_of
from cross_account_access.stack import resources_of_state
from tests.support.deployment import PROJECT, ROOT, Deployment, as_passed, declared_in, deploy
from tests.support.states import export, urn

Json = dict[str, Any]

EXAMPLES: Final = {
    **{path.parent.name: path for path in sorted(ROOT.glob("examples/*/Pulumi.prod.yaml"))},
    **{stack: ROOT / f"Pulumi.{stack}.yaml" for stack in ("prod", "staging")},
    "beyond-examples": ROOT / "tests" / "states" / "beyond-examples.yaml",
}
"""The stack file of each example, and those that are no examples, by name."""

STRANGERS: Final = ("arn:aws:iam::999988887777:user/Mallory", "arn:aws:iam::999988887777:role/M")
_ANYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
_NOBODY: Final = {"Version": "2012-10-17", "Statement": []}


def settings_of(path: Path) -> dict[str, str]:
    """The settings of a stack file, as the engine passes them."""
    return as_passed(declared_in(path))


def state_of(deployment: Deployment) -> Json:
    """What `pulumi stack export` would print of what the program registered on mocks."""
    resources: list[Json] = [
        {
            "urn": urn("pulumi:pulumi:Stack", f"{PROJECT}-prod"),
            "type": "pulumi:pulumi:Stack",
            "outputs": deployment.outputs,
        }
    ]
    for each in deployment.resources:
        provider = f"{urn('pulumi:providers:aws', each.provider)}::id" if each.provider else None
        resources.append(
            {
                "urn": urn(each.type, each.name),
                "type": each.type,
                "inputs": each.inputs,
                "outputs": each.outputs,
                "provider": provider,
            }
        )
    return export(resources)


@cache
def deployed(name: str) -> Deployment:
    """An example on mocks; what is changed of it is changed for whoever asks next."""
    return deploy(settings_of(EXAMPLES[name]))


@cache
def example(name: str) -> Json:
    """The state of an example."""
    return state_of(deployed(name))


def judged(state: Json) -> tuple[Contract, StackInventory]:
    """What a state declares, and its documents."""
    inventory = inventory_of(resources_of_state(state))
    return read(inventory.outputs), inventory


# Changes of one document.


@dataclass(frozen=True)
class Mutant:
    """One document that says something else than before."""

    name: str
    holder: str
    inventory: StackInventory


def mutants(inventory: StackInventory) -> Iterator[Mutant]:
    """Every statement dropped, added, widened and swapped; every condition dropped and loosened."""
    for attached in inventory.documents():
        if is_unknown_document(attached.document):
            continue  # what others gave those whom the stack adopts is not its matter
        document = _parsed(attached.document)
        for number, (name, changed) in enumerate(_changed(document, attached.kind)):
            yield Mutant(
                f"{attached.holder} {attached.kind.value} {attached.label} {number} {name}",
                attached.holder,
                with_document(inventory, attached.holder, attached.kind, attached.label, changed),
            )


def with_document(
    inventory: StackInventory, holder: str, kind: PolicyKind, label: str, document: Json
) -> StackInventory:
    """The same with another document in place of one."""
    users, roles = dict(inventory.users), dict(inventory.roles)
    resources = dict(inventory.resources)
    if kind is PolicyKind.RESOURCE:
        resources[holder] = {**resources[holder], "policy": document}
    elif kind is PolicyKind.TRUST:
        roles[holder] = {**roles[holder], "trust": document}
    elif holder in users:
        policies = {**users[holder].get("policies", {}), label: document}
        users[holder] = {**users[holder], "policies": policies}
    else:
        policies = {**roles[holder].get("policies", {}), label: document}
        roles[holder] = {**roles[holder], "policies": policies}
    return replace(inventory, users=users, roles=roles, resources=resources)


def added(inventory: StackInventory, holder: str, statement: Json) -> StackInventory:
    """The same with a statement more in a policy of a user or role."""
    identity = inventory.users.get(holder) or inventory.roles[holder]
    label, document = next(iter(identity.get("policies", {}).items()))
    parsed = _parsed(document)
    more = {**parsed, "Statement": [*parsed["Statement"], statement]}
    return with_document(inventory, holder, PolicyKind.IDENTITY, label, more)


def _parsed(document: Any) -> Json:
    found: Json = json.loads(document) if isinstance(document, str) else copy.deepcopy(document)
    return found


def _changed(document: Json, kind: PolicyKind) -> Iterator[tuple[str, Json]]:
    statements: list[Json] = document["Statement"]
    for number, statement in enumerate(statements):
        where = f"statement {number}"
        others = [*statements[:number], *statements[number + 1 :]]
        yield f"{where} dropped", {**document, "Statement": others}
        for name, other in (*_variations(statement), *_swaps(statements, number)):
            changed = [*statements[:number], other, *statements[number + 1 :]]
            yield f"{where} {name}", {**document, "Statement": changed}
    for name, more in _additions(document, kind):
        yield name, {**document, "Statement": [*statements, more]}


def _variations(statement: Json) -> Iterator[tuple[str, Json]]:
    actions = _listed(statement["Action"])
    service = actions[0].split(":")[0]
    yield "of every action", {**statement, "Action": f"{service}:*"}
    for action in actions if len(actions) > 1 else ():
        yield f"without {action}", {**statement, "Action": [a for a in actions if a != action]}
    if "Resource" in statement:
        yield "of every resource", {**statement, "Resource": "*"}
        for resource in _listed(statement["Resource"]):
            rest = [each for each in _listed(statement["Resource"]) if each != resource]
            if not resource.endswith("*"):
                yield f"wider than {resource}", {**statement, "Resource": [*rest, f"{resource}*"]}
            if rest:
                yield f"without {resource}", {**statement, "Resource": rest}
        yield "of what is not its resource", _instead(statement, "Resource", "NotResource")
    yield "of what is not its action", _instead(statement, "Action", "NotAction")
    if "Principal" in statement:
        yield "for everybody", {**statement, "Principal": {"AWS": "*"}}
        stranger = {"AWS": "arn:aws:iam::999988887777:root"}
        yield "for strangers", {**statement, "Principal": stranger}
    effect = "Deny" if statement["Effect"] == "Allow" else "Allow"
    yield f"as {effect}", {**statement, "Effect": effect}
    block: Mapping[str, Mapping[str, Any]] = statement.get("Condition", {})
    for operator, keys in block.items():
        for key in keys:
            for name, found in _loosened(block, operator, key):
                kept = {op: values for op, values in found.items() if values}
                changed = {**statement, "Condition": kept}
                if not kept:
                    del changed["Condition"]
                yield f"{operator} {key} {name}", changed


def _instead(statement: Json, element: str, other: str) -> Json:
    return {other if key == element else key: value for key, value in statement.items()}


def _swaps(statements: list[Json], number: int) -> Iterator[tuple[str, Json]]:
    """A statement with what the next one says."""
    statement, following = statements[number], statements[(number + 1) % len(statements)]
    for element in ("Action", "Resource", "Principal", "Condition"):
        theirs = following.get(element)
        if theirs != statement.get(element):
            rest = {key: value for key, value in statement.items() if key != element}
            yield (
                f"with the {element} of the next",
                {**rest, element: theirs} if theirs else rest,
            )


def _loosened(
    block: Mapping[str, Mapping[str, Any]], operator: str, key: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    rest = {
        op: {k: v for k, v in keys.items() if (op, k) != (operator, key)}
        for op, keys in block.items()
    }
    values = _listed(block[operator][key])
    yield "dropped", rest

    def instead(other: str, found: list[str]) -> dict[str, Any]:
        return {**rest, other: {**rest.get(other, {}), key: found}}

    if not operator.endswith("IfExists") and operator != "Null" and ":" not in operator:
        yield "if it exists", instead(f"{operator}IfExists", values)
        yield "for all values", instead(f"ForAllValues:{operator}", values)
    if operator.startswith("ForAnyValue:"):
        yield "for all values", instead(operator.replace("ForAnyValue", "ForAllValues"), values)
    if operator.startswith(("String", "Arn")):
        like = "StringLike" if operator.startswith("String") else "ArnLike"
        yield "like more", instead(like, [f"{value}*" for value in values])
    if operator == "IpAddress":
        yield "of a wider range", instead(operator, ["0.0.0.0/1", "128.0.0.0/1"])
    if operator == "Bool":
        turned = ["true" if value == "false" else "false" for value in values]
        yield "turned", instead(operator, turned)
    if operator.startswith(("String", "Arn", "ForAnyValue:", "ForAllValues:")):
        yield "or another", instead(operator, [*values, f"{values[0]}x"])
    for value in values if len(values) > 1 else ():
        yield f"without {value}", instead(operator, [each for each in values if each != value])


def _additions(document: Json, kind: PolicyKind) -> Iterator[tuple[str, Json]]:
    first: Json = document["Statement"][0]
    if kind is PolicyKind.IDENTITY:
        for action in (
            *("s3:PutBucketPolicy", "s3:GetObjectVersion", "s3:DeleteObjectVersion"),
            *("s3:GetObject", "sns:Subscribe", "sqs:PurgeQueue", "kms:CreateGrant"),
            *("s3:PutObjectAcl", "s3:GetObjectTagging", "s3:GetBucketPolicy", "iam:PassRole"),
        ):
            yield f"and {action}", {"Effect": "Allow", "Action": action, "Resource": "*"}
    elif kind is PolicyKind.TRUST:
        for action in ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"):
            for who in ("arn:aws:iam::444455556666:root", "arn:aws:iam::999988887777:root"):
                principal = {"AWS": who}
                yield (
                    f"and {action} {who}",
                    {**{"Effect": "Allow", "Action": action, "Principal": principal}},
                )
    else:
        service = _listed(first["Action"])[0].split(":")[0]
        anything = {"Effect": "Allow", "Action": f"{service}:*", "Resource": first["Resource"]}
        for who in ("*", "arn:aws:iam::444455556666:root", "arn:aws:iam::999988887777:root"):
            yield f"and {service}:* for {who}", {**anything, "Principal": {"AWS": who}}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


# Whether a change changes access.


def changes_access(contract: Contract, before: StackInventory, mutant: Mutant) -> bool:
    """Whether some request of the list is answered otherwise."""
    worlds = [
        _with_outsiders(contract, inventory).world() for inventory in (before, mutant.inventory)
    ]
    for request in _requests(contract, before, mutant.holder):
        answers = {decide(world, request).outcome for world in worlds}
        if len(answers - {Outcome.UNKNOWN}) > 1:
            return True
    return False


def _with_outsiders(contract: Contract, inventory: StackInventory) -> StackInventory:
    users, roles = dict(inventory.users), dict(inventory.roles)
    for arn in _outsiders(contract):
        if ":user/" in arn:
            users.setdefault(arn, {"policies": {"own": _ANYTHING}})
        else:
            roles.setdefault(arn, {"policies": {"own": _ANYTHING}, "trust": _NOBODY})
    return replace(inventory, users=users, roles=roles)


def _outsiders(contract: Contract) -> set[str]:
    staging = contract.staging_account_id
    found = {*STRANGERS, f"arn:aws:iam::{staging}:user/Else", f"arn:aws:iam::{staging}:role/Else"}
    for consumer in contract.consumers.values():
        for arn in consumer.principal_arns:
            if arn.endswith(":root"):
                found |= {arn.replace(":root", each) for each in (":user/Vendor", ":role/Vendor")}
            elif ":oidc-provider/" not in arn:
                # One whom the pattern means, and one just beside it.
                found |= {arn.replace("*", "x").replace("?", "x"), f"{arn.replace('*', 'x')}z"}
    return found


def _requests(contract: Contract, before: StackInventory, holder: str) -> Iterator[Request]:
    """Requests that a document of a holder has a say in."""
    is_asking = holder in before.users or holder in before.roles
    ours = {*before.users, *before.roles}
    providers = {
        arn
        for consumer in contract.consumers.values()
        for arn in consumer.principal_arns
        if ":oidc-provider/" in arn
    }
    everybody = {*ours, *_outsiders(contract), *providers, "*"}
    questions = list(_questions(contract, before))
    asked = [(who, *q) for who, q in product([holder] if is_asking else [], questions)]
    asked += [(w, a, r) for w in everybody for a, r in questions if r.split("/")[0] == holder]
    if ":role/" in holder:
        asked += [(w, a, holder) for w in everybody for a in _STS]
    contexts = list(_contexts(contract))
    for who, action, resource in dict.fromkeys(asked):
        is_federated = ":oidc-provider/" in who
        if action.startswith("sts:AssumeRole") and (
            who in ("*", resource) or is_federated is not action.endswith("WebIdentity")
        ):
            continue
        if ":role/" in resource and who.split(":")[4:5] == resource.split(":")[4:5]:
            continue
        for context in contexts:
            yield Request(parse_principal(who), action, resource, context)


_STS: Final = (
    *("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"),
    *("sts:TagSession", "sts:SetSourceIdentity"),
)
_OF_BUCKET: Final = (
    *("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"),
    *("s3:PutBucketPolicy", "s3:ListBucketVersions"),
)
_OF_OBJECT: Final = (
    *("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion"),
    *("s3:DeleteObjectVersion", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
)
_OF_SERVICE: Final = {
    "sns": ("sns:Publish", "sns:Subscribe", "sns:AddPermission", "sns:GetTopicAttributes"),
    "sqs": (
        *("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl"),
        *("sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility", "sqs:PurgeQueue"),
    ),
    "kms": ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"),
    "secretsmanager": (
        *("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"),
        "secretsmanager:PutSecretValue",
    ),
    "dynamodb": (
        *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PutItem"),
        *("dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:DescribeTable"),
    ),
}


def _questions(contract: Contract, before: StackInventory) -> Iterator[tuple[str, str]]:
    prefixes: dict[str, set[str]] = {}
    arns = {*before.resources, *contract.resource_arns.values()}
    for consumer in contract.consumers.values():
        for grant in consumer.grants:
            arns.add(grant.resource_arn)
            prefixes.setdefault(grant.resource_arn, set()).update(grant.prefixes)
    for arn in sorted(arns):
        service = arn.split(":")[2]
        if service != "s3":
            for action in _OF_SERVICE.get(service) or _of_service(arn):
                yield action, arn
            continue
        for action in _OF_BUCKET:
            yield action, arn
        keys = {"x", "zzz-hidden/x", *(f"{prefix}x" for prefix in prefixes.get(arn, ()))}
        keys |= {f"{prefix.rstrip('/')}-x" for prefix in prefixes.get(arn, ())}
        for action, key in product(_OF_OBJECT, sorted(keys)):
            yield action, f"{arn}/{key}"
    for role in before.roles:
        for action in _STS:
            yield action, role


def _of_service(arn: str) -> set[str]:
    """What levels mean of a resource, and a few actions that none means."""
    service = service_name(arn)
    meant = {name for each in service_of(arn).operations for name in each.actions}
    others = (each.name for each in actions(service).values() if each.is_about(arn))
    return meant | set(islice((name for name in others if name not in meant), 3))


def _contexts(contract: Contract) -> Iterator[Context]:
    """Circumstances that meet everything that a consumer is asked, and each with one thing less."""
    keys: set[str] = {"s3:prefix", "sns:Endpoint", "kms:ViaService", *_KEYS}
    met = [
        values
        for consumer in contract.consumers.values()
        for values in _circumstances(contract, consumer)
    ]
    keys |= {key for values in met for key in values}
    seen = set()
    for values in met:
        changes: list[Mapping[str, Any]] = [{}]
        changes += [{key: None} for key in values if key not in ("aws:CurrentTime", _TLS)]
        changes += [{key: "another"} for key in values if key not in _TYPED]
        changes += [
            {_TLS: "false"},
            {"aws:CurrentTime": "2150-01-01T00:00:00Z"},
            {"aws:SourceIp": "8.8.8.8"},
            {"aws:MultiFactorAuthPresent": "false"},
            {"aws:MultiFactorAuthAge": "99999999"},
            {"aws:TagKeys": ["other"]},
            {"s3:prefix": "zzz-hidden/"},
            {"s3:x-amz-server-side-encryption": "aws:kms"},
            {"s3:x-amz-server-side-encryption": "AES256"},
            {"s3:x-amz-server-side-encryption-aws-kms-key-id": "theirs"},
            {"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"},
        ]
        for change in changes:
            told = {key: value for key, value in {**values, **change}.items() if value is not None}
            mark = json.dumps(told, sort_keys=True)
            if mark not in seen:
                seen.add(mark)
                yield Context(told, absent=[key for key in keys if key not in told])


_TLS: Final = "aws:SecureTransport"
_TYPED: Final = frozenset(
    {
        *("aws:CurrentTime", _TLS, "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent"),
        *("aws:SourceIp", "aws:TagKeys"),
    }
)
_KEYS: Final = (
    *("aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalOrgID"),
    *("aws:PrincipalOrgPaths", "aws:SourceIp", "aws:SourceVpce", "aws:TagKeys"),
    *("kms:EncryptionContext:aws:s3:arn", "s3:x-amz-server-side-encryption"),
    *("s3:x-amz-server-side-encryption-customer-algorithm", "sts:ExternalId"),
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "sts:SourceIdentity",
)


def _circumstances(contract: Contract, consumer: Consumer) -> Iterator[dict[str, Any]]:
    met: dict[str, Any] = {"aws:CurrentTime": "2026-01-01T00:00:00Z", _TLS: "true"}
    if consumer.external_id:
        met["sts:ExternalId"] = consumer.external_id
    if consumer.mfa:
        met |= {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "1"}
    if consumer.may_state_source_identity:
        met["sts:SourceIdentity"] = min(consumer.source_identities, default="Alice")
    if consumer.source_ips:
        met["aws:SourceIp"] = consumer.source_ips[0].split("/")[0]
    if consumer.vpc_endpoints:
        met["aws:SourceVpce"] = consumer.vpc_endpoints[0]
    tags = consumer.allowed_session_tags
    met |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    met |= {"aws:TagKeys": sorted(tags)} if tags else {}
    met |= {key: values[0].replace("*", "x") for key, values in consumer.claims.items()}
    met["sns:Endpoint"] = f"arn:aws:sqs:us-west-2:{consumer.home_account}:jobs"
    prefixes = {prefix for grant in consumer.grants for prefix in grant.prefixes} or {""}
    buckets = {g.resource_arn for g in consumer.grants if ":s3:" in g.resource_arn} or {""}
    for prefix, bucket in product(sorted(prefixes), sorted(buckets)):
        yield {
            **met,
            "s3:prefix": f"{prefix}x",
            "kms:ViaService": f"s3.{contract.production_region}.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": bucket,
        }
