"""The actions that patterns mean."""

import subprocess
import sys

import pytest

from cross_account_access.facts.service_reference import actions
from cross_account_access.iam.actions import expand
from tests.support.deployment import ROOT


@pytest.mark.parametrize("name", ["s3:Bogus", "bogus:GetObject", "GetObject", "", "../s3:y"])
def test_what_is_unknown_means_nothing(name: str) -> None:
    assert expand(name) == frozenset()


def test_a_pattern_means_the_actions_that_it_matches() -> None:
    assert {"s3:getobject", "s3:getobjectversion"} <= expand("s3:Get*")
    assert "s3:putobject" not in expand("s3:Get*")
    assert expand("s3:GetObjec?") == {"s3:getobject"}
    assert expand("S3:GetObject") == {"s3:getobject"}
    assert expand("s3:*") == set(actions("s3"))
    assert {"s3:listbucket", "sns:listtopics"} <= expand("s*:List*")
    assert {"s3:listbucket", "sns:listtopics"} <= expand("*")
    assert "s3:listbucket" in expand("*Bucket")


def test_a_bracket_in_a_pattern_is_a_plain_character() -> None:
    assert expand("s3:[GP]etObject") == frozenset()


OPENED = """
import sys
opened = []
sys.addaudithook(lambda event, arguments: event == "open" and opened.append(str(arguments[0])))
from cross_account_access.iam.actions import expand
expand("s3:Get*")
print(*(path.rsplit("/", 1)[-1] for path in opened if "snapshot" in path))
"""


def test_only_the_service_that_is_asked_for_is_read() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["s3.json"]
