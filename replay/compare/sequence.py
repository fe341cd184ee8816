"""Alignment of two sequences: what belongs together, what stands elsewhere, what only one side has.

Things are known by keys of several levels, from "the same" down to "of the same kind". On each level what is alike at both ends
is taken off first, and the fewest additions and removals are looked for that explain the rest; so one command that is missing
among thousands costs no more than a look at each. Where they would be too many, things that occur once on each side become
anchors (patience sorting), and only what is without any between two of them is left to difflib, whose time grows with the
square of repetitions. Between the pairs of the finer level the next level goes on.
"""

import bisect
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import Final

from msgspec import Struct

#: Places of a pair: in the one sequence, and in the other.
Pair = tuple[int, int]
#: The key of the thing at a place.
Key = Callable[[int], Hashable]
#: How alike two things are, by their places: 0 for what can be no pair, else up to 1.
Likeness = Callable[[int, int], float]

#: The most pairs of equal things that difflib is given to choose from between two anchors.
_MOST_REPEATED: Final = 40_000
#: The most additions and removals that are looked for between two pairs.
_MOST_EDITS: Final = 100
#: The most pairs of unlike things that are weighed against each other between two anchors.
_MOST_WEIGHED: Final = 2_500
#: What a pair is worth in itself: two poor pairs are better than one good one and two things left over.
_PAIR: Final = 1.0


class Alignment(Struct, frozen=True):
    """What belongs together: `kept` in the same order on both sides, `moved` in another; both by the first place."""

    kept: tuple[Pair, ...]
    moved: tuple[Pair, ...] = ()


def align(
    levels: Sequence[tuple[Key, Key]],
    sizes: Pair,
    likeness: Likeness | None = None,
    *,
    order: tuple[bytes, bytes] = (b"", b""),
) -> Alignment:
    """Aligns two sequences of these sizes by the keys of each level, finest first. A key of None fits nothing; keys of a coarser
    level are asked for only where the finer ones left something.

    What is left over is moved where the other side has the same left over too; on the coarsest of several levels only where each
    side has one of that key.
    What then is left between two neighbours becomes pairs where `likeness` allows it, as many and as like as can be.

    `order` are digests of both: in every choice between equals the side with the lesser goes first, whichever is given first, so
    that the other way round the alignment is the same.
    """
    if order[0] <= order[1]:
        return _align(levels, sizes, likeness)
    turned = _align(
        [(other, one) for one, other in levels],
        (sizes[1], sizes[0]),
        None if likeness is None else lambda there, here: likeness(here, there),
    )
    return Alignment(*(tuple(sorted((here, there) for there, here in pairs)) for pairs in (turned.kept, turned.moved)))


def _align(levels: Sequence[tuple[Key, Key]], sizes: Pair, likeness: Likeness | None) -> Alignment:
    kept: list[Pair] = []
    keys: list[tuple[list[Hashable], list[Hashable]]] = []
    for one, other in levels:
        if len(kept) == min(sizes):  # one side has nothing left
            return Alignment(tuple(kept))
        taken = {pair[0] for pair in kept}, {pair[1] for pair in kept}
        keys.append((_keys(one, sizes[0], taken[0]), _keys(other, sizes[1], taken[1])))
        kept += [pair for gap in list(_gaps(kept, sizes)) for pair in _in_gap(*keys[-1], gap)]
        kept.sort()
    moved: list[Pair] = []
    for number, (mine, theirs) in enumerate(keys):
        moved += _elsewhere(mine, theirs, kept + moved, several=len(keys) == 1 or number < len(keys) - 1)
    if likeness is not None:
        taken = {pair[0] for pair in moved}, {pair[1] for pair in moved}
        kept += [pair for gap in list(_gaps(kept, sizes)) for pair in _weighed(gap, taken, likeness)]
        kept.sort()
    return Alignment(tuple(kept), tuple(sorted(moved)))


def _keys(key: Key, size: int, taken: set[int]) -> list[Hashable]:
    return [None if place in taken else key(place) for place in range(size)]


def rows(alignment: Alignment, sizes: Pair) -> list[tuple[int | None, int | None]]:
    """Every place of both sides in the order of the first, with its counterpart; what only the second has stands before what it
    comes before there."""
    partner = dict(alignment.kept) | dict(alignment.moved)
    taken = set(partner.values())
    found: list[tuple[int | None, int | None]] = []
    one = other = 0
    for here, there in (*alignment.kept, sizes):
        found += [(place, partner.get(place)) for place in range(one, here)]
        found += [(None, place) for place in range(other, there) if place not in taken]
        if here < sizes[0]:
            found.append((here, there))
        one, other = here + 1, there + 1
    return found


_Gap = tuple[int, int, int, int]


def _gaps(kept: Sequence[Pair], sizes: Pair) -> Iterable[_Gap]:
    """What lies between pairs on both sides: from and to of the one, from and to of the other."""
    return _between(kept, (0, sizes[0], 0, sizes[1]))


def _between(pairs: Sequence[Pair], gap: _Gap) -> Iterable[_Gap]:
    """The same within a gap."""
    one, other = gap[0], gap[2]
    for here, there in (*pairs, (gap[1], gap[3])):
        if here > one and there > other:
            yield one, here, other, there
        one, other = here + 1, there + 1


def _in_gap(one: Sequence[Hashable], other: Sequence[Hashable], gap: _Gap) -> list[Pair]:
    """The pairs of equal keys in a gap."""
    found: list[Pair] = []
    left = [gap]
    while left:
        a, b, c, d = left.pop()
        while a < b and c < d and one[a] is not None and one[a] == other[c]:
            found.append((a, c))
            a, c = a + 1, c + 1
        while a < b and c < d and one[b - 1] is not None and one[b - 1] == other[d - 1]:
            b, d = b - 1, d - 1
            found.append((b, d))
        if a == b or c == d:
            continue
        pairs = _fewest_edits(one, other, (a, b, c, d))
        if pairs is None:
            pairs = _anchors(one, other, (a, b, c, d))
            left += _between(pairs, (a, b, c, d)) if pairs else ()
        found += pairs or _repeated(one, other, (a, b, c, d))
    return found


def _anchors(one: Sequence[Hashable], other: Sequence[Hashable], gap: _Gap) -> list[Pair]:
    """What occurs once on each side, as far as it stands in the same order there."""
    a, b, c, d = gap
    here, there = Counter(one[a:b]), Counter(other[c:d])
    places = {key: place for place, key in enumerate(other[c:d], c) if there[key] == 1}
    unique = [
        (place, places[key])
        for place, key in enumerate(one[a:b], a)
        if key is not None and here[key] == 1 and key in places
    ]
    return [unique[place] for place in longest_rise([pair[1] for pair in unique])]


def longest_rise(values: Sequence[float]) -> list[int]:
    """The places of a longest rising part of a sequence (patience sorting)."""
    tops: list[float] = []
    top_places: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        pile = bisect.bisect_left(tops, value)
        before.append(top_places[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(value)
            top_places.append(place)
        else:
            tops[pile], top_places[pile] = value, place
    found: list[int] = []
    place = top_places[-1] if top_places else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


def _repeated(one: Sequence[Hashable], other: Sequence[Hashable], gap: _Gap) -> list[Pair]:
    """Pairs of keys of which none is unique: difflib's; where they are too many to choose from, those that are as far from the
    beginning on both sides."""
    a, b, c, d = gap
    counts = Counter(other[c:d])
    mine, theirs = one[a:b], other[c:d]
    found = [(place, place) for place in range(min(b - a, d - c))]
    if sum(counts[key] for key in mine if key is not None) <= _MOST_REPEATED:
        blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
        found = [(block.a + step, block.b + step) for block in blocks for step in range(block.size)]
    return [(a + here, c + there) for here, there in found if mine[here] is not None and mine[here] == theirs[there]]


def _fewest_edits(one: Sequence[Hashable], other: Sequence[Hashable], gap: _Gap) -> list[Pair] | None:
    """The pairs that the fewest additions and removals leave (Myers, "An O(ND) difference algorithm"); None where there would have
    to be more than `_MOST_EDITS` of them."""
    a, b, c, d = gap
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(_MOST_EDITS + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
            here = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            there = here - diagonal
            while a + here < b and c + there < d and one[a + here] == other[c + there] and one[a + here] is not None:
                here, there = here + 1, there + 1
            furthest[diagonal] = here
            if here >= b - a and there >= d - c:
                return [(a + mine, c + theirs) for mine, theirs in _along(trace, b - a, d - c)]
    return None


def _along(trace: Sequence[dict[int, int]], here: int, there: int) -> list[Pair]:
    """The pairs on the way back from the ends of both sequences, the last first."""
    found: list[Pair] = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], here - there
        down = diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        start = furthest[before]
        while here > start + (0 if down else 1):
            here, there = here - 1, there - 1
            found.append((here, there))
        here, there = start, start - before
    return found


def _elsewhere(
    one: Sequence[Hashable], other: Sequence[Hashable], pairs: Sequence[Pair], *, several: bool
) -> list[Pair]:
    """What no pair has and stands elsewhere on the other side: of a key that is left over once on each side; with `several` also
    more often, in order."""
    here: dict[Hashable, list[int]] = {}
    there: dict[Hashable, list[int]] = {}
    for keys, found, taken in ((one, here, {p[0] for p in pairs}), (other, there, {p[1] for p in pairs})):
        for place, key in enumerate(keys):
            if place not in taken and key is not None:
                found.setdefault(key, []).append(place)
    return [
        pair
        for key, places in here.items()
        if key in there and (several or len(places) == len(there[key]) == 1)
        for pair in zip(places, there[key], strict=False)
    ]


def _weighed(gap: _Gap, taken: Sequence[set[int]], likeness: Likeness) -> list[Pair]:
    """The pairs of a gap that are worth most together, by the table of all beginnings (Needleman and Wunsch); where it is too large
    for that, each with the next that it can be a pair with."""
    one = [place for place in range(gap[0], gap[1]) if place not in taken[0]]
    other = [place for place in range(gap[2], gap[3]) if place not in taken[1]]
    if len(one) * len(other) > _MOST_WEIGHED:
        return [(here, there) for here, there in zip(one, other, strict=False) if likeness(here, there) > 0]
    worth = [[_worth(likeness(here, there)) for there in other] for here in one]
    best = [[0.0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in range(len(one) - 1, -1, -1):
        for j in range(len(other) - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + worth[i][j])
    found: list[Pair] = []
    i = j = 0
    while i < len(one) and j < len(other):
        if worth[i][j] and best[i][j] == best[i + 1][j + 1] + worth[i][j]:
            found.append((one[i], other[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _worth(likeness: float) -> float:
    return _PAIR + likeness if likeness > 0 else 0.0
