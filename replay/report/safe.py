"""Text from captures made safe to print: no byte of a capture reaches a terminal as an escape sequence (contract)."""

import re
from typing import Final

#: Control characters, the bidirectional and zero-width ones, line and paragraph separators, lone surrogates, and the two that XML
#: cannot hold (XML 1.0, 2.2).
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
#: The same in JSON: what json escapes itself (below 0x20) is not there any more.
_UNSAFE_IN_JSON: Final = re.compile(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
)


def visible(text: str) -> str:
    """A text with what could move a cursor or turn the writing direction shown as an escape."""
    return _UNSAFE.sub(_escape, text)


def visible_lines(text: str) -> str:
    """A text of several lines, as `visible`, with line feeds and tabs kept."""
    return "\n".join("\t".join(visible(part) for part in line.split("\t")) for line in text.split("\n"))


def visible_json(text: str) -> str:
    """A JSON text with such characters, which stand in strings only, written as \\uXXXX."""
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def without_surrogates(text: str) -> str:
    """A text (of a file name, say) in which undecodable bytes are shown as \\udcXX, so that it can be encoded."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
