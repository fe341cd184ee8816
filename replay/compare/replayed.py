"""What came of a replay: the live answers beside the recorded ones, and how much of the recording was used.

Values alone, for those who play and those who report. What counts as a difference is said here (`DeviceReplay.equal`): exit code
0 stands for nothing else than that.
"""

import enum

from msgspec import Struct, field

from replay.compare.changes import Change


class Outcome(enum.StrEnum):
    """What the live server did where the recorded one had answered, or had not."""

    SAME = "same"
    DIFFERS = "differs"
    #: the recording has an answer of the server, and none came
    MISSING = "missing"
    #: the server had ended the exchange without an answer, and now there is one
    NEW = "new"
    #: neither then nor now
    SILENT = "silent"
    #: the recorded message reached the server, and now none can be reached
    UNDELIVERED = "undelivered"
    #: an answer came, and the recording cannot say what it should have been
    NOT_COMPARED = "not-compared"
    #: the message was not sent, and no answer was missed for it
    LEFT_OUT = "left-out"


#: What leaves a replay as good as the recording.
_HARMLESS = frozenset({Outcome.SAME, Outcome.SILENT, Outcome.NOT_COMPARED, Outcome.LEFT_OUT})


class LeftOut(Struct, frozen=True):
    """A recorded exchange that was not played, and why. It `counts` where the replay proves less for it."""

    exchange: int
    why: str
    counts: bool = False


class UnknownCommand(Struct):
    """A command of the live server that nothing was recorded for: in which live exchange, the command in words, the Status that it
    was given (None where it got none: `why` says why, and is empty else), and the nearest that was recorded, with its exchange."""

    exchange: int
    command: str
    status: str | None
    nearest: str | None
    nearest_exchange: int | None
    why: str


class Unused(Struct, frozen=True):
    """A recorded answer (`Status` or `Results`) for which the live server sent no command: the recorded exchange that has it, and
    the command in words."""

    exchange: int
    answer: str
    command: str


class AnswerOutcome(Struct, frozen=True):
    """One exchange: the recorded and the live one (None where there is none), the recorded session with its role, what came of
    it, and where it differs."""

    recorded: int | None
    live: int | None
    session: int
    role: str
    outcome: Outcome
    detail: str
    changes: tuple[Change, ...] = ()


class DeviceReplay(Struct):
    """One device's replay. `name` is its live id, `device` the recorded one; `recorded` counts the device's messages in the
    recording, `sent` those that were sent of them, `added` those that were sent besides, `answers` what came of each."""

    name: str
    device: str | None
    recorded: int
    sent: int
    added: int
    answers: list[AnswerOutcome] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    unknown: list[UnknownCommand] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stopped: str = ""

    @property
    def equal(self) -> bool:
        """Whether the live answers equal the recorded ones, and nothing else was asked of the device."""
        return not self.stopped and not self.unknown and all(each.outcome in _HARMLESS for each in self.answers)

    def count(self, *outcomes: Outcome) -> int:
        """How many exchanges came out so."""
        return sum(each.outcome in outcomes for each in self.answers)


class Replay(Struct):
    """A replay of a capture: the server, every device, and what could not be played because it belongs to no session."""

    capture: str
    to: str
    devices: list[DeviceReplay]
    outside: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether every device's replay is equal, and nothing that counts was left out."""
        return all(each.equal for each in self.devices) and not any(each.counts for each in self.outside)
