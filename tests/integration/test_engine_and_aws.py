"""The access engine and the emulated AWS answer the same questions over the same documents.

Neither is the measure of the other: where they differ, AWS's documentation says who is right. The
questions are drawn at random, from a seed, out of pools of what policies are made of.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.iam.engine import Outcome
from tests.integration.conftest import running_box
from tests.integration.drawn_questions import (
    policies_for,
    policies_for_encrypted,
    policies_for_s3,
    policies_for_sts,
    question_for,
    question_for_encrypted,
    question_for_s3,
    question_for_sts,
)
from tests.integration.questions import (
    Accounts,
    Policies,
    Question,
    judged,
    world,
)
from tests.support.any_form import any_form

SETS, QUESTIONS = 60, 16
"""Sets of policies for each service, and questions about each set."""


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
    ("service", "seed"), [("s3", 1), ("sts", 2), ("sns", 3), ("sqs", 4), ("kms", 5), ("objects", 6)]
)
def test_the_engine_answers_as_the_emulated_aws(
    accounts: Accounts, service: str, seed: int
) -> None:
    make_policies, make_question = {
        "s3": (policies_for_s3, question_for_s3),
        "sts": (policies_for_sts, question_for_sts),
        "objects": (policies_for_encrypted(accounts.key), question_for_encrypted),
    }.get(service) or (policies_for(service, accounts.key), question_for(service))
    chance = random.Random(seed)  # noqa: S311 - the same questions every time
    counts: Counter[Outcome] = Counter()
    disagreements = []
    for _ in range(SETS):
        policies = make_policies(chance)
        questions = [make_question(chance) for _ in range(QUESTIONS)]
        for question, passed, outcome in differences(accounts, policies, questions):
            counts[outcome] += 1
            if outcome is not (Outcome.ALLOWED if passed else Outcome.DENIED):
                disagreements.append((question, passed, outcome, policies))
    assert not disagreements, disagreements[0]
    assert sum(counts.values()) == SETS * QUESTIONS
    # A test in which everything is refused would find nothing.
    assert min(counts[Outcome.ALLOWED], counts[Outcome.DENIED]) > SETS * QUESTIONS / 6
