"""An OMA DM client that this project did not write, end to end: its own HTTP and TLS with its certificate, through the recording
proxy, against the lab server; judged, and played again."""

import json

import pytest
from click.testing import CliRunner

from replay.capture.readers import read
from replay.cli import main
from replay.lab.server import LabServer
from tests.conftest import ROOT
from tests.processes import program, recording

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]
VENV = ROOT / ".venv-peer"
DEVICE = "PEER0001"


@pytest.fixture
def peer() -> str:
    """The interpreter that has it."""
    if (VENV / "absent").exists():
        pytest.skip((VENV / "absent").read_text().strip())
    if not (VENV / ".ready").exists():
        pytest.skip("needs the tool imitune (.ci/peer sets it up)")
    return str(VENV / "bin" / "python")


@pytest.fixture
def pfx(tmp_path) -> str:
    """A certificate and its key as that client wants them."""
    import trustme
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

    made = trustme.CA().issue_cert("peer@example.com", common_name="an independent device")
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    cert = x509.load_pem_x509_certificate(made.cert_chain_pems[0].bytes())
    file = tmp_path / "peer.pfx"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"peer", key, cert, None, BestAvailableEncryption(b"pw")))
    return str(file)


def record(tmp_path, peer: str, pfx: str, provider: str | None):
    """The journal of one run of the client."""
    with LabServer(unenroll=provider) as server, recording(tmp_path, server.url) as proxy:
        where = (f"{proxy.url}ManagementServer/MDM.svc", str(proxy.ca), pfx, "pw", str(tmp_path), DEVICE)
        with program(peer, str(ROOT / "tests" / "peers" / "imitune_device.py"), *where) as device:
            code = device.wait()
            assert code == 0, "\n".join(device.said)
        assert proxy.program.end() == 0
    return proxy.journal


def check(journal) -> dict:
    return json.loads(CliRunner().invoke(main, ["check", str(journal), "--quiet", "0", "--format", "json"]).stdout)


def test_it_is_recorded_judged_and_played_again(tmp_path, peer, pfx):
    journal = record(tmp_path, peer, pfx, None)
    capture = read(str(journal))
    assert [each.response.status for each in capture.exchanges] == [200, 200]
    assert {each.client_cert.subject for each in capture.exchanges if each.client_cert} != set()
    report = check(journal)
    assert report["verdict"] == "pass"
    assert report["captures"][0]["readable"] == 2
    # what it does otherwise than Windows is a warning, and that is all there is
    assert {each["rule"] for each in report["captures"][0]["findings"]} <= {"MSG006"}
    with LabServer() as server:
        done = CliRunner().invoke(main, ["replay", str(journal), "--to", server.url])
        again = CliRunner().invoke(
            main, ["replay", str(journal), "--to", server.url, "--wbxml", "--device-id", "PEER0002"]
        )
    assert done.exit_code == again.exit_code == 0, done.output + again.output


def test_it_answers_the_exec_and_that_is_found(tmp_path, peer, pfx):
    """It takes Unenroll for any command and gives it a Status; no alert comes. That is what UNE009 is there to find."""
    report = check(record(tmp_path, peer, pfx, "MS DM Server"))
    assert report["verdict"] == "fail"
    assert report["verdicts"] == {"device": "fail", "server": "pass", "proxy": "pass"}
    (episode,) = report["captures"][0]["episodes"]
    assert episode["scenario"] == "server"
    assert {"UNE009", "UNE001"} <= {each["rule"] for each in report["captures"][0]["findings"]}
