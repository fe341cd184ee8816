"""A noise profile applied: what a signed line explains goes, what drifts outside of it stays."""

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from replay.compare.compare import compare
from replay.compare.learn import learn
from replay.compare.noise import without_noise
from replay.normal.noise import Line, NoiseProfile, without_numbers
from replay.normal.varying import Kind
from tests.compare.edits import EDITS, NothingToEditError, world
from tests.compare.runs import run
from tests.compare.stories import changes, diff, edited, replace, session, traffic
from tests.story import Story, user

DATA = "SyncBody/Replace/Item/Data"


def signed(*stories) -> NoiseProfile:
    """What was learned, as if someone had signed all of it."""
    lines = learn([traffic(each) for each in stories]).lines
    return NoiseProfile(
        "noise.toml",
        tuple(structs.replace(each.line, signed="T", reason="r", number=n) for n, each in enumerate(lines, 1)),
    )


def line(kind: Kind, **more) -> NoiseProfile:
    return NoiseProfile("noise.toml", (Line(path=DATA, kind=kind, signed="T", reason="r", number=5, **more),))


def values(*given: str) -> Story:
    """A session for each value of one node."""
    story = Story()
    for number, value in enumerate(given, 1):
        session(story, str(number), replace(9, "./A", value))
    return story


def left(expected, actual, profile):
    found = without_noise(diff(expected, actual), profile)
    return [(each.expected, each.actual) for each in found.comparison.changes]


def test_what_was_learned_and_signed_explains_another_run():
    profile = signed(run(1), run(2))
    for other in (3, 4):
        found = without_noise(diff(run(1), run(other)), profile)
        assert found.comparison.equal
        assert found.comparison.ignored == sum(found.explained.values()) > 0
        assert found.outside == {}


@pytest.mark.parametrize(
    "drift",
    [{"token": "x" * 32}, {"token": "0" * 31}, {"ram": 3}, {"host": "HOST-1-x"}, {"host": "ELSE"}],
    ids=["alphabet", "length", "falls", "the old name", "a third name"],
)
def test_what_drifts_outside_the_profile_stays(drift):
    profile = signed(run(1), run(2))
    found = without_noise(diff(run(1), run(3, **drift)), profile)
    assert found.outside
    assert not found.comparison.equal
    assert {each.expected_path for each in found.comparison.changes} <= {
        f"SyncBody/Replace[{n}]/Item/Data" for n in range(1, 7)
    }
    for number, times in found.outside.items():
        told = next(
            each for each in found.notes(profile) if each.startswith(f"noise.toml, line {number}: {times} change")
        )
        assert told.endswith(f"outside the profile ({profile.lines[number - 1].kind})")


def test_a_line_that_is_not_signed_explains_nothing():
    profile = NoiseProfile("n", tuple(structs.replace(each, signed="") for each in signed(run(1), run(2)).lines))
    assert len(list(without_noise(diff(run(1), run(3)), profile).comparison.changes)) == len(
        changes(diff(run(1), run(3)))
    )


def test_text_of_one_node_says_nothing_of_another():
    a = session(Story(), "1", replace(9, "./A", "x"), replace(10, "./B", "x"))
    b = session(Story(), "1", replace(9, "./A", "y"), replace(10, "./B", "y"))
    found = without_noise(diff(a, b), line(Kind.TEXT, about="./A"))
    assert [each.path for each in found.comparison.changes] == ["SyncBody/Replace[2]/Item/Data"]
    assert without_noise(diff(a, b), line(Kind.TEXT)).comparison.equal
    assert not without_noise(diff(a, b), line(Kind.TEXT, side="request")).comparison.equal


def test_what_is_missing_or_another_command_is_no_noise():
    a = session(Story(), "1", replace(9, "./A", "x"), replace(10, "./B", "x"))
    assert not without_noise(diff(a, session(Story(), "1", replace(9, "./A", "x"))), line(Kind.TEXT)).comparison.equal
    bare = edited(a, "<Data>x</Data>", "")
    assert not without_noise(diff(a, bare), line(Kind.TEXT)).comparison.equal
    elsewhere = edited(a, "./A", "./C")
    assert not without_noise(diff(a, elsewhere), line(Kind.TEXT)).comparison.equal


def test_the_data_of_an_unenrolment_is_never_noise():
    profile = NoiseProfile("n", (Line(path="SyncBody/Alert/Item/Data", kind=Kind.TEXT, signed="T", reason="r"),))
    assert left(user(), edited(user(), "<Data>1</Data>", "<Data>2</Data>"), profile) == [("1", "2")]


def test_a_counter_may_stand_still_and_not_fall():
    profile = line(Kind.COUNTER)
    assert left(values("1", "2", "3"), values("5", "5", "9"), profile) == []
    assert left(values("1", "2", "3"), values("5", "4", "9"), profile) == [("2", "4")]
    assert left(values("5", "4", "9"), values("1", "2", "3"), profile) == [("4", "2")]
    assert left(values("1", "2"), values("1", "x"), profile) == [("2", "x")]


def test_each_device_counts_for_itself():
    def two(*numbers: str) -> Story:
        story = values(*numbers[:2])
        story.device = "OTHER"
        for number, value in enumerate(numbers[2:], 1):
            session(story, str(number), replace(9, "./A", value))
        return story

    assert left(two("5", "6", "1", "2"), two("7", "8", "3", "4"), line(Kind.COUNTER)) == []


def test_an_alias_is_one_to_one():
    profile = line(Kind.ALIAS)
    assert left(values("a", "b", "a"), values("x", "y", "x"), profile) == []
    assert left(values("a", "b", "a"), values("x", "y", "y"), profile) != []
    assert left(values("a", "b"), values("x", "x"), profile) == [("a", "x"), ("b", "x")]
    assert left(values("a", "a"), values("a", "x"), profile) == [("a", "x")]
    assert left(values("a", "x"), values("x", "x"), profile) == [("a", "x")]


def test_a_constant_goes_before_every_other_line():
    constant = structs.replace(line(Kind.CONSTANT, about="./A").lines[0], number=9)
    both = NoiseProfile("n", (*line(Kind.TEXT).lines, constant))
    assert left(values("a"), values("b"), both) == [("a", "b")]
    found = without_noise(diff(values("a"), values("b")), both)
    assert found.notes(both) == ["n, line 9: 1 change is outside the profile (constant)"]


@given(st.integers(0, 10_000), st.sampled_from(EDITS))
@settings(max_examples=25, deadline=None)
def test_the_widest_profile_leaves_all_that_counts_to_the_letter(seed, edit):
    """Every place free text: only changes of values may go, and never those of an unenrolment."""
    story = world(seed, "server", tidy=True)
    try:
        edited_ = edit(story, random.Random(seed))
    except NothingToEditError:
        assume(False)
    paths = (f"SyncBody/{name}/Item/Data" for name in ("Replace", "Alert", "Exec", "Add", "Results", "Status", "Get"))
    profile = NoiseProfile("n", tuple(Line(path=path, kind=Kind.TEXT, signed="T", reason="r") for path in paths))
    before = list(compare(traffic(story), traffic(edited_.story)).changes)
    after = list(without_noise(compare(traffic(story), traffic(edited_.story)), profile).comparison.changes)
    gone = [each for each in before if each not in after]
    assert all(
        each.kind == "changed" and each.of == "value" and without_numbers(each.path).endswith("/Item/Data")
        for each in gone
    )


@pytest.mark.parametrize("drift", [{}, {"ram": 3}, {"host": "ELSE"}, {"token": "x"}])
def test_the_other_way_round_the_same_is_left_out(drift):
    profile = signed(run(1), run(2))
    one, other = (
        without_noise(diff(run(1), run(3, **drift)), profile),
        without_noise(diff(run(3, **drift), run(1)), profile),
    )
    assert [(each.expected, each.actual) for each in one.comparison.changes] == [
        (each.actual, each.expected) for each in other.comparison.changes
    ]
    assert (one.explained, one.outside) == (other.explained, other.outside)
