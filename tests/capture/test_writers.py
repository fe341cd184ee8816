"""What is written says the same when it is read again, as far as its format goes."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.capture import flow_writer, har, har_writer
from replay.capture.exchange import CaptureError, Exchange
from replay.capture.readers import read
from replay.capture.writers import format_of, write, write_journal
from replay.expect.judge import judge
from replay.lab.messages import to_wbxml
from tests.capture.copied import (
    STORIES,
    again,
    appended,
    broken_lines,
    captured,
    ended,
    gap,
    gist,
    not_syncml,
    same,
    silent_connections,
    unanswered,
    verdict,
    windows,
)
from tests.conftest import ROOT
from tests.story import DEVICE, T0, Story, rules_of, server, user


@pytest.mark.parametrize("story", STORIES)
def test_a_journal_says_the_same_in_another_journal(story):
    capture = captured(story())
    same(capture, again(capture))
    same(capture, again(again(capture)))


def test_a_gap_stays_a_gap_and_a_window_stays_a_window():
    capture = again(captured(gap()))
    assert [round(start - T0, 1) for start, _ in windows(capture)[0]] == [0.0, 80.2]
    assert "CAP006" in verdict(capture)[2]


def test_a_gap_stays_one_where_the_wall_clock_was_set_back_meanwhile():
    story = user().watch(10).wait(100)
    story.watch(70).close()
    for line in story.lines:
        if line["mono"] > 5140:
            line["t"] -= 150
    capture = captured(story)
    assert "CAP006" in verdict(capture)[2]
    same(capture, again(capture))


@pytest.mark.parametrize("place", [0, 1, 4, 5, 6, 7, 8])
def test_damage_stays_where_it_was(place):
    """Before the session that goes on it may have been the alert; behind it, it was not."""
    story = Story().ordinary("1").exec("2").ordinary("3").close()
    story.lines.insert(place, "{")
    capture = captured(story)
    assert ("inconclusive" in {f.severity for f in judge(capture).findings if f.rule == "UNE001"}) is (place in (4, 5))
    same(capture, again(capture))


def test_ids_of_two_recordings_do_not_mix():
    capture = again(captured(appended()))
    assert [exchange.recording for exchange in capture.exchanges] == [1, 1, 2]
    assert capture.modes == ["regular", "reverse"]


def test_damage_does_not_vanish_in_the_copy():
    capture = captured(broken_lines())
    assert "CAP002" in rules_of(judge(capture))
    assert "CAP002" in rules_of(judge(again(capture)))


@pytest.mark.parametrize("name", ["user", "server", "unjoin-failed"])
def test_the_golden_captures_keep_their_verdicts(name):
    capture = read(str(ROOT / "captures" / f"{name}.jsonl"))
    same(capture, again(capture))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["watch", "wait", "open", "close", "note", "connect", "ordinary", "alert", "junk", "lost"]),
            st.floats(0, 100).map(lambda seconds: round(seconds, 3)),
        ),
        max_size=14,
    )
)  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_journal_says_the_same_in_another_journal(steps):
    story = Story()
    closed = False
    for number, (what, seconds) in enumerate(steps):
        closed = what == "close" or (closed and what != "open")
        if closed and what not in ("close", "wait", "note", "junk"):
            continue  # after a close nobody but `omadm note` writes
        if what == "watch":
            story.watch(seconds)
        elif what == "wait":
            story.wait(seconds)
        elif what == "open":
            interval = max(0.5, seconds / 5)
            story.line("open", format="omadm-journal", version=1, tool="", mode="m", redacted=False, interval=interval)
        elif what == "close":
            story.close()
        elif what == "note":
            story.line("note", text=str(number))
        elif what == "connect":
            story.line("connect", conn=f"c{number}", client="h:1", sni=None, host="h")
        elif what == "ordinary":
            story.ordinary(str(number))
        elif what == "alert":
            story.alert(str(number))
        elif what == "junk":
            story.lines.append("{")
        elif what == "lost":
            story.exchange(story.package_one(str(number)), None, failure="server-closed")
    capture = captured(story)
    same(capture, again(capture))


def test_without_an_exchange_nothing_is_said_of_the_last_one():
    said = har_writer.write(captured(Story().watch(60).close()), io.BytesIO())
    assert len(said) == 1
    assert "after the last exchange" not in said[0]
    assert "--until" in said[0]


@pytest.mark.parametrize("story", [user, server, ended, not_syncml])
def test_a_har_carries_the_exchanges(story):
    capture = captured(story().watch(61))
    file = io.BytesIO()
    losses = har_writer.write(capture, file)
    file.seek(0)
    copy = har.read(file, "x.har")
    assert gist(capture) == gist(copy)
    assert any("when the recorder was watching" in loss for loss in losses)
    until = capture.stretches[-1].end.clock
    assert verdict(capture, until=until) == verdict(copy, until=until)


@pytest.mark.mitmproxy
@pytest.mark.parametrize("story", [user, server, ended, not_syncml])
def test_a_flow_file_carries_the_exchanges(story, tmp_path):
    capture = captured(story().watch(61))
    out = str(tmp_path / "x.mitm")
    losses = write(capture, out, "flows")
    copy = read(out)
    assert copy.format == "mitmproxy-flows"
    assert gist(capture) == gist(copy)
    assert copy.troubles == []
    until = capture.stretches[-1].end.clock
    assert f"--until {until:.6f}" in "".join(losses)
    assert verdict(capture, until=until) == verdict(copy, until=until)


@pytest.mark.mitmproxy
@pytest.mark.parametrize(
    ("url", "read_as"),
    [
        ("https://h.test", "https://h.test/"),
        ("https://h.test?mode=a/b", "https://h.test/?mode=a/b"),
        ("https://h.test/a?b=/c#d", "https://h.test/a?b=/c#d"),
    ],
)
def test_path_and_query_come_back_from_a_flow_file(url, read_as, tmp_path):
    capture = captured(user())
    capture.exchanges[0].url = url
    write(capture, str(tmp_path / "x.mitm"), "flows")
    assert read(str(tmp_path / "x.mitm")).exchanges[0].url == read_as


@pytest.mark.mitmproxy
def test_mitmproxy_itself_reads_the_flow_file():
    from mitmproxy.io import FlowReader

    file = io.BytesIO()
    flow_writer.write(captured(not_syncml()), file)
    file.seek(0)
    flows = list(FlowReader(file).stream())
    assert len(flows) == 5
    assert flows[-1].request.headers["Content-Encoding"] == "gzip"
    assert flows[-1].request.content == to_wbxml(Story().package_one("8"))


@pytest.mark.mitmproxy
@pytest.mark.parametrize("cause", sorted(flow_writer._WORDS))
@pytest.mark.parametrize("detail", ["", "timed out", "Client disconnected.", "what the proxy said"])
@pytest.mark.parametrize("received", [None, 7])
def test_causes_come_back_from_mitmproxys_words(cause, detail, received, tmp_path):
    story = Story()
    story.exchange(story.package_one("1"), None, failure=cause, received=received)
    story.lines[-1]["detail"] = detail
    write(captured(story), str(tmp_path / "x.mitm"), "flows")
    failure = read(str(tmp_path / "x.mitm")).exchanges[0].failure
    assert (failure.cause, failure.received) == (cause, received)


@pytest.mark.mitmproxy
def test_what_mitmproxy_recorded_says_the_same_in_a_journal(shared_data):
    for path in sorted((shared_data / "peers").glob("*.mitm")):
        capture = read(str(path))
        copy = again(capture)
        assert gist(capture) == gist(copy)
        assert windows(capture) == windows(copy)
        assert verdict(capture) == verdict(copy)


@pytest.mark.mitmproxy
def test_what_has_neither_time_nor_url_is_written_and_said(tmp_path, shared_data):
    capture = read(str(next((shared_data / "viewer").glob("*.xml"))))
    for form, name in (("flows", "x.mitm"), ("har", "x.har")):
        said = "\n".join(write(capture, str(tmp_path / name), form))
        assert "times: there are none" in said
        assert "without a URL" in said
        copy = read(str(tmp_path / name))
        assert [exchange.body for exchange in copy.exchanges] == [exchange.body for exchange in capture.exchanges]
    assert copy.exchanges[0].url is None
    assert copy.stretches == []


@pytest.mark.parametrize("story", [user, server, unanswered, not_syncml])
def test_a_folder_carries_the_messages(story, tmp_path):
    capture = captured(story())
    losses = write(capture, str(tmp_path / "out"), "folder")
    copy = read(str(tmp_path / "out"))
    assert gist(capture, clock=False, who=False) == gist(copy, clock=False, who=False)
    assert any("all times" in loss for loss in losses)


def test_a_real_session_goes_through_a_folder(tmp_path, shared_data):
    capture = read(str(shared_data / "session-windows10"))
    write(capture, str(tmp_path / "out"), "folder")
    copy = read(str(tmp_path / "out"))
    assert gist(capture) == gist(copy)
    assert verdict(capture) == verdict(copy)
    assert gist(again(capture)) == gist(capture)
    assert verdict(again(capture)) == verdict(capture)


def test_a_header_keeps_to_its_line(tmp_path):
    story = Story()
    story.exchange(story.package_one("1"), b"", headers=[["X", "a\nHost: evil"], ["A:B", "c"]])
    losses = write(captured(story), str(tmp_path / "out"), "folder")
    assert read(str(tmp_path / "out")).exchanges[0].headers == (("X", "a Host: evil"), ("AB", "c"))
    assert any("line ends" in loss for loss in losses)


def test_nothing_is_replaced_unless_it_may_be(tmp_path):
    capture = captured(user())
    for form, name in (("journal", "x.jsonl"), ("har", "x.har"), ("folder", "x")):
        out = str(tmp_path / name)
        write(capture, out, form)
        with pytest.raises(CaptureError, match="--force"):
            write(capture, out, form)
        write(capture, out, form, force=True)
    (tmp_path / "x" / "notes.txt").write_text("mine")
    (tmp_path / "x" / "09_request.xml").write_text("of before")
    write(capture, str(tmp_path / "x"), "folder", force=True)
    assert (tmp_path / "x" / "notes.txt").exists()
    assert len(read(str(tmp_path / "x")).exchanges) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "x.har", "x.jsonl"]


@pytest.mark.parametrize(
    ("out", "form", "what"),
    [
        ("nowhere/x.jsonl", "journal", "cannot be written: No such file"),
        ("-", "folder", "cannot be written to stdout"),
        (".", "journal", "is a folder"),
    ],
)
def test_what_cannot_be_written(out, form, what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CaptureError, match=what):
        write(captured(user()), out, form)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    (tmp_path / "x.jsonl").write_text("of before")
    capture = captured(user())
    capture.exchanges[1].method = object()
    with pytest.raises(TypeError):
        write(capture, str(tmp_path / "x.jsonl"), "journal", force=True)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x.jsonl", "of before")]


def test_endings(tmp_path):
    forms = {
        "a.jsonl": "journal", "a.JSONL.zst": "journal", "a.mitm": "flows", "a.flow": "flows", "a.har": "har", "a/": "folder",
        "a": "folder", str(tmp_path): "folder",
    }  # fmt: skip
    assert {name: format_of(name) for name in forms} == forms
    for name in ("a.xml", "-", "a.zst"):
        with pytest.raises(CaptureError, match="give --to"):
            format_of(name)


def test_every_line_is_of_the_contract():
    file = io.BytesIO()
    write_journal(captured(silent_connections()), file)
    lines = [json.loads(line) for line in file.getvalue().splitlines()]
    assert {line["type"] for line in lines} == {
        "open",
        "connect",
        "request",
        "response",
        "failure",
        "disconnect",
        "note",
        "watching",
        "close",
    }
    assert all({"t", "mono"} <= line.keys() for line in lines)
    assert lines[0]["format"] == "omadm-journal"
    assert DEVICE in lines[1]["body"]["text"]


def test_traces_of_a_server(tmp_path):
    story = Story()
    request = story.package_one("1")
    (tmp_path / "MSG_request.txt").write_bytes(request)
    (tmp_path / "MSG_response.txt").write_bytes(story.answer(request))
    exchange = read(str(tmp_path)).exchanges[0]
    assert (exchange.body, exchange.response.body) == (request, story.answer(request))
    head = b"POST /x?mode=Maintenance HTTP/1.1\r\nHost: h\r\nContent-Type: application/vnd.syncml.dm+xml\r\n\r\n"
    (tmp_path / "MSG_request.txt").write_bytes(head + request)
    exchange = read(str(tmp_path)).exchanges[0]
    assert (exchange.url, exchange.body) == ("https://h/x?mode=Maintenance", request)
    assert exchange.headers[1] == ("Content-Type", "application/vnd.syncml.dm+xml")


def test_headers_without_a_body_and_two_bodies(tmp_path):
    (tmp_path / "01_request.headers").write_text("GET https://h/x HTTP/2.0\nA: b\n")
    (tmp_path / "02_request.xml").write_bytes(Story().package_one("1"))
    (tmp_path / "02_request.txt").write_bytes(b"other")
    capture = read(str(tmp_path))
    first = capture.exchanges[0]
    assert (first.method, first.url, first.http, first.body) == ("GET", "https://h/x", "HTTP/2.0", None)
    assert "only that is read" in capture.troubles[0].text


def test_a_lenient_reading_does_not_change_who_sent_a_message(tmp_path):
    from replay.expect.judge import Scope
    from replay.lab import messages

    story = Story()
    body = (
        story.to_device("1", 1, [messages.unenrol_exec(9, "P")])
        .decode()
        .replace('"SYNCML:SYNCML1.2"', "“SYNCML:SYNCML1.2”")
    )
    (tmp_path / "server.xml").write_text(body, "utf-8")
    judged = judge(read(str(tmp_path / "server.xml")), scope=Scope(lenient=True))
    assert [finding.rule for finding in judged.findings if finding.severity != "info"] == ["UNE001"]


def test_a_request_of_which_nothing_is_known_is_not_lost(tmp_path):
    capture = captured(Story())
    capture.exchanges.append(Exchange(1, "1", 1.0))
    write(capture, str(tmp_path / "out"), "folder")
    assert len(read(str(tmp_path / "out")).exchanges) == 1
