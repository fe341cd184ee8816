"""What a step of a scenario asks of a command, and the patterns in which it does."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.capture.references import REQUEST
from replay.capture.sessions import assemble
from replay.expect.finding import Party
from replay.expect.scenarios.model import Presence, Step
from replay.expect.steps import Happening, is_like, meets
from tests.story import Story

ITEM = "<Item><Target><LocURI>./T</LocURI></Target><Source><LocURI>./S</LocURI></Source><Meta>{}</Meta><Data>d</Data></Item>"
META = "".join(f"<{name} xmlns='syncml:metinf'>{name.lower()}</{name}>" for name in ("Type", "Format", "Mark"))
NO_ITEM = "<Alert><CmdID>9</CmdID><Data>1222</Data></Alert>"


@pytest.mark.parametrize(
    ("command", "conditions", "like"),
    [
        (f"<Alert><CmdID>9</CmdID><Data>1226</Data>{ITEM.format(META)}</Alert>", each, like)
        for each, like in [
            ({"code": "1226"}, True),
            ({"code": "1224"}, False),
            ({"code": "1224 1226"}, True),
            ({"target": "./T", "source": "./S", "data": "d", "type": "type", "format": "format", "mark": "mark"}, True),
            ({"target": "./S"}, False),
            ({"source": "./T"}, False),
            ({"data": "e"}, False),
            ({"type": "format"}, False),
            ({"answers": "Get"}, False),
            ({}, True),
        ]
    ]
    + [
        (f"<Alert><CmdID>9</CmdID><Data>1226</Data><Meta>{META}</Meta><Item/></Alert>", {"type": "type"}, True),
        (f"<Alert><CmdID>9</CmdID><Data>1226</Data><Meta>{META}</Meta><Item/></Alert>", {"mark": "format"}, False),
        ("<Alert><CmdID>9</CmdID><Item><Data></Data></Item></Alert>", {"code": "", "data": ""}, True),
        ("<Alert><CmdID>9</CmdID><Item/></Alert>", {"data": "*"}, False),
        ("<Alert><CmdID>9</CmdID><Item/></Alert>", {"target": "*"}, False),
        ("<Alert><CmdID>9</CmdID><Item/></Alert>", {"source": "*"}, False),
        ("<Alert><CmdID>9</CmdID><Item/></Alert>", {"type": "*"}, False),
        (
            f"<Alert><CmdID>9</CmdID><Data>1226</Data><Meta>{META}</Meta><Item/></Alert>",
            {"format": "format", "mark": "mark"},
            True,
        ),
        (f"<Alert><CmdID>9</CmdID><Data>1226</Data><Meta>{META}</Meta><Item/></Alert>", {"code": "1226"}, True),
        (f"<Alert><CmdID>9</CmdID><Data>1226</Data><Meta>{META}</Meta><Item/></Alert>", {"code": "1224"}, False),
        ("<Alert><CmdID>9</CmdID><Item><Target/><Source/></Item></Alert>", {"target": "", "source": ""}, True),
        (NO_ITEM, {"code": "1222"}, True),
        (NO_ITEM, {"code": "1222", "data": "*"}, False),
        ("<Replace><CmdID>9</CmdID><Item><Data>1</Data></Item></Replace>", {"code": "*"}, False),
        ("<Replace><CmdID>9</CmdID><Item><Data>1</Data></Item></Replace>", {"data": "1"}, True),
        (
            "<Status><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Cmd>Add</Cmd><Data>404</Data></Status>",
            {"answers": "Add", "code": "4*"},
            True,
        ),
        (
            "<Status><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Cmd>Add</Cmd><Data>404</Data></Status>",
            {"code": "Add"},
            False,
        ),
        (
            "<Status><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Cmd>Add</Cmd><Data>404</Data></Status>",
            {"answers": "Get"},
            False,
        ),
        ("<Status><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef></Status>", {"answers": "", "code": ""}, True),
    ],
)
def test_what_a_step_asks_for(command, conditions, like):
    story = Story()
    story.exchange(story.to_server("1", 1, [command]), b"")
    traffic = assemble(read(io.BytesIO(story.text()), "x"))
    (session,) = traffic.sessions
    turn = session.turns[0]
    ((place, said),) = turn.request.walk()
    happening = Happening((1.0, 1), "device", session, turn, REQUEST, place, said)
    asked = tuple((name, tuple(patterns.split(" "))) for name, patterns in conditions.items())
    wanted = Step(name="w", presence=Presence.REQUIRED, sender=Party.DEVICE, command=said.name, conditions=asked)
    assert meets(wanted, happening, None) is like


@given(st.lists(st.text("ab*", max_size=3), max_size=4).map("".join), st.text("ab", max_size=8))
def test_a_star_stands_for_any_characters(pattern, value):
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL)
    assert is_like(pattern, value) == bool(expected)


@pytest.mark.parametrize(
    ("pattern", "value", "like"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("ab*ba", "aba", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("*ab*ab*", "ab", False),
        ("*ab*ab*", "xababx", True),
        ("a*", " a", False),
        ("a*bb*b", "abb", False),
    ],
)
def test_patterns(pattern, value, like):
    assert is_like(pattern, value) is like
