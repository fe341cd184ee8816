"""A capture judged in parts is judged as on the whole."""

import errno
import io
import json
import pickle
import random
import tempfile

import pytest
import zstandard
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from replay.capture import parts as module
from replay.capture.journal_reader import read
from replay.capture.parts import read_flow_parts, read_parts
from replay.cli import main
from replay.expect.case import Options
from replay.expect.finding import Party
from replay.expect.judge import Scope, judge
from replay.expect.rules import registry
from replay.expect.scenarios import shipped
from replay.many.large import Large, in_parts, large_parts
from replay.normal.noise import NoiseProfile
from replay.report.forms import FORMS
from replay.report.shapes import SessionShape
from replay.report.spool import Spool
from replay.syncml.credentials import Secret
from tests import timetable
from tests.generated import SCENARIOS, World
from tests.many.parted import alike, flow_file
from tests.mutations import MUTATIONS
from tests.mutations.change import CannotBeError
from tests.story import Story


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
    assert found.told.shape.verdict == "error"
    assert ["UNE011 crashed" in each for each in found.told.shape.errors] == [True]


@pytest.mark.parametrize(
    ("options", "scope", "may"),
    [
        (Options(), Scope(), True),
        (Options(quiet=30.0), Scope(device="D", lenient=True), True),
        (Options(quiet=None, expect=shipped("user"), until=5.0), Scope(since=5.0), True),
        (Options(secrets=(Secret("a", "b"),)), Scope(), False),
        (Options(), Scope(noise=NoiseProfile("n.toml", ())), False),
    ],
)
def test_what_is_asked_of_the_whole_is_not_judged_in_parts(options, scope, may):
    assert in_parts(options, scope) is may


@pytest.fixture
def either_way(monkeypatch):
    """Runs the command on captures as a whole and in parts; both say the same, which is given. In parts something was read so, or
    else (`never`) nothing was."""
    seen = []
    for name, reader in (("read_parts", read_parts), ("read_flow_parts", read_flow_parts)):
        monkeypatch.setattr(
            f"replay.many.large.{name}", lambda *a, reader=reader, **k: seen.append(1) or reader(*a, **k)
        )

    def run(*arguments: str, never: bool = False) -> str:
        said = []
        for large in (1 << 30, 1):
            monkeypatch.setattr("replay.many.large.LARGE", large)
            seen.clear()
            result = CliRunner().invoke(main, ["check", *arguments])
            said.append((result.exit_code, result.stdout, result.stderr))
            assert bool(seen) is (large == 1 and not never)
        assert said[0] == said[1]
        return said[0][1] + said[0][2]

    return run


@pytest.mark.parametrize("form", [form for form in FORMS if form != "html"])
def test_a_large_file_is_judged_in_parts_and_a_small_one_as_a_whole(tmp_path, either_way, form):
    """The command says the same either way, with sessions and without, packed or not, as a flow file, with findings accepted."""
    stories = [*(World(seed, "user", wbxml=False).story for seed in (1, 2)), MUTATIONS["UNE005"](3, False)[0]]
    path = tmp_path / "c.jsonl"
    path.write_bytes(b"".join(story.text() for story in stories))
    packed = tmp_path / "p.jsonl.zst"
    packed.write_bytes(zstandard.compress(path.read_bytes()))
    flows = tmp_path / "f.mitm"
    flows.write_bytes(flow_file(path.read_bytes()))
    accepted = tmp_path / "a.toml"
    accepted.write_text('[[accept]]\nrule = "UNE005"\nreason = "known"\n')
    for arguments in (["-v", str(path)], ["--accept", str(accepted), str(packed)], ["--quiet", "auto", str(flows)]):
        assert either_way("--format", form, *arguments)
    assert either_way("--format", form, str(path), str(packed), str(path), str(flows))


def test_what_is_said_of_a_large_file_to_github(tmp_path, either_way, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    path = tmp_path / "c.jsonl"
    path.write_bytes(MUTATIONS["UNE005"](3, False)[0].text())
    assert "::error file=" in either_way(str(path))


def test_of_a_large_file_from_a_time_until_another(tmp_path, either_way):
    path = tmp_path / "c.jsonl"
    path.write_bytes(Story().ordinary("1").watch(30).alert("2").watch(70).close().text())
    packed = tmp_path / "p.jsonl.zst"
    packed.write_bytes(zstandard.compress(path.read_bytes()))
    for each in (path, packed):
        assert "UNE014" in either_way("--until", "2027-01-15T08:01:00Z", str(each))
        assert "1 session" in either_way("--since", "2027-01-15T08:00:20Z", str(each))


def test_a_scenario_that_a_large_file_has_not_is_looked_for_in_all_of_it(tmp_path, either_way):
    path = tmp_path / "c.jsonl"
    path.write_bytes(Story().ordinary("1").watch(30).alert("2").watch(70).close().text())
    assert "UNE021" not in either_way("--expect", "user", str(path))
    assert "UNE021" in either_way("--expect", "server", str(path))


def test_what_shows_messages_is_judged_as_a_whole(tmp_path, either_way):
    path = tmp_path / "c.jsonl"
    path.write_bytes(Story().ordinary("1").close().text())
    assert "<html" in either_way("--format", "html", str(path), never=True)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "html"])
def test_a_report_of_several_large_captures_is_the_same_from_processes(tmp_path, monkeypatch, form):
    """The same in parts, as a whole, and from other processes."""
    paths = [tmp_path / f"{number}.jsonl" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(World(number, "user", wbxml=False).story.text() if number else Story().close().text())
    said = []
    for large, jobs in ((1 << 30, "1"), (1, "1"), (1, "2")):
        monkeypatch.setattr("replay.many.large.LARGE", large)
        arguments = ["check", "--format", form, "--jobs", jobs, *map(str, paths)]
        said.append(CliRunner().invoke(main, arguments).stdout)
    assert said[0] == said[1] == said[2]
    assert form != "json" or json.loads(said[0])["captures"][1]["sessions"]


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


def test_where_there_is_no_room_on_disk_it_is_judged_as_a_whole(tmp_path, either_way, monkeypatch):
    path = tmp_path / "c.jsonl"
    path.write_bytes(Story().ordinary("1").watch(30).alert("2").watch(70).close().text())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("replay.many.collected.Episodes.add", full)
    assert "Unenrolment 1" in either_way(str(path))


def test_many_spools_share_a_file(monkeypatch):
    """A report on many captures must not run out of open files."""
    opened = []
    make = tempfile.TemporaryFile
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *a, **k: opened.append(1) or make(*a, **k))
    spools = [Spool() for _ in range(50)]
    for number, spool in enumerate(spools):
        spool.add(1.0, SessionShape(0, f"d{number}", "s", None, [1], ["ordinary"]))
    assert [next(iter(spool)).device for spool in spools] == [f"d{number}" for number in range(50)]
    assert len(opened) <= 1


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
