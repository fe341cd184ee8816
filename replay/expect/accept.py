"""Findings that are known and accepted (`--accept FILE`): what a file says of them, and which findings it is about.

    [[accept]]
    rule = "UNE018"                          # an id or a name
    server = "https://mdm.example.test/*"    # optional; * and ? stand for any text
    device = "0123456789ABCDEF*"             # optional
    reason = "The vendor mends it in release 7, ticket 4711"
    until = 2026-12-31                       # optional; that day is the last one, in UTC

An accepted finding is still reported, with the reason, and changes no verdict. An entry that has expired accepts nothing.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

import msgspec
from msgspec import Struct

from replay.capture.sessions import Traffic
from replay.capture.turns import host_of
from replay.expect.finding import Finding
from replay.expect.nearest import unknown
from replay.expect.rules import find_rule, unknown_rule
from replay.expect.toml_lines import Document, Keys, TomlError, load

#: Members of an entry.
KEYS: Final = ("rule", "device", "server", "reason", "until")
#: The device and the server that a finding is about.
Whose = tuple[str | None, str | None]


class Acceptance(Struct, frozen=True, kw_only=True):
    """One entry of a file. `until` is the moment from which on it does not hold any more, `last` how the file says it."""

    file: str
    line: int
    rule: str
    reason: str
    device: str | None = None
    server: str | None = None
    until: datetime | None = None
    last: str | None = None

    def matches(self, finding: Finding, whose: Whose) -> bool:
        """Whether a finding is one of those that the entry is about, expired or not."""
        device, server = whose
        servers = [server, host_of(server).partition("://")[2].rpartition(":")[0]] if server else []
        return finding.rule == self.rule and _like(self.device, [device]) and _like(self.server, servers)


class Accepted(Struct, frozen=True):
    """The entries of a file, and the time at which they are applied."""

    entries: tuple[Acceptance, ...]
    now: datetime

    def expired(self, entry: Acceptance) -> bool:
        """Whether an entry does not hold any more."""
        return entry.until is not None and entry.until <= self.now

    def apply(
        self, findings: Iterable[Finding], whose: Callable[[Finding], Whose]
    ) -> tuple[list[Finding], frozenset[int]]:
        """The findings, with the reason in those that are accepted, and the numbers (from 0) of the entries that any of them
        matched, expired ones too. Of several entries the first that holds gives the reason."""
        out: list[Finding] = []
        matched: set[int] = set()
        for finding in findings:
            like = [n for n, entry in enumerate(self.entries) if entry.matches(finding, whose(finding))]
            matched.update(like)
            holding = next((self.entries[n] for n in like if not self.expired(self.entries[n])), None)
            out.append(msgspec.structs.replace(finding, accepted=holding.reason) if holding else finding)
        return out, frozenset(matched)

    def left(
        self, matched: frozenset[int], *, ignored: frozenset[str] = frozenset(), device: str | None = None
    ) -> list[str]:
        """What is to be said of the file: the entries that expired, and those that no finding matched, unless their rule was not
        applied (`ignored`) or one other `device` alone was judged."""
        said = []
        for number, entry in enumerate(self.entries):
            where = f"{entry.file}, line {entry.line}"
            if self.expired(entry):
                would = "a finding is like it and counts" if number in matched else "no finding is like it"
                said.append(f"{where}: {entry.rule} was accepted until {entry.last}, and is not any more; {would}")
            elif (
                number not in matched
                and entry.rule not in ignored
                and (device is None or _like(entry.device, [device]))
            ):
                said.append(f"{where}: {entry.rule} is accepted and no finding is like it; the entry may go")
        return said


def _like(pattern: str | None, values: Iterable[str | None]) -> bool:
    return pattern is None or any(value is not None and fnmatchcase(value, pattern) for value in values)


def whose_in(traffic: Traffic) -> Callable[[Finding], Whose]:
    """Who a finding is about, by its session, else by its exchange."""
    sessions = {session.number: session for session in traffic.sessions}
    turns = {turn.number: turn for turn in traffic.turns}

    def whose(finding: Finding) -> Whose:
        if finding.session in sessions:
            session = sessions[finding.session]
            return session.device, session.server
        turn = turns.get(finding.exchange) if finding.exchange is not None else None
        return (turn.device, turn.server) if turn else (None, None)

    return whose


# -- the file ---------------------------------------------------------------------------------------------------------------


def read_accepted(path: str, now: datetime) -> Accepted:
    """Reads a file of accepted findings. Raises TomlError, which names every mistake with its line."""
    document = load(path)
    mistakes = [document.mistake((key,), unknown("key", key, ["accept"])) for key in document.data if key != "accept"]
    entries = document.data.get("accept", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TomlError(*mistakes, document.mistake(("accept",), "expected entries that begin with [[accept]]"))
    if not entries and not mistakes:
        raise TomlError(f"{path}: accepts nothing; expected entries that begin with [[accept]]")
    read = [_entry(document, number, entry, mistakes) for number, entry in enumerate(entries)]
    if mistakes:
        raise TomlError(*mistakes)
    return Accepted(tuple(read), now)


def _entry(document: Document, number: int, entry: dict[str, Any], mistakes: list[str]) -> Acceptance:
    """One entry; what is wrong with it is added to `mistakes`."""
    at: Keys = ("accept", number)

    def text(key: str, *, required: bool = False) -> str:
        value = entry.get(key)
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value.strip():
            missing = f"{key} is missing" if value is None else f"{key} must be a text that is not empty"
            mistakes.append(document.mistake((*at, key), missing))
            return ""
        return value.strip()

    mistakes += [document.mistake((*at, key), unknown("key", key, KEYS)) for key in entry if key not in KEYS]
    rule = text("rule", required=True)
    found = find_rule(rule) if rule else None
    if rule and found is None:
        mistakes.append(document.mistake((*at, "rule"), unknown_rule(rule)))
    until = _until(document, (*at, "until"), entry.get("until"), mistakes)
    return Acceptance(
        file=document.path,
        line=document.line_of(*at),
        rule=found.rule.id if found else rule,
        reason=text("reason", required=True),
        device=text("device") or None,
        server=text("server") or None,
        until=until,
        last=None if until is None else str(entry["until"]),
    )


def _until(document: Document, keys: Keys, value: Any, mistakes: list[str]) -> datetime | None:
    """The end of an entry: of a day its end, of a moment (in UTC where it has no offset) the moment itself."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            value = ""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC) + timedelta(days=1)
    if value is not None:
        mistakes.append(document.mistake(keys, "until must be a day, such as 2026-12-31"))
    return None
