"""The outputs are a contract: their names, their shapes, and nothing secret in them."""

import json
import re
import shlex
from dataclasses import replace
from typing import Any

import pytest

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.kinds import (
    Bucket,
    EcsTasks,
    Instances,
    LambdaFunctions,
    Organization,
    Principals,
    Queue,
    ThirdParty,
    Topic,
    User,
    WebIdentities,
)
from cross_account_access.declaration.machines import StagingRole
from cross_account_access.declaration.model import (
    Conditions,
    Consumer,
    Grant,
    Level,
    Mfa,
    Principal,
    Role,
    SessionTags,
    SharedResource,
    SourceIdentity,
    Via,
)
from cross_account_access.program.outputs import (
    OUTPUTS,
    cli_profile,
    declaration,
    exported_name,
    proof_commands,
    switch_role_url,
)
from tests.support.deployment import CANONICAL_IDS, deploy, stack_values

PRODUCTION = Account(
    account_id="111122223333", profile="ProductionAccountAdmin", region="us-west-2"
)
ACCOUNTS = Accounts(
    trusting=PRODUCTION,
    trusted=Account(account_id="444455556666", profile="StagingAccountAdmin", region="us-west-2"),
)
INSTANCES = Instances(role=StagingRole(name="Replicator"), instance_profile="Replicator")
CI = WebIdentities(issuer="ci.example.com", audience="aws", subjects=("repo:our-org/site:x",))
ANALYSTS = Principals(arns=("arn:aws:iam::444455556666:role/data/*",))


def consumer(
    path: str = "/",
    *,
    name: str = "stage-admin",
    who: Principal | None = None,
    seconds: int = 3600,
    **conditions: Any,
) -> Consumer:
    return Consumer(
        name=name,
        principal=who or User(name="StageAdmin"),
        role=Role(
            name="StageRole",
            path=path,
            policy_name="StageRoleAccess",
            max_session_duration=seconds,
        ),
        conditions=Conditions(**conditions),
    )


def granted(
    what: str | SharedResource,
    *levels: Level,
    to: Consumer | None = None,
    via: Via = Via.ROLE,
    prefixes: tuple[str, ...] = (),
) -> Grant:
    resource = Bucket(name=what) if isinstance(what, str) else what
    return Grant(
        consumer=to or consumer(), resource=resource, levels=levels, prefixes=prefixes, via=via
    )


def profile_of(declared: Consumer) -> list[str]:
    profile = cli_profile(ACCOUNTS, declared)
    assert profile is not None
    return profile.splitlines()


@pytest.fixture(scope="module")
def exported() -> dict[str, Any]:
    return deploy(stack_values("prod")).outputs


def test_the_names_are_the_contract(exported: dict[str, Any]) -> None:
    assert set(exported) == {
        "contractVersion",
        "productionAccountId",
        "productionRegion",
        "productionCanonicalUserId",
        "stagingAccountId",
        "stagingCanonicalUserId",
        "bucketNames",
        "bucketArns",
        "topicArns",
        "queueArns",
        "resourceArns",
        "kmsKeyArns",
        "roleNames",
        "roleArns",
        "userArns",
        "accessPolicyArns",
        "machineRoleArns",
        "instanceProfileArns",
        "callerPolicies",
        "switchRoleUrls",
        "cliProfiles",
        "proofCommands",
        "declaration",
        "verifyCommand",
    }
    assert exported["contractVersion"] == "2"
    assert set(OUTPUTS) == set(exported)


def test_what_would_fill_the_screen_is_exported_off_it() -> None:
    assert deploy(stack_values("prod")).exported == set(map(exported_name, OUTPUTS))
    hidden = {name for name in OUTPUTS if exported_name(name).startswith("__")}
    assert hidden == {name for name, output in OUTPUTS.items() if "JSON text" in output.words}


def test_an_update_ends_on_what_to_do_next(exported: dict[str, Any]) -> None:
    # The engine tells outputs in the order of their names.
    shown = [name for name in sorted(map(exported_name, OUTPUTS)) if not name.startswith("__")]
    assert exported[shown[-1]] == "access verify --stack prod"


def test_the_values_name_the_right_account(exported: dict[str, Any]) -> None:
    assert exported["productionAccountId"] == "111122223333"
    assert exported["stagingAccountId"] == "444455556666"
    assert exported["productionCanonicalUserId"] == CANONICAL_IDS["production"]
    assert exported["stagingCanonicalUserId"] == CANONICAL_IDS["staging"]
    assert exported["bucketArns"] == {
        "production-test-bucket-101": "arn:aws:s3:::production-test-bucket-101"
    }
    assert exported["roleArns"] == {"stage-admin": "arn:aws:iam::111122223333:role/StageRole"}
    assert exported["userArns"] == {"stage-admin": "arn:aws:iam::444455556666:user/StageAdmin"}
    assert exported["accessPolicyArns"] == {
        "stage-admin": ["arn:aws:iam::111122223333:policy/StageRoleAccess"]
    }


def test_every_output_is_text_a_list_of_text_or_a_map_of_either(
    exported: dict[str, Any],
) -> None:
    for name, value in exported.items():
        assert re.fullmatch(r"[a-z][A-Za-z]+", name)
        items = value.values() if isinstance(value, dict) else [value]
        texts = [text for item in items for text in ([item] if isinstance(item, str) else item)]
        assert all(isinstance(text, str) for text in texts)


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "signin.aws.amazon.com"),
        ("aws-cn", "signin.amazonaws.cn"),
        ("aws-us-gov", "signin.amazonaws-us-gov.com"),
    ],
)
def test_the_console_link_is_of_the_partition(partition: str, host: str) -> None:
    account = Account(account_id="111122223333", profile="p", region="r", partition=partition)
    url = switch_role_url(account, consumer("/access/"))
    assert url is not None
    assert url.startswith(f"https://{host}/switchrole?account=111122223333&")
    assert "roleName=access/StageRole&" in url


def test_no_link_is_made_up_where_the_console_host_is_not_known() -> None:
    account = Account(account_id="111122223333", profile="p", region="r", partition="aws-iso")
    assert switch_role_url(account, consumer()) is None


def test_the_cli_profile_renews_itself_from_the_users_own_profile() -> None:
    lines = profile_of(consumer())
    assert lines[0] == "[profile StageRole]"
    assert "role_arn = arn:aws:iam::111122223333:role/StageRole" in lines
    assert "source_profile = StageAdmin" in lines


def test_the_proof_reads_a_bucket_that_the_consumer_may_read() -> None:
    grants = (
        granted("listed", Level.LIST),
        granted("not-ours", Level.READ, to=consumer(name="other")),
        granted("ours", Level.READ),
    )
    assume, head, get = proof_commands(ACCOUNTS, consumer(), grants).splitlines()
    assert assume.startswith("aws sts assume-role --role-arn arn:aws:iam::111122223333:role/")
    assert head.startswith("aws s3api head-object --bucket ours --key Sunset.jpg")
    assert "--bucket ours --key Sunset.jpg SunsetStage.jpg" in get


def test_a_proof_shows_nothing_of_a_session_but_whose_it_is() -> None:
    for who in (consumer(), consumer(who=CI), consumer(external_id="vendor-7")):
        assume, *_ = proof_commands(ACCOUNTS, who, (granted("ours", Level.READ),)).splitlines()
        assert " --query AssumedRoleUser.Arn --output text" in assume


def test_who_may_only_list_proves_that_and_who_may_delete_alone_only_the_role() -> None:
    grants = (granted("listed", Level.LIST, prefixes=("a/",)),)
    _, listed = proof_commands(ACCOUNTS, consumer(), grants).splitlines()
    assert "list-objects-v2 --bucket listed --max-keys 1 --prefix a/ --profile" in listed
    grants = (granted("emptied", Level.DELETE),)
    assert len(proof_commands(ACCOUNTS, consumer(), grants).splitlines()) == 1


def test_who_may_write_writes_an_object_of_its_own_and_reads_that() -> None:
    grants = (granted("ours", Level.WRITE, prefixes=("a/",)),)
    _, put, head, get = proof_commands(ACCOUNTS, consumer(), grants).splitlines()
    assert put.startswith("aws s3api put-object --bucket ours --key a/access-proof --profile ")
    assert all("--bucket ours --key a/access-proof " in each for each in (head, get))


def test_the_proof_of_a_confined_grant_reads_below_its_prefix() -> None:
    grants = (granted("ours", Level.READ, prefixes=("my files/",)),)
    _, head, _ = proof_commands(ACCOUNTS, consumer(), grants).splitlines()
    assert "--key 'my files/Sunset.jpg' --profile StageRole" in head


@pytest.mark.parametrize(
    "declared",
    [
        consumer(external_id="vendor-7"),
        consumer(source_identity=SourceIdentity()),
        consumer(session_tags=SessionTags(tags={"team": "data"})),
        consumer(who=INSTANCES),
        consumer(who=CI),
        consumer(who=ThirdParty(account_id="777788889999"), external_id="vendor-7"),
    ],
    ids=["external ID", "source identity", "session tags", "ec2", "oidc", "third party"],
)
def test_no_console_link_is_given_where_the_console_cannot_meet_the_conditions(
    declared: Consumer,
) -> None:
    assert switch_role_url(PRODUCTION, declared) is None


@pytest.mark.parametrize(
    "declared",
    [
        consumer(mfa=Mfa(max_age=900)),
        consumer(who=ANALYSTS),
        consumer(who=Organization(id="o-a1b2c3d4e5")),
        consumer(source_identity=SourceIdentity(required=False)),
    ],
    ids=["mfa", "principals", "organization", "optional source identity"],
)
def test_a_console_link_is_given_where_people_can_use_it(declared: Consumer) -> None:
    assert switch_role_url(PRODUCTION, declared) is not None


@pytest.mark.parametrize(
    "declared",
    [
        consumer(who=CI),
        consumer(who=Organization(id="o-a1b2c3d4e5")),
        consumer(who=ThirdParty(account_id="777788889999"), external_id="vendor-7"),
        consumer(source_identity=SourceIdentity(values=("Alice",))),
        consumer(session_tags=SessionTags(tags={"team": "data"})),
        consumer(
            who=Principals(arns=("arn:aws:iam::444455556666:user/ops/*",)), mfa=Mfa(max_age=900)
        ),
    ],
    ids=["oidc", "organization", "third party", "identity", "tags", "mfa of many users"],
)
def test_no_profile_is_given_that_could_not_work(declared: Consumer) -> None:
    grants = (granted("ours", Level.READ),)
    assert cli_profile(ACCOUNTS, declared) is None
    (assume,) = proof_commands(ACCOUNTS, declared, grants).splitlines()
    assert "--role-arn arn:aws:iam::111122223333:role/StageRole " in assume


def test_a_profile_states_the_external_id_and_the_mfa_device() -> None:
    lines = profile_of(consumer(external_id="vendor-7", mfa=Mfa(max_age=900), seconds=7200))
    assert "external_id = vendor-7" in lines
    assert "mfa_serial = arn:aws:iam::444455556666:mfa/StageAdmin" in lines
    assert "duration_seconds = 7200" in lines


def test_instances_need_no_profile_of_their_own_and_their_hour_is_told() -> None:
    lines = profile_of(consumer(who=INSTANCES))
    assert "credential_source = Ec2InstanceMetadata" in lines
    assert not [line for line in lines if line.startswith("source_profile")]
    assert [line for line in lines if line.startswith("#") and "hour" in line]
    assert "--profile" not in proof_commands(ACCOUNTS, consumer(who=INSTANCES), ())


@pytest.mark.parametrize(
    ("who", "source"),
    [
        (EcsTasks(role=StagingRole(name="Renderer")), "EcsContainer"),
        (LambdaFunctions(role=StagingRole(name="Resizer")), "Environment"),
    ],
    ids=["tasks", "functions"],
)
def test_tasks_and_functions_have_their_credentials_where_aws_puts_them(
    who: Principal, source: str
) -> None:
    lines = profile_of(consumer(who=who))
    assert f"credential_source = {source}" in lines
    assert "duration_seconds = 3600" in lines
    assert not [line for line in lines if line.startswith("source_profile")]


def test_a_profile_never_asks_for_more_than_a_chained_role_can_have() -> None:
    lines = profile_of(consumer(who=ANALYSTS, seconds=43200))
    assert "duration_seconds = 3600" in lines
    assert "source_profile = stage-admin" in lines


def test_every_value_of_a_proof_is_one_word_of_a_shell() -> None:
    declared = consumer(path="/x;touch${IFS}pwned;/", who=User(name="a b"))
    grants = (granted("ours", Level.READ, to=declared, prefixes=("`id` $(id) '/",)),)
    assume, head, _ = map(shlex.split, proof_commands(ACCOUNTS, declared, grants).splitlines())
    assert assume[4] == "arn:aws:iam::111122223333:role/x;touch${IFS}pwned;/StageRole"
    assert assume[-2:] == ["--profile", "a b"]
    assert head[3:-2] == ["--bucket", "ours", "--key", "`id` $(id) '/Sunset.jpg"]


def test_the_command_for_the_role_states_what_the_conditions_ask_for() -> None:
    declared = consumer(
        external_id="vendor-7",
        mfa=Mfa(max_age=900),
        source_identity=SourceIdentity(values=("Bob", "Alice")),
        session_tags=SessionTags(tags={"team": "data science"}),
    )
    assert proof_commands(ACCOUNTS, declared, ()) == (
        "aws sts assume-role --role-arn arn:aws:iam::111122223333:role/StageRole "
        "--role-session-name test --region us-west-2 --external-id vendor-7 "
        "--serial-number arn:aws:iam::444455556666:mfa/StageAdmin --token-code CODE "
        "--source-identity Alice --tags 'Key=team,Value=data science' "
        "--query AssumedRoleUser.Arn --output text --profile StageAdmin"
    )
    assert proof_commands(ACCOUNTS, consumer(who=CI), ()).startswith(
        "aws sts assume-role-with-web-identity --role-arn "
    )


def test_the_declaration_says_who_may_do_what() -> None:
    vendor = consumer(
        who=ThirdParty(account_id="777788889999"),
        external_id="vendor-7",
        expires_at="2030-01-31T00:00:00Z",
    )
    grants = [granted("ours", Level.READ, Level.LIST, prefixes=("videos/", "images/"))]
    buckets = [Bucket(name="ours"), Bucket(name="open", staging_may_list=True)]
    assert json.loads(declaration(ACCOUNTS, [vendor], grants, buckets)) == {
        "consumers": [
            {
                "name": "stage-admin",
                "kind": "third_party",
                "sign_in": "own",
                "user_sign_in": None,
                "is_one_principal": False,
                "home_account": "777788889999",
                "chains": False,
                "is_machine": True,
                "principal_arns": ["arn:aws:iam::777788889999:root"],
                "role_arn": "arn:aws:iam::111122223333:role/StageRole",
                "external_id": "vendor-7",
                "more_external_ids": [],
                "mfa": False,
                "source_identity_required": False,
                "may_state_source_identity": False,
                "session_tags": {},
                "allowed_session_tags": {},
                "free_session_tags": [],
                "max_session_duration": 3600,
                "expires_at": "2030-01-31T00:00:00Z",
                "revoked_before": None,
                "trusts_itself": False,
                "mfa_max_age": None,
                "source_identities": [],
                "source_ips": [],
                "vpc_endpoints": [],
                "claims": {},
                "is_given_role": False,
                "adopted_policy": None,
                "handed_out": None,
            }
        ],
        "existing": [],
        "listed_by_staging": ["arn:aws:s3:::open"],
        "notified": {},
        "replications": [],
        "locked": [],
        "refusing_keys": ["arn:aws:s3:::open", "arn:aws:s3:::ours"],
        "grants": [
            {
                "consumer": "stage-admin",
                "resource_arn": "arn:aws:s3:::ours",
                "levels": ["list", "read"],
                "more_actions": [],
                "kms_key_arn": None,
                "prefixes": ["images/", "videos/"],
                "via": "role",
                "actions": ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"],
                "proof_commands": [
                    "aws s3api head-object --bucket ours --key images/Sunset.jpg",
                    "aws s3api get-object --bucket ours --key images/Sunset.jpg SunsetStage.jpg",
                ],
            }
        ],
    }


@pytest.mark.parametrize("required", [True, False])
def test_the_declaration_says_what_a_caller_must_state(required: bool) -> None:
    stated = consumer(
        source_identity=SourceIdentity(required=required),
        session_tags=SessionTags(required=required, tags={"team": "data"}),
    )
    (output,) = json.loads(declaration(ACCOUNTS, [stated], [], []))["consumers"]
    assert output["source_identity_required"] is required
    assert output["may_state_source_identity"] is True
    assert output["session_tags"] == ({"team": "data"} if required else {})
    assert output["allowed_session_tags"] == {"team": "data"}


def test_the_declaration_says_of_mfa_whether_it_is_asked_for() -> None:
    (output,) = json.loads(declaration(ACCOUNTS, [consumer(mfa=Mfa(max_age=60))], [], []))[
        "consumers"
    ]
    assert output["mfa"] is True


@pytest.mark.parametrize(
    ("who", "claims"),
    [
        (CI, {"ci.example.com:aud": ["aws"], "ci.example.com:sub": ["repo:our-org/site:x"]}),
        (Organization(id="o-a1b2c3d4e5"), {"aws:PrincipalOrgID": ["o-a1b2c3d4e5"]}),
        (
            Organization(id="o-a1b2c3d4e5", paths=("o-a1b2c3d4e5/r-ab12/*",)),
            {
                "aws:PrincipalOrgID": ["o-a1b2c3d4e5"],
                "aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/*"],
            },
        ),
        (ANALYSTS, {}),
    ],
)
def test_the_declaration_says_what_a_caller_must_be(
    who: Principal, claims: dict[str, list[str]]
) -> None:
    (output,) = json.loads(declaration(ACCOUNTS, [consumer(who=who)], [], []))["consumers"]
    assert output["claims"] == claims


def test_the_declaration_says_which_way_a_grant_takes() -> None:
    without_role = Consumer(name="copier", principal=User(name="Copier"), role=None)
    grants = [granted(Queue(name="jobs"), Level.SEND, to=without_role, via=Via.RESOURCE)]
    output = json.loads(declaration(ACCOUNTS, [without_role], grants, []))
    assert output["consumers"][0]["role_arn"] is None
    assert output["consumers"][0]["max_session_duration"] is None
    assert output["grants"] == [
        {
            "consumer": "copier",
            "resource_arn": "arn:aws:sqs:us-west-2:111122223333:jobs",
            "levels": ["send"],
            "more_actions": [],
            "kms_key_arn": None,
            "prefixes": [],
            "via": "resource",
            "actions": ["sqs:GetQueueUrl", "sqs:SendMessage"],
            "proof_commands": [
                "aws sqs send-message"
                " --queue-url https://sqs.us-west-2.amazonaws.com/111122223333/jobs"
                " --message-body test --region us-west-2"
            ],
        }
    ]


def test_the_proof_uses_one_resource_of_each_kind() -> None:
    grants = [
        granted("ours", Level.READ),
        granted("more", Level.READ),
        granted(Topic(name="news"), Level.SUBSCRIBE),
        granted(Topic(name="alerts"), Level.PUBLISH),
        granted(Queue(name="jobs"), Level.RECEIVE),
    ]
    _, head, get, publish, receive = proof_commands(ACCOUNTS, consumer(), grants).splitlines()
    assert head.startswith("aws s3api head-object --bucket ours")
    assert get.startswith("aws s3api get-object --bucket ours")
    assert publish == (
        "aws sns publish --topic-arn arn:aws:sns:us-west-2:111122223333:alerts --message test "
        "--region us-west-2 --profile StageRole"
    )
    assert receive == (
        "aws sqs receive-message --queue-url "
        "https://sqs.us-west-2.amazonaws.com/111122223333/jobs --visibility-timeout 0 "
        "--region us-west-2 --profile StageRole"
    )


def test_what_goes_without_a_role_is_proven_with_the_callers_own_profile() -> None:
    grants = [
        granted("ours", Level.READ),
        granted(Queue(name="jobs"), Level.SEND, via=Via.RESOURCE),
    ]
    *by_role, send = proof_commands(ACCOUNTS, consumer(), grants).splitlines()
    assert len(by_role) == 3
    assert send.startswith("aws sqs send-message --queue-url ")
    assert send.endswith(" --profile StageAdmin")


def test_a_consumer_without_a_role_has_neither_link_nor_profile() -> None:
    without_role = Consumer(name="copier", principal=User(name="Copier"), role=None)
    assert switch_role_url(PRODUCTION, without_role) is None
    assert cli_profile(ACCOUNTS, without_role) is None
    only = [granted(Topic(name="news"), Level.SUBSCRIBE, to=without_role, via=Via.RESOURCE)]
    assert proof_commands(ACCOUNTS, without_role, only) == ""


def test_a_queue_in_china_has_its_address_there() -> None:
    china = replace(PRODUCTION, region="cn-north-1", partition="aws-cn")
    accounts = Accounts(trusting=china, trusted=ACCOUNTS.trusted)
    grants = [granted(Queue(name="jobs"), Level.SEND)]
    assert "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/jobs" in proof_commands(
        accounts, consumer(), grants
    )
