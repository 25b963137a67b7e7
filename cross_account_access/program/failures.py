"""What helps where AWS refuses a call in the middle of an update, told as the engine meets it.

The engine tells what the provider says: the call and AWS's own words. Which account that was, with
which profile, and what to do about it, the program knows.
"""

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
_REMEDIES: Final[Mapping[str, str]] = {
    "EntityAlreadyExists": _EXISTS,
    "BucketAlreadyOwnedByYou": _EXISTS,
    "AlreadyExistsException": _EXISTS,
    "BucketAlreadyExists": "the name is taken, by somebody else or, in us-east-1, by yourself"
    " (aws s3api head-bucket says): choose another, or access recover --stack {stack} --apply",
    "QueueAlreadyExists": _OTHERWISE,
    "QueueNameExists": _OTHERWISE,
    "Topic already exists": _OTHERWISE,
    "ExpiredToken": _SIGN_IN,
    "RequestExpired": _SIGN_IN,
    "InvalidClientTokenId": _SIGN_IN,
    "AccessDenied": _ALLOW,
    "UnauthorizedOperation": _ALLOW,
    "AuthorizationError": _ALLOW,
    "Throttling": _LATER,
    "TooManyRequests": _LATER,
    "SlowDown": _LATER,
    "ServiceUnavailable": _LATER,
    "ServiceFailure": _LATER,
    "InternalFailure": _LATER,
    "InternalError": _LATER,
    "MalformedPolicyDocument": _NOT_YET,
    "MalformedPolicy": _NOT_YET,
    "NoSuchEntity": _NOT_YET,
    "OperationAborted": _LATER,
    "ConcurrentModification": _LATER,
    "DeleteConflict": "others have put something on it: access drift --stack {stack} names it",
    "LimitExceeded": "a quota of the account is reached: docs/operations.md says how many of what",
}
"""By a part of what the provider says, AWS's code; the first that is in it."""
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
    code = next((each for each in _REMEDIES if each in error), "")
    remedy = _REMEDIES.get(code, _AGAIN)
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
        error = args.errors[0] if args.errors else ""
        pulumi.log.warn(told(error, side, account, pulumi.get_stack(), what))
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(f"failures-{side}", tell)])
