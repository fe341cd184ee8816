"""The SyncML view where people see it: on mitmweb's page, in a real browser."""

import contextlib
import http.client
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.lab import messages
from replay.lab.server import LabServer
from tests.browser import Page, browser, browser_program
from tests.conftest import ROOT
from tests.processes import PATIENCE, program

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]
SCRIPT = ROOT / "addons" / "view.py"
spec = importlib.util.spec_from_file_location("omadm_view_of_the_browser_tests", SCRIPT)
view = importlib.util.module_from_spec(spec)
spec.loader.exec_module(view)

INFO = messages.DeviceInfo("D")
ALERT = messages.message(
    messages.Sender("5", "https://mdm.example.test/", "D"),
    1,
    messages.package_one(INFO, alert=messages.unenrol_alert()),
)
FIRST = messages.message(messages.Sender("4", "https://mdm.example.test/", "D"), 1, messages.package_one(INFO))
BROKEN = ALERT.replace(b"</SyncHdr>", b"</SyncHeader>")


@contextlib.contextmanager
def mitmweb(folder: Path, server: str) -> Iterator[tuple[int, str]]:
    """mitmweb itself: the port for devices, and the address of its page."""
    command = [str(Path(sys.executable).parent / "mitmweb"), "-s", str(SCRIPT), "--mode", f"reverse:{server}"]
    command += ["--listen-host", "127.0.0.1", "-p", "0", "--set", f"confdir={folder / 'conf'}", "--no-web-open-browser"]
    with program(*command, "--web-port", str(free_port()), cwd=folder) as running:
        yield (
            port_in(running.wait_for("reverse proxy to ")),
            running.wait_for("Web server listening at ").split(" at ")[1],
        )


@contextlib.contextmanager
def omadm_record(folder: Path, server: str) -> Iterator[tuple[int, str]]:
    """`omadm record --ui web`."""
    command = [sys.executable, "-m", "replay", "record", "--ui", "web", "--mode", f"reverse:{server}"]
    command += ["--listen", "127.0.0.1:0", "-o", str(folder / "run.jsonl"), "--set", f"confdir={folder / 'conf'}"]
    with program(*command, "--set", "web_port=0", "--set", "web_open_browser=false", cwd=folder) as running:
        yield port_in(running.wait_for("listening on ")), running.wait_for("web interface at ").split(" at ")[1]


def free_port() -> int:
    """mitmweb would take a free one by itself and not say which."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def port_in(line: str) -> int:
    return int(line.replace(".", " ").split(":")[-1].split()[0])


def post(port: int, body: bytes) -> bytes:
    """Sends a message through the proxy; the body of the answer."""
    kind = messages.CONTENT_TYPE if body.startswith(b"<") else messages.WBXML_TYPE
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request("POST", "/mdm?mode=Maintenance", body, {"Content-Type": kind})
        return connection.getresponse().read()


LINES = "[...document.querySelectorAll('.flow-detail .contentview pre > div')].map(line => line.textContent)"


def open_tab(page: Page, name: str) -> None:
    page.click(
        f"[...document.querySelectorAll('.flow-detail nav a')].find(tab => tab.textContent === {json.dumps(name)})"
    )


def shown(page: Page, expected: str) -> None:
    """The page shows this text, or as much of it as mitmweb shows at first; under our view's name."""
    lines = expected.rstrip("\n").splitlines()
    seen = page.wait_for(f"{LINES}[0] === {json.dumps(lines[0])} && {LINES}")
    assert seen[: len(lines)] == lines[: len(seen)]
    assert len(seen) >= min(len(lines), 50)
    assert page.wait_for("document.querySelector('.flow-detail .contentview h5').textContent") == "SyncML"


@pytest.mark.parametrize("web", [mitmweb, omadm_record])
def test_the_page_shows_messages_readable(tmp_path, web):
    browser_program()  # skips before anything is started
    sent = [FIRST, messages.to_wbxml(FIRST), ALERT, messages.to_wbxml(ALERT)]
    with LabServer(unenroll="MS DM Server") as server, web(tmp_path, server.url) as (port, url):
        answers = [post(port, body) for body in sent]
        with browser(tmp_path) as page:
            page.open(url)
            assert page.wait_for("document.querySelectorAll('.flow-table tr.has-response').length === 4")
            for number, (body, answer) in enumerate(zip(sent, answers, strict=True)):
                page.click(f"document.querySelectorAll('.flow-table tr.has-response')[{number}]")
                open_tab(page, "Request")
                shown(page, view.show(body))
                open_tab(page, "Response")
                shown(page, view.show(answer))
            (tmp_path / "page.png").write_bytes(page.picture())
    texts = [view.show(body) for body in sent + answers]
    assert (
        sum("Alert 1226 (generic alert) [4] com.microsoft:mdm.unenrollment.userrequest" in text for text in texts) == 2
    )
    assert sum("Status 200 (OK) for Alert (MsgRef 1, CmdRef 4)" in text for text in texts) == 2
    assert sum("Exec [5] ./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll" in text for text in texts) == 1


def test_what_is_broken_is_shown_with_the_reason_and_the_view_can_be_chosen(tmp_path):
    browser_program()
    with LabServer() as server, mitmweb(tmp_path, server.url) as (port, url):
        post(port, BROKEN)
        with browser(tmp_path) as page:
            page.open(url)
            page.click("document.querySelector('.flow-table tr.has-response')")
            open_tab(page, "Request")
            shown(page, view.show(BROKEN))
            for choice, line in (("raw", BROKEN.decode()), ("syncml", view.show(BROKEN).splitlines()[0])):
                page.click("document.querySelector('.flow-detail .controls a:last-of-type span')")
                page.click(
                    "[...document.querySelectorAll('.dropdown-menu a')]"
                    f".find(choice => choice.textContent.trim().toLowerCase() === {json.dumps(choice)})"
                )
                assert page.wait_for(f"{LINES}[0] === {json.dumps(line)}")
