"""The result of a replay in JSON (`replay --format json`): what was sent, what came back, how much of the recording was used."""

from msgspec import Struct, field

from replay.compare.replayed import AnswerOutcome, DeviceReplay, LeftOut, Outcome, Replay, UnknownCommand, Unused
from replay.report.diff_shapes import ChangeShape, change_shape
from replay.report.safe import without_surrogates
from replay.version import __version__

FORMAT = "omadm-replay"


class Messages(Struct):
    """The device's messages: in the recording, sent of them, sent besides, left out."""

    recorded: int
    sent: int
    added: int
    left_out: int


class Answers(Struct):
    """The server's answers: in the recording; the same, different (also those that asked for a message again, as no recorded one
    did), and missing; those that came where the recorded server gave none; those that there was nothing to compare with."""

    recorded: int
    same: int
    different: int
    missing: int
    new: int
    not_compared: int


class ExchangeShape(Struct):
    """One exchange, recorded and live."""

    recorded: int | None
    live: int | None
    session: int
    role: str
    outcome: str
    detail: str
    changes: list[ChangeShape]


class DeviceShape(Struct):
    """One device."""

    name: str
    recorded_as: str | None
    equal: bool
    messages: Messages
    answers: Answers
    exchanges: list[ExchangeShape]
    left_out: list[LeftOut]
    unknown: list[UnknownCommand]
    unused: list[Unused]
    notes: list[str]
    stopped: str | None


class ReplayShape(Struct):
    """The whole result. `outside` is what belongs to no session, and was not played."""

    capture: str
    to: str
    equal: bool
    messages: Messages
    answers: Answers
    devices: list[DeviceShape]
    outside: list[LeftOut]
    notes: list[str]
    format: str = FORMAT
    version: int = 1
    tool: str = field(default_factory=lambda: f"omadm-replay {__version__}")


def replay_shape(replay: Replay) -> ReplayShape:
    """A result in its shape."""
    devices = [_device(each) for each in replay.devices]
    return ReplayShape(
        without_surrogates(replay.capture),
        replay.to,
        replay.equal,
        _messages(replay.devices),
        _answers(replay.devices),
        devices,
        replay.outside,
        replay.notes,
    )


def _device(device: DeviceReplay) -> DeviceShape:
    return DeviceShape(
        device.name,
        device.device,
        device.equal,
        _messages([device]),
        _answers([device]),
        [_exchange(each) for each in device.answers],
        device.left_out,
        device.unknown,
        device.unused,
        device.notes,
        device.stopped or None,
    )


def _messages(devices: list[DeviceReplay]) -> Messages:
    recorded, sent = sum(each.recorded for each in devices), sum(each.sent for each in devices)
    return Messages(recorded, sent, sum(each.added for each in devices), sum(len(each.left_out) for each in devices))


def _answers(devices: list[DeviceReplay]) -> Answers:
    def count(*outcomes: Outcome) -> int:
        return sum(each.count(*outcomes) for each in devices)

    same, differs, missing = count(Outcome.SAME), count(Outcome.DIFFERS), count(Outcome.MISSING)
    besides = sum(
        answer.recorded is None and answer.outcome is Outcome.DIFFERS for each in devices for answer in each.answers
    )
    recorded = same + differs + missing - besides
    return Answers(recorded, same, differs, missing, count(Outcome.NEW), count(Outcome.NOT_COMPARED))


def _exchange(answer: AnswerOutcome) -> ExchangeShape:
    return ExchangeShape(
        answer.recorded,
        answer.live,
        answer.session,
        answer.role,
        answer.outcome.value,
        answer.detail,
        [change_shape(each) for each in answer.changes],
    )
