"""Volatile values that are told by their look, wherever Data carries them: GUIDs, times, certificates, thumbprints, channel
URIs (facts C). A value is volatile as a whole or not at all; within a longer text nothing is touched."""

import base64
import binascii
import re
from typing import Final

_GUID: Final = re.compile(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"  # ISO 8601, extended
    r"|\d{8}T\d{6}(?:\.\d+)?Z?"  # ISO 8601, basic, as SyncML writes it
)
_THUMBPRINT: Final = re.compile(r"[0-9A-Fa-f]{40}")
_CHANNEL: Final = re.compile(r"https://[^/\s]+\.notify\.windows\.com/\S*")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*", re.ASCII)
#: The shortest certificate that exists is longer than this, in base64.
_CERTIFICATE_LENGTH: Final = 300


def volatile_kind(text: str) -> str | None:
    """What kind of volatile value a text is as a whole: `guid`, `time`, `thumbprint`, `channel` or `certificate`; None for
    what counts to the letter."""
    if _GUID.fullmatch(text):
        return "guid"
    if _TIME.fullmatch(text):
        return "time"
    if _THUMBPRINT.fullmatch(text):
        return "thumbprint"
    if _CHANNEL.fullmatch(text):
        return "channel"
    if len(text) >= _CERTIFICATE_LENGTH and text.lstrip().startswith("MII") and _is_der(text):
        return "certificate"
    return None


def _is_der(text: str) -> bool:
    """Whether base64 holds one DER sequence of exactly that length, as a certificate is."""
    if not _BASE64.fullmatch(text):
        return False
    try:
        data = base64.b64decode(text)
    except binascii.Error:
        return False
    return data[:2] == b"\x30\x82" and len(data) == int.from_bytes(data[2:4], "big") + 4
