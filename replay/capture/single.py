"""Messages without a recorder: one message in a file, or a folder of them (`NN_request.xml`, `NN_response.xml`).

Such captures have no clock; what a `.headers` file beside a body says (request line or status line, headers) is read.
"""

import re
from pathlib import Path
from typing import BinaryIO, Final

from replay.capture.exchange import Capture, CaptureError, Exchange, Headers, Response, Trouble, header
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Alert, Message
from replay.syncml.names import CLIENT_INITIATED, SERVER_INITIATED
from replay.syncml.read import looks_like_syncml
from replay.syncml.read import read as read_message

NAME: Final = "message"
FOLDER_NAME: Final = "folder"
_FILE: Final = re.compile(r"^(?P<key>.+)_(?P<side>request|response)\.(?P<form>xml|wbxml)$")
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
    and carries commands that only a server sends (DMP 8)."""
    try:
        message = read_message(body)
    except UnreadableMessageError:
        return False
    target, source = message.header.target, message.header.source
    to_url = _is_url(target.uri if target else None)
    from_url = _is_url(source.uri if source else None)
    if to_url != from_url:
        return from_url
    return not _opens_session(message) and any(
        command.name in ("Get", "Exec", "Add", "Delete", "Atomic", "Sequence") for command in message.commands
    )


def _is_url(uri: str | None) -> bool:
    return bool(uri) and (uri or "").lower().startswith(("http://", "https://"))


def _opens_session(message: Message) -> bool:
    return any(isinstance(c, Alert) and c.code in (SERVER_INITIATED, CLIENT_INITIATED) for c in message.commands)


def is_folder_of_messages(folder: Path) -> bool:
    """Whether a folder holds messages under the names that this reader knows."""
    return any(_FILE.match(entry.name) for entry in folder.iterdir())


def read_folder(folder: Path) -> Capture:
    """A folder of messages as a capture: a request and the response of the same number are one exchange.

    Raises CaptureError where the folder holds none.
    """
    found: dict[str, dict[str, Path]] = {}
    for entry in folder.iterdir():
        if match := _FILE.match(entry.name):
            found.setdefault(match["key"], {})[match["side"]] = entry
    if not found:
        raise CaptureError(
            f"{folder}: is a folder without messages; expected files named like 01_request.xml and 01_response.xml"
        )
    capture = Capture(path=str(folder), format=FOLDER_NAME)
    for number, key in enumerate(sorted(found, key=_by_number), 1):
        capture.exchanges.append(_exchange(number, key, found[key], capture))
    return capture


def _by_number(key: str) -> tuple[int, str]:
    digits = re.match(r"\d+", key)
    return (int(digits.group()) if digits else 0, key)


def _exchange(number: int, key: str, files: dict[str, Path], capture: Capture) -> Exchange:
    exchange = Exchange(number=number, id=key, order=2.0 * number)
    if "request" in files:
        first, headers = _head(files["request"])
        method, _, rest = first.partition(" ")
        exchange.method = method or "POST"
        exchange.http = rest.rpartition(" ")[2] or None
        exchange.headers = headers
        exchange.url = _url(rest.rpartition(" ")[0], headers)
        exchange.body = files["request"].read_bytes()
    else:
        capture.troubles.append(Trouble("cut", f"{key}: a response without its request", exchange=number))
    if "response" in files:
        first, headers = _head(files["response"])
        status = re.match(r"HTTP/\S+\s+(\d{3})\s*(.*)", first)
        exchange.response = Response(
            status=int(status[1]) if status else 200,
            order=2.0 * number + 1,
            reason=status[2] if status else "",
            headers=headers,
            body=files["response"].read_bytes(),
        )
    return exchange


def _head(body: Path) -> tuple[str, Headers]:
    """First line and headers of the `.headers` file beside a body; empty where there is none."""
    file = body.with_suffix(".headers")
    if not file.exists():
        return "", ()
    lines = file.read_text("utf-8", "replace").splitlines()
    pairs = (line.partition(":") for line in lines[1:] if ":" in line)
    return (lines[0] if lines else ""), tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _url(target: str, headers: Headers) -> str | None:
    """The URL from a request line: as it stands where it is whole, else put together with Host, in https (MDM 2.1)."""
    if _is_url(target):
        return target
    host = header(headers, "host")
    return f"https://{host}{target}" if host and target.startswith("/") else None
