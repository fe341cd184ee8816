"""Messages without a recorder: one message in a file, or a folder of them (`NN_request.xml`, `NN_response.wbxml`), or the traces
that servers write (`MSG_request.txt`, `MSG_response.txt`).

Such captures have no clock. What a `.headers` file beside a body says (request line or status line, headers) is read, and so is
what stands before the body in a trace. Headers without a body are a message of which no body was kept.
"""

import re
from pathlib import Path
from typing import BinaryIO, Final

from replay.capture.exchange import Capture, CaptureError, Exchange, Headers, Response, Trouble, header
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Alert, Command, Message
from replay.syncml.names import CLIENT_EVENT, CLIENT_INITIATED, GENERIC_ALERT, SERVER_INITIATED
from replay.syncml.read import looks_like_syncml
from replay.syncml.read import read as read_message

NAME: Final = "message"
FOLDER_NAME: Final = "folder"
_FILE: Final = re.compile(r"^(?P<key>.+)_(?P<side>request|response)\.(?P<form>xml|wbxml|txt|headers)$", re.IGNORECASE)
_REQUEST_LINE: Final = re.compile(
    r"^(?P<method>[A-Za-z]+)(?: +(?P<target>(?!HTTP/)\S[^ \n]*(?: +(?!HTTP/\S+$)[^ \n]+)*))?(?: +(?P<http>HTTP/\S+))?$"
)
_STATUS_LINE: Final = re.compile(r"^(?P<http>HTTP/\S+) +(?P<status>[0-9]{3})(?: +(?P<reason>.*))?$")
#: Alerts that only a device sends (DMRP 7).
_OF_DEVICES: Final = frozenset({SERVER_INITIATED, CLIENT_INITIATED, CLIENT_EVENT, GENERIC_ALERT})
#: What a trace begins with where it has the head of the message before the body.
_TRACE_HEAD: Final = re.compile(rb"^(?:[A-Z]+ \S+ HTTP/|HTTP/\d)[^\n]*\n(?:[^\s:<][^\n:]*:[^\n]*\n)*\r?\n")
#: The root of a fragment, as documents print single commands.
_FRAGMENT: Final = re.compile(
    rb"^\s*(?:<\?xml[^>]*\?>\s*)?<(?:[\w.-]+:)?(SyncHdr|SyncBody|Alert|Status|Exec|Get|Replace|Add|Delete|Atomic|Results)[\s>]"
)


def looks_like_message(head: bytes) -> bool:
    """Whether a file begins as a SyncML message does, or as a fragment of one."""
    return looks_like_syncml(head) or bool(_FRAGMENT.match(head.removeprefix(b"\xef\xbb\xbf")))


def read(file: BinaryIO, path: str) -> Capture:
    """A file with one message as a capture of one exchange. Who sent it is told from the message itself."""
    body = file.read()
    exchange = Exchange(number=1, id="1", order=1.0)
    if is_from_server(body):
        exchange.response = Response(status=200, order=2.0, body=body)
    else:
        exchange.method, exchange.body = "POST", body
    return Capture(path=path, format=NAME, exchanges=[exchange])


def is_from_server(body: bytes) -> bool:
    """Whether a message on its own is the server's: its Target is a device and its Source a URL, or it has no header
    and carries commands that only a server sends (DMP 8). What opens a session or raises an alert is a device's, whatever its
    header says: the document's own sample has the two addresses swapped (MSG005)."""
    try:
        message = read_message(body, lenient=True)  # who sent it can be told, whether it is well-formed or not
    except UnreadableMessageError:
        return False
    if _opens_session(message):
        return False
    target, source = message.header.target, message.header.source
    to_url = _is_url(target.uri if target else None)
    from_url = _is_url(source.uri if source else None)
    if to_url != from_url:
        return from_url
    return any(_is_servers(command) for command in message.commands)


def _is_url(uri: str | None) -> bool:
    return bool(uri) and (uri or "").lower().startswith(("http://", "https://"))


def _opens_session(message: Message) -> bool:
    """Whether a message has an alert that only a device sends (DMRP 7)."""
    return any(isinstance(c, Alert) and c.code in _OF_DEVICES for c in message.commands)


def _is_servers(command: Command) -> bool:
    """Whether only a server sends such a command: a device's Replace says what it is about in Source, not in Target."""
    if command.name == "Replace":
        return any(item.target is not None for item in command.items)
    return command.name in ("Get", "Exec", "Add", "Delete", "Atomic", "Sequence")


def names_a_message(name: str) -> bool:
    """Whether a file of that name is one of a folder of messages."""
    return bool(_FILE.match(name))


def message_files(folder: Path) -> list[Path]:
    """The files of a folder whose names this reader knows, in order of their names. Only files: a pipe of such a name would be
    waited for, and a device has no end."""
    return sorted(entry for entry in folder.iterdir() if names_a_message(entry.name) and entry.is_file())


def read_folder(folder: Path) -> Capture:
    """A folder of messages as a capture: a request and the response of the same number are one exchange.

    Raises CaptureError where the folder holds none, OSError where a file cannot be read.
    """
    capture = Capture(path=str(folder), format=FOLDER_NAME)
    found: dict[str, dict[str, Path]] = {}
    for entry in message_files(folder):
        match = _FILE.match(entry.name)
        if match is None:
            continue
        # a name need not be text: what is no UTF-8 in it is shown, because the exchange is called by it
        sides = found.setdefault(_text(match["key"]), {})
        side, is_head = match["side"].lower(), match["form"].lower() == "headers"
        if side in sides and not is_head and sides[side].suffix.lower() != ".headers":
            text = f"{_text(entry.name)}: there is {_text(sides[side].name)} as well, and only that is read"
            capture.troubles.append(Trouble("cut", text))
        elif side not in sides or not is_head:
            sides[side] = entry
    if not found:
        raise CaptureError(
            f"{folder}: is a folder without messages; expected files named like 01_request.xml and 01_response.xml"
        )
    for number, key in enumerate(sorted(found, key=_by_number), 1):
        capture.exchanges.append(_exchange(number, key, found[key], capture))
    return capture


def _text(name: str) -> str:
    """The text of a name, or a part of one."""
    return name.encode("utf-8", "backslashreplace").decode()


def _by_number(key: str) -> tuple[int, str]:
    digits = re.match(r"[0-9]{1,18}", key)
    return (int(digits.group()) if digits else 0, key)


def _exchange(number: int, key: str, files: dict[str, Path], capture: Capture) -> Exchange:
    exchange = Exchange(number=number, id=key, order=2.0 * number)
    if "request" in files:
        first, exchange.headers, exchange.body = _parts(files["request"])
        line = _REQUEST_LINE.match(first)
        exchange.method = line["method"] if line else "POST"
        exchange.http = line["http"] if line else None
        exchange.url = _url((line["target"] if line else None) or "", exchange.headers)
    else:
        capture.troubles.append(Trouble("cut", f"{key}: a response without its request", exchange=number))
    if "response" in files:
        first, headers, body = _parts(files["response"])
        status = _STATUS_LINE.match(first)
        exchange.response = Response(
            status=int(status["status"]) if status else 200,
            order=2.0 * number + 1,
            reason=(status["reason"] or "") if status else "",
            http=status["http"] if status else "",
            headers=headers,
            body=body,
        )
    return exchange


def _parts(file: Path) -> tuple[str, Headers, bytes | None]:
    """First line, headers and body of a message: from the `.headers` file beside the body, or from before it in a trace. The
    body is None where there is only such a file."""
    beside = file.with_suffix(".headers")
    if file.suffix.lower() == ".headers":
        return *_head(file.read_bytes()), None
    body = file.read_bytes()
    if beside.exists():
        return *_head(beside.read_bytes()), body
    head = _TRACE_HEAD.match(body) if file.suffix.lower() == ".txt" else None
    if head is None:
        return "", (), body
    return *_head(head.group()), body[head.end() :]


def _head(head: bytes) -> tuple[str, Headers]:
    """First line and headers."""
    lines = [line.removesuffix("\r") for line in head.decode("utf-8", "replace").removeprefix("\ufeff").split("\n")]
    pairs = (line.partition(":") for line in lines[1:] if ":" in line)
    return lines[0].strip(), tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _url(target: str, headers: Headers) -> str | None:
    """The URL from a request line: as it stands where it is whole, else put together with Host, in https (MDM 2.1)."""
    if _is_url(target):
        return target
    host = header(headers, "host")
    return f"https://{host}{target}" if host and target.startswith("/") else None
