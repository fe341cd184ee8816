"""Scenario files, read: every mistake in one is said with its line, and with the names that would have been accepted."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

from replay.expect.finding import Party, Severity
from replay.expect.nearest import unknown
from replay.expect.scenarios.model import CONDITIONS, SENDER_OF, UNBOUNDED, Presence, Scenario, Step, What, Where
from replay.expect.toml_lines import Document, Keys, TomlError, load

_KINDS: Final = ("user", "server", "unjoin-failed")
_PHASES: Final = ("trigger", "alert", "reply", "cleanup", "silence")
_BEGINS: Final = ("session", "enrolment")
_TOP: Final = ("name", "title", "scenario", "phases", "begins", "step")
_STEP: Final = (
    "name", "presence", "sender", "what", "command", *CONDITIONS, "session", "package", "times", "within", "severity", "about",
)  # fmt: skip
_COMMANDS: Final = (
    "Add",
    "Alert",
    "Atomic",
    "Copy",
    "Delete",
    "Exec",
    "Get",
    "Replace",
    "Results",
    "Sequence",
    "Status",
)
_T = TypeVar("_T")


def shipped_path(name: str) -> str:
    """The file of a scenario that ships."""
    return str(Path(__file__).with_name(f"{name}.toml"))


def load_scenario(path: str) -> Scenario:
    """A scenario file. Raises TomlError with every mistake in it, each with its line."""
    return _Reading(load(path)).scenario()


class _Reading:
    """One file; mistakes are gathered, so that all of them are said at once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.mistakes: list[str] = []

    def scenario(self) -> Scenario:
        data = self.document.data
        self._known_keys((), data, _TOP, "setting of a scenario")
        kind = self._choice(("scenario",), data.get("scenario"), _KINDS, "user", needed=True)
        phases = data.get("phases")
        if phases is None:
            phases = _default_phases(kind)
        elif not isinstance(phases, list):
            self._wrong(("phases",), f"phases is {phases!r}; expected a list of {', '.join(_PHASES)}")
            phases = []
        for place, phase in enumerate(phases):
            self._choice(("phases", place), phase, _PHASES, "alert", name="phase")
        steps = self._steps(data.get("step"))
        scenario = Scenario(
            name=self._text(("name",), data.get("name"), needed=True),
            title=self._text(("title",), data.get("title")),
            kind=kind,
            phases=tuple(phases),
            begins=self._choice(("begins",), data.get("begins"), _BEGINS, "session"),
            steps=steps,
        )
        if self.mistakes:
            raise TomlError(*self.mistakes)
        return scenario

    # -- steps ----------------------------------------------------------------------------------------------------------

    def _steps(self, given: Any) -> tuple[Step, ...]:
        if not isinstance(given, list) or not given:
            self._wrong(("step",), "no steps; write each below a line [[step]]")
            return ()
        steps: list[Step] = []
        for place, each in enumerate(given):
            if not isinstance(each, dict):
                self._wrong(("step", place), f"a step is {each!r}; write each below a line [[step]]")
                continue
            step = self._step(("step", place), each)
            if step.name in {before.name for before in steps}:
                self._wrong(("step", place, "name"), f"two steps have the name {step.name!r}; give each its own")
            steps.append(step)
        return tuple(steps)

    def _step(self, at: Keys, given: dict[str, Any]) -> Step:
        self._known_keys(at, given, _STEP, "setting of a step")
        what = self._what(at, given)
        presence = self._enum((*at, "presence"), given.get("presence"), Presence, Presence.REQUIRED)
        sender = self._sender(at, given, what)
        at_least, at_most = self._times((*at, "times"), given.get("times"))
        return Step(
            name=self._text((*at, "name"), given.get("name"), needed=True),
            presence=presence,
            sender=sender,
            what=what,
            command=self._command(at, given, what),
            conditions=self._conditions(at, given, what),
            session=self._enum((*at, "session"), given.get("session"), Where, Where.ANY),
            package=self._package((*at, "package"), given.get("package")),
            at_least=at_least,
            at_most=at_most,
            within=self._seconds((*at, "within"), given.get("within")),
            severity=self._enum((*at, "severity"), given.get("severity"), Severity, Severity.ERROR),
            about=self._text((*at, "about"), given.get("about")),
        )

    def _what(self, at: Keys, given: dict[str, Any]) -> What | None:
        if "what" in given and "command" in given:
            self._wrong((*at, "what"), "a step has what or command, not both")
        if "what" not in given:
            if "command" not in given:
                kinds = ", ".join(What)
                self._wrong(at, f"the step says neither what ({kinds}) nor command ({', '.join(_COMMANDS)})")
            return None
        return self._enum((*at, "what"), given["what"], What, What.ALERT)

    def _sender(self, at: Keys, given: dict[str, Any], what: What | None) -> Party:
        senders = (Party.DEVICE, Party.SERVER)
        if what is None:
            value = self._choice((*at, "sender"), given.get("sender"), senders, Party.DEVICE, needed=True)
            return Party(value)
        sender = SENDER_OF[what]
        if given.get("sender", sender) != sender:
            self._wrong((*at, "sender"), f"{what.value!r} comes from the {sender}")
        return sender

    def _command(self, at: Keys, given: dict[str, Any], what: What | None) -> str | None:
        if what is not None or "command" not in given:
            return None
        return self._choice((*at, "command"), given["command"], _COMMANDS, "Alert")

    def _conditions(
        self, at: Keys, given: dict[str, Any], what: What | None
    ) -> tuple[tuple[str, tuple[str, ...]], ...]:
        found = []
        for name in CONDITIONS:
            if name not in given:
                continue
            if what is not None:
                self._wrong((*at, name), f"{name} goes with command; rules judge the details of {what.value!r}")
                continue
            value = given[name]
            patterns = value if isinstance(value, list) else [value]
            if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
                self._wrong((*at, name), f"{name} is {value!r}; expected a text, or a list of texts")
                continue
            found.append((name, tuple(patterns)))
        return tuple(found)

    # -- values ---------------------------------------------------------------------------------------------------------

    def _wrong(self, at: Keys, text: str) -> None:
        self.mistakes.append(self.document.mistake(at, text))

    def _known_keys(self, at: Keys, given: dict[str, Any], known: Iterable[str], what: str) -> None:
        for key in given:
            if key not in known:
                self._wrong((*at, key), unknown(what, key, known))

    def _text(self, at: Keys, value: Any, *, needed: bool = False) -> str:
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or (needed and not value.strip()):
            self._wrong(at, f"{at[-1]} is {'missing' if value is None else repr(value)}; expected a text")
            return ""
        return value

    def _choice(
        self, at: Keys, value: Any, known: Iterable[str], default: str, *, needed: bool = False, name: str = ""
    ) -> str:
        known, name = list(known), name or str(at[-1])
        if value is None and not needed:
            return default
        if value is None:
            self._wrong(at, f"{name} is missing; expected one of {', '.join(known)}")
        elif not isinstance(value, str):
            self._wrong(at, f"{name} is {value!r}; expected one of {', '.join(known)}")
        elif value not in known:
            self._wrong(at, unknown(name, value, known))
        else:
            return value
        return default

    def _enum(self, at: Keys, value: Any, kind: type[_T], default: _T) -> _T:
        names = [str(member) for member in kind]  # type: ignore[attr-defined]
        return kind(self._choice(at, value, names, str(default)))  # type: ignore[call-arg]

    def _number(self, at: Keys, value: Any, least: float, what: str) -> bool:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= least and value < UNBOUNDED:
            return True
        self._wrong(at, f"{at[-1]} is {value!r}; expected {what}")
        return False

    def _package(self, at: Keys, value: Any) -> int | None:
        if value is None:
            return None
        if value != 1 or isinstance(value, bool):
            self._wrong(at, f"package is {value!r}; only package 1 can be asked for")
        return 1

    def _seconds(self, at: Keys, value: Any) -> float | None:
        if value is None or not self._number(at, value, 0, "a number of seconds"):
            return None
        return float(value)

    def _times(self, at: Keys, value: Any) -> tuple[int, int]:
        if value is None:
            return 1, UNBOUNDED
        bounds = value if isinstance(value, list) else [value, value]
        good = len(bounds) == 2 and all(isinstance(b, int) and not isinstance(b, bool) and b >= 1 for b in bounds)
        if not good or bounds[0] > bounds[1]:
            self._wrong(at, f"times is {value!r}; expected a number from 1 on, or two such as [1, 3]")
            return 1, UNBOUNDED
        return bounds[0], bounds[1]


def _default_phases(kind: str) -> tuple[str, ...]:
    return {"user": _PHASES[1:], "server": _PHASES, "unjoin-failed": _PHASES[:3]}[kind]
