"""A capture judged in parts is judged as on the whole, whatever is asked: options, other formats, and what devices share."""

import contextlib
import io
import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.expect.accept import Acceptance, Accepted
from replay.expect.case import Options
from replay.expect.enrolments import EnrolmentKind
from replay.expect.judge import Scope, judge
from replay.expect.scenarios import shipped
from tests import timetable
from tests.generated import SCENARIOS, World
from tests.many.parted import alike, flow_file
from tests.mutations import MUTATIONS
from tests.mutations.change import CannotBeError
from tests.story import T0, Story, at_once

WORLDS = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(SCENARIOS), st.booleans()), min_size=1, max_size=3
)  # fmt: skip


def text_of(worlds) -> bytes:
    return b"".join(World(seed, scenario, wbxml=wbxml).story.text() for seed, scenario, wbxml in worlds)


def leaving(number: int, *, after: float = 0.0) -> Story:
    """A device that leaves, and is watched for long enough."""
    story = Story(device=f"{number:032X}", client=f"10.0.9.{number}:5000").wait(after)
    return story.ordinary("1").watch(20).alert("2").watch(70).close()


# -- options --------------------------------------------------------------------------------------------------------------------


@given(WORLDS, st.integers(1, 9), st.floats(0, 1), st.floats(0, 1), st.sampled_from(["until", "since", "both"]))
@settings(max_examples=40, deadline=None)
def test_from_a_time_until_another(worlds, count, one, other, which):
    text = text_of(worlds)
    times = sorted(exchange.at.wall for exchange in read(io.BytesIO(text), "c.jsonl").exchanges)
    span = times[-1] + 70 - (times[0] - 1)
    since, until = sorted(times[0] - 1 + part * span for part in (one, other))
    scope = Scope(since=since if which != "until" else None)
    options = Options(until=until if which != "since" else None)
    assert alike(text, scope, options, count=count)


@pytest.mark.parametrize("path", timetable.captures(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_until_each_moment_of_the_captures_of_the_rules(path):
    text = timetable.journal(timetable.parse(path.read_text()))
    lines = [json.loads(line) for line in text.splitlines() if line.startswith(b"{") and line.endswith(b"}")]
    moments = sorted({line["t"] for line in lines if line.get("t")})
    draw = random.Random(str(path.name))
    for moment in draw.sample(moments, min(3, len(moments))):
        later = moment + 0.05
        known = {alike(text, Scope(), Options(until=later)), alike(text, Scope(since=later), Options())}
        assert known <= {alike(text), True}


@given(WORLDS, st.integers(1, 9), st.sampled_from([None, *EnrolmentKind]), st.sampled_from([None, *SCENARIOS[1:]]))
@settings(max_examples=20, deadline=None)
def test_with_the_devices_own_schedule_a_kind_of_enrolment_and_a_scenario(worlds, count, kind, scenario):
    text = text_of(worlds)
    expected = shipped(scenario) if scenario else None
    options = Options(quiet=None, enrolment=kind, expect=expected)
    there = {each.episode.scenario for each in judge(read(io.BytesIO(text), "c.jsonl")).episodes}
    assert alike(text, Scope(), options, count=count) is (scenario is None or scenario in there)
    assert alike(text, Scope(ignore=frozenset({"UNE021"})), options, count=count)


def test_accepted_findings_and_entries_that_no_finding_is_like():
    text = at_once(
        leaving(1),
        Story(device="D2", client="10.0.9.9:1").ordinary("1").alert("2", data_format="chr").watch(70).close(),
    )
    entries = tuple(
        Acceptance(file="a.toml", line=number, rule=rule, reason="known", device=device)
        for number, (rule, device) in enumerate(
            (("UNE005", None), ("UNE005", "D2"), ("UNE021", None), ("CAP003", "D2"))
        )
    )
    for options in (Options(), Options(expect=shipped("user"))):
        assert alike(text, Scope(accepted=Accepted(entries, datetime(2026, 1, 1, tzinfo=UTC))), options)


def test_of_one_device_with_the_numbers_of_all():
    text = at_once(*(leaving(number, after=float(number)) for number in range(6)))
    for number in range(6):
        assert alike(text, Scope(device=f"{number:032X}"))


# -- what devices share ---------------------------------------------------------------------------------------------------------


@given(st.permutations(range(4)), st.integers(1, 9), st.sampled_from(["", f"{1:032X}", f"{2:032X} and {3:032X}"]))
@settings(max_examples=30, deadline=None)
def test_a_push_that_names_a_device(order, count, named):
    stories = [leaving(number, after=float(order[number])) for number in range(4)]
    stories[0].lines.insert(-1, {"type": "note", "t": T0 + 60, "mono": 5060.0, "name": "push", "text": f"push {named}"})
    assert alike(at_once(*stories), count=count)
    assert alike(at_once(*stories), Scope(), Options(quiet=None), count=count)


@given(st.permutations(range(5)), st.integers(1, 9), st.sampled_from(["connection", "request", "broken"]))
@settings(max_examples=30, deadline=None)
def test_what_was_not_read_in_the_window_of_several_devices(order, count, what):
    """Each of them has the finding, in the order of their unenrolments."""
    stories = [leaving(number, after=float(order[number])) for number in range(5)]
    at = {"t": T0 + 60, "mono": 5060.0}
    if what == "request":
        other = Story(device="?", client="10.0.9.99:5000").wait(60)
        other.exchange(b"<SyncML", b"")
        stories.append(other.watch(40).close())
    elif what == "connection":
        stories[0].lines.insert(
            -1, {"type": "connect", **at, "conn": "u", "client": "10.0.9.99:1", "host": "mdm.example.test"}
        )
    else:
        stories[0].lines.insert(
            -1,
            {
                "type": "failure",
                **at,
                "id": None,
                "conn": "u",
                "client": "10.0.9.99:1",
                "cause": "tls-failed",
                "detail": "no",
            },
        )
    text = at_once(*stories)
    found = judge(read(io.BytesIO(text), "c.jsonl")).findings
    assert sum(finding.rule == "CAP007" for finding in found) == 5
    assert alike(text, count=count)


def test_one_mistake_of_a_server_in_all_parts_is_one_finding():
    """With every exchange in which it is wrong, in order, whatever the parts said of their own."""
    stories = []
    for number in range(12):
        story = Story(device=f"D{number}", client=f"10.0.9.{number}:1").wait(number * 0.7)
        stories.append(story.ordinary("1").wait(1).ordinary("2").watch(5).close())
        for line in story.lines:
            if line["type"] == "response":
                line["headers"] = [["Content-Type", "application/vnd.syncml+xml"]]
    text = at_once(*stories)
    assert any(len(finding.also) > 10 for finding in judge(read(io.BytesIO(text), "c.jsonl")).findings)
    for count in (1, 2, 3, 7):
        assert alike(text, count=count)


# -- flow files -----------------------------------------------------------------------------------------------------------------


@given(WORLDS, st.integers(1, 9))
@settings(max_examples=15, deadline=None)
def test_flow_files(worlds, count):
    """Whose exchanges stand in the order in which they ended, and several of which may have begun at one time."""
    text = text_of(worlds)
    assert alike(flow_file(text), count=count, flow=True)
    overlapping = at_once(*(World(seed, scenario, wbxml=wbxml).story for seed, scenario, wbxml in worlds))
    assert alike(flow_file(overlapping), count=count, flow=True)


@given(WORLDS, st.integers(1, 9), st.floats(0, 1))
@settings(max_examples=12, deadline=None)
def test_flow_files_until_a_time(worlds, count, part):
    file = flow_file(text_of(worlds))
    times = sorted(exchange.at.wall for exchange in read(io.BytesIO(text_of(worlds)), "c.jsonl").exchanges)
    moment = times[0] - 1 + part * (times[-1] + 70 - times[0])
    assert alike(file, Scope(), Options(until=moment), count=count, flow=True)
    assert alike(file, Scope(since=moment), Options(), count=count, flow=True)


@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_flow_files_that_break_a_rule(rule):
    draw = random.Random(rule)
    stories = []
    for _ in range(2):
        try:
            stories.append(MUTATIONS[rule](draw.randrange(10_000), False)[0])
        except CannotBeError:
            continue
    assert alike(flow_file(b"".join(each.text() for each in stories)), count=3, flow=True)


def test_sessions_and_unenrolments_that_begin_at_the_same_time():
    text = at_once(*(leaving(number) for number in range(7)))
    for count in (1, 2, 5, 50):
        assert alike(flow_file(text), count=count, flow=True)


def test_a_damaged_flow_file():
    file = flow_file(at_once(leaving(1), leaving(2)))
    for cut in (len(file) - 1, len(file) - 700, len(file) // 2):
        assert alike(file[:cut], flow=True)


@given(st.integers(0, 10_000), st.integers(1, 20), st.booleans())
@settings(max_examples=12, deadline=None)
def test_many_devices_that_leave_at_the_same_time(seed, count, flow):
    """Some as they should, some not, at servers that they share."""
    draw = random.Random(seed)
    stories = [World(draw.randrange(10_000), draw.choice(SCENARIOS[1:]), wbxml=False).story for _ in range(5)]
    for rule in draw.sample(sorted(MUTATIONS), 8):
        with contextlib.suppress(CannotBeError):
            stories.append(MUTATIONS[rule](draw.randrange(10_000), False)[0])
    stories = [story for story in stories if all(isinstance(line, dict) for line in story.lines)]
    text = at_once(*stories)
    assert alike(flow_file(text) if flow else text, count=count, flow=flow)
    until = T0 + draw.uniform(0, 200)
    assert alike(flow_file(text) if flow else text, Scope(), Options(until=until, quiet=None), count=count, flow=flow)
