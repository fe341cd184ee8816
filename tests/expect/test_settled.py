"""A session that counts as settled is one of which no rule on answers has anything to say."""

import io
import os

import pytest

from replay.capture.exchange import CaptureError
from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect import case
from replay.expect.judge import judge
from replay.expect.settled import is_settled
from tests.generated import SCENARIOS, World
from tests.mutants import mutant
from tests.mutations import MUTATIONS, CannotBeError
from tests.story import Story

MUTANTS = int(os.environ.get("OMADM_MUTANTS", "300"))


def settled(story: Story) -> list[bool]:
    return [is_settled(each) for each in assemble(read(io.BytesIO(story.text()), "c.jsonl")).sessions]


def judged_alike(monkeypatch, text: bytes) -> tuple[int, int]:
    """Holds the judgement against the one in which no session counts as settled. Gives how many do, of how many."""
    try:
        capture = read(io.BytesIO(text), "c.jsonl")
    except CaptureError:
        return 0, 0
    found = judge(capture)
    with monkeypatch.context() as patch:
        patch.setattr(case, "is_settled", lambda session: False)
        assert found.findings == judge(capture).findings
    sessions = found.traffic.sessions
    return sum(map(is_settled, sessions)), len(sessions)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_made_up_sessions_are_judged_alike(monkeypatch, scenario):
    counts = [judged_alike(monkeypatch, World(seed, scenario, wbxml=seed % 2 == 0).story.text()) for seed in range(30)]
    assert any(some for some, _ in counts)


@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_captures_that_break_one_rule_are_judged_alike(monkeypatch, rule):
    done = 0
    for seed in range(4):
        try:
            story, _ = MUTATIONS[rule](seed, False)
        except CannotBeError:
            continue
        judged_alike(monkeypatch, story.text())
        done += 1
    assert done


@pytest.mark.slow
def test_captures_changed_at_random_are_judged_alike(monkeypatch):
    counts = [judged_alike(monkeypatch, mutant(seed)) for seed in range(MUTANTS)]
    assert any(some for some, _ in counts)
    assert any(some < all_ for some, all_ in counts)


def test_ordinary_sessions_are_settled():
    story = Story()
    story.ordinary("1").get_session("2").close()
    assert settled(story) == [True, True]


def one_session(**change: str) -> Story:
    """A session of two exchanges; `change` replaces a text in the device's second message."""
    story = Story()
    first = story.package_one("1")
    get = "<Get><CmdID>7</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get>"
    reply = story.answer(first, get)
    story.exchange(first, reply)
    second = story.to_server(
        "1",
        2,
        [
            "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>",
            "<Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>7</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status>",
            "<Results><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>7</CmdRef><Cmd>Get</Cmd><Item><Source><LocURI>./DevDetail/SwV"
            "</LocURI></Source><Data>10</Data></Item></Results>",
        ],
    )
    for old, new in change.items():
        assert old.encode() in second
        second = second.replace(old.encode(), new.encode(), 1)
    story.exchange(second, story.answer(second))
    return story.close()


def test_a_get_with_its_results_is_settled():
    assert settled(one_session()) == [True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<CmdRef>7</CmdRef>", "<CmdRef>8</CmdRef>"),
        ("<CmdRef>0</CmdRef>", "<CmdRef>7</CmdRef>"),
        ("<MsgRef>1</MsgRef>", "<MsgRef>2</MsgRef>"),
        ("<MsgRef>1</MsgRef>", ""),
        ("<Cmd>Get</Cmd>", "<Cmd>Put</Cmd>"),
        ("<Cmd>SyncHdr</Cmd>", "<Cmd>Get</Cmd>"),
        ("<Data>200</Data>", "<Data>401</Data>"),
        ("<Data>200</Data>", "<Data>500</Data>"),
        ("<Cmd>Get</Cmd><Data>200</Data>", "<Cmd>Get</Cmd><Data>404</Data>"),
        ("<Cmd>Get</Cmd><Data>200</Data>", "<Cmd>Get</Cmd><Data>213</Data>"),
        ("<Cmd>Get</Cmd><Data>200</Data>", "<Cmd>Get</Cmd><Data>999</Data>"),
        ("<CmdID>3</CmdID>", "<CmdID>2</CmdID>"),
        ("<CmdID>3</CmdID>", ""),
        ("<MsgID>2</MsgID>", "<MsgID>3</MsgID>"),
        ("<MsgID>2</MsgID>", "<MsgID></MsgID>"),
        ("<Data>10</Data>", "<Data>10</Data><MoreData/>"),
        ("<Results><CmdID>3</CmdID>", "<Results><CmdID>3</CmdID><Cred><Data>x</Data></Cred>"),
        ("<Results><CmdID>3</CmdID>", "<Results><CmdID>3</CmdID><NoResp/>"),
        (
            "<Results><CmdID>3</CmdID>",
            "<Status><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>7</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status>"
            "<Results><CmdID>3</CmdID>",
        ),
    ],
)
def test_whatever_is_unlike_that_is_not(monkeypatch, old, new):
    story = one_session(**{old: new})
    assert settled(story) == [False]
    judged_alike(monkeypatch, story.text())
