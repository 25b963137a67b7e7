"""The public access block of an account, which ministack 1.5.33 does not serve.

AWS says: "GetPublicAccessBlock", Amazon S3 Control API reference,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html; "Blocking
public access to your Amazon S3 storage",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html: what
the account blocks is blocked in all of its buckets.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from ministack import app as gateway
from ministack.core.responses import get_account_id
from ministack.services import s3

_PATH: Final = "/v20180820/configuration/publicAccessBlock"
_ACTIONS: Final = {"GET": "GetAccountPublicAccessBlock"}
_CHANGES: Final = "PutAccountPublicAccessBlock"
_XML: Final = {"Content-Type": "application/xml"}


def apply() -> None:
    """Serves it, in this process; to be called once."""
    blocks: dict[str, bytes] = {}
    handle, reset = gateway._handle_s3_control_request, s3.reset
    blocked = s3._public_access_blocked

    def blocked_in_account(owner: str, bucket: str, setting: str) -> bool:
        stated = blocks.get(owner, b"").decode()
        by_account = re.search(rf"<{setting}>\s*true\s*</{setting}>", stated)
        return bool(by_account) or bool(blocked(owner, bucket, setting))

    async def handle_block(path: str, method: str, body: bytes, *more: Any) -> Any:  # noqa: ANN401
        if path != _PATH:
            return await handle(path, method, body, *more)
        parameters, request_id, headers = more
        action = f"s3:{_ACTIONS.get(method, _CHANGES)}"
        refused = gateway._enforce_data_plane("s3", action, headers, parameters, request_id)
        return refused or s3.s3control_account_error(headers) or _answer(blocks, method, body)

    def reset_blocks() -> None:
        blocks.clear()
        reset()

    gateway._handle_s3_control_request = handle_block
    s3._public_access_blocked = blocked_in_account
    s3.reset = reset_blocks


def _answer(
    blocks: dict[str, bytes], method: str, body: bytes
) -> tuple[int, Mapping[str, str], bytes]:
    account: str = get_account_id()
    if method == "PUT":
        blocks[account] = body
        return 200, {}, b""
    if method == "DELETE":
        blocks.pop(account, None)
        return 204, {}, b""
    if account in blocks:
        return 200, _XML, blocks[account]
    code = "NoSuchPublicAccessBlockConfiguration"
    answer: tuple[int, Mapping[str, str], bytes] = s3.s3control_error(
        code, "The public access block configuration was not found", 404
    )
    return answer
