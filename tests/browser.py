"""A real browser without a window, told what to do over a pipe (the DevTools protocol): nothing else is needed for it."""

import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import tool
from tests.processes import PATIENCE

#: The least that does it comes first.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
#: Seconds in which a browser has to say something, also on a machine that has much else to do.
LIMIT = 3 * PATIENCE


def browser_program() -> str:
    """The path of a Chromium; skips where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None) or tool(_NAMES[0], _NAMES[0])


class Page:
    """A page in the browser."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Emulation.setDeviceMetricsOverride", width=1400, height=1000, deviceScaleFactor=1, mobile=False)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        call = {"id": number, "method": method, "params": params}
        if self._session is not None:
            call["sessionId"] = self._session
        os.write(self._to, json.dumps(call).encode() + b"\0")
        while True:
            said = self._read()
            if said.get("id") == number:
                assert "error" not in said, f"{method}: {said['error']}"
                return said["result"]

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            assert select.select([self._from], [], [], 2 * LIMIT)[0], "the browser says nothing any more"
            data = os.read(self._from, 1 << 20)
            assert data, "the browser has ended"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def open(self, url: str) -> None:
        """Goes to a page."""
        assert "errorText" not in self._call("Page.navigate", url=url)

    def wait_for(self, expression: str) -> Any:
        """The value of an expression in JavaScript as soon as it is one (not null, not empty); true for an element."""
        never = f"{expression} is nothing on this page:\n"
        wait = f"""new Promise((found, failed) => {{
            const end = Date.now() + {LIMIT * 1000};
            const look = () => {{
                const value = (() => {{ try {{ return {expression}; }} catch {{ return null; }} }})();
                if (value) found(value instanceof Node ? true : value);
                else if (Date.now() > end) failed(new Error({json.dumps(never)} + document.body?.innerText));
                else setTimeout(look, 20);
            }};
            look();
        }})"""
        done = self._call("Runtime.evaluate", expression=wait, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]["exception"]["description"]
        return done["result"]["value"]

    def click(self, element: str) -> None:
        """Clicks with the mouse on an element, given by an expression, as soon as it is there."""
        x, y = self.wait_for(
            f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect(); "
            "return r.width && [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for event in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=event, x=x, y=y, button="left", clickCount=1)

    def picture(self) -> bytes:
        """What the page looks like, as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A page in a browser of its own, whose files go into a folder."""
    theirs_in, to_browser = os.pipe()
    from_browser, theirs_out = os.pipe()
    command = [browser_program(), "--headless", "--remote-debugging-pipe", f"--user-data-dir={folder / 'browser'}"]
    command += ["--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--no-proxy-server"]
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # it refuses to run as root otherwise
    process = subprocess.Popen(
        ["bash", "-c", f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}', *command],
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Page(to_browser, from_browser)
    finally:
        process.kill()
        process.wait()
        os.close(to_browser)
        os.close(from_browser)
