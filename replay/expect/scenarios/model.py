"""What a scenario is made of."""

import enum
from typing import Final

from msgspec import Struct

from replay.expect.finding import Party, Severity

#: As often as one likes.
UNBOUNDED: Final = 1_000_000


class Presence(enum.StrEnum):
    """Whether a step has to be there."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


class What(enum.StrEnum):
    """What a step waits for, where it is no plain command."""

    #: the device's unenrolment alert, right or wrong in its details: rules UNE002 to UNE007 judge those
    ALERT = "alert"
    #: the server's Exec Unenroll
    EXEC = "exec"
    #: the server's answer to the message with the alert, whatever it says
    REPLY = "reply"
    #: the device opens a session that carries no alert
    SESSION = "session"
    #: nothing more from the device for the quiet time
    SILENCE = "silence"


class Where(enum.StrEnum):
    """In which session a step is expected, seen from the step before it."""

    ANY = "any"
    SAME = "same"
    NEW = "new"


#: Who sends what.
SENDER_OF: Final = {
    What.ALERT: Party.DEVICE,
    What.EXEC: Party.SERVER,
    What.REPLY: Party.SERVER,
    What.SESSION: Party.DEVICE,
    What.SILENCE: Party.DEVICE,
}

#: The rule that speaks where such a step is missing (or, forbidden, is there): one cause is one finding.
SPOKEN_BY: Final[dict[tuple[What | None, Presence], str]] = {
    (What.ALERT, Presence.REQUIRED): "UNE001",
    (What.EXEC, Presence.REQUIRED): "UNE021",
    (What.SILENCE, Presence.REQUIRED): "UNE014",
    (What.SESSION, Presence.FORBIDDEN): "UNE011",
}

#: What of a command a step may ask for; each is a pattern, in which `*` stands for any characters.
CONDITIONS: Final = ("code", "target", "source", "type", "format", "data", "mark", "answers")


class Step(Struct, frozen=True, kw_only=True):
    """One step: who sends what, in which session, how often, how long after the step before it (seconds), and what a departure
    from it weighs. `command` is the name of a command where `what` is None; `conditions` are (name, patterns) of which one has
    to match."""

    name: str
    presence: Presence
    sender: Party
    what: What | None = None
    command: str | None = None
    conditions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    session: Where = Where.ANY
    package: int | None = None
    at_least: int = 1
    at_most: int = UNBOUNDED
    within: float | None = None
    severity: Severity = Severity.ERROR
    about: str = ""

    @property
    def spoken_by(self) -> str | None:
        """The rule that reports it where this step is missing, or there though it is forbidden; None for UNE022 itself."""
        return SPOKEN_BY.get((self.what, self.presence))

    @property
    def text(self) -> str:
        """The step in words: `deletes (the server sends Delete with target "./Vendor/*", 3 times)`."""
        if self.what is not None:
            what = {
                What.ALERT: "the device sends the unenrolment alert",
                What.EXEC: "the server sends the Exec Unenroll",
                What.REPLY: "the server answers the alert",
                What.SESSION: "the device opens a session without the alert",
                What.SILENCE: "nothing more from the device",
            }[self.what]
        else:
            asked = " and ".join(
                f"{name} " + " or ".join(f'"{pattern}"' for pattern in patterns) for name, patterns in self.conditions
            )
            what = f"the {self.sender} sends {self.command}" + (f" with {asked}" if asked else "")
        if self.package is not None:
            what += f" in package {self.package}"
        if self.session is not Where.ANY:
            what += f" in {'a new' if self.session is Where.NEW else 'the same'} session"
        if self.at_most < UNBOUNDED or self.at_least > 1:
            what += f", {self._times()}"
        if self.within is not None:
            what += f", within {self.within:g} s"
        return f"{self.name} ({what})"

    def _times(self) -> str:
        if self.at_least == self.at_most:
            return "once" if self.at_least == 1 else f"{self.at_least} times"
        if self.at_most == UNBOUNDED:
            return f"{self.at_least} times or more"
        return f"{self.at_least} to {self.at_most} times"


class Scenario(Struct, frozen=True, kw_only=True):
    """A scenario: its name, which kind of episode it describes, the phases that a report names, where the steps begin (with the
    `session` of the trigger or alert, or with the `enrolment`), and the steps."""

    name: str
    title: str
    kind: str
    phases: tuple[str, ...]
    begins: str
    steps: tuple[Step, ...]
