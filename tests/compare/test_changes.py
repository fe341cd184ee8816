from replay.compare.changes import (
    Change,
    Class,
    Comparison,
    Kind,
    MessageDiff,
    Row,
    SessionDiff,
    change_of,
    moved_change,
)


def compared(*rows: Row) -> Comparison:
    return Comparison([SessionDiff(None, None, [MessageDiff(None, None, rows)])])


def test_the_kind_follows_from_the_values():
    kinds = [change_of("p", *values).kind for values in (("a", "b"), ("a", None), (None, "b"))]
    assert kinds == [Kind.CHANGED, Kind.REMOVED, Kind.ADDED]
    added = change_of("p", None, "b")
    assert (added.expected_path, added.actual_path, added.path) == (None, "p", "p")
    assert (added.expected, added.actual, added.of) == (None, "b", Class.HTTP)
    removed = change_of("p", "a", None, Class.VALUE)
    assert (removed.expected_path, removed.actual_path, removed.path) == ("p", None, "p")
    assert (removed.expected, removed.actual, removed.of) == ("a", None, Class.VALUE)


def test_the_path_is_that_of_expected_where_it_has_one():
    assert Change(kind=Kind.CHANGED, of=Class.VALUE, expected_path="a", actual_path="b").path == "a"
    moved = moved_change("p", "1", "2")
    assert moved == Change(
        kind=Kind.MOVED, of=Class.SEQUENCE, expected_path="p", actual_path="p", expected="1", actual="2"
    )


def test_what_is_left_out_is_counted():
    one, other = change_of("a", "1", "2"), change_of("b", "1", None)
    found = compared(Row("x", "y", (one, other)), Row("same", "same"))
    assert found.summary == {"changed": 1, "added": 0, "removed": 1, "moved": 0}
    left = found.without(lambda change, _message, _session: change.path == "b")
    assert (list(left.changes), left.ignored, left.equal) == ([other], 1, False)
    again = left.without(lambda *_: False)
    assert (again.ignored, again.equal) == (2, True)
    assert len(again.sessions[0].messages[0].rows) == 2
    assert not found.equal


def test_what_was_compared_and_does_not_differ_is_equal():
    assert compared(Row("x", "x")).equal
    assert Comparison([]).equal


def test_messages_that_do_not_differ_are_made_when_somebody_asks():
    asked = []

    def made() -> list[MessageDiff]:
        asked.append(1)
        return [MessageDiff(None, None)]

    change = change_of("a", "1", "2")
    same, other = (
        SessionDiff(None, None, made),
        SessionDiff(None, None, [MessageDiff(None, None, (Row("", "", (change,)),))]),
    )
    found = Comparison([same, other, same])
    left = found.without(lambda *_: True)
    assert (same.equal, found.equal, list(found.changes), left.summary) == (True, False, [change], found.summary)
    assert [each is same for each in left.sessions] == [True, False, True]
    assert asked == []
    assert same.messages == same.messages == [MessageDiff(None, None)]
    assert asked == [1]
    assert same.equal
