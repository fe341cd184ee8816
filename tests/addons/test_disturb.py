"""Faults in a real `omadm record`: what the device gets, what the server got, and what the journal says."""

import contextlib
import http.client
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.lab import messages
from replay.lab.device import DeviceError, LabDevice
from replay.lab.server import LabServer
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import read as read_message
from tests.addons.test_record import ALERT, lines_of, until
from tests.conftest import ROOT
from tests.processes import PATIENCE, program, recording
from tests.upstream_http2 import H2Device

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


def post(proxy, body: bytes = ALERT, *, timeout: float = PATIENCE, kind: str = messages.CONTENT_TYPE):
    """One message to the proxy: status, headers and body of what comes back."""
    port = int(proxy.url.split(":")[2].strip("/"))
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=proxy.tls, timeout=timeout)
    try:
        connection.request("POST", "/mdm?mode=Machine&Platform=WoA", body, {"Content-Type": kind})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def notes(path: Path) -> list[str]:
    return [line["text"] for line in lines_of(path) if line["type"] == "note" and line["name"] == "fault"]


def faulty(folder: Path, server: LabServer, *specs: str):
    return recording(folder, server.url, *(word for spec in specs for word in ("--fault", spec)))


def test_the_reply_to_the_alert_is_dropped(tmp_path):
    with LabServer() as server, faulty(tmp_path, server, "drop-reply@alert") as proxy:
        outcome = LabDevice(proxy.url, tls=proxy.tls).run("user")
        assert (outcome.sent, outcome.answered) == (3, 2)
        assert len(server.unenrolled) == 1, "the alert was passed on"
        with pytest.raises(http.client.RemoteDisconnected):
            post(proxy)
        time.sleep(0.5)
        assert proxy.program.end() == 0
    assert [text.split(":")[0] for text in notes(proxy.journal)] == ["drop-reply@alert"] * 2
    exchange = read(str(proxy.journal)).exchanges[2]
    assert exchange.id in notes(proxy.journal)[0]
    assert (exchange.response, exchange.failure.cause) == (None, "other")
    assert "drop-reply@alert" in exchange.failure.detail
    assert exchange.delivered
    assert "UNE011" not in {
        f.rule for f in judge(read(str(proxy.journal)), Options(quiet=0.3)).findings if f.episode == 1
    }


def test_a_reset_is_a_reset(tmp_path):
    """Without TLS, because Python's TLS shows a reset as the mere close that it is otherwise told from."""
    head = f"POST /mdm HTTP/1.1\r\nHost: x\r\nContent-Type: {messages.CONTENT_TYPE}\r\nContent-Length: {len(ALERT)}\r\n\r\n"
    ended: dict[str, Exception | bytes] = {}
    with LabServer() as server, faulty(tmp_path, server, "reset@alert", "drop-reply") as proxy:
        for name, body in (("reset", ALERT), ("drop-reply", ALERT.replace(b"1226", b"1225"))):
            with socket.create_connection(("127.0.0.1", int(proxy.url.split(":")[2].strip("/"))), PATIENCE) as device:
                device.sendall(head.encode() + body)
                try:
                    ended[name] = device.recv(100)
                except OSError as error:
                    ended[name] = error
        assert server.received == 2
        assert proxy.program.end() == 0
    assert isinstance(ended["reset"], ConnectionResetError)
    assert ended["drop-reply"] == b""
    for exchange, words in zip(
        read(str(proxy.journal)).exchanges, ("connection reset", "connection closed"), strict=True
    ):
        assert (exchange.response, exchange.failure.cause) == (None, "other")
        assert words in exchange.failure.detail
    assert len(notes(proxy.journal)) == 2


def test_a_delay_holds_up_one_answer_and_nothing_else(tmp_path):
    with LabServer() as server, faulty(tmp_path, server, "delay=1.5@alert") as proxy:
        with ThreadPoolExecutor(9) as pool:
            held = [pool.submit(post, proxy, ALERT) for _ in range(8)]
            until(lambda: len(notes(proxy.journal)) == 8, "all are held back")
            LabDevice(proxy.url, tls=proxy.tls).run("ordinary")
            assert not any(each.done() for each in held), "the ordinary session went through meanwhile"
            assert [each.result()[0] for each in held] == [200] * 8
        assert proxy.program.end() == 0
    assert all("held back for 1.5 s" in text for text in notes(proxy.journal))
    exchanges = read(str(proxy.journal)).exchanges
    assert {each.response.by for each in exchanges} == {"server"}
    took = sorted(each.response.at.clock - each.at.clock for each in exchanges)
    assert took[1] < 1.5 <= took[2]


def test_a_device_that_gives_up_while_its_answer_is_held_back(tmp_path):
    """That is in the journal when it happens, not when the answer would have been sent."""
    with LabServer() as server, faulty(tmp_path, server, "delay=3600@alert", "empty@alert") as proxy:
        with pytest.raises(TimeoutError):
            post(proxy, timeout=0.3)
        until(lambda: any(line["type"] == "failure" for line in lines_of(proxy.journal)), "the device gave up")
        assert proxy.program.end() == 0
    exchange = read(str(proxy.journal)).exchanges[0]
    assert (exchange.response, exchange.failure.cause) == (None, "client-closed")
    assert [text.split(":")[0] for text in notes(proxy.journal)] == ["delay=3600@alert"], "nothing else was applied"


def test_a_proxy_that_is_stopped_while_an_answer_is_held_back(tmp_path):
    with LabServer() as server, faulty(tmp_path, server, "delay=3600") as proxy, ThreadPoolExecutor(1) as pool:
        held = pool.submit(post, proxy)
        until(lambda: notes(proxy.journal), "it is held back")
        assert proxy.program.end(signal.SIGTERM) == 0
        assert isinstance(held.exception(PATIENCE), (http.client.RemoteDisconnected, ConnectionError, OSError))
    assert read(str(proxy.journal)).exchanges[0].failure.cause == "proxy-stopped"


@pytest.mark.parametrize(("spec", "status"), [("status=500", 500), ("busy", 503), ("empty", 200), ("status=599", 599)])
def test_an_answer_without_a_body(tmp_path, spec, status):
    with LabServer() as server, faulty(tmp_path, server, f"{spec}@alert") as proxy:
        outcome = LabDevice(proxy.url, tls=proxy.tls).run("user")
        assert (outcome.sent, outcome.answered) == (3, 3)
        got = post(proxy)
        assert (got[0], got[2]) == (status, b"")
        assert len(server.unenrolled) == 2
        assert proxy.program.end() == 0
    exchanges = read(str(proxy.journal)).exchanges
    assert [each.response.by for each in exchanges] == ["server", "server", "proxy", "proxy"]
    assert (exchanges[2].response.status, exchanges[2].response.body, exchanges[2].failure) == (status, b"", None)
    assert [text.split(":")[0] for text in notes(proxy.journal)] == [f"{spec}@alert"] * 2


@pytest.mark.parametrize("wbxml", [False, True])
def test_a_malformed_answer(tmp_path, wbxml):
    body, kind = (messages.to_wbxml(ALERT), messages.WBXML_TYPE) if wbxml else (ALERT, messages.CONTENT_TYPE)
    with LabServer() as server, faulty(tmp_path, server, "malformed@alert") as proxy:
        outcome = LabDevice(proxy.url, tls=proxy.tls, wbxml=wbxml).run("user")
        assert (outcome.sent, outcome.answered) == (3, 3)
        status, headers, got = post(proxy, body, kind=kind)
        assert proxy.program.end() == 0
    assert (status, headers["content-type"]) == (200, kind)
    with pytest.raises(UnreadableMessageError):
        read_message(got)
    exchanges = read(str(proxy.journal)).exchanges
    assert [each.response.by for each in exchanges] == ["server", "server", "proxy", "proxy"]
    assert exchanges[-1].response.body == got


@pytest.mark.parametrize("wbxml", [False, True])
def test_a_challenge(tmp_path, wbxml):
    body, kind = (messages.to_wbxml(ALERT), messages.WBXML_TYPE) if wbxml else (ALERT, messages.CONTENT_TYPE)
    with LabServer() as server, faulty(tmp_path, server, "challenge@alert") as proxy:
        outcome = LabDevice(proxy.url, tls=proxy.tls, wbxml=wbxml).run("user")
        assert (outcome.sent, outcome.answered) == (3, 3)
        answers = [post(proxy, body, kind=kind) for _ in range(2)]
        assert proxy.program.end() == 0
    assert [(status, headers["content-type"]) for status, headers, _ in answers] == [(200, kind)] * 2
    challenges = [read_message(body).commands[0] for _, _, body in answers]
    assert {(each.cmd, each.code) for each in challenges} == {("SyncHdr", "407")}
    assert len({each.chal.next_nonce.text for each in challenges}) == 2, "a fresh nonce each time"
    exchanges = read(str(proxy.journal)).exchanges
    assert [each.response.by for each in exchanges] == ["server", "server", "proxy", "proxy", "proxy"]
    assert exchanges[-1].response.body == answers[-1][2]


def test_an_answer_that_is_cut_off(tmp_path):
    with LabServer() as server, faulty(tmp_path, server, "truncate=20@alert", "truncate=1000000@msg=1") as proxy:
        LabDevice(proxy.url, tls=proxy.tls).run("user")
        with pytest.raises(http.client.IncompleteRead) as caught:
            post(proxy)
        assert len(caught.value.partial) == 20
        assert proxy.program.end() == 0
        assert "truncate=1000000@msg=1 is not applied" in "\n".join(proxy.program.said)
    assert [text.split(":")[0] for text in notes(proxy.journal)] == ["truncate=20@alert"] * 2
    exchange = read(str(proxy.journal)).exchanges[-1]
    assert (exchange.response.by, exchange.response.body) == ("proxy", caught.value.partial)
    assert (exchange.failure.cause, exchange.failure.received) == ("truncated", 20)
    assert "HTP004" not in {f.rule for f in judge(read(str(proxy.journal))).findings}, "the server did not cut it"


def test_the_exec_never_arrives(tmp_path):
    with LabServer(unenroll="P") as server, faulty(tmp_path, server, "drop-reply@exec") as proxy:
        with pytest.raises(DeviceError, match="RemoteDisconnected"):
            LabDevice(proxy.url, tls=proxy.tls).run("server")
        assert proxy.program.end() == 0
    assert len(notes(proxy.journal)) == 1
    assert judge(read(str(proxy.journal)), Options(quiet=0)).episodes == []


def test_several_faults(tmp_path):
    specs = ("delay=0.6@msg=1", "status=503@alert", "drop-reply@alert", "delay=0.3@alert", "empty@exec")
    with LabServer() as server, faulty(tmp_path, server, *specs) as proxy:
        LabDevice(proxy.url, tls=proxy.tls).run("user")
        assert proxy.program.end() == 0
    assert [text.split(":")[0] for text in notes(proxy.journal)] == [
        "delay=0.6@msg=1",
        "delay=0.6@msg=1",
        "delay=0.3@alert",
        "status=503@alert",
    ]
    first, second, alert = read(str(proxy.journal)).exchanges
    assert [each.response.by for each in (first, second, alert)] == ["server", "server", "proxy"]
    assert alert.response.status == 503
    assert alert.response.at.clock - alert.at.clock >= 0.9
    assert second.response.at.clock - second.at.clock < 0.6 <= first.response.at.clock - first.at.clock


def test_what_is_not_oma_dm_is_left_alone(tmp_path):
    with LabServer() as server, faulty(tmp_path, server, "drop-reply") as proxy:
        port = int(proxy.url.split(":")[2].strip("/"))
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=proxy.tls, timeout=PATIENCE)
        connection.request("GET", "/")
        assert connection.getresponse().read().startswith(b"omadm-replay lab server")
        connection.close()
        assert proxy.program.end() == 0
    assert notes(proxy.journal) == []


def test_a_fault_that_cannot_be_understood_stops_everything(tmp_path):
    command = [sys.executable, "-m", "replay", "record", "--listen", "127.0.0.1:0", "-o", str(tmp_path / "x.jsonl")]
    with program(
        *command, "--set", f"confdir={tmp_path / 'conf'}", "--fault", "explode@alert", cwd=tmp_path
    ) as running:
        assert running.wait() == 2
        assert "'explode' is no kind of fault" in "\n".join(running.said)
    assert not (tmp_path / "x.jsonl").exists()


@pytest.mark.parametrize("first", ["disturb.py", "record.py"])
def test_under_mitmdump_the_order_of_the_scripts_does_not_matter(tmp_path, first):
    """The recorder sees what the device gets, wherever its script stands."""
    scripts = sorted(("disturb.py", "record.py"), key=lambda name: name != first)
    with LabServer() as server:
        command = [str(Path(sys.executable).parent / "mitmdump"), "--mode", f"reverse:{server.url}", "-p", "0"]
        command += ["--listen-host", "127.0.0.1", "-w", str(tmp_path / "own.mitm")]
        command += [word for name in scripts for word in ("-s", str(ROOT / "addons" / name))]
        command += ["--set", f"confdir={tmp_path / 'conf'}", "--set", f"omadm_journal={tmp_path / 'run.jsonl'}"]
        command += ["--set", "omadm_fault=busy@alert", "--set", "omadm_fault=drop-reply@msg=2"]
        with program(*command, cwd=tmp_path) as running:
            url = "127.0.0.1:" + running.wait_for("listening at ").replace(".", " ").split(":")[-1].split()[0]
            other = ALERT.replace(b"<MsgID>1", b"<MsgID>2").replace(b"<SessionID>1", b"<SessionID>2")
            for body in (ALERT, other.replace(b"1226", b"1225")):
                device = http.client.HTTPConnection(url, timeout=PATIENCE)
                device.request("POST", "/mdm", body, {"Content-Type": messages.CONTENT_TYPE})
                with contextlib.closing(device):
                    try:
                        assert device.getresponse().status == 503
                    except http.client.RemoteDisconnected:
                        assert b"<MsgID>2" in body
            assert running.end() == 0
    journal = read(str(tmp_path / "run.jsonl")).exchanges
    assert (journal[0].response.by, journal[0].response.status) == ("proxy", 503)
    assert (journal[1].response, journal[1].failure.cause) == (None, "other")
    assert len(notes(tmp_path / "run.jsonl")) == 2
    assert [each.id for each in read(str(tmp_path / "own.mitm")).exchanges] == [each.id for each in journal]


# -- HTTP/2 -------------------------------------------------------------------------------------------------------------

H2_DM = (b"content-type", messages.CONTENT_TYPE.encode())
ORDINARY = ALERT.replace(b"1226", b"1225")


#: Fault, how the stream ends for the device, HTTP status, the journal's cause; each at the alert with its own MsgID.
OVER_HTTP2 = [
    ("drop-reply", "reset", None, "other"),
    ("reset", "reset", None, "other"),
    ("truncate=20", "reset", 200, "truncated"),
    ("truncate=0", "reset", 200, "truncated"),
    ("delay=0.5", "end", 200, None),
    ("status=599", "end", 599, None),
    ("empty", "end", 200, None),
    ("malformed", "end", 200, None),
    ("challenge", "end", 200, None),
    ("busy", "end", 503, None),
]


def test_over_http2_a_fault_is_that_of_one_exchange(tmp_path):
    specs = [f"{spec}@msg={number}" for number, (spec, *_) in enumerate(OVER_HTTP2, 2)]
    with LabServer() as server, faulty(tmp_path, server, *specs) as proxy:
        with H2Device(int(proxy.url.split(":")[2].strip("/")), proxy.tls) as device:
            streams, ordinary = [], []
            for number, _ in enumerate(OVER_HTTP2, 2):
                ordinary.append(device.post("/mdm", ORDINARY, H2_DM))
                streams.append(device.post("/mdm", ALERT.replace(b"<MsgID>1", b"<MsgID>%d" % number), H2_DM))
            got = [device.get(stream) for stream in streams]
            assert {device.get(stream).status for stream in ordinary} == {200}, "on the same connection"
        assert len(server.unenrolled) == len(OVER_HTTP2), "the alerts were passed on"
        assert proxy.program.end() == 0
    assert sorted(text.split(":")[0] for text in notes(proxy.journal)) == sorted(specs)
    exchanges = read(str(proxy.journal)).exchanges
    for number, ((spec, ended, status, cause), seen) in enumerate(zip(OVER_HTTP2, got, strict=True), 2):
        assert (spec, seen.ended, seen.status) == (spec, ended, status)
        (exchange,) = [each for each in exchanges if b"<MsgID>%d<" % number in each.body]
        assert (spec, exchange.http, exchange.failure and exchange.failure.cause) == (spec, "HTTP/2.0", cause)
        if status is None:
            assert exchange.response is None
            assert "its stream reset" in exchange.failure.detail
        else:
            assert (exchange.response.status, exchange.response.body) == (status, seen.body)
            assert exchange.response.by == ("server" if spec.startswith("delay") else "proxy")
        if cause == "truncated":
            assert (len(seen.body), exchange.failure.received) == (int(spec.partition("=")[2]),) * 2


def test_over_http2_a_device_that_gives_up_while_its_answer_is_held_back(tmp_path):
    """It resets the stream; the connection, which is all that mitmproxy looks at, is still there."""
    with LabServer() as server, faulty(tmp_path, server, "delay=3600@alert", "empty@alert") as proxy:
        with H2Device(int(proxy.url.split(":")[2].strip("/")), proxy.tls) as device:
            alert = device.post("/mdm", ALERT, H2_DM)
            until(lambda: notes(proxy.journal), "it is held back")
            device.reset(alert)
            assert device.get(device.post("/mdm", ORDINARY, H2_DM)).status == 200
            until(lambda: any(line["type"] == "failure" for line in lines_of(proxy.journal)), "the device gave up")
        assert proxy.program.end() == 0
    (exchange,) = [each for each in read(str(proxy.journal)).exchanges if b"1226" in each.body]
    assert (exchange.response, exchange.failure.cause) == (None, "client-closed")
    assert [text.split(":")[0] for text in notes(proxy.journal)] == ["delay=3600@alert"], "nothing else was applied"
