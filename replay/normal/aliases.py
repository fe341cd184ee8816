"""Aliases: a name for each value of a role, numbered by first use, so that equality is all that is left of them."""

from typing import Final

from replay.normal.identities import Role

_LETTERS: Final = {Role.DEVICE: "D", Role.SESSION: "S", Role.CORRELATION: "CV", Role.REQUEST: "R"}
_PREFIXES: Final = {role: _LETTERS.get(role, role.value.capitalize()) for role in Role}


class Aliases:
    """The aliases of one capture."""

    def __init__(self) -> None:
        self._by_kind: dict[str, dict[str, str]] = {}

    def of(self, role: Role, value: str) -> str:
        """The alias of a value: `{D1}` for the first device, and so on."""
        return self._numbered(role, _PREFIXES[role], value)

    def of_kind(self, kind: str, value: str) -> str:
        """The alias of a volatile value: `{guid 1}`. GUIDs, thumbprints and the like are the same in either case."""
        return self._numbered(kind, f"{kind} ", value.strip("{}").lower() if kind in ("guid", "thumbprint") else value)

    def _numbered(self, kind: str, prefix: str, value: str) -> str:
        known = self._by_kind.setdefault(kind, {})
        alias = known.get(value)
        if alias is None:
            alias = known[value] = f"{{{prefix}{len(known) + 1}}}"
        return alias
