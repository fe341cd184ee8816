"""A report in a real browser, and all that the browser says about it: console, requests, policy, dialogs; axe-core's judgement."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.browser import LIMIT, Page
from tests.conftest import ROOT

#: axe-core as npm installs it, in the work tree or above it, where Node.js would look too.
_AXE = Path("node_modules", "axe-core", "axe.min.js")
_COLLECT = """
window.violations = [];
document.addEventListener('securitypolicyviolation', e => violations.push([e.violatedDirective, e.blockedURI, e.sample]));
"""


def axe_program() -> str:
    """The text of axe-core; skips where it is not installed."""
    found = next((folder / _AXE for folder in (ROOT, *ROOT.parents) if (folder / _AXE).is_file()), None)
    if found is None:
        pytest.skip("needs the tool axe-core (npm install --no-save --ignore-scripts axe-core)")
    return found.read_text("utf-8")


class Looking:
    """A page that is watched from its beginning."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.events: list[dict[str, Any]] = []
        self._read = page._read
        page._read = self._reading
        for domain in ("Page", "Runtime", "Log", "Network"):
            page._call(f"{domain}.enable")
        page._call("Page.setLifecycleEventsEnabled", enabled=True)
        page._call("Page.addScriptToEvaluateOnNewDocument", source=_COLLECT)

    def _reading(self) -> dict[str, Any]:
        said = self._read()
        if "method" in said:
            self.events.append(said)
        return said

    def open(self, file: Path, place: str = "") -> None:
        """Opens a file, at a place in it; ends when the browser says that it is loaded."""
        self._load("about:blank")
        self.events.clear()
        self._load(file.as_uri() + place)

    def _load(self, url: str) -> None:
        done = self.page._call("Page.navigate", url=url)
        assert "errorText" not in done, done["errorText"]
        loaded = {"loaderId": done["loaderId"], "name": "load"}
        seen = 0
        while not any(
            event["method"] == "Page.lifecycleEvent" and loaded.items() <= event["params"].items()
            for event in self.events[seen:]
        ):
            seen = len(self.events)
            self.page._read()

    def until(self, expression: str) -> None:
        """Waits until an expression is true, also where no script of the page runs."""
        end = time.monotonic() + LIMIT
        while not self.value(f"Boolean({expression})"):
            assert time.monotonic() < end, f"{expression} does not come true"

    def click(self, element: str) -> None:
        """Clicks with the mouse on an element that is there, also where no script of the page runs."""
        x, y = self.value(
            f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect(); "
            "return [r.x + Math.min(r.width / 2, 40), r.y + r.height / 2]; })()"
        )
        for event in ("mousePressed", "mouseReleased"):
            self.page._call("Input.dispatchMouseEvent", type=event, x=x, y=y, button="left", clickCount=1)

    def size(self, width: int, height: int = 900) -> None:
        """Makes the window so large."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.page._call("Emulation.setDeviceMetricsOverride", **metrics)

    def picture(self, width: int, height: int) -> bytes:
        """The top of the page, so wide and high, as PNG; in a window that is as high as the page no scrollbar is seen."""
        self.size(width, self.value("document.documentElement.scrollHeight"))
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        return base64.b64decode(self.page._call("Page.captureScreenshot", format="png", clip=clip)["data"])

    def media(self, kind: str = "screen", colours: str = "light") -> None:
        """Shows the page on paper, or in the dark."""
        features = [{"name": "prefers-color-scheme", "value": colours}]
        self.page._call("Emulation.setEmulatedMedia", media=kind, features=features)

    def value(self, expression: str, *, promised: bool = False) -> Any:
        """The value of an expression, whatever it is; `promised` where it is a promise (none is kept where no script runs)."""
        done = self.page._call("Runtime.evaluate", expression=expression, awaitPromise=promised, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def key(self, name: str, code: int) -> None:
        """Presses a key."""
        for kind in ("rawKeyDown", "char", "keyUp"):
            text = {"text": "\r"} if kind == "char" and name == "Enter" else {}
            if kind != "char" or text:
                self.page._call("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=code, **text)

    def said(self) -> list[Any]:
        """What was said that should not have been: messages in the console, exceptions, breaches of the policy, dialogs."""
        violations = self.value("window.violations") or []
        names = (
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        )
        return [event for event in self.events if event["method"] in names] + violations

    def requests(self) -> list[str]:
        """Where requests went."""
        return [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]

    def axe(self) -> list[tuple[str, str, str]]:
        """What axe-core finds that is serious or critical: the rule, how bad, and the first element."""
        self.page._call("Runtime.evaluate", expression=axe_program())
        found = self.value(
            "axe.run().then(done => JSON.stringify(done.violations.map(v => [v.id, v.impact, v.nodes[0].html])))",
            promised=True,
        )
        return [tuple(each) for each in json.loads(found) if each[1] in ("serious", "critical")]

    def paper(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self.page._call("Page.printToPDF", printBackground=True)["data"])
