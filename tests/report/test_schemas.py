"""The published schemas: valid, strict where it is tested, and kept by everything that commands write.

In the tests no member may be there that a schema does not name, so that nothing is written that is not published.
"""

import copy
import json
import subprocess
import sys
from io import BytesIO

import msgspec
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator, ValidationError

from replay.capture import journal_reader
from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.cli import main
from replay.compare.compare import compare
from replay.expect.judge import judge
from replay.lab.server import LabServer
from replay.report import schemas
from replay.report.as_json import as_json
from replay.report.diff_shapes import diff_shape
from replay.report.journal_shapes import TYPES
from replay.report.shapes import report
from replay.report.tree import tree
from tests import timetable
from tests.conftest import ROOT
from tests.processes import environment

GOLDEN = sorted((ROOT / "captures").glob("[a-z]*.jsonl"))
CAPTURES = timetable.captures()


def strict(schema):
    """The schema without room for members that it does not name."""
    closed = copy.deepcopy(schema)

    def close(part):
        if isinstance(part, dict):
            if "properties" in part and part.get("title") and part.get("type") == "object":
                part.setdefault("additionalProperties", False)
            for each in part.values():
                close(each)
        elif isinstance(part, list):
            for each in part:
                close(each)

    close(closed.get("$defs", {}))
    return closed


VALIDATORS = {name: Draft202012Validator(strict(schemas.schema(name))) for name in schemas.PUBLISHED}


def holds(name: str, text: str):
    """The value, which keeps the schema."""
    value = json.loads(text)
    VALIDATORS[name].validate(value)
    return value


def omadm(*args, code=0):
    done = CliRunner().invoke(main, [str(each) for each in args])
    assert done.exit_code == code, done.output
    return done.stdout


# -- the schemas themselves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", schemas.PUBLISHED)
def test_a_schema_is_one_and_says_of_what(name):
    schema = schemas.schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert f"{name}.schema.json" in schemas.files()


def test_what_a_member_can_say_is_said_of_members_that_are_there():
    known = {
        f"{shape}.{member}"
        for name in schemas.PUBLISHED
        for shape, definition in schemas.schema(name).get("$defs", {}).items()
        for member in definition["properties"]
    }
    assert set(schemas.WORDS) <= known


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("report", lambda value: value["captures"][0].update(verdict="good")),
        ("report", lambda value: value["captures"][0]["episodes"][0]["phases"][0].update(status="seen")),
        ("report", lambda value: value["captures"][0]["findings"][0].pop("line")),
        ("report", lambda value: value.update(format="omadm-diff")),
        ("report", lambda value: value["verdicts"].pop("proxy")),
        ("report", lambda value: value["captures"][0].update(mood="good")),
    ],
)
def test_what_is_wrong_is_refused(name, wrong):
    value = holds(name, as_json(report([judge(read(BytesIO(GOLDEN[1].read_bytes()), "x.jsonl"))])))
    wrong(value)
    with pytest.raises(ValidationError):
        VALIDATORS[name].validate(value)


def test_a_member_that_is_new_is_let_through_by_what_is_published():
    value = json.loads(as_json(report([judge(read(BytesIO(GOLDEN[0].read_bytes()), "x.jsonl"))])))
    value["mood"] = "good"
    Draft202012Validator(schemas.schema("report")).validate(value)


# -- what is written ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CAPTURES, ids=[f"{path.parent.name}/{path.stem}" for path in CAPTURES])
def test_the_capture_of_every_rule(path):
    """Its journal, the report on it, its tree, and how it differs from a good capture."""
    lines = timetable.journal(timetable.parse(path.read_text()))
    capture = read(BytesIO(lines), path.name)
    holds("report", as_json(report([judge(capture)])))
    traffic = assemble(read(BytesIO(lines), path.name))
    holds("tree", as_json(tree(traffic, raw=True, whole=True)))
    good = assemble(read(BytesIO((ROOT / "captures" / "user.jsonl").read_bytes()), "user.jsonl"))
    holds("diff", as_json(diff_shape(compare(good, traffic), "user.jsonl", path.name)))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
@pytest.mark.parametrize("ending", ["", ".mitm", ".har"])
def test_every_line_of_a_journal(path, ending, tmp_path):
    """As it was recorded, and as it comes back from other formats."""
    omadm("convert", path, tmp_path / f"there{ending}")
    omadm("convert", tmp_path / f"there{ending}", tmp_path / "back.jsonl")
    for lines in (path.read_text(), (tmp_path / "back.jsonl").read_text()):
        for line in lines.splitlines():
            holds("journal-line", line)


def test_a_line_of_another_type_is_none_of_our_business():
    VALIDATORS["journal-line"].validate({"type": "weather", "t": 1.0, "mono": None, "sun": True})
    for wrong in ({"damaged": "…"}, {"type": "response", "t": 1.0, "mono": 2.0}):
        with pytest.raises(ValidationError):
            VALIDATORS["journal-line"].validate(wrong)


def test_the_reader_reads_nothing_that_is_not_published():
    published = {field.encode_name for shape in TYPES.values() for field in msgspec.structs.fields(shape)}
    assert {field.encode_name for field in msgspec.structs.fields(journal_reader._Line)} <= published


def test_what_commands_write(tmp_path):
    user, server, failed = (ROOT / "captures" / f"{name}.jsonl" for name in ("user", "server", "unjoin-failed"))
    holds("rules", omadm("explain", "--format", "json"))
    holds("rule", omadm("explain", "UNE007", "--format", "json"))
    holds("normal-form", omadm("show", "--normalized", "--format", "json", failed))
    holds("tree", omadm("show", "--format", "json", "-v", failed))
    holds("diff", omadm("diff", "--format", "json", "scenario:user", server, code=1))
    holds("diff", omadm("diff", "--format", "json", "--baseline", user, "--baseline", server, failed, code=1))
    (tmp_path / "list.json").write_text('[{"at": "2026-11-23T04:57:50Z", "step": "apps", "outcome": "done"}]')
    holds("evidence", (tmp_path / "list.json").read_text())
    (tmp_path / "known.toml").write_text('[[accept]]\nrule = "UNE010"\nreason = "known"\n')
    more = ("--accept", tmp_path / "known.toml", "--enrolment", "bulk", "--format", "json")
    assert holds("report", omadm("check", *more, "--evidence", tmp_path / "list.json", user))["evidence"]
    assert holds("report", omadm("check", *more, failed))["captures"][0]["findings"][0]["accepted"] == "known"
    omadm("redact", "--map", tmp_path / "map.json", user, tmp_path / "out.jsonl")
    assert holds("redaction-map", (tmp_path / "map.json").read_text())["values"]
    omadm("index", "-o", tmp_path / "all.sqlite", user, server, failed)
    for what in ("captures", "sessions", "episodes", "findings"):
        assert holds("find", omadm("find", "-c", tmp_path / "all.sqlite", "--list", what, "--format", "json"))["rows"]


def test_the_result_of_a_replay():
    with LabServer(unenroll="MS DM Server") as other:
        said = omadm("replay", ROOT / "captures" / "user.jsonl", "--to", other.url, "--format", "json", code=1)
    assert not holds("replay", said)["equal"]


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_the_demo_and_the_suite(tmp_path):
    """What `omadm demo` records, what is said of it, and the result of one trial of the disturbance suite."""
    omadm("demo", "-o", tmp_path / "demo")
    recorded = sorted((tmp_path / "demo").glob("*.jsonl"))
    for path in recorded:
        for line in path.read_text().splitlines():
            holds("journal-line", line)
        holds("tree", omadm("show", "--format", "json", path))
    assert len(holds("report", omadm("check", "--quiet", "3", "--format", "json", *recorded, code=1))["captures"]) == 3
    holds("diff", omadm("diff", "--format", "json", recorded[0], recorded[1], code=1))
    command = [sys.executable, "-m", "replay", "lab", "suite", "--server-capture", str(recorded[0]), "--only", "empty"]
    command += ["--lab-device", "good", "--scale", "0.02", "--set", f"confdir={tmp_path}", "-o", str(tmp_path / "s")]
    done = subprocess.run([*command, "--format", "json"], env=environment(), capture_output=True, text=True, timeout=60)
    assert holds("suite", done.stdout)["trials"][0]["applied"], done.stderr
