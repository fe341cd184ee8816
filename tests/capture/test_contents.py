"""What a message holds: found in one walk, it is what a walk for each question finds."""

import random
import re

import pytest

from replay.capture.contents import Contents, Outline
from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.lab import messages
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Alert, Exec, Message, Results, Status
from replay.syncml.read import read as read_message
from replay.syncml.read import read_with_shape
from tests.generated import SCENARIOS, World
from tests.story import Story

INFO = messages.DeviceInfo("0123456789ABCDEF")


def every_message() -> list[Message]:
    import io

    found = []
    for seed in range(12):
        story = World(seed, SCENARIOS[seed % len(SCENARIOS)], wbxml=seed % 3 == 0).story
        for turn in assemble(read(io.BytesIO(story.text()), "world.jsonl")).turns:
            found += [message for message in (turn.request, turn.response) if message is not None]
    return found


def test_the_commands_are_those_of_a_walk():
    for message in every_message():
        contents, walked = Contents(message), list(message.walk())
        assert contents.commands == walked
        assert contents.alerts == [each for each in walked if isinstance(each[1], Alert)]
        assert contents.execs == [each for each in walked if isinstance(each[1], Exec)]
        answers = (Status, Results)
        assert contents.answers == [
            each
            for each in walked
            if isinstance(each[1], answers) or (isinstance(each[1], Alert) and each[1].correlator)
        ]
        assert contents.by_id == {command.cmd_id: (place, command) for place, command in walked}


def test_more_commands_than_have_a_place_at_hand():
    commands = [messages.get(number, "./DevDetail/SwV") for number in range(1, 200)]
    message = read_message(messages.message(messages.Sender("1", "device", "server"), 1, commands))
    assert Contents(message).commands == list(message.walk())


ATTRIBUTES = ("commands", "alerts", "execs", "answers", "names")
INSIDES = ("cred", "dev_id", "dev_info", "extras", "more_data", "own_ids", "slash", "wrong_meta")


def test_with_the_outline_of_a_shape_it_is_what_a_walk_finds():
    """Of every message as it is, and with its texts changed, so that what depends on them is seen to."""
    draw = random.Random(7)
    outlined = 0
    for message in every_message():
        text = message.raw.decode("utf-8", "replace")
        texts = [text] * 4 + [
            re.sub(r">([^<>\s][^<>]*)<", lambda found: f">{_other(draw, found[1])}<", text) for _ in range(6)
        ]
        for each in texts:
            try:
                found, shape = read_with_shape(each.encode())
            except UnreadableMessageError:
                continue
            with_shape, without = Contents(found, shape), Contents(found)
            assert [getattr(with_shape, name) for name in ATTRIBUTES] == [getattr(without, name) for name in ATTRIBUTES]
            assert [getattr(with_shape.parts, name) for name in INSIDES] == [
                getattr(without.parts, name) for name in INSIDES
            ]
            outlined += shape is not None and isinstance(shape.kept, Outline)
    assert outlined > 500


def _other(draw: random.Random, text: str) -> str:
    return draw.choice([text, text, text, "", "0", "2", "/x", "./DevInfo/DevId", "/DevInfo/Man", "1226", "é"])


def parts(*commands: str):
    sender = messages.Sender("1", "https://mdm.example.test/", INFO.device_id)
    return Contents(read_message(messages.message(sender, 1, list(commands)))).parts


def get(uri: str, inside: str = "", cmd_id: str = "2", beside: str = "") -> str:
    item = f"<Item><Target><LocURI>{uri}</LocURI></Target>{inside}</Item>"
    return f"<Get><CmdID>{cmd_id}</CmdID>{beside}{item}</Get>"


def test_an_ordinary_message_has_nothing_rare():
    found = parts(*messages.package_one(INFO))
    assert (found.own_ids, found.dev_info) == (True, True)
    assert found.dev_id is not None
    assert found.dev_id[2] == INFO.device_id
    assert not (found.extras or found.more_data or found.slash or found.cred or found.wrong_meta)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("extras", get("./A", beside="<NoResp/>")),
        ("extras", get("./A", beside="<Lang>en</Lang>")),
        ("more_data", get("./A", "<Data>x</Data><MoreData/>")),
        ("slash", get("/A")),
        ("cred", get("./A", beside="<Cred><Data>x</Data></Cred>")),
        ("wrong_meta", get("./A", "<Meta><Type>text/plain</Type></Meta>")),
        ("wrong_meta", get("./A", beside='<Meta><Size xmlns="syncml:metinfo">1</Size></Meta>')),
        ("dev_info", get("/DevInfo/Man")),
    ],
)
def test_what_is_rare_is_seen(name, command):
    plain = parts(get("./A"))
    assert getattr(plain, name) is False
    assert getattr(parts(command), name) is True


@pytest.mark.parametrize("ids", [("2", "2"), ("0", "2"), ("", "2")])
def test_commands_without_an_id_of_their_own(ids):
    assert parts(*(get("./A", cmd_id=each) for each in ("2", "3"))).own_ids
    assert not parts(*(get("./A", cmd_id=each) for each in ids)).own_ids


def test_a_turn_finds_them_once():
    import io

    turn = assemble(read(io.BytesIO(Story().ordinary("1").text()), "x")).turns[0]
    assert turn.request_contents is turn.request_contents
    assert turn.response_contents is not None
    assert turn.response_contents.message is turn.response
