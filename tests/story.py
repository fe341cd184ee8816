"""Journals written as a story: who sends what and when. Tests tell one, and look at what is made of it."""

import base64
import json
from pathlib import Path
from typing import Any

from replay.capture.journal_reader import read as read_journal
from replay.expect.case import Options
from replay.expect.judge import Judgement, Scope, judge
from replay.expect.scenarios import shipped
from replay.lab import messages
from replay.lab.messages import DeviceInfo, Sender
from replay.syncml.read import read as read_message

URL = "https://mdm.example.test/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
DEVICE = "0123456789ABCDEF0123456789ABCDEF"
UNENROLL = "MS DM Server"
T0 = 1_800_000_000.0
MONO0 = 5_000.0


def body_of(content: bytes | None) -> dict[str, str] | None:
    if content is None:
        return None
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


class Story:
    """A journal in the making. `now` is in seconds since its start; every exchange takes a tenth of one."""

    def __init__(
        self, *, device: str = DEVICE, url: str = URL, interval: float = 5.0, client: str = "10.0.0.5:50000"
    ) -> None:
        self.now = 0.0
        self.device, self.url, self.client = device, url, client
        self.interval = interval
        self.lines: list[dict[str, Any] | str] = []
        self.exchanges = 0
        self.content_type = messages.CONTENT_TYPE
        self.line(
            "open", format="omadm-journal", version=1, tool="test", mode="regular", redacted=False, interval=interval
        )

    # -- lines ----------------------------------------------------------------------------------------------------------

    def line(self, type_: str, **members: Any) -> None:
        self.lines.append({"type": type_, "t": T0 + self.now, "mono": MONO0 + self.now, **members})

    def wait(self, seconds: float) -> "Story":
        """Time passes, and nobody says anything."""
        self.now += seconds
        return self

    def watch(self, seconds: float) -> "Story":
        """Time passes while the recorder is watching."""
        end = self.now + seconds
        while self.now + self.interval < end:
            self.now += self.interval
            self.line("watching")
        self.now = end
        self.line("watching")
        return self

    def close(self) -> "Story":
        self.line("close", reason="stopped")
        return self

    def exchange(
        self,
        request: bytes | None,
        response: bytes | None = b"",
        *,
        status: int = 200,
        failure: str | None = None,
        by: str = "server",
        takes: float = 0.1,
        **more: Any,
    ) -> int:
        """One exchange; without an answer where `response` is None. Gives its number."""
        self.exchanges += 1
        number = str(self.exchanges)
        headers = more.pop("response_headers", [["Content-Type", messages.CONTENT_TYPE]])
        received = more.pop("received", None)
        self.line(
            "request",
            **{
                "id": number,
                "conn": f"c{number}",
                "client": self.client,
                "method": "POST",
                "url": self.url,
                "http": "HTTP/1.1",
                "headers": [["Content-Type", self.content_type]],
                "body": body_of(request),
                "client_cert": None,
                "server_saw": None,
                **more,
            },
        )
        self.now += takes
        if response is not None:
            self.line(
                "response",
                id=number,
                status=status,
                reason="",
                http="HTTP/1.1",
                headers=headers,
                body=body_of(response),
                by=by,
            )
        if failure is not None:
            self.line("failure", id=number, conn=f"c{number}", cause=failure, detail="", received=received)
        return self.exchanges

    # -- messages -------------------------------------------------------------------------------------------------------

    def to_server(self, session: str, number: int, commands: list[str]) -> bytes:
        return messages.message(Sender(session, self.url.split("?")[0], self.device), number, commands)

    def to_device(self, session: str, number: int, commands: list[str]) -> bytes:
        return messages.message(Sender(session, self.device, self.url.split("?")[0]), number, commands)

    def answer(self, request: bytes, *more: str, code: str = "200", header_code: str = "200") -> bytes:
        """What a good server answers to a request, with commands of its own where some are given."""
        received = read_message(request)
        owed = messages.answers(received, code=code, header_code=header_code)
        header = received.header
        return self.to_device(header.session_id or "", int(header.msg_id or 1), [*owed, *more])

    def package_one(self, session: str, *, alert: str | None = None, number: int = 1) -> bytes:
        return self.to_server(session, number, messages.package_one(DeviceInfo(self.device), alert=alert))

    # -- what devices and servers do ------------------------------------------------------------------------------------

    def ordinary(self, session: str) -> "Story":
        """An ordinary session of one exchange."""
        request = self.package_one(session)
        self.exchange(request, self.answer(request))
        return self

    def get_session(self, session: str) -> "Story":
        """An ordinary session in which the server sends a Get, up to there."""
        request = self.package_one(session)
        self.exchange(request, self.answer(request, messages.get(9, "./DevDetail/SwV")))
        return self

    def exec(self, session: str, provider: str = UNENROLL, command: str | None = None) -> "Story":
        """A session in which the server sends the Exec Unenroll."""
        request = self.package_one(session)
        self.exchange(request, self.answer(request, command or messages.unenrol_exec(9, provider)))
        return self

    def go_on(self, session: str, number: int, *commands: str, server_number: str | None = None) -> "Story":
        """The device goes on in a session."""
        owed = messages.status(1, server_number or str(number - 1), "0", "SyncHdr", "200")
        request = self.to_server(session, number, [owed, *commands])
        self.exchange(request, self.answer(request))
        return self

    def alert(
        self, session: str, data: str = "1", data_format: str = "int", *, text: str | None = None, **more: Any
    ) -> "Story":
        """The alert session."""
        alert = text if text is not None else messages.unenrol_alert(data, data_format)
        request = self.package_one(session, alert=alert)
        if "response" not in more:
            more["response"] = self.answer(request)
        self.exchange(request, **more)
        return self

    # -- what comes of it -----------------------------------------------------------------------------------------------

    def text(self) -> bytes:
        return b"".join((line if isinstance(line, str) else json.dumps(line)).encode() + b"\n" for line in self.lines)

    def save(self, path: Path) -> Path:
        path.write_bytes(self.text())
        return path

    def judge(self, *, scope: Scope | None = None, **options: Any) -> Judgement:
        import io

        if isinstance(options.get("expect"), str):
            options["expect"] = shipped(options["expect"])
        return judge(read_journal(io.BytesIO(self.text()), "story.jsonl"), Options(**options), scope)


def user(**more: Any) -> Story:
    """A user's unenrolment as it should be, up to the alert."""
    return Story(**more).ordinary("1").watch(30).alert("2")


def server(**more: Any) -> Story:
    """A server's unenrolment as it should be, up to the alert."""
    return Story(**more).ordinary("1").watch(30).exec("2").wait(1).alert("3")


def rules_of(judgement: Judgement) -> list[str]:
    """The rules that found something, in order, infos left out; fails where one crashed, which finds nothing either."""
    assert judgement.errors == []
    return [finding.rule for finding in judgement.findings if finding.severity != "info"]


def only(judgement: Judgement, rule: str):
    """The one finding of a rule; fails where there are more, or others that are not infos."""
    assert rules_of(judgement) == [rule], [f"{f.rule}: {f.message}" for f in judgement.findings]
    return next(finding for finding in judgement.findings if finding.rule == rule)


def at_once(*stories: Story) -> bytes:
    """The stories as one recording, in which all of it goes on at the same time."""
    lines = []
    for number, story in enumerate(stories):
        for line in story.lines:
            made = json.loads(line) if isinstance(line, str) else line
            named = {name: f"{number}-{made[name]}" for name in ("id", "conn") if made.get(name) is not None}
            lines.append({**made, **named})
    first = [line for line in lines if line["type"] == "open"][:1]
    rest = sorted((line for line in lines if line["type"] not in ("open", "close")), key=lambda line: line["mono"])
    last = [line for line in lines if line["type"] == "close"]
    last = [max(last, key=lambda line: line["mono"])] if len(last) == len(stories) else []
    return b"".join(json.dumps(line).encode() + b"\n" for line in (*first, *rest, *last))
