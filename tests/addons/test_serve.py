"""A played server on the wire: what devices get, what the journal says of it, and that nobody else is called."""

import asyncio
import http.client
import socket
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from mitmproxy import exceptions

from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.cli.proxy import addon
from replay.lab import messages
from replay.lab.device import LabDevice
from replay.lab.messages import DeviceInfo, Sender
from replay.lab.server import LabServer
from replay.play.faults import ENDED, SERVED
from replay.play.server_state import Reply
from replay.syncml.read import read as read_message
from tests.addons.test_record import lines_of, until
from tests.conftest import ROOT
from tests.play.caller import statuses
from tests.processes import PATIENCE, mitmdump
from tests.serving import port_of, serving
from tests.story import Story
from tests.upstream import Device
from tests.upstream_http2 import H2Device

with warnings.catch_warnings():  # ldap3, which mitmproxy's own test tools import, uses names that pyasn1 has renamed
    warnings.simplefilter("ignore", DeprecationWarning)
    from mitmproxy.test import taddons, tflow

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]

DM = (b"Content-Type", messages.CONTENT_TYPE.encode())
USER = ROOT / "captures" / "user.jsonl"
#: How a recorded exchange ends: what the story says of it, what HTTP/1 and HTTP/2 show of it, and the journal's cause.
ENDS = {
    "answered": ({}, ("", 200), ("end", 200), None),
    "closed": ({"response": None, "failure": "server-closed"}, ("closed", None), ("reset", None), "server-closed"),
    "reset": ({"response": None, "failure": "server-reset"}, ("reset", None), ("reset", None), "server-reset"),
    "cut": ({"response": b"<SyncML", "failure": "truncated"}, ("closed", 200), ("reset", 200), "truncated"),
    "error": ({"response": b"no", "status": 500}, ("", 500), ("end", 500), None),
    "empty": ({"response": b""}, ("", 200), ("end", 200), None),
}


def notes(path, name: str = "serve") -> list[str]:
    return [line["text"] for line in lines_of(path) if line["type"] == "note" and line["name"] == name]


def package_one(device: str, session: str = "1", number: int = 1, *, alert: bool = True) -> bytes:
    commands = messages.package_one(DeviceInfo(device), alert=messages.unenrol_alert() if alert else None)
    return messages.message(Sender(session, "https://device.test/mdm", device), number, commands)


@pytest.fixture
def ends(tmp_path):
    """A recording of several devices, whose alerts came to different ends."""
    story = Story()
    for name, (recorded, *_) in ENDS.items():
        story.device = name
        story.alert("1", **recorded)
    return story.save(tmp_path / "ends.jsonl")


def test_every_end_over_http1(tmp_path, ends):
    got = {}
    with serving(tmp_path, ends) as served:
        for name in ENDS:
            with Device(port_of(served)) as device:  # without TLS, because Python's TLS shows a reset as a close
                device.post("/mdm", package_one(name), DM)
                got[name] = device.get()
        assert served.program.end() == 0
    assert {name: (each.ended, each.status) for name, each in got.items()} == {
        name: shown for name, (_, shown, _, _) in ENDS.items()
    }
    assert len(got["cut"].rest) == len(b"<SyncML") < int(dict(got["cut"].fields)[b"content-length"])
    assert got["error"].body == b"no"
    check_journal(served.journal)
    assert notes(served.journal)[-1] == "6 of 6 recorded exchanges were played"
    assert "6 of 6 recorded exchanges were played" in served.program.said


def test_every_end_over_http2(tmp_path, ends):
    with serving(tmp_path, ends) as served:
        with H2Device(port_of(served), served.tls) as device:
            streams = {name: device.post("/mdm", package_one(name), DM) for name in ENDS}
            got = {name: device.get(stream) for name, stream in streams.items()}
        assert served.program.end() == 0
    assert {name: (each.ended, each.status) for name, each in got.items()} == {
        name: shown for name, (_, _, shown, _) in ENDS.items()
    }
    check_journal(served.journal)


def check_journal(path) -> None:
    """The journal says of each end what it was, and that it was the server's."""
    exchanges = {assemble_device(each): each for each in read(str(path)).exchanges}
    assert set(exchanges) == set(ENDS)
    for name, (_, _, _, cause) in ENDS.items():
        exchange = exchanges[name]
        assert (exchange.failure.cause if exchange.failure else None) == cause, name
        assert exchange.response is None or exchange.response.by == "server", name
        assert exchange.url.startswith(("http://device.test/mdm", "https://device.test/mdm"))


def assemble_device(exchange) -> str:
    return read_message(exchange.body).header.source.uri


def test_a_server_that_hung_hangs_until_the_device_gives_up(tmp_path):
    capture = Story().alert("1", response=None, failure="client-closed").save(tmp_path / "hung.jsonl")
    with serving(tmp_path, capture) as served:
        hung = Device(port_of(served)), H2Device(port_of(served), served.tls)
        with hung[0] as device, hung[1] as other:
            device.post("/mdm", package_one("A"), DM)
            stream = other.post("/mdm", package_one("B"), DM)
            LabDevice(served.url, tls=served.tls).run("ordinary")
            device.sock.settimeout(1.0)
            with pytest.raises(TimeoutError):
                device.get()
            device.close()
            other.reset(stream)
            until(lambda: len(failures(served.journal)) == 2, "both gave up")
            with Device(port_of(served)) as last:
                last.post("/mdm", package_one("C"), DM)
                until(lambda: b">C<" in served.journal.read_bytes(), "it is there")
                assert served.program.end() == 0
    assert failures(served.journal) == ["client-closed", "client-closed", "proxy-stopped"]


def failures(path) -> list[str]:
    return [line["cause"] for line in lines_of(path) if line["type"] == "failure"]


# -- nobody else is called ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["regular", "reverse", "eager"])
def test_the_real_server_is_never_called(tmp_path, mode):
    with LabServer() as real:
        real_port = int(real.url.rsplit(":", 1)[1])
        more = {
            "regular": ["--mode", "regular"],
            "reverse": ["--mode", f"reverse:{real.url}"],
            "eager": ["--mode", f"reverse:{real.url}", "--set", "connection_strategy=eager"],
        }[mode]
        with serving(tmp_path, USER, *more) as served:
            target = "/" if mode != "regular" else f"{real.url}/"
            got = []
            for method, path, body in (
                ("POST", "mdm", package_one("D", alert=False)),
                ("POST", "mdm", b"<SyncML xmlns='SYNCML:SYNCML1.2'><x"),
                ("POST", "EnrollmentServer/Discovery.svc", b"<x/>"),
                ("GET", "other", b""),
            ):
                connection = http.client.HTTPConnection("127.0.0.1", port_of(served), timeout=PATIENCE)
                kind = {"Content-Type": messages.CONTENT_TYPE} if path == "mdm" else {}
                connection.request(method, target + path, body or None, kind)
                got.append(connection.getresponse().status)
                connection.close()
            assert got == [200, 400, 404, 404]
            if mode == "regular":  # a tunnel that is not even HTTP
                with socket.create_connection(("127.0.0.1", port_of(served)), PATIENCE) as tunnel:
                    tunnel.sendall(f"CONNECT 127.0.0.1:{real_port} HTTP/1.1\r\n\r\n".encode())
                    assert b"200" in tunnel.recv(1000)
                    tunnel.sendall(b"\x00\x01 what is this\r\n\r\n")
                    while tunnel.recv(1000):
                        pass  # whatever it is told: the tunnel ends
            assert served.program.end() == 0
        assert real.received == 0
    by = [line["by"] for line in lines_of(served.journal) if line["type"] == "response"]
    assert by[:4] == ["server", "proxy", "proxy", "proxy"]
    said = notes(served.journal)
    assert "cannot be read" in said[1]
    assert "enrolment request" in said[2]
    assert "is no OMA DM" in said[3]


def test_as_scripts_of_mitmdump(tmp_path):
    scripts = [word for name in ("disturb", "serve") for word in ("-s", str(ROOT / "addons" / f"{name}.py"))]
    more = ["--set", f"omadm_serve={USER}", "--set", "omadm_fault=status=503@alert"]
    with LabServer() as real, mitmdump(tmp_path, real.url, *scripts, *more) as served:
        outcome = LabDevice(served.url, tls=served.tls).run("user")
        assert (outcome.sent, outcome.answered) == (3, 3)
        assert served.program.end() == 0
        assert real.received == 0
    assert [each.response.status for each in read(str(served.journal)).exchanges] == [200, 200, 503]
    assert [each.response.by for each in read(str(served.journal)).exchanges] == ["server", "server", "proxy"]


# -- faults -------------------------------------------------------------------------------------------------------------

FAULTS = (
    ("drop-reply", "closed", None, "other"),
    ("reset", "reset", None, "other"),
    ("status=418", "", 418, None),
    ("empty", "", 200, None),
    ("truncate=5", "closed", 200, "truncated"),
    ("malformed", "", 200, None),
    ("challenge", "", 200, None),
    ("busy", "", 503, None),
    ("delay=0.3", "", 200, None),
)


def test_every_fault_disturbs_what_is_served(tmp_path):
    """Each at a MsgID of its own; and one takes the place of the close that was recorded."""
    capture = Story().alert("1", response=None, failure="server-closed").save(tmp_path / "closed.jsonl")
    specs = [f"{spec}@msg={number}" for number, (spec, *_) in enumerate(FAULTS, 2)]
    with serving(
        tmp_path, capture, *(word for spec in [*specs, "status=599@alert"] for word in ("--fault", spec))
    ) as served:
        got = []
        for number, _ in enumerate(FAULTS, 2):
            with Device(port_of(served)) as device:
                device.post("/mdm", package_one(f"D{number}", number=number, alert=False), DM)
                got.append(device.get())
        with Device(port_of(served)) as device:
            device.post("/mdm", package_one("X"), DM)
            assert device.get().status == 599
        assert served.program.end() == 0
    exchanges = read(str(served.journal)).exchanges
    for (spec, ended, status, cause), seen, exchange in zip(FAULTS, got, exchanges, strict=False):
        assert (spec, seen.ended, seen.status) == (spec, ended, status)
        assert (spec, exchange.failure.cause if exchange.failure else None) == (spec, cause)
    assert [text.split(":")[0] for text in notes(served.journal, "fault")] == [*specs, "status=599@alert"]
    assert [each.response.by for each in exchanges if each.response] == [*["proxy"] * 6, "server", "proxy"]


def test_faults_add_up(tmp_path):
    """Every delay that applies, and then the first of the others (docs/recording.md)."""
    specs = [spec for spec, *_ in FAULTS if not spec.startswith("delay")]
    given = [f"{spec}@msg={number}" for number, spec in enumerate(specs, 2)]
    given = ["delay=0.1", *given, "status=599@msg=2", "delay=0.1@msg=3", "busy@exec"]
    with serving(tmp_path, USER, *(word for spec in given for word in ("--fault", spec))) as served:
        got = []
        for number, _ in enumerate(specs, 2):
            with Device(port_of(served)) as device:
                device.post("/mdm", package_one(f"D{number}", number=number, alert=False), DM)
                got.append(device.get())
        assert served.program.end() == 0
    assert [(seen.ended, seen.status) for seen in got] == [
        (ended, status) for spec, ended, status, _ in FAULTS if spec in specs
    ]
    applied = [text.split(":")[0] for text in notes(served.journal, "fault")]
    wanted = [[*["delay=0.1@all"] * (2 if number == 3 else 1), spec] for number, spec in enumerate(given[1:9], 2)]
    wanted[1][1] = "delay=0.1@msg=3"
    assert applied == [text for each in wanted for text in each]


def test_what_a_fault_kept_from_the_device_is_due_again(tmp_path):
    """The Exec that never came through comes in the device's next session."""
    capture = ROOT / "captures" / "server.jsonl"
    with serving(tmp_path, capture, "--fault", "status=503@msg=1", "--fault", "empty@msg=2") as served:
        for session, number in (("1", 1), ("2", 3)):
            with Device(port_of(served)) as device:
                device.post("/mdm", package_one("D", session, number, alert=False), DM)
                answer = device.get()
        assert answer.status == 200
        assert served.program.end() == 0
    assert [text for text in notes(served.journal) if "not in the recording" in text] == [
        next(text for text in notes(served.journal) if "its session began before this server" in text)
    ]


# -- several devices ----------------------------------------------------------------------------------------------------


def test_many_devices_at_once(tmp_path):
    with serving(tmp_path, ROOT / "captures" / "server.jsonl") as served:
        with ThreadPoolExecutor(20) as pool:
            runs = [
                pool.submit(LabDevice(served.url, tls=served.tls, wbxml=number % 2 == 0).run, "server")
                for number in range(40)
            ]
            outcomes = [each.result() for each in runs]
        assert served.program.end() == 0
    assert {(each.sent, each.answered, each.exec_seen) for each in outcomes} == {(2, 2, True)}
    sessions = assemble(read(str(served.journal))).sessions
    assert sorted(tuple(each.roles) for each in sessions) == [("alert",)] * 40 + [("exec",)] * 40
    assert len(notes(served.journal)) == 2, "the first and the last"


# -- the addon by itself ------------------------------------------------------------------------------------------------


def alone(what, serve=None, **options):
    """The addon in a context of its own, after `what` was done with it."""
    serve = serve or addon("serve.py")

    async def run() -> None:  # the context makes a loop that nobody closes where none is running
        with taddons.context(serve) as context:
            context.configure(serve, **options)
            await what(serve)

    asyncio.run(run())
    return serve


async def nothing(serve) -> None:
    """Only the options."""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"omadm_serve": "nothing-here.jsonl"}, "cannot be read"),
        ({"omadm_serve": str(ROOT / "README.md")}, "no known capture format"),
        ({"omadm_serve": str(USER), "omadm_serve_device": "X"}, "no device 'X'; there are: "),
        ({"omadm_serve": str(USER), "omadm_serve_user": "u"}, "OMADM_PASSWORD"),
    ],
)
def test_a_mistake_in_the_options_is_refused(options, words, monkeypatch):
    monkeypatch.delenv("OMADM_PASSWORD", raising=False)
    with pytest.raises(exceptions.OptionsError, match=words):
        alone(nothing, **options)


def test_a_password_from_the_environment(monkeypatch):
    monkeypatch.setenv("OMADM_PASSWORD", "p")
    serve = alone(nothing, omadm_serve=str(USER), omadm_serve_user="u")
    assert (serve.player.secrets.device.user, serve.player.secrets.device.password) == ("u", "p")


def test_a_capture_without_oma_dm(tmp_path):
    story = Story()
    story.exchange(b"hello", b"there", headers=[["Content-Type", "text/plain"]], response_headers=[])
    with pytest.raises(exceptions.OptionsError, match="no OMA DM session"):
        alone(nothing, omadm_serve=str(story.save(tmp_path / "none.jsonl")))


def flow_of(body: bytes):
    flow = tflow.tflow()
    flow.request.method, flow.request.content = "POST", body
    flow.request.headers["content-type"] = messages.CONTENT_TYPE
    return flow


def test_without_a_capture_everything_is_refused(caplog):
    flow = flow_of(package_one("D"))

    async def call(serve) -> None:
        serve.running()
        serve.request(flow)

    alone(call)
    assert flow.response.status_code == 503
    assert flow.metadata[SERVED] is False
    assert "nothing to be played" in caplog.text


@pytest.mark.parametrize("what", ["answer", "response"])
def test_a_crash_is_no_way_to_another_server(what, caplog):
    flow = flow_of(package_one("D"))

    async def call(serve) -> None:
        serve.player.answer = None if what == "answer" else lambda *_: Reply(200, headers=(("X", None),))
        serve.request(flow)

    alone(call, omadm_serve=str(USER))
    assert (flow.response.status_code, flow.metadata[SERVED]) == (500, False)
    assert "could not be answered" in caplog.text


def test_what_another_addon_has_answered_is_left_alone():
    flow = tflow.tflow(resp=True)
    before = flow.response

    async def call(serve) -> None:
        serve.request(flow)
        await serve.response(flow)

    alone(call, omadm_serve=str(USER))
    assert flow.response is before
    assert ENDED not in flow.metadata


def test_the_player_is_told_who_got_his_answer():
    got, lost = flow_of(package_one("D", alert=False)), flow_of(package_one("D", "2", alert=False))
    replies = []

    async def call(serve) -> None:
        for flow in (got, lost):
            serve.request(flow)
            replies.extend(serve._replies.values())
            if flow is got:
                await serve.response(flow)
            else:
                serve.error(flow)
        assert serve._replies == {}

    alone(call, omadm_serve=str(USER))
    assert [each.delivered for each in replies] == [True, False]
    assert len(statuses(read_message(got.response.content))) == 4
