"""A capture judged in parts is judged as on the whole."""

import io
import json
import pickle
import random

import pytest
import zstandard
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from replay.capture import parts as module
from replay.capture.journal_reader import read
from replay.capture.parts import TogetherError, read_parts
from replay.cli import main
from replay.expect.case import Options
from replay.expect.finding import Party
from replay.expect.judge import Scope, judge
from replay.expect.rules import registry
from replay.expect.scenarios import shipped
from replay.many.large import Large, in_parts, large_parts
from replay.report.shapes import SessionShape, capture
from replay.report.spool import Spool
from replay.syncml.credentials import Secret
from tests import timetable
from tests.generated import SCENARIOS, World
from tests.mutations import MUTATIONS
from tests.mutations.change import CannotBeError
from tests.story import Story


def alike(journal: bytes, scope: Scope | None = None, *, count: int = 5) -> bool:
    """Whether it could be judged in parts; then the report is the same."""
    scope = scope or Scope()
    whole = capture(judge(read(io.BytesIO(journal), "c.jsonl"), Options(), scope))
    try:
        parts = read_parts(io.BytesIO(journal), "c.jsonl", count=count)
    except TogetherError:
        return False
    with parts:
        found = Large("c.jsonl", parts, Options(), scope, with_sessions=True)
    assert structs.replace(found.shape, sessions=list(found.spool.values())) == whole
    return True


@pytest.fixture(params=["settled at the end", "settled at once"])
def settled(request, monkeypatch) -> None:
    """Exchanges go to their parts at the end, or as soon as may be."""
    if request.param == "settled at once":
        for name, value in (("_OFTEN", 1), ("_SETTLED", 2), ("_WAITING", 1), ("_LINGER", 0.0)):
            monkeypatch.setattr(module, name, value)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("path", timetable.captures(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_captures_of_the_rules(path):
    assert alike(timetable.journal(timetable.parse(path.read_text())))


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(SCENARIOS)), min_size=1, max_size=3), st.integers(1, 9)
)
@settings(max_examples=40, deadline=None)
def test_made_up_captures(worlds, count):
    lines = b"".join(World(seed, scenario, wbxml=False).story.text() for seed, scenario in worlds)
    assert alike(lines, count=count)


@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_captures_that_break_a_rule(rule):
    draw = random.Random(rule)
    stories = []
    for seed in (draw.randrange(10_000), draw.randrange(10_000)):
        try:
            stories.append(MUTATIONS[rule](seed, False)[0].text())
        except CannotBeError:
            continue
    assert alike(b"".join(stories), count=3)


def test_of_one_device_and_one_party_alone():
    lines = b"".join(World(seed, "user", wbxml=False).story.text() for seed in (1, 2))
    lines += MUTATIONS["UNE011"](3, False)[0].text()
    device = judge(read(io.BytesIO(lines), "c.jsonl")).episodes[0].episode.enrolment.device
    for scope in (
        Scope(device=device),
        Scope(device="nobody"),
        Scope(parties=(Party.SERVER,)),
        Scope(ignore=frozenset({"UNE011"})),
    ):
        assert alike(lines, scope)


def test_a_rule_that_crashes_in_a_part_is_an_error_of_all(monkeypatch):
    entry = registry()["UNE011"]
    monkeypatch.setitem(registry(), "UNE011", structs.replace(entry, check=lambda each: 1 / 0))
    story = World(1, "user", wbxml=False).story
    with read_parts(io.BytesIO(story.text()), "c.jsonl", count=3) as parts:
        found = Large("c.jsonl", parts, Options(), Scope(), with_sessions=False)
    assert found.shape.verdict == "error"
    assert ["UNE011 crashed" in each for each in found.shape.errors] == [True]


@pytest.mark.parametrize(
    ("options", "scope", "may"),
    [
        (Options(), Scope(), True),
        (Options(quiet=30.0), Scope(device="D", lenient=True), True),
        (Options(quiet=None), Scope(), False),
        (Options(expect=shipped("user")), Scope(), False),
        (Options(until=5.0), Scope(), False),
        (Options(), Scope(since=5.0), False),
        (Options(secrets=(Secret("a", "b"),)), Scope(), False),
    ],
)
def test_what_is_asked_of_the_whole_is_not_judged_in_parts(options, scope, may):
    assert in_parts(options, scope) is may


def test_a_large_file_is_judged_in_parts_and_a_small_one_as_a_whole(tmp_path, monkeypatch):
    """The command says the same either way, with sessions and without, packed or not."""
    path = tmp_path / "c.jsonl"
    path.write_bytes(b"".join(World(seed, "user", wbxml=False).story.text() for seed in (1, 2)))
    packed = tmp_path / "p.jsonl.zst"
    packed.write_bytes(zstandard.compress(path.read_bytes()))
    seen, said = [], []
    monkeypatch.setattr("replay.many.large.read_parts", lambda *a, **k: seen.append(1) or read_parts(*a, **k))
    for form in ("text", "json"):
        for each in (path, packed):
            said.append([])
            for large in (1, 1 << 30):
                monkeypatch.setattr("replay.many.large.LARGE", large)
                seen.clear()
                said[-1].append(CliRunner().invoke(main, ["check", "--format", form, "-v", str(each)]).stdout)
                assert bool(seen) is (large == 1)
    assert all(one == other for one, other in said)


def test_a_report_of_several_large_captures_is_the_same_from_processes(tmp_path, monkeypatch):
    """The same in parts, as a whole, and from other processes."""
    paths = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(World(number, "user", wbxml=False).story.text() if number else Story().close().text())
    said = []
    for large, jobs in ((1 << 30, "1"), (1, "1"), (1, "2")):
        monkeypatch.setattr("replay.many.large.LARGE", large)
        arguments = ["check", "--format", "json", "--jobs", jobs, *map(str, paths)]
        said.append(CliRunner().invoke(main, arguments).stdout)
    assert said[0] == said[1] == said[2]
    assert json.loads(said[0])["captures"][1]["sessions"]


def test_a_spool_goes_to_another_process_with_what_is_in_it():
    spool = Spool()
    for order in (3.0, 1.0, 2.0):
        spool.add(order, SessionShape(9, f"d{order}", "s", '"id":0,', [1], ["ordinary"]))
    copy = pickle.loads(pickle.dumps(spool))
    for each in (spool, copy):
        found = [json.loads(text) for text in each.in_order()]
        assert [(one["id"], one["device"]) for one in found] == [(1, "d1.0"), (2, "d2.0"), (3, "d3.0")]
        assert found[0]["session_id"] == '"id":0,'
        assert len(each) == 3


def test_what_is_no_large_journal_is_left_to_the_readers(tmp_path):
    for name, content in (
        ("a.xml", b"<SyncML/>"),
        ("b.jsonl", b'{"type": "open"}\n'),
        ("c.zst", b"\x28\xb5\x2f\xfdxx"),
    ):
        (tmp_path / name).write_bytes(content)
        assert large_parts(str(tmp_path / name), None, None, lenient=False, large=1) is None
    for path in ("-", str(tmp_path), str(tmp_path / "nothing"), "file:///nothing"):
        assert large_parts(path, None, None, lenient=False, large=1) is None
