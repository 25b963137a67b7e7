"""How long `access prove` takes, by the number of grants.

Each grant is of a bucket, a user and a role of its own, with an external ID, a source range and an
end, below a prefix. The documents say the range in other words than the declaration, so that
answers have to be compared one by one.
"""

import json
import sys
import time
from itertools import pairwise
from typing import Final

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.proof.expected import expected
from cross_account_access.command.proof.proving import prove
from cross_account_access.credentials.contract import Consumer, Contract, Grant
from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import IdentityDocuments, RoleDocuments
from cross_account_access.stack import StackAccount

_PRODUCTION: Final = "111122223333"
_STAGING: Final = "444455556666"
_REGION: Final = "us-west-2"
_RANGE: Final = "203.0.113.0/24"
_HALVES: Final = ["203.0.113.0/25", "203.0.113.128/25"]
_GOALS: Final = {10: 1.0, 100: 5.0, 300: 20.0}
"""Seconds of processor time, by number of grants."""


def contract(grants: int) -> Contract:
    """Return what a stack of so many grants declares."""
    consumers = {
        f"reader-{number}": Consumer(
            name=f"reader-{number}",
            kind="user",
            sign_in="profile",
            is_one_principal=True,
            home_account=_STAGING,
            chains=False,
            is_machine=False,
            role_arn=f"arn:aws:iam::{_PRODUCTION}:role/Reader{number}Access",
            principal_arns=(f"arn:aws:iam::{_STAGING}:user/Reader{number}",),
            external_id=f"reader-{number}",
            source_ips=(_RANGE,),
            expires_at="2099-12-31T00:00:00Z",
            grants=(
                Grant(
                    resource_arn=f"arn:aws:s3:::production-{number}",
                    levels=("list", "read", "write"),
                    prefixes=(f"reports-{number}/",),
                ),
            ),
        )
        for number in range(grants)
    }
    return Contract(
        production_account_id=_PRODUCTION,
        production_region=_REGION,
        staging_account_id=_STAGING,
        bucket_arns={
            f"production-{number}": f"arn:aws:s3:::production-{number}" for number in range(grants)
        },
        topic_arns={},
        queue_arns={},
        kms_key_arns={},
        consumers=consumers,
    )


def documents(declared: Contract) -> StackInventory:
    """Return documents that say it, with each range of addresses in two halves."""
    accounts = tuple(
        StackAccount(id=number, label=label, profile=None, region=_REGION)
        for label, number in (("production", _PRODUCTION), ("staging", _STAGING))
    )
    found = expected(declared, accounts)
    users: dict[str, IdentityDocuments] = {
        arn: {"policies": _in_halves(user)} for arn, user in found.users.items()
    }
    roles: dict[str, RoleDocuments] = {
        arn: {"trust": _halved(role["trust"]), "policies": _in_halves(role)}
        for arn, role in found.roles.items()
    }
    return StackInventory(accounts=accounts, users=users, roles=roles, resources=found.resources)


def _in_halves(identity: IdentityDocuments) -> dict[str, Document]:
    return {name: _halved(document) for name, document in identity.get("policies", {}).items()}


def _halved(document: Document) -> Document:
    return json.dumps(document).replace(json.dumps(_RANGE), json.dumps(_HALVES)[1:-1])


def main() -> int:
    """Print seconds by number of grants, and what a grant more costs; 1 when a goal is missed."""
    seconds: dict[int, float] = {}
    for grants, goal in _GOALS.items():
        declared = contract(grants)
        written = documents(declared)
        # Processor time, so that whatever else runs on the machine is not part of it.
        start = time.process_time()
        proof = prove(declared, written)
        seconds[grants] = time.process_time() - start
        if not proof.is_proved:
            sys.stdout.write(f"access prove: {grants} grants: not proved\n")
            return 1
        sys.stdout.write(
            f"access prove: {grants} grants with conditions in {seconds[grants]:.1f} s of processor"
            f" time (goal {goal:.0f} s), {proof.decisions:,} decisions\n"
        )
    for (few, before), (many, after) in pairwise(seconds.items()):
        each = (after - before) / (many - few)
        sys.stdout.write(f"  from {few} to {many}: {each:.3f} s for each grant more\n")
    return 0 if all(seconds[grants] <= goal for grants, goal in _GOALS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
