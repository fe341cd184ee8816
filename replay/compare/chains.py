"""Which device at which server here is which there, though both may be called otherwise.

Chains with equal content come first, among them those of the same names; then what has the same names; then what has most in
common; then the rest in order. The order of chains among each other does not count: devices do not wait for each other.
"""

from collections import Counter, deque
from collections.abc import Callable, Hashable
from typing import Final

from msgspec import Struct

from replay.compare.likeness import Features, share
from replay.compare.views import Chain

#: The most pairs of chains that are weighed against each other.
_MOST: Final = 400


class ChainPair(Struct, frozen=True):
    """A chain beside its counterpart."""

    one: Chain | None
    other: Chain | None

    @property
    def same(self) -> bool:
        """Whether both are there and equal, but perhaps for their aliases and the order across sessions."""
        return self.one is not None and self.other is not None and self.one.digest == self.other.digest


def pair_chains(one: list[Chain], other: list[Chain], features: Features) -> list[ChainPair]:
    """The chains of two captures beside each other, in the order of the first; what only the second has stands at the end."""
    pairing = _Pairing(one, other)
    pairing.match(lambda chain: (chain.digest, chain.names))
    pairing.match(lambda chain: chain.digest)
    pairing.match(lambda chain: chain.names)
    pairing.match_alike(features)
    pairing.match(lambda chain: chain.server)
    pairing.match(lambda _: None)
    found = [ChainPair(chain, pairing.beside.get(place)) for place, chain in enumerate(one)]
    return found + [ChainPair(None, chain) for chain in pairing.there.values()]


class _Pairing:
    """What is not paired yet, on both sides by its place, and what is: what stands beside each place of the first."""

    def __init__(self, one: list[Chain], other: list[Chain]) -> None:
        self.here = dict(enumerate(one))
        self.there = dict(enumerate(other))
        self.beside: dict[int, Chain] = {}

    def match(self, key: Callable[[Chain], Hashable]) -> None:
        """Pairs those of one key, in order."""
        found: dict[Hashable, deque[int]] = {}
        for place, chain in self.there.items():
            found.setdefault(key(chain), deque()).append(place)
        for place, chain in list(self.here.items()):
            places = found.get(key(chain))
            if places:
                self._take(place, places.popleft())

    def match_alike(self, features: Features) -> None:
        """Pairs the most alike first, of those that are as like those of one server, then in order; none where they are too many
        to weigh."""
        if len(self.here) * len(self.there) > _MOST:
            return
        mine, theirs = (
            {
                place: sum((features.of_session(each) for each in chain.sessions), Counter())
                for place, chain in side.items()
            }
            for side in (self.here, self.there)
        )
        weighed = [
            (-share(content, beside), self.here[place].server != self.there[there].server, place + there, place, there)
            for place, content in mine.items()
            for there, beside in theirs.items()
        ]
        for *_, place, there in sorted(weighed):
            if place in self.here and there in self.there:
                self._take(place, there)

    def _take(self, place: int, there: int) -> None:
        self.beside[place] = self.there.pop(there)
        del self.here[place]
