"""The findings and episodes of a large capture as they come, part by part: kept on disk, and given in the order of the report.

In memory stays of a finding where it stands, which cause it has, and where on disk it is; of an episode where it is.
"""

from array import array
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final

from msgspec import Struct, structs

from replay.expect.finding import Finding, Party, Severity, Verdict, verdicts
from replay.expect.fold import cause_of, fold_places
from replay.expect.judge import place_of
from replay.report.shapes import EpisodeShape, FindingShape, finding_shape
from replay.report.spool import Kept
from replay.report.told import Drawing, Located

#: Bytes of the digest by which causes are told apart.
_DIGEST: Final = 16
_NO_CAUSE: Final = bytes(_DIGEST)


class _Found(Struct, array_like=True):
    """A finding, the line of the capture file that it is on, and the numbers of the episodes that it is on."""

    finding: FindingShape
    line: int | None
    on: tuple[int, ...]


class Findings:
    """The findings of a capture. After `fold` they are those of the report, in its order, and can be read as often as wanted."""

    def __init__(self) -> None:
        self._kept: Kept[_Found] = Kept(_Found)
        self._exchanges, self._sides, self._ties = array("Q"), array("B"), array("Q")
        self._rules, self._rule_of = array("H"), dict[str, int]()
        self._causes = bytearray()
        self._kinds: dict[tuple[Party, Severity, bool], Finding] = {}
        self._order = array("Q")
        self._also: dict[int, array[int]] = {}

    def add(self, finding: Finding, *, line: int | None, owner: object, on: tuple[int, ...], shared: bool) -> None:
        """Takes the next finding: on which line of the file it is, whose it is (`judge.whose`), on which episodes, and whether
        several parts may have something to say of its place: then they stand in the order of their episodes."""
        self._kept.add(_Found(finding_shape(finding), line, on))
        exchange, side, rule = place_of(finding)
        self._exchanges.append(exchange)
        self._sides.append(side)
        self._rules.append(self._rule_of.setdefault(rule, len(self._rule_of)))
        self._ties.append((finding.episode or 0) if shared else 0)
        cause = cause_of(finding, lambda _: owner)
        self._causes += _NO_CAUSE if cause is None else blake2b(repr(cause).encode(), digest_size=_DIGEST).digest()
        self._kinds.setdefault((finding.party, finding.severity, finding.accepted is None), finding)

    def fold(self) -> None:
        """Puts them in order, those of one cause as one (`replay.expect.fold`)."""
        ranks = {number: rank for rank, (_, number) in enumerate(sorted(self._rule_of.items()))}
        ordered = sorted(
            range(len(self._kept)),
            key=lambda at: (self._exchanges[at], self._sides[at], ranks[self._rules[at]], self._ties[at]),
        )
        kept, folded = fold_places((self._cause(place), self._exchanges[place]) for place in ordered)
        self._order = array("Q", (ordered[each] for each in kept))
        for first, others in folded.items():
            also = self._also[ordered[first]] = array("Q")
            for place in (ordered[each] for each in others):
                also.extend((self._exchanges[place], *(self._kept[place].finding.also or ())))
        del self._exchanges, self._sides, self._ties, self._rules, self._causes

    def _cause(self, place: int) -> bytes | None:
        cause = bytes(self._causes[place * _DIGEST : (place + 1) * _DIGEST])
        return None if cause == _NO_CAUSE else cause

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[FindingShape]:
        return (finding for finding, _ in self.located())

    def __getitem__(self, place: int) -> FindingShape:
        return self._at(place).finding

    def located(self) -> Iterator[Located]:
        """Each with the line of the capture file that it is on."""
        for place in range(len(self)):
            found = self._at(place)
            yield found.finding, found.line

    def on_episodes(self) -> Iterator[tuple[int, int]]:
        """The place of each finding with the number of each episode that it is on."""
        for place in range(len(self)):
            for number in self._at(place).on:
                yield place, number

    def _at(self, place: int) -> _Found:
        found = self._kept[self._order[place]]
        more = self._also.get(self._order[place])
        if more is not None:
            found.finding.also = sorted({*(found.finding.also or ()), *more})
        return found

    def verdicts(self, *, judged: bool, parties: Sequence[Party]) -> dict[Party, Verdict]:
        """The verdict on each party from them."""
        return verdicts(self._kinds.values(), judged=judged, parties=parties)

    @property
    def severities(self) -> frozenset[Severity]:
        """The severities of those that were not accepted."""
        return frozenset(severity for _, severity, counts in self._kinds if counts)


class Episodes:
    """The episodes of a capture, in the order of their numbers, and the drawing of each."""

    def __init__(self) -> None:
        self._kept: Kept[EpisodeShape] = Kept(EpisodeShape)
        self._drawn: Kept[Drawing] = Kept(Drawing)
        self._numbers = array("Q")
        self._order = array("Q")
        self._begins, self._places = array("Q"), array("Q")

    def add(self, shape: EpisodeShape, drawing: Drawing) -> None:
        """Takes the next episode; its findings are known later."""
        self._numbers.append(shape.id)
        self._kept.add(structs.replace(shape, findings=[]))
        self._drawn.add(drawing)

    def finish(self, findings: Findings) -> None:
        """Puts them in order, and their findings to them."""
        self._order = array("Q", sorted(range(len(self._kept)), key=self._numbers.__getitem__))
        counts = array("Q", bytes(8 * (len(self._order) + 1)))
        rank = {number: place for place, number in enumerate(sorted(self._numbers))}
        for _, number in findings.on_episodes():
            counts[rank[number] + 1] += 1
        for place in range(1, len(counts)):
            counts[place] += counts[place - 1]
        self._begins = counts
        self._places = array("Q", bytes(8 * counts[-1]))
        filled = array("Q", counts)
        for place, number in findings.on_episodes():
            self._places[filled[rank[number]]] = place
            filled[rank[number]] += 1

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[EpisodeShape]:
        for place, at in enumerate(self._order):
            own = self._places[self._begins[place] : self._begins[place + 1]]
            yield structs.replace(self._kept[at], findings=list(own))

    def drawings(self) -> Iterator[Drawing]:
        """The drawing of each."""
        return (self._drawn[at] for at in self._order)
