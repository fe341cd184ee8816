"""Pseudonyms drawn at random: each as long as its value and of the same form, so that lengths, sizes and everything that reads
the form (a URL, a GUID, base64) stay right.

A pseudonym cannot be worked out from its value, nor the value from it: what decides is a random number. Of secrets nothing but
the length and the alphabet is kept.
"""

import base64
import binascii
import ipaddress
import random
import re
import string
from collections.abc import Callable
from typing import Final

Draw = Callable[[random.Random, str], str]

#: Twelve hexadecimal digits and more, as a whole or in the groups of a MAC address, a digest or a GUID.
HEX: Final = re.compile(
    r"\{?(?:[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5,}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{12,})\}?"
)
SID: Final = re.compile(r"(S-1-(?:5-21|12-1))((?:-\d{1,10}){4,5})", re.IGNORECASE)
_BASE64: Final = re.compile(r"(?:[A-Za-z0-9+/]{4})+|(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)")
#: What groups the digits of such a number.
SEPARATORS: Final = re.compile(r"[{}:-]")
_HEX_DIGITS: Final = "0123456789abcdef"
_LETTERS, _DIGITS = string.ascii_lowercase, string.digits
_ALPHABET: Final = string.ascii_letters + string.digits
#: What may stand before one `=`, and before two, in base64 whose unused bits are zero.
_LAST: Final = {1: "AEIMQUYcgkosw048", 2: "AQgw"}
#: Letters beyond ASCII are drawn from among their like, all of one length in UTF-8.
_RANGES: Final = (
    (0xC0, 0xFF), (0x100, 0x17F), (0x391, 0x3C9), (0x410, 0x44F), (0x5D0, 0x5EA), (0x621, 0x64A), (0x3041, 0x3096),
    (0x30A1, 0x30FA), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3),
)  # fmt: skip
_FOLD: Final = {ord(upper): ord(lower) for upper, lower in zip(string.ascii_uppercase, _LETTERS, strict=True)}
_RESERVED: Final = ".test"


def folded(text: str) -> str:
    """A text with ASCII letters in lower case; of the same length whatever else is in it."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def is_hex(value: str) -> bool:
    """Whether a value is a number in hexadecimal: a device id, GUID, MAC address or digest. One of decimal digits alone is a
    number of another kind, and one with letters in either case a name."""
    if not HEX.fullmatch(value) or (value.isdecimal()):
        return False
    return value in (value.lower(), value.upper())


def bare_hex(value: str) -> str:
    """A hexadecimal number without its separators, in lower case."""
    return SEPARATORS.sub("", value).lower()


def draw_hex(rng: random.Random, value: str) -> str:
    """As many hexadecimal digits, with a letter among them."""
    while True:
        made = "".join(rng.choice(_HEX_DIGITS) for _ in value)
        if not made.isdecimal():
            return made


def draw_name(rng: random.Random, value: str) -> str:
    """A letter for a letter, a digit for a digit; what stands between them stays, unless there is nothing else."""
    if not any(char.isalnum() for char in value):
        return "".join(rng.choice(_LETTERS) for _ in value)
    return "".join(_like(rng, char) for char in value)


def draw_number(rng: random.Random, value: str) -> str:
    """As many decimal digits; the first is 0 where it was."""
    first = "0" if value.startswith("0") else rng.choice("123456789")
    return first + "".join(rng.choice(_DIGITS) for _ in value[1:]) if len(value) > 1 else rng.choice(_DIGITS)


def draw_secret(rng: random.Random, value: str) -> str:
    """Letters and digits, as many as the value has characters; hexadecimal, decimal or base64 where it is that."""
    if value.isascii() and value.isdecimal():
        return draw_number(rng, value)
    if is_hex(value) and not SEPARATORS.search(value):
        made = draw_hex(rng, value)
        return made if value == value.lower() else made.upper()
    pad = is_base64(value, least=4)
    if pad is None:
        return "".join(rng.choice(_ALPHABET) if char.isascii() else _like(rng, char) for char in value)
    made = "".join(rng.choice(_ALPHABET) for _ in range(len(value) - pad))
    return made[:-1] + rng.choice(_LAST[pad]) + "=" * pad if pad else made


def is_base64(value: str, *, least: int = 8) -> int | None:
    """How many `=` a base64 value has at its end; None for what is not base64, or is shorter than `least` and so may be a word."""
    if len(value) < least or not _BASE64.fullmatch(value):
        return None
    try:
        decoded = base64.b64decode(value, validate=True)
    except binascii.Error:
        return None
    return value.count("=") if base64.b64encode(decoded).decode() == value else None


def draw_domain(rng: random.Random, value: str) -> str:
    """A domain below `.test`, which nobody can own (RFC 6761), dots kept where there is room for them; a mere name where the
    value is shorter than that."""
    if len(value) <= len(_RESERVED):
        return draw_name(rng, value)
    room = value[: -len(_RESERVED)]
    label = [_like(rng, char) if char.isalnum() else char for char in room]
    for place in (0, -1):
        if not label[place].isalnum():
            label[place] = rng.choice(_LETTERS)
    return "".join(label) + _RESERVED


def draw_v4(rng: random.Random, value: str) -> str:
    """An IPv4 address as long, of a network that nobody has: 10 (RFC 1918), 0 where that is too long, 240 where it is too short."""
    net = "0." if len(value) < 8 else "10." if len(value) < 15 else "240."
    left = len(value) - len(net) - 2
    widths = [1, 1, 1]
    while sum(widths) < left:
        place = rng.randrange(3)
        widths[place] += widths[place] < 3
    span = {1: (0, 9), 2: (10, 99), 3: (100, 255)}
    return net + ".".join(str(rng.randint(*span[width])) for width in widths)


def draw_v6(rng: random.Random, value: str) -> str:
    """An IPv6 address with as many groups of the same widths; a unique local one (RFC 4193) where its first group has room."""
    whole, percent, zone = value.partition("%")
    head, colon, tail = whole.rpartition(":") if "." in whole else (whole, "", "")
    made = "".join(rng.choice(_HEX_DIGITS[1:]) if char in string.hexdigits else char for char in head)
    made = f"fd{made[2:]}" if re.match(r"[0-9A-Fa-f]{4}:", made) else made
    return made + colon + (draw_v4(rng, tail) if tail else "") + percent + zone


def draw_sid(rng: random.Random, value: str) -> str:
    """A security identifier of the same authority."""
    found = SID.fullmatch(value)
    if found is None:
        return draw_name(rng, value)
    parts = [_sub_authority(rng, part) for part in found[2][1:].split("-")]
    return f"{folded(found[1])}-{'-'.join(parts)}"


def _sub_authority(rng: random.Random, part: str) -> str:
    made = draw_number(rng, part)
    return f"{rng.choice('123')}{made[1:]}" if len(part) == 10 else made


def address_form(value: str) -> Draw | None:
    """How a pseudonym for an IP address is drawn; None for what is none."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    return draw_v4 if address.version == 4 else draw_v6


def names_nobody(host: str) -> bool:
    """Whether a host is this machine, or none at all, whoever says so: loopback and the unspecified address."""
    if host.lower().rstrip(".") in ("localhost", ""):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _like(rng: random.Random, char: str) -> str:
    """A character like another one: a letter for a letter, in the same case, a digit for a digit."""
    if char.isascii():
        if char.isdigit():
            return rng.choice(_DIGITS)
        if char.isalpha():
            made = rng.choice(_LETTERS)
            return made if char.islower() else made.upper()
        return char
    if not char.isalpha():
        return char
    code = ord(char)
    low, high = next((pair for pair in _RANGES if pair[0] <= code <= pair[1]), (code & ~0x3F, code | 0x3F))
    for _ in range(100):
        if (made := chr(rng.randint(low, high))).isalpha():
            return made
    return char
