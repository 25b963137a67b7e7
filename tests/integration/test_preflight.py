"""Both accounts are proven first; a refusal is one line that names setting and remedy."""

import asyncio
import json
import subprocess
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.stack import wait_for_rpcs

from cross_account_access.declaration.kinds import (
    User,
    WebIdentities,
)
from cross_account_access.declaration.model import Consumer
from cross_account_access.declaration.settings import Settings
from cross_account_access.program import preflight
from cross_account_access.program.preflight import accounts_of_state
from tests.support.ambient import leave_ambient_aws
from tests.unit.program.test_taken_over import PRODUCTION, STAGING, settings

VENDOR = "777788889999"
PROFILES = """\
[Prod]
aws_access_key_id = AKIA111122223333
aws_secret_access_key = x
[Stage]
aws_access_key_id = AKIA444455556666
aws_secret_access_key = x
[Expired]
aws_access_key_id = AKIAEXPIRED
aws_secret_access_key = x
[Half]
aws_access_key_id = AKIA444455556666
"""


COMPONENT = "cross-account-access:index:CrossAccountAccess::access"
"""What a stack has in its state that was deployed once."""
ISSUER = "ci.example.com"
AUDIENCES = ["aws", "teams"]


class Aws(BaseHTTPRequestHandler):
    """A stand-in for STS, which tells an access key's account, and for IAM.

    Production has one identity provider and Staging one user.
    """

    def do_POST(self) -> None:
        """Answers as botocore's service models expect."""
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        key = self.headers["Authorization"].split("Credential=AKIA")[1].split("/")[0]
        if key == "EXPIRED":
            status, body = (
                403,
                (
                    "<ErrorResponse><Error><Code>ExpiredToken</Code>"
                    "<Message>The security token included in the request is expired</Message>"
                    "</Error></ErrorResponse>"
                ),
            )
        elif asked["Action"] == ["GetUser"]:
            status, body = self._entity(
                found=asked["UserName"] == ["Existing"],
                answer="<GetUserResponse><GetUserResult><User>"
                f"<Arn>arn:aws:iam::{key}:user/people/Existing</Arn>"
                "</User></GetUserResult></GetUserResponse>",
            )
            if asked["UserName"] == ["Hidden"]:
                status, body = 403, body.replace("NoSuchEntity", "AccessDenied")
            if asked["UserName"] == ["Odd"]:
                status, body = 400, body.replace("NoSuchEntity", "ValidationError")
        elif asked["Action"] == ["GetPolicy"]:
            name = asked["PolicyArn"][0].rpartition("/")[2]
            status, body = self._entity(
                found=name == "Boundary",
                answer="<GetPolicyResponse><GetPolicyResult><Policy/></GetPolicyResult>"
                "</GetPolicyResponse>",
            )
            if name == "Hidden":
                status, body = 403, body.replace("NoSuchEntity", "AccessDenied")
        elif asked["Action"] == ["GetOpenIDConnectProvider"]:
            arn = f"arn:aws:iam::{PRODUCTION}:oidc-provider/{ISSUER}"
            members = "".join(f"<member>{each}</member>" for each in AUDIENCES)
            status, body = self._entity(
                found=key == PRODUCTION and asked["OpenIDConnectProviderArn"] == [arn],
                answer="<GetOpenIDConnectProviderResponse><GetOpenIDConnectProviderResult>"
                f"<ClientIDList>{members}</ClientIDList>"
                "</GetOpenIDConnectProviderResult></GetOpenIDConnectProviderResponse>",
            )
        else:
            status, body = (
                200,
                (
                    "<GetCallerIdentityResponse><GetCallerIdentityResult>"
                    f"<Arn>arn:aws:iam::{key}:user/Admin</Arn><UserId>AIDA</UserId>"
                    f"<Account>{key}</Account>"
                    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
                ),
            )
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(body.encode())

    @staticmethod
    def _entity(*, found: bool, answer: str) -> tuple[int, str]:
        missing = (
            "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>not there</Message>"
            "</Error></ErrorResponse>"
        )
        return (200, answer) if found else (404, missing)

    def log_message(self, *_: object) -> None:
        """Stays silent."""


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    leave_ambient_aws(monkeypatch, tmp_path)
    (tmp_path / "credentials").write_text(PROFILES)
    with ThreadingHTTPServer(("127.0.0.1", 0), Aws) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield
        server.shutdown()
        thread.join()


class Engine(Mocks):
    """Tells of the stack's own state which providers are in it, and for which accounts."""

    def __init__(self) -> None:
        self.made_in: dict[str, str] = {}
        """Account IDs by the logical name of the provider."""
        self.made: dict[str, dict[str, Any]] = {COMPONENT: {}}
        """Outputs by the type of a resource, with those of its parents, and its name."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Nothing but the stack is registered while the accounts are being proven."""
        assert args.typ == "pulumi:pulumi:Stack"
        return args.name, {}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Answers the one question."""
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"
        assert args.args == {"stackName": "ours/access/prod"}
        kind = "pulumi:providers:aws"
        resources = {
            f"urn:pulumi:prod::access::{kind}::{name}": {
                "type": kind,
                "outputs": {"allowedAccountIds": json.dumps([account]), "region": "us-west-2"},
            }
            for name, account in self.made_in.items()
        }
        for place, outputs in self.made.items():
            resources[f"urn:pulumi:prod::access::{place}"] = {"type": "", "outputs": outputs}
        return {"outputs": resources}, []


@pytest.fixture(autouse=True)
def engine() -> Iterator[Engine]:
    """That of a stack which has nothing yet."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks = Engine()
    set_mocks(mocks, project="access", stack="prod", organization="ours")
    yield mocks
    # The mocks register the stack.
    loop.run_until_complete(wait_for_rpcs())
    asyncio.set_event_loop(None)
    loop.close()


def prove(
    production: str = "Prod",
    staging: str = "Stage",
    adopted: Sequence[User] = (),
    federated: Sequence[WebIdentities] = (),
    prefix: str = "",
) -> Settings:
    consumers = [Consumer(name="one", principal=who, role=None) for who in (*adopted, *federated)]
    declared = settings(*consumers, production=production, staging=staging)
    return preflight.prove(declared, component="access", prefix=prefix)


def refusal(*arguments: Any, **existing: Any) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        prove(*arguments, **existing)
    first, *problems = str(caught.value).splitlines()
    assert first.endswith("nothing was changed:")
    return [problem.strip() for problem in problems]


def test_the_right_profiles_pass() -> None:
    prove("Prod", "Stage")


def test_a_stack_that_was_never_deployed_gives_somebody_access_to_something(
    engine: Engine,
) -> None:
    engine.made = {}
    assert refusal() == [
        "consumers: missing; add one, as in consumers: [{name: stage-admin, user: {name: "
        "StageAdmin}, role: {name: StageRole}}]",
        "grants: missing; add one, as in grants: [{consumer: stage-admin, bucket: my-bucket, "
        "levels: [list, read]}]",
    ]


def test_swapped_profiles_are_told_both_at_once() -> None:
    assert refusal("Stage", "Prod") == [
        "production_profile: 'Stage' is arn:aws:iam::444455556666:user/Admin of account "
        "444455556666, but production_account_id is 111122223333; correct whichever is wrong",
        "staging_profile: 'Prod' is arn:aws:iam::111122223333:user/Admin of account "
        "111122223333, but staging_account_id is 444455556666; correct whichever is wrong",
    ]


@pytest.mark.parametrize("prefix", ["", "access-"], ids=["program", "package"])
def test_the_accounts_that_the_stack_was_made_in_pass(engine: Engine, prefix: str) -> None:
    # Of others that a program has besides, nothing is asked.
    others = {"production": VENDOR, "staging": VENDOR} if prefix else {"other": VENDOR}
    engine.made_in = {**others, f"{prefix}production": PRODUCTION, f"{prefix}staging": STAGING}
    prove(prefix=prefix)


@pytest.mark.parametrize("prefix", ["", "access-"], ids=["program", "package"])
@pytest.mark.parametrize(
    ("made_in", "told"),
    [
        (
            {"production": VENDOR},
            ["production_account_id is 111122223333, but stack 'prod' was made in account "
             "777788889999"],
        ),
        (
            {"production": PRODUCTION, "staging": VENDOR},
            ["staging_account_id is 444455556666, but stack 'prod' was made in account "
             "777788889999"],
        ),
        (
            {"production": STAGING, "staging": PRODUCTION},
            ["production_account_id is 111122223333, but stack 'prod' was made in account "
             "444455556666",
             "staging_account_id is 444455556666, but stack 'prod' was made in account "
             "111122223333"],
        ),
    ],
    ids=["first up ended before the second", "one side", "swapped"],
)  # fmt: skip
def test_other_accounts_than_those_of_the_stack_are_told_with_the_way_to_move(
    engine: Engine, made_in: dict[str, str], told: list[str], prefix: str
) -> None:
    engine.made_in = {f"{prefix}{side}": account for side, account in made_in.items()}
    *problems, way = refusal(prefix=prefix)
    assert problems == told
    assert "pulumi stack init" in way
    assert "access import" in way
    assert "pulumi destroy, without --run-program" in way


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("Nobody", "is not in your AWS config or credentials file; make it with aws configure"),
        ("Expired", "is refused by AWS (ExpiredToken: The security token included"),
        ("Half", "cannot be used (Partial credentials found"),
    ],
)
def test_rejects_a_profile_that_proves_nothing(profile: str, told: str) -> None:
    (problem,) = refusal("Prod", profile)
    assert problem.startswith(f"staging_profile: '{profile}' {told}")


def test_an_unreachable_aws_is_one_line_about_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    problems = refusal("Prod", "Stage")
    assert len(problems) == 2
    for problem in problems:
        assert "could not be asked about (Could not connect" in problem
        assert "check the network, the proxy, the region 'us-west-2'" in problem
        assert "sign in" not in problem


def test_an_aws_that_ends_the_connection_is_one_line_about_the_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Aws] = []

    def end(aws: Aws) -> None:
        asked.append(aws)

    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(Aws, "do_POST", end)
    problems = refusal("Prod", "Stage")
    assert ["check the network" in problem for problem in problems] == [True, True]
    assert [problem for problem in problems if "sign in" in problem] == []
    # As often for each account as whoever set the variable wants.
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("code", "remedy"), [("AccessDenied", "allow it that"), ("Throttling", "try again")]
)
def test_a_call_that_is_refused_to_somebody_known_is_no_reason_to_sign_in(
    monkeypatch: pytest.MonkeyPatch, code: str, remedy: str
) -> None:
    answer = (
        f"<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    )
    monkeypatch.setattr(Aws, "_entity", staticmethod(lambda **_: (403, answer)))
    (problem,) = refusal(adopted=[User(name="Existing", existing=True)])
    assert f"arn:aws:iam::{STAGING}:user/Admin" in problem
    assert f"GetUser failed ({code}: no)" in problem or f"call GetUser ({code}: no)" in problem
    assert remedy in problem
    assert "sign in" not in problem


def test_no_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(PROFILES.replace("= x", "= s3cr3tvalue"))
    assert not [problem for problem in refusal("Stage", "Expired") if "s3cr3tvalue" in problem]


def jobs(issuer: str = ISSUER, audience: str = "aws") -> WebIdentities:
    return WebIdentities(
        issuer=issuer,
        audience=audience,
        subjects=("repo:our-org/site:main",),
        existing=True,
    )


def test_what_must_exist_and_does_passes() -> None:
    prove(
        adopted=[User(name="Existing", path="/people/", existing=True)],
        federated=[jobs(), jobs(audience="teams")],
    )


def test_users_to_adopt_must_exist_where_declared() -> None:
    told = refusal(
        adopted=[User(name="Nobody", existing=True), User(name="Existing", existing=True)]
    )
    assert [problem.split(";")[0] for problem in told] == [
        "consumers: 'Nobody' is no user of account 444455556666, so it cannot be adopted",
        "consumers: user 'Existing' is arn:aws:iam::444455556666:user/people/Existing",
    ]


def with_boundary(name: str) -> list[User]:
    arn = f"arn:aws:iam::{STAGING}:policy/{name}"
    return [User(name="Ours", permissions_boundary=arn)]


def test_who_would_be_taken_over_is_told_before_anything() -> None:
    (problem,) = refusal(adopted=[User(name="Admin")])
    assert problem.startswith("consumers: user 'Admin' of consumer 'one' is who deploys with")


def test_a_permissions_boundary_must_exist_as_far_as_one_may_look() -> None:
    prove(adopted=with_boundary("Boundary"))
    prove(adopted=with_boundary("Hidden"))
    assert refusal(adopted=with_boundary("Nowhere")) == [
        "consumers: permissions_boundary of user 'Ours' is "
        "arn:aws:iam::444455556666:policy/Nowhere, and there is no such policy; correct it, or "
        "have the policy made first"
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "Hidden",
            "which may not call GetUser (AccessDenied: not there); allow it that, or name a",
        ),
        ("Odd", "and GetUser failed (ValidationError: not there); correct what it was asked for"),
    ],
)
def test_a_call_that_is_refused_is_told_from_one_that_asks_for_what_cannot_be(
    name: str, told: str
) -> None:
    (problem,) = refusal(adopted=[User(name=name, existing=True)])
    assert problem.startswith("staging_profile: 'Stage' is arn:aws:iam::444455556666:user/Admin, ")
    assert told in problem


def test_an_identity_provider_must_exist_and_take_the_audience() -> None:
    told = refusal(federated=[jobs("other.example.com"), jobs(audience="aws2"), jobs()])
    assert told == [
        "consumers: account 111122223333 has no identity provider for https://other.example.com; "
        "correct the issuer, or set existing: false to have it made",
        "consumers: the identity provider for https://ci.example.com does not take the audience "
        "'aws2', only aws, teams; correct the audience, or add it to the provider's client IDs",
    ]


def test_no_process_is_left_when_it_fails_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[str]] = []

    class Process(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    class Classes:
        def __getattr__(self, name: str) -> None:
            raise OSError(name)

    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(preflight, "iam", Classes())
    with pytest.raises(OSError, match="Role"):
        prove()
    assert started
    # Ended and waited for.
    assert [process.returncode for process in started if process.returncode is None] == []


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        (3, "belongs to other accounts"),
        (1000, "cannot be read from its state; nothing was changed"),
    ],
)
def test_a_state_that_is_being_written_is_read_again_and_never_taken_for_none(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, failures: int, told: str
) -> None:
    engine.made_in = {"production": VENDOR}
    asked: list[str] = []

    def invoke(token: str, arguments: dict[str, str]) -> Any:
        asked.append(token)
        if len(asked) <= failures:
            message = "failed to load checkpoint: EOF"
            raise OSError(message)
        return pulumi.runtime.invoke(token, arguments)

    monkeypatch.setattr(accounts_of_state, "invoke", invoke)
    monkeypatch.setattr(accounts_of_state, "_PAUSE_SECONDS", 0)
    with pytest.raises(pulumi.RunError, match=told):
        prove()
