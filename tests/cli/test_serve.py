"""`omadm serve` as a tester uses it: what was recorded, served, and recorded again, is the same."""

import http.client
import json
import signal
import sys

import pytest
from click.testing import CliRunner

from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.cli import main
from replay.lab import messages
from replay.lab.device import LabDevice
from replay.lab.server import LabServer
from replay.syncml.credentials import Secret, basic
from tests.conftest import ROOT
from tests.play.caller import text_of
from tests.processes import PATIENCE, program, recording
from tests.serving import port_of, serving
from tests.story import Story

CAPTURES = ROOT / "captures"


def normal(path) -> str:
    return text_of(assemble(read(str(path))))


def run_lab_device(served, scenario: str, **more) -> None:
    LabDevice(served.url, tls=served.tls, **more).run(scenario)
    assert served.program.end() == 0, "\n".join(served.program.said)


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize(
    ("capture", "scenario", "variant", "wbxml"),
    [
        ("user", "user", "good", True),
        ("server", "server", "good", False),
        ("server", "server", "good", True),
        ("unjoin-failed", "server", "data-2", False),
    ],
)
def test_a_golden_capture_served_to_the_labs_device(tmp_path, capture, scenario, variant, wbxml):
    with serving(tmp_path, CAPTURES / f"{capture}.jsonl") as served:
        run_lab_device(served, scenario, variant=variant, wbxml=wbxml)
    assert normal(served.journal) == normal(CAPTURES / f"{capture}.jsonl")


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("wbxml", [False, True], ids=["xml-then-wbxml", "wbxml-then-xml"])
@pytest.mark.parametrize("variant", ["good", "refuse", "close", "error-500", "commands-in-reply"])
def test_recorded_served_and_recorded_again(tmp_path, wbxml, variant):
    """Whatever the lab's server does about the alert, the played one does too."""
    with LabServer(variant=variant) as server, recording(tmp_path, server.url) as recorded:
        run_lab_device(recorded, "user", wbxml=wbxml)
    with serving(tmp_path, recorded.journal) as served:
        run_lab_device(served, "user", wbxml=not wbxml)
    assert normal(served.journal) == normal(recorded.journal)
    assert not any("not in the recording" in line for line in served.journal.read_text().splitlines())


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize(("variant", "code"), [("good", 0), ("not-silent", 1)])
def test_it_ends_with_the_verdict_on_the_device(tmp_path, variant, code):
    more = ("--until-verdict", "--quiet", "1", "--expect", "server", "--fault", "drop-reply@alert")
    with serving(tmp_path, CAPTURES / "server.jsonl", *more) as served:
        LabDevice(served.url, tls=served.tls, variant=variant).run("server")
        assert served.program.wait() == code
    assert any(line.startswith("PASS" if code == 0 else "FAIL") for line in served.program.said)


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_as_a_proxy_for_any_servers_name(tmp_path):
    capture = Story().get_session("1").save(tmp_path / "get.jsonl")
    with serving(tmp_path, capture, "--mode", "regular") as served:
        connection = http.client.HTTPSConnection("127.0.0.1", port_of(served), timeout=PATIENCE, context=served.tls)
        connection.set_tunnel("mdm.contoso.test", 443)
        story = Story(url="https://mdm.contoso.test/x", device="D")
        connection.request("POST", "/x", story.package_one("3"), {"Content-Type": messages.CONTENT_TYPE})
        body = connection.getresponse().read()
        connection.close()
        assert served.program.end(signal.SIGTERM) == 0
    assert b"<Get>" in body
    assert b"https://mdm.contoso.test/x" in body
    (exchange,) = read(str(served.journal)).exchanges
    assert exchange.url == "https://mdm.contoso.test/x"


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_password_is_asked_of_devices_and_written_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("OMADM_PASSWORD", "hunter2-password")
    story = Story()
    request = story.package_one("1")
    cred = "<Cred><Meta><Type xmlns='syncml:metinf'>syncml:auth-md5</Type></Meta><Data>x</Data></Cred></SyncHdr>"
    story.exchange(request.replace(b"</SyncHdr>", cred.encode()), story.answer(request, header_code="212"))
    capture = story.save(tmp_path / "auth.jsonl")
    with serving(tmp_path, capture, "--user", "someone") as served:
        connection = http.client.HTTPConnection("127.0.0.1", port_of(served), timeout=PATIENCE)
        connection.request("POST", "/x", request, {"Content-Type": messages.CONTENT_TYPE})
        body = connection.getresponse().read()
        connection.close()
        assert served.program.end() == 0
    assert b"<Data>407</Data>" in body
    assert b"<NextNonce" in body
    notes = [json.loads(line).get("text", "") for line in served.journal.read_text().splitlines()]
    assert any("carries no credentials: it is challenged (407)" in note for note in notes)
    for path in (each for each in tmp_path.rglob("*") if each.is_file()):
        assert b"hunter2" not in path.read_bytes(), path
    assert not any("hunter2" in line for line in served.program.said)


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize("redact", [False, True])
def test_a_basic_credential_is_part_of_the_devices_message_and_redacted_with_it(tmp_path, monkeypatch, redact):
    monkeypatch.setenv("OMADM_PASSWORD", "hunter2-password")
    story = Story()
    shown = basic(Secret("someone", "hunter2-password"))
    cred = "<Cred><Meta><Type xmlns='syncml:metinf'>syncml:auth-basic</Type></Meta><Data>{}</Data></Cred></SyncHdr>"
    request = story.package_one("1").replace(b"</SyncHdr>", cred.format("x").encode())
    story.exchange(request, story.answer(request, header_code="212"))
    capture = story.save(tmp_path / "auth.jsonl")
    with serving(tmp_path, capture, "--user", "someone", *(["--redact"] if redact else [])) as served:
        connection = http.client.HTTPConnection("127.0.0.1", port_of(served), timeout=PATIENCE)
        mine = request.replace(b"<Data>x</Data>", f"<Data>{shown}</Data>".encode())
        connection.request("POST", "/x", mine, {"Content-Type": messages.CONTENT_TYPE})
        body = connection.getresponse().read()
        connection.close()
        assert served.program.end() == 0
    assert b"<Data>212</Data>" in body
    assert (shown in served.journal.read_text()) is not redact
    assert not any("hunter2" in line or shown in line for line in served.program.said)


def test_a_user_without_a_password_is_refused(monkeypatch):
    monkeypatch.delenv("OMADM_PASSWORD", raising=False)
    result = CliRunner().invoke(main, ["serve", str(CAPTURES / "user.jsonl"), "--user", "u"])
    assert result.exit_code == 2
    assert "OMADM_PASSWORD" in result.output


@pytest.mark.slow
@pytest.mark.mitmproxy
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing-here.jsonl"], "nothing-here.jsonl: cannot be read"),
        ([str(ROOT / "README.md")], "no known capture format"),
        ([str(CAPTURES / "user.jsonl"), "--part", "nobody"], "has no device 'nobody'"),
        ([str(CAPTURES / "user.jsonl"), "--fault", "nonsense"], "is no kind of fault"),
    ],
)
def test_what_cannot_be_played_is_said_and_ends_with_2(tmp_path, words, said):
    with program(sys.executable, "-m", "replay", "serve", *words, "--listen", "127.0.0.1:0", cwd=tmp_path) as running:
        assert running.wait() == 2
        assert any(said in line for line in running.said), running.said
