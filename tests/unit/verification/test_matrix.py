"""The rows that a declaration makes: what must succeed and what must be refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from cross_account_access.command.verification.callers import invented
from cross_account_access.command.verification.rows import (
    EVERYBODY_ELSE,
    Caller,
    Expected,
    LongSession,
    Use,
)
from cross_account_access.iam.services import service_of
from tests.unit.verification.declared import (
    BUCKET,
    OTHER_BUCKET,
    PRODUCTION,
    QUEUE,
    ROLE,
    SECRET,
    STAGING,
    TABLE,
    TOPIC,
    USER,
    consumer,
    contract,
    expectations,
    grant,
    rows,
)

ALLOWED, REFUSED = Expected.ALLOWED, Expected.REFUSED
VENDOR = "arn:aws:iam::777788889999:root"


def test_a_reader_may_list_and_read_and_no_more() -> None:
    output = expectations(contract(consumer(grant("list", "read"))))
    assert output["assume ReaderAccess"] is ALLOWED
    assert output["ask for the region of shared"] is ALLOWED
    assert output["list shared"] is ALLOWED
    assert output["read shared"] is ALLOWED
    for what in (
        "write to shared",
        "delete in shared",
        "list the unfinished uploads of shared",
        "read shared over plain HTTP",
        "list shared over plain HTTP",
        "read shared without the role",
        "assume ReaderAccess as another principal of Staging",
        "assume ReaderAccess as user/Reader-x",
        "assume ReaderAccess as a principal of another account",
        "assume ReaderAccess for more than 3600 seconds",
        "list access-verify-0, which is not of the stack",
        "read access-verify-0, which is not of the stack",
    ):
        assert output[what] is REFUSED, what


@pytest.mark.parametrize(("owners", "asked"), [({}, True), ({"db": SECRET}, False)])
def test_plain_http_is_for_the_policy_of_what_is_ours(owners: dict[str, str], asked: bool) -> None:
    output = expectations(contract(consumer(grant("read", arn=SECRET)), resource_arns=owners))
    assert any(what.endswith("over plain HTTP") for what in output) is asked


@pytest.mark.parametrize("arn", [BUCKET, TOPIC, QUEUE, SECRET, TABLE])
def test_each_level_is_asked_about_whether_it_is_granted_or_not(arn: str) -> None:
    operations = service_of(arn).operations
    levels = sorted({level for operation in operations for level in operation.levels})
    for count in range(1, len(levels) + 1):
        for granted in combinations(levels, count):
            output = expectations(contract(consumer(grant(*granted, arn=arn))))
            for operation in operations:
                what = f"{operation.words} {arn.rsplit(':', 1)[-1]}"
                if operation.levels & set(granted):
                    assert output[what] is ALLOWED, (granted, what)
                elif operation.checks_refusal:
                    assert output[what] is REFUSED, (granted, what)
                else:
                    assert what not in output


def test_a_prefix_confines_objects_and_listing() -> None:
    others = consumer(grant("write", prefixes=("incoming/",)), name="writer", role_arn=f"{ROLE}2")
    own = consumer(grant("list", "read", prefixes=("images/",)))
    output = expectations(contract(own, others))
    assert output["list shared/images/"] is ALLOWED
    assert output["read shared/images/"] is ALLOWED
    for what in (
        "list shared",
        "list shared/images-access-verify-0/",
        "read shared/images-access-verify-0/",
        "list shared/incoming/",
        "read shared/incoming/",
        "write to shared/images/",
        "write to shared/incoming/",
    ):
        assert output[what] is REFUSED, what
    assert expectations(contract(own, others), "writer")["write to shared/incoming/"] is ALLOWED


def test_what_is_confined_to_prefixes_tells_nothing_of_the_whole_bucket() -> None:
    output = expectations(contract(consumer(grant("list", "write", prefixes=("images/",)))))
    assert output["list the unfinished uploads of shared"] is REFUSED
    assert output["ask for the region of shared"] is ALLOWED


def test_one_grant_of_the_whole_bucket_hides_no_other_that_is_confined() -> None:
    declared = contract(consumer(grant("read"), grant("write", prefixes=("images/",))))
    output = expectations(declared)
    assert output["read shared"] is ALLOWED
    assert output["read shared/images/"] is ALLOWED
    assert output["write to shared/images/"] is ALLOWED
    assert output["write to shared"] is REFUSED
    assert output["write to shared/images-access-verify-0/"] is REFUSED
    assert output["list shared/images/"] is REFUSED


def test_what_else_the_stack_shares_is_refused() -> None:
    shared = {"topic_arns": {"news": TOPIC}, "queue_arns": {"jobs": QUEUE}}
    output = expectations(
        contract(consumer(grant("read")), buckets=(BUCKET, OTHER_BUCKET), **shared),
    )
    assert output["read shared"] is ALLOWED
    assert {output[f"{words} private"] for words in ("list", "read", "write to", "delete in")} == {
        REFUSED
    }
    assert output["publish to news"] is REFUSED
    assert output["send to jobs"] is REFUSED


def test_a_consumer_without_conditions_has_these_rows_and_no_more() -> None:
    refused = ("write to", "list the unfinished uploads of", "delete in")
    itself = contract(consumer(grant("list", "read", via="resource"), role_arn=None))
    assert [(row.what, row.expected) for row in rows(itself) if row.consumer == "reader"] == [
        ("ask for the region of shared", ALLOWED),
        ("list shared", ALLOWED),
        ("read shared", ALLOWED),
        *(
            (f"{words} shared{how}", REFUSED)
            for words in refused
            for how in ("", ", whatever its own policy allows")
        ),
        ("list shared over plain HTTP", REFUSED),
        ("read shared over plain HTTP", REFUSED),
        ("list access-verify-0, which is not of the stack", REFUSED),
        ("read access-verify-0, which is not of the stack", REFUSED),
    ]
    by_role = contract(consumer(grant("list", "read")))
    assert [(row.what, row.expected) for row in rows(by_role) if row.consumer == "reader"] == [
        ("assume ReaderAccess", ALLOWED),
        ("assume ReaderAccess as user/Reader-x", REFUSED),
        ("assume ReaderAccess as another principal of Staging", REFUSED),
        ("assume ReaderAccess as a principal of another account", REFUSED),
        ("assume ReaderAccess for more than 3600 seconds", REFUSED),
        ("ask for the region of shared", ALLOWED),
        ("list shared", ALLOWED),
        ("read shared", ALLOWED),
        *((f"{words} shared", REFUSED) for words in refused),
        ("list shared over plain HTTP", REFUSED),
        ("read shared over plain HTTP", REFUSED),
        ("read shared without the role", REFUSED),
        ("list access-verify-0, which is not of the stack", REFUSED),
        ("read access-verify-0, which is not of the stack", REFUSED),
    ]


def test_nobody_of_the_stack_may_assume_whatever_trusts_an_account() -> None:
    staging, production = (
        f"assume any role of Production that trusts {each}"
        for each in ("Staging", "Production, as ReaderAccess")
    )
    declared = contract(consumer(grant("read")))
    output = expectations(declared, made=frozenset({USER, ROLE}))
    assert output[staging] is output[production] is REFUSED
    # What others gave their own user is theirs to know.
    assert staging not in expectations(declared, made=frozenset({ROLE}))
    assert not {staging, production} & set(expectations(declared))
    for row in rows(declared, made=frozenset({USER, ROLE})):
        if row.what in (staging, production):
            assert row.is_hypothetical


ANALYSTS = f"arn:aws:iam::{STAGING}:role/sso/*Analysts_*"
THERE = tuple(f"arn:aws:iam::{STAGING}:role/sso/Analysts_{each}" for each in "ab")


def test_principals_that_exist_stand_for_the_pattern_that_means_them() -> None:
    declared = contract(consumer(grant("read"), kind="principals", principal_arns=(ANALYSTS,)))

    def assuming(*existing: str) -> dict[str, Caller]:
        return {
            row.what.removeprefix("assume ReaderAccess"): row.caller
            for row in rows(declared, existing={"reader": existing})
            if row.expected is ALLOWED and not isinstance(row.ask, Use)
        }

    anyway = " as role/sso/xAnalysts_x, whatever its own policy allows"
    made_up = f"arn:aws:iam::{STAGING}:role/sso/xAnalysts_x"
    first, second = (Caller(arn=arn, actor=None, is_theirs=True) for arn in THERE)
    acting = replace(first, actor="reader")
    assert assuming() == {"": Caller(arn=made_up, actor="reader", is_invented=True)}
    assert assuming(THERE[0]) == {"": acting, anyway: invented(made_up)}
    assert assuming(*THERE) == {
        "": acting,
        " as role/sso/Analysts_a": first,
        " as role/sso/Analysts_b": second,
        anyway: invented(made_up),
    }


def test_principals_that_exist_and_need_no_role_are_asked_about_what_they_are_granted() -> None:
    direct = consumer(
        grant("read", via="resource"),
        kind="principals",
        principal_arns=(ANALYSTS,),
        role_arn=None,
    )
    made = rows(contract(direct), existing={"reader": THERE})
    theirs = {row.what: row for row in made if row.caller.is_theirs}
    assert set(theirs) == {f"read shared as role/sso/Analysts_{each}" for each in "ab"}
    assert {row.expected for row in theirs.values()} == {ALLOWED}
    (usual,) = (row for row in made if row.what == "read shared")
    assert usual.caller.is_invented


def test_a_bucket_that_is_there_is_asked_about_rather_than_one_that_could_be() -> None:
    declared = contract(consumer(grant("read")))
    foreign = [
        row
        for row in rows(declared, foreign_bucket="arn:aws:s3:::somebody-elses")
        if "not of the stack" in row.what
    ]
    assert {row.what for row in foreign} == {
        f"{words} somebody-elses, which is not of the stack" for words in ("list", "read")
    }
    assert not any(row.is_hypothetical for row in foreign)


@pytest.mark.parametrize(
    ("conditions", "refused"),
    [
        ({"external_id": "e-1"}, ["without its external ID", "with a wrong external ID"]),
        (
            {"mfa": True, "mfa_max_age": 900},
            ["without MFA", "with MFA of 901 seconds ago"],
        ),
        (
            {"source_identity_required": True, "source_identities": ("Alice",)},
            ["without a source identity", "with a wrong source identity"],
        ),
        ({"source_identity_required": True}, ["without a source identity"]),
        (
            {"session_tags": {"team": "data"}},
            [
                "without session tags",
                "with a further session tag",
                "with a wrong session tag team",
            ],
        ),
        ({"source_ips": ("192.0.2.0/24",)}, ["from 198.51.100.1"]),
        ({"expires_at": "2031-01-01T00:00:00Z"}, ["after 2031-01-01T00:00:00Z"]),
        (
            {
                "kind": "organization",
                "principal_arns": (),
                "claims": {"aws:PrincipalOrgID": ["o-1"]},
            },
            ["without aws:PrincipalOrgID", "with aws:PrincipalOrgID o-1-x"],
        ),
        (
            {
                "kind": "oidc",
                "principal_arns": (f"arn:aws:iam::{PRODUCTION}:oidc-provider/ci.example.com",),
                "claims": {"ci.example.com:sub": ["repo:ours/site:*"]},
            },
            ["with ci.example.com:sub repo:ours/site-xx"],
        ),
        (
            {"kind": "principals", "principal_arns": (f"arn:aws:iam::{STAGING}:role/Data_*",)},
            ["as role/Data-xx", "as another principal of Staging"],
        ),
    ],
)
def test_each_condition_has_a_row_in_which_it_is_not_met(
    conditions: dict[str, Any], refused: list[str]
) -> None:
    output = expectations(contract(consumer(grant("read"), **conditions)))
    assert output["assume ReaderAccess"] is ALLOWED
    for how in refused:
        assert output[f"assume ReaderAccess {how}"] is REFUSED


@pytest.mark.parametrize(
    ("changes", "caller", "more"),
    [
        (
            {"kind": "third_party", "principal_arns": (VENDOR,)},
            "arn:aws:iam::777788889999:role/access-verify",
            ["as role/Robot of 666677778888"],
        ),
        (
            {"kind": "organization", "principal_arns": ()},
            "arn:aws:iam::999999999999:role/access-verify",
            ["as role/Robot of 777788889999", "as role/Robot of 666677778888"],
        ),
    ],
)
def test_of_callers_who_belong_elsewhere_nobody_of_staging_is_nearly_one(
    changes: dict[str, Any], caller: str, more: list[str]
) -> None:
    named = [f"arn:aws:iam::{account}:role/Robot" for account in ("777788889999", "666677778888")]
    declared = contract(consumer(grant("read"), **changes))
    made = {
        row.what.removeprefix("assume ReaderAccess").strip(): row
        for row in rows(declared, named={ROLE: named})
        if row.what.startswith("assume")
    }
    by_another = "as a principal of another account"
    assert list(made) == ["", *more, by_another, "for more than 3600 seconds"]
    assert made[""].caller.arn == caller
    assert made[""].caller.is_invented


def test_what_another_consumer_is_confined_to_is_no_place_of_one_that_is_not() -> None:
    others = consumer(grant("write", prefixes=("incoming/",)), name="writer", role_arn=f"{ROLE}2")
    output = expectations(contract(consumer(grant("read")), others))
    assert not any("incoming/" in what for what in output)


def test_only_a_caller_with_policies_of_its_own_is_looked_at_without_them() -> None:
    own = grant("read", via="resource")
    changes: dict[str, Any] = {"external_id": "e-1", "source_ips": ("203.0.113.0/24",)}
    known = rows(contract(consumer(own, **changes)))
    anyway = [row for row in known if row.what.endswith("whatever its own policy allows")]
    assert len(anyway) >= 2
    assert all(row.caller == invented(USER) for row in anyway)
    at_odds = [row for row in known if "read shared as itself from" in row.what]
    assert [row.caller for row in at_odds] == [invented(USER)]
    kind = {"kind": "principals", "principal_arns": (f"arn:aws:iam::{STAGING}:role/data/*",)}
    unknown = rows(contract(consumer(own, **changes, **kind)))
    assert not [row for row in unknown if row.what.endswith("whatever its own policy allows")]
    # A session of the role has the role's own policies, which the row is about.
    by_role = rows(contract(consumer(grant("read"), **changes)))
    at_odds = [row for row in by_role if "read shared from" in row.what]
    assert [row.caller.is_invented for row in at_odds] == [False]


def test_a_consumer_without_a_role_has_none_that_another_could_take() -> None:
    bare = consumer(
        grant("read", via="resource"), name="bare", role_arn=None, principal_arns=(f"{USER}2",)
    )
    other = consumer(grant("read"), name="other", role_arn=f"{ROLE}3", principal_arns=(f"{USER}3",))
    output = expectations(contract(consumer(grant("read")), bare, other))
    of_others = [what for what in output if " of consumer " in what]
    assert of_others == ["assume ReaderAccess3 of consumer other"]


def test_jobs_are_their_identity_provider() -> None:
    provider = f"arn:aws:iam::{PRODUCTION}:oidc-provider/ci.example.com"
    jobs = consumer(grant("read"), kind="oidc", principal_arns=(provider,))
    (row,) = (row for row in rows(contract(jobs)) if row.what == "assume ReaderAccess")
    assert row.caller == Caller(arn=provider, actor="reader")


@pytest.mark.parametrize(
    ("changes", "home"),
    [
        ({}, STAGING),
        ({"kind": "third_party", "principal_arns": (VENDOR,)}, "777788889999"),
        ({"kind": "organization", "principal_arns": ()}, STAGING),
    ],
)
def test_own_queues_are_those_of_the_account_that_callers_belong_to(
    changes: dict[str, Any], home: str
) -> None:
    declared = contract(consumer(grant("subscribe", arn=TOPIC), **changes))
    asked = [row.ask for row in rows(declared) if row.consumer == "reader"]
    assert {ask.place.home for ask in asked if isinstance(ask, Use) and ask.place.arn == TOPIC} == {
        home
    }


def test_the_account_of_strangers_is_nobodys() -> None:
    nines = consumer(grant("read"), kind="third_party", principal_arns=("arn:aws:iam::9:root",))
    named = replace(nines, principal_arns=(f"arn:aws:iam::{'9' * 12}:root",))
    what = "assume ReaderAccess as a principal of another account"
    for declared, account in (
        (contract(nines), "9" * 12),
        (contract(named), "8" * 12),
        (contract(named, staging_account_id="8" * 12), "7" * 12),
        (contract(named, production_account_id="8" * 12), "7" * 12),
    ):
        (row,) = (row for row in rows(declared) if row.what == what)
        assert row.caller.arn == f"arn:aws:iam::{account}:role/access-verify"


def test_where_all_that_is_nearly_meant_is_meant_nothing_is_near() -> None:
    arns = tuple(f"arn:aws:iam::{STAGING}:user/{name}" for name in ("Reader", "Reader?x"))
    output = expectations(contract(consumer(grant("read"), kind="principals", principal_arns=arns)))
    assert sorted(what for what in output if what.startswith("assume ReaderAccess as ")) == [
        "assume ReaderAccess as a principal of another account",
        "assume ReaderAccess as another principal of Staging",
        "assume ReaderAccess as user/Readerx-x",
        "assume ReaderAccess as user/Readerxx",
    ]


def test_each_pattern_of_principals_has_a_row_in_which_it_is_let_in() -> None:
    arns = tuple(f"arn:aws:iam::{STAGING}:{name}" for name in ("role/data/*", "role/ops/*"))
    declared = contract(consumer(grant("read"), kind="principals", principal_arns=arns))
    made = {row.what: row for row in rows(declared)}
    first, second = made["assume ReaderAccess"], made["assume ReaderAccess as role/ops/y"]
    assert (first.expected, second.expected) == (ALLOWED, ALLOWED)
    assert first.caller.arn == f"arn:aws:iam::{STAGING}:role/data/x"
    # One profile stands for the consumer, so that the second one is the engine's.
    assert (first.caller.actor, second.caller.actor) == ("reader", None)
    assert second.caller.is_invented
    for near in ("role/data-xx", "role/ops-xx"):
        assert made[f"assume ReaderAccess as {near}"].expected is REFUSED


@pytest.mark.parametrize(
    ("conditions", "how"),
    [
        ({"source_ips": ("203.0.113.0/24",)}, "from 192.0.2.1"),
        ({"source_ips": ("192.0.2.0/24", "198.51.100.0/24")}, "from 203.0.113.1"),
        ({"vpc_endpoints": ("vpce-1",)}, "through no VPC endpoint"),
        ({"vpc_endpoints": ("vpce-1",)}, "through another VPC endpoint"),
        ({"expires_at": "2031-01-01T00:00:00Z"}, "after 2031-01-01T00:00:00Z"),
    ],
)
def test_conditions_on_requests_hold_for_all_that_is_granted(
    conditions: dict[str, Any], how: str
) -> None:
    declared = contract(consumer(grant("list", "read", "delete"), **conditions))
    output = expectations(declared)
    for words in ("list", "read", "delete in"):
        assert output[f"{words} shared {how}"] is REFUSED
    hypothetical = [row for row in rows(declared) if row.what.endswith(how)]
    assert all(row.is_hypothetical for row in hypothetical)


def test_who_comes_as_itself_tells_of_mfa_with_every_request() -> None:
    own = consumer(grant("read", via="resource"), role_arn=None, mfa=True, mfa_max_age=60)
    output = expectations(contract(own))
    assert output["read shared without MFA"] is REFUSED
    assert output["read shared with MFA of 61 seconds ago"] is REFUSED
    # Both policies say the same; that of the bucket is looked at by itself too.
    assert output["write to shared, whatever its own policy allows"] is REFUSED
    assert not any(what.startswith("assume") for what in output)


def test_access_that_has_ended_must_be_refused_altogether() -> None:
    ended = consumer(grant("list", "read"), expires_at="2029-12-31T23:59:59Z")
    assert expectations(contract(ended)) == {
        "assume ReaderAccess although its access has ended": REFUSED
    }


def test_access_that_goes_without_a_role_must_be_refused_after_its_end_too() -> None:
    own = grant("list", "read", via="resource")
    ended = consumer(own, role_arn=None, expires_at="2029-12-31T23:59:59Z")
    output = expectations(contract(ended))
    assert set(output.values()) == {REFUSED}
    assert "read shared although its access has ended" in output


def test_a_date_without_time_ends_at_its_first_moment() -> None:
    ends_now = consumer(grant("read"), expires_at="2030-01-01")
    assert set(expectations(contract(ends_now)).values()) == {REFUSED}
    ends_later = consumer(grant("read"), expires_at="2030-01-02")
    assert expectations(contract(ends_later))["read shared"] is ALLOWED


def test_whom_a_policy_names_beside_the_consumer_must_be_refused() -> None:
    named = [
        USER,
        f"arn:aws:iam::{STAGING}:root",
        PRODUCTION,
        f"arn:aws:iam::{STAGING}:user/Mallory",
        "arn:aws:iam::*:role/Robot",
        "777788889999",
        "ec2.amazonaws.com",
        "AIDAEXAMPLEEXAMPLE1",
        "*",
    ]
    output = expectations(contract(consumer(grant("read"))), named={ROLE: named})
    by_name = {
        what.removeprefix("assume ReaderAccess as ")
        for what in output
        if what.startswith("assume ReaderAccess as ")
    }
    assert by_name == {
        "a principal of another account",
        "another principal of Staging",
        "user/Reader-x",
        "user/Mallory",
        "role/Robot of 999999999999",
        "role/access-verify of 777788889999",
        "ec2.amazonaws.com",
    }


def test_everybody_else_is_refused_where_a_bucket_policy_may_be_too_wide() -> None:
    declared = contract(consumer(grant("read", prefixes=("images/",))), listed_by_staging={BUCKET})
    output = expectations(declared, EVERYBODY_ELSE, named={BUCKET: [VENDOR]})
    assert output["list shared/images/ as anybody else of Staging"] is ALLOWED
    assert output["list shared as anybody else of Staging"] is ALLOWED
    for who in (
        "anybody else of Staging",
        "anybody of another account",
        "anybody without credentials",
        "role/access-verify of 777788889999",
    ):
        assert output[f"read shared/images/ as {who}"] is REFUSED
    assert output["list shared as anybody of another account"] is REFUSED


def test_all_of_staging_may_list_what_its_administrators_may_let_it() -> None:
    declared = contract(consumer(grant("read")), listed_by_staging={BUCKET})
    named = {BUCKET: [f"{USER}2", VENDOR]}
    output = expectations(declared, EVERYBODY_ELSE, named=named)
    assert output["list shared as user/Reader2"] is ALLOWED
    assert output["read shared as user/Reader2"] is REFUSED
    assert output["list shared as role/access-verify of 777788889999"] is REFUSED


def test_whom_a_resource_policy_lets_in_is_not_everybody_else() -> None:
    own = consumer(grant("read", via="resource"), role_arn=None)
    output = expectations(contract(own), EVERYBODY_ELSE, named={BUCKET: [USER, f"{USER}2"]})
    assert "read shared as user/Reader" not in output
    assert output["read shared as user/Reader2"] is REFUSED


def test_both_ways_to_one_bucket_are_told_apart() -> None:
    both = consumer(grant("list"), grant("read", via="resource"))
    output = expectations(contract(both))
    assert output["list shared"] is ALLOWED
    assert output["read shared"] is REFUSED
    assert output["read shared as itself"] is ALLOWED
    assert output["list shared as itself"] is REFUSED
    assert "read shared without the role" not in output


def test_a_consumer_of_its_own_kind_cannot_take_the_role_of_another() -> None:
    other = consumer(
        grant("read"),
        name="other",
        role_arn=f"{ROLE}2",
        principal_arns=(f"{USER}2",),
        external_id="e-2",
    )
    declared = contract(consumer(grant("read")), other)
    output = [row for row in rows(declared) if row.what == "assume ReaderAccess2 of consumer other"]
    assert [row.expected for row in output] == [REFUSED]
    # Only whom the trust names is in question.
    assert output[0].circumstances.external_id == "e-2"


def test_a_long_session_is_never_asked_for() -> None:
    declared = contract(consumer(grant("read"), max_session_duration=7200))
    (row,) = (row for row in rows(declared) if "seconds" in row.what)
    assert row.ask == LongSession(ROLE, 7200)
    assert row.expected is REFUSED
