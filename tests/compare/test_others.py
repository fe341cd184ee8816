from replay.compare.others import compare_others
from replay.compare.views import Other, view
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


def test_the_head_of_a_line_is_what_stands_before_what_is_in_it():
    one, other = user(), user()
    one.exchange(A, None, failure="timeout")
    other.exchange(B, None, failure="timeout")
    assert changes(one, other) == [("changed", "structure", "SyncML")]


def damaged(*kinds: str) -> list[Other]:
    return [Other(f"the capture: {kind}", None) for kind in kinds]


def test_damage_of_one_kind_is_not_that_of_another_changed():
    found = compare_others(damaged("cut"), damaged("gap"))
    assert [(str(c.kind), str(c.of), c.path, c.expected, c.actual) for m in found.messages for c in m.changes] == [
        ("removed", "sequence", "capture", "the capture: cut", None),
        ("added", "sequence", "capture", None, "the capture: gap"),
    ]


def test_damage_in_another_order_says_no_exchange():
    found = compare_others(damaged("cut", "gap"), damaged("gap", "cut"))
    assert [(str(c.kind), c.path, c.expected, c.actual) for m in found.messages for c in m.changes] == [
        ("moved", "capture", "capture", "capture")
    ]


def told(one: Story | bytes, other: Story | bytes) -> list[tuple[str, str, str | None, str | None]]:
    found = compare_others(view(traffic(one)).others, view(traffic(other)).others)
    assert found is not None
    return [(str(c.kind), c.path, c.expected, c.actual) for m in found.messages for c in m.changes]


def test_messages_to_two_addresses_are_two():
    one, other = story(A), user()
    other.exchange(A, None, url=other.url.replace("MDM.svc", "Else.svc"))
    assert [each[0] for each in told(one, other)] == ["removed", "added"]
    assert [each[0] for each in told(other, one)] == ["removed", "added"]


def test_what_moved_says_where_it_stands_on_both_sides():
    assert told(story(A, B, C), story(B, C, A)) in (
        [("moved", "SyncML", "exchange 3", "exchange 5")],
        [("moved", "SyncML", "exchange 4", "exchange 3"), ("moved", "SyncML", "exchange 5", "exchange 4")],
    )
    for one, other in ((story(A, B), story(B, A)), (story(A, B, A), story(A, A, B))):
        assert sorted(told(one, other)) == sorted((kind, path, b, a) for kind, path, a, b in told(other, one))


def test_a_change_outside_of_sessions_has_no_side_and_no_role():
    found = compare_others(view(traffic(story(A))).others, view(traffic(story(B))).others)
    changes = [change for message in found.messages for row in message.rows for change in row.changes]
    assert changes
    assert {(each.side, each.role) for each in changes} == {("", "")}


def test_a_message_beside_its_counterpart_is_the_request_of_its_exchange():
    found = compare_others(view(traffic(story(A))).others, view(traffic(story(A))).others)
    (message,) = found.messages
    for side in (message.expected, message.actual):
        assert (side.number, side.side, side.there) == (3, "request", True)
        assert "a message that cannot be read" in side.problem
    assert message.rows == ()
