"""What sessions, messages and the whole of a comparison are called, in text and on pages alike."""

from collections.abc import Sequence

from replay.compare.changes import Comparison, MessageDiff, SessionDiff
from replay.report.safe import visible


def counts(comparison: Comparison) -> str:
    """How many changes of each kind, and how many were ignored."""
    summary = {kind: count for kind, count in comparison.summary.items() if count}
    ignored = f", {comparison.ignored} ignored" if comparison.ignored else ""
    if not summary:
        return f"no change{ignored}"
    kinds = ", ".join(f"{count} {kind}" for kind, count in summary.items())
    total = sum(summary.values())
    return f"{total} change{'' if total == 1 else 's'} ({kinds}){ignored}"


def value(text: str | None) -> str:
    """A value, in quotation marks where it would not be seen for what it is otherwise."""
    if text is None:
        return "nothing"
    shown = visible(text)
    return f'"{shown}"' if not shown or shown != shown.strip() or shown == "nothing" else shown


def of_session(session: SessionDiff) -> str:
    """A session and its counterpart."""
    expected, actual = session.expected, session.actual
    if expected is not None:
        if actual is None:
            return f"session {expected.number} of EXPECTED"
        also = f" ({actual.number} in ACTUAL)" if actual.number != expected.number else ""
        role = expected.role if actual.role == expected.role else f"{expected.role}, {actual.role} in ACTUAL"
        return f"session {expected.number}{also}, {role}"
    return "in no session" if actual is None else f"session {actual.number} of ACTUAL"


def of_sessions(sessions: list[SessionDiff]) -> str:
    """Several that follow each other."""
    expected = [each.expected.number for each in sessions if each.expected is not None]
    actual = [each.actual.number for each in sessions if each.expected is None and each.actual is not None]
    said = []
    for numbers, where in ((expected, ""), (actual, " of ACTUAL")):
        if len(numbers) > 1:
            said.append(f"{len(numbers)} sessions, {numbers[0]} to {numbers[-1]}{where}")
    single = [
        each
        for each in sessions
        if len(expected if each.expected else actual) == 1 or not (each.expected or each.actual)
    ]
    return ", ".join([*said, *(of_session(each) for each in single)])


def of_exchange(message: MessageDiff) -> str:
    """The exchange that a message is in, and that of its counterpart."""
    expected, actual = message.expected, message.actual
    view = expected or actual
    if view is None:
        return "the capture itself"
    also = f" ({actual.number} in ACTUAL)" if expected and actual and expected.number != actual.number else ""
    return f"exchange {view.number}{also}"


def of_message(message: MessageDiff) -> str:
    """The same with the side."""
    view = message.expected or message.actual
    return f"{of_exchange(message)}, {view.side}" if view is not None else of_exchange(message)


def of_messages(messages: Sequence[MessageDiff]) -> str:
    """Several that follow each other."""
    first, last = of_exchange(messages[0]), of_exchange(messages[-1])
    if len(messages) == 1:
        return of_message(messages[0])
    return first if first == last else f"{of_message(messages[0])}, to {of_message(messages[-1])}"


def alike(things: Sequence[SessionDiff] | Sequence[MessageDiff]) -> str:
    """What is to be said of things in which nothing is left to report: what one side alone has is not equal to anything."""
    alone = any((each.expected is None) != (each.actual is None) for each in things)
    return "as expected" if alone else "equal"
