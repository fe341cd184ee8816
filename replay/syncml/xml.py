"""XML messages into values.

The parser is hardened: no entities are replaced, no DTD and nothing over the network is loaded, depth and text sizes
have libxml2's limits, and a document type declaration is refused outright, because no DM peer writes one.
"""

import re
from functools import cache
from typing import Any, Final

from lxml import etree

from replay.syncml import model
from replay.syncml.elements import from_root
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.lenient import repair

_DECLARATION: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_EXCERPT: Final = 24
#: Qualified names that were seen. A hostile message may make up as many as it likes; only so many are remembered.
_NAMES: Final[dict[str, tuple[str, str]]] = {}
_MOST_NAMES: Final = 1024
# lxml's stubs do not know iteration with a tag, sourceline on every node and others; elements are Any in this module.
_Node = Any


def _with_undeclared_prefixes(text: bytes, encoding: str | None) -> _Node | None:
    """The root of a document of which nothing is wrong but prefixes that nobody declared, which is well-formed XML all the same:
    Windows' `msft:originalerror` is found that way. None where anything else is wrong."""
    parser = _parser.__wrapped__(encoding, recover=True)  # a log of its own
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError:
        return None
    log: Any = parser.error_log
    return root if log and all(entry.type_name == "NS_ERR_UNDEFINED_NAMESPACE" for entry in log) else None


@cache
def _parser(encoding: str | None = None, *, recover: bool = False) -> etree.XMLParser:
    """The hardened parser. One is made once and used for all messages; it locks itself while it parses."""
    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        encoding=encoding,
    )


def declared_encoding(body: bytes) -> str | None:
    """The encoding that the XML declaration names, or None; of a body in UTF-16 the declaration is not looked at."""
    found = _DECLARATION.match(body.removeprefix(b"\xef\xbb\xbf")[:200])
    return found.group(1).decode("ascii") if found else None


def parse(body: bytes) -> _Node:
    """The root element of an XML document.

    White space before the declaration is passed over. A declaration of UTF-16 over a body that is not UTF-16 is what some servers
    write (Learn's samples): the body is read as UTF-8, and `Message.declared` keeps what was declared.

    Raises UnreadableMessageError, with line and column, for anything that is not well-formed or carries a DTD.
    """
    text = body.lstrip(b" \t\r\n")
    declared = declared_encoding(text)
    override = (
        "utf-8" if declared and declared.lower().startswith(("utf-16", "utf16")) and b"\0" not in text[:64] else None
    )
    try:
        root = etree.fromstring(text, _parser(override))
    except etree.XMLSyntaxError as error:
        root = _with_undeclared_prefixes(text, override)
        if root is None:
            raise _unreadable(body, error, skipped=body[: len(body) - len(text)]) from None
    except (ValueError, LookupError) as error:
        raise UnreadableMessageError(str(error), line=1, column=1, excerpt=body[:_EXCERPT]) from None
    if root is None:
        raise UnreadableMessageError("no XML element at all", line=1, column=1, excerpt=body[:_EXCERPT])
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise UnreadableMessageError(
            "a document type declaration, which no OMA DM message has; it is not read",
            line=1,
            column=1,
            excerpt=text[:_EXCERPT],
        )
    return root


def _unreadable(body: bytes, error: etree.XMLSyntaxError, skipped: bytes) -> UnreadableMessageError:
    line, column = (error.position or (1, 1)) if hasattr(error, "position") else (1, 1)
    line, column = max(line or 1, 1), max(column or 1, 1)
    lines = body[len(skipped) :].split(b"\n")
    there = lines[line - 1] if line <= len(lines) else b""
    start = max(0, column - 1 - _EXCERPT // 2)
    said = " ".join((error.msg or "unknown error").split())  # libxml2 ends some with a line feed
    reason = f"not well-formed XML: {said.rsplit(', line ', 1)[0]}"
    return UnreadableMessageError(
        reason, line=line + skipped.count(b"\n"), column=column, excerpt=there[start : start + _EXCERPT].strip(b"\r")
    )


def read(body: bytes, *, lenient: bool = False) -> model.Message:
    """An XML message as a value; `lenient` repairs what document samples get wrong, and says so in `repairs`.

    Raises UnreadableMessageError where the body is not well-formed or its root is not SyncML.
    """
    repairs: tuple[str, ...] = ()
    try:
        root = parse(body)
    except UnreadableMessageError:
        mended, repairs = repair(body) if lenient else (body, ())
        if not repairs:
            raise
        root = parse(mended)
    return from_root(root, body, declared=declared_encoding(body.lstrip()), repairs=repairs)
