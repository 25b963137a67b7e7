"""Ways into a user, a role or an access policy that no resource of the stack describes."""

import json
from collections.abc import Iterator
from typing import Any, Final

from cross_account_access.command.drift.checks import Check, Found, Subject
from cross_account_access.command.drift.documents import effect_of
from cross_account_access.command.drift.findings import Effect
from cross_account_access.command.inventory import policy_label

_USER: Final = "aws:iam/user:User"
_ROLE: Final = "aws:iam/role:Role"
_POLICY: Final = "aws:iam/policy:Policy"
_GONE: Final = ("NoSuchEntity",)
_ATTACHMENTS: Final = {
    "PolicyRoles": ("role", "RoleName", "aws:iam/rolePolicyAttachmentsExclusive:"),
    "PolicyUsers": ("user", "UserName", ""),
    "PolicyGroups": ("group", "GroupName", ""),
}


def _groups(user: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401 - of AWS, as below
    effect = effect_of(user.documents.changes(user["arn"], "policies"))
    for group in answer["Groups"]:
        name = group["GroupName"]
        yield Found(
            what=f"it is in group {name}, whose policies it has beside its own",
            # Of a group without policies, whoever may write them decides what the user may.
            effect=Effect.NARROWING if effect is Effect.NARROWING else Effect.WIDENING,
            remedy=f"iam remove-user-from-group --user-name {user['name']} --group-name {name}",
            arn=user["arn"],
        )


def _password(user: Subject, _: Any) -> Iterator[Found]:  # noqa: ANN401
    is_declared = _sign_in(user) == "console"
    yield Found(
        what="it has a password, so that somebody can sign in to the console as it",
        effect=None if is_declared else Effect.WIDENING,
        remedy=f"iam delete-login-profile --user-name {user['name']}",
    )


def _keys(user: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """One key is what is made for a user that signs in with it; others are further ways in."""
    sign_in = _sign_in(user)
    allowed = 1 if sign_in in ("key", None) else 0
    active = [key for key in answer["AccessKeyMetadata"] if key["Status"] == "Active"]
    made = sorted((key["CreateDate"], key["AccessKeyId"]) for key in active)
    for number, (date, key) in enumerate(made):
        which = "a second active access key" if number else "an access key"
        beside = "" if allowed else f", and is declared to sign in by {sign_in}, not by key"
        yield Found(
            what=f"it has {which}, {key}, of {date:%Y-%m-%d %H:%M} UTC{beside}",
            effect=Effect.WIDENING if number >= allowed else None,
            remedy=f"iam delete-access-key --user-name {user['name']} --access-key-id {key}",
        )


def _devices(user: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """Whoever holds a device meets a condition on MFA, so more than one is somebody else's."""
    asked = any("MultiFactorAuth" in str(role["trust"]) for role in _roles(user))
    for number, device in enumerate(answer["MFADevices"]):
        serial = device["SerialNumber"]
        expected = asked and not number
        yield Found(
            what=f"it has MFA device {serial}" + ("" if asked else ", which no role asks for"),
            effect=None if expected else Effect.WIDENING if asked else Effect.COSMETIC,
            remedy=f"iam deactivate-mfa-device --user-name {user['name']} --serial-number {serial}",
        )


def _attached(policy: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """To whom an access policy is attached beside the roles of the stack."""
    for kind, (what, key, token) in _ATTACHMENTS.items():
        for each in answer.get(kind, ()):
            name = each[key]
            if token and any(
                resource.type.startswith(token)
                and resource.provider == policy.resource.provider
                and resource.inputs.get("roleName") == name
                for resource in policy.stack
            ):
                continue
            arn = policy["arn"]
            yield Found(
                what=f"it is attached to {what} {name} too, who is not of the stack",
                effect=Effect.WIDENING,
                remedy=f"iam detach-{what}-policy --{what}-name {name} --policy-arn {arn}",
            )


def _bounded(_: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """Whose permissions boundary an access policy is: IAM does not delete it meanwhile."""
    for kind in ("PolicyRoles", "PolicyUsers"):
        what, key = _ATTACHMENTS[kind][:2]
        for each in answer.get(kind, ()):
            name = each[key]
            yield Found(
                what=f"it is the permissions boundary of {what} {name} too, who is not of the"
                " stack, and cannot be deleted as long as it is",
                effect=Effect.COSMETIC,
                remedy=f"iam delete-{what}-permissions-boundary --{what}-name {name}",
            )


def _versions(policy: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    """A version that allows more waits for one call of `SetDefaultPolicyVersion`.

    Those before the one in force are what the policy has said before: each update leaves one, and
    takes the oldest of five away. One after it has somebody else made, since what the stack makes
    is in force at once. IAM numbers them one after the other.

    Source: "Versioning IAM policies",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html.
    """
    arn, label = policy["arn"], policy_label(policy["arn"])
    holders = [
        role
        for role, documents in policy.documents.declared.roles.items()
        if label in documents.get("policies", {})
    ]
    versions = {int(each["VersionId"][1:]): each for each in answer["Versions"]}
    (in_force,) = (number for number, each in versions.items() if each["IsDefaultVersion"])
    for number in (each["VersionId"] for key, each in versions.items() if key > in_force):
        read = policy.ask("iam", "get_policy_version", PolicyArn=arn, VersionId=number)
        document = read["PolicyVersion"]["Document"]
        text = document if isinstance(document, str) else json.dumps(document)
        effects = [
            effect_of(policy.documents.with_policy(role, label, text)) for role in holders
        ] or [Effect.WIDENING]
        if Effect.WIDENING in effects:
            yield Found(
                what=f"its version {number}, not in force, allows more than the one that is;"
                " SetDefaultPolicyVersion brings it into force",
                effect=Effect.WIDENING,
                remedy=f"iam delete-policy-version --policy-arn {arn} --version-id {number}",
            )


def _profiles(role: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    for profile in answer["InstanceProfiles"]:
        name = profile["InstanceProfileName"]
        if not role.has("aws:iam/instanceProfile:InstanceProfile", "name", name):
            yield Found(
                what=f"it is in instance profile {name}, which is not of the stack",
                effect=Effect.WIDENING,
                remedy="iam remove-role-from-instance-profile"
                f" --instance-profile-name {name} --role-name {role['name']}",
            )


def _thumbprints(provider: Subject, answer: Any) -> Iterator[Found]:  # noqa: ANN401
    recorded = provider["thumbprintLists"]
    now = answer.get("ThumbprintList") or []
    if recorded is not None and sorted(recorded) != sorted(now):
        yield Found(
            what=f"its thumbprints are {', '.join(now) or 'none'}, and were"
            f" {', '.join(recorded) or 'none'} at the last up",
            effect=Effect.WIDENING,
            remedy="iam update-open-id-connect-provider-thumbprint"
            f" --open-id-connect-provider-arn {provider['arn']} --thumbprint-list"
            f" {' '.join(recorded)}".rstrip(),
        )


def _sign_in(user: Subject) -> str | None:
    """How the user is declared to sign in; None where the outputs do not say it."""
    declaration = user.documents.declared.outputs.get("declaration")
    consumers = json.loads(declaration)["consumers"] if isinstance(declaration, str) else []
    for consumer in consumers:
        if user["arn"] in consumer.get("principal_arns", ()):
            declared: str | None = consumer.get("user_sign_in")
            return declared
    return None


def _roles(user: Subject) -> list[Any]:
    return [
        role
        for role in user.documents.declared.roles.values()
        if str(user["arn"]) in str(role["trust"])
    ]


IDENTITY_CHECKS: Final = (
    Check(
        asks="groups",
        type=_USER,
        client="iam",
        operation="list_groups_for_user",
        arguments={"UserName": "name"},
        found=_groups,
        none=_GONE,
        events=("AddUserToGroup",),
    ),
    Check(
        asks="console password",
        type=_USER,
        client="iam",
        operation="get_login_profile",
        arguments={"UserName": "name"},
        found=_password,
        none=_GONE,
        events=("CreateLoginProfile", "UpdateLoginProfile"),
    ),
    Check(
        asks="access keys",
        gives_access=False,
        type=_USER,
        client="iam",
        operation="list_access_keys",
        arguments={"UserName": "name"},
        found=_keys,
        none=_GONE,
        events=("CreateAccessKey", "UpdateAccessKey"),
    ),
    Check(
        asks="MFA devices",
        gives_access=False,
        type=_USER,
        client="iam",
        operation="list_mfa_devices",
        arguments={"UserName": "name"},
        found=_devices,
        none=_GONE,
        events=("EnableMFADevice",),
    ),
    Check(
        asks="other principals that have it",
        type=_POLICY,
        client="iam",
        operation="list_entities_for_policy",
        arguments={"PolicyArn": "arn"},
        options={"PolicyUsageFilter": "PermissionsPolicy"},
        found=_attached,
        none=_GONE,
        events=("AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy"),
    ),
    Check(
        asks="other principals that it bounds",
        gives_access=False,
        type=_POLICY,
        client="iam",
        operation="list_entities_for_policy",
        arguments={"PolicyArn": "arn"},
        options={"PolicyUsageFilter": "PermissionsBoundary"},
        found=_bounded,
        none=_GONE,
        events=("PutUserPermissionsBoundary", "PutRolePermissionsBoundary"),
    ),
    Check(
        asks="versions",
        gives_access=False,
        type=_POLICY,
        client="iam",
        operation="list_policy_versions",
        arguments={"PolicyArn": "arn"},
        found=_versions,
        none=_GONE,
        events=("CreatePolicyVersion",),
    ),
    Check(
        asks="instance profiles",
        type=_ROLE,
        client="iam",
        operation="list_instance_profiles_for_role",
        arguments={"RoleName": "name"},
        found=_profiles,
        none=_GONE,
        events=("AddRoleToInstanceProfile",),
    ),
    Check(
        asks="thumbprints",
        gives_access=False,
        type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        client="iam",
        operation="get_open_id_connect_provider",
        arguments={"OpenIDConnectProviderArn": "arn"},
        found=_thumbprints,
        none=_GONE,
        events=("UpdateOpenIDConnectProviderThumbprint",),
    ),
)
"""Of users, roles, access policies and identity providers of the stack."""
