"""A noise profile applied: what a signed line explains goes, what drifts outside of it stays."""

import random
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from replay.compare.changes import Change, Class
from replay.compare.changes import Kind as KindOfChange
from replay.compare.compare import compare
from replay.compare.learn import learn
from replay.compare.noise import device_of, value_change, without_noise
from replay.compare.views import view
from replay.lab import messages
from replay.normal.noise import Line, NoiseProfile, without_numbers
from replay.normal.varying import Form, Kind
from tests.compare.edits import EDITS, NothingToEditError, world
from tests.compare.runs import run
from tests.compare.stories import changes, diff, edited, replace, session, traffic
from tests.story import DEVICE, Story, user

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


def test_nothing_but_a_value_that_both_sides_have_can_be_noise():
    can = {(KindOfChange.CHANGED, Class.VALUE), (KindOfChange.CHANGED, Class.HTTP)}
    for kind in KindOfChange:
        for of in Class:
            assert value_change(Change(kind=kind, of=of)) is ((kind, of) in can)


def test_what_moved_is_no_noise():
    comparison = diff(values("a"), values("b"))
    (message,) = (each for session in comparison.sessions for each in session.messages if each.rows)
    moved = [structs.replace(each, kind=KindOfChange.MOVED) for each in message.changes]
    message.rows = (structs.replace(message.rows[0], changes=tuple(moved)),)
    assert list(without_noise(comparison, line(Kind.TEXT)).comparison.changes) == moved


@pytest.mark.parametrize("other", ['<Data a="b">x</Data>', "<Data>x<b>y</b></Data>", "<Data><b>y</b></Data>"])
def test_attributes_and_elements_are_no_noise(other):
    a = values("x")
    b = edited(a, "<Data>x</Data>", other)
    for one, another in ((a, b), (b, a)):
        assert diff(one, another).summary == without_noise(diff(one, another), line(Kind.TEXT)).comparison.summary


def test_what_falls_may_be_free_text_by_another_line():
    both = NoiseProfile("n", (*line(Kind.COUNTER).lines, structs.replace(line(Kind.TEXT).lines[0], number=6)))
    found = without_noise(diff(values("5", "6"), values("8", "7")), both)
    assert found.comparison.equal
    assert found.explained == {5: 1, 6: 1}


def test_a_counter_may_stand_still_and_not_fall():
    profile = line(Kind.COUNTER)
    assert left(values("1", "2", "3"), values("5", "5", "9"), profile) == []
    assert left(values("1", "2", "3"), values("5", "4", "9"), profile) == [("2", "4")]
    assert left(values("5", "4", "9"), values("1", "2", "3"), profile) == [("4", "2")]
    assert left(values("1", "2"), values("1", "x"), profile) == [("2", "x")]


def test_a_counter_that_falls_behind_a_line_of_another_kind():
    random_ = structs.replace(line(Kind.RANDOM, form=Form("hex", 8, 8)).lines[0], number=4)
    both = NoiseProfile("n", (random_, *line(Kind.COUNTER).lines))
    assert left(values("5", "6"), values("8", "7"), both) == [("6", "7")]


def test_a_counter_beside_a_session_that_is_missing():
    assert left(values("5", "6", "7"), values("5", "8"), line(Kind.COUNTER)) != []
    assert without_noise(diff(values("5", "6"), values("7")), line(Kind.COUNTER)).explained == {5: 1}


def test_a_counter_may_begin_with_nothing():
    assert left(values("0", "1"), values("2", "3"), line(Kind.COUNTER)) == []


def test_whose_message_it_is():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"")
    story.device = ""
    story.exchange(story.package_one("3").replace(b"<Source><LocURI></LocURI></Source>", b""), b"")
    found = [device_of(each) for each in view(traffic(story)).messages()]
    assert found == [DEVICE, DEVICE, DEVICE, None, None, None]


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
    for one, other in ((("a", "b", "a"), ("x", "y")), (("a", "b"), ("x", "y", "x"))):
        assert without_noise(diff(values(*one), values(*other)), profile).explained == {5: 2}


def writes(*pairs: str) -> Story:
    """A session in which the server writes these: a node and its value."""
    return session(Story(), "1", *(replace(9 + n, f"./{pair[0]}", pair[2:]) for n, pair in enumerate(pairs)))


def test_a_name_that_stays_elsewhere_is_no_alias_whatever_else_differs():
    """What is missing before it gives it another path, what moved is alike."""
    profile = line(Kind.ALIAS)
    one, other = writes("X=x", "A=a", "B=a"), writes("A=b", "B=a")
    assert ("a", "b") in left(one, other, profile)
    assert ("b", "a") in left(other, one, profile)
    one, other = writes("B=a", "Y=y", "Z=z", "A=a"), writes("Y=y", "Z=z", "A=b", "B=a")
    assert ("a", "b") in left(one, other, profile)
    assert ("b", "a") in left(other, one, profile)


def test_a_name_that_is_missing_elsewhere_stands_beside_nothing():
    profile = line(Kind.ALIAS)
    one, other = writes("A=a", "B=a"), writes("A=b")
    assert [told[0] is None or told[1] is None for told in left(one, other, profile)] == [True]
    bare = edited(writes("A=b", "B=q"), "<Data>q</Data>", "")
    assert left(one, bare, profile) == [("a", None)]
    assert left(bare, one, profile) == [(None, "a")]
    one, broken = (session(writes(f"A={name}"), "2", replace(9, "./B", "a")) for name in "ab")
    whole = broken.lines[-1]["body"]["text"]
    for other in ("<SyncML><broken", re.sub("<SyncBody>.*</SyncBody>", "", whole, flags=re.DOTALL)):
        broken.lines[-1]["body"] = {"text": other}
        assert ("a", "b") not in left(one, broken, profile)
        assert ("b", "a") not in left(broken, one, profile)


def test_an_alias_beside_lines_of_other_kinds():
    def of(name: str, word: str) -> Story:
        return session(Story(), "1", replace(9, "./A", name), replace(10, "./B", word), replace(11, "./C", name))

    lines = (*line(Kind.ALIAS, about="./A").lines, *line(Kind.TEXT, about="./B").lines)
    profile = NoiseProfile("n", (*lines, structs.replace(lines[0], about="./C")))
    assert left(of("a", "x"), of("b", "y"), profile) == []
    other = session(Story(), "1", replace(9, "./A", "b"), replace(10, "./B", "y"), replace(11, "./C", "c"))
    assert left(of("a", "x"), other, profile) == [("a", "b"), ("a", "c")]


def test_each_capture_counts_for_itself_and_each_node():
    profile = line(Kind.COUNTER)

    def of(*pairs: tuple[str, str]) -> Story:
        story = Story()
        for number, (a, b) in enumerate(pairs, 1):
            session(story, str(number), replace(9, "./A", a), replace(10, "./B", b))
        return story

    assert left(of(("5", "1"), ("6", "2")), of(("7", "3"), ("9", "4")), profile) == []
    assert left(of(("5", "1"), ("6", "2")), of(("7", "3"), ("6", "4")), profile) == []
    assert left(of(("5", "1"), ("6", "2")), of(("8", "3"), ("7", "4")), profile) == [("6", "7")]
    assert left(of(("5", "1"), ("6", "2"), ("7", "3")), of(("8", "3"), ("7", "4"), ("9", "5")), profile) == [("6", "7")]


def test_what_an_alias_stands_beside_is_seen_from_both_sides():
    """The line is about the first Replace of a message, which is the second one there: two counterparts all the same."""
    one, other = Story(), Story()
    session(one, "1", replace(9, "./A", "a"), replace(10, "./Z", "z"))
    session(other, "1", replace(9, "./N", "n"), replace(10, "./A", "x"), replace(11, "./Z", "z"))
    for story, value in ((one, "a"), (other, "y")):
        session(story, "2", replace(9, "./A", value), replace(10, "./Z", "z"))
    first = line(Kind.ALIAS).lines[0]
    profile = NoiseProfile("n", (structs.replace(first, path="SyncBody/Replace[1]/Item/Data"),))
    there, back = left(one, other, profile), left(other, one, profile)
    assert ("a", "x") in there
    assert ("a", "y") in there
    assert sorted(map(str, there)) == sorted(str(pair[::-1]) for pair in back)


def test_a_constant_goes_before_every_other_line():
    constant = structs.replace(line(Kind.CONSTANT, about="./A").lines[0], number=9)
    both = NoiseProfile("n", (*line(Kind.TEXT).lines, constant))
    assert left(values("a"), values("b"), both) == [("a", "b")]
    found = without_noise(diff(values("a"), values("b")), both)
    assert found.notes(both) == ["n, line 9: 1 change is outside the profile (constant)"]


def test_what_is_counted_and_said():
    def profile(*lines: tuple[Kind, str, int]) -> NoiseProfile:
        made = (Line(path=DATA, kind=k, about=about, signed="T", reason="r", number=n) for k, about, n in lines)
        return NoiseProfile("n.toml", tuple(made))

    def of(*values: str) -> Story:
        return session(Story(), "1", *(replace(9 + n, f"./{'ABC'[n]}", each) for n, each in enumerate(values)))

    text = profile((Kind.TEXT, "./A", 3), (Kind.TEXT, "./B", 7))
    one = without_noise(diff(of("1", "1", "1"), of("2", "1", "1")), text)
    assert (one.explained, one.outside, one.notes(text)) == ({3: 1}, {}, ["n.toml: 1 change left out as noise"])
    two = without_noise(diff(values("1", "1"), values("2", "3")), text)
    assert (two.explained, two.comparison.ignored) == ({3: 2}, 2)
    assert two.notes(text) == ["n.toml: 2 changes left out as noise"]
    none = without_noise(diff(of("1", "1", "1"), of("1", "1", "2")), text)
    assert (none.explained, none.outside, none.notes(text)) == ({}, {}, [])
    constant = profile((Kind.CONSTANT, "./B", 9), (Kind.CONSTANT, "./A", 2), (Kind.TEXT, "./C", 4))
    stays = without_noise(diff(of("1", "1", "1"), of("2", "2", "2")), constant)
    assert stays.notes(constant) == [
        "n.toml: 1 change left out as noise",
        "n.toml, line 2: 1 change is outside the profile (constant)",
        "n.toml, line 9: 1 change is outside the profile (constant)",
    ]
    twice = without_noise(diff(values("1", "1"), values("2", "2")), profile((Kind.CONSTANT, "./A", 2)))
    assert twice.outside == {2: 2}
    assert twice.notes(constant) == ["n.toml, line 2: 2 changes are outside the profile (constant)"]


def test_lines_are_named_in_the_order_of_the_file():
    lines = (
        Line(path=DATA, kind=Kind.CONSTANT, about=f"./{a}", signed="T", reason="r", number=n) for a, n in ("A9", "B2")
    )
    profile = NoiseProfile("n", tuple(lines))
    one, other = (session(Story(), "1", replace(9, "./A", v), replace(10, "./B", v)) for v in "12")
    assert [each[:9] for each in without_noise(diff(one, other), profile).notes(profile)] == ["n, line 2", "n, line 9"]


def test_a_signed_line_is_applied_beside_one_that_is_not():
    unsigned = Line(path=DATA, kind=Kind.CONSTANT, number=8)
    profile = NoiseProfile("n", (unsigned, *line(Kind.TEXT).lines))
    found = without_noise(diff(values("a"), values("b")), profile)
    assert found.comparison.equal
    first, second = found.notes(profile)
    assert first == "n: 1 change left out as noise"
    assert "1 of 2 lines are not signed" in second


def test_a_line_must_speak_of_both_values():
    one = session(Story(), "1", replace(9, "./A", "a"), messages.get(10, "./Z"))
    other = session(Story(), "1", replace(9, "./N", "n"), replace(10, "./A", "x"), messages.get(11, "./Z"))
    for path in ("SyncBody/Replace/Item/Data", "SyncBody/Replace[2]/Item/Data"):
        profile = NoiseProfile("n", (structs.replace(line(Kind.TEXT).lines[0], path=path),))
        spoken_of = "[" not in path
        assert (("a", "x") in left(one, other, profile)) is not spoken_of
        assert (("x", "a") in left(other, one, profile)) is not spoken_of


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


def test_whether_a_counter_falls_is_seen_at_its_own_places():
    """Of the same node something else is written in between, of which another line speaks."""

    def of(*values: str) -> Story:
        story = Story()
        for number, (one, two) in enumerate(zip(values[::2], values[1::2], strict=True), 1):
            session(story, str(number), replace(9, "./A", one), replace(10, "./A", two))
        return story

    text = line(Kind.TEXT).lines[0]
    counter = structs.replace(text, path="SyncBody/Replace[1]/Item/Data", kind=Kind.COUNTER, number=1)
    found = without_noise(diff(of("5", "90", "6", "91"), of("7", "80", "8", "81")), NoiseProfile("n", (counter, text)))
    assert found.explained == {1: 2, 5: 2}
