import io

import pytest

from replay.capture.endings import bytes_received, cause_of
from replay.capture.flows import looks_like_flows, read
from replay.capture.journal_reader import read as read_journal
from replay.capture.readers import read as read_any
from replay.capture.writers import write
from replay.expect.judge import judge
from tests.story import Story

pytestmark = pytest.mark.mitmproxy


def flow_file(*flows) -> bytes:
    from mitmproxy.io import FlowWriter

    file = io.BytesIO()
    for flow in flows:
        FlowWriter(file).add(flow)
    return file.getvalue()


def made(**more):
    from mitmproxy.test import tflow, tutils

    return tflow.tflow(req=tutils.treq(method=b"POST", content=b"<SyncML/>", timestamp_start=100.0), **more)


def test_a_flow_is_an_exchange():
    from mitmproxy.test import tutils

    flow = made(resp=tutils.tresp(content=b"hello", timestamp_start=101.0, timestamp_end=102.0))
    exchange = read(io.BytesIO(flow_file(flow)), "x").exchanges[0]
    assert (exchange.method, exchange.url, exchange.body) == ("POST", "http://address:22/path", b"<SyncML/>")
    assert exchange.client == "127.0.0.1:22"
    assert (exchange.response.status, exchange.response.body, exchange.response.by) == (200, b"hello", "server")
    assert exchange.response.at.clock - exchange.at.clock == 2.0


def test_content_coding_is_undone():
    import gzip

    from mitmproxy.http import Headers
    from mitmproxy.test import tutils

    resp = tutils.tresp(content=gzip.compress(b"hello"), headers=Headers(((b"content-encoding", b"gzip"),)))
    assert read(io.BytesIO(flow_file(made(resp=resp))), "x").exchanges[0].response.body == b"hello"


def test_a_response_without_a_server_connection_is_the_proxys():
    from mitmproxy.test import tutils

    flow = made(resp=tutils.tresp())
    flow.server_conn.timestamp_start = None
    assert read(io.BytesIO(flow_file(flow)), "x").exchanges[0].response.by == "proxy"


def test_exchanges_are_in_order_of_time_though_flows_are_in_order_of_their_end():
    from mitmproxy.test import tutils

    late = made(resp=tutils.tresp(timestamp_end=109.0))
    soon = made(resp=tutils.tresp(timestamp_end=108.0))
    soon.request.timestamp_start = 105.0
    capture = read(io.BytesIO(flow_file(soon, late)), "x")
    assert [exchange.order for exchange in capture.exchanges] == [100.0, 105.0]
    assert [exchange.number for exchange in capture.exchanges] == [1, 2]


def test_an_exchange_ends_no_sooner_than_it_began():
    """Else the window after it would begin in the past, and prove silence that nobody saw."""
    from mitmproxy.flow import Error
    from mitmproxy.test import tutils

    answered = made(resp=tutils.tresp(timestamp_start=20.0, timestamp_end=20.0))
    broken = made(err=Error("server closed connection", 30.0))
    capture = read(io.BytesIO(flow_file(answered, broken)), "x")
    assert [exchange.ended[0] for exchange in capture.exchanges] == [100.0, 100.0]
    assert [exchange.ended[1].clock for exchange in capture.exchanges] == [100.0, 100.0]
    assert [trouble.kind for trouble in capture.troubles] == ["clock", "clock"]
    assert "ended 80.000 s before it began" in capture.troubles[0].text
    assert capture.stretches[0].end.clock == 100.0


def flows_at(*times):
    from mitmproxy.test import tutils

    found = []
    for begin, end in times:
        found.append(made(resp=tutils.tresp(timestamp_start=end, timestamp_end=end)))
        found[-1].request.timestamp_start = begin
    return read(io.BytesIO(flow_file(*found)), "x")


@pytest.mark.parametrize(
    ("times", "end", "troubles"),
    [
        ([(1, 2), (9, 10), (3, 11)], 11, []),  # as they end
        ([(1, 2), (3, 15), (9, 10)], 15, ["clock"]),  # as they begin, not as they end
        ([(10, 11), (2, 3), (30, 31)], 11, ["clock"]),  # neither: nobody knows when the second was
        ([(10, 11), (12, 5), (20, 21)], 21, ["clock"]),  # within one alone
    ],
)
def test_silence_is_proved_up_to_where_the_clock_runs_backwards(times, end, troubles):
    capture = flows_at(*times)
    assert [stretch.end.clock for stretch in capture.stretches] == [end]
    assert [trouble.kind for trouble in capture.troubles] == troubles


def test_a_device_that_goes_on_while_the_clock_is_set_back_does_not_pass(tmp_path):
    """By its times the session stood before the alert; other traffic later on made the window look long enough."""
    from mitmproxy.io import FlowReader, tnetstring

    story = Story().ordinary("1").wait(100).alert("2").wait(30).ordinary("3").wait(250)
    story.device, story.client = "OTHER", "10.9.9.9:1"
    capture = read_journal(io.BytesIO(story.ordinary("9").text()), "x")
    write(capture, str(tmp_path / "x.mitm"), "flows")
    with (tmp_path / "x.mitm").open("rb") as file:
        moved = [flow.get_state() for flow in FlowReader(file).stream()]
    for state in moved[2:]:
        for side in ("request", "response"):
            state[side]["timestamp_start"] -= 200
            state[side]["timestamp_end"] -= 200
    judged = judge(read(io.BytesIO(b"".join(map(tnetstring.dumps, moved))), "x"))
    assert "UNE014" in [finding.rule for finding in judged.findings]


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -float("inf")])
def test_a_time_that_is_none_is_damage(time):
    from mitmproxy.test import tutils

    request, response = made(resp=tutils.tresp()), made(resp=tutils.tresp(timestamp_end=time))
    request.request.timestamp_start = time
    for flow in (request, response):
        capture = read(io.BytesIO(flow_file(made(), flow)), "x")
        assert len(capture.exchanges) == 1
        assert [trouble.kind for trouble in capture.troubles] == ["cut"]


def test_cut_off_anywhere_every_whole_flow_is_read():
    from mitmproxy.test import tutils

    one = flow_file(made(resp=tutils.tresp()))
    for size in range(len(one) + 1, 2 * len(one), 97):
        capture = read(io.BytesIO((one + one)[:size]), "x")
        assert len(capture.exchanges) == 1
        assert [trouble.kind for trouble in capture.troubles] == ["cut"]


def test_flow_files_are_told_by_their_head():
    assert looks_like_flows(flow_file(made())[:16])
    assert not looks_like_flows(b"12:hello")
    assert not looks_like_flows(b"")


@pytest.mark.parametrize(
    ("words", "connected", "cause"),
    [
        ("server closed connection", True, "server-closed"),
        ("Client disconnected.", None, "client-closed"),
        ("HTTP/1 protocol error: peer closed connection without sending complete message body (received 3 bytes, expected 100)",
         True, "truncated"),
        ("[Errno 111] Connect call failed ('127.0.0.1', 1)", None, "connect-failed"),
        ("[Errno -2] Name or service not known", None, "connect-failed"),
        ("Certificate verify failed: self-signed certificate", True, "tls-failed"),
        ("stream reset by client (CANCEL)", None, "client-closed"),
        ("connection reset by peer", True, "server-reset"),
        ("something new", None, "other"),
        ("something new", False, "connect-failed"),
    ],
)  # fmt: skip
def test_mitmproxys_words_become_causes(words, connected, cause):
    assert cause_of(words, connected=connected) == cause


def test_bytes_received_are_read_from_mitmproxys_words():
    assert bytes_received("(received 21399 bytes, expected 23730)") == 21399
    assert bytes_received("server closed connection") is None


def test_real_flows(shared_data):
    short = read_any(str(shared_data / "peers" / "server-short-body.mitm")).exchanges[0]
    assert short.failure.cause == "truncated"
    assert short.failure.received == 21399
    assert short.response.status == 200
    unenroll = read_any(str(shared_data / "peers" / "client-unenroll-xml-then-wbxml.mitm"))
    assert len(unenroll.exchanges) == 4
    assert unenroll.troubles == []


def test_a_length_that_promises_terabytes():
    capture = read(io.BytesIO(b"999999999999:1"), "x")
    assert "promised" in capture.troubles[0].text


def test_a_client_behind_ipv6_keeps_its_host():
    from replay.capture.exchange import address_host

    flow = made()
    flow.client_conn.peername = ("::1", 5000, 0, 0)
    exchange = read(io.BytesIO(flow_file(flow)), "x").exchanges[0]
    assert exchange.client == "[::1]:5000"
    assert address_host(exchange.client) == "::1"
