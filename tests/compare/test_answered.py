"""What answers refer to, when the messages they refer to are not the same on both sides."""

from collections import Counter

import pytest

from replay.lab import messages
from tests.compare.stories import changes, diff, edited, replace, session
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
            request = made.to_server("1", number, [status(2, before, message=str(number - 1)), *items])
            more = [messages.get(get + place, f"./{letter}{place}/more") for place in range(4)]
            made.exchange(request, made.answer(request, *more, replace(90, f"./{letter}", word)))
            before = str(get)
        return made

    found = told(story("ABCD", "one"), story("BACD", "two"))
    assert Counter(each[:2] for each in found)[("moved", "sequence")] == 1
    assert Counter(each[2] for each in found if each[1] == "value") == {
        "SyncBody/Replace/Item/Data": 4,
        **{f"SyncBody/Results[{place}]/Item/Data": 4 for place in range(1, 5)},
    }
