"""Another user of this machine, and a web page that one opens, against a sandbox that runs."""

import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cross_account_access.dev import toolchain
from cross_account_access.dev.sandbox.box import REGION, Sandbox
from cross_account_access.dev.sandbox.emulator import ADMINISTRATION_HEADER

PRODUCTION, STAGING = "111122223333", "444455556666"
BUCKET = "secrets-of-production"
SCOPE = f"{PRODUCTION}/20260101/{REGION}/s3/aws4_request"
REFUSED = {
    *("AccessDenied", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException"),
    *("SignatureDoesNotMatch", "UnrecognizedClientException"),
}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with something to steal, in a folder that others may look into."""
    state = tmp_path_factory.mktemp("state")
    state.chmod(0o755)
    with Sandbox.start(production=PRODUCTION, staging=STAGING, state=state) as running:
        owner = client(running, "s3", PRODUCTION, running.emulator.secret)
        place = {"LocationConstraint": REGION}
        owner.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        owner.put_object(Bucket=BUCKET, Key="plan", Body=b"secret")
        yield running


def client(box: Sandbox, service: Any, key_id: str, secret: str = "", signature: Any = None) -> Any:
    """A client with a root's key; without a secret, with the one that ministack ships with."""
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret or "test",
        endpoint_url=box.emulator.http_endpoint,
        config=Config(signature_version=signature, retries={"max_attempts": 0}),
    )


def ask(box: Sandbox, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(  # noqa: S310 - our own loopback endpoint
        f"{box.emulator.http_endpoint}{path}", method=method, headers=named
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


USES: dict[str, Callable[[Any], object]] = {
    "dynamodb": lambda dynamodb: dynamodb.list_tables(),
    "iam": lambda iam: iam.create_user(UserName="attacker"),
    "kms": lambda kms: kms.list_keys(),
    "s3": lambda s3: s3.get_object(Bucket=BUCKET, Key="plan"),
    "secretsmanager": lambda secrets: secrets.list_secrets(),
    "sns": lambda sns: sns.list_topics(),
    "sqs": lambda sqs: sqs.list_queues(),
    "ssm": lambda ssm: ssm.describe_parameters(),
    "sts": lambda sts: sts.get_caller_identity(),
}


@pytest.mark.parametrize("key_id", [PRODUCTION, STAGING, "999999999999", "test", "AKIAGUESSED"])
@pytest.mark.parametrize("service", USES)
def test_refuses_a_guessed_root_key(box: Sandbox, service: str, key_id: str) -> None:
    with pytest.raises(ClientError) as refused:
        USES[service](client(box, service, key_id))

    assert refused.value.response["Error"]["Code"] in REFUSED


@pytest.mark.parametrize("signature", ["s3", UNSIGNED])
@pytest.mark.parametrize(
    "use",
    [
        lambda s3: s3.get_object(Bucket=BUCKET, Key="plan"),
        lambda s3: s3.list_objects_v2(Bucket=BUCKET),
        lambda s3: s3.delete_object(Bucket=BUCKET, Key="plan"),
        lambda s3: s3.list_buckets(),
        lambda s3: s3.create_bucket(
            Bucket="squatted", CreateBucketConfiguration={"LocationConstraint": REGION}
        ),
    ],
    ids=["get", "list", "delete", "buckets", "create"],
)
def test_refuses_who_signs_in_an_old_way_or_not_at_all(
    box: Sandbox, signature: Any, use: Callable[[Any], object]
) -> None:
    with pytest.raises(ClientError) as refused:
        use(client(box, "s3", PRODUCTION, signature=signature))

    assert refused.value.response["Error"]["Code"] in REFUSED


@pytest.mark.parametrize(
    "authorization",
    [
        "anything",
        f"AWS {PRODUCTION}:signature",
        f"Credential={SCOPE}",
        f"AWS4-HMAC-SHA256 Credential={SCOPE}",
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=00",
        f"AWS4-ECDSA-P256-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=00",
    ],
)
@pytest.mark.parametrize("path", [f"/{BUCKET}/plan", "/"])
def test_refuses_a_root_key_without_a_good_signature(
    box: Sandbox, path: str, authorization: str
) -> None:
    assert ask(box, path, Authorization=authorization)[0] in {400, 403}


@pytest.mark.parametrize("signature", ["s3", "s3v4"])
def test_refuses_a_link_that_a_guessed_root_key_signed(box: Sandbox, signature: str) -> None:
    s3 = client(box, "s3", PRODUCTION, signature=signature)
    link = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "plan"})

    assert ask(box, link.removeprefix(box.emulator.http_endpoint))[0] == 403


@pytest.mark.parametrize(
    "query",
    [
        f"X-Amz-Credential={SCOPE}",
        f"AWSAccessKeyId={PRODUCTION}",
        f"AWSAccessKeyId={PRODUCTION}&Signature=x&Expires=9999999999",
    ],
)
def test_refuses_a_root_key_in_an_address(box: Sandbox, query: str) -> None:
    assert ask(box, f"/{BUCKET}/plan?{query}")[0] in {400, 403}


def test_makes_no_function_for_anybody_else(box: Sandbox) -> None:
    with pytest.raises(ClientError):
        client(box, "lambda", PRODUCTION).create_function(
            FunctionName="attack",
            Runtime="python3.12",
            Role=f"arn:aws:iam::{PRODUCTION}:role/any",
            Handler="index.handler",
            Code={"ZipFile": b"PK"},
        )


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made("codebuild").list_projects(),
        lambda made: made("ecs").list_clusters(),
        lambda made: made("glue").get_databases(),
        lambda made: made("batch").describe_job_queues(),
    ],
    ids=["codebuild", "ecs", "glue", "batch"],
)
def test_serves_nothing_that_nobody_needs(
    box: Sandbox, use: Callable[[Callable[[str], Any]], object]
) -> None:
    with pytest.raises(ClientError):
        use(lambda service: client(box, service, PRODUCTION, box.emulator.secret))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://page.example"},
        {},
        {ADMINISTRATION_HEADER: "guessed"},
        {"Host": "page.example", ADMINISTRATION_HEADER: "the secret"},
        {"Origin": "https://page.example", ADMINISTRATION_HEADER: "the secret"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/_ministack/reset"),
        ("POST", "/_ministack/config"),
        ("GET", "/_ministack/health"),
        ("GET", "/_ministack/sqs/messages"),
        ("GET", "/health"),
        ("OPTIONS", "/_ministack/reset"),
    ],
)
def test_an_administrative_address_is_the_sandbox_s_own(
    box: Sandbox, method: str, path: str, headers: dict[str, str]
) -> None:
    sent = {
        name: value.replace("the secret", box.emulator.secret) for name, value in headers.items()
    }

    assert ask(box, path, method, **sent)[0] == 403


@pytest.mark.parametrize("headers", [{"Origin": "https://page.example"}, {"Host": "page.example"}])
def test_refuses_a_web_page(box: Sandbox, headers: dict[str, str]) -> None:
    status, told = ask(box, f"/{BUCKET}/plan", **headers)

    assert (status, told.startswith("The sandbox")) == (403, True)


def test_gives_no_page_leave_to_read_answers(box: Sandbox) -> None:
    answer = client(box, "sts", PRODUCTION, box.emulator.secret).get_caller_identity()

    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert [name for name in headers if name.startswith("access-control-")] == []


def test_nobody_else_can_read_what_it_keeps(box: Sandbox) -> None:
    for entry in box.folder.iterdir():
        mode = stat.S_IMODE(entry.stat().st_mode)
        assert mode == (0o700 if entry.is_dir() else 0o600), entry.name


def test_the_saved_state_is_private_itself(tmp_path: Path) -> None:
    with Sandbox.start(production=PRODUCTION, staging=STAGING, state=tmp_path):
        pass

    saved = [path for path in (tmp_path / "emulator").rglob("*") if path.is_file()]
    assert any(path.name == "iam.json" for path in saved)
    assert {stat.S_IMODE(path.stat().st_mode) for path in saved} == {0o600}


def test_the_secret_is_in_no_argument_and_no_text(
    box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in ("pulumi", "aws_cli"):
        monkeypatch.setattr(toolchain, tool, lambda: tmp_path)
    assert box.emulator.secret not in repr(box)
    environment = "\n".join(f"{name}={value}" for name, value in box.environment.items())
    assert box.emulator.secret not in environment
