"""What helps where AWS refuses a call in the middle of an update, told as the engine meets it.

The engine tells what the provider says: the call and AWS's own words. Which account that was, with
which profile, and what to do about it, the program knows.
"""

import re
from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import monitor_supports_feature

from cross_account_access.declaration.accounts import Account

_AGAIN: Final = "pulumi up --stack {stack} goes on from here"
_EXISTS: Final = (
    "it exists already, as after a lost answer or a killed update: access recover --stack {stack}"
    " tells what is left, with --apply takes it over; then pulumi up"
)
_OTHERWISE: Final = (
    "it exists already, with other attributes or tags: access import --stack {stack} tells which,"
    " with --apply takes it over; then pulumi up"
)
_SIGN_IN: Final = f"sign in with the profile {{profile}} again; {_AGAIN}"
_ALLOW: Final = (
    "allow the action to who deploys with the profile {profile}, or correct the profile; where a"
    " service control policy forbids it, ask who runs the organisation; then pulumi up"
)
_LATER: Final = f"AWS asks for time: {_AGAIN}, in a minute"
_NOT_YET: Final = f"what was just made is not known to all of AWS yet: {_AGAIN}, in half a minute"
_GONE: Final = f"somebody has deleted it meanwhile: {_AGAIN}, and makes it anew"
_OTHERS: Final = "others have put something on it: access drift --stack {stack} names it"
_KEY: Final = (
    "its key is disabled or waits for its deletion: aws kms cancel-key-deletion, aws kms enable-key"
    f" with the profile {{profile}}; {_AGAIN}"
)
_REFUSED: Final = (
    "AWS does not take a value, which the provider's own words name: correct it in the stack file,"
    " then pulumi up"
)
_REMEDIES: Final[Mapping[str, str]] = {
    "BucketAlreadyOwnedByYou": _EXISTS,
    "BucketAlreadyExists": "the name is taken, by somebody else or, in us-east-1, by yourself"
    " (aws s3api head-bucket says): choose another, or access recover --stack {stack} --apply",
    "QueueAlreadyExists": _OTHERWISE,
    "QueueNameExists": _OTHERWISE,
    "Topic already exists": _OTHERWISE,
    "AlreadyExists": _EXISTS,
    "ResourceInUse": _EXISTS,
    **dict.fromkeys(("DeleteConflict", "BucketNotEmpty", "BucketHasAccessPointsAttached"), _OTHERS),
    "RequestTimeTooSkewed": f"set the clock of this machine; {_AGAIN}",
    **dict.fromkeys(
        (
            *("ExpiredToken", "RequestExpired", "TokenRefreshRequired", "InvalidClientTokenId"),
            *("UnrecognizedClient", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"),
            *("IncompleteSignature", "AuthFailure"),
        ),
        _SIGN_IN,
    ),
    **dict.fromkeys(
        ("AccessDenied", "UnauthorizedOperation", "AuthorizationError", "NotAuthorized"), _ALLOW
    ),
    "OptInRequired": "enable the region in the account, or choose another; then pulumi up",
    "QueueDeletedRecently": f"SQS keeps the name for a minute: {_AGAIN}, after it",
    **dict.fromkeys(
        (
            *("Throttl", "TooManyRequests", "SlowDown", "RequestLimitExceeded", "RequestTimeout"),
            *("ServiceUnavailable", "ServiceFailure", "InternalFailure", "InternalError"),
            *("InternalServerError", "KMSInternal", "DependencyTimeout", "ServerException"),
            *("OperationAborted", "Concurrent", "Conflict", "EntityTemporarilyUnmodifiable"),
            *("PriorRequestNotComplete", "KeyUnavailable"),
        ),
        _LATER,
    ),
    **dict.fromkeys(("KMSInvalidState", "KMSDisabled", "KmsDisabled", "DisabledException"), _KEY),
    "MalformedPolicy": _NOT_YET,
    "NoSuchEntity": _NOT_YET,
    "PropagationDelay": _NOT_YET,
    **dict.fromkeys(("NotFound", "NoSuch", "DoesNotExist", "NonExistentQueue"), _GONE),
    "LimitExceeded": "a quota of the account is reached: docs/operations.md says how many of what",
    "OverLimit": "a quota of the account is reached: docs/operations.md says how many of what",
    **dict.fromkeys(("Invalid", "Validation", "Malformed", "Unsupported"), _REFUSED),
}
"""By a part of AWS's code, or of its words where these alone tell; the first that is in it."""
_CODES: Final = (
    re.compile(r"RequestID: [^,]*,(?: HostID: [^,]*,)? (?:api error )?([A-Z][\w.]*): "),
    re.compile(
        r"^(?!.*RequestID)(?:.*?[\s:])??((?:KMS|AWS\.SimpleQueueService\.)?[A-Z][a-z]\w+): "
    ),
)
"""As the SDK of the official provider tells them, and as a message begins or goes on."""
_UNREACHED: Final = (
    *("Could not connect", "Connection", "connection", "dial tcp", "no such host", "timed out"),
    "timeout",
)
_NETWORK: Final = f"AWS was not reached: check the network; {_AGAIN}"


def told(error: str, side: str, account: Account, stack: str, what: str) -> str:
    """Return one line on what has failed where, and what to do.

    Args:
        error: what the provider says.
        side: `production` or `staging`.
        account: where it was, with the profile.
        stack: its name.
        what: was being done.
    """
    found = (form.search(error) for form in _CODES)
    code = next((each[1] for each in found if each), "")
    part = next(
        (each for each in _REMEDIES if each in (error if " " in each or not code else code)), ""
    )
    code, remedy = code or part, _REMEDIES.get(part, _AGAIN)
    if not code and any(each in error for each in _UNREACHED):
        code, remedy = "no answer", _NETWORK
    where = f"{side} account {account.account_id}, profile {account.profile}"
    failed = f"{what}: {code}" if code else what
    return f"{where}: {failed}; {remedy.format(profile=account.profile, stack=stack)}"


def explain(sides: Mapping[str, Account]) -> None:
    """Have the failures of all resources told that the stack registers from now on.

    An engine that knows no hooks on errors tells them in its own words alone.

    Args:
        sides: the accounts, by the names of their providers.
    """
    if not monitor_supports_feature(resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS):
        return
    hooks = {side: _hook(side, account) for side, account in sides.items()}

    def hooked(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        provider = args.opts.provider
        binding = hooks.get(provider.pulumi_resource_name) if provider else None
        if binding is None:
            return None
        opts = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=binding))
        return pulumi.ResourceTransformationResult(args.props, opts)

    pulumi.runtime.register_stack_transformation(hooked)


def _hook(side: str, account: Account) -> pulumi.ResourceHookBinding:
    def tell(args: pulumi.ErrorHookArgs) -> bool:
        what = f"{args.failed_operation} of {args.type} {args.name}"
        if args.failed_operation == "delete":
            # The engine takes the outputs when the program ends, and deletes after that.
            what += ", which is still there, whatever the outputs say"
        error = args.errors[0] if args.errors else ""
        pulumi.log.warn(told(error, side, account, pulumi.get_stack(), what))
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"failures-{side}", tell)])
