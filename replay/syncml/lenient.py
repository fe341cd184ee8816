"""What document samples get wrong, repaired on request and never otherwise (facts B, "Seed sample defects").

Documentation systems turn straight quotes into typographic ones, or into entities, inside tags; no parser reads that. Only
what stands inside a tag is touched, and every repair is named.
"""

import re
from typing import Final

_TAG: Final = re.compile(r"<[A-Za-z_/][^<>]*>")
_DOUBLE: Final = "\u201c\u201d\u201e\u201f\u2033\uff02"
_SINGLE: Final = "\u2018\u2019\u201a\u201b\u2032"
_TYPOGRAPHIC: Final = str.maketrans({**dict.fromkeys(_DOUBLE, '"'), **dict.fromkeys(_SINGLE, "'")})
#: An escaped quote where an attribute's value begins or ends.
_ESCAPED: Final = re.compile(r"(=\s*)(&(?:quot|apos|#39|#34|#x27|#x22);)([^<>=]{0,2000}?)\2(?=[\s/>])", re.IGNORECASE)
_QUOTE: Final = {"&quot;": '"', "&#34;": '"', "&#x22;": '"', "&apos;": "'", "&#39;": "'", "&#x27;": "'"}


def repair(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """A body in UTF-8 with the quotes inside its tags repaired, and what was repaired, with lines; the same body and nothing
    where there was nothing to repair or it is not UTF-8."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return body, ()
    repairs: list[str] = []

    place = [0, 1]  # an offset, and the line there: lines are counted once, on the way

    def mend(found: re.Match[str]) -> str:
        tag = found.group()
        straight = tag.translate(_TYPOGRAPHIC)
        mended = _ESCAPED.sub(lambda m: m[1] + _QUOTE[m[2].lower()] + m[3] + _QUOTE[m[2].lower()], straight)
        if mended != tag:
            place[1] += text.count("\n", place[0], found.start())
            place[0] = found.start()
        if straight != tag:
            repairs.append(f"line {place[1]}: typographic quotes in a tag made straight")
        if mended != straight:
            repairs.append(f"line {place[1]}: escaped quotes around an attribute unescaped")
        return mended

    mended = _TAG.sub(mend, text)
    return (mended.encode("utf-8"), tuple(repairs)) if repairs else (body, ())
