"""Messages of a shape that was seen before: their texts into values, without parsing XML again.

Devices and servers write the same few messages over and over, with other texts in them. The shape of a message is all of its tags,
to the letter; what lies between them are its texts. Whether a message is well-formed, and which of its texts becomes which value,
is then a matter of its shape alone, as long as the texts hold nothing that XML reads in a way of its own: no reference, no line end
to be made one character, no character that is not allowed, no end of a CDATA section. So a shape that came up a few times is
learned: it is parsed once with marks in place of its texts, and a function is made that puts texts where the marks have gone.
One that comes up often gets a pattern as well, which finds its texts without looking at each tag.

Whatever is unlike that is left to the parser, so nothing here decides what is right. Shapes are remembered up to a number, since a
hostile capture may make up as many as it likes.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from replay.syncml import model, xml
from replay.syncml.errors import UnreadableMessageError

#: Stands before every text while a message is taken apart, so that a `>` that ends no tag is noticed. No XML has this character.
_BEGIN: Final = "\x01"
#: Bytes that the parser gives back as they stand: no reference (&), no line end to be made one, nothing that is not allowed. U+FFFE
#: and U+FFFF begin with EF, which is left to the parser as well.
_PLAIN: Final = bytes(each for each in range(256) if each in b"\t\n" or (each >= 0x20 and each not in b"&\xef"))
_DECLARED: Final = re.compile(
    r"""^\?xml\s+version=["']1\.0["'](?:\s+encoding=["']utf-(?:8|16)["'])?\s*\?$""", re.IGNORECASE
)
_WHITE_SPACE: Final = " \t\r\n" + _BEGIN
#: How often a shape comes before it is learned; how many are remembered; how long a message may be, and of how many tags.
_LEARN_AFTER: Final = 3
_MOST_SHAPES: Final = 512
_MOST_SEEN: Final = 8192
_LONGEST: Final = 1 << 20
_MOST_TAGS: Final = 1500
#: Elements in each other: what is learned becomes brackets in each other, of which Python takes no more than 200.
_DEEPEST: Final = 24
#: How often a learned shape comes before it gets a pattern, which takes as long to make as to read some hundred messages; how long
#: that may be, and how many are tried on a message of as many tags.
_PATTERN_AFTER: Final = 32
_LONGEST_PATTERN: Final = 1 << 14
_TRIED: Final = 4
#: A text while a shape is learned: white space around it shows whether the reader takes that away.
_SIGN: Final = "\ue000"
_MARK: Final = re.compile(rf"\n?{_SIGN}(\d+){_SIGN}\n?")

_Make = Callable[[Sequence[str], bytes], model.Message]


class Shape:
    """A shape that was learned: which of its texts a message of it is made of (`used`), the function that makes it of those, and
    one that gives the LocURI of its Source alone. `pattern` finds those texts in a message whose other texts are the usual ones.
    `kept` is for whoever reads messages: what is the same in all of this shape."""

    __slots__ = ("kept", "make", "pattern", "source", "times", "used")

    def __init__(self, make: _Make, source: Callable[[Sequence[str]], str | None], used: Sequence[int]) -> None:
        self.make = make
        self.source = source
        self.used = used
        self.times = 0
        self.kept: object = None
        self.pattern: re.Pattern[str] | None = None


class Shapes:
    """The shapes that were learned, and how often others were seen."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Shape | None] = {}
        self._seen: dict[int, int] = {}
        #: Those with a pattern, by the number of their tags, the last that was met first.
        self._frequent: dict[int, list[Shape]] = {}

    def read(self, body: bytes, raw: bytes | None = None) -> tuple[model.Message, Shape] | None:
        """A message whose shape is known, with that; None where the parser has to read it. `body` is XML; `raw` what it was made
        from."""
        text = _plain(body)
        if text is None:
            return None
        found = self._by_pattern(text) or self._by_tags(text)
        if found is None:
            return None
        shape, texts = found
        return shape.make(texts, body if raw is None else raw), shape

    def source(self, body: bytes) -> str | None:
        """The LocURI of the Source of a message of a frequent shape, which `read` is sure to read; None where that is not known, or
        it has none."""
        text = _plain(body)
        found = self._by_pattern(text) if text is not None else None
        return found[0].source(found[1]) if found is not None else None

    def _by_pattern(self, text: str) -> tuple[Shape, Sequence[str]] | None:
        frequent = self._frequent.get(text.count(">"))
        if frequent is None:
            return None
        for place, learned in enumerate(frequent):
            if learned.pattern is not None and (found := learned.pattern.fullmatch(text)) is not None:
                if place:
                    frequent.insert(0, frequent.pop(place))
                return learned, found.groups()
        return None

    def _by_tags(self, text: str) -> tuple[Shape, Sequence[str]] | None:
        parts = text.replace(">", "<" + _BEGIN).split("<")
        shape = tuple(parts[1::2])
        learned = self._known[shape] if shape in self._known else self._learned(shape)
        # no tag begins with the sign, so with as many signs as tags every text does: `<` and `>` came in turns
        if learned is None or text.count(">") != len(shape) or "]]>" in text:
            return None
        texts = parts[::2]
        if not _is_blank(texts[0]) or not _is_blank(texts[-1]) or (shape[0][:1] == "?" and not _is_blank(texts[1])):
            return None
        learned.times += 1
        if learned.times >= _PATTERN_AFTER:
            self._note_frequent(learned, shape, texts)
        return learned, [texts[place][1:] for place in learned.used]

    def _note_frequent(self, learned: Shape, shape: Sequence[str], texts: Sequence[str]) -> None:
        """Has a shape tried first, by its pattern; makes that from a message of it where there is none yet."""
        if learned.pattern is None and learned.times == _PATTERN_AFTER:
            learned.pattern = _pattern(shape, texts, frozenset(learned.used))
        frequent = self._frequent.setdefault(len(shape), [])
        if learned.pattern is not None and learned not in frequent:
            frequent.insert(0, learned)
            del frequent[_TRIED:]

    def _learned(self, shape: tuple[str, ...]) -> Shape | None:
        """Notes that a shape came once more; learns it when that was often enough."""
        if not shape or len(shape) > _MOST_TAGS or len(self._known) >= _MOST_SHAPES:
            return None
        key = hash(shape)
        count = self._seen.get(key, 0) + 1
        if count < _LEARN_AFTER:
            if key in self._seen or len(self._seen) < _MOST_SEEN:
                self._seen[key] = count
            return None
        self._seen.pop(key, None)
        made = self._known[shape] = _learn(shape)
        return made


def _plain(body: bytes) -> str | None:
    """A body as text, where the parser would take all of it as it stands."""
    if len(body) > _LONGEST or body.translate(None, _PLAIN):
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _pattern(shape: Sequence[str], texts: Sequence[str], used: frozenset[int]) -> re.Pattern[str] | None:
    """What fits the messages of a shape whose texts are these ones, but for those that are `used`: it captures those. A text ends
    where a tag begins, and with as many `>` as tags none is in a text; so what fits has the same tags. None where it would be too
    long."""
    found = [re.escape(texts[0])]
    for place, tag in enumerate(shape, 1):
        found.append(re.escape(f"<{tag}>"))
        found.append("([^<]*+)" if place in used else re.escape(texts[place].removeprefix(_BEGIN)))
    source = "".join(found)
    return re.compile(source) if len(source) <= _LONGEST_PATTERN else None


def _is_blank(text: str) -> bool:
    return not text.strip(_WHITE_SPACE)


def _learn(shape: tuple[str, ...]) -> Shape | None:
    """How texts become a message of this shape; None where that cannot be said of it."""
    declared = shape[0][:1] == "?"
    if declared and not _DECLARED.match(shape[0]):
        return None
    if any(tag[:1] in ("!", "?") or _SIGN in tag for tag in shape[declared:]):
        # a comment, a CDATA section, a document type, a processing instruction, which the parser knows about; or an attribute that
        # would be taken for the mark of a text
        return None
    if _depth(shape[declared:]) > _DEEPEST:
        return None
    filled = "".join(
        f"<{tag}>" + ("" if (declared and place == 0) or place == len(shape) - 1 else f"\n{_SIGN}{place + 1}{_SIGN}\n")
        for place, tag in enumerate(shape)
    )
    try:
        example = xml.read(filled.encode())
    except UnreadableMessageError:
        return None
    return _Maker().learned(example)


def _depth(tags: Sequence[str]) -> int:
    """How many elements are in each other, at most."""
    depth = deepest = 0
    for tag in tags:
        depth += -1 if tag[:1] == "/" else tag[-1:] != "/"
        deepest = max(deepest, depth)
    return deepest


class _Maker:
    """Writes the function that makes a message like an example. Nothing of the example gets into its source but the places of
    texts: whatever is constant is handed to it by number."""

    def __init__(self) -> None:
        self.constants: list[Any] = []
        self.classes: dict[str, type] = {}
        self.used: set[int] = set()

    def learned(self, example: model.Message) -> Shape | None:
        """The function, with the texts it takes; None where a text would come out in a way that is not known here."""
        try:
            message = self._struct(example, {"raw": "raw"})
        except _MixedTextError:
            return None
        scope: dict[str, Any] = {"k": self.constants, "ws": _WHITE_SPACE, **self.classes}
        used = sorted(self.used)
        names = "".join(f"t{place}, " for place in used)
        of = example.header.source
        source = self._value(of.uri) if of is not None else "None"
        exec(  # noqa: S102
            f"def make(texts, raw):\n    ({names}) = texts\n    return {message}\n"
            f"def source(texts):\n    ({names}) = texts\n    return {source}\n",
            scope,
        )
        return Shape(scope["make"], scope["source"], used)

    def _value(self, value: Any) -> str:
        """The source of a value."""
        if isinstance(value, str):
            if _SIGN not in value:
                return self._constant(value)
            found = _MARK.fullmatch(value)
            if found is None:
                raise _MixedTextError
            self.used.add(int(found[1]))
            return f"t{found[1]}" if value[0] == "\n" else f"t{found[1]}.strip(ws)"
        if isinstance(value, Struct):
            return self._struct(value, {}) if _has_mark(value) else self._constant(value)
        if isinstance(value, tuple) and _has_mark(value):
            return f"({''.join(self._value(each) + ',' for each in value)})"
        return self._constant(value)

    def _struct(self, value: Struct, given: dict[str, str]) -> str:
        kind = type(value)
        self.classes[kind.__name__] = kind
        named = isinstance(value, model.Command)  # those take their fields by name alone
        parts = []
        for each in structs.fields(kind):
            current = getattr(value, each.name)
            if named and not each.required and current == each.default:
                continue
            source = given.get(each.name) or self._value(current)
            parts.append(f"{each.name}={source}" if named else source)
        return f"{kind.__name__}({', '.join(parts)})"

    def _constant(self, value: Any) -> str:
        if value is None or value is True or value is False:
            return repr(value)
        self.constants.append(value)
        return f"k[{len(self.constants) - 1}]"


class _MixedTextError(Exception):
    """A value that is made of a text and something else."""


def _has_mark(value: Any) -> bool:
    """Whether a text of the example's went into a value."""
    if isinstance(value, str):
        return _SIGN in value
    if isinstance(value, tuple):
        return any(map(_has_mark, value))
    return isinstance(value, Struct) and any(_has_mark(getattr(value, name)) for name in value.__struct_fields__)
