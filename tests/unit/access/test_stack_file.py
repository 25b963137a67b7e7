"""One setting in a stack file changes; every other character stays."""

import pytest
import yaml

from cross_account_access.command.stack_file import StackFileError, with_role_setting

MOMENT = "2026-11-25T20:54:00Z"
FILE = """\
# Whose access this is.
config:
  aws:region: us-west-2
  cross-account-access:consumers:
    - name: person   # a human
      user: {name: Person}
      role: {name: PersonAccess}  # one line
    - name: vendor
      role:
        # Agreed in May.
        name: VendorAccess
        tags:
          team: data
      third_party: {account_id: "777788889999"}
    - {name: short, role: {name: Short, path: /a/}}
    - name: direct
      user: {name: Direct}
"""


def role(text: str, consumer: str) -> dict[str, object]:
    consumers = yaml.safe_load(text)["config"]["cross-account-access:consumers"]
    found: dict[str, object] = next(each for each in consumers if each["name"] == consumer)["role"]
    return found


def others(text: str) -> list[str]:
    return [line for line in text.splitlines() if "revoked_before" not in line]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("consumer", ["person", "vendor", "short"])
def test_it_is_set_changed_and_removed_again(consumer: str, newline: str) -> None:
    before = FILE.replace("\n", newline)
    once = with_role_setting(before, consumer, "revoked_before", MOMENT)
    assert role(once, consumer) == {**role(before, consumer), "revoked_before": MOMENT}
    assert set(others(once)) <= set(before.splitlines())
    assert once.count("#") == before.count("#")
    later = "2027-01-01T00:00:00Z"
    twice = with_role_setting(once, consumer, "revoked_before", later)
    assert twice == once.replace(MOMENT, later)
    assert with_role_setting(twice, consumer, "revoked_before", None) == before


def test_one_that_somebody_wrote_last_is_removed_with_its_line() -> None:
    text = FILE.replace(
        "          team: data\n", f"          team: data\n        revoked_before: {MOMENT}\n"
    )
    assert with_role_setting(text, "vendor", "revoked_before", None) == FILE


def test_removing_what_is_not_there_changes_nothing() -> None:
    assert with_role_setting(FILE, "vendor", "revoked_before", None) == FILE


@pytest.mark.parametrize(
    "text",
    [
        FILE.replace("vendor", "other"),
        FILE.replace("role:\n        #", "what:\n        #"),
        "config:\n  cross-account-access:consumers: '[]'\n",
        "",
        "config: [",
        "a: &r {name: R}\nconfig:\n  x:consumers:\n    - name: vendor\n      role: *r\n",
    ],
    ids=["no such consumer", "no role", "JSON", "empty", "no YAML", "an alias"],
)
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(StackFileError):
        with_role_setting(text, "vendor", "revoked_before", MOMENT)
