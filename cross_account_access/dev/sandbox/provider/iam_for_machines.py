"""IAM instance profiles and identity providers: how a machine comes to a role without keys."""

from typing import Any

from cross_account_access.dev.sandbox.provider.aws import Account
from cross_account_access.dev.sandbox.provider.calls import (
    after_making,
    given,
    retag,
    tag_list,
    tag_map,
    tagged,
)
from cross_account_access.dev.sandbox.provider.schema import (
    NAME,
    OUTPUT,
    TAGGED,
    Kind,
    Property,
    ResourceType,
)

_GONE = frozenset({"NoSuchEntity"})


# Instance profiles


def _create_instance_profile(account: Account, inputs: dict[str, Any]) -> str:
    profile = {"InstanceProfileName": str(inputs["name"])}
    account.iam.create_instance_profile(
        **profile, Tags=tag_list(inputs.get("tags", {})), **given(inputs, Path="path")
    )
    with after_making(profile["InstanceProfileName"]):
        if inputs.get("role"):
            account.iam.add_role_to_instance_profile(**profile, RoleName=inputs["role"])
    return profile["InstanceProfileName"]


def _read_instance_profile(account: Account, name: str) -> dict[str, Any]:
    profile = account.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    tags = tag_map(profile.get("Tags", []))
    return {
        "arn": profile["Arn"],
        "createDate": profile["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": profile["InstanceProfileName"],
        "path": profile["Path"],
        "role": _role(profile),
        **tagged(tags),
        "uniqueId": profile["InstanceProfileId"],
    }


def _role(profile: dict[str, Any]) -> str | None:
    # A list in the API, of at most one ("IAM and AWS STS quotas",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
    return next((str(role["RoleName"]) for role in profile["Roles"]), None)


def _update_instance_profile(
    account: Account, name: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    iam, profile = account.iam, {"InstanceProfileName": name}
    if old.get("role") != new.get("role"):
        _remove_role(account, name)
        if new.get("role"):
            iam.add_role_to_instance_profile(**profile, RoleName=new["role"])
    retag(iam.tag_instance_profile, iam.untag_instance_profile, profile, old, new)


def _delete_instance_profile(account: Account, name: str, _state: dict[str, Any]) -> None:
    _remove_role(account, name)
    account.iam.delete_instance_profile(InstanceProfileName=name)


def _remove_role(account: Account, name: str) -> None:
    profile = account.iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    if role := _role(profile):
        account.iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)


# Identity providers of OpenID Connect


def _without_scheme(url: str) -> str:
    """The URL as IAM tells it, whatever it was given."""
    return url.removeprefix("https://")


def _create_identity_provider(account: Account, inputs: dict[str, Any]) -> str:
    made = account.iam.create_open_id_connect_provider(
        Url=inputs["url"],
        ClientIDList=inputs["clientIdLists"],
        Tags=tag_list(inputs.get("tags", {})),
        **given(inputs, ThumbprintList="thumbprintLists"),
    )
    return str(made["OpenIDConnectProviderArn"])


def _read_identity_provider(account: Account, arn: str) -> dict[str, Any]:
    found = account.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    tags = tag_map(found.get("Tags", []))
    return {
        "arn": arn,
        "clientIdLists": found["ClientIDList"],
        **tagged(tags),
        "thumbprintLists": found["ThumbprintList"],
        "url": _without_scheme(found["Url"]),
    }


def _update_identity_provider(
    account: Account, arn: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    iam, provider = account.iam, {"OpenIDConnectProviderArn": arn}
    thumbprints = new.get("thumbprintLists")
    # IAM takes no empty list here: the last thumbprints stay.
    if thumbprints and old.get("thumbprintLists") != thumbprints:
        iam.update_open_id_connect_provider_thumbprint(**provider, ThumbprintList=thumbprints)
    before, after = set(old["clientIdLists"]), set(new["clientIdLists"])
    for client in sorted(after - before):
        iam.add_client_id_to_open_id_connect_provider(**provider, ClientID=client)
    for client in sorted(before - after):
        iam.remove_client_id_from_open_id_connect_provider(**provider, ClientID=client)
    retag(iam.tag_open_id_connect_provider, iam.untag_open_id_connect_provider, provider, old, new)


def _delete_identity_provider(account: Account, arn: str, _state: dict[str, Any]) -> None:
    account.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


RESOURCE_TYPES = (
    ResourceType(
        pulumi_type="aws:iam/instanceProfile:InstanceProfile",
        title="IAM Instance Profile",
        properties={
            "arn": OUTPUT,
            "createDate": OUTPUT,
            "name": NAME,
            "path": Property(default="/", replaces=True),
            "role": Property(),
            **TAGGED,
            "uniqueId": OUTPUT,
        },
        unsupported=frozenset({"namePrefix"}),
        gone=_GONE,
        create=_create_instance_profile,
        read=_read_instance_profile,
        update=_update_instance_profile,
        delete=_delete_instance_profile,
    ),
    ResourceType(
        pulumi_type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        title="IAM OIDC Provider",
        properties={
            "arn": OUTPUT,
            "clientIdLists": Property(kind=Kind.SET, required=True),
            **TAGGED,
            "thumbprintLists": Property(kind=Kind.SET, computed=True),
            "url": Property(required=True, replaces=True, meaning=_without_scheme),
        },
        gone=_GONE,
        create=_create_identity_provider,
        read=_read_identity_provider,
        update=_update_identity_provider,
        delete=_delete_identity_provider,
    ),
)
