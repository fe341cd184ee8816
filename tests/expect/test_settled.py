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
from tests.rules.talk import GET, OPENED, Talk, alert, group, header, opening, replace, results, status
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
        ("<MsgID>2</MsgID>", "<MsgID>2</MsgID><NoResp/>"),
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


# -- sessions of all kinds ------------------------------------------------------------------------------------------------------

SETS = replace(8)


def told(monkeypatch, *pairs: tuple[list[str], list[str] | None], **last) -> bool:
    """Whether a session of these messages counts as settled; it is judged alike then. `last` is said of the last exchange."""
    talk = Talk()
    for number, (device, server) in enumerate(pairs, 1):
        talk.say(device, server, **(last if number == len(pairs) else {}))
    judged_alike(monkeypatch, talk.story.text())
    return settled(talk.story) == [True]


def gone_on(monkeypatch, asked: list[str], *device: str) -> bool:
    """Whether a session counts as settled in which the server asks for that and the device goes on so."""
    return told(monkeypatch, (opening(), [*OPENED, *asked]), ([header(), *device], [header(2)]))


DONE = ("200", "202", "400", "403", "404", "405", "406", "415", "418", "425", "500")
GOT, SET = status("1/9", "Get"), status("1/8", "Replace")


@pytest.mark.parametrize(
    ("asked", "device"),
    [
        ([GET], [GOT, results("1/9")]),
        ([GET], [GOT, results("1/9", name="").replace("<Cmd></Cmd>", "")]),  # Cmd may be left out there
        ([GET], [GOT, results("1/9"), results("1/9")]),
        ([GET], [status("1/9", "Get", "404")]),
        ([GET, SETS], [GOT, results("1/9"), SET]),
        ([SETS, GET], [SET, GOT, results("1/9")]),
        ([SETS, GET], [SET, GOT]),
        *(([SETS], [status("1/8", "Replace", code)]) for code in DONE),
        *(([alert("1100", "8")], [status("1/8", "Alert", code)]) for code in ("200", "202")),
    ],
)
def test_whatever_is_answered_in_full_is_settled(monkeypatch, asked, device):
    assert gone_on(monkeypatch, asked, *device)


@pytest.mark.parametrize(
    ("asked", "device"),
    [
        ([GET], []),
        ([GET, SETS], [GOT]),
        ([GET, SETS], [SET, GOT]),  # STA004
        ([GET], [GOT, GOT]),  # STA005
        ([GET], [GOT, results("1/9"), GOT]),
        ([GET], [results("1/9"), GOT]),  # STA008
        ([GET], [GOT, results("1/9", name="Put")]),
        ([GET], [GOT, results("1/7")]),
        ([GET], [status("1/9", "Get", "404"), results("1/9")]),
        ([SETS], [SET, results("1/8")]),
        ([SETS], [SET, results("1/8", name="Replace")]),
        ([SETS, GET], [SET, GOT, results("1/8")]),
        ([SETS], [status("2/8", "Replace")]),  # STA002
        ([SETS], [status("1/7", "Replace")]),
        ([SETS], [status("1/8", "Add")]),  # STA003
        ([SETS], [status("1/8", "Replace", "213")]),  # LOB001
        ([SETS], [status("1/8", "Replace", "401")]),
        ([SETS], [status("1/8", "Replace", "999")]),  # STA006
        ([alert("1100", "8")], [status("1/8", "Alert", "404")]),
        ([SETS], [SET, alert("1222").replace("<Data>", "<Correlator>1</Correlator><Data>")]),
        ([group("Sequence", 7, SETS)], [status("1/7", "Sequence")]),  # STA001, for the command inside
        ([group("Sequence", 7, SETS)], [status("1/7", "Sequence"), SET]),
    ],
)
def test_whatever_is_not_is_looked_at(monkeypatch, asked, device):
    assert not gone_on(monkeypatch, asked, *device)


@pytest.mark.parametrize(
    ("first", "so"),
    [
        (header(), True),
        (header(1, "212"), True),
        (header(1, "213"), False),
        (header(1, "401"), False),
        (header(2), False),
        (status("1/1", "SyncHdr"), False),
        (status("1/0", "Get"), False),
        (results("1/0", name="SyncHdr"), False),
        ("", False),
        (alert("1222").replace("<Data>", "<Correlator>1</Correlator><Data>"), False),
        (alert("1201") + header(), False),
    ],
)
def test_the_answer_to_synchdr_comes_first_and_says_that_it_is_done(monkeypatch, first, so):
    assert (
        told(
            monkeypatch,
            (opening(), OPENED),
            ([first], [header(2)] + ([status("2/1", "Alert")] if "1201" in first else [])),
        )
        is so
    )


@pytest.mark.parametrize(
    ("type_", "so"),
    [
        ("<Type xmlns='syncml:metinf'>syncml:auth-md5</Type>", True),
        ("<Type xmlns='syncml:metinf'>syncml:auth-basic</Type>", True),
        ("<Type xmlns='syncml:metinf'>syncml:auth-MAC</Type>", False),  # AUT001
        ("<Format xmlns='syncml:metinf'>b64</Format>", False),
        (None, False),
    ],
)
def test_credentials_that_belong_there(monkeypatch, type_, so):
    meta = "" if type_ is None else f"<Meta>{type_}</Meta>"
    talk = Talk().say(opening(), OPENED, cred=f"<Cred>{meta}<Data>x</Data></Cred>")
    judged_alike(monkeypatch, talk.story.text())
    assert settled(talk.story) == [so]


def test_answers_in_the_first_message_answer_nothing(monkeypatch):
    assert not told(monkeypatch, ([*opening(), header()], OPENED))


def test_nothing_is_owed_for_answers(monkeypatch):
    assert told(
        monkeypatch,
        (opening(), [*OPENED, GET]),
        ([header(), GOT, results("1/9")], [header(2)]),
        ([header(2)], [header(3)]),
    )


@pytest.mark.parametrize(
    ("last", "so"),
    [
        ({}, True),
        ({"status": 201}, False),
        ({"status": 202}, False),
        ({"by": "proxy"}, False),
        ({"failure": "truncated"}, False),
        ({"failure": "client-closed"}, False),
    ],
)
@pytest.mark.parametrize("said", [True, False])
def test_the_last_answer_came_whole_and_from_the_server(monkeypatch, last, so, said):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request) if said else b"", **last)
    judged_alike(monkeypatch, story.text())
    assert settled(story) == [so]


@pytest.mark.parametrize("answer", [None, b"<html/>", b"<SyncML"])
def test_an_answer_that_is_none_or_cannot_be_read_is_looked_at(monkeypatch, answer):
    story = Story()
    story.exchange(story.package_one("1"), answer)
    judged_alike(monkeypatch, story.text())
    assert settled(story) == [False]


def test_an_empty_answer_ends_a_session(monkeypatch):
    assert not told(monkeypatch, (opening(), []), ([header()], [header(2)]))
    story = Talk().say(opening(), OPENED).story
    story.exchange(story.to_server("1", 2, [header()]).replace(b"{id}", b"1"), b"")
    story.exchange(story.to_server("1", 3, [header(2)]).replace(b"{id}", b"1"), b"")
    judged_alike(monkeypatch, story.text())
    assert settled(story) == [False]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<MsgID>1</MsgID>", ""),
        ("<MsgID>1</MsgID>", "<MsgID>1</MsgID><NoResp/>"),
        ("<CmdID>3</CmdID>", "<CmdID>2</CmdID>"),
        ('<SyncML xmlns="SYNCML:SYNCML1.2"', '<q:SyncML xmlns="SYNCML:SYNCML1.2" xmlns:q="urn:q"'),
    ],
)
def test_what_is_odd_in_an_answer_is_looked_at(monkeypatch, old, new):
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request).decode()
    assert old in answer
    answer = answer.replace(old, new, 1)
    story.exchange(request, answer.replace("</SyncML>", "</q:SyncML>" if "q:" in new else "</SyncML>").encode())
    judged_alike(monkeypatch, story.text())
    assert settled(story) == [False]


def test_a_session_of_which_the_beginning_is_not_there_is_looked_at(monkeypatch):
    talk = Talk()
    talk.sent = talk.heard = 1
    talk.say([*opening()], [header(2), status("2/1", "Alert"), status("2/2", "Alert"), status("2/3", "Replace")])
    judged_alike(monkeypatch, talk.story.text())
    assert settled(talk.story) == [False]
