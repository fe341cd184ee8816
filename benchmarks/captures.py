"""The captures that are measured: made anew for every run, of many ordinary sessions."""

import json
from pathlib import Path

from replay.lab import messages
from replay.syncml.read import read

_URL = "https://mdm.example.test/ManagementServer/MDM.svc"
_QUERY = "?mode=Maintenance&Platform=WoA"


def exchange(number: int, alert: str | None = None) -> tuple[bytes, bytes]:
    """The messages of one session of a device of its own, with the alert where there is one."""
    info = messages.DeviceInfo(f"{number:032X}")
    request = messages.message(messages.Sender("1", _URL, info.device_id), 1, messages.package_one(info, alert=alert))
    owed = messages.answers(read(request))
    return request, messages.message(messages.Sender("1", info.device_id, _URL), 1, owed)


def journal(path: Path, sessions: int, *, unenrol_every: int | None = None) -> Path:
    """A journal of so many sessions, a second each; one in `unenrol_every` is that of a device that leaves."""
    kind = [["Content-Type", messages.CONTENT_TYPE]]
    with path.open("w", encoding="utf-8") as file:

        def line(type_: str, at: float, **members: object) -> None:
            file.write(json.dumps({"type": type_, "t": 1.8e9 + at, "mono": at, **members}) + "\n")

        line("open", 0.0, format="omadm-journal", version=1, tool="bench", mode="regular", redacted=False, interval=5)
        for number in range(sessions):
            leaves = unenrol_every is not None and number % unenrol_every == 0
            request, response = exchange(number, messages.unenrol_alert("1", "int") if leaves else None)
            common = {"id": str(number), "http": "HTTP/1.1", "headers": kind}
            sent = {"conn": str(number), "client": f"10.0.{number >> 8 & 255}.{number & 255}:5000", "method": "POST"}
            line("request", number, **common, **sent, url=_URL + _QUERY, body={"text": request.decode()})
            line(
                "response",
                number + 0.1,
                **common,
                status=200,
                reason="OK",
                by="server",
                body={"text": response.decode()},
            )
        for more in range(5, 100, 5):
            line("watching", sessions + more)
        line("close", sessions + 100, reason="done")
    return path


def flow_file(path: Path, exchanges: int) -> Path:
    """A mitmproxy flow file of so many exchanges."""
    from mitmproxy.http import Headers
    from mitmproxy.io import FlowWriter
    from mitmproxy.test import tflow, tutils

    kind = Headers(((b"content-type", messages.CONTENT_TYPE.encode()),))
    with path.open("wb") as file:
        writer = FlowWriter(file)
        for number in range(exchanges):
            request, response = exchange(number)
            flow = tflow.tflow(
                req=tutils.treq(method=b"POST", content=request, headers=kind, timestamp_start=1.8e9 + number),
                resp=tutils.tresp(content=response, headers=kind, timestamp_end=1.8e9 + number + 0.1),
            )
            writer.add(flow)
    return path
