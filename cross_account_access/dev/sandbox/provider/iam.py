"""IAM roles, users and policies."""

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from cross_account_access.dev.sandbox.provider.aws import Account
from cross_account_access.dev.sandbox.provider.calls import given, retag, tag_list, tag_map, tagged
from cross_account_access.dev.sandbox.provider.schema import (
    NAME,
    OUTPUT,
    OWNER,
    POLICY,
    RENAMED,
    TAGGED,
    Kind,
    Property,
    ResourceType,
)

_GONE = frozenset({"NoSuchEntity"})
_MOST_VERSIONS = 5
"""A managed policy has at most five versions ("IAM and AWS STS quotas",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""

_PATH = Property(default="/", replaces=True)
_NAMES = Property(kind=Kind.SET, required=True)


def _document(document: object) -> str:
    # botocore decodes a document where the emulator encodes it as AWS does.
    return document if isinstance(document, str) else json.dumps(document)


def _boundary(entity: Mapping[str, Any]) -> str | None:
    boundary: str | None = entity.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return boundary


def _pages(call: Callable[..., Any], key: str, **parameters: str) -> list[Any]:
    """All items of a list call of IAM."""
    items: list[Any] = []
    marker: dict[str, str] = {}
    while True:
        page = call(**parameters, **marker)
        items += page[key]
        if not page.get("IsTruncated"):
            return items
        marker = {"Marker": page["Marker"]}


# Roles


def _create_role(account: Account, inputs: dict[str, Any]) -> str:
    account.iam.create_role(
        RoleName=inputs["name"],
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        Tags=tag_list(inputs.get("tags", {})),
        **given(
            inputs,
            Path="path",
            Description="description",
            MaxSessionDuration="maxSessionDuration",
            PermissionsBoundary="permissionsBoundary",
        ),
    )
    return str(inputs["name"])


def _read_role(account: Account, name: str) -> dict[str, Any]:
    role = account.iam.get_role(RoleName=name)["Role"]
    tags = tag_map(role.get("Tags", []))
    return {
        "arn": role["Arn"],
        "assumeRolePolicy": _document(role["AssumeRolePolicyDocument"]),
        "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "description": role.get("Description"),
        "maxSessionDuration": role["MaxSessionDuration"],
        "name": role["RoleName"],
        "path": role["Path"],
        "permissionsBoundary": _boundary(role),
        **tagged(tags),
        "uniqueId": role["RoleId"],
    }


def _update_role(account: Account, name: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    iam, role = account.iam, {"RoleName": name}
    if old["assumeRolePolicy"] != new["assumeRolePolicy"]:
        iam.update_assume_role_policy(**role, PolicyDocument=new["assumeRolePolicy"])
    described = ("description", "maxSessionDuration")
    if any(old.get(each) != new.get(each) for each in described):
        iam.update_role(
            **role,
            Description=new.get("description", ""),
            MaxSessionDuration=new["maxSessionDuration"],
        )
    boundary = new.get("permissionsBoundary")
    if old.get("permissionsBoundary") != boundary:
        if boundary:
            iam.put_role_permissions_boundary(**role, PermissionsBoundary=boundary)
        else:
            iam.delete_role_permissions_boundary(**role)
    retag(iam.tag_role, iam.untag_role, role, old, new)


def _delete_role(account: Account, name: str, state: dict[str, Any]) -> None:
    iam, role = account.iam, {"RoleName": name}
    for profile in _pages(iam.list_instance_profiles_for_role, "InstanceProfiles", **role):
        iam.remove_role_from_instance_profile(
            **role, InstanceProfileName=profile["InstanceProfileName"]
        )
    if state.get("forceDetachPolicies"):
        _strip(_ROLE, account, name)
    iam.delete_role(**role)


# Users


def _create_user(account: Account, inputs: dict[str, Any]) -> str:
    account.iam.create_user(
        UserName=inputs["name"],
        Tags=tag_list(inputs.get("tags", {})),
        **given(inputs, Path="path", PermissionsBoundary="permissionsBoundary"),
    )
    return str(inputs["name"])


def _read_user(account: Account, name: str) -> dict[str, Any]:
    user = account.iam.get_user(UserName=name)["User"]
    tags = tag_map(user.get("Tags", []))
    return {
        "arn": user["Arn"],
        "name": user["UserName"],
        "path": user["Path"],
        "permissionsBoundary": _boundary(user),
        **tagged(tags),
        "uniqueId": user["UserId"],
    }


def _update_user(account: Account, name: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    iam, user = account.iam, {"UserName": name}
    if (old["name"], old["path"]) != (new["name"], new["path"]):
        iam.update_user(**user, NewUserName=new["name"], NewPath=new["path"])
    boundary = new.get("permissionsBoundary")
    if old.get("permissionsBoundary") != boundary:
        if boundary:
            iam.put_user_permissions_boundary(**user, PermissionsBoundary=boundary)
        else:
            iam.delete_user_permissions_boundary(**user)
    retag(iam.tag_user, iam.untag_user, user, old, new)


def _delete_user(account: Account, name: str, state: dict[str, Any]) -> None:
    iam, user = account.iam, {"UserName": name}
    for group in _pages(iam.list_groups_for_user, "Groups", **user):
        iam.remove_user_from_group(**user, GroupName=group["GroupName"])
    if state.get("forceDestroy"):
        _strip(_USER, account, name)
        for key in _pages(iam.list_access_keys, "AccessKeyMetadata", **user):
            iam.delete_access_key(**user, AccessKeyId=key["AccessKeyId"])
        for device in _pages(iam.list_mfa_devices, "MFADevices", **user):
            serial = {"SerialNumber": device["SerialNumber"]}
            iam.deactivate_mfa_device(**user, **serial)
            # That of a hardware device is no ARN, and there is nothing to delete.
            if serial["SerialNumber"].startswith("arn:"):
                iam.delete_virtual_mfa_device(**serial)
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            iam.delete_login_profile(**user)
    iam.delete_user(**user)


# Managed policies


def _create_policy(account: Account, inputs: dict[str, Any]) -> str:
    made = account.iam.create_policy(
        PolicyName=inputs["name"],
        PolicyDocument=inputs["policy"],
        Tags=tag_list(inputs.get("tags", {})),
        **given(inputs, Path="path", Description="description"),
    )
    return str(made["Policy"]["Arn"])


def _read_policy(account: Account, arn: str) -> dict[str, Any]:
    policy = account.iam.get_policy(PolicyArn=arn)["Policy"]
    version = account.iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])[
        "PolicyVersion"
    ]
    tags = tag_map(policy.get("Tags", []))
    return {
        "arn": policy["Arn"],
        "attachmentCount": policy["AttachmentCount"],
        "description": policy.get("Description"),
        "name": policy["PolicyName"],
        "path": policy["Path"],
        "policy": _document(version["Document"]),
        "policyId": policy["PolicyId"],
        **tagged(tags),
    }


def _update_policy(account: Account, arn: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    iam, policy = account.iam, {"PolicyArn": arn}
    if old["policy"] != new["policy"]:
        versions = _pages(iam.list_policy_versions, "Versions", **policy)
        if len(versions) >= _MOST_VERSIONS:
            spare = [each for each in versions if not each["IsDefaultVersion"]]
            oldest = min(spare, key=lambda each: each["CreateDate"])
            iam.delete_policy_version(**policy, VersionId=oldest["VersionId"])
        iam.create_policy_version(**policy, PolicyDocument=new["policy"], SetAsDefault=True)
    retag(iam.tag_policy, iam.untag_policy, policy, old, new)


def _delete_policy(account: Account, arn: str, _state: dict[str, Any]) -> None:
    iam, policy = account.iam, {"PolicyArn": arn}
    for version in _pages(iam.list_policy_versions, "Versions", **policy):
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(**policy, VersionId=version["VersionId"])
    iam.delete_policy(**policy)


# What roles and users have in common: inline policies, attached policies, and the resources that
# own the whole of either list.


class _Holder:
    """Calls of IAM that exist once for roles and once for users."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.noun = kind.lower()

    def call(self, account: Account, pattern: str, name: str, **parameters: str) -> dict[str, Any]:
        """Makes a call whose name has the kind in it, for the role or user of that name."""
        call = getattr(account.iam, pattern.format(self.noun))
        answer: dict[str, Any] = call(**{f"{self.kind}Name": name}, **parameters)
        return answer

    def inline(self, account: Account, name: str) -> list[str]:
        """Names of its inline policies."""
        return _pages(
            getattr(account.iam, f"list_{self.noun}_policies"),
            "PolicyNames",
            **{f"{self.kind}Name": name},
        )

    def attached(self, account: Account, name: str) -> list[str]:
        """ARNs of the managed policies attached to it."""
        policies = _pages(
            getattr(account.iam, f"list_attached_{self.noun}_policies"),
            "AttachedPolicies",
            **{f"{self.kind}Name": name},
        )
        return [policy["PolicyArn"] for policy in policies]


_ROLE = _Holder("Role")
_USER = _Holder("User")


def _strip(holder: _Holder, account: Account, name: str) -> None:
    for arn in holder.attached(account, name):
        holder.call(account, "detach_{}_policy", name, PolicyArn=arn)
    for policy in holder.inline(account, name):
        holder.call(account, "delete_{}_policy", name, PolicyName=policy)


def _inline_policy(holder: _Holder) -> ResourceType:
    def create(account: Account, inputs: dict[str, Any]) -> str:
        put(account, inputs)
        return f"{inputs[holder.noun]}:{inputs['name']}"

    def put(account: Account, inputs: dict[str, Any]) -> None:
        holder.call(
            account,
            "put_{}_policy",
            inputs[holder.noun],
            PolicyName=inputs["name"],
            PolicyDocument=inputs["policy"],
        )

    def read(account: Account, resource_id: str) -> dict[str, Any]:
        owner, _, name = resource_id.partition(":")
        policy = holder.call(account, "get_{}_policy", owner, PolicyName=name)
        return {holder.noun: owner, "name": name, "policy": _document(policy["PolicyDocument"])}

    def delete(account: Account, resource_id: str, _state: dict[str, Any]) -> None:
        owner, _, name = resource_id.partition(":")
        holder.call(account, "delete_{}_policy", owner, PolicyName=name)

    return ResourceType(
        pulumi_type=f"aws:iam/{holder.noun}Policy:{holder.kind}Policy",
        title=f"IAM {holder.kind} Policy",
        properties={"name": NAME, "policy": POLICY, holder.noun: OWNER},
        unsupported=frozenset({"namePrefix"}),
        gone=_GONE,
        create=create,
        read=read,
        update=lambda account, _id, _old, new: put(account, new),
        delete=delete,
    )


def _attachment(holder: _Holder) -> ResourceType:
    def create(account: Account, inputs: dict[str, Any]) -> str:
        owner, arn = inputs[holder.noun], inputs["policyArn"]
        holder.call(account, "attach_{}_policy", owner, PolicyArn=arn)
        return f"{owner}/{arn}"

    def read(account: Account, resource_id: str) -> dict[str, Any] | None:
        owner, _, arn = resource_id.partition("/")
        there = arn in holder.attached(account, owner)
        return {holder.noun: owner, "policyArn": arn} if there else None

    def delete(account: Account, resource_id: str, _state: dict[str, Any]) -> None:
        owner, _, arn = resource_id.partition("/")
        holder.call(account, "detach_{}_policy", owner, PolicyArn=arn)

    return ResourceType(
        pulumi_type=f"aws:iam/{holder.noun}PolicyAttachment:{holder.kind}PolicyAttachment",
        title=f"IAM {holder.kind} Policy Attachment",
        properties={holder.noun: OWNER, "policyArn": OWNER},
        gone=_GONE,
        create=create,
        read=read,
        update=_nothing_to_update,
        delete=delete,
    )


def _exclusive_inline(holder: _Holder) -> ResourceType:
    owner = f"{holder.noun}Name"

    def settle(account: Account, name: str, declared: list[str]) -> None:
        live = set(holder.inline(account, name))
        for policy in sorted(live - set(declared)):
            holder.call(account, "delete_{}_policy", name, PolicyName=policy)
        for policy in sorted(set(declared) - live):
            # Only its own resource knows the document: this asks AWS for its error.
            holder.call(account, "get_{}_policy", name, PolicyName=policy)

    return _exclusive(
        holder,
        f"{holder.kind}PoliciesExclusive",
        {owner: OWNER, "policyNames": _NAMES},
        settle,
        holder.inline,
    )


def _exclusive_attachments(holder: _Holder) -> ResourceType:
    owner = f"{holder.noun}Name"

    def settle(account: Account, name: str, declared: list[str]) -> None:
        live = set(holder.attached(account, name))
        for arn in sorted(set(declared) - live):
            holder.call(account, "attach_{}_policy", name, PolicyArn=arn)
        for arn in sorted(live - set(declared)):
            holder.call(account, "detach_{}_policy", name, PolicyArn=arn)

    return _exclusive(
        holder,
        f"{holder.kind}PolicyAttachmentsExclusive",
        {owner: OWNER, "policyArns": _NAMES},
        settle,
        holder.attached,
    )


def _exclusive(
    holder: _Holder,
    name: str,
    properties: dict[str, Property],
    settle: Callable[[Account, str, list[str]], None],
    live: Callable[[Account, str], list[str]],
) -> ResourceType:
    """A resource that owns one whole list of its role or user.

    Making or changing it puts the live list to the declared one; removing it leaves the list
    alone ("aws_iam_role_policy_attachments_exclusive" and its three siblings).
    """
    owner, listed = properties

    def create(account: Account, inputs: dict[str, Any]) -> str:
        settle(account, inputs[owner], inputs[listed])
        return str(inputs[owner])

    return ResourceType(
        pulumi_type=f"aws:iam/{name[0].lower()}{name[1:]}:{name}",
        title=f"IAM {holder.kind} exclusive {listed}",
        properties=properties,
        gone=_GONE,
        create=create,
        read=lambda account, of: {owner: of, listed: sorted(live(account, of))},
        update=lambda account, of, _old, new: settle(account, of, new[listed]),
        delete=lambda _account, _of, _state: None,
    )


def _nothing_to_update(
    _account: Account, _id: str, _old: dict[str, Any], _new: dict[str, Any]
) -> None:
    """Every property of the type forces a new resource."""


RESOURCE_TYPES = (
    ResourceType(
        pulumi_type="aws:iam/role:Role",
        title="IAM Role",
        properties={
            "arn": OUTPUT,
            "assumeRolePolicy": POLICY,
            "createDate": OUTPUT,
            "description": Property(),
            "forceDetachPolicies": Property(kind=Kind.BOOLEAN, default=False, local=True),
            "maxSessionDuration": Property(kind=Kind.INTEGER, default=3600),
            "name": NAME,
            "path": _PATH,
            "permissionsBoundary": Property(),
            **TAGGED,
            "uniqueId": OUTPUT,
        },
        unsupported=frozenset({"inlinePolicies", "managedPolicyArns", "namePrefix"}),
        gone=_GONE,
        create=_create_role,
        read=_read_role,
        update=_update_role,
        delete=_delete_role,
    ),
    ResourceType(
        pulumi_type="aws:iam/user:User",
        title="IAM User",
        properties={
            "arn": OUTPUT,
            "forceDestroy": Property(kind=Kind.BOOLEAN, default=False, local=True),
            "name": RENAMED,
            "path": Property(default="/"),
            "permissionsBoundary": Property(),
            **TAGGED,
            "uniqueId": OUTPUT,
        },
        gone=_GONE,
        create=_create_user,
        read=_read_user,
        update=_update_user,
        delete=_delete_user,
    ),
    ResourceType(
        pulumi_type="aws:iam/policy:Policy",
        title="IAM Policy",
        properties={
            "arn": OUTPUT,
            "attachmentCount": Property(kind=Kind.INTEGER, output=True),
            "description": Property(replaces=True),
            "name": NAME,
            "path": _PATH,
            "policy": POLICY,
            "policyId": OUTPUT,
            **TAGGED,
        },
        unsupported=frozenset({"delayAfterPolicyCreationInMs", "namePrefix"}),
        gone=_GONE,
        create=_create_policy,
        read=_read_policy,
        update=_update_policy,
        delete=_delete_policy,
    ),
    *(
        describe(holder)
        for holder in (_ROLE, _USER)
        for describe in (_inline_policy, _attachment, _exclusive_inline, _exclusive_attachments)
    ),
)
