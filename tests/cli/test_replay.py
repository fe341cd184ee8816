"""`omadm replay` as a command: against the lab server, by itself and through the recording proxy, over TLS with certificates."""

import json
import shutil
import ssl
import sys

import pytest
import trustme
from click.testing import CliRunner

from replay.capture.readers import read as read_capture
from replay.capture.sessions import assemble
from replay.cli import main
from replay.lab import messages
from replay.lab.server import LabServer
from replay.normal.form import normal_form
from replay.normal.text import normal_text
from replay.syncml.read import read
from tests.conftest import ROOT
from tests.play.http_server import HttpServer
from tests.play.playing import recorded
from tests.processes import program, recording
from tests.story import Story

GOLDEN = ROOT / "captures"


def run(*arguments: object, stdin: str | None = None, env: dict[str, str] | None = None):
    return CliRunner().invoke(main, ["replay", *map(str, arguments)], input=stdin, env=env)


@pytest.mark.parametrize(
    ("file", "provider"), [("user", None), ("server", "MS DM Server"), ("unjoin-failed", "MS DM Server")]
)
@pytest.mark.parametrize("form", [(), ("--wbxml",), ("--xml",)])
def test_the_golden_captures_against_the_lab_server(file, provider, form):
    with LabServer(unenroll=provider) as server:
        done = run(GOLDEN / f"{file}.jsonl", "--to", server.url, *form)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("EQUAL")
    assert "0 left out, 0 added" in done.stdout


@pytest.mark.parametrize(
    ("variant", "outcome"),
    [
        ("close", "missing"),
        ("error-500", "differs"),
        ("refuse", "differs"),
        ("commands-in-reply", "differs"),
        ("no-reply", "missing"),
    ],
)
def test_a_server_that_treats_the_alert_otherwise(variant, outcome):
    with LabServer(variant=variant) as server:
        done = run(GOLDEN / "user.jsonl", "--to", server.url, "--format", "json", "--timeout", "0.5")
    assert done.exit_code == 1
    result = json.loads(done.stdout)
    assert (result["format"], result["version"], result["equal"]) == ("omadm-replay", 1, False)
    assert [each["outcome"] for each in result["devices"][0]["exchanges"]] == ["same", "same", outcome]
    assert result["messages"] == {"recorded": 3, "sent": 3, "added": 0, "left_out": 0}
    assert result["answers"]["recorded"] == 3
    assert result["answers"]["same"] == 2


def test_what_differs_is_shown_with_its_place():
    with LabServer(variant="refuse") as server:
        done = run(GOLDEN / "user.jsonl", "--to", server.url)
    assert done.exit_code == 1
    assert done.stdout.startswith("DIFFERENT")
    assert '"200" recorded, "406" live' in done.stdout
    assert "session 2 (alert)" in done.stdout


def test_unknown_commands_are_told_with_the_nearest(tmp_path):
    story = Story().get_session("1")
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "404"))
    capture = story.save(tmp_path / "run.jsonl")

    def answer(body, _headers):
        received = read(body)
        sender = messages.Sender(received.header.session_id, received.header.source.uri, received.header.target.uri)
        more = (
            [messages.get(30, "./DevDetail/SwV/\x1b[31mX".replace("\x1b", ""))] if received.header.msg_id == "1" else []
        )
        said = messages.message(sender, int(received.header.msg_id), [*messages.answers(received), *more])
        return 200, {"Content-Type": messages.CONTENT_TYPE}, said

    with HttpServer(answer) as server:
        done = run(capture, "--to", server.url)
        stopped = run(capture, "--to", server.url, "--unknown", "stop")
    assert done.exit_code == stopped.exit_code == 1
    assert "Get ./DevDetail/SwV/[31mX was not recorded, answered with Status 404" in done.stdout
    assert "the nearest recorded one is Get ./DevDetail/SwV in exchange 1" in done.stdout
    assert "1 recorded answers not used" in done.stdout
    assert "stopped: " in stopped.stdout


def test_one_session_one_device_and_their_absence():
    with LabServer() as server:
        to = ("--to", server.url)
        assert "1 of 1 recorded message sent" in run(GOLDEN / "user.jsonl", *to, "--session", "2").stdout
        missing = run(GOLDEN / "user.jsonl", *to, "--session", "9")
        stranger = run(GOLDEN / "user.jsonl", *to, "--device", "nobody")
    assert missing.exit_code == stranger.exit_code == 2
    assert "no session 9" in missing.stderr
    assert "there are: " in stranger.stderr


def test_a_new_id_is_the_device_s_everywhere():
    with LabServer() as server:
        done = run(GOLDEN / "user.jsonl", "--to", server.url, "--device-id", "NEW<1>")
        assert done.exit_code == 0
        assert server.unenrolled == ["NEW<1>"]
        many = run(GOLDEN / "user.jsonl", "--to", server.url, "--count", "7")
        assert many.exit_code == 0
        assert "7 devices, 21 of 21" in many.stdout
        assert len(set(server.unenrolled)) == 8
        assert all(len(each) == 32 for each in server.unenrolled[1:])


def test_the_live_answers_are_a_journal_that_can_be_checked(tmp_path):
    live = tmp_path / "live.jsonl"
    with LabServer(unenroll="MS DM Server") as server:
        assert run(GOLDEN / "server.jsonl", "--to", server.url, "-o", live).exit_code == 0
        done = CliRunner().invoke(main, ["check", str(live), "--quiet", "0", "--expect", "server"])
        assert done.exit_code == 0, done.output
        again = run(GOLDEN / "server.jsonl", "--to", server.url, "-o", live, "--device-id", "D2")
        assert again.exit_code == 0
    assert len(read_capture(str(live)).exchanges) == 4
    assert run(GOLDEN / "server.jsonl", "--to", "http://127.0.0.1:1", "-o", GOLDEN / "README.md").exit_code == 2


def test_a_server_that_is_not_there_is_a_difference():
    done = run(GOLDEN / "user.jsonl", "--to", "http://127.0.0.1:1/")
    assert done.exit_code == 1
    assert "0 of 3 recorded messages sent" in done.stdout
    assert "3 missing" in done.stdout
    assert "ConnectionRefusedError" in done.stdout


def test_nothing_to_compare_with_is_said(tmp_path):
    capture = Story().alert("1", response=None, failure="client-closed").save(tmp_path / "run.jsonl")
    with LabServer() as server:
        done = run(capture, "--to", server.url)
    assert done.exit_code == 0
    assert "nothing was compared" in done.stdout
    assert run(capture, "--to", "http://127.0.0.1:1/").exit_code == 1


@pytest.mark.parametrize(
    "url",
    ["https://8.8.8.8/", "http://no-such-host.invalid/", "ftp://127.0.0.1/", "nonsense", "http://127.0.0.1:99999/"],
)
def test_no_stranger_is_called(url):
    done = run(GOLDEN / "user.jsonl", "--to", url)
    assert done.exit_code == 2
    assert "--to" in done.stderr


def test_a_stranger_has_to_be_named():
    done = run(GOLDEN / "user.jsonl", "--to", "https://mdm.no-such-host.invalid/")
    assert "--yes-this-server https://mdm.no-such-host.invalid/" in done.stderr
    other = run(
        GOLDEN / "user.jsonl", "--to", "https://mdm.no-such-host.invalid/", "--yes-this-server", "https://other.invalid"
    )
    assert other.exit_code == 2
    named = run(
        GOLDEN / "user.jsonl",
        "--to",
        "https://mdm.no-such-host.invalid/",
        "--yes-this-server",
        "https://mdm.no-such-host.invalid",
    )
    assert named.exit_code == 1  # it was called, and is not there
    assert "gaierror" in named.stdout


def test_what_cannot_be_read_or_written(tmp_path):
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    assert run(empty, "--to", "http://127.0.0.1:1/").exit_code == 2
    nobody = Story()
    nobody.exchange(b"<html/>", b"", headers=[["Content-Type", "text/html"]])
    assert run(nobody.save(tmp_path / "web.jsonl"), "--to", "http://127.0.0.1:1/").exit_code == 2
    with_attribute = Story()
    request = with_attribute.package_one("1").replace(b"<Data>1201", b'<Data x="y">1201')
    with_attribute.exchange(request, with_attribute.answer(request))
    done = run(with_attribute.save(tmp_path / "attribute.jsonl"), "--to", "http://127.0.0.1:1/", "--wbxml")
    assert done.exit_code == 2
    assert "exchange 1" in done.stderr
    assert run(GOLDEN / "user.jsonl", "--to", "https://127.0.0.1:1/", "--ca", tmp_path / "none.pem").exit_code == 2
    for url in ("http://127.0.0.1:1/", "https://127.0.0.1:1/"):
        done = run(GOLDEN / "user.jsonl", "--to", url, "--cert", tmp_path / "none.pem")
        assert done.exit_code == 2
        assert "none.pem: cannot be" in done.stderr
    assert run(GOLDEN / "user.jsonl", "--to", "http://127.0.0.1:0/").exit_code == 2


def test_what_belongs_to_no_session_is_told_and_counts(tmp_path):
    story = recorded()
    story.exchange(b"<SyncML><not", b"", status=400)
    with LabServer() as server:
        done = run(story.save(tmp_path / "run.jsonl"), "--to", server.url)
        one = run(tmp_path / "run.jsonl", "--to", server.url, "--session", "1")
    assert done.exit_code == 1
    assert "exchange 4 belongs to no session and was not played: its message cannot be read" in done.stdout
    assert one.exit_code == 0, one.stdout


def test_the_password_comes_from_the_environment_and_goes_nowhere(tmp_path):
    from tests.play.test_run import good

    story = Story().ordinary("1")

    def answer(body, headers):
        return good(body) if "authorization" in headers else (401, {"WWW-Authenticate": "Basic"}, b"")

    capture, live = story.save(tmp_path / "run.jsonl"), tmp_path / "live.jsonl"
    with HttpServer(answer) as server:
        arguments = (capture, "--to", server.url, "--user", "me", "-o", live)
        assert "needs a password" in run(*arguments).stderr
        done = run(*arguments, env={"OMADM_PASSWORD": "correct horse"})
    assert done.exit_code == 1  # the recorded server had not asked
    assert "asked for the message again" in done.stdout
    for text in (done.output, live.read_text()):
        assert "correct horse" not in text
        assert "bWU6Y29ycmVjdCBob3JzZQ" not in text


# -- the round trip, for real ----------------------------------------------------------------------------------------------


def told(journal) -> str:
    return normal_text(normal_form(assemble(read_capture(str(journal)))))


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("scenario", ["user", "server"])
@pytest.mark.parametrize("form", ["--xml", "--wbxml"])
def test_recorded_replayed_and_recorded_again(tmp_path, scenario, form):
    """A lab device is recorded; its recording is played through another recorder, in either form: both say the same."""
    provider = "MS DM Server" if scenario == "server" else None
    lab = [
        sys.executable,
        "-m",
        "replay",
        "lab",
        "device",
        "--scenario",
        scenario,
        "--device",
        "ABCDEF0123456789",
        "--count",
        "1",
    ]
    with LabServer(unenroll=provider) as server, recording(tmp_path, server.url, name="first.jsonl") as first:
        speaks = ["--wbxml"] if form == "--xml" else []  # recorded in the other form than it is played in
        with program(*lab, "--to", first.url, "--ca", str(first.ca), *speaks) as device:
            assert device.wait() == 0
        assert first.program.end() == 0
    with LabServer(unenroll=provider) as server, recording(tmp_path, server.url, name="second.jsonl") as second:
        done = run(first.journal, "--to", second.url, "--ca", second.ca, form)
        assert done.exit_code == 0, done.output
        assert second.program.end() == 0
    assert told(first.journal) == told(second.journal)
    bodies = [each.body[0] for each in read_capture(str(second.journal)).exchanges]
    assert all((byte in (1, 2, 3)) is (form == "--wbxml") for byte in bodies)


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_twenty_devices_through_the_recorder_with_certificates(tmp_path):
    """Mutual TLS up to the recorder: the replay shows its certificate, and none of the exchanges is lost."""
    assert CliRunner().invoke(main, ["lab", "certs", "-o", str(tmp_path / "certs")]).exit_code == 0
    cert = tmp_path / "certs" / "device.pem"
    with LabServer(trust_proxy=True) as server, recording(tmp_path, server.url, "--forward-client-cert") as proxy:
        live = tmp_path / "live.jsonl"
        done = run(
            GOLDEN / "user.jsonl", "--to", proxy.url, "--ca", proxy.ca, "--cert", cert, "--count", "20", "-o", live
        )
        assert done.exit_code == 0, done.output
        assert "20 devices, 60 of 60" in done.stdout
        assert proxy.program.end() == 0
        assert len(server.certificates) == 1
        assert len(set(server.unenrolled)) == 20
    through, own = read_capture(str(proxy.journal)), read_capture(str(live))
    assert len(through.exchanges) == len(own.exchanges) == 60
    assert {each.client_cert.sha256 for each in through.exchanges} == {
        each.client_cert.sha256 for each in own.exchanges
    }
    assert sorted(each.body for each in through.exchanges) == sorted(each.body for each in own.exchanges)


@pytest.mark.slow
def test_the_real_captures_of_others_can_be_played(shared_data, tmp_path):
    """Recordings of an independent client, odd as they are, and a real Windows session: sent, and read by the lab server."""
    for name in (
        "peers/client-normal-xml-then-wbxml.mitm",
        "peers/client-unenroll-xml-then-wbxml.mitm",
        "session-windows10",
    ):
        with LabServer() as server:
            done = run(shared_data / name, "--to", server.url, "--format", "json", "-o", tmp_path / "live.jsonl")
            result = json.loads(done.stdout)
            assert result["messages"]["sent"] >= result["messages"]["recorded"] // 2
            assert server.received >= result["messages"]["sent"]
        shutil.move(tmp_path / "live.jsonl", tmp_path / "last.jsonl")
        live = assemble(read_capture(str(tmp_path / "last.jsonl")))
        assert all(turn.request is not None for turn in live.turns)


def test_mutual_tls_with_the_server_itself(tmp_path):
    """The server's certificate is verified, and the device's is shown where it is given and demanded."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    ca.issue_cert("device@example.com").private_key_and_cert_chain_pem.write_to_path(tmp_path / "device.pem")
    with LabServer(tls=context) as server:
        trusting = (GOLDEN / "user.jsonl", "--to", server.url, "--ca", tmp_path / "ca.pem")
        assert run(*trusting, "--cert", tmp_path / "device.pem", "-o", tmp_path / "live.jsonl").exit_code == 0
        assert len(server.certificates) == 1
        without = run(*trusting)
        stranger = run(GOLDEN / "user.jsonl", "--to", server.url, "--cert", tmp_path / "device.pem")
    assert without.exit_code == stranger.exit_code == 1
    # under TLS 1.3 a missing certificate is refused after the handshake, by an alert or by the end of the connection
    assert "3 missing" in without.stdout
    assert "CERTIFICATE_VERIFY_FAILED" in stranger.stdout
    (shown,) = {each.client_cert.sha256 for each in read_capture(str(tmp_path / "live.jsonl")).exchanges}
    assert shown == server.certificates[0].sha256
