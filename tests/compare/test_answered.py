"""What answers refer to, when the messages they refer to are not the same on both sides."""

from collections import Counter

import pytest

from replay.compare.answered import Answered
from replay.compare.views import view
from replay.lab import messages
from tests.compare.stories import changes, diff, edited, replace, session, traffic
from tests.story import Story

REFERENCE = ("changed", "reference")


def status(number: int, reference: str, code: str = "200", message: str = "1") -> str:
    return messages.status(number, message, reference, "Get", code)


def asked(*commands: str) -> Story:
    return session(Story(), "1", *commands)


def told(one, other) -> list[tuple[str, str, str]]:
    """What differs; fails where something else is said the other way round."""
    there = [(each.expected_path, each.actual_path, each.expected, each.actual) for each in diff(one, other).changes]
    back = [(each.actual_path, each.expected_path, each.actual, each.expected) for each in diff(other, one).changes]
    assert Counter(there) == Counter(back)
    return changes(diff(one, other))


def test_answers_in_another_order_are_one_that_moved_and_refer_to_the_same():
    def story(*statuses: str) -> Story:
        return asked(messages.get(9, "./A"), messages.get(10, "./B")).go_on("1", 2, *statuses)

    found = told(story(status(2, "9"), status(3, "10")), story(status(2, "10"), status(3, "9")))
    assert [each[:2] for each in found] == [("moved", "sequence")]
    three = ("9", "10", "11")

    def all_of(*numbers: str) -> Story:
        gets = [messages.get(9 + place, f"./{name}") for place, name in enumerate("ABC")]
        return asked(*gets).go_on("1", 2, *(status(2 + place, each) for place, each in enumerate(numbers)))

    assert told(all_of(*three), all_of("10", "11", "9")) == [("moved", "sequence", "SyncBody/Status[2]")]
    assert told(all_of(*three), all_of("9", "9", "11")) == [(*REFERENCE, "SyncBody/Status[3]/CmdRef")]


def test_an_answer_at_another_place_that_says_something_else():
    gets = [messages.get(9 + place, f"./{name}") for place, name in enumerate("ABC")]
    one = asked(*gets).go_on("1", 2, status(2, "9"), status(3, "10"), status(4, "11"))
    other = asked(*gets).go_on("1", 2, status(2, "10"), status(3, "11"), status(4, "9", "500"))
    assert told(one, other) == [
        ("moved", "sequence", "SyncBody/Status[2]"),
        ("changed", "status", "SyncBody/Status[2]/Data"),
    ]


def test_answers_to_nothing_are_like_each_other():
    """The command is missing there, and its Status is at another place: no Status is missing, and none refers to another thing."""
    one = asked(messages.get(9, "./A"), messages.get(10, "./B")).go_on("1", 2, status(2, "9"), status(3, "10"))
    other = asked(messages.get(10, "./B")).go_on("1", 2, status(2, "10"), status(3, "9"))
    assert sorted(each[:2] for each in told(one, other)) == [("moved", "sequence"), ("removed", "sequence")]


def test_an_answer_to_what_is_missing_and_one_to_what_came_are_the_same():
    one = asked(messages.get(9, "./A")).go_on("1", 2, status(2, "9"))
    other = asked(replace(9, "./A", "x")).go_on("1", 2, status(2, "9"))
    assert [each[2] for each in told(one, other)] == ["SyncBody/Get", "SyncBody/Replace"]


@pytest.mark.parametrize("reference", ["0", "10", "99"])
def test_an_answer_to_a_command_and_one_to_something_else(reference):
    one = asked(messages.get(9, "./A"), messages.get(10, "./B")).go_on("1", 2, status(2, "9"))
    other = asked(messages.get(9, "./A"), messages.get(10, "./B")).go_on("1", 2, status(2, reference))
    assert told(one, other) == [(*REFERENCE, "SyncBody/Status[2]/CmdRef")]
    again = edited(other, "./B", "./C")  # the message that is referred to is another one too
    assert [each for each in told(one, again) if each[:2] == REFERENCE] == [(*REFERENCE, "SyncBody/Status[2]/CmdRef")]


def test_an_answer_to_another_message_as_a_whole():
    def story(message: str) -> Story:
        made = asked(messages.get(9, "./A")).go_on("1", 2)
        return made.go_on("1", 3, server_number=message)

    assert told(story("2"), story("2")) == []
    assert told(story("2"), story("1")) == [(*REFERENCE, "SyncBody/Status/CmdRef")]
    for what in (("./A", "./B"), ("<VerProto>DM/1.2", "<VerProto>DM/1.3")):  # in the first answer, in every message
        found = told(story("2"), edited(story("1"), *what))
        assert [each for each in found if each[:2] == REFERENCE] == [(*REFERENCE, "SyncBody/Status/CmdRef")]


def test_answers_find_their_commands_where_a_command_and_a_message_came_before_them():
    one = asked(messages.get(9, "./A"), messages.get(10, "./B"))
    one.go_on("1", 2, status(2, "9"), status(3, "10", "404"))
    other = asked(messages.get(8, "./N"), messages.get(9, "./A"), messages.get(10, "./B"))
    other.go_on("1", 2, messages.results(5, "1", "8", "./N", "n"))
    other.go_on("1", 3, status(2, "9"), status(3, "10", "404"))
    assert told(one, other) == [
        ("added", "sequence", "SyncBody/Get[1]"),
        ("added", "sequence", "SyncML"),
        ("added", "sequence", "SyncML"),
    ]
    other = edited(other, "<CmdRef>10</CmdRef>", "<CmdRef>8</CmdRef>")
    assert [each for each in told(one, other) if each[:2] == REFERENCE] == [(*REFERENCE, "SyncBody/Status[3]/CmdRef")]


def test_answers_in_another_order_behind_a_message_more():
    gets = [messages.get(9 + place, f"./{name}") for place, name in enumerate("ABCD")]

    def story(more: bool, *order: str) -> Story:
        made = asked(*gets) if not more else asked(messages.get(30, "./N"), *gets)
        if more:
            made.go_on("1", 2, messages.results(5, "1", "30", "./N", "n"))
        return made.go_on("1", 2 + more, *(status(2 + place, each) for place, each in enumerate(order)))

    found = told(story(False, "9", "10", "11", "12"), story(True, "10", "11", "12", "9"))
    assert Counter(each[:2] for each in found) == {("added", "sequence"): 3, ("moved", "sequence"): 1}


def test_answers_to_a_message_that_cannot_be_read_there_are_not_said_again():
    one, other = Story(), Story()
    request = one.package_one("1")
    one.exchange(request, one.answer(request, messages.get(9, "./A")))
    other.exchange(request, b"<SyncML")
    for story in (one, other):
        story.go_on("1", 2, status(2, "9"))
    assert told(one, other) == [("changed", "structure", "SyncML")]


def test_exchanges_in_another_order_that_answer_each_other():
    """What a message answers is looked up in the message that it answers, and so on: not for ever."""

    def story(order: str, word: str) -> Story:
        made = asked(messages.get(9, "./Begin"))
        before = "9"
        for number, letter in enumerate(order, 2):
            get = 20 + ord(letter)
            items = [messages.results(7 + place, "1", "9", f"./{letter}{place}", word) for place in range(4)]
            own = replace(6, f"./Own/{letter}", word)
            request = made.to_server("1", number, [status(2, before, message=str(number - 1)), own, *items])
            more = [messages.get(get + place, f"./{letter}{place}/more") for place in range(4)]
            made.exchange(request, made.answer(request, *more, replace(90, f"./{letter}", word)))
            before = str(get)
        return made

    found = told(story("ABCD", "one"), story("BACD", "two"))
    assert Counter(each[:2] for each in found)[("moved", "sequence")] == 1
    assert Counter(each[2] for each in found if each[1] != "sequence") == {
        "SyncBody/Status/CmdRef": 3,  # the first three follow another one
        "SyncBody/Replace/Item/Data": 8,
        **{f"SyncBody/Results[{place}]/Item/Data": 4 for place in range(1, 5)},
    }


def test_an_answer_to_a_message_as_a_whole_that_stands_elsewhere_has_moved():
    """Also where the message before it, which it refers to, is missing on one side."""

    def story(*, whole: bool) -> Story:
        made = asked(messages.get(9, "./A"))
        if whole:
            made.go_on("1", 2)
        number = 2 + whole
        commands = [messages.status(1, str(number - 1), "0", "SyncHdr", "200"), replace(2, "./Mine", "x")]
        request = made.to_server("1", number, commands if whole else commands[::-1])
        made.exchange(request, made.answer(request))
        return made

    found = told(story(whole=True), story(whole=False))
    assert sorted(each[:2] for each in found) == [
        ("moved", "sequence"),
        ("removed", "sequence"),
        ("removed", "sequence"),
    ]


def beside(one: Story, other: Story, *pairs: tuple[int, int]) -> Answered:
    """The first sessions of both, with the exchanges that belong together."""
    return Answered(*(view(traffic(each)).chains[0].sessions[0] for each in (one, other)), list(pairs))


def test_a_counterpart_is_found_whatever_was_looked_at_before():
    gets = [messages.get(9 + place, f"./{name}") for place, name in enumerate("AB")]
    one = asked(*gets)
    other = asked(messages.get(30, "./X"))
    request = other.to_server("1", 2, [])
    other.exchange(request, other.answer(request, messages.get(8, "./N"), *gets))
    first, second = (0, "response", (4,)), (1, "response", (2,))
    for more in (0, 1):
        here, there = ((turn, side, (place + more,)) for turn, side, (place,) in (first, second))
        assert beside(one, other, (0, 1)).counterpart(here, second=False) == there
        assert beside(one, other, (0, 1)).counterpart(there, second=True) == here
    new = (1, "response", (1,))
    assert beside(one, other, (0, 1)).counterpart(new, second=True) is None


def test_what_is_meant_is_found_on_either_side_of_an_exchange():
    one, other = asked(messages.get(9, "./A")), asked(messages.get(9, "./B"))
    found = beside(one, other, (0, 0))
    request, response = (0, "request", (2,)), (0, "response", (4,))
    assert [found.said(response, second=second).uri for second in (False, True)] == ["./A", "./B"]
    assert found.said(request, second=False).name == "Replace"
    assert found.said((0, "response", ()), second=False) is None
    assert found.said(None, second=False) is None


SAME = messages.get(9, "./A"), messages.get(11, "./A")


def answered(gets: tuple[str, ...], *turns: tuple[tuple[str, str], ...], later: bool = False) -> Story:
    """A server's commands, and in each of the next messages a Status for these of them; `later` by one exchange."""
    made, begin = asked(messages.get(30, "./Begin")), 2
    if later:
        made, begin = made.go_on("1", 2), 3
    request = made.to_server("1", begin, [messages.status(1, str(begin - 1), "0", "SyncHdr", "200")])
    made.exchange(request, made.answer(request, *gets))
    for number, turn in enumerate(turns, begin + 1):
        made.go_on("1", number, *(status(2 + at, *each, message=str(begin)) for at, each in enumerate(turn)))
    return made


@pytest.mark.parametrize("later", [False, True])
def test_of_commands_that_are_the_same_the_answers_tell_which_is_missing(later):
    def missing(one: Story, other: Story) -> list[str]:
        found = told(one, other)
        assert {each[:2] for each in found} == {("removed", "sequence")} | ({("added", "sequence")} if later else set())
        return [path for _, _, path in found if path != "SyncML"]

    both = answered(SAME, (("9", "404"), ("11", "200")))
    assert missing(both, answered(SAME[1:], (("11", "200"),), later=later)) == ["SyncBody/Get[1]", "SyncBody/Status[2]"]
    assert missing(both, answered(SAME[:1], (("9", "404"),), later=later)) == ["SyncBody/Get[2]", "SyncBody/Status[3]"]
    one = answered(SAME, (("11", "200"),))
    assert missing(one, answered(SAME[1:], (("11", "200"),), later=later)) == ["SyncBody/Get[1]"]
    apart = answered(SAME, (("9", "200"),), (("11", "200"),))
    assert missing(apart, answered(SAME[1:], (), (("11", "200"),), later=later)) == [
        "SyncBody/Get[1]",
        "SyncBody/Status[2]",
    ]


@pytest.mark.parametrize("version", ["DM/1.2", "DM/1.3"])
def test_answers_to_commands_that_are_the_same_in_another_order(version):
    """Whatever else differs in the messages."""
    one = answered(SAME, (("9", "200"), ("11", "404")))
    other = edited(answered(SAME, (("11", "404"), ("9", "200"))), "<VerProto>DM/1.2", f"<VerProto>{version}")
    assert [each for each in told(one, other) if each[2] != "SyncHdr/VerProto"] == [
        ("moved", "sequence", "SyncBody/Status[2]"),
    ]


@pytest.mark.parametrize("later", [False, True])
def test_an_answer_that_went_into_a_group_answers_the_same(later):
    gets = messages.get(9, "./A"), messages.get(11, "./B")
    one = answered(gets, (("9", "200"), ("11", "200")))
    other = answered(gets, (("9", "200"), ("11", "200")), later=later)
    inside = status(3, "11", message="2" if not later else "3")
    found = told(one, edited(other, inside, f"<Sequence><CmdID>50</CmdID>{inside}</Sequence>"))
    assert [each for each in found if each[2] != "SyncML"] == [
        ("moved", "structure", "SyncBody/Status[3]"),
        ("added", "sequence", "SyncBody/Sequence"),
    ]


def said(number: int, reference: str, command: str, code: str) -> str:
    return messages.status(number, "1", reference, command, code)


@pytest.mark.parametrize(("number", "command", "left"), [(2, "Get", 3), (3, "Replace", 2)])
def test_answers_to_nothing_are_known_by_the_command_that_they_name(number, command, left):
    get, other = said(2, "70", "Get", "200"), said(3, "71", "Replace", "200")
    changed = said(number, "7", command, "404")
    assert sorted(told(asked().go_on("1", 2, get, other), asked().go_on("1", 2, changed))) == [
        ("changed", "status", f"SyncBody/Status[{number}]/Data"),
        ("removed", "sequence", f"SyncBody/Status[{left}]"),
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_of_answers_that_have_nothing_else_in_common_that_to_the_same_is_the_counterpart(turned):
    gets = messages.get(9, "./A"), messages.get(10, "./B")
    two = said(2, "10", "Add", "404"), said(3, "9", "Exec", "404")
    found = diff(
        asked(*gets).go_on("1", 2, said(2, "9", "Get", "200")), asked(*gets).go_on("1", 2, *two[:: -1 if turned else 1])
    )
    same = f"SyncBody/Status[{2 if turned else 3}]"
    assert sorted((each.kind.value, each.actual_path) for each in found.changes) == [
        ("added", f"SyncBody/Status[{3 if turned else 2}]"),
        ("changed", f"{same}/Cmd"),
        ("changed", f"{same}/Data"),
    ]
