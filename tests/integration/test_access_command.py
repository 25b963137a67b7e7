"""`access explain`, `diff`, `lint` and `map` on a deployed stack, with the real engine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import Page, browser, chromium
from tests.support.deployment import ACCESS, ROOT
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin
from tests.support.program import Program, Ran

USER, ROLE = "staging:user/StageAdmin", "production:role/StageRole"
BUCKET = "production-test-bucket-101"
OBJECT = f"{BUCKET}/Sunset.jpg"
LEVELS = {"consumer": "stage-admin", "bucket": BUCKET}


def access(program: Program, *words: str) -> Ran:
    """Runs the command as a person does, in the program's folder."""
    return program.run(ACCESS, *words)


def answer(program: Program, *words: str) -> dict[str, Any]:
    output = access(program, *words, "--json", "--stack", "prod").output
    value: dict[str, Any] = json.loads(output[output.index("{") :])
    return value


@pytest.mark.parametrize("source", ["live", "state", "preview"])
def test_explain_answers_the_same_from_every_source(deployed: Program, source: str) -> None:
    told = answer(deployed, "explain", USER, "s3:GetObject", OBJECT, "--from", source)
    assert told["outcome"] == "allowed"
    assert told["through"] == "arn:aws:iam::111122223333:role/StageRole"
    assume, read = told["routes"][0]["steps"]
    assert [each["sid"] for each in assume["callerSide"]] == ["AssumeGrantedRole"]
    assert [each["sid"] for each in assume["resourceSide"]] == ["TrustOnePrincipal"]
    assert [each["sid"] for each in read["callerSide"]] == ["Objects1"]


def test_explain_refuses_what_the_accounts_refuse(deployed: Program) -> None:
    for action in ("s3:PutObject", "s3:DeleteObject"):
        ran = access(deployed, "explain", USER, action, OBJECT, "--stack", "prod")
        assert ran.status == 1, ran.output
        assert "missing: " in ran.output


def test_explain_sees_what_others_attached(deployed: Program) -> None:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam.attach_role_policy(RoleName="StageRole", PolicyArn=arn)
    try:
        question = ("explain", ROLE, "s3:PutObject", OBJECT)
        assert answer(deployed, *question, "--from", "live")["outcome"] == "allowed"
        assert answer(deployed, *question, "--from", "state")["outcome"] == "denied"
        ran = access(deployed, "diff", "--from", "state", "--to", "live", "--stack", "prod")
        assert ran.status == 1
        assert "through production:role/StageRole" in ran.output
    finally:
        iam.detach_role_policy(RoleName="StageRole", PolicyArn=arn)


def test_explain_looks_for_a_user_of_others(deployed: Program) -> None:
    iam = admin(STAGING_ADMIN).client("iam")
    iam.create_user(UserName="Mallory")
    try:
        told = answer(deployed, "explain", "staging:user/Mallory", "sts:AssumeRole", ROLE)
        assert told["outcome"] == "denied"
    finally:
        iam.delete_user(UserName="Mallory")
    ran = access(deployed, "explain", "staging:user/Mallory", "sts:AssumeRole", ROLE)
    assert ran.status == 2
    assert "staging:user/Mallory does not exist" in ran.output


def test_credentials_of_the_wrong_account_are_refused(deployed: Program, tmp_path: Path) -> None:
    config = Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]).read_text()
    swapped = tmp_path / "credentials"
    swapped.write_text(
        config.replace(PRODUCTION_ADMIN, "x")
        .replace(STAGING_ADMIN, PRODUCTION_ADMIN)
        .replace("[x]", f"[{STAGING_ADMIN}]")
    )
    ran = deployed.run(
        ACCESS,
        *("explain", USER, "s3:GetObject", OBJECT, "--stack", "prod"),
        AWS_SHARED_CREDENTIALS_FILE=str(swapped),
    )
    assert ran.status == 3
    # Both are asked at once, and the first to be wrong is told.
    assert "holds credentials of account" in ran.output
    assert "Traceback" not in ran.output


def test_a_stack_that_is_not_deployed(deployed: Program) -> None:
    """Nothing has an ARN yet; what each policy is attached to is known all the same."""
    deployed.init("staging")
    deployed.pulumi("stack", "select", "prod")
    ran = access(deployed, "map", "--stack", "staging")
    assert ran.status == 3
    assert ran.output == "access: stack staging is not deployed; run `pulumi up` first\n"
    ran = access(deployed, "diff", "--stack", "staging")
    assert ran.status == 1
    assert (
        "+ staging:user/StageAdminRehearsal through production:role/StageRoleRehearsal may:\n"
        "    s3:GetBucketLocation, s3:ListBucket staging-test-bucket-101\n"
        "    s3:GetObject staging-test-bucket-101/*\n" in ran.output
    )
    assert "may widen" not in ran.output


def test_a_stack_that_is_not_there(deployed: Program) -> None:
    ran = access(deployed, "lint", "--stack", "nope")
    assert ran.status == 3
    assert "no stack named 'nope' found" in ran.output


def test_a_wrong_passphrase_is_told(deployed: Program) -> None:
    ran = deployed.run(
        ACCESS,
        *("diff", "--stack", "prod"),
        PYTHONPATH=str(ROOT),
        PULUMI_CONFIG_PASSPHRASE="wrong",
    )
    assert ran.status == 3
    assert "incorrect passphrase" in ran.output
    assert "set PULUMI_CONFIG_PASSPHRASE" in ran.output


def test_lint_has_nothing_against_the_walkthrough(deployed: Program) -> None:
    for source in ("state", "live"):
        ran = access(deployed, "lint", "--from", source, "--stack", "prod")
        assert ran.status == 0, ran.output
        assert "4 documents checked, no findings" in ran.output


def test_diff_tells_drift_apart_from_what_the_program_changes(deployed: Program) -> None:
    settings = deployed.settings()
    iam = admin(PRODUCTION_ADMIN).client("iam")
    statement = {
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_role_policy(RoleName="StageRole", PolicyName="by-hand", PolicyDocument=document)
    deployed.set(grants=[{**LEVELS, "levels": ["list", "read", "delete"]}])
    try:
        told = answer(deployed, "diff")
        assert (told["from"], told["to"]) == ("live", "preview")
        assert [(each["effect"], each["actions"]) for each in told["drift"]] == [
            ("widens", ["s3:PutObject"])
        ]
        assert {
            (each["effect"], each["actions"][0], each["takesBackDrift"]) for each in told["changes"]
        } == {("narrows", "s3:PutObject", True), ("widens", "s3:DeleteObject", False)}
    finally:
        iam.delete_role_policy(RoleName="StageRole", PolicyName="by-hand")
        deployed.set(grants=settings["grants"])


def test_diff_tells_access_although_something_is_protected(deployed: Program) -> None:
    settings = deployed.settings()
    other = f"{BUCKET}-x"
    deployed.set(
        buckets=[{**each, "name": other} for each in settings["buckets"]],
        grants=[{**LEVELS, "bucket": other, "levels": ["list"]}],
    )
    try:
        ran = access(deployed, "diff", "--stack", "prod")
        assert ran.status == 1
        assert f"s3:GetBucketLocation, s3:ListBucket {other} through {ROLE}" in ran.output
        assert f"- {USER} through {ROLE} may:\n" in ran.output
        assert f"    s3:GetObject {BUCKET}/*\n" in ran.output
    finally:
        deployed.set(buckets=settings["buckets"], grants=settings["grants"])


def test_who_can_and_can_ask_the_live_accounts(deployed: Program) -> None:
    told = answer(deployed, "who-can", "s3:GetObject", f"s3://{OBJECT}")
    assert [(each["principal"], each["through"]) for each in told["access"]] == [(USER, ROLE)]
    told = answer(deployed, "can", "stage-admin")
    assert {each["through"] for each in told["access"]} == {None, ROLE}


def test_diff_tells_widening_narrowing_and_nothing(deployed: Program) -> None:
    settings = deployed.settings()
    line = "staging:user/StageAdmin may {} through production:role/StageRole"
    try:
        ran = access(deployed, "diff", "--stack", "prod")
        assert ran.status == 0
        assert "no change in access" in ran.output
        deployed.set(grants=[{**LEVELS, "levels": ["list", "read", "delete"]}])
        ran = access(deployed, "diff", "--stack", "prod")
        assert ran.status == 1
        assert f"+ {line.format(f's3:DeleteObject {BUCKET}/*')}" in ran.output
        deployed.set(grants=[{**LEVELS, "levels": ["list"]}])
        ran = access(deployed, "diff", "--stack", "prod")
        assert ran.status == 0
        assert f"- {line.format(f's3:GetObject {BUCKET}/*')}" in ran.output
    finally:
        deployed.set(grants=settings["grants"])


@pytest.fixture(scope="module")
def page(deployed: Program) -> Iterator[Page]:
    command = chromium()
    if command is None and not os.environ.get("CI"):
        pytest.skip("no Chromium, and none can be installed without a password")
    assert command is not None, "no Chromium: install it (Debian: apt-get install chromium)"
    path = deployed.folder / "access.html"
    ran = access(deployed, "map", "--format", "html", "--output", str(path), "--stack", "prod")
    assert ran.status == 0, ran.output
    with browser(command) as page:
        page.open(path.as_uri())
        yield page


ROWS = "[...document.querySelectorAll('#rows tr')]"
FADED = "[...document.querySelectorAll('svg [data-node].faded title')].map(t => t.textContent)"
COUNT = "document.getElementById('count').textContent"


def test_the_page_shows_all_and_asks_nobody(page: Page) -> None:
    assert page.value(COUNT) == "3 of 3"
    assert page.value("document.querySelector('svg').getBoundingClientRect().width") > 300
    assert page.value(FADED) == []
    assert [each for each in page.requested if not each.startswith("file:")] == []


def test_the_page_is_searched_and_filtered_by_keyboard(page: Page) -> None:
    page.press("/")
    page.type("getobject")
    assert page.value("document.activeElement.id") == "search"
    assert page.value(COUNT) == "1 of 3"
    assert page.value(
        f"{ROWS}.filter(row => row.checkVisibility()).map(r => r.cells[3].innerText)"
    ) == [BUCKET]
    assert page.value(FADED) == ["anybody else of staging"]
    page.press("Escape")
    assert page.value(COUNT) == "3 of 3"
    page.press("Tab")
    assert page.value("document.activeElement.id") == "account"
    page.type("s")
    assert page.value("document.activeElement.value") == "staging"
    assert page.value(COUNT) == "2 of 3"
    page.press("Home")
    assert page.value(COUNT) == "3 of 3"


def test_a_row_under_the_keyboard_shows_its_way_in_the_picture(page: Page) -> None:
    page.value(f"{ROWS}.at(-1).focus()")
    assert page.value(FADED) == ["anybody else of staging"]
    page.press("/")
    assert page.value(FADED) == []


def test_a_click_on_a_name_leaves_what_is_about_it(page: Page) -> None:
    node = "[...document.querySelectorAll('svg [data-node]')].find(each => each.textContent"
    for _ in range(2):
        assert page.value(COUNT) == "3 of 3"
        page.value(f"{node}.includes('StageAdmin')).dispatchEvent(new MouseEvent('click'))")
        assert page.value(COUNT) == "2 of 3"
        page.value("document.querySelector('#chosen button').click()")


def test_nothing_is_cut_on_a_wide_screen_and_on_a_narrow_one(page: Page) -> None:
    for width in (1280, 400):
        page.resize(width, 900)
        assert page.value("document.documentElement.scrollWidth") <= width
        assert (
            page.value(
                "[...document.querySelectorAll('svg [data-node] rect, td')].filter(each =>"
                " each.getBoundingClientRect().right > document.documentElement.clientWidth).length"
            )
            == 0
        )
    page.resize(1280, 900)


def test_the_page_is_readable_in_light_and_dark(deployed: Program, page: Page) -> None:
    contrast = """(() => {
      const light = (color) => {
        const [r, g, b] = color.match(/[0-9.]+/g).map((n) => {
          const c = n / 255;
          return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratio = (one, other) =>
        (Math.max(light(one), light(other)) + 0.05) / (Math.min(light(one), light(other)) + 0.05);
      const paper = getComputedStyle(document.body).backgroundColor;
      const texts = [...document.querySelectorAll("h1, th, td, label")]
        .map((each) => ratio(getComputedStyle(each).color, paper));
      const box = getComputedStyle(document.querySelector(".node rect")).fill;
      const names = [...document.querySelectorAll(".node text")]
        .map((each) => ratio(getComputedStyle(each).fill, box));
      return [paper, Math.min(...texts, ...names)];
    })()"""
    address = (deployed.folder / "access.html").as_uri()
    papers = set()
    for dark in (True, False):
        page.open(address, dark=dark)
        paper, least = page.value(contrast)
        papers.add(paper)
        assert least >= 4.5
    assert len(papers) == 2
