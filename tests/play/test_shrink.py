"""Captures made as small as can be: what is left still does it, at the least size, and to the letter."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.exchange import Capture
from replay.capture.journal_reader import read
from replay.expect.judge import judge
from replay.lab import messages
from replay.lab.messages import to_wbxml
from replay.play.shrink import shrink
from replay.syncml.read import read as read_message
from tests.compare.edits import world
from tests.compare.stories import replace, session
from tests.story import Story, user


def capture(story: Story) -> Capture:
    return read(io.BytesIO(story.text()), "story.jsonl")


def breaks(rule: str):
    return lambda each: rule in {finding.rule for finding in judge(each).findings}


def commands(each: Capture) -> list[list[str]]:
    """The commands of every message that is left."""
    bodies = [body for part in each.exchanges for body in (part.body, part.response and part.response.body) if body]
    return [[command.name for _, command in read_message(body).walk()] for body in bodies]


@pytest.fixture
def twice() -> Story:
    """Six devices' ordinary sessions, and between them an alert that is sent twice."""
    story = user()
    for number in range(3):
        story.device = f"D{number}"
        story.ordinary("1").get_session("2")
    story.device = Story().device
    return story.watch(10).alert("9")


def test_what_is_left_of_an_alert_that_is_sent_twice(twice):
    whole = capture(twice)
    small = shrink(whole, breaks("UNE007"))
    assert breaks("UNE007")(small)
    assert len(small.exchanges) == 2
    assert all(names == ["Alert"] for names in commands(small))


def test_it_is_the_same_each_time(twice):
    tries = []
    one, other = (shrink(capture(twice), breaks("UNE007"), lambda *told: tries.append(told)) for _ in range(2))
    assert one.exchanges == other.exchanges
    half = len(tries) // 2
    assert tries[:half] == tries[half:]


def test_what_was_there_before_is_as_it_was(twice):
    whole = capture(twice)
    before = [each.body for each in whole.exchanges]
    shrink(whole, breaks("UNE007"))
    assert [each.body for each in whole.exchanges] == before
    assert len(whole.exchanges) == 9


@pytest.mark.parametrize("wbxml", [False, True])
def test_one_item_in_a_group_among_many(wbxml):
    inside = "".join(replace(20 + number, f"./N{number}", str(number)) for number in range(12))
    atomic = f"<Atomic><CmdID>9</CmdID>{inside}</Atomic>"
    many = "".join(
        f"<Item><Target><LocURI>./M{number}</LocURI></Target><Data>{number}</Data></Item>" for number in range(12)
    )
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request, atomic, f"<Replace><CmdID>50</CmdID>{many}</Replace>")
    story.exchange(request, to_wbxml(answer) if wbxml else answer)
    session(story, "2", messages.get(9, "./A"))

    def has(uri: str):
        def remains(each: Capture) -> bool:
            bodies = [part.response.body for part in each.exchanges if part.response]
            return any(uri.encode() in body for body in bodies if body)

        return remains

    assert commands(shrink(capture(story), has("./N7")))[-1] == ["Atomic", "Replace"]
    small = shrink(capture(story), has("./M7"))
    assert commands(small)[-1] == ["Replace"]
    (item,) = read_message(small.exchanges[0].response.body).commands[0].items
    assert item.target.uri == "./M7"


def test_what_is_left_of_a_message_is_byte_for_byte_what_it_was():
    story = Story()
    item = "<x:Item><x:Target><x:LocURI>./Odd</x:LocURI></x:Target></x:Item>"
    odd = f'<x:Replace xmlns:x="SYNCML:SYNCML1.2" ><x:CmdID>9</x:CmdID> {item}</x:Replace>'
    session(story, "1", odd, messages.get(10, "./A"))
    small = shrink(
        capture(story),
        lambda each: any(b"./Odd" in (part.response.body or b"") for part in each.exchanges if part.response),
    )
    assert odd.encode() in small.exchanges[0].response.body
    assert b"./A" not in small.exchanges[0].response.body


def test_the_content_length_follows():
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request, messages.get(10, "./A"))
    headers = [["Content-Type", story.content_type], ["content-length", str(len(answer))]]
    story.exchange(request, answer, response_headers=headers)
    small = shrink(
        capture(story),
        lambda each: any(b"./A" in (part.response.body or b"") for part in each.exchanges if part.response),
    )
    response = small.exchanges[0].response
    assert dict(response.headers)["content-length"] == str(len(response.body))
    assert len(response.body) < len(answer)


def test_what_cannot_be_taken_apart_stays_whole():
    story = user()
    story.exchange(b"<SyncML><broken", None)
    small = shrink(capture(story), breaks("MSG001"))
    assert [each.body for each in small.exchanges] == [b"<SyncML><broken"]


def test_connections_and_marks_go_too(twice):
    twice.line("note", text="here")
    twice.line("connect", conn="c77", client="10.0.0.9:1", sni=None, host=None)
    small = shrink(capture(twice), breaks("UNE007"))
    assert (small.notes, small.connections) == ([], [])


@given(st.integers(0, 3000), st.sampled_from(["ordinary", "user", "server"]))
@settings(max_examples=8, deadline=None)
def test_of_any_capture_nothing_but_one_message_is_needed(seed, scenario):
    """To have one readable message with a Replace, which every world has."""
    whole = capture(world(seed, scenario))

    def remains(each: Capture) -> bool:
        return any(b"Replace" in (part.body or b"") for part in each.exchanges)

    assert remains(whole)
    small = shrink(whole, remains)
    assert remains(small)
    assert len(small.exchanges) == 1
    assert small.exchanges[0].response is None
