"""SyncML in mitmproxy's own views (mitmproxy, mitmweb, mitmdump): readable, WBXML shown as XML, statuses and alerts named.

    mitmweb -s addons/view.py -s addons/record.py

A comment before the message says what it is, a line for each command; it is not part of the message. What cannot be read is
shown as it is, with the reason. Under mitmproxy 12 what is shown can be edited, and WBXML becomes WBXML again; mitmproxy 11 can
only show.
"""

import logging
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from lxml import etree
from mitmproxy import contentviews, exceptions
from mitmproxy.net import encoding

from replay.capture.coding import undone
from replay.report.safe import visible
from replay.report.tree import describe
from replay.syncml import wbxml, xml
from replay.syncml.codes import meaning_of
from replay.syncml.elements import from_root
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.media import is_syncml_type
from replay.syncml.model import Command, Message, device_of
from replay.syncml.read import looks_like_syncml
from replay.syncml.wbxml_encode import VERSIONS, language_of

logger = logging.getLogger(__name__)
#: The comment before a message: its further lines are indented, as no first line of a message is.
_COMMENT = re.compile(r"\A<!-- SyncML [^\n]*?(?:\n     [^\n]*?)*? -->\r?\n")
_UNREAD = "<!-- SyncML cannot be read: "
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: Higher than mitmproxy's own views of XML and WBXML (1 where they know the type).
_BY_TYPE, _BY_CONTENT, _NOT_OURS = 3.0, 2.0, -1.0
#: How a body's coding is undone where a person looks at it: within our bound, where mitmproxy has none, and with a Brotli that
#: cannot be made to write past its buffer.
_CODINGS = {
    **{name: partial(undone, coding=name) for name in ("gzip", "deflate", "br", "zstd")},
    "deflateraw": partial(undone, coding="deflate"),
}


def priority(data: bytes, content_type: str | None) -> float:
    """How well this view fits a body: below 0 where it does not."""
    if not data:
        return _NOT_OURS
    if is_syncml_type(content_type):
        return _BY_TYPE
    return _BY_CONTENT if looks_like_syncml(data) else _NOT_OURS


def show(data: bytes) -> str:
    """A body as text: a comment, then the message. Never raises: what cannot be read is shown as it is."""
    try:
        return _message(data)
    except UnreadableMessageError as error:
        reason = str(error)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        logger.exception("omadm: the SyncML view failed")
    return f"{_UNREAD}{_safe(reason)} -->\n{_as_it_is(data)}"


def edited(text: str, original: bytes) -> bytes:
    """The body for a text that `show` made of `original` and somebody edited; WBXML where the original was.

    XML is taken as it stands, well-formed or not. Raises ValueError where the original is binary and could not be
    read, or the text has no WBXML.
    """
    shown = show(original)
    if text == shown:
        return original
    if not _is_wbxml(original):
        if shown.startswith(_UNREAD) and _text_of(original) is None:
            raise ValueError("the body is binary and no SyncML that can be read, so it cannot be edited here")
        return _COMMENT.sub("", text, count=1).encode("utf-8")
    document = wbxml.decode(original)
    language = language_of(document.public_id, document.public_id_index, document.table)
    return wbxml.encode(
        wbxml.from_xml(
            text.encode("utf-8"),  # with the comment, so that a mistake is found in the line that is named
            version=document.version,
            public_id=document.public_id or language.identifier,
            charset=document.charset,
        )
    )


def _is_wbxml(data: bytes) -> bool:
    """Whether a body begins with a version of WBXML, as no text does."""
    return bool(data) and data[0] in VERSIONS


def _message(data: bytes) -> str:
    in_wbxml = _is_wbxml(data)
    root = xml.parse(wbxml.to_xml(wbxml.decode(data)) if in_wbxml else data)
    message = from_root(root, data)
    etree.indent(root)
    shown = str(etree.tostring(root, encoding="unicode", with_tail=False))
    declared = not in_wbxml and xml.declared_encoding(data.lstrip()) is not None
    lines = "\n     ".join(_safe(line) for line in _summary(message, in_wbxml))
    return f"<!-- SyncML {lines} -->\n{_DECLARATION if declared else ''}{shown}\n"


def _summary(message: Message, in_wbxml: bool) -> list[str]:
    """What a message is, and its commands, a line each."""
    header = message.header
    form = "WBXML" if in_wbxml else "XML"
    head = f"{form}, session {header.session_id}, message {header.msg_id} from {device_of(message)}"
    return [head, *(_named(command, len(place) - 1) for place, command in message.walk())]


def _named(command: Command, depth: int) -> str:
    """A command in one line, with what its code means: `Status 212 (authentication accepted) for SyncHdr …`."""
    line, meaning = describe(command, depth), meaning_of(command)
    head = f"{command.name} {getattr(command, 'code', None)}"
    return line.replace(head, f"{head} ({meaning})", 1) if meaning else line


def _safe(text: str) -> str:
    """A text for the comment, whatever it holds: two hyphens would end it."""
    return re.sub("-(?=-)", "- ", visible(text))


def _text_of(data: bytes) -> str | None:
    """A body as text; None where it is none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _NOT_TEXT.search(text) else text


def _as_it_is(data: bytes) -> str:
    """A body that is no message: its text, or a dump of its bytes."""
    text = _text_of(data)
    if text is not None:
        return text
    rows = (data[start : start + 16] for start in range(0, len(data), 16))
    return "\n".join(f"{number * 16:08x}  {row.hex(' ')}" for number, row in enumerate(rows))


class _NotEncodedError(ValueError, exceptions.CommandError):
    """Why an edited text makes no body: what a view raises, and what mitmproxy shows on its screen."""


class SyncMLContentview:
    """The view for mitmproxy 12: an `InteractiveContentview`, which is known by its members."""

    name = "SyncML"
    syntax_highlight = "xml"

    def render_priority(self, data: bytes, metadata: Any) -> float:
        """How well this view fits."""
        return priority(data, metadata.content_type)

    def prettify(self, data: bytes, metadata: Any) -> str:
        """The body as text."""
        return show(data)

    def reencode(self, prettified: str, metadata: Any) -> bytes:
        """The body for an edited text. Raises ValueError where there is none; mitmproxy shows why."""
        original = metadata.original_data
        if original is None and metadata.http_message is not None:
            original = metadata.http_message.get_content(strict=False)
        try:
            return edited(prettified, original or b"")
        except ValueError as error:
            raise _NotEncodedError(f"The message stays as it was: {error}") from error

    def __lt__(self, other: Any) -> bool:
        return self.name < str(other.name)


if hasattr(contentviews, "InteractiveContentview"):
    view: Any = SyncMLContentview()
else:

    class _View(contentviews.View):
        """The view for mitmproxy 11."""

        name = "SyncML"

        def __call__(self, data: bytes, **metadata: Any) -> tuple[str, Iterator[list[tuple[str, str | bytes]]]]:
            return "SyncML", ([("text", line)] for line in show(data).splitlines())

        def render_priority(self, data: bytes, *, content_type: str | None = None, **metadata: Any) -> float:
            return priority(data, content_type)

    view = _View()


class Views:
    """mitmproxy's addon: has the view registered while it is loaded, and codings undone within bounds."""

    name = "omadm-view"

    def __init__(self) -> None:
        self._theirs = {name: encoding.custom_decode[name] for name in _CODINGS}

    def load(self, loader: Any) -> None:
        """Registers the view, and how codings are undone."""
        contentviews.add(view)
        encoding.custom_decode.update(_CODINGS)

    def done(self) -> None:
        """Takes the view back, so that the script can be loaded again; mitmproxy 12 replaces it by itself."""
        encoding.custom_decode.update(self._theirs)
        if not hasattr(contentviews, "InteractiveContentview"):
            contentviews.remove(view)


addons = [Views()]
