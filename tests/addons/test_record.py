"""The recorder in a real mitmproxy, with TLS to the device, before the lab's server."""

import http.client
import json
import signal
import socket
import sys
import threading
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
from tests.processes import PATIENCE, mitmdump, program, recording

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def until(condition, what: str) -> None:
    """Waits for something that another process does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def test_mitmdump_with_the_script_records_what_mitmproxy_saw(tmp_path):
    with LabServer(unenroll="P") as server, mitmdump(tmp_path, server.url) as proxy:
        with ThreadPoolExecutor(50) as pool:
            runs = [
                pool.submit(LabDevice(proxy.url, tls=proxy.tls).run, ("server", "ordinary", "user")[number % 3])
                for number in range(50)
            ]
            sent = sum(run.result().sent for run in runs)  # a request that failed raises here
        assert proxy.program.end() == 0
    assert server.received == sent
    own, journal = read(str(tmp_path / "own.mitm")), read(str(proxy.journal))
    assert len(journal.exchanges) == sent
    assert journal.troubles == []

    def seen(capture):
        return sorted(
            (e.method, e.url, e.body, e.response.status, e.response.body, e.client) for e in capture.exchanges
        )

    assert seen(own) == seen(journal)
    headers = {exchange.id: (exchange.headers, exchange.response.headers) for exchange in own.exchanges}
    assert headers == {exchange.id: (exchange.headers, exchange.response.headers) for exchange in journal.exchanges}


@pytest.mark.parametrize(
    ("scenario", "variant", "verdict", "rules"),
    [
        ("user", "good", "pass", set()),
        ("server", "good", "pass", set()),
        ("server", "alert-repeated", "fail", {"UNE007"}),
        ("server", "exec-answered", "fail", {"UNE009"}),
        ("user", "not-silent", "fail", {"UNE011"}),
        ("server", "alert-in-old-session", "fail", {"UNE003"}),
        ("server", "data-2", "fail", {"UNE010"}),
        ("server", "unjoin-text", "fail", {"UNE010"}),
        ("server", "no-alert", "inconclusive", {"UNE001"}),
    ],
)
def test_what_the_lab_device_does_is_judged_right(tmp_path, scenario, variant, verdict, rules):
    unenroll = "MS DM Server" if scenario == "server" else None
    with LabServer(unenroll=unenroll) as server, recording(tmp_path, server.url) as proxy:
        LabDevice(proxy.url, tls=proxy.tls, variant=variant).run(scenario)
        time.sleep(1.0)  # the silence that is recorded
        assert proxy.program.end() == 0
    judged = judge(read(str(proxy.journal)), Options(quiet=0.8))
    assert judged.verdict.word == verdict
    assert {f.rule for f in judged.findings if f.severity in ("error", "inconclusive")} == rules
    assert len(judged.episodes) == 1


def test_an_unenrolment_in_wbxml(tmp_path):
    with LabServer(unenroll="P") as server, recording(tmp_path, server.url) as proxy:
        LabDevice(proxy.url, tls=proxy.tls, wbxml=True).run("server")
        assert proxy.program.end() == 0
    judged = judge(read(str(proxy.journal)), Options(quiet=0))
    assert judged.verdict.word == "pass"
    assert [turn.request.form for turn in judged.traffic.turns] == ["wbxml", "wbxml"]


def test_a_reply_that_never_comes_is_what_it_is(tmp_path):
    with LabServer(variant="no-reply") as server, recording(tmp_path, server.url) as proxy:
        outcome = LabDevice(proxy.url, tls=proxy.tls, timeout=1.0).run("user")
        assert (outcome.sent, outcome.answered) == (3, 2)
        until(lambda: any(line["type"] == "failure" for line in lines_of(proxy.journal)), "the device gave up")
        assert proxy.program.end() == 0
    exchange = read(str(proxy.journal)).exchanges[-1]
    assert (exchange.response, exchange.failure.cause) == (None, "client-closed")


def test_an_exchange_that_is_open_at_the_end_is_journalled(tmp_path):
    with LabServer(variant="no-reply") as server, recording(tmp_path, server.url) as proxy:
        device = LabDevice(proxy.url, tls=proxy.tls, timeout=PATIENCE)
        run = threading.Thread(target=device.run, args=("user",))
        run.start()
        until(lambda: proxy.journal.read_bytes().count(b'"type":"request"') == 3, "the alert is on its way")
        assert proxy.program.end(signal.SIGTERM) == 0
        run.join(PATIENCE)
    assert read(str(proxy.journal)).exchanges[-1].failure.cause == "proxy-stopped"
    assert lines_of(proxy.journal)[-1]["type"] == "close"


def bare_exchange(proxy, body: bytes) -> http.client.HTTPResponse:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", int(proxy.url.split(":")[2].strip("/")), context=proxy.tls, timeout=PATIENCE
    )
    try:
        connection.request("POST", "/mdm?mode=Machine&Platform=WoA", body, {"Content-Type": messages.CONTENT_TYPE})
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


ALERT = messages.message(
    messages.Sender("1", "S", "D"), 1, messages.package_one(messages.DeviceInfo("D"), alert=messages.unenrol_alert())
)


def test_a_close_without_an_answer_is_a_close_for_the_device_too(tmp_path):
    with LabServer(variant="close") as server, recording(tmp_path, server.url) as proxy:
        with pytest.raises(http.client.RemoteDisconnected):
            bare_exchange(proxy, ALERT)
        assert proxy.program.end() == 0
    exchange = read(str(proxy.journal)).exchanges[0]
    assert (exchange.response, exchange.failure.cause) == (None, "server-closed")


def test_the_502_can_be_kept_and_is_the_proxys(tmp_path):
    with LabServer(variant="close") as server, recording(tmp_path, server.url, "--keep-502") as proxy:
        assert bare_exchange(proxy, ALERT).status == 502
        assert proxy.program.end() == 0
    exchange = read(str(proxy.journal)).exchanges[0]
    assert (exchange.response.status, exchange.response.by) == (502, "proxy")
    assert exchange.failure.cause == "server-closed"


def test_a_500_is_a_500(tmp_path):
    with LabServer(variant="error-500") as server, recording(tmp_path, server.url) as proxy:
        assert bare_exchange(proxy, ALERT).status == 500
        assert proxy.program.end() == 0
    judged = judge(read(str(proxy.journal)), Options(quiet=0))
    assert judged.traffic.capture.exchanges[0].response.by == "server"
    assert [(f.rule, f.severity) for f in judged.findings] == [("UNE020", "warning")]


def test_a_server_that_is_not_there(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and nobody answers
        with recording(tmp_path, f"http://127.0.0.1:{taken.getsockname()[1]}") as proxy:
            with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
                bare_exchange(proxy, ALERT)
            assert proxy.program.end() == 0
    judged = judge(read(str(proxy.journal)))
    exchange = judged.traffic.capture.exchanges[0]
    assert exchange.failure.cause == "connect-failed"
    assert not exchange.delivered


def test_a_body_that_breaks_off(tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))

    def half_an_answer() -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.syncml.dm+xml\r\nContent-Length: 100\r\n\r\nabc"
            )

    server = threading.Thread(target=half_an_answer)
    server.start()
    with listener, recording(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}") as proxy:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            bare_exchange(proxy, ALERT)
        assert proxy.program.end() == 0
        server.join(PATIENCE)
    exchange = read(str(proxy.journal)).exchanges[0]
    assert (exchange.failure.cause, exchange.failure.received, exchange.response.status) == ("truncated", 3, 200)


def test_killed_at_any_moment_nothing_that_was_answered_is_missing(tmp_path):
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        answered: list[int] = []
        stop = threading.Event()

        def keep_on() -> None:
            while not stop.is_set():
                try:
                    answered.append(LabDevice(proxy.url, tls=proxy.tls, timeout=PATIENCE).run("ordinary").answered)
                except DeviceError:
                    return

        devices = [threading.Thread(target=keep_on) for _ in range(8)]
        for device in devices:
            device.start()
        until(lambda: len(answered) > 40, "forty sessions were answered")
        proxy.program.end(signal.SIGKILL)
        stop.set()
        for device in devices:
            device.join(PATIENCE)
    capture = read(str(proxy.journal))
    assert sum(1 for exchange in capture.exchanges if exchange.answered) >= sum(answered)
    assert len(capture.exchanges) >= server.received  # the request's line is written before it goes on


def test_other_traffic_passes_untouched_and_is_counted(tmp_path):
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", int(proxy.url.split(":")[2].strip("/")), context=proxy.tls
        )
        connection.request(
            "GET", "/robots.txt?token=secret", headers={"Authorization": "Bearer secret", "Cookie": "secret"}
        )
        assert connection.getresponse().read().startswith(b"omadm-replay lab server")
        connection.close()
        assert proxy.program.end() == 0
        assert "0 OMA DM exchanges recorded" in proxy.program.wait_for("others passed by")
        assert "1 others passed by" in proxy.program.wait_for("others passed by")
    assert b"secret" not in proxy.journal.read_bytes()
    exchange = read(str(proxy.journal)).exchanges[0]
    assert exchange.light
    assert (exchange.method, exchange.body, exchange.response.status, exchange.response.body) == (
        "GET",
        None,
        200,
        None,
    )
    assert judge(read(str(proxy.journal))).verdict.word == "none"


def test_a_device_that_refuses_the_certificate_is_in_the_journal(tmp_path):
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        with pytest.raises(DeviceError, match="CERTIFICATE_VERIFY_FAILED"):
            LabDevice(proxy.url).run("ordinary")  # trusts the system's authorities, not the proxy's
        until(lambda: b"tls-failed" in proxy.journal.read_bytes(), "the refusal is journalled")
        assert proxy.program.end() == 0
    broken = read(str(proxy.journal)).broken_off[0]
    assert (broken.failure.cause, broken.connection.client is None) == ("tls-failed", False)


def test_the_journal_says_that_the_recorder_is_watching(tmp_path):
    with LabServer() as server, recording(tmp_path, server.url) as proxy:
        until(lambda: proxy.journal.read_bytes().count(b'"watching"') >= 3, "three lines")
        assert proxy.program.end() == 0
    capture = read(str(proxy.journal))
    assert len(capture.stretches) == 1
    assert capture.ended_by == "close"
    assert lines_of(proxy.journal)[0]["interval"] == 0.2


def test_a_later_recording_is_appended(tmp_path):
    with LabServer() as server:
        for _ in range(2):
            with recording(tmp_path, server.url) as proxy:
                LabDevice(proxy.url, tls=proxy.tls).run("ordinary")
                assert proxy.program.end() == 0
    capture = read(str(proxy.journal))
    assert len(capture.stretches) == 2
    assert len(capture.exchanges) == 4


def test_without_a_file_it_says_where_it_records(tmp_path):
    command = [
        sys.executable,
        "-m",
        "replay",
        "record",
        "--listen",
        "127.0.0.1:0",
        "--set",
        f"confdir={tmp_path / 'conf'}",
    ]
    with program(*command, cwd=tmp_path) as running:
        line = running.wait_for("recording into captures/")
        assert running.end() == 0
    assert (tmp_path / line.split()[-1]).is_file()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["-o", "/no/such/folder/x.jsonl"], "make the folder /no/such/folder first"),
        (["--mode", "sideways"], "mode"),
        (["--interval", "never"], "omadm_interval"),
        (["--fault", "nonsense"], "is no kind of fault"),
        (["--set", "no_such_option=1"], "no_such_option"),
    ],
)
def test_what_cannot_be_recorded_is_said_and_ends_with_2(tmp_path, more, words):
    command = [sys.executable, "-m", "replay", "record", "--listen", "127.0.0.1:0", "-o", str(tmp_path / "x.jsonl")]
    with program(*command, "--set", f"confdir={tmp_path / 'conf'}", *more, cwd=tmp_path) as running:
        assert running.wait() == 2
        assert words in "\n".join(running.said)
        assert "Traceback" not in "\n".join(running.said)
    assert not list(tmp_path.rglob("*.jsonl")), "nothing was recorded, so no journal is left behind"


def test_a_port_that_is_taken_ends_with_2(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = [sys.executable, "-m", "replay", "record", "--listen", address, "-o", str(tmp_path / "x.jsonl")]
        with program(*command, "--set", f"confdir={tmp_path / 'conf'}", cwd=tmp_path) as running:
            assert running.wait() == 2
            assert "already in use" in "\n".join(running.said)


def test_a_script_that_cannot_be_loaded_stops_mitmdump(tmp_path):
    (tmp_path / "precious.txt").write_text("precious")
    command = [str(Path(sys.executable).parent / "mitmdump"), "-p", "0", "--listen-host", "127.0.0.1"]
    from tests.conftest import ROOT

    command += ["-s", str(ROOT / "addons" / "record.py"), "--set", f"omadm_journal={tmp_path / 'precious.txt'}"]
    with program(*command, "--set", f"confdir={tmp_path / 'conf'}", cwd=tmp_path) as running:
        assert running.wait() != 0
        assert "no journal" in "\n".join(running.said)
    assert (tmp_path / "precious.txt").read_text() == "precious"
