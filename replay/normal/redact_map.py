"""The map of a redaction: which value has which pseudonym, as JSON, so that another capture gets the same ones.

It holds the secrets themselves. Whoever is given the redacted capture must not be given the map.
"""

from typing import Final

import msgspec

from replay.normal.identities import Role
from replay.normal.redact_table import Entry

FORMAT: Final = "omadm-redaction-map"
VERSION: Final = 1


class _Map(msgspec.Struct):
    format: str
    version: int
    values: list[Entry]


def dumps(entries: list[Entry]) -> bytes:
    """A map as JSON, a value a line, ordered so that two maps can be compared."""
    ordered = sorted(entries, key=lambda entry: (entry.role, entry.value))
    lines = b",\n".join(msgspec.json.encode(_members(entry)) for entry in ordered)
    return b'{"format": "%s", "version": %d, "values": [\n%s\n]}\n' % (FORMAT.encode(), VERSION, lines)


def loads(data: bytes) -> list[Entry]:
    """The entries of a map. Raises ValueError, with the reason, for what is none."""
    try:
        found = msgspec.json.decode(data, type=_Map)
    except msgspec.DecodeError as error:  # a ValidationError is one
        raise ValueError(str(error)) from None
    if found.format != FORMAT or found.version != VERSION:
        raise ValueError(f"format {found.format!r}, version {found.version}; expected {FORMAT} {VERSION}")
    seen: set[str] = set()
    for entry in found.values:
        if not entry.value or len(entry.value) != len(entry.pseudonym):
            raise ValueError("a value and a pseudonym of different lengths")
        if entry.pseudonym in seen:
            raise ValueError("two values with the same pseudonym")
        seen.add(entry.pseudonym)
    return found.values


def _members(entry: Entry) -> dict[str, str | bool]:
    role: Role = entry.role
    members: dict[str, str | bool] = {"role": role.value, "value": entry.value, "pseudonym": entry.pseudonym}
    return members | ({"exact": True} if entry.exact else {})
