"""Two accounts and short spellings of documents, for the engine's tests."""

from __future__ import annotations

from typing import Any

from cross_account_access.iam.engine import (
    Context,
    Decision,
    Policy,
    PolicyKind,
    Request,
    ResourceDocuments,
    World,
    compile_policy,
    decide,
    parse_principal,
)

TRUSTING = "111122223333"
TRUSTED = "444455556666"
USER = f"arn:aws:iam::{TRUSTED}:user/StageAdmin"
OTHER_USER = f"arn:aws:iam::{TRUSTED}:user/Mallory"
LOCAL_USER = f"arn:aws:iam::{TRUSTING}:user/ProdAdmin"
ROLE = f"arn:aws:iam::{TRUSTING}:role/StageRole"
SESSION = f"arn:aws:sts::{TRUSTING}:assumed-role/StageRole/test"
FEDERATED = f"arn:aws:sts::{TRUSTING}:federated-user/ProdAdmin"
BUCKET = "arn:aws:s3:::production-test-bucket-101"
OBJECT = f"{BUCKET}/Sunset.jpg"
KEY = f"arn:aws:kms:us-east-1:{TRUSTING}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
QUEUE = f"arn:aws:sqs:us-east-1:{TRUSTING}:queue1"
GET = "s3:GetObject"
ASSUME = "sts:AssumeRole"
CARLOS = f"arn:aws:iam::{TRUSTING}:user/carlossalazar"

Json = dict[str, Any]


def policy(*statements: Json, version: str = "2012-10-17") -> Json:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> Json:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trust(*principals: str, action: Any = "sts:AssumeRole", **more: Any) -> Json:
    named = {"AWS": list(principals)}
    return policy({"Effect": "Allow", "Principal": named, "Action": action, **more})


def owned(document: Json | None, account: str = TRUSTING) -> ResourceDocuments:
    return {"account": account, "policy": document}


def root_of(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def session_policy(*statements: Json) -> tuple[Policy, ...]:
    return (compile_policy(policy(*statements), PolicyKind.SESSION, "session policy"),)


def ask(
    world: World,
    principal: str,
    action: str,
    resource: str,
    *,
    context: Context | None = None,
    session: tuple[Policy, ...] = (),
) -> Decision:
    request = Request(parse_principal(principal), action, resource, context or Context(), session)
    return decide(world, request)


def outcome(*args: Any, **kwargs: Any) -> str:
    return ask(*args, **kwargs).outcome.value


READ = allow(GET, f"{BUCKET}/*")
MAY_ASSUME = allow(ASSUME, ROLE)


def at_bucket(
    *named: str, user: Any = (), role: Any = (), boundary: Any = None, statement: Any = None
) -> World:
    """A bucket whose policy allows reading to those named, and who may own it or not."""
    listed = statement or allow(GET, f"{BUCKET}/*", Principal={"AWS": list(named)})
    return World(
        users={
            USER: {"policies": {"p": policy(*user)}},
            LOCAL_USER: {"policies": {"p": policy(*user)}, "boundary": boundary},
        },
        roles={
            ROLE: {
                "trust": trust(root_of(TRUSTED)),
                "policies": {"p": policy(*role)},
                "boundary": boundary,
            }
        },
        resources={BUCKET: owned(policy(listed))},
    )
