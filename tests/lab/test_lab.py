import signal
import socket
import sys

import pytest
from click.testing import CliRunner

from replay.cli import main
from replay.lab.device import DeviceError, LabDevice
from replay.lab.server import LabServer
from replay.syncml.read import read
from tests.processes import program
from tests.story import Story


def test_package_one_is_in_the_order_of_a_real_windows_device(shared_data):
    from replay.lab import messages

    real = read((shared_data / "messages" / "windows11" / "windows-26200.9278-package1-user.xml").read_bytes())
    info = messages.DeviceInfo("0123456789ABCDEF0123456789ABCDEF", "Example Manufacturer", "Conformance Device")
    target = real.header.target.uri
    ours = messages.message(messages.Sender("1", target, info.device_id), 1, messages.package_one(info))
    assert ours == real.raw.strip()


def test_with_the_alert_it_is_1201_1224_1226_and_one_replace_of_five():
    from replay.lab import messages

    info = messages.DeviceInfo("D")
    commands = messages.package_one(info, alert=messages.unenrol_alert())
    found = read(messages.message(messages.Sender("1", "S", "D"), 1, commands)).commands
    assert [(c.name, getattr(c, "code", None), c.cmd_id) for c in found] == [
        ("Alert", "1201", "2"),
        ("Alert", "1224", "3"),
        ("Alert", "1226", "4"),
        ("Replace", None, "5"),
    ]
    assert found[2].items[0].meta.mark.text == "critical"
    assert [item.source.uri.rpartition("/")[2] for item in found[3].items] == ["DevId", "Man", "Mod", "DmV", "Lang"]


def test_device_and_server_with_each_other():
    with LabServer(unenroll="P") as server:
        outcome = LabDevice(server.url).run("server")
        assert (outcome.sent, outcome.answered, outcome.exec_seen) == (2, 2, True)
        assert len(server.unenrolled) == 1


def test_device_and_server_in_wbxml():
    with LabServer(unenroll="P") as server:
        outcome = LabDevice(server.url, wbxml=True).run("server")
        assert (outcome.sent, outcome.answered, outcome.exec_seen) == (2, 2, True)


def test_a_device_waits_for_the_answer_to_its_alert_as_long_as_it_is_told():
    with LabServer(variant="no-reply") as server:
        for variant in ("good", "alert-in-old-session"):
            outcome = LabDevice(server.url, alert_timeout=0.2, variant=variant).run("user")
            assert outcome.sent == outcome.answered + 1 > 2


def test_a_device_that_is_not_answered_says_how_long_it_waited():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        device = LabDevice(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        with pytest.raises(DeviceError, match=r"MDM\.svc: no answer within 0\.2 s$"):
            device.run("ordinary")


@pytest.mark.slow
def test_the_commands_over_tls(tmp_path):
    ca = tmp_path / "ca.pem"
    lab = [sys.executable, "-m", "replay", "lab"]
    with program(*lab, "server", "--tls", "--ca-out", str(ca), "--unenroll", "P") as server:
        url = server.wait_for("https://")
        device = ["lab", "device", "--to", url, "--ca", str(ca), "--scenario", "server", "--count", "5"]
        result = CliRunner().invoke(main, device)
        assert result.exit_code == 0, result.output
        assert "5 of 5 devices done: 10 messages sent, 10 answered" in result.stdout
        assert server.end(signal.SIGTERM) == 0
        assert "5 alerts taken" in "\n".join(server.said)


def test_a_server_that_is_not_there_is_a_clear_error():
    result = CliRunner().invoke(main, ["lab", "device", "--to", "http://127.0.0.1:1/"])
    assert result.exit_code == 2
    assert "ConnectionRefusedError" in result.stderr
    for url in ("nonsense", "http://[x", "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://127.0.0.1:0/"):
        with pytest.raises(DeviceError, match="no URL"):
            LabDevice(url)
    for url in ("http://a..b/", "http://127.0.0.1:1/ä"):
        result = CliRunner().invoke(main, ["lab", "device", "--to", url])
        assert result.exit_code == 2
        assert f"omadm: {url}" in result.stderr


def test_without_an_exec_the_server_scenario_says_so():
    with LabServer() as server:
        result = CliRunner().invoke(main, ["lab", "device", "--to", server.url, "--scenario", "server"])
    assert result.exit_code == 2
    assert "no Exec Unenroll" in result.stderr


def test_a_message_id_that_is_no_number_is_answered_all_the_same():
    story = Story()
    with LabServer() as lab:
        for number in ("²", "9" * 5000, "", "x"):
            body = story.package_one("1").replace(b"<MsgID>1<", f"<MsgID>{number}<".encode())
            status, answer = lab.answer(body)
            assert (status, read(answer).header.msg_id) == (200, "1")


def test_rubbish_is_answered_with_400():
    import http.client

    with LabServer() as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        connection.request("POST", "/", b"\x00")
        assert connection.getresponse().status == 400
        connection.close()
