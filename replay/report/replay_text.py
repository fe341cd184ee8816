"""The result of a replay as text: equal or not, then where not, then how much of the recording was used."""

from collections.abc import Iterator

import click

from replay.report.diff_shapes import ChangeShape
from replay.report.replay_shapes import Answers, DeviceShape, ExchangeShape, ReplayShape
from replay.report.safe import visible

#: Outcomes that are told without being asked for; the others with -v.
_TOLD = {"differs": "red", "missing": "red", "new": "red", "undelivered": "red"}
_MARKS = {
    "same": "=",
    "differs": "!",
    "missing": "-",
    "new": "+",
    "silent": ".",
    "undelivered": "-",
    "not-compared": "~",
    "left-out": " ",
}
#: Devices that differ are told of up to this many; with -v all are.
_MOST_DEVICES = 3
_MOST_CHANGES = 20
_LONGEST = 120


def replay_text(replay: ReplayShape, *, detail: int = 0) -> str:
    """The result as text. `detail` below 0 gives the first line alone, above 0 every exchange of every device."""
    word = (
        click.style("EQUAL", fg="green", bold=True) if replay.equal else click.style("DIFFERENT", fg="red", bold=True)
    )
    messages, answers = replay.messages, replay.answers
    several = f"{len(replay.devices)} devices, " if len(replay.devices) != 1 else ""
    lines = [
        f"{word}  {visible(replay.capture)} at {visible(replay.to)}: {several}{messages.sent} of {_count(messages.recorded)} sent, "
        f"{answers.same} of {answers.recorded} recorded answers came again"
    ]
    if detail < 0:
        return lines[0] + "\n"
    told = [each for each in replay.devices if detail > 0 or not each.equal]
    most = len(told) if detail > 0 else _MOST_DEVICES
    for device in told[:most]:
        lines += ["", *_device(device, detail, alone=len(replay.devices) == 1)]
    if len(told) > most:
        lines += ["", f"  and {len(told) - most} more devices that differ; -v tells of all"]
    for each in replay.outside:
        lines.append(f"  exchange {each.exchange} belongs to no session and was not played: {visible(each.why)}")
    lines += ["", f"  Coverage: {_coverage(replay)}"]
    lines += [f"  {visible(note)}" for note in replay.notes]
    return "\n".join(lines) + "\n"


def _count(messages: int) -> str:
    return "1 recorded message" if messages == 1 else f"{messages} recorded messages"


def _coverage(replay: ReplayShape) -> str:
    """How much of the recording was used, and what came besides."""
    messages, answers = replay.messages, replay.answers
    unused, unknown = (
        sum(len(each.unused) for each in replay.devices),
        sum(len(each.unknown) for each in replay.devices),
    )
    parts = [
        f"{messages.sent} messages sent, {messages.left_out} left out, {messages.added} added",
        _answered(answers),
        f"{unused} recorded answers not used, {unknown} live commands without a recorded answer",
    ]
    return "; ".join(parts)


def _answered(answers: Answers) -> str:
    more = [
        f"{number} {what}"
        for number, what in (
            (answers.different, "different"),
            (answers.missing, "missing"),
            (answers.new, "new"),
            (answers.not_compared, "with nothing to compare with"),
        )
        if number
    ]
    return f"{answers.same} answers as recorded" + "".join(f", {each}" for each in more)


def _device(device: DeviceShape, detail: int, *, alone: bool) -> Iterator[str]:
    if not alone:
        yield f"  device {visible(device.name)}: {'equal' if device.equal else 'different'}"
    for exchange in device.exchanges:
        if detail > 0 or exchange.outcome in _TOLD:
            yield from _exchange(exchange)
    for left in device.left_out:
        if detail > 0:
            yield f"      exchange {left.exchange} left out: {visible(left.why)}"
    for unknown in device.unknown:
        given = f"answered with Status {unknown.status}" if unknown.status else f"not answered: {unknown.why}"
        near = (
            f"; the nearest recorded one is {unknown.nearest} in exchange {unknown.nearest_exchange}"
            if unknown.nearest
            else ""
        )
        yield visible(f"    ? exchange {unknown.exchange}, live: {unknown.command} was not recorded, {given}{near}")
    for unused in device.unused:
        yield visible(
            f"    - exchange {unused.exchange}, recorded: {unused.answer} for {unused.command} not used, it did not come"
        )
    if device.stopped:
        yield f"    stopped: {visible(device.stopped)}"
    yield from (f"    {visible(note)}" for note in device.notes)


def _exchange(exchange: ExchangeShape) -> Iterator[str]:
    recorded = f"exchange {exchange.recorded}" if exchange.recorded is not None else "no recorded exchange"
    live = f"live {exchange.live}" if exchange.live is not None else "not sent"
    outcome = click.style(f"{exchange.outcome:<12}", fg=_TOLD.get(exchange.outcome))
    detail = f"  {visible(exchange.detail)}" if exchange.detail else ""
    session = f"session {exchange.session} ({visible(exchange.role)})" if exchange.session else "no session"
    yield f"    {_MARKS[exchange.outcome]} {outcome} {recorded}, {live}, {session}{detail}"
    for change in exchange.changes[:_MOST_CHANGES]:
        yield f"        {_change(change)}"
    if len(exchange.changes) > _MOST_CHANGES:
        yield f"        and {len(exchange.changes) - _MOST_CHANGES} more changes"


def _change(change: ChangeShape) -> str:
    values = f": {_value(change.expected)} recorded, {_value(change.actual)} live"
    return f"{change.kind} {change.of}  {visible(change.path or 'the whole answer')}{values}"


def _value(value: str | None) -> str:
    if value is None:
        return "nothing"
    short = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    return f'"{visible(short)}"'
