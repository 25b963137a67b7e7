"""Laws that hold for any documents, checked on many small worlds.

The alphabets are small on purpose, so that statements meet the questions often.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from hypothesis import assume as given_that
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.iam.engine import (
    Context,
    DocumentError,
    Outcome,
    Policy,
    PolicyKind,
    Request,
    World,
    compile_policy,
    decide,
    parse_principal,
)
from tests.unit.iam.engine.accounts import (
    BUCKET,
    FEDERATED,
    KEY,
    LOCAL_USER,
    OBJECT,
    ROLE,
    SESSION,
    TRUSTED,
    TRUSTING,
    USER,
    Json,
    owned,
    policy,
    root_of,
)

RANK = {Outcome.DENIED: 0, Outcome.UNKNOWN: 1, Outcome.ALLOWED: 2}

ACTIONS = ["s3:GetObject", "s3:PutObject", "sts:AssumeRole", "kms:Decrypt"]
TARGETS = [OBJECT, BUCKET, ROLE, KEY]
CALLERS = [
    USER,
    LOCAL_USER,
    ROLE,
    SESSION,
    FEDERATED,
    root_of(TRUSTING),
    root_of(TRUSTED),
    "*",
    "ec2.amazonaws.com",
]
KEYS = {"x:team": ["red", "blue"], "aws:SecureTransport": ["true", "false"]}

ACTION_LISTS = [["*"], ["s3:*"], ["s3:Get*"], ["kms:Decrypt"], ["sts:AssumeRole", "s3:GetObject"]]
RESOURCE_LISTS = [
    ["*"],
    [f"{BUCKET}/*"],
    [BUCKET, KEY],
    [OBJECT, ROLE],
    [f"{BUCKET}/${{x:team}}", KEY],
]
NAMED = [USER, LOCAL_USER, ROLE, SESSION, FEDERATED, TRUSTED, root_of(TRUSTING)]
PRINCIPALS: list[Any] = ["*", *({"AWS": [each]} for each in NAMED), {"AWS": [USER, SESSION]}]
CONDITIONS: list[Any] = [
    None,
    None,
    None,
    {"StringEquals": {"x:team": ["red"]}},
    {"StringNotEquals": {"x:team": ["red"]}},
    {"StringLikeIfExists": {"X:Team": ["r*"]}},
    {"Null": {"x:team": ["true"]}},
    {"Bool": {"aws:SecureTransport": ["true"]}},
    {"ForAllValues:StringEquals": {"x:team": ["red"]}},
    {"ForAnyValue:StringNotEquals": {"x:team": ["red"]}},
    {"ArnLike": {"aws:PrincipalArn": [USER, ROLE]}},
    {"StringEquals": {"x:team": ["${aws:username}", "${x:team}"]}},
]


def pool(kind: PolicyKind) -> list[dict[str, Any]]:
    """Return every statement that the alphabets make; one draw then picks a whole statement."""
    has_resource = kind is not PolicyKind.TRUST
    has_principal = kind in (PolicyKind.TRUST, PolicyKind.RESOURCE)
    principal_words = ("Principal", "NotPrincipal") if has_resource else ("Principal",)
    result = []
    for effect, word, actions, condition in itertools.product(
        ("Allow", "Deny"), ("Action", "Action", "NotAction"), ACTION_LISTS, CONDITIONS
    ):
        statement: dict[str, Any] = {"Effect": effect, word: actions}
        if condition is not None:
            statement["Condition"] = condition
        places = itertools.product(
            ("Resource", "NotResource") if has_resource else ("",),
            RESOURCE_LISTS if has_resource else [[]],
            principal_words if has_principal else ("",),
            PRINCIPALS if has_principal else [None],
        )
        for resource_word, resources, principal_word, principal in places:
            extra = {resource_word: resources, principal_word: principal}
            result.append({**statement, **{key: value for key, value in extra.items() if key}})
    return result


POOLS = {kind: st.sampled_from(pool(kind)) for kind in PolicyKind}


def statements(kind: PolicyKind) -> st.SearchStrategy[dict[str, Any]]:
    return POOLS[kind]


PLACES = ["user", "local", "role", "boundary", "session", "trust", "bucket", "key"]
KINDS = {
    "boundary": PolicyKind.BOUNDARY,
    "session": PolicyKind.SESSION,
    "trust": PolicyKind.TRUST,
    "bucket": PolicyKind.RESOURCE,
    "key": PolicyKind.RESOURCE,
}
Places = dict[str, list[dict[str, Any]]]


def kind_at(place: str) -> PolicyKind:
    return KINDS.get(place, PolicyKind.IDENTITY)


worlds = st.fixed_dictionaries(
    {place: st.lists(statements(kind_at(place)), max_size=2) for place in PLACES}
)
states = st.fixed_dictionaries(
    {key: st.sampled_from([*values, None, "unstated"]) for key, values in KEYS.items()}
)
questions = st.tuples(
    st.sampled_from(CALLERS), st.sampled_from(ACTIONS), st.sampled_from(TARGETS), st.booleans()
)


def context_of(stated: dict[str, Any]) -> Context:
    return Context(
        {key: value for key, value in stated.items() if value not in (None, "unstated")},
        absent=[key for key, value in stated.items() if value is None],
    )


def answer(places: Places, question: Any, stated: dict[str, Any], *, without: str = "") -> Outcome:
    """Fill a world from the places and ask it; `without` leaves one identity out of it."""
    principal, action, resource, has_session_policy = question
    boundary = {"boundary": policy(*places["boundary"])} if places["boundary"] else {}
    users: Any = {
        USER: {"policies": {"p": policy(*places["user"])}},
        LOCAL_USER: {"policies": {"p": policy(*places["local"])}, **boundary},
    }
    roles: Any = {
        ROLE: {
            "trust": policy(*places["trust"]),
            "policies": {"p": policy(*places["role"])},
            **boundary,
        }
    }
    users.pop(without, None)
    resources: Any = {
        BUCKET: owned(policy(*places["bucket"])),
        KEY: owned(policy(*places["key"])),
    }
    resources.pop(without, None)
    session: tuple[Policy, ...] = ()
    if has_session_policy:
        document = policy(*places["session"])
        session = (compile_policy(document, PolicyKind.SESSION, "session policy"),)
    request = Request(parse_principal(principal), action, resource, context_of(stated), session)
    return decide(World(users=users, roles=roles, resources=resources), request).outcome


@st.composite
def additions(draw: Any, effect: str) -> tuple[str, dict[str, Any]]:
    place = draw(st.sampled_from(PLACES))
    return place, {**draw(statements(kind_at(place))), "Effect": effect}


def with_statement(places: Places, place: str, statement: dict[str, Any]) -> Places:
    return {**places, place: [*places[place], statement]}


@given(worlds, questions, states, additions("Deny"))
def test_adding_a_deny_never_widens(
    places: Places, question: Any, stated: dict[str, Any], addition: tuple[str, Json]
) -> None:
    given_that(addition[0] != "boundary" or places["boundary"])
    before = answer(places, question, stated)
    after = answer(with_statement(places, *addition), question, stated)
    assert RANK[after] <= RANK[before]


@given(worlds, questions, states, additions("Allow"))
def test_adding_an_allow_never_narrows(
    places: Places, question: Any, stated: dict[str, Any], addition: tuple[str, Json]
) -> None:
    given_that(addition[0] != "boundary" or places["boundary"])
    before = answer(places, question, stated)
    after = answer(with_statement(places, *addition), question, stated)
    assert RANK[after] >= RANK[before]


@given(worlds, questions, states)
def test_a_boundary_never_widens(places: Places, question: Any, stated: dict[str, Any]) -> None:
    before = answer({**places, "boundary": []}, question, stated)
    assert RANK[answer(places, question, stated)] <= RANK[before]


@given(worlds, questions, states)
def test_order_does_not_matter(places: Places, question: Any, stated: dict[str, Any]) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, list):
            return [turned(each) for each in reversed(value)]
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return value

    assert answer(turned(places), question, stated) == answer(places, question, stated)


@given(worlds, questions, states)
def test_one_text_means_the_same_as_a_list_of_one(
    places: Places, question: Any, stated: dict[str, Any]
) -> None:
    def unlisted(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: unlisted(each) for key, each in value.items()}
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            return value[0]
        return value

    plain = {
        place: [unlisted(statement) for statement in listed] for place, listed in places.items()
    }
    assert answer(plain, question, stated) == answer(places, question, stated)


@given(worlds, questions, states)
def test_actions_are_not_case_sensitive(
    places: Places, question: Any, stated: dict[str, Any]
) -> None:
    caller, action, *rest = question
    louder = (caller, action.upper(), *rest)
    assert answer(places, louder, stated) == answer(places, question, stated)


@given(worlds, questions, states, st.sampled_from(sorted(KEYS)), st.data())
def test_stating_a_key_changes_no_answer_that_was_known(
    places: Places, question: Any, stated: dict[str, Any], key: str, data: Any
) -> None:
    before = answer(places, question, {**stated, key: "unstated"})
    value = data.draw(st.sampled_from([*KEYS[key], None]))
    given_that(not (key == "aws:SecureTransport" and value is None))
    after = answer(places, question, {**stated, key: value})
    assert before in (Outcome.UNKNOWN, after)


@given(worlds, questions, states, st.sampled_from([USER, LOCAL_USER, BUCKET, KEY]))
def test_knowing_more_of_the_world_changes_no_answer_that_was_known(
    places: Places, question: Any, stated: dict[str, Any], without: str
) -> None:
    before = answer(places, question, stated, without=without)
    assert before in (Outcome.UNKNOWN, answer(places, question, stated))


@given(worlds, questions)
def test_nothing_is_unknown_when_all_is_stated(places: Places, question: Any) -> None:
    given_that(question[0] not in (ROLE, "ec2.amazonaws.com"))
    given_that(not any("NotPrincipal" in each for listed in places.values() for each in listed))
    stated = {"x:team": "red", "aws:SecureTransport": "true"}
    assert answer(places, question, stated) is not Outcome.UNKNOWN


@given(worlds, questions, states)
def test_a_resource_that_denies_everything_to_everyone_is_closed(
    places: Places, question: Any, stated: dict[str, Any]
) -> None:
    given_that(question[2] != ROLE or question[1] == "sts:AssumeRole")
    everything = {"Effect": "Deny", "Principal": "*", "Action": "*"}
    on_all = {**everything, "Resource": "*"}
    closed = places
    for place in ("trust", "bucket", "key"):
        closed = with_statement(closed, place, everything if place == "trust" else on_all)
    assert answer(closed, question, stated) is Outcome.DENIED


@given(worlds, questions, states)
def test_allowed_access_is_cited_and_across_accounts_on_both_sides(
    places: Places, question: Any, stated: dict[str, Any]
) -> None:
    principal, action, resource, _ = question
    given_that(principal in (USER, root_of(TRUSTED)))
    world = World(
        users={USER: {"policies": {"p": policy(*places["user"])}}},
        roles={ROLE: {"trust": policy(*places["trust"])}},
        resources={BUCKET: owned(policy(*places["bucket"])), KEY: owned(policy(*places["key"]))},
    )
    request = Request(parse_principal(principal), action, resource, context_of(stated))
    decision = decide(world, request)
    if decision.allowed:
        assert decision.resource_side
        assert decision.caller_side or principal == root_of(TRUSTED)
    elif decision.outcome is Outcome.UNKNOWN:
        assert decision.unknown
    else:
        assert decision.missing or decision.caller_side or decision.resource_side


@given(worlds, questions, states)
def test_every_refusal_says_what_is_missing_or_what_denies(
    places: Places, question: Any, stated: dict[str, Any]
) -> None:
    principal, action, resource, _ = question
    boundary = policy(*places["boundary"])
    world = World(
        users={LOCAL_USER: {"policies": {"p": policy(*places["local"])}, "boundary": boundary}},
        roles={ROLE: {"trust": policy(*places["trust"]), "boundary": boundary}},
        resources={BUCKET: owned(policy(*places["bucket"])), KEY: owned(policy(*places["key"]))},
    )
    request = Request(parse_principal(principal), action, resource, context_of(stated))
    decision = decide(world, request)
    grounds = (decision.missing, decision.caller_side + decision.resource_side, decision.unknown)
    by_outcome = {
        Outcome.DENIED: bool(grounds[0]) != bool(grounds[1]) and not grounds[2],
        Outcome.UNKNOWN: bool(grounds[2]),
        Outcome.ALLOWED: not grounds[0] and not grounds[2],
    }
    assert by_outcome[decision.outcome]


texts = st.text(alphabet="ab*?:$", max_size=8)


def matches(pattern: str, text: str) -> bool:
    """The meaning of the two wildcards, spelt out."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return matches(pattern[1:], text) or (bool(text) and matches(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and matches(pattern[1:], text[1:])


@given(texts, st.text(alphabet="ab*?:$", min_size=1, max_size=8))
def test_wildcards_match_as_spelt_out(pattern: str, value: str) -> None:
    document = policy(
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "*",
            "Condition": {"StringLike": {"x:y": pattern}},
        }
    )
    world = World(
        users={LOCAL_USER: {"policies": {"p": document}}}, resources={BUCKET: owned(None)}
    )
    context = Context({"x:y": value})
    request = Request(parse_principal(LOCAL_USER), "s3:GetObject", OBJECT, context)
    assert decide(world, request).allowed == matches(pattern, value)


@given(texts, st.text(alphabet="ab*?:$", min_size=1, max_size=8))
def test_resource_match_is_certain_only_where_the_wildcards_would_match(
    pattern: str, name: str
) -> None:
    document = policy(
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/{pattern}"}
    )
    world = World(
        users={LOCAL_USER: {"policies": {"p": document}}}, resources={BUCKET: owned(None)}
    )
    request = Request(parse_principal(LOCAL_USER), "s3:GetObject", f"{BUCKET}/{name}")
    decision = decide(world, request)
    if matches(pattern, name):
        assert decision.outcome is not Outcome.DENIED
        assert decision.allowed or ":" in name
    else:
        assert decision.outcome is Outcome.DENIED


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(["*", "Allow", "s3:Get*", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Version",
                    "Statement",
                    "Effect",
                    "Action",
                    "Resource",
                    "Principal",
                    "AWS",
                    "Condition",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(anything, st.sampled_from(list(PolicyKind)))
def test_any_document_compiles_or_is_refused_in_one_line(document: Any, kind: PolicyKind) -> None:
    message = ""
    try:
        compile_policy(json.dumps(document), kind, "p")
    except DocumentError as error:
        message = str(error)
    assert not message or (message.startswith("p: ") and "\n" not in message)
