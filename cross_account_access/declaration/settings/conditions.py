"""Reads the conditions of one consumer, and knows which of them its kind can meet."""

from collections.abc import Iterator
from typing import Final

from cross_account_access.declaration.model import (
    Conditions,
    Principals,
    SessionTags,
    SourceIdentity,
    ThirdParty,
    WebIdentities,
    Who,
)
from cross_account_access.declaration.settings import rules
from cross_account_access.declaration.settings.reader import Fields

TAG_LIMIT: Final = 40
_EXTERNAL_ID_EXAMPLE: Final = "{external_id: what-the-third-party-gave-you}"
_CLAIMS_ONLY: Final = "cannot be met by a token, which has claims of its own; remove it"


def read_conditions(fields: Fields, who: Who | None) -> Conditions:
    """The `conditions` of the consumer whose fields these are."""
    needs_external_id = isinstance(who, ThirdParty)
    inside = (
        fields.mapping("conditions", _EXTERNAL_ID_EXAMPLE)
        if needs_external_id
        else fields.optional_mapping("conditions", _EXTERNAL_ID_EXAMPLE)
    )
    if inside is None:
        return Conditions()
    mfa = inside.optional_mapping("mfa", "{max_age: 3600}")
    identity = inside.optional_mapping("source_identity", "{values: [Alice, Bob]}")
    tags = inside.optional_mapping("session_tags", "{tags: {team: data}}")
    read = Conditions(
        external_id=(
            inside.text("external_id", rules.external_id)
            if needs_external_id
            else inside.optional_text("external_id", rules.external_id)
        ),
        mfa_max_age=_mfa_max_age(mfa) if mfa else None,
        source_ips=inside.optional_texts("source_ips", rules.ip_range, "[203.0.113.0/24]"),
        vpc_endpoints=inside.optional_texts(
            "vpc_endpoints", rules.vpc_endpoint, "[vpce-0123456789abcdef0]"
        ),
        source_identity=_source_identity(identity) if identity else None,
        session_tags=_session_tags(tags) if tags else None,
        expires_at=_expiry(inside),
    )
    if read.source_ips and read.vpc_endpoints:
        inside.refuse(
            "vpc_endpoints",
            "cannot go with source_ips: a request through an endpoint has no public address; "
            "keep one of the two",
        )
    for name, reason in _refused(who):
        if inside.has(name):
            inside.refuse(name, reason)
    inside.done()
    return read


def _refused(who: Who | None) -> Iterator[tuple[str, str]]:
    """The conditions that this kind can never meet, and why."""
    if who and who.is_machine:
        yield "mfa", f"cannot be met by a machine ({who.kind}): nobody types a code; remove it"
    if isinstance(who, Principals) and who.chains:
        yield (
            "mfa",
            "cannot be met by a role, whose credentials say nothing of MFA; remove it, or let in "
            "users only",
        )
    if isinstance(who, WebIdentities):
        for name in ("external_id", "source_identity", "session_tags"):
            yield name, _CLAIMS_ONLY


def _mfa_max_age(fields: Fields) -> int:
    seconds = fields.number("max_age", rules.MFA_SECONDS, "seconds", 3600)
    fields.done()
    return seconds


def _source_identity(fields: Fields) -> SourceIdentity:
    identity = SourceIdentity(
        required=fields.flag("required", default=True),
        values=fields.optional_texts("values", rules.source_identity, "[Alice, Bob]"),
    )
    fields.done()
    return identity


def _session_tags(fields: Fields) -> SessionTags:
    tags = SessionTags(
        required=fields.flag("required", default=True),
        tags=fields.tags("tags", rules.tag_key, rules.tag_value, TAG_LIMIT),
    )
    if not tags.tags:
        fields.refuse("tags", "names no tag; add one, as in {team: data}")
    fields.done()
    return tags


def _expiry(fields: Fields) -> str | None:
    text = fields.optional_text("expires_at", rules.moment)
    return rules.utc(text) if text and rules.moment(text) is None else None
