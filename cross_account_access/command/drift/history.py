"""Who made a change, from CloudTrail's event history.

The history has the management events of 90 days, those of IAM in one region of each partition, a
few minutes after they happened ("Working with CloudTrail event history",
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cross_account_access.aws import CLIENT_CONFIG
from cross_account_access.command.drift.findings import Event, Finding

_IAM_REGIONS: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
_MOST: Final = 50
"""Names of events that are looked up; CloudTrail answers two questions a second ("LookupEvents",
AWS CloudTrail API reference,
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html)."""


def with_history(
    findings: Iterable[Finding], sessions: Mapping[str, boto3.Session]
) -> tuple[list[Finding], list[str]]:
    """Add to each finding the newest event that made such a change.

    Args:
        findings: of both accounts.
        sessions: by account ID.

    Returns:
        The findings, and a sentence for each account whose history could not be read.
    """
    histories: dict[tuple[str, str], _History] = {}
    told = []
    for finding in findings:
        account = finding.account
        is_iam = finding.name.startswith("aws:iam/")
        region = _IAM_REGIONS.get(account.partition) if is_iam else account.region
        key = (account.id, region or "")
        if key not in histories:
            histories[key] = _History(account.label, sessions[account.id], region)
        told.append(replace(finding, made_by=histories[key].newest(finding)))
    whys = (history.why for history in histories.values())
    return told, list(dict.fromkeys(why for why in whys if why))


class _History:
    """The event history of one account in one region."""

    def __init__(self, label: str, session: boto3.Session, region: str | None) -> None:
        self._label = label
        self._client: Any = session.client("cloudtrail", region_name=region, config=CLIENT_CONFIG)
        self._known: dict[str, list[Mapping[str, Any]]] = {}
        self.why: str | None = None
        """Why it cannot be read."""

    def newest(self, finding: Finding) -> Event | None:
        """Return the newest event of those that make such a change, about such a subject."""
        events = [
            event
            for name in finding.events
            for event in self._events(name)
            if _is_about(event, finding.names)
        ]
        if not events:
            return None
        event = max(events, key=lambda each: each["EventTime"])
        return Event(
            name=event["EventName"],
            who=event.get("Username") or "somebody",
            when=f"{event['EventTime']:%Y-%m-%d %H:%M} UTC",
        )

    def _events(self, name: str) -> list[Mapping[str, Any]]:
        """Return the newest events of a name; by resource, reading would crowd out writing."""
        if self.why is None and name not in self._known and len(self._known) < _MOST:
            asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
            try:
                answer = self._client.lookup_events(LookupAttributes=asked)
            except (BotoCoreError, ClientError) as error:
                told = " ".join(str(error).split())
                self.why = f"{self._label}: who made the changes is not known ({told})"
                return []
            self._known[name] = answer["Events"]
        return self._known.get(name, [])


def _is_about(event: Mapping[str, Any], names: Iterable[str]) -> bool:
    resources = {each.get("ResourceName") for each in event.get("Resources") or ()}
    text = event.get("CloudTrailEvent", "")
    return any(name in resources or f'"{name}"' in text for name in names)
