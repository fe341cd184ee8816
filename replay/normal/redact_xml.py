"""An XML message, or what was meant to be one, redacted in its own bytes: only characters of texts and attribute values are
changed, so that white space, prefixes, comments, and whatever is wrong with the message stay as they are.

It is read tag by tag and never refused: what a parser would stop at is text here.
"""

import codecs
import re
from collections import Counter
from typing import Final

from replay.normal.redact_escapes import IN_XML, Coded
from replay.normal.redact_places import Element, Places
from replay.syncml.xml import declared_encoding

_TOKEN: Final = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<\?(?P<instruction>.*?)(?:\?>|\Z)"
    r"|(?P<doctype><!DOCTYPE(?:[^\[<>]*\[.*?(?:\]\s*>|\Z)|[^<>]*(?:>|\Z)))"
    r"|</(?P<end>[^\s<>/]++)(?P<behind>[^<>]*+)>"
    r"|<(?P<start>[^\s<>/!?=\"'&]++)(?P<rest>[^<>\"']*+(?:\"[^\"<]*+\"[^<>\"']*+|'[^'<]*+'[^<>\"']*+)*+)>"
    r"|<(?P<odd>[A-Za-z_:][^\s<>/]*+)(?P<oddly>[^<>]*+)>",
    re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(r"([^\s=<>\"'/]+)(\s*=\s*)(\"[^\"]*\"|'[^']*')")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_ENTITY: Final = re.compile(r"([&%][^;\s]{1,64};)")
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"),
                (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))  # fmt: skip
_BEGINNINGS: Final = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARATION: Final = re.compile(r"xml\s")


class _Text:
    """A piece of a run: text, or what is in a CDATA section."""

    def __init__(self, raw: str, *, cdata: bool) -> None:
        self.raw = raw
        self.cdata = cdata
        self._coded = None if cdata else Coded(raw, IN_XML)
        self.chars = raw if self._coded is None else self._coded.chars

    def say(self, new: str) -> None:
        """Writes another text in its place."""
        self.raw = new if self._coded is None else self._coded.saying(new, xml=True)
        if self.cdata:
            self.raw = f"<![CDATA[{self.raw}]]>"


class _Run:
    """The text between two tags, which CDATA sections and comments may stand in."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.pieces: list[_Text] = []

    @property
    def text(self) -> str:
        """What it says."""
        return self.pieces[0].chars if len(self.pieces) == 1 else "".join(piece.chars for piece in self.pieces)

    def say(self, new: str) -> None:
        """Writes another text in its place, each piece as long as it was."""
        last = self.pieces[-1]
        done = 0
        for piece in self.pieces:
            end = len(new) if piece is last else done + len(piece.chars)
            piece.say(new[done:end])
            done = end


class _Reader:
    """One pass over a text: `out` is what it is made of, in order; `runs` are the texts in it."""

    def __init__(self, text: str, places: Places) -> None:
        self.places = places
        self.out: list[str | _Text] = []
        self.runs: list[_Run] = []
        self.element: Element | None = None
        self.open: Counter[str] = Counter()
        self.run: _Run | None = None
        self.outside = Element("", None)
        done = 0
        for found in _TOKEN.finditer(text):
            if found.start() > done:
                self._text(text[done : found.start()], cdata=False)
            self._token(found)
            done = found.end()
        if done < len(text):
            self._text(text[done:], cdata=False)
        self._end_run()

    def _token(self, found: re.Match[str]) -> None:
        kind = found.lastgroup
        if kind in ("rest", "oddly"):
            self._end_run()
            self._open(found)
        elif kind == "behind":
            self._end_run()
            behind = found["behind"]
            self.out.append(f"</{found['end']}{self.places.loose(behind)}>" if behind else found.group())
            self._close(_local(found["end"]))
        elif kind == "cdata":
            self._text(found["cdata"], cdata=True, closed=found.group().endswith("]]>"))
        elif kind == "doctype":
            self.out.append(_QUOTED.sub(self._literal, found.group()))
        else:
            self._aside(found, kind or "")

    def _literal(self, found: re.Match[str]) -> str:
        """What is quoted in a document type declaration, blanked but for the names of entities: without them the message would
        be wrong in another way."""
        pieces = _ENTITY.split(found.group())
        return "".join(piece if number % 2 else self.places.aside(piece) for number, piece in enumerate(pieces))

    def _aside(self, found: re.Match[str], kind: str) -> None:
        raw, inside = found.group(), found[kind]
        if kind == "instruction" and _DECLARATION.match(inside):
            self.out.append(raw)
            return
        self.out.append(raw.replace(inside, self.places.aside(inside), 1) if inside else raw)

    def _open(self, found: re.Match[str]) -> None:
        name, rest = found["start"] or found["odd"], found["rest"] or found["oddly"]
        given: dict[str, str] = {}
        if not rest or rest == "/":
            self.out.append(found.group())
        else:
            given = {key.lower(): Coded(value[1:-1], IN_XML).chars for key, _, value in _ATTRIBUTE.findall(rest)}
            self.out.append(f"<{name}{self._attributes(rest, given)}>")
        element = Element(_local(name), self.element, given)
        if not rest or rest[-1] != "/":
            self.element = element
            self.open[element.name] += 1

    def _attributes(self, rest: str, given: dict[str, str]) -> str:
        """What stands behind a tag's name: attributes, and what is between them, which is mostly white space."""
        pieces: list[str] = []
        done = 0
        for attribute in _ATTRIBUTE.finditer(rest):
            pieces += (self.places.loose(rest[done : attribute.start()]), self._attribute(attribute, given))
            done = attribute.end()
        return "".join(pieces) + self.places.loose(rest[done:])

    def _attribute(self, found: re.Match[str], beside: dict[str, str]) -> str:
        name, equals, value = found.groups()
        coded = Coded(value[1:-1], IN_XML)
        new = self.places.attribute(name, coded.chars, beside)
        return f"{name}{equals}{value[0]}{coded.saying(new, xml=True)}{value[0]}"

    def _text(self, raw: str, *, cdata: bool, closed: bool = True) -> None:
        piece = _Text(raw, cdata=cdata and closed)
        if cdata and not closed:
            self.out.append("<![CDATA[")
        elif cdata:
            piece.say(raw)
        self.out.append(piece)
        if self.run is None:
            self.run = _Run(self.element or self.outside)
        self.run.pieces.append(piece)

    def _end_run(self) -> None:
        run, self.run = self.run, None
        if run is None:
            return
        self.runs.append(run)
        run.element.read(run.text)

    def _close(self, name: str) -> None:
        """Closes the element of that name, and those in it; an end without a beginning closes nothing."""
        if not self.open[name]:
            return
        while self.element is not None:
            closed, self.element = self.element.name, self.element.above
            self.open[closed] -= 1
            if closed == name:
                return


def redact_text(text: str, places: Places) -> str:
    """An XML text with its runs redacted."""
    reader = _Reader(text, places)
    for run in reader.runs:
        if run.element is reader.outside:
            run.say(places.aside(run.text))
        else:
            places.redact(run)
    return "".join(piece if isinstance(piece, str) else piece.raw for piece in reader.out)


def redact_bytes(body: bytes, places: Places) -> bytes:
    """An XML body with its runs redacted, in the encoding that it is in; one that is not known is taken for Latin-1."""
    bom, codec = encoding_of(body)
    codec = codec or "latin-1"
    errors = "surrogateescape" if codec == "utf-8" else "strict"
    new = redact_text(body[len(bom) :].decode(codec, errors), places)
    try:
        return bom + new.encode(codec, errors)
    except UnicodeEncodeError:
        return bom + new.encode(codec, "xmlcharrefreplace")


def root_of(body: bytes) -> str:
    """The name of the first element, without its prefix; empty where there is none."""
    bom, codec = encoding_of(body)
    for found in _TOKEN.finditer(body[len(bom) :].decode(codec or "latin-1", "replace")):
        if name := found["start"] or found["odd"]:
            return _local(name)
    return ""


def encoding_of(body: bytes) -> tuple[bytes, str | None]:
    """The byte order mark of a body, and a codec that reads it without loss: what its first bytes and its declaration say, as the
    parser goes by them, else UTF-8. None where no codec is certain."""
    for bom, codec in _BOMS:
        if body.startswith(bom):
            if codec == "utf-8" or _is_lossless(body[len(bom) :], codec):
                return bom, codec
            return b"", None
    start = body.lstrip(b" \t\r\n")
    for beginning, codec in _BEGINNINGS:
        if start.startswith(beginning) and _is_lossless(body, codec):
            return b"", codec
    declared = (declared_encoding(start) or "utf-8").lower()
    if declared in ("utf-8", "utf8", "us-ascii", "ascii") or declared.startswith(("utf-16", "utf16")):
        return b"", "utf-8"  # UTF-16 declared over bytes that are not is what some servers write
    return b"", declared if _is_lossless(body, declared) else None


def _is_lossless(body: bytes, codec: str) -> bool:
    try:
        return body.decode(codec).encode(codec) == body
    except (UnicodeError, LookupError):
        return False


def _local(name: str) -> str:
    return name.rpartition(":")[2]
