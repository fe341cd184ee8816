"""The comparison's shape in JSON, exactly as the contract has it (`diff --format json`)."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from replay.compare.changes import Change, Comparison, MessageDiff, SessionDiff
from replay.compare.views import MessageView
from replay.report.safe import without_surrogates
from replay.version import __version__

FORMAT = "omadm-diff"


class PlaceShape(Struct):
    """A message: its exchange and side."""

    exchange: int
    side: str


class ChangeShape(Struct, rename={"of": "class"}):
    """One change; `actual_path` where the same thing has another path in ACTUAL."""

    kind: str
    of: str
    path: str
    expected: str | None
    actual: str | None
    actual_path: str | UnsetType = UNSET


class MessageShape(Struct):
    """A message beside its counterpart."""

    expected: PlaceShape | None
    actual: PlaceShape | None
    equal: bool
    changes: list[ChangeShape]


class SessionShape(Struct):
    """A session beside its counterpart; both are null for what belongs to no session."""

    expected: int | None
    actual: int | None
    equal: bool
    messages: list[MessageShape]


class DiffShape(Struct):
    """The whole comparison. `baselines` are the captures that it was made with where there are several, and `explained` how many
    changes some of them have as well; `notes` is what is to be said of those and of a noise profile."""

    format: str
    version: int
    tool: str
    expected: str
    actual: str
    equal: bool
    sessions: list[SessionShape]
    summary: dict[str, int]
    ignored: int
    not_compared: list[str]
    baselines: list[str] | UnsetType = UNSET
    explained: int | UnsetType = UNSET
    notes: list[str] | UnsetType = UNSET


def diff_shape(
    comparison: Comparison,
    expected: str,
    actual: str,
    *,
    baselines: tuple[str, ...] = (),
    explained: int = 0,
    notes: Sequence[str] = (),
) -> DiffShape:
    """A comparison of what has these two names."""
    return DiffShape(
        format=FORMAT,
        version=1,
        tool=f"omadm-replay {__version__}",
        expected=without_surrogates(expected),
        actual=without_surrogates(actual),
        equal=comparison.equal,
        sessions=[_session(each) for each in comparison.sessions],
        summary=comparison.summary,
        ignored=comparison.ignored,
        not_compared=list(comparison.apart),
        notes=[without_surrogates(each) for each in notes] if notes else UNSET,
        baselines=[without_surrogates(each) for each in baselines] if baselines else UNSET,
        explained=explained if baselines else UNSET,
    )


def _session(session: SessionDiff) -> SessionShape:
    return SessionShape(
        expected=session.expected.number if session.expected is not None else None,
        actual=session.actual.number if session.actual is not None else None,
        equal=session.equal,
        messages=[_message(each) for each in session.messages],
    )


def _message(message: MessageDiff) -> MessageShape:
    changes = [change_shape(each) for each in message.changes]
    return MessageShape(_place(message.expected), _place(message.actual), not changes, changes)


def _place(view: MessageView | None) -> PlaceShape | None:
    return None if view is None else PlaceShape(view.number, view.side)


def change_shape(change: Change) -> ChangeShape:
    """One change in its shape."""
    other = change.actual_path
    elsewhere = other is not None and other != change.path
    return ChangeShape(
        kind=change.kind.value,
        of=change.of.value,
        path=without_surrogates(change.path),
        expected=_text(change.expected),
        actual=_text(change.actual),
        actual_path=without_surrogates(other) if elsewhere and other is not None else UNSET,
    )


def _text(text: str | None) -> str | None:
    return None if text is None else without_surrogates(text)
