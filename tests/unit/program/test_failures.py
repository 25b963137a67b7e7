"""What fails in the middle is told with account, profile, what was done, AWS's code and remedy."""

from __future__ import annotations

import pytest

from cross_account_access.declaration.accounts import Account
from cross_account_access.program.failures import told

ACCOUNT = Account(account_id="111122223333", profile="ProdAdmin", region="us-west-2")
OFFICIAL = (
    "1 error occurred: * creating IAM Role (VendorAccess): operation error IAM: CreateRole, https "
    "response error StatusCode: {}, RequestID: 1f, {}: {}"
)
ROLE = "create of aws:iam/role:Role access-vendor"


def line(error: str) -> str:
    return told(error, "production", ACCOUNT, "prod", ROLE)


@pytest.mark.parametrize(
    ("error", "code", "remedy"),
    [
        (
            OFFICIAL.format(409, "EntityAlreadyExists", "Role with name VendorAccess exists."),
            "EntityAlreadyExists",
            "access recover --stack prod",
        ),
        (
            "BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded",
            "BucketAlreadyOwnedByYou",
            "access recover --stack prod",
        ),
        (
            OFFICIAL.format(409, "BucketAlreadyExists", "The name is not available."),
            "BucketAlreadyExists",
            "choose another",
        ),
        (
            "QueueAlreadyExists: A queue already exists with the same name and a different value",
            "QueueAlreadyExists",
            "access import --stack prod",
        ),
        (
            OFFICIAL.format(403, "ExpiredToken", "The security token included is expired"),
            "ExpiredToken",
            "sign in with the profile ProdAdmin again",
        ),
        (
            OFFICIAL.format(403, "api error AccessDenied", "User is not authorized"),
            "AccessDenied",
            "allow the action",
        ),
        (OFFICIAL.format(400, "Throttling", "Rate exceeded"), "Throttling", "pulumi up"),
        (
            OFFICIAL.format(400, "MalformedPolicyDocument", "Invalid principal in policy"),
            "MalformedPolicyDocument",
            "half a minute",
        ),
        (OFFICIAL.format(409, "OperationAborted", "conflicting"), "OperationAborted", "pulumi up"),
        (
            OFFICIAL.format(409, "DeleteConflict", "Cannot delete entity"),
            "DeleteConflict",
            "access drift --stack prod",
        ),
        ("dial tcp: lookup iam.amazonaws.com: no such host", "no answer", "check the network"),
        ('Could not connect to the endpoint URL: "https://…"', "no answer", "check the network"),
    ],
)
def test_a_failure_is_told_with_its_place_code_and_remedy(
    error: str, code: str, remedy: str
) -> None:
    where, _, rest = line(error).partition(": ")
    what, _, helps = rest.partition("; ")
    assert where == "production account 111122223333, profile ProdAdmin"
    assert what == f"{ROLE}: {code}"
    assert remedy in helps


REMEDIES: dict[str, tuple[str, ...]] = {
    "sign in with the profile ProdAdmin again": (
        *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"),
        *("UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
    ),
    "allow the action to who deploys with the profile ProdAdmin": (
        *("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"),
    ),
    "in a minute": (
        *("Throttling", "ThrottlingException", "RequestThrottled", "Throttled", "SlowDown"),
        *("TooManyRequestsException", "RequestLimitExceeded", "InternalFailure", "InternalError"),
        *("ServiceUnavailable", "ServiceUnavailableException", "ServiceFailure"),
        *("KMSInternalException", "DependencyTimeoutException", "OperationAborted"),
        *("ConcurrentModification", "ConcurrentAccess", "ConflictException"),
        *("EntityTemporarilyUnmodifiable", "InternalServerError"),
    ),
    "in half a minute": (
        *("MalformedPolicyDocument", "MalformedPolicyDocumentException", "MalformedPolicy"),
        *("NoSuchEntity", "ResourcePropagationDelayException"),
    ),
    "access recover --stack prod": (
        *("EntityAlreadyExists", "BucketAlreadyOwnedByYou", "AlreadyExistsException"),
        "ResourceInUseException",
    ),
    "access import --stack prod": ("QueueAlreadyExists", "QueueNameExists"),
    "choose another": ("BucketAlreadyExists", "OptInRequired"),
    "access drift --stack prod": ("DeleteConflict", "BucketNotEmpty"),
    "makes it anew": (
        *("NotFoundException", "NoSuchBucket", "QueueDoesNotExist", "NotFound"),
        "AWS.SimpleQueueService.NonExistentQueue",
    ),
    "SQS keeps the name": ("AWS.SimpleQueueService.QueueDeletedRecently",),
    "aws kms enable-key": ("KMSInvalidStateException", "DisabledException"),
    "docs/operations.md": ("LimitExceeded", "LimitExceededException", "OverLimit"),
    "set the clock": ("RequestTimeTooSkewed",),
    "correct it in the stack file": ("InvalidParameter", "ValidationError", "InvalidInput"),
}


@pytest.mark.parametrize("code", [each for codes in REMEDIES.values() for each in codes])
def test_each_code_is_told_as_it_is_with_its_remedy(code: str) -> None:
    """In the official provider's words, in those of a service without them, and in the middle."""
    (remedy,) = (helps for helps, codes in REMEDIES.items() if code in codes)
    # What others are called does not matter.
    words = "arn:aws:iam::111122223333:role/AccessDenied is Invalid: NotFound"
    for error in (
        OFFICIAL.format(400, code, words),
        OFFICIAL.format(400, f"api error {code}", words),
        f"{code}: {words}",
        f"creating KMS Key (records): {code}: {words}",
    ):
        where, _, rest = line(error).partition(": ")
        what, _, helps = rest.partition("; ")
        assert where == "production account 111122223333, profile ProdAdmin"
        assert what == f"{ROLE}: {code}"
        assert remedy in helps


def test_topics_of_other_attributes_are_known_by_the_words_alone() -> None:
    words = "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    assert "access import --stack prod" in line(f"InvalidParameter: {words}")


def test_what_nobody_knows_is_told_without_a_code() -> None:
    assert line("something new") == (
        f"production account 111122223333, profile ProdAdmin: {ROLE}; "
        "pulumi up --stack prod goes on from here"
    )
