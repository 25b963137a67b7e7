"""Writes down which permission every request asked for, so that deployers can be given no more.

A line of JSON for each: the access key ID of who asked, the account, the action, the ARN of its
object, and whether it was allowed.
"""

import json
from pathlib import Path
from typing import Any, Final

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id

VARIABLE: Final = "SANDBOX_RECORD"
"""Of the environment in which the sandbox is started: the file, which grows."""


def apply(path: Path) -> None:
    """Replaces a function of ministack, in this process; to be called once, before all others."""
    enforce = iam_evaluator.enforce
    record = path.open("a", buffering=1)

    def enforce_and_record(  # noqa: PLR0913, PLR0917 - ministack's own
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - ministack has no types
        refusal = enforce(access_key, action, service, region, resource_arn, service_context)
        asked = {
            "key": access_key,
            "account": get_account_id(),
            "action": action,
            "resource": resource_arn,
            "allowed": refusal is None,
        }
        record.write(f"{json.dumps(asked)}\n")
        return refusal

    iam_evaluator.enforce = enforce_and_record
