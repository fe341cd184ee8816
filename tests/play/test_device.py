"""Recordings of sessions made up at random, played against a server that answers as the recorded one did: nothing may differ."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.exchange import Capture
from replay.capture.journal_reader import read as read_journal
from replay.capture.sessions import assemble
from replay.compare.replayed import Outcome
from replay.normal.form import normal_form
from replay.normal.text import normal_text
from replay.play.device import DevicePlayer
from replay.play.renew import Addresses
from replay.play.requests import Settings
from replay.play.script import scripts
from replay.syncml.credentials import Secret
from tests.generated import SCENARIOS, World
from tests.play.live import Recorded, as_recorded, converse, outcome

LIVE = "http://127.0.0.1:8000"


def world(seed: int, scenario: str, **more):
    story = World(seed, scenario, **more).story
    return assemble(read_journal(io.BytesIO(story.text()), "world.jsonl"))


def told(exchanges) -> str:
    """The normal form of exchanges, without when an answer came."""
    return normal_text(normal_form(assemble(Capture("", "", exchanges=list(exchanges)))))


def play_all(traffic, *, form: str | None = None, names: bool = False):
    """Every device of a capture, played; gives script, player and result of each."""
    found = []
    for script in scripts(traffic):
        users = {turn.request.header.source.name for turn in traffic.turns if turn.device == script.device} - {None}
        secret = Secret(next(iter(users), "user1"), "p:w")
        chosen = Settings(
            Addresses(LIVE, script.addresses),
            names={script.device: "NEW-" + script.device} if names else {},
            secret=secret,
            form=form,
            seed=1,
        )
        server = Recorded(secret)
        player = DevicePlayer(script, chosen)
        converse(player, as_recorded(server))
        found.append((script, player, server, outcome(traffic, script, player.played)))
    return found


@given(st.integers(0, 10_000), st.sampled_from(SCENARIOS), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_same_server_gives_the_same_normal_form(seed, scenario, wbxml, names):
    traffic = world(seed, scenario, wbxml=wbxml, tidy=seed % 2 == 0)
    for script, player, server, result in play_all(traffic, names=names):
        assert result.equal, result
        delivered = [step.turn.exchange for step in script.steps]
        assert result.sent == len(delivered) == len(server.heard)
        assert not result.unused
        assert not result.unknown
        assert told(player.played.exchanges) == told(delivered)
        # what hangs on a nonce was proved with the live one, once there was one
        assert all(right for kind, right in server.proofs if right is not None)


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=30, deadline=None)
def test_in_the_other_form_nothing_else_changes(seed, wbxml):
    traffic = world(seed, "user", wbxml=wbxml, tidy=True)
    other = "xml" if wbxml else "wbxml"
    for script, player, _, result in play_all(traffic, form=other):
        assert result.equal, result
        assert told(player.played.exchanges) == told(step.turn.exchange for step in script.steps)
        assert all(each.body[0] in (1, 2, 3) for each in player.played.exchanges) is (other == "wbxml")


def test_the_bytes_are_the_recorded_ones_but_for_what_must_be_new():
    traffic = world(3, "user", wbxml=False, tidy=True)
    for script, player, _, _ in play_all(traffic):
        for step, live in zip(script.steps, player.played.exchanges, strict=True):
            old, new = step.turn.exchange.body, live.body
            session = player._states[step.session.number].session_id.encode()
            host = b"https://" + step.turn.exchange.url.partition("://")[2].split("/")[0].encode()
            old = old.replace(b">%s</SessionID>" % step.session.session_id.encode(), b">%s</SessionID>" % session)
            old = old.replace(host, LIVE.encode())
            if not step.answers and step.turn.request.header.cred is None:
                assert old == new


def test_numbers_of_the_live_server_are_what_a_status_points_to():
    traffic = world(5, "server", wbxml=False, tidy=True)
    pointed = 0
    for script, player, server, _ in play_all(traffic):
        for live in player.played.exchanges:
            from replay.syncml.model import Status
            from replay.syncml.read import read

            for status in read(live.body).commands:
                if isinstance(status, Status):
                    assert int(status.msg_ref) >= server.first
                    assert status.cmd_ref == "0" or int(status.cmd_ref) > 400
                    pointed += 1
        assert script.steps
    assert pointed


@pytest.mark.parametrize("session", [1, 2])
def test_one_session_alone(session):
    traffic = world(8, "user", wbxml=False, tidy=True)
    (script,) = scripts(traffic, session=session)
    player = DevicePlayer(script, Settings(Addresses(LIVE, script.addresses), secret=Secret("user1", "p:w")))
    converse(player, as_recorded(Recorded()))
    result = outcome(traffic, script, player.played)
    assert result.equal
    assert {each.session for each in result.answers} == {session}
    assert result.count(Outcome.SAME) == len(player.played.exchanges)
