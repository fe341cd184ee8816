"""A capture that is judged in parts: what came of each part, and the report's shape of all of it.

The result is that of `judge` on the whole. Sessions and episodes are numbered through the whole capture, and findings speak of
those numbers; how many there were before is known when every part was looked at. So a part of which there is anything to say is
judged once more then. What is kept of the others is how many sessions they have, and when each began.
"""

import gc
import io
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from msgspec import structs

from replay.capture.episodes import Episode
from replay.capture.exchange import CaptureError, Trouble
from replay.capture.har import looks_like_har
from replay.capture.journal import looks_like_journal
from replay.capture.parts import LARGE, PACKED, Parts, TogetherError, read_parts
from replay.capture.readers import HEAD, Watch
from replay.capture.remote import is_url
from replay.capture.sessions import Session, assemble
from replay.capture.zst import Decompressed, looks_like_zst
from replay.expect.case import Options
from replay.expect.finding import Finding, Party, Verdict, verdicts, worst
from replay.expect.fold import fold
from replay.expect.judge import Judgement, Scope, judge_traffic, place_of, whose
from replay.report.shapes import CaptureShape, EpisodeShape, SessionShape, episode_shape, finding_shape, session, words
from replay.report.spool import Spool

_BUFFER: Final = 1 << 16
#: Exchanges after which what was judged is collected.
_COLLECT_AFTER: Final = 1_500
#: Stands for every session where nobody looks at more than their number.
_UNNAMED = SessionShape(0, None, "", None, [], [])


def in_parts(options: Options, scope: Scope) -> bool:
    """Whether what is asked can be told of each part on its own: not where a scenario must be somewhere in the capture, nor where
    evidence, a schedule or noise belongs to several devices."""
    whole = (options.expect, options.evidence, options.enrolment, options.until, scope.since, scope.noise)
    return options.quiet is not None and not options.secrets and all(each is None for each in whole)


def large_parts(
    path: str, watch: Watch | None, stage: Callable[[str], None] | None, *, lenient: bool, large: int | None = None
) -> Parts | None:
    """A journal in parts, where it is a file of `large` bytes or more; None where it is no such file, or has to be read as a
    whole: then nothing is said here, and whoever reads it so says what is wrong with it."""
    place, large = Path(path), LARGE if large is None else large
    try:
        if path == "-" or is_url(path) or not place.is_file():
            return None
        size = place.stat().st_size
        with place.open("rb") as file:
            packed = looks_like_zst(file.read(HEAD))
            file.seek(0)
            if size < (large // PACKED if packed else large):
                return None
            if stage:
                stage(f"reading {path}")
            return _read(watch(file, path) if watch else file, path, packed=packed, lenient=lenient)
    except (OSError, TogetherError, CaptureError):
        return None


def _read(file: BinaryIO, path: str, *, packed: bool, lenient: bool) -> Parts | None:
    stream = Decompressed(file, path) if packed else None
    journal = file if stream is None else io.BufferedReader(stream, _BUFFER)
    head = journal.read(HEAD) if stream is None else cast("io.BufferedReader", journal).peek(HEAD)[:HEAD]
    if not looks_like_journal(head) or looks_like_har(head):
        return None
    if stream is None:
        journal.seek(0)
    parts = read_parts(journal, path, lenient=lenient)
    if stream is not None and stream.trouble is not None:
        parts.frame.troubles.append(Trouble("cut", stream.trouble))
    if not parts.exchanges:
        parts.close()
        return None
    return parts


class Large:
    """A large capture, judged. `shape` is its part of the report; `findings` are those of it, `matched` the accepted entries that
    a finding is like. Its sessions are in `spool`; without `with_sessions` only as many are in the shape."""

    def __init__(self, path: str, parts: Parts, options: Options, scope: Scope, *, with_sessions: bool) -> None:
        self._parts, self._options, self._scope = parts, options, scope
        self._unread = {exchange.number for exchange in parts.unread}
        self._begins = array("d")
        self._episodes = array("d")
        self._since = 0
        self.spool = Spool() if with_sessions else None
        self._crashed: set[Party] = set()
        self._owners: dict[Finding, tuple[object, tuple[int, ...]]] = {}
        self.findings: list[Finding] = []
        self.matched: frozenset[int] = frozenset()
        self.errors: list[str] = []
        found = list(self._judge_all())
        self.findings = fold(sorted(self.findings, key=place_of), lambda finding: self._owner(finding)[0])
        self.verdicts = self._verdicts()
        self.shape = self._shape(path, found)

    # -- parts ----------------------------------------------------------------------------------------------------------

    def _judge_all(self) -> Iterator[EpisodeShape]:
        """Looks at every part, then at those once more of which there is something to say. Gives the episodes."""
        telling = []
        count = 0
        for number in range(self._parts.count + 1):
            judgement = self._judge(number)
            self._let_go(judgement)
            count += len(judgement.sessions)
            self._begins.extend(each.order for each in self._all_sessions(judgement))
            self._episodes.extend(each.episode.begin for each in judgement.episodes)
            if self.spool is not None:
                for each in judgement.sessions:
                    self.spool.add(each.order, session(each))
            if (
                judgement.episodes
                or judgement.errors
                or any(self._belongs(each, number) for each in judgement.findings)
            ):
                telling.append(number)
        self.sessions = count
        self._begins = array("d", sorted(self._begins))
        self._episodes = array("d", sorted(self._episodes))
        if self.spool is not None:
            self.spool.number_by(self._begins)
        for number in telling:
            yield from self._take(self._judge(number, numbered=True), number)

    def _let_go(self, judgement: Judgement) -> None:
        """Has the parts before collected, now and then: sessions and enrolments refer to each other, and the collector looks seldom
        (`settle`)."""
        self._since += len(judgement.traffic.turns) if judgement.traffic else 0
        if self._since > _COLLECT_AFTER:
            gc.collect()
            self._since = 0

    def _all_sessions(self, judgement: Judgement) -> list[Session]:
        return judgement.traffic.sessions if judgement.traffic else []

    def _judge(self, number: int, *, numbered: bool = False) -> Judgement:
        traffic = assemble(self._parts.part(number), lenient=self._scope.lenient)
        if not numbered:
            return judge_traffic(traffic, self._options, self._scope)
        for each in traffic.sessions:
            each.number = bisect_left(self._begins, each.order) + 1
        return judge_traffic(traffic, self._options, self._scope, numbering=self._number)

    def _number(self, each: Episode) -> int:
        return bisect_left(self._episodes, each.begin) + 1

    def _belongs(self, finding: Finding, number: int) -> bool:
        """Whether a finding is this part's own: what is on the capture, or on unread requests, is said by the last part alone."""
        common = finding.episode is None and (finding.exchange is None or finding.exchange in self._unread)
        return common is (number == self._parts.count)

    def _take(self, judgement: Judgement, number: int) -> Iterator[EpisodeShape]:
        sessions = {each.number: each for each in self._all_sessions(judgement)}
        on: dict[int, tuple[int, ...]] = {}
        for judged in judgement.episodes:
            for place in judged.findings:
                on[place] = (*on.get(place, ()), judged.episode.number)
        for place, finding in enumerate(judgement.findings):
            if self._belongs(finding, number):
                self.findings.append(finding)
                numbers = on.get(place, ())
                self._owners[_alone(finding)] = (whose(finding, sessions, numbers), numbers)
        self.matched |= judgement.matched
        self.errors += [each for each in judgement.errors if each not in self.errors]
        self._crashed |= {party for party, verdict in judgement.verdicts.items() if verdict is Verdict.ERROR}
        for judged in judgement.episodes:
            yield structs.replace(episode_shape(judged), findings=[])

    # -- all of it ------------------------------------------------------------------------------------------------------

    def _owner(self, finding: Finding) -> tuple[object, tuple[int, ...]]:
        """Whose a finding is, and on which episodes."""
        return self._owners[_alone(finding)]

    def _verdicts(self) -> dict[Party, Verdict]:
        found = verdicts(self.findings, judged=self._judged_any(), parties=self._scope.parties)
        return {party: Verdict.ERROR if party in self._crashed else verdict for party, verdict in found.items()}

    def _judged_any(self) -> bool:
        return self.sessions > 0 if self._scope.device is not None else self._parts.readable > 0

    def _shape(self, path: str, found: list[EpisodeShape]) -> CaptureShape:
        by_number = {each.id: each for each in found}
        for place, finding in enumerate(self.findings):
            for number in self._owner(finding)[1]:
                by_number[number].findings.append(place)
        return CaptureShape(
            path=path,
            verdict=worst(self.verdicts.values()).word,
            verdicts=words(self.verdicts),
            exchanges=self._parts.exchanges,
            readable=self._parts.readable,
            sessions=[] if self.spool is not None else [_UNNAMED] * self.sessions,
            episodes=[by_number[number] for number in sorted(by_number)],
            findings=[finding_shape(each) for each in self.findings],
            errors=self.errors,
        )


def _alone(finding: Finding) -> Finding:
    """A finding without what was folded into it."""
    return structs.replace(finding, also=())
