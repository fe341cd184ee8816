"""Whatever the captures are: what is volatile is no change, one edit is one change, and the other way round is the mirror image."""

import random
from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replay.compare.changes import Comparison, Kind
from replay.compare.compare import compare
from tests.compare.edits import (
    EDITS,
    NothingToEditError,
    copied,
    in_wbxml,
    renamed,
    renumbered,
    traffic,
    world,
)
from tests.generated import SCENARIOS

SEEDS = st.integers(0, 10_000)
WORLDS = st.tuples(SEEDS, st.sampled_from(SCENARIOS), st.booleans())
TURNED = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}


@given(WORLDS, st.booleans())
@settings(max_examples=15, deadline=None)
def test_a_capture_does_not_differ_from_itself(made, timing):
    seed, scenario, wbxml = made
    story = world(seed, scenario, wbxml=wbxml)
    found = compare(traffic(story), traffic(copied(story)), timing=timing)
    assert found.equal
    assert list(found.changes) == []
    assert len(found.sessions) == len(traffic(story).sessions)


@pytest.mark.parametrize(
    "change",
    [
        lambda story, seed: in_wbxml(story),
        renamed,
        renumbered,
        lambda story, seed: renumbered(in_wbxml(renamed(story, seed)), seed),
    ],
    ids=["re-encoded", "renamed", "renumbered", "all three"],
)
@given(SEEDS, st.sampled_from(SCENARIOS))
@settings(max_examples=10, deadline=None)
def test_what_is_volatile_is_no_change(change, seed, scenario):
    story = world(seed, scenario, plain=True)
    other = change(story, seed)
    assert other.text() != story.text()
    found = compare(traffic(story), traffic(other))
    assert [(each.kind, each.path) for each in found.changes] == []


@pytest.mark.parametrize("edit", EDITS, ids=[edit.__name__ for edit in EDITS])
@given(WORLDS)
@settings(max_examples=10, deadline=None)
def test_one_edit_is_one_change_at_its_path(edit, made):
    seed, scenario, wbxml = made
    story = world(seed, scenario, wbxml=wbxml, tidy=True)
    try:
        edited = edit(story, random.Random(seed))
    except NothingToEditError:
        assume(False)
    found = list(compare(traffic(story), traffic(edited.story)).changes)
    assert [(each.kind, each.of) for each in found] == [(edited.kind, edited.of)]
    assert {found[0].expected_path, found[0].actual_path} & {edited.path, edited.other_path}
    assert (found[0].expected is None) == (edited.kind == "added")
    assert (found[0].actual is None) == (edited.kind == "removed")


@given(WORLDS, st.lists(st.sampled_from(EDITS), max_size=5), st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_other_way_round_is_the_mirror_image(made, edits, other_world, timing):
    seed, scenario, _ = made
    draw = random.Random(seed)
    story = world(seed, scenario, tidy=True)
    other = world(seed + 1, draw.choice(SCENARIOS)) if other_world else story
    for edit in edits:
        try:
            other = edit(other, draw).story
        except (NothingToEditError, KeyError, AttributeError, ValueError):
            continue  # an edit before has left nothing of the kind
    one, two = traffic(story), traffic(other)
    assert bag(compare(one, two, timing=timing)) == turned(bag(compare(two, one, timing=timing)))


@given(WORLDS)
@settings(max_examples=10, deadline=None)
def test_rows_show_both_messages_as_they_are(made):
    """The rows of a message are its parts in their order, on either side."""
    seed, scenario, wbxml = made
    story = world(seed, scenario, wbxml=wbxml, tidy=True)
    try:
        other = EDITS[seed % len(EDITS)](story, random.Random(seed)).story
    except NothingToEditError:
        assume(False)
    for session in compare(traffic(story), traffic(other)).sessions:
        for message in session.messages:
            if message.rows and message.expected and message.actual and message.expected.message:
                commands = [each for _, each in message.expected.message.walk()]
                names = [row.expected.split()[0] for row in message.rows if row.expected]
                assert [name for name in names if name in {each.name for each in commands}] == [
                    each.name for each in commands
                ]


def bag(comparison: Comparison) -> Counter[tuple[object, ...]]:
    return Counter(
        (
            message.expected and (message.expected.number, message.expected.side),
            message.actual and (message.actual.number, message.actual.side),
            each.kind,
            each.of,
            each.expected_path,
            each.actual_path,
            each.expected,
            each.actual,
        )
        for session in comparison.sessions
        for message in session.messages
        for each in message.changes
    )


def turned(found: Counter[tuple[object, ...]]) -> Counter[tuple[object, ...]]:
    return Counter(
        {
            (theirs, mine, TURNED.get(kind, kind), of, their_path, path, actual, expected): count
            for (mine, theirs, kind, of, path, their_path, expected, actual), count in found.items()
        }
    )
