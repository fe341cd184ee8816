"""Two captures compared: sessions within their enrolments, messages within sessions, commands within messages, values within
commands.

The comparison of B with A mirrors that of A with B: in every choice between equals the side with the lesser digest goes first.
"""

import sys
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import TypeVar

from msgspec import structs

from replay.capture.sessions import Traffic
from replay.compare.aliases import Aliases
from replay.compare.chains import ChainPair, pair_chains
from replay.compare.changes import Change, Comparison, MessageDiff, SessionDiff
from replay.compare.likeness import Features
from replay.compare.order import ChainOrder
from replay.compare.others import compare_others
from replay.compare.sessions import SessionPair, equal_sessions, pair_sessions
from replay.compare.views import CaptureView, view
from replay.normal.form import Profile

_T = TypeVar("_T", SessionDiff, MessageDiff)
#: Says whether a change counts, or is noise.
Noise = Callable[[Change], bool]


def compare(
    expected: Traffic,
    actual: Traffic,
    *,
    profile: Profile | None = None,
    timing: bool = False,
    noise: Noise | None = None,
) -> Comparison:
    """What differs between two captures. `timing` adds gaps in time. Where `noise` is given, it says of each change whether it
    counts; the others are left out and counted as ignored."""
    return compare_views(view(expected, profile), view(actual, profile), timing=timing, noise=noise)


def compare_views(
    expected: CaptureView, actual: CaptureView, *, timing: bool = False, noise: Noise | None = None
) -> Comparison:
    """The same of captures that were made ready."""
    found = _Work(expected, actual, timing).comparison()
    found.sessions = _in_order(found.sessions)
    found.apart = tuple(_not_compared(expected, actual))
    return found if noise is None else found.without(lambda change, _message, _session: noise(change))


def _not_compared(expected: CaptureView, actual: CaptureView) -> Iterator[str]:
    """What was not compared because one of the captures does not carry it; one without any message carries nothing else."""
    for name, capture, other in (("EXPECTED", expected, actual), ("ACTUAL", actual, expected)):
        if other.carried and not capture.carried_throughout:
            some = " for some messages: their" if capture.carried else ":"
            yield f"{name} carries no HTTP{some} URLs, headers and status were not compared"


class _Work:
    """One comparison."""

    def __init__(self, one: CaptureView, other: CaptureView, timing: bool) -> None:
        self.one, self.other, self.timing = one, other, timing
        self.aliases = Aliases(by_second=lambda: one.digest > other.digest)
        self.features = Features()
        self.enrolled = sum(each.enrols for each in one.others) == sum(each.enrols for each in other.others)

    def comparison(self) -> Comparison:
        """All of it: first what belongs together, then which aliases do, then what differs."""
        chains = pair_chains(self.one.chains, self.other.chains, self.features)
        paired = [(chain, self._sessions(chain)) for chain in chains]
        for chain, sessions in paired:
            self._vote(chain, sessions)
        self.aliases.count()
        found = [diff for chain, sessions in paired for diff in self._diffs(chain, sessions)]
        others = compare_others(self.one.others, self.other.others)
        return Comparison(found + ([others] if others is not None else []))

    def _sessions(self, chain: ChainPair) -> list[SessionPair]:
        one, other = chain.one.sessions if chain.one else [], chain.other.sessions if chain.other else []
        return (equal_sessions if chain.same else pair_sessions)(one, other, self.features)

    def _vote(self, chain: ChainPair, sessions: list[SessionPair]) -> None:
        if chain.one and chain.other and chain.one.device and chain.other.device:
            self.aliases.certain(chain.one.device, chain.other.device)
        for session in sessions:
            session.vote(self.aliases)

    def _diffs(self, chain: ChainPair, sessions: list[SessionPair]) -> Iterator[SessionDiff]:
        by_second = chain.one is not None and chain.other is not None and chain.one.digest > chain.other.digest
        order = ChainOrder(sessions, timing=self.timing, enrolled=self.enrolled, by_second=by_second)
        for session in sessions:
            yield order.session(session, self.aliases)


def _in_order(sessions: list[SessionDiff]) -> list[SessionDiff]:
    """Sessions in order of EXPECTED, their messages too; what only ACTUAL has stands behind what comes before it there."""
    for session in sessions:
        if not callable(session.found):
            role = next((side.role for side in (session.expected, session.actual) if side is not None), "")
            session.found = [_told(each, role) for each in _merged(session.messages)]
    return _merged(sessions)


def _told(message: MessageDiff, role: str) -> MessageDiff:
    """A message whose changes say in which session and on which side they are."""
    side = next((view.side for view in (message.expected, message.actual) if view is not None), "")
    rows = tuple(
        structs.replace(row, changes=tuple(structs.replace(each, side=side, role=role) for each in row.changes))
        for row in message.rows
    )
    return structs.replace(message, rows=rows)


def _merged(things: list[_T]) -> list[_T]:
    """Things by their numbers on the first side; what only the second has behind what comes before it there; the rest at the
    end."""
    at: dict[int, tuple[int, int]] = {}
    before = 0
    numbered = [(each.actual.number, each) for each in things if each.actual is not None]
    for there, each in sorted(numbered, key=itemgetter(0)):
        if each.expected is not None:
            before = each.expected.number
        else:
            at[id(each)] = before, there
    return sorted(
        things, key=lambda each: at.get(id(each)) or (each.expected.number if each.expected else sys.maxsize, 0)
    )
