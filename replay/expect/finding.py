"""Findings, severities, parties and verdicts: what a judgement is made of."""

import enum
import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

#: So many characters of a text from a capture are shown in a finding, and so many of a finding in all.
LONGEST: Final = 200
_LONGEST_IN_ALL: Final = 4_000
#: A quoted text of any length, or a long word.
_TOLD: Final = re.compile(rf"""(?<!\w)'(?:[^'\\]|\\.)*+'?|(?<!\w)"(?:[^"\\]|\\.)*+"?|\S{{{LONGEST},}}+""")


def shortened(text: str) -> str:
    """A text in which everything from a capture that is longer than LONGEST ends in `…` there: a hostile capture has a SessionID
    of a million characters."""
    if len(text) <= LONGEST:
        return text
    text = _TOLD.sub(_begin_of, text)
    return text if len(text) <= _LONGEST_IN_ALL else text[: _LONGEST_IN_ALL - 1] + "…"


def _begin_of(found: re.Match[str]) -> str:
    if len(found[0]) <= LONGEST:
        return found[0]
    quote = found[0][0] if found[0][0] in "'\"" else ""
    return found[0][: LONGEST - 1] + "…" + quote


class Verdict(enum.IntEnum):
    """A verdict only ever gets worse: none < pass < inconclusive < fail < error (contract, TTCN-3)."""

    NONE = 0
    PASS = 1
    INCONCLUSIVE = 2
    FAIL = 3
    ERROR = 4

    @property
    def word(self) -> str:
        """The verdict as reports write it."""
        return self.name.lower()


class Severity(enum.StrEnum):
    """How much a finding weighs. Warnings and infos change no verdict."""

    ERROR = "error"
    INCONCLUSIVE = "inconclusive"
    WARNING = "warning"
    INFO = "info"


class Party(enum.StrEnum):
    """Who must obey a rule; `proxy` is the recording itself."""

    DEVICE = "device"
    SERVER = "server"
    PROXY = "proxy"


_WEIGHT: Final = {Severity.ERROR: Verdict.FAIL, Severity.INCONCLUSIVE: Verdict.INCONCLUSIVE}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that a capture gets wrong, or that cannot be told from it, and the place that shows it.

    Exchanges, sessions and episodes by number; `path` and `line` are in the message on that `side` of the exchange. `accepted`
    is the reason for which a known finding changes no verdict.
    """

    rule: str
    severity: Severity
    party: Party
    message: str
    exchange: int | None = None
    side: str | None = None
    session: int | None = None
    episode: int | None = None
    path: str | None = None
    line: int | None = None
    source: str = ""
    also: tuple[int, ...] = ()
    accepted: str | None = None

    @property
    def weight(self) -> Verdict:
        """What this finding makes of its party's verdict."""
        return Verdict.PASS if self.accepted is not None else _WEIGHT.get(self.severity, Verdict.PASS)


def verdicts(
    findings: Iterable[Finding], *, judged: bool = True, parties: Iterable[Party] = Party
) -> dict[Party, Verdict]:
    """The verdict on each party from the findings; `none` for all where nothing was judged, and for parties not asked about."""
    asked = set(parties)
    start = Verdict.PASS if judged else Verdict.NONE
    result = {party: start if party in asked else Verdict.NONE for party in Party}
    if judged:
        for finding in findings:
            if finding.party in asked:
                result[finding.party] = max(result[finding.party], finding.weight)
    return result


def worst(of: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; `none` of no verdicts at all."""
    return max(of, default=Verdict.NONE)
