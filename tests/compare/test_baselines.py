import pytest

from replay.compare.baselines import against_all
from replay.compare.changes import Change, Class, Kind, Row
from replay.compare.compare import compare
from replay.lab import messages
from tests.compare.stories import changes, edited, replace, session, told, traffic
from tests.story import Story, user


def against(new, *baselines):
    actual = traffic(new)
    return against_all([compare(traffic(each), actual) for each in baselines])


def found(new, *baselines):
    return changes(against(new, *baselines).comparison)


def with_values(*values: str) -> Story:
    return session(Story(), "1", *(replace(9 + place, f"./V{place}", value) for place, value in enumerate(values)))


def test_what_one_baseline_has_is_no_change():
    a, b = with_values("1", "x"), with_values("2", "x")
    assert found(with_values("2", "x"), a, b) == []
    assert found(with_values("1", "x"), a, b) == []


def test_what_differs_from_all_is_one():
    a, b = with_values("1", "x"), with_values("2", "x")
    result = against(with_values("3", "x"), a, b)
    assert changes(result.comparison) == [("changed", "value", "SyncBody/Replace[1]/Item/Data")]
    assert (result.nearest, result.explained) == (0, 0)


def test_each_place_is_explained_by_itself():
    """The first value is that of one baseline, the second that of the other, and the third that of neither."""
    a, b = with_values("1", "x", "p"), with_values("2", "y", "q")
    result = against(with_values("1", "y", "r"), a, b)
    assert [each.path for each in result.comparison.changes] == ["SyncBody/Replace[3]/Item/Data"]
    assert result.explained == 1


def test_the_nearest_baseline_is_shown():
    far, near = with_values("1", "2", "3"), with_values("9", "9", "3")
    result = against(with_values("9", "9", "4"), far, near)
    assert result.nearest == 1
    assert [(each.expected, each.actual) for each in result.comparison.changes] == [("3", "4")]


def test_a_command_that_one_baseline_lacks_as_well():
    a = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
    b = session(Story(), "1", messages.get(9, "./B"))
    neither = session(Story(), "1", messages.get(9, "./C"))
    assert found(session(Story(), "1", messages.get(9, "./B")), a, b) == []
    assert ("removed", "sequence", "SyncBody/Get[1]") not in found(neither, a, b)
    assert [told(each)[0] for each in against(neither, a, b).comparison.changes] != []


def test_a_command_that_all_have_and_the_new_one_lacks():
    a = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "1"))
    b = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "2"))
    assert found(session(Story(), "1", messages.get(9, "./A")), a, b) == [("removed", "sequence", "SyncBody/Replace")]


def test_a_command_that_is_new_and_one_baseline_has_in_another_way():
    a = session(Story(), "1", messages.get(9, "./A"))
    b = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "1"))
    assert found(session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "1")), a, b) == []
    other = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "2"))
    assert [told(each)[2] for each in against(other, a, b).comparison.changes] in (
        ["SyncBody/Replace"],
        ["SyncBody/Replace/Item/Data"],
    )


def test_sessions_and_messages():
    plain, more = user(), Story().ordinary("9").get_session("10").watch(30).alert("2")
    assert found(more, plain, more) == []
    assert found(plain, plain, more) == []
    new = Story().ordinary("9").get_session("10").get_session("11").watch(30).alert("2")
    assert found(new, plain, more) == [("added", "sequence", "session")]
    unanswered = Story().ordinary("1").watch(30).alert("2", response=None)
    assert found(unanswered, plain, more) == [("removed", "sequence", "SyncML")]
    assert found(unanswered, plain, more, unanswered) == []


def test_a_new_session_that_one_baseline_has_in_another_way_counts():
    plain, more = Story().ordinary("1"), Story().ordinary("1").get_session("2")
    new = edited(more, "./DevDetail/SwV", "./DevDetail/HwV")
    assert len(found(new, plain, more)) == 1


def test_order_is_explained_by_order_alone():
    inner = messages.get(9, "./A"), messages.get(10, "./B")
    plain = session(Story(), "1", *inner)
    turned = session(Story(), "1", *inner[::-1])
    assert found(turned, plain, turned) == []
    other = edited(plain, "./A", "./X")
    assert [told(each)[0] for each in against(turned, plain, other).comparison.changes] == ["moved"]


def test_what_was_ignored_stays_ignored():
    a, b = with_values("1", "x"), with_values("2", "x")
    actual = traffic(with_values("3", "y"))
    comparisons = [
        compare(traffic(each), actual, noise=lambda change: "Replace[2]" not in change.path) for each in (a, b)
    ]
    result = against_all(comparisons)
    assert (result.comparison.ignored, result.explained, len(changes(result.comparison))) == (1, 0, 1)


# -- which baseline explains what ---------------------------------------------------------------------------------------


def test_one_baseline_of_three_is_enough():
    new = with_values("3", "y")
    assert found(new, with_values("1", "y"), with_values("2", "x"), with_values("3", "x")) == []
    assert len(found(new, with_values("1", "y"), with_values("2", "x"), with_values("4", "x"))) == 1


def test_as_many_are_missing_as_the_baseline_that_has_fewest_has_more():
    def story(gets: int, *values: str) -> Story:
        commands = [messages.get(20 + place, "./A") for place in range(gets)]
        return session(Story(), "1", *commands, *(replace(9 + n, f"./V{n}", each) for n, each in enumerate(values)))

    new = story(0, "1", "1", "1")
    result = against(new, story(2, "1", "1", "1"), story(1, "2", "2", "2"))
    assert [told(each)[0] for each in result.comparison.changes] == ["removed"]
    assert (result.nearest, result.explained) == (0, 1)
    assert [each[0] for each in found(new, story(2, "1", "1", "1"), story(2, "2", "2", "2"))] == ["removed"] * 2


def test_what_is_missing_there_hides_nothing_behind_it():
    new, near = with_values("9"), with_values("1")
    other = session(Story(), "1", messages.get(30, "./G"), replace(9, "./V0", "5"))
    assert found(new, near, other) == [("changed", "value", "SyncBody/Replace/Item/Data")]


def story_of(*sessions: list[str]) -> Story:
    """Sessions of one exchange: what the server sends in each."""
    story = Story()
    for number, commands in enumerate(sessions, 1):
        session(story, str(number), *commands)
    return story


A, B, C = (messages.get(20 + place, f"./{name}") for place, name in enumerate("ABC"))
ONE, TWO = replace(9, "./V", "1"), replace(9, "./V", "2")


@pytest.mark.parametrize(
    ("new", "near", "other"),
    [
        # the other has this order, and another value
        ([[B, A, ONE]], [[A, B, ONE]], [[B, A, TWO]]),
        # the other has this value, and another order
        ([[A, B, ONE]], [[A, B, TWO]], [[B, A, ONE]]),
        # the other differs in another session: at another place, at the same place, by a session more
        ([[A, ONE], [B, ONE]], [[A, TWO], [B, ONE]], [[A, ONE], [C, B, ONE]]),
        ([[A, ONE], [B, ONE]], [[A, TWO], [B, ONE]], [[A, ONE], [B, TWO]]),
        ([[A, ONE], [B, B]], [[A, ONE]], [[A, TWO], [B, B]]),
        # the other has the session elsewhere, with this value
        ([[A, ONE], [B, B], [C, C]], [[A, TWO], [B, B], [C, C]], [[B, B], [C, C], [A, ONE]]),
        # the other lacks a command elsewhere in the message
        ([[ONE, A]], [[TWO, A]], [[ONE]]),
        # each lacks another command, or the same in another session
        ([[C]], [[A, C]], [[B, C]]),
        ([[B], [C]], [[A, B], [C]], [[B], [A, C]]),
        # each has another session more
        ([[C]], [[C], [A, A]], [[C], [messages.unenrol_exec(30, "MS DM Server")]]),
    ],
)
def test_what_the_other_baseline_has_as_the_new_one_is_no_change(new, near, other):
    assert changes(compare(traffic(story_of(*near)), traffic(story_of(*new)))) != []
    assert found(story_of(*new), story_of(*near), story_of(*other)) == []


@pytest.mark.parametrize(
    ("new", "near", "other", "path"),
    [
        # the other lacks what the value is in: the command, the session
        ([[ONE, A]], [[TWO, A]], [[A]], "SyncBody/Replace/Item/Data"),
        ([[ONE, A]], [[A]], [[TWO, A]], "SyncBody/Replace"),
        ([[C], [ONE, A]], [[C], [TWO, A]], [[C]], "SyncBody/Replace/Item/Data"),
        # the other lacks something of which the order is asked
        ([[B, A, C]], [[A, B, C]], [[A, C]], "SyncBody/Get[2]"),
        ([[B, A, C]], [[A, B, C]], [[B, C]], "SyncBody/Get[2]"),
        # both have it, and lack nothing else
        ([[C]], [[A, C]], [[C, A]], "SyncBody/Get[1]"),
        ([[C], [B]], [[C], [B], [A, A]], [[C], [B], [B, B]], "session"),
    ],
)
def test_what_no_baseline_has_as_the_new_one_counts(new, near, other, path):
    assert [each[2] for each in found(story_of(*new), story_of(*near), story_of(*other))] == [path]


def exchanges(*commands: list[str]) -> Story:
    """A session of several exchanges."""
    story = Story()
    for number, each in enumerate(commands, 1):
        owed = [messages.status(1, str(number - 1), "0", "SyncHdr", "200")]
        request = story.package_one("1") if number == 1 else story.to_server("1", number, owed)
        story.exchange(request, story.answer(request, *each))
    return story


def test_what_is_missing_is_known_by_its_message():
    new, near, other = exchanges([B], [B]), exchanges([A, B], [B]), exchanges([B], [A, B])
    assert found(new, near, other) == []
    assert found(new, near, exchanges([A, B], [A, B]))[0][0] == "removed"


def test_an_answer_that_is_missing_is_known_by_its_session():
    def story(*answered: bool) -> Story:
        made = Story()
        for number, each in enumerate(answered, 1):
            made.alert(str(number), response=None) if not each else made.alert(str(number))
        return made

    assert found(story(False, False), story(True, False), story(False, True)) == []
    assert found(story(False, False), story(True, False), story(True, True)) == [("removed", "sequence", "SyncML")]


def test_a_baseline_without_the_message_says_nothing_of_its_values():
    new, near = exchanges([A], [ONE, B]), exchanges([A], [TWO, B])
    assert [each[2] for each in found(new, near, exchanges([A]))] == ["SyncBody/Replace/Item/Data"]
    unread = Story()
    unread.lines = exchanges([A], [ONE, B]).lines
    unread.lines[-1]["body"]["text"] = "<SyncML"
    assert [each[2] for each in found(new, near, unread)] == ["SyncBody/Replace/Item/Data"]


@pytest.mark.parametrize("lacks", "XY")
def test_a_baseline_without_the_item_says_nothing_of_its_order(lacks):
    def story(order: str) -> Story:
        items = "".join(f"<Item><Target><LocURI>./{each}</LocURI></Target></Item>" for each in order)
        return session(Story(), "1", f"<Get><CmdID>9</CmdID>{items}</Get>")

    result = found(story("YXZ"), story("XYZ"), story("YXZ".replace(lacks, "")))
    assert [each[0] for each in result] == ["moved"]
    assert found(story("YXZ"), story("XYZ"), story("YXZ")) == []
    assert found(story("YXZ"), story("XYZ"), edited(story("YXZ"), "<VerProto>DM/1.2</VerProto>", "")) == []


@pytest.mark.parametrize("other", [[[ONE, C]], [[A, C]]])
def test_a_baseline_without_one_of_two_commands_says_nothing_of_their_order(other):
    new, near = story_of([ONE, A, C]), story_of([A, ONE, C])
    assert [each[0] for each in found(new, near, story_of(*other))] == ["moved"]


def adds(*uris: str) -> list[str]:
    return [replace(30 + place, uri, "1").replace("Replace>", "Add>") for place, uri in enumerate(uris)]


def test_as_many_are_missing_as_every_baseline_has():
    """The second baseline differs in more, so the first is the nearest."""
    twice = [messages.get(9, "./A"), messages.get(10, "./A")]
    a, more = session(Story(), "1", *twice), adds("./D", "./E", "./F")
    new = session(Story(), "1")
    both = session(Story(), "1", *twice, *more)
    once = session(Story(), "1", twice[0], *more)
    assert [against(new, a, each).nearest for each in (both, once)] == [0, 0]
    assert [each[0] for each in found(new, a, both)] == ["removed", "removed"]
    assert [each[0] for each in found(new, a, once)] == ["removed"]


def test_a_baseline_that_lacks_what_stands_around_says_nothing_of_an_order():
    gets = [messages.get(9, "./A"), messages.get(10, "./C")]
    one, other = replace(11, "./B", "1"), adds("./D", "./E", "./F")
    new = session(Story(), "1", one, *gets)
    a, b = session(Story(), "1", *gets, one), session(Story(), "1", one, *other)
    assert against(new, a, b).nearest == 0
    assert found(new, a, b) == [("moved", "sequence", "SyncBody/Replace")]


def test_what_was_ignored_before_is_not_explained():
    actual = traffic(with_values("1", "9", "y"))
    comparisons = [
        compare(traffic(each), actual, noise=lambda change: change.expected != "5")
        for each in (with_values("5", "9", "x"), with_values("5", "5", "y"))
    ]
    result = against_all(comparisons)
    assert (result.nearest, result.explained, result.comparison.ignored) == (1, 0, 2)
    result = against_all(comparisons[:1] * 2)
    assert (result.explained, result.comparison.ignored, len(list(result.comparison.changes))) == (0, 1, 1)


def test_a_baseline_without_the_message_says_nothing_of_its_gap():
    def story(gap: float) -> Story:
        return Story().get_session("1").wait(gap).go_on("1", 2)

    def gaps(new: Story, *baselines: Story) -> list[str]:
        actual = traffic(new)
        result = against_all([compare(traffic(each), actual, timing=True) for each in baselines])
        return [each.path for each in result.comparison.changes]

    assert gaps(story(300), story(10), Story().get_session("1")) == ["HTTP/gap"]
    assert gaps(story(300), story(10), story(300)) == []
    assert gaps(story(300), Story().get_session("1"), story(10)) == ["HTTP/gap"]


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ([], True),
        ([10], True),
        ([300], False),  # of the two that the gap can be compared with, one has it, and is not the nearest
    ],
)
def test_a_baseline_in_which_something_else_goes_before_says_nothing_of_a_gap(more, counts):
    def story(gap: float, between: str = "", after: tuple[str, ...] = ()) -> Story:
        made = Story().get_session("1")
        if between:
            session(made, "2", between)
        return session(made.wait(gap).get_session("9"), "10", *after)

    actual = traffic(story(300))
    baselines = [story(10), story(300, between=messages.get(9, "./Between"))]
    baselines += [story(gap, after=(messages.get(9, "./A"), messages.get(10, "./B"))) for gap in more]
    result = against_all([compare(traffic(each), actual, timing=True) for each in baselines])
    found_ = [(each.path, each.side) for each in result.comparison.changes]
    assert (result.nearest, found_) == (0, [("HTTP/gap", "request")] if counts else [])


def of(kind: Kind, path: str, class_: Class = Class.STRUCTURE) -> Change:
    return Change(kind=kind, of=class_, expected_path=path, actual_path=path)


@pytest.mark.parametrize(
    ("change", "baseline", "counts"),
    [
        (of(Kind.MOVED, "B/Item[1]"), of(Kind.CHANGED, "B/Item[1]"), False),
        (of(Kind.CHANGED, "B/Item[1]"), of(Kind.MOVED, "B/Item[1]"), False),
        (of(Kind.MOVED, "B/Item[2]"), of(Kind.ADDED, "B/Item"), True),
        (of(Kind.MOVED, "B/Item[2]"), of(Kind.CHANGED, "B/Item"), False),
        (of(Kind.MOVED, "B/Item[1]/X"), of(Kind.ADDED, "B/Item[1]"), True),
        (of(Kind.ADDED, "B/Item[1]/X"), of(Kind.MOVED, "B/Item[1]"), True),
        (of(Kind.ADDED, "B/Get"), of(Kind.MOVED, "SyncML", Class.SEQUENCE), False),
        (of(Kind.ADDED, "B/Get"), of(Kind.CHANGED, "SyncML"), True),
        (of(Kind.CHANGED, "HTTP/gap", Class.TIMING), of(Kind.CHANGED, "SyncML"), False),
        (of(Kind.ADDED, "SyncML"), of(Kind.CHANGED, "HTTP/gap", Class.TIMING), False),
        (of(Kind.CHANGED, "HTTP/gap", Class.TIMING), of(Kind.ADDED, "SyncML"), True),
    ],
)
def test_what_another_baseline_says_of_a_change(change, baseline, counts):
    """A change counts where the baseline differs there too, or says nothing of it."""
    comparisons = [compare(traffic(with_values("1")), traffic(with_values("2"))) for _ in range(2)]
    for comparison, only in zip(comparisons, (change, baseline), strict=True):
        (message,) = (each for found_ in comparison.sessions for each in found_.messages if each.rows)
        message.rows = (Row("", "", (only,)),)
    assert list(against_all(comparisons).comparison.changes) == ([change] if counts else [])
