"""Captures that a person reads: a small time table, and the messages as XML between its lines.

    # A word on what this shows.
    $ omadm check --expect user

    @ 0 open interval=5
    @ 30 watching
    @ 30 request 1 url=https://mdm.example.test/omadm
    Content-Type: application/vnd.syncml.dm+xml

    <SyncML>…</SyncML>
    @ 30.1 response 1 200
    @ 90 watching
    @ 90 close

A line that begins with `@` is a moment (seconds since the recording began) and what happened then. `watching` stands for all
the lines of that kind since the one before it. Headers follow a request or a response, then an empty line, then the body. Without
headers it has the ones that OMA DM has; `as=wbxml` sends the XML below as WBXML, `as=base64` the bytes that are written so,
`as=text` the text to the letter; otherwise white space at both ends is left out. What a request does not say is as in the one
before it. A `raw` line puts what is below it into the journal as it stands.

    python -m tests.timetable write    # the reports beside the captures anew; read the difference before it is committed
    python -m tests.timetable show FILE.jsonl    # a journal as a time table
"""

import base64
import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from replay.lab import messages

T0 = 1_800_000_000.0
MONO0 = 5_000.0
URL = "https://mdm.example.test/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
FOLDER = Path(__file__).parent / "rules" / "captures"
_CARRIED = ("url", "client", "method", "http", "client_cert", "server_saw", "content")
_DIGITS = 3


class Entry(Struct):
    """One line of the table with what stands below it."""

    at: float
    type: str
    words: list[str]
    members: dict[str, str]
    below: str


class Table(Struct):
    """A capture as it is written: what it shows, how it is judged, and its lines."""

    about: str
    arguments: list[str]
    entries: list[Entry] = field(default_factory=list)


def parse(text: str) -> Table:
    """A time table, read. Raises ValueError where a line is none of its kinds."""
    head, *rest = re.split(r"(?m)^@ ", text)
    about = " ".join(line[1:].strip() for line in head.splitlines() if line.startswith("#"))
    command = next((line[1:] for line in head.splitlines() if line.startswith("$")), " omadm check")
    _, verb, *arguments = shlex.split(command)
    if verb != "check":
        raise ValueError(f"{command!r}: expected omadm check")
    return Table(about, arguments, [_entry(part) for part in rest])


def _entry(part: str) -> Entry:
    line, _, below = part.partition("\n")
    moment, type_, *words = shlex.split(line)
    members = dict(word.split("=", 1) for word in words if re.match(r"[a-z_]+=", word))
    return Entry(float(moment), type_, [word for word in words if not re.match(r"[a-z_]+=", word)], members, below)


def journal(table: Table) -> bytes:
    """The journal that a time table stands for."""
    lines: list[bytes] = []
    carried: dict[str, str] = {"url": URL, "client": "10.0.0.5:50000"}
    interval, last = 5.0, 0.0

    def add(at: float, type_: str, **members: Any) -> None:
        line = {"type": type_, "t": T0 + at, "mono": MONO0 + at, **members}
        lines.append(json.dumps(line).encode() + b"\n")

    for entry in table.entries:
        if entry.type == "open":
            interval = float(entry.members.get("interval", "5"))
        if entry.type == "raw":
            lines.append(entry.below.encode().removesuffix(b"\n"))
            continue
        if entry.type == "watching":
            while last + interval < entry.at - 1e-6:
                last += interval
                add(last, "watching")
        add(entry.at, entry.type, **_members(entry, carried))
        last = entry.at
    return b"".join(lines)


def _members(entry: Entry, carried: dict[str, str]) -> dict[str, Any]:
    more = {key: _value(value) for key, value in entry.members.items() if key not in (*_CARRIED, "as", "body")}
    match entry.type:
        case "open":
            head = {"format": "omadm-journal", "version": 1, "tool": "test", "mode": "regular", "redacted": False}
            return {**head, "interval": 5.0, **more}
        case "request":
            carried |= {key: entry.members[key] for key in _CARRIED if key in entry.members}
            return {**_request(entry, carried), **more}
        case "response":
            status = int(entry.words[1]) if len(entry.words) > 1 else 200
            headers, body = _content(entry, messages.CONTENT_TYPE)
            head = {"id": entry.words[0], "status": status, "reason": "", "http": "HTTP/1.1", "headers": headers}
            return {**head, "body": body, "by": "server", **more}
        case "failure":
            number = entry.words[0] if entry.words[0] != "-" else None
            conn = f"c{number}" if number else None
            return {"id": number, "conn": conn, "cause": entry.words[1], "detail": "", "received": None, **more}
        case "note":
            return {"text": " ".join(entry.words), **more}
        case "close":
            return {"reason": "stopped", **more}
        case _:
            return more


def _request(entry: Entry, carried: dict[str, str]) -> dict[str, Any]:
    number = entry.words[0]
    headers, body = _content(entry, carried.get("content", messages.CONTENT_TYPE))
    return {
        "id": number,
        "conn": f"c{number}",
        "client": carried["client"] or None,
        "method": carried.get("method", "POST"),
        "url": carried["url"],
        "http": carried.get("http", "HTTP/1.1"),
        "headers": headers,
        "body": body,
        "client_cert": _certificate(carried.get("client_cert")),
        "server_saw": _certificate(carried.get("server_saw")),
    }


def _certificate(subject: str | None) -> dict[str, str] | None:
    return {"subject": subject, "sha256": f"{sum(subject.encode()):064x}"} if subject else None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _content(entry: Entry, default: str) -> tuple[list[list[str]], dict[str, str] | None]:
    """Headers and body; both are optional."""
    kind = entry.members.get("as", "xml")
    below = entry.below if kind == "text" else entry.below.strip()
    headers: list[list[str]] = []
    if re.match(r"[A-Za-z-]+:", below):
        head, _, below = below.partition("\n\n")
        headers = [[name, value.strip()] for name, value in (line.split(":", 1) for line in head.splitlines())]
    if not any(name.lower() == "content-type" for name, _ in headers) and entry.members.get("content") != "none":
        given = entry.members.get("content") or (messages.WBXML_TYPE if kind == "wbxml" else default)
        headers.insert(0, ["Content-Type", given])
    if entry.members.get("body") == "none":
        return headers, None
    match kind:
        case "wbxml":
            content = messages.to_wbxml(below.encode())
        case "base64":
            content = base64.b64decode(below)
        case _:
            content = below.encode()
    try:
        return headers, {"text": content.decode()}
    except UnicodeDecodeError:
        return headers, {"base64": base64.b64encode(content).decode()}


# -- journals as time tables ------------------------------------------------------------------------------------------------


def show(lines: bytes, about: str = "", arguments: str = "") -> str:
    """A journal as a time table: well-formed XML is indented, everything else kept."""
    out = [f"# {about}".rstrip(), f"$ omadm check {arguments}".rstrip(), ""]
    first: float | None = None
    carried: dict[str, str] = {"url": URL, "client": "10.0.0.5:50000"}
    ids: dict[str, str] = {}
    parsed = [json.loads(line) for line in lines.splitlines() if line.strip()]
    for place, line in enumerate(parsed):
        first = line["mono"] if first is None else first
        following = parsed[place + 1]["type"] if place + 1 < len(parsed) else ""
        if line["type"] == "watching" and following == "watching" and parsed[place + 1]["mono"] - line["mono"] <= 5:
            continue
        if line["type"] == "disconnect":
            continue
        moment = round(line["mono"] - first, _DIGITS)
        out += _shown(f"@ {moment:g} {line['type']}", line, carried, ids)
    return "\n".join(out) + "\n"


def _shown(head: str, line: dict[str, Any], carried: dict[str, str], ids: dict[str, str]) -> Iterator[str]:
    number = ids.setdefault(line["id"], str(len(ids) + 1)) if line.get("id") else "-"
    match line["type"]:
        case "open":
            yield f"{head} interval={line['interval']:g}"
        case "request":
            changed = [key for key in ("url", "client") if line[key] != carried[key]]
            carried |= {key: line[key] for key in changed}
            kind, below = _below(line)
            yield " ".join([head, number, *(shlex.quote(f"{key}={line[key]}") for key in changed), *kind])
            yield from below
        case "response":
            kind, below = _below(line)
            by = ["by=proxy"] if line["by"] != "server" else []
            yield " ".join([head, number, str(line["status"]), *by, *kind])
            yield from below
        case "failure":
            yield f"{head} {number} {line['cause']}"
        case "note":
            name = f" name={line['name']}" if line.get("name") else ""
            yield f"{head} {shlex.quote(line['text'])}{name}"
        case _:
            yield head


def _below(line: dict[str, Any]) -> tuple[list[str], list[str]]:
    """How a body is written, and its lines, with the headers that are not what OMA DM has."""
    body = line.get("body")
    headers = [f"{name}: {value}" for name, value in line["headers"] if name.lower() != "content-type"]
    content = next((value for name, value in line["headers"] if name.lower() == "content-type"), "none")
    kind = [] if content == messages.CONTENT_TYPE else [shlex.quote(f"content={content}")]
    head = [*headers, ""] if headers else []
    if body is None:
        return [*kind, "body=none"], head
    content_bytes = body["text"].encode() if "text" in body else base64.b64decode(body["base64"])
    if "base64" in body:
        return [*kind, "as=base64"], [*head, body["base64"]]
    return kind, [*head, *_indented(content_bytes).splitlines()]


def _indented(content: bytes) -> str:
    from lxml import etree

    try:
        root = etree.fromstring(content, etree.XMLParser(remove_blank_text=True, resolve_entities=False))
    except etree.XMLSyntaxError:
        return content.decode()
    text = etree.tostring(root, pretty_print=True, encoding="unicode")
    # what is short stands on one line: a command's ids and names are read together
    for name in ("Status", "Source", "Target", "Meta", "Item", "Alert", "Get", "Results"):
        text = re.sub(
            rf"<{name}>(?:(?!<{name}>|</{name}>).)*</{name}>",
            lambda found: (
                re.sub(r">\s+<", "><", found.group())
                if len(re.sub(r">\s+<", "><", found.group())) < 125
                else found.group()
            ),
            text,
            flags=re.DOTALL,
        )
    return text


# -- the reports beside them ------------------------------------------------------------------------------------------------


def captures() -> list[Path]:
    """Every capture of a rule: `RULE/passes….txt` and `RULE/fails….txt`, or inconclusive, warns, reports."""
    return sorted(FOLDER.glob("*/*.txt"))


def report_on(capture: Path, folder: Path) -> tuple[int, str]:
    """Exit code and report of `omadm check` on a capture that is made a journal in a folder, as a user would see it. Other files
    beside it (evidence, scenarios) are there too."""
    import contextlib
    import shutil

    from click.testing import CliRunner

    from replay.cli import main

    table = parse(capture.read_text())
    for beside in capture.parent.iterdir():
        if beside.suffix not in (".txt", ".report"):
            shutil.copy(beside, folder)
    name = f"{capture.stem}.jsonl"
    (folder / name).write_bytes(journal(table))
    with contextlib.chdir(folder):
        result = CliRunner().invoke(main, ["check", name, *table.arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, f"{result.output}\nexit code {result.exit_code}\n"


def _write() -> None:
    import tempfile

    for capture in captures():
        with tempfile.TemporaryDirectory() as folder:
            capture.with_suffix(".report").write_text(report_on(capture, Path(folder))[1])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write"]:
            _write()
        case ["show", file]:
            sys.stdout.write(show(Path(file).read_bytes()))
        case _:
            sys.exit(__doc__)
