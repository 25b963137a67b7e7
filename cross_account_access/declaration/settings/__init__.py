"""The only reader of what a stack or a program declares: raw values in, checked declarations out.

Everything that can be known before the first call to AWS is checked here, and
all problems are told together, before a single resource is registered.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pulumi
from pulumi.runtime.config import (
    CONFIG,
    get_config_env,
    get_config_secret_keys_env,
    is_config_secret,
)

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import Context, Field, Group, Number, Tags, Text
from cross_account_access.declaration.kinds import OWNED, PRINCIPALS, Bucket, WebIdentities
from cross_account_access.declaration.model import (
    Consumer,
    ExistingResource,
    Grant,
    MustExist,
    SharedResource,
)
from cross_account_access.declaration.nearest import did_you_mean
from cross_account_access.declaration.reader import Fields, Problems
from cross_account_access.declaration.settings import (
    between_resources,
    expiry,
    other_accounts,
    secrets,
    sizes,
    tags,
)
from cross_account_access.declaration.settings.consumers import CONSUMERS
from cross_account_access.declaration.settings.grants import GRANTS, check_consumers, check_overlaps
from cross_account_access.declaration.settings.other_accounts import ACCOUNTS
from cross_account_access.declaration.settings.resources import (
    NOTHING_SHARED,
    RESOURCES,
    plural,
    read_resources,
)
from cross_account_access.facts import quotas
from cross_account_access.facts.partitions import partition_of

# None of either is no mistake: the last consumer can be removed as any other.
_GRANTS: Final = Field("grants", GRANTS, None)
_CONSUMERS: Final = Field("consumers", CONSUMERS, None)
_TRUST_POLICY_LIMIT: Final = Field(
    "trust_policy_limit",
    Number(
        "Characters of a role's trust policy: 2048, unless AWS raised this quota of Production.",
        quotas.TRUST_POLICY_CHARACTERS,
        "characters",
    ),
    quotas.TRUST_POLICY_CHARACTERS.start,
)
_TAGS: Final = Field(
    "tags", Tags("Tags for every resource of both accounts, beside project and stack."), {}
)


_UNKNOWN: Final = Account(account_id="", profile="", region="")
_NOTHING_BEFORE: Final = Context({}, Accounts(trusting=_UNKNOWN, trusted=_UNKNOWN))


def _account_fields(side: str, owner: str, region: str) -> tuple[Field, Field, Field]:
    name = side.title()
    return (
        Field(
            f"{side}_account_id",
            Text(f"Account ID of {name}, {owner}: 12 digits, quoted.", rules.account_id),
        ),
        Field(
            f"{side}_profile",
            Text(f"AWS CLI profile that deploys to {name}.", rules.profile),
            f"{name}AccountAdmin",
        ),
        Field(f"{side}_region", Text(region, rules.region)),
    )


_PRODUCTION: Final = _account_fields(
    "production",
    "which owns what is shared and trusts",
    "Region of all that Production shares, as in us-west-2.",
)
_STAGING: Final = _account_fields(
    "staging",
    "whose users and machines are let in",
    "Region of the Staging side, in the same partition as Production's.",
)

SETTINGS: Final = Group(
    "Inputs",
    "What a stack file declares.",
    (
        *(*_PRODUCTION, *_STAGING, ACCOUNTS, *RESOURCES, _CONSUMERS, _GRANTS),
        *(_TRUST_POLICY_LIMIT, _TAGS),
    ),
)
"""All settings of a stack file."""

_OWNED: Final = tuple(map(plural, OWNED))
"""The lists of what the stack makes."""
_PACKAGES: Final = ("aws", "pulumi")
"""Namespaces of others that a stack file of ours has use for."""
_STRUCTURED: Final = {each.name for each in SETTINGS.fields if not isinstance(each.setting, Text)}
"""Those that the engine passes as JSON."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one stack file declares, checked."""

    production: Account
    staging: Account
    resources: tuple[SharedResource, ...]
    consumers: tuple[Consumer, ...]
    grants: tuple[Grant, ...]
    tags: dict[str, str]
    trust_policy_limit: int
    """Characters of a trust policy that the Production account takes."""

    @property
    def accounts(self) -> Accounts:
        """Both accounts."""
        return Accounts(trusting=self.production, trusted=self.staging)

    @property
    def buckets(self) -> list[Bucket]:
        """Those of the resources that are buckets."""
        return [resource for resource in self.resources if isinstance(resource, Bucket)]

    @property
    def lacking(self) -> list[str]:
        """What is missing for anybody to get access to anything, a line for each list."""
        lists = ((_CONSUMERS, self.consumers), (_GRANTS, self.grants))
        return [
            *([] if self.resources else [NOTHING_SHARED]),
            *(
                f"{each.name}: missing; add one, as in {each.name}: [{each.setting.example}]"
                for each, found in lists
                if not found
            ),
        ]

    @property
    def must_exist(self) -> list[MustExist]:
        """What is used and not made."""
        return [
            *(must for each in self.consumers for must in each.principal.must_exist(self.accounts)),
            *(must for each in self.consumers if each.role for must in each.role.must_exist()),
            *(each for item in self.resources for each in item.must_exist(self.production)),
            *between_resources.must_exist(self.resources, self.production),
        ]


def load() -> Settings:
    """The settings of the running stack.

    Raises:
        pulumi.RunError: with every problem, a line each; nothing has been registered yet.
    """
    project = pulumi.get_project()
    raw = {**get_config_env(), **CONFIG.get()}
    own, others = {}, []
    for key, value in raw.items():
        namespace, _, name = key.partition(":")
        if namespace == project:
            own[name] = value
        else:
            others.append((namespace, name))
    where = f"Pulumi.{pulumi.get_stack()}.yaml"
    encrypted = {*get_config_secret_keys_env(), *filter(is_config_secret, raw)}
    secret = [
        secrets.refused(place)
        for name in own
        if f"{project}:{name}" in encrypted
        for place in secrets.places(name, Path(where), project)
    ]
    return check(own, where=where, misplaced=_misplaced(others, project), secret=secret)


def check(
    values: Mapping[str, Any],
    *,
    where: str,
    misplaced: Iterable[str] = (),
    secret: Iterable[str] = (),
) -> Settings:
    """The settings in these values; of access that ends soon it warns.

    Args:
        values: as `parse` takes them.
        where: what they are from, for the one who has to mend them.
        misplaced: a problem for each setting that nothing would read.
        secret: a problem for each setting that is kept from sight.

    Raises:
        pulumi.RunError: with every problem, a line each; where there is a secret, without any that
            would show its value.
    """
    problems = Problems()
    problems += secret
    if problems:
        raise pulumi.RunError(problems.report(where))
    problems += misplaced
    settings = parse(values, problems)
    if problems:
        raise pulumi.RunError(problems.report(where))
    for told in problems.renamed:
        pulumi.log.warn(told)
    for warning in expiry.warnings(settings.consumers, datetime.now(UTC)):
        pulumi.log.warn(warning)
    return settings


def _misplaced(keys: Iterable[tuple[str, str]], project: str) -> Iterator[str]:
    """What stands under a namespace that is most likely the project's, mistyped.

    The engine takes any namespace, since packages have their own.
    """
    names = {each.name for each in SETTINGS.fields}
    for namespace, name in keys:
        if namespace not in _PACKAGES and (name in names or did_you_mean(namespace, [project])):
            yield f"{namespace}:{name}: no such namespace; did you mean {project}:{name}?"


def parse(values: Mapping[str, Any], problems: Problems) -> Settings:
    """Reads the values by the names of the settings.

    Structured settings are mappings, lists and numbers, or their JSON, which is how the engine
    passes them. What it returns is fit for use only when `problems` stayed empty.
    """
    fields = Fields({key: _decoded(key, value) for key, value in values.items()}, problems)
    production = _account(fields, _PRODUCTION)
    staging = _account(fields, _STAGING)
    read: dict[str, Any] = {}
    listed = ACCOUNTS.read(fields, _NOTHING_BEFORE)
    others = tuple(listed.values())
    context = Context(read, Accounts(trusting=production, trusted=staging, others=others))
    read["resources"] = between_resources.connected(read_resources(fields, context))
    read["consumers"] = _CONSUMERS.read(fields, context)
    grants = _GRANTS.read(fields, context)
    settings = Settings(
        production=production,
        staging=staging,
        resources=read["resources"],
        consumers=tuple(read["consumers"]),
        grants=tuple(grant for grant in grants if grant),
        tags=_TAGS.read(fields, context),
        trust_policy_limit=_TRUST_POLICY_LIMIT.read(fields, context),
    )
    fields.done()
    _check_accounts(settings, problems)
    for place, account, broken in other_accounts.problems(listed, production, staging):
        problems.about(place, account, broken)
    _check_names(settings, problems)
    _check_identity_providers(settings, problems)
    for place, value, broken in tags.problems(settings.tags, settings.consumers):
        problems.about(place, value, broken)
    _check_logs(settings.buckets, problems)
    if not any(told.startswith(_OWNED) for told in problems):
        for told in between_resources.problems(settings.resources, settings.consumers, production):
            problems.about(*told)
    check_overlaps(grants, problems)
    if None not in grants:
        check_consumers(settings.consumers, settings.grants, problems)
    _check_sizes(settings, problems)
    return settings


def _decoded(key: str, value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    if key not in _STRUCTURED or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    # Neither JSON, nor what Python reads of it: it has limits for digits and for lists in lists.
    except (ValueError, RecursionError):
        return value


def _account(source: Fields, settings: Sequence[Field]) -> Account:
    """The account whose ID, profile and region these settings are."""
    account_id, profile, region = (each.read(source, _NOTHING_BEFORE) for each in settings)
    return Account(
        account_id=account_id,
        profile=profile,
        region=region,
        partition="" if rules.region(region) else partition_of(region),
    )


def _check_accounts(settings: Settings, problems: Problems) -> None:
    production, staging = settings.production, settings.staging
    if production.account_id and production.account_id == staging.account_id:
        problems.about(
            "staging_account_id",
            staging.account_id,
            "is the Production account too; correct one of both, since access is between two",
        )
    if production.profile == staging.profile:
        problems.about(
            "staging_profile",
            staging.profile,
            "is the Production profile too; name one that signs in to Staging",
        )
    if production.partition and staging.partition and production.partition != staging.partition:
        problems.about(
            "staging_region",
            staging.region,
            f"is in partition {staging.partition}, {production.region} in {production.partition}; "
            "correct one of both: a role can be assumed within one partition only",
        )


def _check_names(settings: Settings, problems: Problems) -> None:
    resources, consumers = settings.resources, settings.consumers
    existing = [item for item in resources if isinstance(item, ExistingResource)]
    former = [consumer.renamed_from or "" for consumer in consumers]
    names: dict[str, list[str]] = {
        **{
            f"{plural(kind)}[{{}}].name": [
                each.name for each in resources if isinstance(each, kind)
            ]
            for kind in OWNED
        },
        "resources[{}].name": [item.name for item in existing],
        "resources[{}].arn": [item.existing_arn for item in existing],
        "consumers[{}].name": [consumer.name for consumer in consumers],
    }
    of_iam: dict[str, list[str]] = {
        "role.name": [item.role.name if item.role else "" for item in consumers],
        # An inline policy has its name within its role.
        "role.policy_name": [
            item.role.policy_name if item.role and not item.role.inline_policy else ""
            for item in consumers
        ],
    }
    for setting in dict.fromkeys(name for kind in PRINCIPALS for name in kind.unique_names):
        # The same kind of name, whichever kind of consumer has it.
        of_iam[f"{{kind}}.{setting}"] = [
            names_of[setting](item.principal)
            if setting in (names_of := item.principal.unique_names)
            else ""
            for item in consumers
        ]
    # IAM compares names without regard to case: "IAM and AWS STS quotas",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
    for setting, found in of_iam.items():
        names["consumers[{}]." + setting] = [name.lower() for name in found]
    names["consumers[{}].renamed_from"] = former
    for place, found in names.items():
        seen: set[str] = set()
        for index, name in enumerate(found):
            if name and name in seen:
                kind = consumers[index].principal.kind if "{kind}" in place else ""
                told = place.format(index, kind=kind)
                problems.about(told, name, "is there already; write another one")
            seen.add(name)
    for index, name in enumerate(former):
        if name and name in [consumer.name for consumer in consumers]:
            problems.about(
                f"consumers[{index}].renamed_from",
                name,
                "is still the name of a consumer, whose resources these are; remove one of both",
            )


def _check_logs(buckets: Sequence[Bucket], problems: Problems) -> None:
    """No bucket of the stack lets S3 deliver logs, least of all its own.

    Source: "Enabling Amazon S3 server access logging",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html.
    """
    names = {bucket.name for bucket in buckets}
    for index, bucket in enumerate(buckets):
        log = bucket.access_log
        if log and log.bucket in names:
            what = "the bucket itself" if log.bucket == bucket.name else "a bucket of the stack"
            problems.about(
                f"buckets[{index}].access_log.bucket",
                log.bucket,
                f"is {what}, whose policy does not let S3 deliver logs; name a bucket that exists "
                "and does",
            )


def _check_identity_providers(settings: Settings, problems: Problems) -> None:
    existing: dict[str, bool] = {}
    for index, item in enumerate(settings.consumers):
        identities = item.principal
        if isinstance(identities, WebIdentities):
            first = existing.setdefault(identities.issuer, identities.existing)
            if first is not identities.existing:
                problems.about(
                    f"consumers[{index}].oidc.existing",
                    identities.existing,
                    "contradicts another consumer of the same issuer, and an account has one "
                    "identity provider for each; say the same in both",
                )


def _check_sizes(settings: Settings, problems: Problems) -> None:
    accounts = settings.accounts
    for index, item in enumerate(settings.consumers):
        place = f"consumers[{index}]"
        if not problems.has_any_of(place):
            for problem in sizes.consumer_problems(
                item, settings.consumers, settings.grants, accounts, settings.trust_policy_limit
            ):
                problems.about(f"{place}.name", item.name, problem)
    for kind in OWNED:
        of_kind = (item for item in settings.resources if isinstance(item, kind))
        for index, resource in enumerate(of_kind):
            if resource.existing:
                continue
            for problem in sizes.resource_problems(resource, settings.grants, accounts):
                problems.about(f"{plural(kind)}[{index}].name", resource.name, problem)
