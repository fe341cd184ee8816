"""Devices played by threads: nobody waits for what the recorded device did not wait for, and the journal says what came of it."""

import itertools
import threading

import pytest

from replay.capture.journal_reader import read as read_journal
from replay.lab import messages
from replay.lab.server import LabServer
from replay.play.outcome import Outcomes
from replay.play.renew import Addresses
from replay.play.requests import Settings
from replay.play.run import Line, LiveJournal, Unit, _Device, play
from replay.play.script import scripts
from replay.syncml.credentials import Secret
from replay.syncml.read import read
from replay.syncml.unenrol import alerts
from tests.play.http_server import HttpServer
from tests.play.playing import challenge, recorded, traffic_of
from tests.story import Story


def unit_of(traffic, url: str, **more) -> Unit:
    (script,) = scripts(traffic)
    return Unit(script, Settings(Addresses(url, script.addresses), **more), script.device)


def good(body: bytes, *commands: str) -> tuple[int, dict[str, str], bytes]:
    received = read(body)
    head = received.header
    sender = messages.Sender(head.session_id, head.source.uri, head.target.uri)
    answer = messages.message(sender, int(head.msg_id), [*messages.answers(received), *commands])
    return 200, {"Content-Type": messages.CONTENT_TYPE}, answer


def test_the_next_session_does_not_wait_for_the_alert_s_answer():
    story = Story().alert("2", response=None).wait(5).ordinary("3")
    traffic = traffic_of(story)
    came = threading.Event()

    def answer(body, _headers):
        if next(alerts(read(body)), None) is not None:
            assert came.wait(60)  # answered only once the ordinary session is there
        else:
            came.set()
        return good(body)

    with HttpServer(answer) as server:
        unit = unit_of(traffic, server.url)
        (played,) = play([unit], Line(None, 120.0), None)
    result = Outcomes(traffic).of(unit.name, unit.script, played)
    assert [each.outcome.value for each in result.answers] == ["not-compared", "same"]
    first, second = sorted(played.exchanges, key=lambda each: each.number)
    assert first.order < second.order < first.response.order


def test_a_message_of_the_same_session_waits_for_the_answer():
    with LabServer() as server:
        unit = unit_of(traffic_of(recorded()), server.url)
        (played,) = play([unit], Line(None, 60.0), None)
    orders = [(each.order, each.response.order) for each in played.exchanges]
    assert sorted(itertools.chain(*orders)) == list(itertools.chain(*orders))


class _Stop:
    """In place of the event that stops a replay: notes how long it was waited for."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False


@pytest.mark.parametrize("timing", [True, False])
def test_the_recorded_pace_is_kept_where_that_is_asked_for(timing):
    traffic = traffic_of(Story().ordinary("1").wait(1000).ordinary("2").wait(500).alert("3"))
    stop = _Stop()
    with HttpServer(lambda body, _: good(body)) as server:
        unit = unit_of(traffic, server.url)
        device = _Device(1, unit, Line(None, 60.0, timing), None, stop, itertools.count(1), lambda: None)
        played = device.run()
    assert len(played.exchanges) == 3
    assert [round(each, -2) for each in stop.waits] == ([0, 1000, 1500] if timing else [])


def test_no_pace_is_slower_than_one_can_wait():
    traffic = traffic_of(Story().ordinary("1").wait(1e300).ordinary("2"))
    stop = _Stop()
    with HttpServer(lambda body, _: good(body)) as server:
        unit = unit_of(traffic, server.url)
        _Device(1, unit, Line(None, 60.0, True), None, stop, itertools.count(1), lambda: None).run()
    assert stop.waits[-1] == threading.TIMEOUT_MAX


def test_many_devices_at_once_each_with_its_own_state(tmp_path):
    traffic = traffic_of(recorded())
    (script,) = scripts(traffic)
    with LabServer() as server:
        units = [
            Unit(
                script,
                Settings(Addresses(server.url, script.addresses), names={script.device: f"D{number}"}),
                f"D{number}",
            )
            for number in range(40)
        ]
        journal = LiveJournal(str(tmp_path / "live.jsonl"), tool="test", secret=None)
        played = play(units, Line(None, 60.0), journal)
        journal.close()
        assert server.received == 120
        assert sorted(server.unenrolled) == sorted(unit.name for unit in units)
    outcomes = Outcomes(traffic)
    assert all(outcomes.of(unit.name, unit.script, each).equal for unit, each in zip(units, played, strict=True))
    with (tmp_path / "live.jsonl").open("rb") as file:
        capture = read_journal(file, "live.jsonl")
    assert len(capture.exchanges) == 120
    assert all(each.response is not None for each in capture.exchanges)
    assert not capture.troubles
    assert capture.ended_by == "close"


def test_the_journal_has_the_ends_too(tmp_path):
    with HttpServer(lambda *_: None) as server:
        unit = unit_of(traffic_of(Story().ordinary("1").alert("2")), server.url)
        journal = LiveJournal(str(tmp_path / "live.jsonl"), tool="test", secret=None)
        play([unit], Line(None, 60.0), journal)
        journal.close()
    with (tmp_path / "live.jsonl").open("rb") as file:
        capture = read_journal(file, "live.jsonl")
    assert [each.failure.cause for each in capture.exchanges] == ["server-closed", "server-closed"]
    assert [each.client is not None and each.conn is not None for each in capture.exchanges] == [True, True]


def test_a_password_is_in_no_journal(tmp_path):
    secret = Secret("user1", "correct horse")

    def answer(body, headers):
        request = type("Request", (), {"body": body})
        if read(body).header.cred is None:
            status, pairs, content = challenge(request, "basic")
            return status, dict(pairs), content
        status, pairs, content = good(body)  # a server that says it back
        echo = f"<!--{read(body).header.cred.data}-->".encode()
        return status, {**dict(pairs), "X-Cred": read(body).header.cred.data}, content + echo

    with HttpServer(answer) as server:
        unit = unit_of(traffic_of(Story().ordinary("1")), server.url, secret=secret)
        journal = LiveJournal(str(tmp_path / "live.jsonl"), tool="test", secret=secret)
        (played,) = play([unit], Line(None, 60.0), journal)
        journal.close()
    from replay.syncml.credentials import basic

    sent = read(played.exchanges[1].body).header.cred.data
    assert sent == basic(secret)
    text = (tmp_path / "live.jsonl").read_text()
    assert basic(secret) not in text
    assert basic(secret).encode() in played.exchanges[1].response.body
    assert basic(Secret("user1", "*" * 13)) in text
    with (tmp_path / "live.jsonl").open("rb") as file:
        capture = read_journal(file, "live.jsonl")
    assert capture.redacted
    assert len(capture.exchanges) == 2


def test_a_fault_ends_the_devices_that_wait(tmp_path):
    """The journal cannot be written any more: the others do not wait for their answers."""
    begun, release = threading.Event(), threading.Event()

    def answer(body, _headers):
        begun.set()
        release.wait(60)
        return good(body)

    class Broken:
        def request(self, exchange):
            if exchange.id.startswith("2."):
                assert begun.wait(60)
                raise OSError("the disk is full")

        def ended(self, exchange):
            """Nothing is written."""

        def write(self, *_, **__):
            """Nothing is written."""

    with HttpServer(answer) as server:
        unit = unit_of(traffic_of(Story().ordinary("1")), server.url)
        with pytest.raises(OSError, match="the disk is full"):
            play([unit, unit], Line(None, 3600.0), Broken())
        release.set()
