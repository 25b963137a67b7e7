"""One profile is edited; everything else in the file stays byte for byte."""

import configparser
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cross_account_access.credentials.profile_text import FileFormat, MalformedError, edit, read

CREDENTIALS, CONFIG = FileFormat.CREDENTIALS, FileFormat.CONFIG

OTHER_LINES = st.sampled_from(
    [
        "[default]",
        "[work]",
        "[profile work]",
        "[sso-session x]",
        "[a] b]",
        "aws_access_key_id = 1",
        "AWS_SECRET_ACCESS_KEY: 2 ; not a comment",
        "  indented = 3",
        "s3 =",
        "    max_concurrent_requests = 20",
        "# TempCred = 1",
        "  ; [TempCred]",
        "",
        "   ",
        "name = ü",
        "z = [TempCred]",
    ]
)
OWN_LINES = st.sampled_from(
    ["q = 1", "Q2 : 2", "token = old", "  cont", "# ours", "", "other = 5", "  deep = 6"]
)
ENDINGS = st.sampled_from(["\n", "\r\n"])
OPTIONS = st.dictionaries(
    st.sampled_from(["q", "q2", "token", "new", "newer"]),
    st.none() | st.sampled_from(["x", "a = b # c", "[d]"]),
    min_size=1,
)


@st.composite
def blocks(draw: st.DrawFn, lines: st.SearchStrategy[str], ending: str) -> str:
    return "".join(line + ending for line in draw(st.lists(lines, max_size=8)))


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, str]:
    """What is before our section, the section (perhaps none), what is after."""
    ending = draw(ENDINGS)
    own = draw(blocks(OWN_LINES, ending))
    headed = draw(st.booleans())
    return (
        draw(blocks(OTHER_LINES, ending)),
        f"[TempCred]{ending}{own}" if headed else "",
        draw(st.just("") | st.just(f"[next]{ending}") | blocks(OTHER_LINES, ending)),
    )


def parsed(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(default_section="")
    parser.read_file(io.StringIO(text, newline=None))
    return {name: dict(parser[name]) for name in parser.sections()}


def valid(text: str) -> bool:
    try:
        parsed(text)
    except configparser.Error:
        return False
    return True


@given(files(), OPTIONS)
def test_an_edit_changes_the_profile_and_nothing_else(
    parts: tuple[str, str, str], options: dict[str, str | None]
) -> None:
    text = "".join(parts)
    assume(valid(text))
    before = parsed(text)

    after = parsed(edit(text, CREDENTIALS, "TempCred", options))

    own = {**before.pop("TempCred", {}), **options}
    expected = {name: value for name, value in own.items() if value is not None}
    assert after.pop("TempCred", {}) == expected
    assert after == before
    assert list(after) == list(before)


@given(files(), OPTIONS)
def test_the_lines_of_others_and_all_comments_stay_byte_for_byte(
    parts: tuple[str, str, str], options: dict[str, str | None]
) -> None:
    before, own, after = parts
    # What follows begins with a header, so that none of its lines is ours.
    assume(valid(before) and valid(own) and (not after or after.startswith("[")))
    assume(valid(before + own + after))

    edited = edit(before + own + after, CREDENTIALS, "TempCred", options)

    # Only the blank line that sets a section at the end apart may go with the section.
    assert edited.startswith(before) or (not after and before.startswith(edited))
    assert edited.endswith(after) or not own
    assert own or after in edited
    comments = [line for line in own.splitlines() if line.startswith("#")]
    assert [line for line in edited.splitlines() if line == "# ours"] == comments


@given(files())
def test_setting_and_removing_leaves_the_file_as_it_was(parts: tuple[str, str, str]) -> None:
    text = parts[0] + parts[2]
    assume(valid(text))

    made = edit(text, CREDENTIALS, "TempCred", {"a": "1", "b": "2"})

    assert edit(made, CREDENTIALS, "TempCred", {"a": None, "b": None}) == text


@given(files())
def test_line_endings_are_not_mixed(parts: tuple[str, str, str]) -> None:
    text = "".join(parts)
    assume(text and valid(text))

    edited = edit(text, CREDENTIALS, "TempCred", {"q": "1", "new": "2"})

    assert ("\r\n" in text) == ("\r\n" in edited)
    assert edited.count("\r") == (edited.count("\n") if "\r\n" in text else 0)


def test_a_new_profile_goes_to_the_end() -> None:
    assert (
        edit("[work]\nregion = x", CREDENTIALS, "TempCred", {"a": "1"})
        == "[work]\nregion = x\n\n[TempCred]\na = 1\n"
    )


def test_an_empty_file_gets_only_the_profile() -> None:
    assert edit("", CONFIG, "TempCred", {"a": "1"}) == "[profile TempCred]\na = 1\n"


def test_options_are_replaced_in_place_and_added_before_the_next_profiles_comment() -> None:
    text = "[TempCred]\nold = 1\nkept = 2\n\n# mine\n[work]\na = b\n"
    assert (
        edit(text, CREDENTIALS, "TempCred", {"old": "9", "new": "3"})
        == "[TempCred]\nold = 9\nkept = 2\nnew = 3\n\n# mine\n[work]\na = b\n"
    )


def test_a_removed_profile_leaves_the_comment_of_the_next_one() -> None:
    text = "[default]\na = 1\n\n[TempCred]\nx = 1\n\n# mine\n[work]\na = b\n"
    assert (
        edit(text, CREDENTIALS, "TempCred", {"x": None})
        == "[default]\na = 1\n\n# mine\n[work]\na = b\n"
    )


@pytest.mark.parametrize("header", ["profile TempCred", 'profile "TempCred"', "profile  TempCred"])
def test_the_config_file_writes_names_with_a_prefix(header: str) -> None:
    text = f"[TempCred]\nx = 1\n[{header}]\nregion = a\n"
    assert read(text, CONFIG, "TempCred") == {"region": "a"}
    assert edit(text, CONFIG, "TempCred", {"region": "b"}) == text.replace("= a", "= b")


def test_the_config_file_has_sections_that_are_no_profiles() -> None:
    text = "[sso-session TempCred]\nx = 1\n[services TempCred]\n"
    assert read(text, CONFIG, "TempCred") is None


def test_an_indented_profile_grows_with_its_indentation() -> None:
    text = "[TempCred]\n  a = 1\n  [b]\n  y = 2\n"
    edited = edit(text, CREDENTIALS, "TempCred", {"new": "3"})
    assert edited == "[TempCred]\n  a = 1\n  new = 3\n  [b]\n  y = 2\n"


def test_the_default_profile_has_no_prefix() -> None:
    assert read("[default]\na = 1\n", CONFIG, "default") == {"a": "1"}
    assert edit("", CONFIG, "default", {"a": "1"}) == "[default]\na = 1\n"


def test_a_profile_that_is_not_there_reads_as_none() -> None:
    assert read("[work]\na = 1\n", CREDENTIALS, "TempCred") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("secret = s3cr3t\n", "line 1 belongs to no section"),
        ("[a]\nx = 1\ns3cr3t\n", "line 3 is no option, section or comment"),
        ("[a]\nx = 1\n\n[a]\ny = s3cr3t\n", "line 4 repeats a section"),
        ("[a]\nx = 1\nX = s3cr3t\n", "line 3 repeats an option of its section"),
        ("[profile t]\nx=1\n[profile 't']\nx=2\n", "the profile t has 2 sections"),
    ],
)
def test_rejects_what_the_aws_cli_cannot_read_without_quoting_it(text: str, told: str) -> None:
    with pytest.raises(MalformedError) as caught:
        edit(text, CONFIG, "t", {"a": "1"})
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # The indented header would continue the option that is put before it ...
        ("[TempCred]\n  [b]\ny = 2\n", "1"),
        # ... or the option of another profile, once the section between them is gone.
        ("[a]\nz = 0\n[TempCred]\n  x = 1\n  [b]\ny = 2\n", None),
    ],
)
def test_rejects_a_layout_in_which_the_edit_would_reach_further(
    text: str, value: str | None
) -> None:
    with pytest.raises(MalformedError, match="without indentation"):
        edit(text, CREDENTIALS, "TempCred", {"x": value})


def test_what_is_as_wanted_keeps_its_spelling() -> None:
    text = "[TempCred]\nX:1"
    assert edit(text, CREDENTIALS, "TempCred", {"x": "1", "y": None}) == text
