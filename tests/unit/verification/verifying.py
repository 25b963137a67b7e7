"""`access verify` on AWS as the walkthrough leaves it, but for what a test breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cross_account_access.aws import CallerIdentity
from tests.support.states import USER
from tests.unit.verification.stand_in import Aws, error

FOREIGN = "somebody-elses"
SEEN = {"list_objects_v2": {"Contents": [{"Key": "a"}]}}
BUCKET = "production-test-bucket-101"
READS = ("list_objects_v2", "get_object", "get_bucket_location")
PROFILES = {
    "StageAdmin": CallerIdentity(arn=USER, account_id="444455556666"),
    "Developer": CallerIdentity(
        arn="arn:aws:iam::444455556666:user/Developer", account_id="444455556666"
    ),
    "Elsewhere": CallerIdentity(
        arn="arn:aws:iam::777788889999:user/StageAdmin", account_id="777788889999"
    ),
}


def as_administrator(name: str, told: dict[str, Any]) -> Any:
    """Requests without a signature come this way too where there are no other credentials."""
    return error("AccessDenied", name) if told["by"] == "nobody" else SEEN.get(name)


@dataclass
class World:
    """AWS as the walkthrough leaves it, but for what a test breaks."""

    allowed: set[str] = field(default_factory=lambda: {*READS})
    """What the role may."""
    broken: dict[str, Any] = field(default_factory=dict)
    """By operation of the role: what happens instead."""
    administrator: Aws = field(default_factory=lambda: Aws(as_administrator))
    asked: list[str] = field(default_factory=list)
    """Profiles that were asked who they are."""

    def answer(self, name: str, told: dict[str, Any]) -> Any:
        if name == "assume_role":
            return self.broken.get(name)
        is_theirs = told.get("Bucket") == FOREIGN
        if told["by"] != "role" or told["endpoint"].startswith("http://") or is_theirs:
            return error("AccessDenied", name)
        if name in self.broken:
            return self.broken[name]
        return None if name in self.allowed else error("AccessDenied", name)


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[str]:
        """The lines after those of the proof, which holds, and of the layers."""
        proof, layers, *rows = self.out.splitlines()
        assert proof.startswith("proved: documents allow what is declared and nothing more (live;")
        assert layers.startswith("layers: ")
        return rows


Verify = Callable[..., Ran]
