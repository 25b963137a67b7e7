"""The only reader of the stack's configuration: raw values in, checked declarations out.

Everything that can be known before the first call to AWS is checked here, and
all problems are told together, before a single resource is registered.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from model import (
    AccessLog,
    Account,
    Accounts,
    Bucket,
    Consumer,
    Grant,
    Instances,
    User,
    WebIdentities,
)
from settings import expiry, rules, sizes
from settings.conditions import TAG_LIMIT
from settings.consumers import read_consumer
from settings.grants import check_overlaps, read_grant
from settings.nearest import did_you_mean
from settings.reader import Fields, Problems

_STRUCTURED: Final = ("buckets", "consumers", "grants", "tags", "trust_policy_limit")
_BUCKET_EXAMPLE: Final = "{name: my-bucket}"
_CONSUMER_EXAMPLE: Final = "{name: stage-admin, user: {name: StageAdmin}, role: {name: StageRole}}"
_GRANT_EXAMPLE: Final = "{consumer: stage-admin, bucket: my-bucket, levels: [list, read]}"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one stack file declares, checked."""

    production: Account
    staging: Account
    buckets: tuple[Bucket, ...]
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
    def adopted_users(self) -> list[User]:
        """The users that must exist already."""
        users = [consumer.who for consumer in self.consumers if isinstance(consumer.who, User)]
        return [user for user in users if user.adopt]


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
    problems = Problems()
    settings = parse(own, problems)
    if problems:
        where = f"Pulumi.{pulumi.get_stack()}.yaml"
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        told = "\n".join(f"  {problem}" for problem in problems)
        message = f"{count} in {where}; nothing was changed:\n{told}"
        raise pulumi.RunError(message)
    for warning in expiry.warnings(settings.consumers, datetime.now(UTC)):
        pulumi.log.warn(warning)
    return settings


def parse(values: Mapping[str, str], problems: Problems) -> Settings:
    """Reads the values as the engine passes them: text, structured settings as JSON.

    What it returns is fit for use only when `problems` stayed empty.
    """
    fields = Fields({key: _decoded(key, value) for key, value in values.items()}, problems)
    production = _account(fields, "production")
    staging = _account(fields, "staging")
    accounts = Accounts(trusting=production, trusted=staging)
    settings = Settings(
        production=production,
        staging=staging,
        buckets=tuple(map(_bucket, fields.mappings("buckets", _BUCKET_EXAMPLE))),
        consumers=tuple(
            read_consumer(item, accounts)
            for item in fields.mappings("consumers", _CONSUMER_EXAMPLE)
        ),
        grants=tuple(map(read_grant, fields.mappings("grants", _GRANT_EXAMPLE))),
        tags=fields.tags("tags", rules.tag_key, rules.tag_value, TAG_LIMIT),
        trust_policy_limit=fields.number(
            "trust_policy_limit", rules.TRUST_POLICY_CHARACTERS, "characters", 2048
        ),
    )
    fields.done()
    _check_accounts(settings, problems)
    _check_names(settings, problems)
    _check_identity_providers(settings, problems)
    _check_grants(settings, problems)
    _check_sizes(settings, problems)
    return settings


def _decoded(key: str, value: str) -> Any:  # noqa: ANN401 - JSON is anything
    if key not in _STRUCTURED:
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


def _bucket(fields: Fields) -> Bucket:
    log = fields.optional_mapping("access_log", "{bucket: my-logs, prefix: my-bucket/}")
    bucket = Bucket(
        name=fields.text("name", rules.bucket_name),
        protect=fields.flag("protect", default=True),
        staging_may_list=fields.flag("staging_may_list", default=False),
        noncurrent_days=fields.number("noncurrent_days", rules.NONCURRENT_DAYS, "days", 90),
        access_log=_access_log(log) if log else None,
    )
    fields.done()
    return bucket


def _access_log(fields: Fields) -> AccessLog:
    log = AccessLog(
        bucket=fields.text("bucket", rules.bucket_name),
        prefix=fields.text("prefix", rules.log_prefix, ""),
    )
    fields.done()
    return log


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
    _check_unique("buckets[{}].name", [bucket.name for bucket in settings.buckets], problems)
    _check_unique("consumers[{}].name", [consumer.name for consumer in consumers], problems)
    users = [item.who.name if isinstance(item.who, User) else "" for item in consumers]
    instances = [item.who if isinstance(item.who, Instances) else None for item in consumers]
    # IAM compares names without regard to case ("IAM and AWS STS quotas").
    for field, names in (
        ("user.name", users),
        ("ec2.role.name", [item.role.name if item else "" for item in instances]),
        ("ec2.instance_profile", [item.instance_profile if item else "" for item in instances]),
        ("role.name", [consumer.role.name for consumer in consumers]),
        ("role.policy_name", [consumer.role.policy_name for consumer in consumers]),
    ):
        _check_unique(f"consumers[{{}}].{field}", [name.lower() for name in names], problems)


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


def _check_grants(settings: Settings, problems: Problems) -> None:
    consumers = [consumer.name for consumer in settings.consumers]
    buckets = [bucket.name for bucket in settings.buckets]
    for index, grant in enumerate(settings.grants):
        _check_known(f"grants[{index}].consumer", grant.consumer, consumers, "consumers", problems)
        _check_known(f"grants[{index}].bucket", grant.bucket, buckets, "buckets", problems)
    check_overlaps(settings.grants, problems)
    granted = {grant.consumer for grant in settings.grants}
    for index, consumer in enumerate(consumers):
        if consumer and consumer not in granted:
            problems.about(
                f"consumers[{index}].name",
                consumer,
                "has no grant, so its role could do nothing; add one under grants or remove it",
            )


def _check_known(
    place: str, name: str, known: Iterable[str], where: str, problems: Problems
) -> None:
    known = list(known)
    if name and name not in known:
        hint = did_you_mean(name, known)
        problems.about(place, name, f"is not the name of anything under {where}{hint}")


def _check_sizes(settings: Settings, problems: Problems) -> None:
    accounts = settings.accounts
    for index, item in enumerate(settings.consumers):
        place = f"consumers[{index}]"
        if not problems.has_any_of(place):
            for problem in sizes.consumer_problems(
                item, settings.grants, accounts, settings.trust_policy_limit
            ):
                problems.about(f"{place}.name", item.name, problem)
    for index, bucket in enumerate(settings.buckets):
        if too_large := sizes.bucket_problem(bucket, accounts):
            problems.about(f"buckets[{index}].name", bucket.name, too_large)
