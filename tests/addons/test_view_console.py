"""The SyncML view in mitmproxy itself, on a terminal: what is shown is edited, and the message is WBXML again."""

import contextlib
import fcntl
import io
import os
import re
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mitmproxy import contentviews

from replay.capture.journal_reader import read as read_journal
from replay.capture.readers import read
from replay.capture.writers import write
from replay.lab import messages
from tests.conftest import ROOT
from tests.processes import PATIENCE
from tests.story import Story

pytestmark = [
    pytest.mark.slow,
    pytest.mark.mitmproxy,
    pytest.mark.skipif(not hasattr(contentviews, "InteractiveContentview"), reason="needs mitmproxy 12's views"),
]
F5, F6 = b"\x1b[15~", b"\x1b[17~"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][A-Z0-9]")


class Screen:
    """A program on a terminal of its own; `text` is everything that it has written there."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
        env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT), **env}
        self.process = subprocess.Popen(command, env=env, start_new_session=True, **streams)
        os.close(theirs)
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the end of a terminal is an error
            while data := os.read(self._ours, 1 << 16):
                self.text += ESCAPES.sub("", data.decode("utf-8", "replace"))

    def press(self, key: bytes) -> None:
        os.write(self._ours, key)

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None and time.monotonic() < end, f"{what}:\n{self.text[-4000:]}"
            time.sleep(0.02)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        os.close(self._ours)


@contextlib.contextmanager
def mitmproxy(folder: Path, body: bytes, editor: str) -> Iterator[Screen]:
    """mitmproxy with one flow. F5 edits its request as SyncML, with a Python program as the editor; F6 saves it."""
    story = Story()
    story.content_type = messages.WBXML_TYPE
    story.exchange(body)
    write(read_journal(io.BytesIO(story.text()), "story"), str(folder / "in.mitm"), "flows")
    (folder / "editor.py").write_text(editor)
    (folder / "conf").mkdir()
    (folder / "conf" / "keys.yaml").write_text(
        '- key: f5\n  ctx: [global]\n  cmd: console.edit.focus "request-body (SyncML)"\n'
        f"- key: f6\n  ctx: [global]\n  cmd: save.file @all {folder / 'out.mitm'}\n"
    )
    command = [str(Path(sys.executable).parent / "mitmproxy"), "-n", "-r", str(folder / "in.mitm")]
    command += ["-s", str(ROOT / "addons" / "view.py"), "--set", f"confdir={folder / 'conf'}"]
    screen = Screen(command, {"MITMPROXY_EDITOR": f"{sys.executable} {folder / 'editor.py'}"})
    try:
        screen.until(lambda: "POST" in screen.text and "scripts:1" in screen.text, "the flow is not shown")
        yield screen
    finally:
        screen.close()


def edited(folder: Path, body: bytes, old: str, new: str, said: str) -> bytes:
    """The body after an edit, as mitmproxy saves it; what it says of the edit is awaited."""
    editor = f"""import pathlib, sys
file = pathlib.Path(sys.argv[1])
text = file.read_text()
pathlib.Path({str(folder / "shown")!r}).write_text(text)
file.write_text(text.replace({old!r}, {new!r}))
pathlib.Path({str(folder / "edited")!r}).touch()
"""
    with mitmproxy(folder, body, editor) as screen:
        screen.press(F5)
        screen.until((folder / "edited").exists, "the editor was not started")
        screen.until(lambda: screen.text.count("scripts:1") > 1, "the screen is not drawn again")
        if said:
            screen.until(lambda: said in screen.text, f"{said!r} is not shown")
        screen.press(F6)
        screen.until(lambda: "Saved 1 flows" in screen.text, "the flow was not saved")
    return read(str(folder / "out.mitm")).exchanges[0].body


XML = messages.message(
    messages.Sender("5", "https://mdm.example.test/", "D"),
    1,
    messages.package_one(messages.DeviceInfo("D"), alert=messages.unenrol_alert()),
)


def test_an_edited_message_is_wbxml_again(tmp_path):
    made = edited(tmp_path, messages.to_wbxml(XML), ">critical<", ">fatal<", "")
    assert "Alert 1226 (generic alert) [4]" in (tmp_path / "shown").read_text()
    assert made == messages.to_wbxml(XML.replace(b">critical<", b">fatal<"))


def test_what_is_no_message_any_more_is_refused_with_the_reason_and_nothing_is_changed(tmp_path):
    body = messages.to_wbxml(XML)
    assert edited(tmp_path, body, "</SyncHdr>", "</SyncHeader>", "The message stays as it was: line ") == body
