from replay.compare.others import compare_others
from replay.compare.views import view
from tests.compare.stories import traffic
from tests.story import Story, user


def story(*bodies: bytes) -> Story:
    made = user()
    for body in bodies:
        made.exchange(body, None)
    return made


def changes(one: Story, other: Story):
    found = compare_others(view(traffic(one)).others, view(traffic(other)).others)
    return None if found is None else [(str(c.kind), str(c.of), c.path) for m in found.messages for c in m.changes]


A, B, C = (b"<SyncML><broken " + letter for letter in (b"a", b"b", b"c"))


def test_nothing_is_nothing():
    assert changes(user(), user()) is None


def test_unreadable_messages_are_known_by_their_bytes():
    assert changes(story(A, B), story(A, B)) == []
    assert changes(story(A), story(B)) == [("changed", "structure", "SyncML")]


def test_one_more_and_one_less():
    assert changes(story(A), story(A, B)) == [("added", "sequence", "SyncML")]
    assert changes(story(A, B), story(B)) == [("removed", "sequence", "SyncML")]


def test_another_order_is_one_that_moved():
    assert changes(story(A, B, C), story(B, C, A)) == [("moved", "sequence", "SyncML")]


def test_damage_of_the_capture_itself():
    cut = view(traffic(user().text()[:-30])).others
    found = compare_others(view(traffic(user())).others, cut)
    assert [(str(c.kind), c.path) for m in found.messages for c in m.changes] == [("added", "capture")]
