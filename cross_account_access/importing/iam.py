"""Roles, users, policies, instance profiles and identity providers that exist already."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cross_account_access.facts.quotas import DEFAULT_ROLE_SESSION_SECONDS
from cross_account_access.importing.found import Clients, Found, becomes, lost_tags, unless
from cross_account_access.stack import StackResource

_GONE: Final = ("NoSuchEntity",)


def _role(clients: Clients, resource: StackResource) -> Found | None:
    name = resource.known("name")
    role = unless(_GONE, lambda: clients.iam.get_role(RoleName=name)["Role"])
    if role is None:
        return None
    longest = resource.known("maxSessionDuration") or DEFAULT_ROLE_SESSION_SECONDS
    return Found(
        import_id=name,
        changes=(
            *becomes("longest session", role["MaxSessionDuration"], longest),
            *becomes(
                "description", role.get("Description", ""), resource.known("description") or ""
            ),
            *_boundary(role, resource),
        ),
        warnings=lost_tags(role.get("Tags", []), resource),
        obstacle=_other_path(role["Path"], resource),
    )


def _user(clients: Clients, resource: StackResource) -> Found | None:
    name = resource.known("name")
    user = unless(_GONE, lambda: clients.iam.get_user(UserName=name)["User"])
    if user is None:
        return None
    named = {"UserName": name}
    groups = [each["GroupName"] for each in clients.iam.list_groups_for_user(**named)["Groups"]]
    keys = [
        each["AccessKeyId"] for each in clients.iam.list_access_keys(**named)["AccessKeyMetadata"]
    ]
    console = unless(_GONE, lambda: clients.iam.get_login_profile(**named))
    return Found(
        import_id=name,
        changes=_boundary(user, resource),
        warnings=(
            *(f"stays in the group {group}, with all that it allows" for group in groups),
            *(f"keeps the access key {key}; destroying the stack deletes it" for key in keys),
            *(["keeps its console password"] if console else []),
            *lost_tags(user.get("Tags", []), resource),
        ),
        obstacle=_other_path(user["Path"], resource),
    )


def _managed_policy(clients: Clients, resource: StackResource) -> Found | None:
    name = resource.known("name")
    arn = clients.policy_arns.get(name)
    if arn is None:
        return None
    policy = clients.iam.get_policy(PolicyArn=arn)["Policy"]
    holders = clients.iam.list_entities_for_policy(PolicyArn=arn)
    roles = {each["RoleName"] for each in holders["PolicyRoles"]}
    others = [
        *(f"role {each}" for each in sorted(roles - clients.names_of("aws:iam/role:Role"))),
        *(f"user {each['UserName']}" for each in holders["PolicyUsers"]),
        *(f"group {each['GroupName']}" for each in holders["PolicyGroups"]),
    ]
    obstacle = _other_path(policy["Path"], resource)
    described, declared = policy.get("Description", ""), resource.known("description") or ""
    if not obstacle and described != declared:
        # The description of a managed policy is for ever ("CreatePolicy", IAM API reference,
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html).
        obstacle = (
            f"has the description {described!r}, which AWS never changes, so that `pulumi up` "
            "would make it anew; give the policy another name in the stack file (role.policy_name),"
            " and the role changes over to it"
        )
    return Found(
        import_id=arn,
        warnings=(
            *(f"is attached to the {other} too, which gets the new document" for other in others),
            *lost_tags(policy.get("Tags", []), resource),
        ),
        obstacle=obstacle,
    )


def _instance_profile(clients: Clients, resource: StackResource) -> Found | None:
    name = resource.known("name")
    profile = unless(
        _GONE, lambda: clients.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    )
    if profile is None:
        return None
    live = ", ".join(each["RoleName"] for each in profile["Roles"])
    return Found(
        import_id=name,
        changes=becomes("role", live, resource.known("role")),
        warnings=lost_tags(profile.get("Tags", []), resource),
        obstacle=_other_path(profile["Path"], resource),
    )


def _identity_provider(clients: Clients, resource: StackResource) -> Found | None:
    issuer = str(resource.known("url")).removeprefix("https://")
    arn = clients.arn(f"oidc-provider/{issuer}")
    provider = unless(
        _GONE, lambda: clients.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    )
    if provider is None:
        return None
    live, planned = set(provider["ClientIDList"]), clients.declared(resource, "clientIdLists")
    return Found(
        import_id=arn,
        changes=tuple(f"takes the audience {each}" for each in sorted(planned - live)),
        warnings=(
            *(f"takes the audience {each} no longer" for each in sorted(live - planned)),
            *lost_tags(provider.get("Tags", []), resource),
        ),
    )


def _inline_policy(kind: str) -> Callable[[Clients, StackResource], Found | None]:
    """Look for an inline policy of a `role` or `user`."""

    def find(clients: Clients, resource: StackResource) -> Found | None:
        owner, name = resource.known(kind), resource.known("name")
        call = getattr(clients.iam, f"get_{kind}_policy")
        named = {f"{kind.title()}Name": owner, "PolicyName": name}
        there = unless(_GONE, lambda: call(**named))
        return None if there is None else Found(import_id=f"{owner}:{name}")

    return find


def _all_inline(kind: str) -> Callable[[Clients, StackResource], Found | None]:
    """Look at all inline policies of a `role` or `user`, which the stack owns from then on."""

    def find(clients: Clients, resource: StackResource) -> Found | None:
        owner = resource.known(f"{kind}Name")
        live = _listed(clients, f"list_{kind}_policies", "PolicyNames", kind, owner)
        if live is None:
            return None
        declared = clients.declared(resource, "policyNames")
        return Found(
            import_id=owner,
            warnings=tuple(
                f"deletes the inline policy {name}; to keep a copy: aws iam get-{kind}-policy "
                f"--{kind}-name {owner} --policy-name {name} --profile {clients.account.profile}"
                for name in live
                if name not in declared
            ),
        )

    return find


def _all_attached(kind: str) -> Callable[[Clients, StackResource], Found | None]:
    """Look at all policies attached to a `role` or `user`, which the stack owns from then on."""

    def find(clients: Clients, resource: StackResource) -> Found | None:
        owner = resource.known(f"{kind}Name")
        live = _listed(clients, f"list_attached_{kind}_policies", "AttachedPolicies", kind, owner)
        if live is None:
            return None
        declared = clients.declared(resource, "policyArns")
        ours = declared | {clients.policy_arns.get(name) for name in declared}
        return Found(
            import_id=owner,
            warnings=tuple(
                f"detaches {policy['PolicyArn']}"
                for policy in live
                if policy["PolicyArn"] not in ours
            ),
        )

    return find


def _listed(clients: Clients, operation: str, key: str, kind: str, owner: str) -> list[Any] | None:
    pages = clients.iam.get_paginator(operation).paginate(**{f"{kind.title()}Name": owner})
    return unless(_GONE, lambda: [each for page in pages for each in page[key]])


def _boundary(live: Mapping[str, Any], resource: StackResource) -> tuple[str, ...]:
    boundary = live.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return becomes("permissions boundary", boundary, resource.known("permissionsBoundary"))


def _other_path(live: str, resource: StackResource) -> str:
    planned = resource.known("path") or "/"
    if live == planned:
        return ""
    return (
        f"has the path {live}, and the stack file says {planned}: it would be made anew; "
        f"say path: {live} where it can be said, else another name"
    )


FINDERS: Final[Mapping[str, Callable[[Clients, StackResource], Found | None]]] = {
    "aws:iam/role:Role": _role,
    "aws:iam/user:User": _user,
    "aws:iam/policy:Policy": _managed_policy,
    "aws:iam/instanceProfile:InstanceProfile": _instance_profile,
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _identity_provider,
    "aws:iam/rolePolicy:RolePolicy": _inline_policy("role"),
    "aws:iam/userPolicy:UserPolicy": _inline_policy("user"),
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive": _all_inline("role"),
    "aws:iam/userPoliciesExclusive:UserPoliciesExclusive": _all_inline("user"),
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": _all_attached("role"),
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": _all_attached("user"),
}
