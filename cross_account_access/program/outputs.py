"""The stack's outputs: a contract for other projects, scripts and people.

Every output is a string, a list of strings, or a map of either by the name of
a resource or of a consumer, so that the names below stay the same however many
there are. None is secret. A change that could break a reader raises
`CONTRACT_VERSION` and is told in the changelog.

A link, a profile or a command is given only where it works: the console, for
example, cannot state an external ID.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode

import pulumi

from components.cross_account_access import CrossAccountAccess
from cross_account_access.credentials.role_request import (
    CREDENTIAL_SOURCES,
    RoleRequest,
    web_identity_command,
)
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.kinds import OWNED, Instances
from cross_account_access.declaration.kinds.bucket import Bucket
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.model import (
    Consumer,
    ExistingResource,
    Grant,
    OwnedResource,
    Principal,
    Role,
    SharedResource,
    SignIn,
    Via,
)
from cross_account_access.declaration.policies.documents import caller_policy
from cross_account_access.declaration.policies.permissions import key_permissions, permissions
from cross_account_access.declaration.settings import Settings
from cross_account_access.facts.partitions import sign_in_host

CONTRACT_VERSION: Final = "2"
_OFF_THE_SCREEN: Final = frozenset({"callerPolicies", "declaration"})
"""Outputs that would fill it: `pulumi up` writes each value of a JSON text in a line of its own."""


def _arns(kind: type[OwnedResource]) -> str:
    """The output with the ARNs of a kind."""
    return f"{kind.kind}Arns"


def _arns_of(
    kind: type[OwnedResource], settings: Settings, access: CrossAccountAccess
) -> dict[str, pulumi.Input[str]]:
    """The ARNs of a kind by name: of what is made, and of what exists already."""
    made: dict[str, pulumi.Input[str]] = {**access.resource_arns[kind.kind]}
    for each in settings.resources:
        if isinstance(each, kind) and each.existing:
            made[each.name] = each.arn(settings.production)
    return made


class Output(NamedTuple):
    """One output of the contract."""

    words: str
    """What it holds."""
    type: object = dict[str, str]
    """Text, a list of text, or a map of either."""


OUTPUTS: Final[Mapping[str, Output]] = {
    "contractVersion": Output("version of this contract", str),
    "productionAccountId": Output("12 digits", str),
    "productionRegion": Output("region of all that is shared", str),
    "productionCanonicalUserId": Output("64 hexadecimal digits", str),
    "stagingAccountId": Output("12 digits", str),
    "stagingCanonicalUserId": Output("64 hexadecimal digits", str),
    "bucketNames": Output("in the order of their declaration", list[str]),
    **{_arns(kind): Output(f"by {kind.kind} name") for kind in OWNED},
    "resourceArns": Output("by name of a resource that exists already"),
    "kmsKeyArns": Output("by bucket name: the key of a bucket that has one of its own"),
    "roleNames": Output("by consumer with a role: the role's name without its path"),
    "roleArns": Output("by consumer with a role: the role to assume"),
    "userArns": Output("by consumer that is a user: the user who is let in"),
    "accessPolicyArns": Output(
        "by consumer with a role: the managed policies of its role, none for an inline policy",
        dict[str, list[str]],
    ),
    "machineRoleArns": Output(
        "by consumer of machines: the role in Staging that a service of AWS hands out to them"
    ),
    "instanceProfileArns": Output(
        "by consumer of EC2 instances: the instance profile to launch with"
    ),
    "callerPolicies": Output(
        "by consumer whose callers the stack does not make: the policy that they need, JSON text"
    ),
    "switchRoleUrls": Output(
        "by consumer who can use it: link that switches the console to the role"
    ),
    "cliProfiles": Output(
        "by consumer who can use it: block for ~/.aws/config, whose profile renews itself"
    ),
    "proofCommands": Output(
        "by consumer, where there are some: AWS CLI commands that prove the access"
    ),
    "declaration": Output("JSON text: every consumer and every grant, as declared", str),
    # The last by its name, so that `pulumi up` ends on it.
    "verifyCommand": Output("what to do next: the command that proves and tries the access", str),
}
"""Every output and what it holds."""


def export(settings: Settings, access: CrossAccountAccess, made: pulumi.Output[None]) -> None:
    """Exports every output of the contract, all of them once everything is made.

    Where something cannot be made, the engine does not get to what the same edit removes. The stack
    then keeps the outputs that it had, which name who still has access: the engine takes all
    outputs together, or none.

    Args:
        settings: what is made.
        access: the component that makes it.
        made: resolves when it has.
    """
    values = values_of(settings, access)
    values["contractVersion"] = made.apply(lambda _: CONTRACT_VERSION)
    for name in OUTPUTS:
        pulumi.export(exported_name(name), values[name])


def exported_name(name: str) -> str:
    """The name under which our own program exports an output.

    Two underscores before it keep it off the screen of `pulumi up`, which takes such properties for
    internal ones; `pulumi stack output` and stack references have it all the same.
    """
    return f"__{name}" if name in _OFF_THE_SCREEN else name


def values_of(settings: Settings, access: CrossAccountAccess) -> dict[str, pulumi.Input[object]]:
    """Every output of the contract by its name."""
    production, consumers, accounts = settings.production, settings.consumers, settings.accounts
    return {
        "contractVersion": CONTRACT_VERSION,
        "productionAccountId": production.account_id,
        "productionRegion": production.region,
        "productionCanonicalUserId": access.trusting_canonical_user_id,
        "stagingAccountId": settings.staging.account_id,
        "stagingCanonicalUserId": access.trusted_canonical_user_id,
        "bucketNames": [bucket.name for bucket in settings.buckets],
        **{_arns(kind): _arns_of(kind, settings, access) for kind in OWNED},
        "resourceArns": {
            resource.name: resource.arn(production)
            for resource in settings.resources
            if isinstance(resource, ExistingResource)
        },
        "kmsKeyArns": access.key_arns,
        "roleNames": {consumer.name: consumer.role.name for consumer in consumers if consumer.role},
        "roleArns": access.role_arns,
        "userArns": access.user_arns,
        "accessPolicyArns": access.access_policy_arns,
        "machineRoleArns": {
            consumer.name: arn
            for consumer in consumers
            if isinstance(consumer.principal, Machines)
            for arn in consumer.principal.principal_arns(accounts)
        },
        "instanceProfileArns": {
            consumer.name: settings.staging.iam_arn(
                f"instance-profile/{instances.instance_profile}"
            )
            for consumer in consumers
            if isinstance(instances := consumer.principal, Instances)
            and not instances.role.existing
        },
        "callerPolicies": {
            consumer.name: caller_policy(consumer, _of(consumer, settings.grants), accounts)
            for consumer in consumers
            if consumer.principal.signs_in is SignIn.OWN
        },
        "switchRoleUrls": {
            consumer.name: url
            for consumer in consumers
            if (url := switch_role_url(production, consumer))
        },
        "cliProfiles": {
            consumer.name: profile
            for consumer in consumers
            if (profile := cli_profile(accounts, consumer))
        },
        "proofCommands": {
            consumer.name: commands
            for consumer in consumers
            if (commands := proof_commands(accounts, consumer, settings.grants))
        },
        "declaration": declaration(accounts, consumers, settings.grants, settings.resources),
        "verifyCommand": shlex.join(["access", "verify", "--stack", pulumi.get_stack()]),
    }


def switch_role_url(production: Account, consumer: Consumer) -> str | None:
    """The console's switch-role link, or None where there is none.

    Without a role there is nothing to switch to. The console states no external ID, no source
    identity and no tags, machines do not use it, and its host is not known in every partition.
    """
    role, host = consumer.role, sign_in_host(production.partition)
    is_unable = consumer.principal.is_machine or consumer.conditions.external_id
    if role is None or host is None or is_unable or _says_more_than_a_profile(consumer):
        return None
    query = urlencode(
        {
            "account": production.account_id,
            "roleName": f"{role.path}{role.name}".removeprefix("/"),
            "displayName": f"{role.name}@{production.account_id}",
        },
        safe="/",
    )
    return f"https://{host}/switchrole?{query}"


def cli_profile(accounts: Accounts, consumer: Consumer) -> str | None:
    """A profile, named as the role, that the AWS CLI and SDKs renew by themselves, or None.

    There is none without a role, where it is not known how callers sign in, and
    where they must state what no profile can.
    """
    role, conditions, principal = consumer.role, consumer.conditions, consumer.principal
    signs_in = principal.signs_in in CREDENTIAL_SOURCES or principal.profile(consumer.name)
    has_device = not conditions.mfa or principal.mfa_serial(accounts)
    if role is None or not signs_in or not has_device or _says_more_than_a_profile(consumer):
        return None
    return _request(accounts, consumer, role).profile_block()


def proof_commands(accounts: Accounts, consumer: Consumer, grants: Iterable[Grant]) -> str:
    """Commands, one a line, that assume the role and use one resource of each kind.

    They expect the caller's own credentials where `cli_profile` looks for them, and its block in
    the AWS config file; without one, those for the role end with it. What goes by resource policies
    is proven with the caller's own credentials. Empty where no command could prove anything.
    """
    own = _of(consumer, grants)
    commands = []
    by_role = (grant for grant in own if grant.via is Via.ROLE)
    if consumer.principal.is_given_role:
        commands += [["aws", "sts", "get-caller-identity"], *_proofs(accounts, by_role, None)]
    elif consumer.role:
        commands.append(_assume_command(accounts, consumer, consumer.role))
        if cli_profile(accounts, consumer):
            commands += _proofs(accounts, by_role, consumer.role.name)
    direct = (grant for grant in own if grant.via is Via.RESOURCE)
    commands += _proofs(accounts, direct, consumer.principal.profile(consumer.name))
    return "\n".join(map(shlex.join, commands))


def _of(consumer: Consumer, grants: Iterable[Grant]) -> list[Grant]:
    return [grant for grant in grants if grant.consumer.name == consumer.name]


def _proofs(
    accounts: Accounts, grants: Iterable[Grant], profile: str | None
) -> Iterator[list[str]]:
    """The commands for the grant of each kind of resource that proves most, the first of these."""
    best: dict[str, list[list[str]]] = {}
    for grant in grants:
        resource = grant.resource
        commands = resource.proof_commands(grant, accounts.trusting)
        if len(commands) > len(best.get(resource.kind, ())):
            best[resource.kind] = commands
    option = ["--profile", profile] if profile else []
    yield from ([*command, *option] for commands in best.values() for command in commands)


def declaration(
    accounts: Accounts,
    consumers: Iterable[Consumer],
    grants: Iterable[Grant],
    resources: Iterable[SharedResource],
) -> str:
    """Who may do what, as declared, in JSON that is the same for the same declaration."""
    return json.dumps(
        {
            "consumers": [
                {
                    "name": consumer.name,
                    "kind": consumer.principal.kind,
                    "sign_in": consumer.principal.signs_in,
                    "user_sign_in": consumer.principal.user_sign_in,
                    "is_one_principal": consumer.principal.is_one_principal,
                    "home_account": consumer.principal.home_account(accounts),
                    "chains": consumer.principal.chains,
                    "is_machine": consumer.principal.is_machine,
                    "principal_arns": sorted(consumer.principal.principal_arns(accounts)),
                    "role_arn": consumer.role.arn(accounts.trusting) if consumer.role else None,
                    "external_id": consumer.conditions.external_id,
                    "more_external_ids": sorted(consumer.conditions.more_external_ids),
                    "mfa": consumer.conditions.mfa is not None,
                    "source_identity_required": bool(
                        (identity := consumer.conditions.source_identity) and identity.required
                    ),
                    "may_state_source_identity": consumer.conditions.source_identity is not None,
                    "allowed_session_tags": dict(tags.tags)
                    if (tags := consumer.conditions.session_tags)
                    else {},
                    "session_tags": dict(tags.tags)
                    if (tags := consumer.conditions.session_tags) and tags.required
                    else {},
                    "free_session_tags": tags.others if tags else [],
                    "max_session_duration": consumer.role.max_session_duration
                    if consumer.role
                    else None,
                    "expires_at": consumer.conditions.expires_at,
                    "revoked_before": consumer.role.revoked_before if consumer.role else None,
                    "trusts_itself": consumer.role.trusts_itself if consumer.role else False,
                    "mfa_max_age": mfa.max_age if (mfa := consumer.conditions.mfa) else None,
                    "source_identities": sorted(identity.values) if identity else [],
                    "source_ips": sorted(consumer.conditions.source_ips),
                    "vpc_endpoints": sorted(consumer.conditions.vpc_endpoints),
                    "claims": consumer.principal.claims,
                    "is_given_role": consumer.principal.is_given_role,
                    "adopted_policy": consumer.own_policy_name
                    if consumer.principal.is_adopted
                    else None,
                    "handed_out": _handed_out(consumer.principal, accounts.trusted),
                }
                for consumer in consumers
            ],
            "grants": [
                {
                    "consumer": grant.consumer.name,
                    "resource_arn": grant.resource.arn(accounts.trusting),
                    "levels": [level for level in grant.resource.levels if level in grant.levels],
                    "more_actions": sorted(grant.actions),
                    "kms_key_arn": grant.resource.used_key(accounts.trusting)
                    if grant.resource.is_of_others
                    else None,
                    "prefixes": sorted(grant.prefixes),
                    "via": grant.via,
                    "actions": _actions(grant, accounts),
                    "proof_commands": [
                        shlex.join(command)
                        for command in grant.resource.proof_commands(grant, accounts.trusting)
                    ],
                }
                for grant in grants
            ],
            "existing": sorted(
                resource.arn(accounts.trusting)
                for resource in resources
                if isinstance(resource, OwnedResource) and resource.existing
            ),
            "listed_by_staging": [
                resource.arn(accounts.trusting)
                for resource in resources
                if isinstance(resource, Bucket) and resource.staging_may_list
            ],
            "notified": {
                resource.arn(accounts.trusting): sorted(
                    f"arn:{accounts.trusting.partition}:s3:::{name}"
                    for name in resource.notified_by
                )
                for resource in resources
                if isinstance(resource, OwnedResource) and resource.notified_by
            },
            "replications": [
                {
                    "bucket_arn": resource.arn(accounts.trusting),
                    "destination_arn": f"arn:{accounts.trusting.partition}:s3:::"
                    f"{resource.replication.bucket}",
                    "role_arn": accounts.trusting.iam_arn(f"role/{resource.replication_role_name}"),
                    "prefixes": sorted(resource.replication.prefixes),
                    "kms_key_arn": resource.replication.kms_key_arn,
                    "keeps_locks": resource.object_lock is not None,
                    "delete_markers": resource.replication.delete_markers,
                }
                for resource in resources
                if isinstance(resource, Bucket) and resource.replication
            ],
            "locked": sorted(
                resource.arn(accounts.trusting)
                for resource in resources
                if isinstance(resource, Bucket) and resource.object_lock
            ),
            "refusing_keys": sorted(
                resource.arn(accounts.trusting)
                for resource in resources
                if isinstance(resource, Bucket) and resource.refuses_other_keys
            ),
        },
        separators=(",", ":"),
    )


def _handed_out(principal: Principal, owner: Account) -> dict[str, object] | None:
    """How a service of AWS gives machines their role, where one does."""
    if not isinstance(principal, Machines):
        return None
    handed_out = principal.handed_out(owner)
    return {
        "service": handed_out.service,
        "claims": handed_out.claims,
        "about_session": handed_out.about_session,
    }


def _actions(grant: Grant, accounts: Accounts) -> list[str]:
    """All that it allows, of the key of the resource as well."""
    allowed = (
        *permissions(grant.consumer, [grant], accounts),
        *key_permissions(grant.consumer, [grant], accounts),
    )
    return sorted({action for permission in allowed for action in permission.actions})


def _says_more_than_a_profile(consumer: Consumer) -> bool:
    """Whether callers must state what neither the console nor a profile of the AWS CLI can."""
    identity, tags = consumer.conditions.source_identity, consumer.conditions.session_tags
    return bool((identity and identity.required) or (tags and tags.required))


def _assume_command(accounts: Accounts, consumer: Consumer, role: Role) -> list[str]:
    """The command that asks for the role, with all that the conditions want to be told."""
    if consumer.principal.signs_in is SignIn.WEB_IDENTITY:
        return web_identity_command(role.arn(accounts.trusting), accounts.trusting.region)
    return _request(accounts, consumer, role).command()


def _request(accounts: Accounts, consumer: Consumer, role: Role) -> RoleRequest:
    principal, conditions = consumer.principal, consumer.conditions
    identity, tags = conditions.source_identity, conditions.session_tags
    return RoleRequest(
        role_arn=role.arn(accounts.trusting),
        source_profile=principal.profile(consumer.name),
        credential_source=CREDENTIAL_SOURCES.get(principal.signs_in),
        region=accounts.trusting.region,
        session_name=consumer.name,
        duration=role.max_session_duration,
        chains=principal.chains,
        external_id=conditions.external_id,
        source_identity=min(identity.values, default="YOUR-NAME")
        if identity and identity.required
        else None,
        session_tags=tags.tags if tags and tags.required else {},
        mfa_serial=principal.mfa_serial(accounts) if conditions.mfa else None,
    )
