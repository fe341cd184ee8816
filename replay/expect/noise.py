"""Noise profiles as files (`--noise FILE`): what is read from one, what is wrong with it, and what it is to a judgement.

    [[noise]]
    path = "SyncBody/Replace/Item/Data"    # as omadm diff shows it; a step without a number fits any number
    about = "./DevDetail/Ext/Microsoft/TotalRAM"    # optional: the LocURI of the item; of an alert the Type
    side = "request"                       # optional: request or response
    kind = "counter"                       # constant, alias, counter, time, random, text
    signed = "A. Tester, 2026-11-23"       # who has looked at it; a line without is not applied
    reason = "free memory, another in every run"

To a judgement noise is little: that a value may vary does not mean that a rule may be broken. Warnings and infos alone, at a place
that a signed line speaks of and with a value that varies as it says, are accepted for its reason.
"""

from collections.abc import Iterable
from typing import Any, Final

from msgspec import structs

from replay.capture.sessions import Traffic
from replay.expect.finding import Finding, Severity
from replay.expect.nearest import unknown
from replay.expect.toml_lines import Document, Keys, TomlError, load
from replay.normal.form import normal_form
from replay.normal.leaves import Leaf, leaves
from replay.normal.noise import WHERE, Line, NoiseProfile, can_vary
from replay.normal.varying import ALPHABETS, Form, Kind

#: Members of a line. The last three say what it was learned from, and are not read.
KEYS: Final = (
    "path", "about", "side", "kind", "alphabet", "length", "signed", "reason", "captures", "values", "distinct",
)  # fmt: skip
_SIDES: Final = ("request", "response")
#: What is known of one value alone: of the others something can only be said in a comparison.
_ALONE: Final = frozenset({Kind.COUNTER, Kind.TIME, Kind.RANDOM, Kind.TEXT})


def read_noise(path: str) -> NoiseProfile:
    """Reads a noise profile. Raises TomlError, which names every mistake with its line."""
    document = load(path)
    mistakes = [document.mistake((key,), unknown("key", key, ["noise"])) for key in document.data if key != "noise"]
    entries = document.data.get("noise", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise TomlError(*mistakes, document.mistake(("noise",), "expected lines that begin with [[noise]]"))
    lines = [_Entry(document, number, entry, mistakes).line() for number, entry in enumerate(entries)]
    if mistakes:
        raise TomlError(*mistakes)
    return NoiseProfile(path, tuple(lines))


class _Entry:
    """One line of a file; what is wrong with it is added to `mistakes`."""

    def __init__(self, document: Document, number: int, entry: dict[str, Any], mistakes: list[str]) -> None:
        self.document, self.entry, self.mistakes = document, entry, mistakes
        self.at: Keys = ("noise", number)

    def line(self) -> Line:
        """The line, as far as it is right."""
        for key in self.entry:
            if key not in KEYS:
                self.wrong(key, unknown("key", key, KEYS))
        path, kind = self.text("path", required=True), self.text("kind", required=True)
        if path and not can_vary(path):
            self.wrong("path", f"{path} counts to the letter and never is noise; only {WHERE} can be")
        if kind and kind not in list(Kind):
            self.wrong("kind", unknown("kind", kind, list(Kind)))
        side = self.text("side") or None
        if side is not None and side not in _SIDES:
            self.wrong("side", unknown("side", side, _SIDES))
        signed, reason = self.text("signed"), self.text("reason")
        if signed and not reason:
            self.wrong("reason", "is signed without a reason")
        return Line(
            path=path,
            kind=Kind(kind) if kind in list(Kind) else Kind.CONSTANT,
            about=self.text("about") if "about" in self.entry else None,
            side=side,
            form=self.form() if kind == Kind.RANDOM else None,
            signed=signed,
            reason=reason,
            number=self.document.line_of(*self.at),
        )

    def text(self, key: str, *, required: bool = False) -> str:
        """A text; nothing where it is missing."""
        value = self.entry.get(key, "")
        if not isinstance(value, str):
            self.wrong(key, f"{key} must be a text")
            return ""
        if required and not value.strip():
            self.wrong(key, f"{key} is missing")
        return value if key == "about" else value.strip()

    def form(self) -> Form | None:
        """The alphabet and the lengths of a random value."""
        alphabet, length = self.text("alphabet", required=True), self.entry.get("length")
        if alphabet and alphabet not in ALPHABETS:
            self.wrong("alphabet", unknown("alphabet", alphabet, list(ALPHABETS)))
        whole = isinstance(length, list) and [type(each) for each in length] == [int, int]
        if not isinstance(length, list) or not whole or not 1 <= length[0] <= length[1]:
            self.wrong("length", "length must be the least and the most characters, such as [32, 32]")
            return None
        return Form(alphabet, length[0], length[1]) if alphabet in ALPHABETS else None

    def wrong(self, key: str, text: str) -> None:
        """Notes a mistake."""
        self.mistakes.append(self.document.mistake((*self.at, key), text))


def accepted_noise(findings: Iterable[Finding], traffic: Traffic, profile: NoiseProfile) -> list[Finding]:
    """The findings, with the reason in those that are no more than noise."""
    places = _Places(traffic, profile)
    return [places.told(each) for each in findings]


class _Places:
    """The values of a capture, looked up by where a finding is."""

    def __init__(self, traffic: Traffic, profile: NoiseProfile) -> None:
        self._traffic, self._profile = traffic, profile
        self._known: dict[tuple[int, str], dict[str, Leaf]] | None = None

    def told(self, finding: Finding) -> Finding:
        """A finding, accepted where it is noise."""
        if finding.severity not in (Severity.WARNING, Severity.INFO) or finding.accepted is not None:
            return finding
        if finding.exchange is None or finding.side is None or finding.path is None or not can_vary(finding.path):
            return finding
        leaf = self._leaves().get((finding.exchange, finding.side), {}).get(finding.path)
        if leaf is None:
            return finding
        lines = self._profile.of(leaf, finding.side)
        if any(line.kind is Kind.CONSTANT for line in lines):
            return finding
        line = next((line for line in lines if line.kind in _ALONE and line.fits(leaf.value)), None)
        return finding if line is None else structs.replace(finding, accepted=f"noise: {line.reason}")

    def _leaves(self) -> dict[tuple[int, str], dict[str, Leaf]]:
        if self._known is None:
            self._known = {}
            for enrolment, form in zip(self._traffic.enrolments, normal_form(self._traffic), strict=True):
                for session, normal in zip(enrolment.sessions, form.sessions, strict=True):
                    for turn, sides in zip(session.turns, normal.exchanges, strict=True):
                        for side, message in zip(_SIDES, sides, strict=False):
                            found = {leaf.path: leaf for leaf in leaves(message.message)}
                            self._known[turn.number, side] = found
        return self._known
