"""Looks for originals in what a redaction wrote, by itself and with other means than the redaction has."""

import base64
import html
import io
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

from lxml import etree

from replay.capture.exchange import Capture
from replay.capture.writers import write_journal
from replay.syncml import wbxml


def journal_of(capture: Capture) -> bytes:
    out = io.BytesIO()
    write_journal(capture, out)
    return out.getvalue()


#: Secrets that are compared to the letter; names are found in either case.
TO_THE_LETTER = frozenset(["password", "token", "cookie", "nonce", "digest", "channel", "certificate"])


def needles(secret: str) -> Iterator[tuple[str, bytes]]:
    """Every way in which a secret may stand in bytes, with its name."""
    data = secret.encode()
    yield "plain", data
    yield "hexadecimal", data.hex().encode()
    yield "hexadecimal", data.hex().upper().encode()
    for start in range(3):
        coded = base64.b64encode(bytes(start) + data).decode()
        core = coded[(start * 8 + 5) // 6 : (start + len(data)) * 8 // 6]
        yield f"base64, {start} before", core.encode()
        yield f"base64 for URLs, {start} before", core.translate(str.maketrans("+/", "-_")).encode()
    for name, coded in (
        ("URL-coded", quote(secret, safe="")),
        ("URL-coded", quote(secret)),
        ("URL-coded, every character", "".join(f"%{byte:02x}" for byte in data)),
        ("URL-coded, every character", "".join(f"%{byte:02X}" for byte in data)),
        ("XML", html.escape(secret)),
        ("JSON", json.dumps(secret)[1:-1]),
    ):
        yield name, coded.encode()
    for codec in ("utf-16-le", "utf-16-be"):
        yield codec, secret.encode(codec)


def haystacks(capture: Capture) -> Iterator[tuple[str, bytes]]:
    """What was written, and what can be read out of it."""
    raw = journal_of(capture)
    yield "journal", raw
    for line in raw.splitlines():
        for text in _texts(json.loads(line)):
            yield from _unfolded("member", text)
    for exchange in capture.exchanges:
        for body in (exchange.body, exchange.response.body if exchange.response else None):
            if body:
                yield from _of_body(body)


def _of_body(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "body", body
    if body[0] in (1, 2, 3):
        try:
            body = wbxml.to_xml(wbxml.decode(body))
        except ValueError:
            return
        yield "WBXML as XML", body
    try:
        root = etree.fromstring(body.lstrip(), etree.XMLParser(recover=True, resolve_entities=False))
    except (etree.XMLSyntaxError, ValueError):
        return
    if root is None:
        return
    texts = [text for node in root.iter() for text in (node.text, node.tail, *node.attrib.values()) if text]
    for text in texts:
        yield from _unfolded("text", text)


def _unfolded(name: str, text: str, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """A text, and what is coded in it."""
    yield name, text.encode("utf-8", "surrogatepass")
    if depth == 3:
        return
    for how, plain in (("unquoted", unquote(text)), ("unescaped", html.unescape(text))):
        if plain != text:
            yield from _unfolded(f"{name}, {how}", plain, depth + 1)
    for run in re.findall(r"[A-Za-z0-9+/]{11}[A-Za-z0-9+/\s]*", text):
        bare = re.sub(r"\s", "", run)
        for start in range(1 if depth else 4):
            data = _decoded(bare[start:])
            yield f"{name}, base64", data
            if _is_text(data):
                yield from _unfolded(f"{name}, base64", data.decode(), depth + 1)


def _decoded(bare: str) -> bytes:
    bare = bare[: len(bare) - (len(bare) % 4 == 1)]
    return base64.b64decode(bare + "=" * (-len(bare) % 4))


def _is_text(data: bytes) -> bool:
    try:
        return data.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)


def leaks(capture: Capture, secrets: dict[str, str]) -> list[str]:
    """Which secrets are left, in which coding, and where."""
    found = []
    wanted = [(name, how, needle) for name, secret in secrets.items() for how, needle in needles(secret)]
    for hay, where in {hay: where for where, hay in haystacks(capture)}.items():
        lower = hay.lower()
        for name, how, needle in wanted:
            to_the_letter = name in TO_THE_LETTER or how.startswith("base64")
            if needle in hay if to_the_letter else needle.lower() in lower:
                found.append(f"{name} ({how}) in the {where}: {hay[:400]!r}")
    return found
