"""The access engine and the emulated AWS answer the same questions over the same documents.

Neither is the measure of the other: where they differ, AWS's documentation says who is right. What
the emulated AWS does not do as AWS is a gap with a reason, and one that has closed must go from the
list. The questions are drawn at random, from a seed, out of pools of what policies are made of.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.iam.engine import Outcome
from tests.integration.conftest import running_box
from tests.integration.drawn_questions import (
    policies_for,
    policies_for_s3,
    policies_for_sts,
    question_for,
    question_for_s3,
    question_for_sts,
)
from tests.integration.questions import (
    ARN,
    PEOPLE,
    STAGING,
    Accounts,
    Document,
    Policies,
    Question,
    allow,
    deny,
    judged,
    policy,
    world,
)
from tests.support.any_form import any_form

SETS, QUESTIONS = 60, 16
"""Sets of policies for each service, and questions about each set."""

# What the emulated AWS does not do as AWS does.


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One difference that is known."""

    reason: str
    policies: Policies
    question: Question
    by_aws: Outcome
    """What AWS's documentation says, and so the engine."""
    covers: Callable[[Policies, Question], bool] = lambda _policies, _question: False
    """Whether a question that was drawn is of the same sort."""


def _names_everybody(document: Document | None) -> bool:
    named = [each["Principal"] for each in (document or policy())["Statement"]]
    return "*" in named or {"AWS": "*"} in named


def _assuming(who: str, **output: Any) -> Question:
    return Question(who=who, action="sts:AssumeRole", output={"RoleSessionName": "alice", **output})


def _all_of_s3(**more: Any) -> Document:
    return policy(allow("s3:*", [ARN, f"{ARN}/*"], **more))


_READ = Question(who="guest", action="s3:GetObject", key="a")
_TAGS = [{"Key": "project", "Value": "apollo"}]
_TRUST_STAGING = {"AWS": STAGING}

GAPS = {
    "NotPrincipal": Gap(
        reason="a statement with it applies to nobody",
        policies=Policies(
            own={"owner": _all_of_s3()},
            bucket=policy(deny("s3:*", f"{ARN}/*", NotPrincipal={"AWS": PEOPLE["stranger"]})),
        ),
        question=Question(who="owner", action="s3:GetObject", key="a"),
        by_aws=Outcome.DENIED,
    ),
    "everybody, beyond a boundary": Gap(
        reason="a boundary limits what a policy allows to everybody; AWS says that within the "
        "account no other permission is needed",
        policies=Policies(
            limits={"owner": policy(allow("iam:*", "*"))}, bucket=_all_of_s3(Principal="*")
        ),
        question=Question(who="owner", action="s3:GetObject", key="a"),
        by_aws=Outcome.ALLOWED,
        covers=lambda policies, question: (
            question.who in policies.limits
            and any(map(_names_everybody, (policies.bucket, *policies.shared.values())))
        ),
    ),
    "a caller of the own account in a trust": Gap(
        reason="its own policy is asked for all the same",
        policies=Policies(
            trust=policy(allow("sts:AssumeRole", Principal={"AWS": PEOPLE["owner"]}))
        ),
        question=_assuming("owner"),
        by_aws=Outcome.ALLOWED,
        covers=lambda policies, question: (
            question.who == "owner"
            and (_names_everybody(policies.trust) or PEOPLE["owner"] in json.dumps(policies.trust))
        ),
    ),
}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    """Accounts that take a document of any form: the engine is to judge each as AWS would."""
    with any_form(), running_box() as running:
        yield running


@pytest.fixture(scope="module")
def accounts(box: Sandbox) -> Accounts:
    return Accounts(box)


def differences(
    accounts: Accounts, policies: Policies, questions: list[Question]
) -> Iterator[tuple[Question, bool, Outcome]]:
    """The questions that both answer, with both answers."""
    accounts.apply(policies)
    of = world(policies, accounts.key)
    for question in questions:
        yield question, accounts.answer(question), judged(of, question, accounts.key)


@pytest.mark.parametrize(
    ("service", "seed"), [("s3", 1), ("sts", 2), ("sns", 3), ("sqs", 4), ("kms", 5)]
)
def test_the_engine_answers_as_the_emulated_aws(
    accounts: Accounts, service: str, seed: int
) -> None:
    make_policies, make_question = {
        "s3": (policies_for_s3, question_for_s3),
        "sts": (policies_for_sts, question_for_sts),
    }.get(service) or (policies_for(service, accounts.key), question_for(service))
    chance = random.Random(seed)  # noqa: S311 - the same questions every time
    counts: Counter[Outcome] = Counter()
    disagreements = []
    for _ in range(SETS):
        policies = make_policies(chance)
        questions = [make_question(chance) for _ in range(QUESTIONS)]
        for question, passed, outcome in differences(accounts, policies, questions):
            counts[outcome] += 1
            if outcome is not (Outcome.ALLOWED if passed else Outcome.DENIED) and not any(
                gap.covers(policies, question) for gap in GAPS.values()
            ):
                disagreements.append((question, passed, outcome, policies))
    assert not disagreements, disagreements[0]
    assert sum(counts.values()) == SETS * QUESTIONS
    # A test in which everything is refused would find nothing.
    assert min(counts[Outcome.ALLOWED], counts[Outcome.DENIED]) > SETS * QUESTIONS / 6


@pytest.mark.parametrize("name", GAPS)
def test_a_gap_is_still_there(accounts: Accounts, name: str) -> None:
    """One that has closed must go from the list, and from docs/sandbox.md."""
    gap = GAPS[name]
    ((question, passed, outcome),) = differences(accounts, gap.policies, [gap.question])
    assert outcome is gap.by_aws, (question, gap.reason)
    assert passed is not (gap.by_aws is Outcome.ALLOWED)
