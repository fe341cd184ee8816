"""encoding

## What it does
Compares the encoding that the XML declaration names, and the one that charset in Content-Type names, with the one that
the bytes are in. In WBXML, which names its charset in its head, texts in Latin-1 that are UTF-8 are reported.

## Why it matters
A strict parser refuses such a message, a lenient one reads other characters than were meant.

## Known exceptions
A message without a declaration is right in UTF-8 and UTF-16, as XML has it. Bytes that are the same in both encodings
contradict nothing, except where a declaration of UTF-16 stands over bytes that are not. What is not the bytes of the
wire (SyncMLViewer's streams, HAR files) is not judged.

## Good
A declaration with encoding="utf-8" over UTF-8.

## Bad
A declaration with encoding="utf-16" over UTF-8.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from replay.capture import har
from replay.expect.case import Rule, Said
from replay.expect.finding import Finding, Severity
from replay.expect.rules._said import fault
from replay.syncml import wbxml
from replay.syncml.model import Message
from replay.syncml.xml import declared_encoding

RULE = Rule(
    id="MSG017",
    name="encoding",
    severity=Severity.WARNING,
    party=None,
    source="XML 4.3.3; facts D",
    scope="message",
)
_CHARSET: Final = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_WIDE: Final = (("utf-32", (b"\0\0\xfe\xff", b"\xff\xfe\0\0", b"\0\0\0<", b"<\0\0\0")),
                ("utf-16", (b"\xff\xfe", b"\xfe\xff", b"\0<", b"<\0")))  # fmt: skip
_LATIN_1: Final = 4
_HEAD: Final = 400


def check(subject: Said) -> Iterable[Finding]:
    """Findings of MSG017."""
    return () if _names_none(subject) else _found(subject)


def _names_none(said: Said) -> bool:
    """Whether nothing names an encoding: neither a declaration nor Content-Type."""
    message = said.message
    if message.declared or message.form != "xml" or b"?" in message.raw[:_HEAD]:
        return False
    return "=" not in (said.content_type or "")


def _found(subject: Said) -> Iterator[Finding]:
    if subject.case.traffic.capture.format == har.NAME:  # a viewer keeps no declaration
        return
    if subject.message.form == "wbxml":
        text = _in_wbxml(subject.message)
        if text is not None:
            yield fault(subject, RULE, text)
        return
    for where, declared in _declared(subject):
        actual = _actual(subject.message.raw, declared)
        if actual is not None:
            yield fault(subject, RULE, f"{where} {declared!r}, but the message is in {actual}")
            return


def _declared(said: Said) -> Iterator[tuple[str, str]]:
    """What names an encoding, in words, and the name."""
    declared = said.message.declared or declared_encoding(_as_letters(said.message.raw))
    if declared:
        yield "the XML declaration says", declared
    charset = _CHARSET.search(said.content_type or "")
    if charset:
        yield "charset in Content-Type says", charset[1]


def _as_letters(body: bytes) -> bytes:
    """The beginning of a body in UTF-16 or UTF-32 as ASCII, so that its declaration can be read."""
    return body[:_HEAD].replace(b"\0", b"").lstrip(b"\xff\xfe")


def _actual(body: bytes, declared: str) -> str | None:
    """The encoding that a body is in, where it is not the one that is declared; None where that cannot be told."""
    said = re.sub("^utf-?(?=[0-9])", "utf-", declared.lower().replace("_", "-"))
    ucs = "10646-ucs" in said or said.startswith("ucs")
    wide = next((name for name, heads in _WIDE if body.startswith(heads)), None)
    if wide is not None:
        return None if said.startswith(wide) or ucs else wide.upper()
    if said.startswith(("utf-16", "utf-32")) or ucs:
        return "UTF-8" if _is_utf_8(body) else "an encoding of single bytes"
    if said == "utf-8" or body.isascii() or not _is_utf_8(body):
        return None
    return "UTF-8"


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _in_wbxml(message: Message) -> str | None:
    """That a document in Latin-1 has texts that are UTF-8 by their bytes, in words: no text in Latin-1 looks like that."""
    if _charset(message.raw) != _LATIN_1:
        return None
    texts = (text for text in _texts(wbxml.decode(message.raw).root) if not text.isascii())
    wrong = next((text for text in texts if _is_utf_8(text.encode("latin-1"))), None)
    if wrong is None:
        return None
    return f"the charset is 4 (ISO-8859-1), but texts are in UTF-8: {wrong.encode('latin-1').decode()!r}"


def _charset(body: bytes) -> int:
    """The charset in the head of a WBXML document: after version and public id (or 0 and an index), multi-byte integers."""
    numbers: list[int] = []
    place = 1
    while len(numbers) < (3 if numbers[:1] == [0] else 2):
        value = body[place] & 0x7F
        while body[place] & 0x80:
            place += 1
            value = value << 7 | body[place] & 0x7F
        place += 1
        numbers.append(value)
    return numbers[-1]


def _texts(node: wbxml.Node) -> Iterator[str]:
    if isinstance(node, (wbxml.Text, wbxml.Reference)):
        yield node.value
    elif isinstance(node, wbxml.Element):
        for inner in node.content or ():
            yield from _texts(inner)
