"""The one service whose request for a role has tags of a principal: those of a certificate."""

import pytest

from cross_account_access.iam.engine import (
    Context,
    Outcome,
    Request,
    World,
    decide,
    parse_principal,
)

ROLE = "arn:aws:iam::444455556666:role/Backup"
KEY = "aws:PrincipalTag/x509Subject/CN"


def outcome(service: str, name: str | None) -> Outcome:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {KEY: "backup.example.com"}},
    }
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    world = World(users={}, roles={ROLE: {"trust": trust}}, resources={})
    context = Context({}, absent=[KEY]) if name is None else Context({KEY: name})
    return decide(world, Request(parse_principal(service), "sts:AssumeRole", ROLE, context)).outcome


@pytest.mark.parametrize(
    ("service", "name", "expected"),
    [
        ("rolesanywhere.amazonaws.com", "backup.example.com", Outcome.ALLOWED),
        ("rolesanywhere.amazonaws.com", "web.example.com", Outcome.DENIED),
        ("rolesanywhere.amazonaws.com", None, Outcome.DENIED),
        # Nobody else can state tags of a principal that is none.
        ("ecs-tasks.amazonaws.com", "backup.example.com", Outcome.DENIED),
    ],
)
def test_a_certificate_is_told_apart_by_what_it_says(
    service: str, name: str | None, expected: Outcome
) -> None:
    assert outcome(service, name) is expected
