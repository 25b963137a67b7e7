"""The only reader of what a stack or a program declares: raw values in, checked declarations out.

Everything that can be known before the first call to AWS is checked here, and
all problems are told together, before a single resource is registered.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from cross_account_access.declaration.model import (
    Account,
    Accounts,
    Bucket,
    Consumer,
    Grant,
    Instances,
    Resource,
    User,
    WebIdentities,
)
from cross_account_access.declaration.settings import expiry, rules, sizes
from cross_account_access.declaration.settings.conditions import TAG_LIMIT
from cross_account_access.declaration.settings.consumers import read_consumer
from cross_account_access.declaration.settings.grants import (
    check_consumers,
    check_overlaps,
    read_grant,
)
from cross_account_access.declaration.settings.reader import Fields, Problems
from cross_account_access.declaration.settings.resources import KINDS, plural, read_resources

_STRUCTURED: Final = (
    *map(plural, KINDS),
    *("consumers", "grants", "tags", "trust_policy_limit"),
)
_CONSUMER_EXAMPLE: Final = "{name: stage-admin, user: {name: StageAdmin}, role: {name: StageRole}}"
_GRANT_EXAMPLE: Final = "{consumer: stage-admin, bucket: my-bucket, levels: [list, read]}"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one stack file declares, checked."""

    production: Account
    staging: Account
    resources: tuple[Resource, ...]
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
    def adopted_users(self) -> list[User]:
        """The users that must exist already."""
        users = [consumer.who for consumer in self.consumers if isinstance(consumer.who, User)]
        return [user for user in users if user.adopt]

    @property
    def federated(self) -> list[WebIdentities]:
        """Those whose identity provider must exist already."""
        kinds = [consumer.who for consumer in self.consumers]
        return [who for who in kinds if isinstance(who, WebIdentities) and not who.create_provider]


def load() -> Settings:
    """The settings of the running stack.

    Raises:
        pulumi.RunError: with every problem, a line each; nothing has been registered yet.
    """
    project = pulumi.get_project()
    raw = {**get_config_env(), **CONFIG.get()}
    own = {
        key.removeprefix(f"{project}:"): value
        for key, value in raw.items()
        if key.startswith(f"{project}:")
    }
    return check(own, where=f"Pulumi.{pulumi.get_stack()}.yaml")


def check(values: Mapping[str, Any], *, where: str) -> Settings:
    """The settings in these values; of access that ends soon it warns.

    Args:
        values: as `parse` takes them.
        where: what they are from, for the one who has to mend them.

    Raises:
        pulumi.RunError: with every problem, a line each.
    """
    problems = Problems()
    settings = parse(values, problems)
    if problems:
        raise pulumi.RunError(problems.report(where))
    for warning in expiry.warnings(settings.consumers, datetime.now(UTC)):
        pulumi.log.warn(warning)
    return settings


def parse(values: Mapping[str, Any], problems: Problems) -> Settings:
    """Reads the values by the names of the settings.

    Structured settings are mappings, lists and numbers, or their JSON, which is how the engine
    passes them. What it returns is fit for use only when `problems` stayed empty.
    """
    fields = Fields({key: _decoded(key, value) for key, value in values.items()}, problems)
    production = _account(fields, "production")
    staging = _account(fields, "staging")
    accounts = Accounts(trusting=production, trusted=staging)
    resources = read_resources(fields)
    consumers = tuple(
        read_consumer(item, accounts) for item in fields.mappings("consumers", _CONSUMER_EXAMPLE)
    )
    grants = [
        read_grant(item, consumers, resources, accounts)
        for item in fields.mappings("grants", _GRANT_EXAMPLE)
    ]
    settings = Settings(
        production=production,
        staging=staging,
        resources=resources,
        consumers=consumers,
        grants=tuple(grant for grant in grants if grant),
        tags=fields.tags("tags", rules.tag_key, rules.tag_value, TAG_LIMIT),
        trust_policy_limit=fields.number(
            "trust_policy_limit", rules.TRUST_POLICY_CHARACTERS, "characters", 2048
        ),
    )
    fields.done()
    _check_accounts(settings, problems)
    _check_names(settings, problems)
    _check_identity_providers(settings, problems)
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
    except json.JSONDecodeError:
        return value


def _account(fields: Fields, side: str) -> Account:
    account_id = fields.text(f"{side}_account_id", rules.account_id)
    profile = fields.text(f"{side}_profile", rules.profile, f"{side.title()}AccountAdmin")
    region = fields.text(f"{side}_region", rules.region)
    return Account(
        account_id=account_id,
        profile=profile,
        region=region,
        partition="" if rules.region(region) else rules.partition_of(region),
    )


def _check_accounts(settings: Settings, problems: Problems) -> None:
    production, staging = settings.production, settings.staging
    if production.account_id and production.account_id == staging.account_id:
        problems.about(
            "staging_account_id",
            staging.account_id,
            "is the Production account too; cross-account access needs two accounts",
        )
    if production.profile == staging.profile:
        problems.about(
            "staging_profile",
            staging.profile,
            "is the Production profile too; each account needs its own",
        )
    if production.partition and staging.partition and production.partition != staging.partition:
        problems.about(
            "staging_region",
            staging.region,
            f"is in partition {staging.partition}, {production.region} in {production.partition}; "
            "a role can be assumed within one partition only",
        )


def _check_names(settings: Settings, problems: Problems) -> None:
    consumers = settings.consumers
    for kind in KINDS:
        names = [item.name for item in settings.resources if isinstance(item, kind)]
        _check_unique(f"{plural(kind)}[{{}}].name", names, problems)
    _check_unique("consumers[{}].name", [consumer.name for consumer in consumers], problems)
    users = [item.who.name if isinstance(item.who, User) else "" for item in consumers]
    instances = [item.who if isinstance(item.who, Instances) else None for item in consumers]
    # IAM compares names without regard to case ("IAM and AWS STS quotas").
    for field, names in (
        ("user.name", users),
        ("ec2.role.name", [item.role.name if item else "" for item in instances]),
        ("ec2.instance_profile", [item.instance_profile if item else "" for item in instances]),
        ("role.name", [item.role.name if item.role else "" for item in consumers]),
        (
            "role.policy_name",
            # An inline policy has its name within its role.
            [
                item.role.policy_name if item.role and not item.role.inline_policy else ""
                for item in consumers
            ],
        ),
    ):
        _check_unique(f"consumers[{{}}].{field}", [name.lower() for name in names], problems)
    former = [consumer.renamed_from or "" for consumer in consumers]
    _check_unique("consumers[{}].renamed_from", former, problems)
    for index, name in enumerate(former):
        if name and name in [consumer.name for consumer in consumers]:
            problems.about(
                f"consumers[{index}].renamed_from",
                name,
                "is still the name of a consumer, whose resources these are; remove one of both",
            )


def _check_unique(place: str, names: list[str], problems: Problems) -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name and name in seen:
            problems.about(place.format(index), name, "is there already; each must differ")
        seen.add(name)


def _check_identity_providers(settings: Settings, problems: Problems) -> None:
    creates: dict[str, bool] = {}
    for index, item in enumerate(settings.consumers):
        if isinstance(item.who, WebIdentities):
            first = creates.setdefault(item.who.issuer, item.who.create_provider)
            if first is not item.who.create_provider:
                problems.about(
                    f"consumers[{index}].oidc.provider",
                    "create" if item.who.create_provider else "existing",
                    "contradicts another consumer of the same issuer, and an account has one "
                    "provider for each; say the same in both",
                )


def _check_sizes(settings: Settings, problems: Problems) -> None:
    accounts = settings.accounts
    for index, item in enumerate(settings.consumers):
        place = f"consumers[{index}]"
        if not problems.has_any_of(place):
            for problem in sizes.consumer_problems(
                item,
                settings.consumers,
                settings.grants,
                accounts,
                settings.trust_policy_limit,
            ):
                problems.about(f"{place}.name", item.name, problem)
    for kind in KINDS:
        of_kind = (item for item in settings.resources if isinstance(item, kind))
        for index, resource in enumerate(of_kind):
            for problem in sizes.resource_problems(resource, settings.grants, accounts):
                problems.about(f"{plural(kind)}[{index}].name", resource.name, problem)
