"""The conditions of a consumer as circumstances: all of them met, or one of them not."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Final

from cross_account_access.command.verification.patterns import instance_of, sibling_of
from cross_account_access.command.verification.rows import Circumstances
from cross_account_access.credentials.contract import Consumer

_WRONG: Final = "access-verify-wrong"
_ADDRESSES: Final = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
"""Addresses that are nobody's (RFC 5737); no consumer can be confined to all of them."""


def all_met(consumer: Consumer) -> Circumstances:
    """All that the consumer's conditions ask for."""
    identities = consumer.source_identities or ("access-verify",)
    return Circumstances(
        external_id=consumer.external_id,
        source_identity=identities[0] if consumer.source_identity_required else None,
        session_tags=consumer.session_tags,
        mfa_age=1 if consumer.mfa else None,
        source_ip=next((str(ip_network(each)[0]) for each in consumer.source_ips), None),
        vpc_endpoint=next(iter(consumer.vpc_endpoints), None),
        claims={key: instance_of(values[0]) for key, values in consumer.claims.items()},
    )


def misstated(consumer: Consumer, met: Circumstances) -> Iterator[tuple[str, Circumstances]]:
    """Each condition that a caller meets by what it states, not met."""
    if consumer.external_id:
        yield "without its external ID", replace(met, external_id=None)
        yield "with a wrong external ID", replace(met, external_id=_WRONG)
    if consumer.mfa:
        yield "without MFA", replace(met, mfa_age=None)
    if consumer.source_identity_required:
        yield "without a source identity", replace(met, source_identity=None)
    if consumer.source_identities:
        yield "with a wrong source identity", replace(met, source_identity=_WRONG)
    tags = consumer.session_tags
    if tags:
        yield "without session tags", replace(met, session_tags=dict.fromkeys(tags))
        yield "with a further session tag", replace(met, session_tags={**tags, _WRONG: "x"})
    for key in tags:
        if len(tags) > 1:
            yield f"without session tag {key}", replace(met, session_tags={**tags, key: None})
        wrong = replace(met, session_tags={**tags, key: _WRONG})
        yield f"with a wrong session tag {key}", wrong


def other_place_or_time(
    consumer: Consumer, met: Circumstances, *, through_endpoints: bool = False
) -> Iterator[tuple[str, Circumstances]]:
    """Each condition on where and when a request is made, not met."""
    if consumer.source_ips:
        ranges = [ip_network(each) for each in consumer.source_ips]
        outside = (
            each for each in _ADDRESSES if not any(ip_address(each) in net for net in ranges)
        )
        yield from ((f"from {each}", replace(met, source_ip=each)) for each in list(outside)[:1])
    if consumer.vpc_endpoints and through_endpoints:
        yield "through no VPC endpoint", replace(met, vpc_endpoint=None)
        yield "through another VPC endpoint", replace(met, vpc_endpoint="vpce-access-verify")
    end = end_of(consumer)
    if end is not None:
        yield f"after {consumer.expires_at}", replace(met, moment=end)


def not_at_will(consumer: Consumer, met: Circumstances) -> Iterator[tuple[str, Circumstances]]:
    """Each condition that nobody meets at will, not met."""
    yield from mfa_too_old(consumer, met)
    for key, values in consumer.claims.items():
        # ForAllValues and IfExists are content with a request that has no such key ("Set operators
        # for multivalued context keys",
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html).
        yield f"without {key}", replace(met, claims={**met.claims, key: None})
        for value in values:
            if near := sibling_of(value, values):
                yield f"with {key} {near}", replace(met, claims={**met.claims, key: near})


def mfa_too_old(consumer: Consumer, met: Circumstances) -> Iterator[tuple[str, Circumstances]]:
    """MFA that is too old."""
    if consumer.mfa and consumer.mfa_max_age is not None:
        age = consumer.mfa_max_age + 1
        yield f"with MFA of {age} seconds ago", replace(met, mfa_age=age)


def end_of(consumer: Consumer) -> datetime | None:
    """When the access ends; None for never."""
    if consumer.expires_at is None:
        return None
    end = datetime.fromisoformat(consumer.expires_at)
    return end if end.tzinfo else end.replace(tzinfo=UTC)
