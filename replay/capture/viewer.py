"""What SyncMLViewer's "Save as" writes: the SyncML that Windows traced on the device itself, one message after the other in one
file.

What it is, after the viewer's source, and what follows from it:

- Many roots, each beginning a line, CRLF, and comments between them: `<!-- OmaDmSessionStart -->` and `<!-- OmaDmSessionComplete
  -->` (`<!--- … --->` in the first versions, which no XML parser takes), and where it was so set the date of each message.
- **No direction.** Who sent a message is told from the message: Target and Source, else its commands (`single.is_from_server`).
  A server's message answers the message of the same device and SessionID that is still without an answer.
- **No time.** The comments' dates are not used: they say when the viewer drew the message, to the second, in the device's own
  time without its zone, and in the format of its culture, so that 11/12/2026 may be one of two days. Silence is unobservable in
  such a file.
- **No URL, no headers, no status.** An answer without a body (the end of most sessions) leaves nothing, so that a message
  without an answer says nothing about the server.
- **Not the bytes of the wire.** The viewer indents what it shows: a digest over a body (`mac`, MS-Signature) cannot be verified.
- **Truncated messages.** Windows does not trace more than 64 kB of one; the viewer adds a closing tag to the rest (the first
  versions did not). Such a message is left out and is a trouble; whom it was from is told from its header, where that is whole.

Names of other events, which the viewer writes when it is told to show them, are passed over.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from msgspec import Struct

from replay.capture.exchange import Capture, Exchange, Response, Trouble
from replay.capture.single import is_from_server
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import device_of
from replay.syncml.read import read as read_message

NAME: Final = "syncml-viewer"
_COMMENT: Final = (
    rb"<!--+\s*(?:(?P<mark>OmaDmSession(?:Start|Complete))|\d[\d./\- :,]{5,30}(?:[AP]\.?M\.?)?"
    rb"|(?P<cut>ignore this line,[^>]{0,120}?))\s*-+->"
)
_HEAD: Final = re.compile(rb"^\s*" + _COMMENT)
_TOKEN: Final = re.compile(
    rb"(?P<start>^<SyncML(?=[\s>/]))|(?P<end></SyncML\s*>)|(?P<data><!\[CDATA\[)|(?P<over>\]\]>)|(?P<comment>"
    + _COMMENT
    + rb")",
    re.MULTILINE,
)
_HEADER: Final = re.compile(rb"<SyncML[^>]*>\s*<SyncHdr>.*?</SyncHdr>", re.DOTALL)
#: The names of events that the viewer writes between messages are words; a tag among them is a piece of a message.
_PIECE: Final = re.compile(rb"</?[A-Za-z]")
#: A device and a SessionID.
_Whose = tuple[str | None, str | None]


class _Message(Struct):
    """A message of the stream: its bytes, where they begin, whether they are all there, and whether a session ended before it."""

    body: bytes
    offset: int
    whole: bool
    after_session: bool = False


def looks_like_stream(head: bytes) -> bool:
    """Whether a file begins with one of the viewer's comments."""
    return bool(_HEAD.match(head.removeprefix(b"\xef\xbb\xbf")))


def has_many_roots(body: bytes) -> bool:
    """Whether a text is several messages rather than one: as one it cannot be read, and more than one begins a line."""
    if sum(1 for token in _TOKEN.finditer(body) if token["start"]) < 2:
        return False
    try:
        read_message(body)
    except UnreadableMessageError:
        return True
    return False


def read(file: BinaryIO, path: str) -> Capture:
    """A saved stream as a capture."""
    capture = Capture(path=path, format=NAME)
    body = file.read().removeprefix(b"\xef\xbb\xbf")
    waiting: dict[_Whose, Exchange] = {}
    last: _Whose | None = None  # whose the message before was, where it was a device's
    for number, message in enumerate(_messages(body, capture), 1):
        if message.after_session:
            waiting, last = {}, None
        from_server, whose = _sender(message, waits=last is not None)
        kept = message.body if message.whole else None
        if from_server:
            key = whose or last
            answered = waiting.pop(key, None) if key else None
            exchange = answered or _exchange(capture)
            if answered is None:
                text = f"message {number}, at byte {message.offset}: a server's message without the device's before it"
                capture.troubles.append(Trouble("cut", text, exchange=exchange.number))
            exchange.response = Response(status=200, order=2.0 * exchange.number + 1, body=kept)
            last = None
        else:
            exchange, last = _exchange(capture), whose or (None, None)
            exchange.method, exchange.body = "POST", kept
            waiting[last] = exchange
        if not message.whole:
            capture.troubles.append(_cut(message, number, exchange, from_server=from_server))
    if not capture.exchanges and not capture.troubles:
        capture.troubles.append(Trouble("cut", "the viewer's comments are there, but no message"))
    return capture


def _cut(message: _Message, number: int, exchange: Exchange, *, from_server: bool) -> Trouble:
    sender = "server" if from_server else "device"
    text = (
        f"message {number}, at byte {message.offset}: truncated when it was traced, {len(message.body)} bytes of the {sender}'s "
        "message are there; it is left out"
    )
    return Trouble("cut", text, exchange=exchange.number)


def _exchange(capture: Capture) -> Exchange:
    number = len(capture.exchanges) + 1
    capture.exchanges.append(Exchange(number=number, id=str(number), order=2.0 * number))
    return capture.exchanges[-1]


def _sender(message: _Message, *, waits: bool) -> tuple[bool, _Whose | None]:
    """Whether a message is the server's, and of which device and session it is; None where it does not say so itself. One that
    says neither is taken for the answer where a device's message `waits` for one."""
    body = message.body
    if not message.whole:
        header = _HEADER.match(body)
        if header is None:
            return waits, None
        body = header.group() + b"<SyncBody/></SyncML>"
    try:
        read = read_message(body)
    except UnreadableMessageError:
        return waits, None
    from_server = is_from_server(body)
    target = read.header.target
    device = (target.uri if target else None) if from_server else device_of(read)
    return from_server, (device, read.header.session_id)


def _messages(body: bytes, capture: Capture) -> Iterator[_Message]:
    """The messages, in order; pieces between them that are no message become troubles."""
    tokens = list(_TOKEN.finditer(body))
    starts = _starts(tokens)
    bounds = [*(tokens[place].start() for place in starts), len(body)]
    _note_piece(body, 0, bounds[0], capture)
    for nth, place in enumerate(starts):
        begin, limit = bounds[nth], bounds[nth + 1]
        own = tokens[place + 1 : starts[nth + 1] if nth + 1 < len(starts) else len(tokens)]
        before = tokens[starts[nth - 1] + 1 if nth else 0 : place]
        cut = next((token for token in own if token["cut"]), None)
        closing = next((token for token in reversed(own) if token["end"]), None)
        whole = closing is not None and cut is None
        end = _end(own, cut, closing, limit)
        after_session = any(token["mark"] == b"OmaDmSessionComplete" for token in before)
        yield _Message(body[begin:end].rstrip(), begin, whole, after_session)
        _note_piece(body, closing.end() if closing else end, limit, capture)


def _end(own: list[re.Match[bytes]], cut: re.Match[bytes] | None, closing: re.Match[bytes] | None, limit: int) -> int:
    """Where a message ends: after its closing tag; of a truncated one, at the first of the viewer's comments."""
    if cut is not None:
        return cut.start()
    if closing is not None:
        return closing.end()
    return next((token.start() for token in own if token["comment"]), limit)


def _starts(tokens: list[re.Match[bytes]]) -> list[int]:
    """The places of the tokens that begin a message. One inside a CDATA section that ends is text in a message; one after a
    section that was cut off begins another message."""
    inside, ends = [False] * len(tokens), False
    for place in range(len(tokens) - 1, -1, -1):  # does the section that is open here, if one is, end?
        token = tokens[place]
        inside[place] = ends
        if token["over"]:
            ends = True
        elif token["data"] or token["comment"]:
            ends = False
    found, section = [], False
    for place, token in enumerate(tokens):
        if token["start"] and not (section and inside[place]):
            found.append(place)
            section = False
        elif token["data"]:
            section = True
        elif token["over"]:
            section = False
    return found


def _note_piece(body: bytes, begin: int, end: int, capture: Capture) -> None:
    between = re.sub(_COMMENT, b"", body[begin:end]).strip()
    if _PIECE.search(between):
        text = f"at byte {begin}: {len(between)} bytes that are no whole message, and are left out"
        capture.troubles.append(Trouble("cut", text))
