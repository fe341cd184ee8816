"""Which alias of one capture is which of the other: by the places at which they stand beside each other.

Aliases are numbered by first use, so one session more at the beginning renumbers all that come after it. What stands at the
same place on both sides votes for being the same; each alias has one counterpart at most, the most votes first. Where
two stand beside each other that are no counterparts, an equality holds on one side and not on the other: that is a change.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property

from replay.compare.shapes import Mark

#: Votes of a device for the device of the enrolment that its own was paired with: more than any message can have.
_CERTAIN = 1_000_000_000


class Aliases:
    """The counterparts, once all votes are in. Reports call them as the first capture numbers them, or the second (`by_second`,
    which may be found out only once there is something to report)."""

    def __init__(self, *, by_second: bool | Callable[[], bool] = False) -> None:
        self._asked = by_second
        self._votes: Counter[tuple[Mark, Mark]] = Counter()
        self._there: dict[Mark, Mark] = {}
        self._here: dict[Mark, Mark] = {}

    def vote(self, one: Iterable[Mark], other: Iterable[Mark]) -> None:
        """The aliases of two things that belong together, in order."""
        self._votes.update(pair for pair in zip(one, other, strict=True) if pair[0][0] == pair[1][0])

    def certain(self, one: Mark, other: Mark) -> None:
        """Two aliases that are known to be the same."""
        self._votes[one, other] += _CERTAIN

    def count(self) -> None:
        """Counts the votes."""
        for (one, other), _ in sorted(self._votes.items(), key=_rank):
            if one not in self._there and other not in self._here:
                self._there[one], self._here[other] = other, one

    @property
    def doubtful(self) -> bool:
        """Whether there is any place at which two stand that are no counterparts."""
        return len(self._there) < len(self._votes)

    def same(self, one: Iterable[Mark], other: Iterable[Mark]) -> bool:
        """Whether all of these are counterparts."""
        return all(self._there.get(here) == beside for here, beside in zip(one, other, strict=True))

    @cached_property
    def _by_second(self) -> bool:
        return self._asked() if callable(self._asked) else self._asked

    def name(self, mark: Mark, *, second: bool) -> str:
        """What an alias of one of the captures is called in a report: as its own capture numbers it, or its counterpart's. One
        without a counterpart gets a number that is not taken."""
        if second is self._by_second:
            return _named(mark)
        counterparts = self._here if second else self._there
        if mark in counterparts:
            return _named(counterparts[mark])
        place = 1 if self._by_second else 0
        most = max((pair[place][1] for pair in self._votes if pair[place][0] == mark[0]), default=0)
        return _named((mark[0], most + mark[1]))


def _rank(vote: tuple[tuple[Mark, Mark], int]) -> tuple[int, int]:
    """The most votes first, of equals what was used first on both sides: so it is the same the other way round, because two pairs
    with a mark in common never are equal."""
    (one, other), votes = vote
    return -votes, one[1] + other[1]


def _named(mark: Mark) -> str:
    return f"{{{mark[0]}{mark[1]}}}"
