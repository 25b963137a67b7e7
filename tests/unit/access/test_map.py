"""`access map`: the graph, and its pictures as texts that other programs read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cross_account_access.command.cli import main
from cross_account_access.command.drawing.graph import Graph
from cross_account_access.command.drawing.mermaid import mermaid
from cross_account_access.command.drawing.svg import svg
from cross_account_access.command.drawing.webpage import webpage
from cross_account_access.command.drawing.wording import Use, levels
from cross_account_access.command.inventory import inventory_of
from cross_account_access.iam.services import services
from cross_account_access.stack import resources_of_state
from tests.support.states import (
    BUCKET,
    LIST,
    READ,
    ROLE,
    TRUST,
    allow,
    export,
    policy,
    pulumi_that,
    pulumi_with,
    resource,
    walkthrough,
)

STATES = Path(__file__).parents[2] / "states"
NAME = BUCKET.removeprefix("arn:aws:s3:::")
SVG = "{http://www.w3.org/2000/svg}"
VENDOR = allow(
    "sts:AssumeRole",
    Principal={"AWS": "arn:aws:iam::777788889999:root"},
    Condition={"StringEquals": {"sts:ExternalId": 'a<b>&"c"'}},
)


def graph(**documents: Any) -> Graph:
    return Graph(inventory_of(resources_of_state(export(walkthrough(**documents)))))


def picture(drawn: Graph) -> ElementTree.Element:
    return ElementTree.fromstring(svg(drawn))  # noqa: S314 - our own


def test_everything_of_the_stack_is_a_node_in_its_account() -> None:
    nodes = {(node.full_name, node.kind, node.account) for node in graph().nodes}
    assert nodes == {
        ("anybody else of staging", "outsider", "outside the stack"),
        ("production-test-bucket-101", "resource", "production"),
        ("production:role/StageRole", "role", "production"),
        ("staging:user/StageAdmin", "user", "staging"),
    }


def test_edges_are_what_each_may_do_by_itself() -> None:
    edges = {tuple(node.name for node in edge.nodes): edge.label for edge in graph().edges}
    assert edges == {
        ("anybody else of staging", "production-test-bucket-101"): "list",
        ("role/StageRole", "production-test-bucket-101"): "list, read",
        ("user/StageAdmin", "role/StageRole"): "assume",
    }


OBJECTS = f"{BUCKET}/*"
UNDER = [f"{BUCKET}/{prefix}/*" for prefix in "abcd"]
LISTED = LIST | {"Condition": {"StringLike": {"s3:prefix": "a/*"}}}
LOCATED = allow("s3:GetBucketLocation", BUCKET)
MULTIPART = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
HELD = ["s3:PutObjectLegalHold", "s3:PutObjectRetention", "s3:RestoreObject"]
WRITE = ["s3:GetObject", "s3:PutObject", *MULTIPART]


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([LIST], "list"),
        ([LIST, READ], "list, read"),
        ([READ], "read"),
        ([LOCATED], "GetBucketLocation"),
        ([allow(WRITE, OBJECTS), allow("s3:ListBucketMultipartUploads", BUCKET)], "write"),
        ([allow([*WRITE, "s3:DeleteObject"], UNDER[0])], "write, delete under a/"),
        ([allow("s3:GetObject", UNDER[:2])], "read under a/, b/"),
        ([allow("s3:GetObject", UNDER)], "read under a/, b/ and 2 more"),
        ([LOCATED, LISTED, allow("s3:GetObject", UNDER[0])], "list, read under a/"),
        ([READ, allow("s3:PutBucketPolicy", BUCKET)], "read, PutBucketPolicy"),
        ([allow("s3:PutObject", OBJECTS)], "PutObject"),
        ([allow(HELD, OBJECTS)], "3 other actions"),
    ],
)
def test_actions_are_told_as_levels(statements: list[Any], words: str) -> None:
    told = [
        edge.words
        for edge in graph(role=policy(*statements)).edges
        if edge.nodes[0].name == "role/StageRole"
    ]
    assert told == [words]


@pytest.mark.parametrize("level", ["read", "write"])
def test_an_index_is_part_of_its_table(level: str) -> None:
    meant = [
        each
        for each in services()["dynamodb"].operations
        if level in each.levels and "*" not in each.everything
    ]
    uses = [
        Use(each.actions, None if each.everything == ("{arn}",) else "index/*") for each in meant
    ]
    assert levels("dynamodb", uses) == level


def test_nothing_is_lost_in_the_words() -> None:
    drawn = graph(role=policy(LIST, READ, allow("s3:PutBucketPolicy", BUCKET)))
    (edge,) = [each for each in drawn.edges if each.nodes[0].name == "role/StageRole"]
    assert {action for _, actions, _ in edge.uses for action in actions} == set(edge.actions)
    assert {"s3:GetObject", "s3:ListBucket", "s3:PutBucketPolicy"} <= set(edge.actions)
    title = picture(drawn).findall(f".//{SVG}g[@data-from='{edge.nodes[0].id}']/{SVG}title")
    assert "s3:PutBucketPolicy" in str(title[0].text)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"StringEquals": {"sts:ExternalId": "x-1"}}, "with external ID x-1"),
        ({"DateLessThan": {"aws:CurrentTime": "2099-01-31T00:00:00Z"}}, "with before 2099-01-31"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "with MFA"),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, "with address in 203.0.113.0/24"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}, "with organization o-abc"),
        ({"StringEquals": {"aws:RequestTag/project": "apollo"}}, "with session tag project=apollo"),
    ],
)
def test_circumstances_are_told_in_plain_words(condition: Any, words: str) -> None:
    trust = policy(TRUST | {"Condition": {**TRUST["Condition"], **condition}})
    drawn = graph(trust=trust)
    (edge,) = [each for each in drawn.edges if each.nodes[0].name == "user/StageAdmin"]
    assert edge.label == f"assume, {words}"
    assert next(iter(next(iter(condition.values())))) in edge.uses[0][2]


def test_all_that_a_service_does_with_a_role_is_named_and_whom_it_does_it_for() -> None:
    source = {"aws:SourceAccount": "444455556666", "aws:SourceArn": "arn:aws:ecs:x"}
    tagging = ["sts:TagSession", "sts:SetSourceIdentity", "sts:AssumeRole"]
    service = {"Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": tagging}
    trust = policy({**TRUST, **service, "Condition": {"StringEquals": source}})
    (edge,) = [each for each in graph(trust=trust).edges if "ecs-tasks" in each.nodes[0].name]
    assert edge.label == (
        "assume, state a source identity, tag the session, with source account 444455556666 and"
        " source arn:aws:ecs:x"
    )


def test_the_same_is_drawn_whatever_the_order_and_the_run(tmp_path: Path) -> None:
    code = (
        "import json, sys\n"
        "from cross_account_access.command.drawing.graph import Graph\n"
        "from cross_account_access.command.drawing.mermaid import mermaid\n"
        "from cross_account_access.command.drawing.svg import svg\n"
        "from cross_account_access.command.inventory import inventory_of\n"
        "from cross_account_access.stack import resources_of_state\n"
        "graph = Graph(inventory_of(resources_of_state(json.load(open(sys.argv[1])))))\n"
        "print(mermaid(graph), svg(graph))"
    )
    many = STATES / "many-grants.json"
    turned = json.loads(many.read_text())
    turned["deployment"]["resources"].reverse()
    (tmp_path / "turned.json").write_text(json.dumps(turned))
    drawn = {
        subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for path, seed in ((many, "1"), (tmp_path / "turned.json", "2"))
    }
    assert len(drawn) == 1


def test_a_map_of_many_grants_fits_a_page() -> None:
    resources = resources_of_state(json.loads((STATES / "many-grants.json").read_text()))
    root = picture(Graph(inventory_of(resources)))
    assert float(root.attrib["width"]) <= 840
    for group in root.iter(f"{SVG}g"):
        for rect in group.findall(f"{SVG}rect") if "data-node" in group.attrib else []:
            for text in group.findall(f"{SVG}text"):
                assert len(str(text.text)) * 7.6 <= float(rect.attrib["width"])


def test_a_bucket_that_nobody_reaches_is_drawn_too() -> None:
    closed = graph(role=policy(), bucket=policy())
    assert "production-test-bucket-101" in {node.name for node in closed.nodes}
    assert len(closed.edges) == 1


def test_mermaid_has_accounts_and_labels() -> None:
    text = mermaid(graph(trust=policy(VENDOR)))
    assert text.startswith("flowchart LR\n")
    assert '["production"]' in text
    assert "external ID a#lt;b#gt;#amp;#quot;c#quot;" in text
    assert text.count("subgraph") == text.count("\n  end")
    ids = set(re.findall(r"^    (n\d+)", text, re.MULTILINE))
    used = set(re.findall(r"^  (n\d+) [-.]+>\|[^|]*\| (n\d+)$", text, re.MULTILINE))
    assert used
    assert {each for pair in used for each in pair} <= ids


def test_the_picture_is_well_formed_and_complete() -> None:
    drawn = graph(trust=policy(VENDOR))
    root = picture(drawn)
    boxes = [each for each in root.iter(f"{SVG}g") if "data-node" in each.attrib]
    groups = [each for each in root.iter(f"{SVG}g") if "data-from" in each.attrib]
    arrows = [each for each in groups if each.find(f"{SVG}path") is not None]
    assert len(boxes) == len(drawn.nodes)
    assert len(arrows) == len(drawn.edges)
    titles = [arrow.findtext(f"{SVG}title") or "" for arrow in arrows]
    assert any('sts:ExternalId=a<b>&"c"' in title for title in titles)


def test_boxes_and_labels_do_not_overlap() -> None:
    vendors = [VENDOR | {"Principal": {"AWS": f"{n:012}"}} for n in range(1, 6)]
    root = picture(graph(trust=policy(*vendors)))
    rectangles = [
        tuple(float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        for group in root.iter(f"{SVG}g")
        if "data-node" in group.attrib
        for rect in group.iter(f"{SVG}rect")
    ]
    for number, (x, y, width, height) in enumerate(rectangles):
        for other_x, other_y, other_width, other_height in rectangles[number + 1 :]:
            apart_x = x + width <= other_x or other_x + other_width <= x
            apart_y = y + height <= other_y or other_y + other_height <= y
            assert apart_x or apart_y
    lines = [
        float(text.attrib["y"])
        for group in root.iter(f"{SVG}g")
        if "data-from" in group.attrib
        for text in group.iter(f"{SVG}text")
        if "ExternalId" in "".join(group.itertext())
    ]
    assert len(lines) == len(set(lines))


def test_roles_that_assume_each_other_are_drawn() -> None:
    other = ROLE.replace("StageRole", "Other")
    circle = resource(
        "aws:iam/role:Role",
        "other",
        name="Other",
        assumeRolePolicy=policy(allow("sts:AssumeRole", Principal={"AWS": ROLE})),
    )
    drawn = graph(
        trust=policy(allow("sts:AssumeRole", Principal={"AWS": other})),
        role=policy(allow("sts:AssumeRole", other)),
        more=[circle],
    )
    led = {tuple(node.name for node in edge.nodes) for edge in drawn.edges}
    assert {("role/StageRole", "role/Other"), ("role/Other", "role/StageRole")} <= led
    assert len(list(picture(drawn).iter(f"{SVG}path"))) == len(drawn.edges) + 1


class Page(HTMLParser):
    """Collects the references of a page, and the cells of its table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.cells: list[str] = []
        self._in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_cell = self._in_cell or tag == "td"
        if tag == "td":
            self.cells.append("")
        self.references += [
            str(value) for name, value in attrs if name in ("src", "href", "xlink:href", "data")
        ]

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.cells[-1] += data


def test_the_page_needs_nothing_from_anywhere() -> None:
    text = webpage(graph(), "Access", [])
    assert Page(text).references == []
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert re.findall(r"https?://[^\"' ]+", text) == ["http://www.w3.org/2000/svg"]


def test_the_page_shows_names_as_text() -> None:
    text = webpage(graph(trust=policy(VENDOR)), "Access of <prod>", ["a & b"])
    assert 'with external ID a<b>&"c"' in Page(text).cells
    assert any('with sts:ExternalId=a<b>&"c"' in cell for cell in Page(text).cells)
    assert "Access of &lt;prod&gt;" in text
    assert "<p>a &amp; b</p>" in text


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough()))
    return ["map", "--cwd", str(tmp_path)]


@pytest.mark.parametrize(
    ("kind", "start"), [("mermaid", "flowchart LR"), ("svg", "<svg"), ("html", "<!doctype html>")]
)
def test_every_format_to_a_file_and_to_standard_output(
    stack: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, start: str
) -> None:
    assert main([*stack, "--format", kind]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(start)
    path = tmp_path / "map"
    assert main([*stack, "--format", kind, "--output", str(path)]) == 0
    assert path.read_text() == shown
    assert capsys.readouterr().out == ""


def test_json_has_nodes_edges_and_access(
    stack: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*stack, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {
        "principal": "staging:user/StageAdmin",
        "through": "production:role/StageRole",
        "levels": "list, read",
        "actions": ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"],
        "resource": BUCKET.removeprefix("arn:aws:s3:::"),
        "when": None,
        "parts": [
            {"resource": NAME, "actions": ["s3:GetBucketLocation", "s3:ListBucket"], "when": None},
            {"resource": f"{NAME}/*", "actions": ["s3:GetObject"], "when": None},
        ],
        "certain": True,
    } in answer["access"]


def test_a_file_that_cannot_be_written_is_one_line(
    stack: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*stack, "--output", "/nope/map.html"]) == 2
    assert capsys.readouterr().err == "access: --output /nope/map.html: No such file or directory\n"


def test_several_stacks_are_one_map(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = json.loads(json.dumps(walkthrough()).replace("Stage", "Other"))
    both = {"prod": export(walkthrough()), "staging": export(other)}
    (tmp_path / "both.json").write_text(json.dumps(both))
    code = (
        f"both = json.load(open({str(tmp_path / 'both.json')!r}))\n"
        "print(json.dumps(both[words[words.index('--stack') + 1]]))"
    )
    monkeypatch.setenv("PATH", pulumi_that(tmp_path, code))
    words = ["map", "--cwd", str(tmp_path), "--stack", "prod", "--stack", "staging"]
    assert main([*words, "--json"]) == 0
    nodes = {node["name"] for node in json.loads(capsys.readouterr().out)["nodes"]}
    assert {"staging:user/StageAdmin", "staging:user/OtherAdmin"} <= nodes
    assert main([*words, "--format", "html"]) == 0
    assert "Access of prod and staging" in capsys.readouterr().out
