"""A capture that is judged in parts: what came of each part, and the report's shape of all of it.

The result is that of `judge` on the whole. Sessions and episodes are numbered through the whole capture, and findings speak of
those numbers; how many there were before is known when every part was looked at. So a part of which there is anything to say is
judged once more then. What is kept of the others is how many sessions they have, and when each began.
"""

import gc
import io
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, Final, cast

from msgspec import structs

from replay.capture import flows
from replay.capture.episodes import Episode, find_episodes
from replay.capture.exchange import CaptureError, Trouble
from replay.capture.har import looks_like_har
from replay.capture.journal import looks_like_journal
from replay.capture.parts import (
    LARGE,
    PACKED,
    Parts,
    Span,
    TogetherError,
    anchors_of,
    flow_anchors_of,
    parts_for,
    read_flow_parts,
    read_parts,
)
from replay.capture.readers import HEAD, Watch
from replay.capture.remote import is_url
from replay.capture.sessions import Session, assemble
from replay.capture.zst import Decompressed, looks_like_zst
from replay.expect.case import Options
from replay.expect.finding import Finding, Party, Verdict, worst
from replay.expect.judge import EpisodeJudgement, Judgement, Scope, judge_traffic, whose
from replay.many.collected import Episodes, Findings
from replay.report.places import file_lines, line_of
from replay.report.safe import without_surrogates
from replay.report.shapes import CaptureShape, EpisodeShape, FindingShape, SessionShape, episode_shape, session, words
from replay.report.spool import Spool
from replay.report.told import Again, Drawing, Told

#: From when and until when a capture is wanted, in seconds since 1970.
Within = tuple[float | None, float | None]
ALL: Final[Within] = (None, None)
_BUFFER: Final = 1 << 16
#: The rule that speaks of the capture as a whole: that it has no unenrolment of the scenario that is expected.
_ABSENT: Final = "UNE021"
#: Stands for every session where nobody looks at more than their number.
_UNNAMED = SessionShape(0, None, "", None, [], [])


def in_parts(options: Options, scope: Scope) -> bool:
    """Whether what is asked can be told of each part on its own: not where evidence or noise belongs to several devices, nor where
    the users that secrets belong to are looked for."""
    return options.evidence is None and scope.noise is None and not options.secrets


def large_parts(
    path: str,
    watch: Watch | None,
    stage: Callable[[str], None] | None,
    *,
    lenient: bool,
    large: int | None = None,
    within: Within = ALL,
) -> Parts | None:
    """A journal or a flow file in parts, where it is a file of `large` bytes or more; None where it is no such file, or has to be
    read as a whole: then nothing is said here, and whoever reads it so says what is wrong with it. `within` is from when and until
    when it is wanted."""
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
            count = parts_for(size * PACKED if packed else size)
            watched = watch(file, path) if watch else file
            return _read(watched, path, packed=packed, lenient=lenient, within=within, count=count)
    except (OSError, TogetherError, CaptureError):
        return None


def _read(file: BinaryIO, path: str, *, packed: bool, lenient: bool, within: Within, count: int) -> Parts | None:
    head = _content(file, path, packed=packed)[0].read(HEAD)
    is_journal = looks_like_journal(head)
    if looks_like_har(head) or not (is_journal or (flows.looks_like_flows(head) and not packed)):
        return None
    span = None
    if within != ALL:
        anchors = (anchors_of if is_journal else flow_anchors_of)(_content(file, path, packed=packed)[0], path)
        span = Span(*within, anchors)
    content, stream = _content(file, path, packed=packed)
    parts = (read_parts if is_journal else read_flow_parts)(content, path, lenient=lenient, count=count, span=span)
    if stream is not None and stream.trouble is not None:
        parts.frame.troubles.append(Trouble("cut", stream.trouble))
    if not parts.exchanges:
        parts.close()
        return None
    return parts


def _content(file: BinaryIO, path: str, *, packed: bool) -> tuple[BinaryIO, Decompressed | None]:
    """What is in a file, from its beginning, and the stream that unpacks it where it is packed."""
    file.seek(0)
    if not packed:
        return file, None
    stream = Decompressed(file, path)
    return io.BufferedReader(stream, _BUFFER), stream


class Large:
    """A large capture, judged. `told` is what a report needs of it; its sessions, episodes and findings are read from disk as they
    are looked at. `matched` are the accepted entries that a finding is like. Without `with_sessions` there are but as many sessions
    as there should be; `draw` draws each episode.

    Raises TogetherError where all of the capture has to be seen to judge it."""

    def __init__(
        self,
        path: str,
        parts: Parts,
        options: Options,
        scope: Scope,
        *,
        with_sessions: bool = True,
        draw: Callable[[EpisodeJudgement], Drawing] | None = None,
    ) -> None:
        self._parts, self._options = parts, options
        self._wanted = options.expect.kind if options.expect is not None and _ABSENT not in scope.ignore else None
        self._scope = structs.replace(scope, ignore=scope.ignore | {_ABSENT})
        self._draw = draw
        self._unread = {exchange.number for exchange in parts.unread}
        self._begins = array("d")
        self._numbering = _Numbering()
        self._spool = Spool() if with_sessions else None
        self._crashed: set[Party] = set()
        self.findings = Findings()
        self.episodes = Episodes()
        self.matched: frozenset[int] = frozenset()
        self.errors: list[str] = []
        self._judge_all()
        self.findings.fold()
        self.episodes.finish(self.findings)
        self.verdicts = self._verdicts()
        drawings = Again(self.episodes.drawings) if draw is not None else ()
        self.told = Told(self._shape(path), Again(self.findings.located), drawings)

    # -- parts ----------------------------------------------------------------------------------------------------------

    def _judge_all(self) -> None:
        """Looks at every part, then at those once more of which there is something to say."""
        telling = []
        count = 0
        scenarios: set[str] = set()
        for number in range(self._parts.count + 1):
            judgement = self._judge(number)
            count += len(judgement.sessions)
            self._begins.extend(_place_of(each) for each in self._all_sessions(judgement))
            self._numbering.take(self._all_episodes(judgement))
            scenarios.update(each.episode.scenario for each in judgement.episodes)
            if self._spool is not None:
                for each in judgement.sessions:
                    self._spool.add(_place_of(each), session(each))
            if (
                judgement.episodes
                or judgement.errors
                or any(self._belongs(each, number) for each in judgement.findings)
            ):
                telling.append(number)
            del judgement
            _let_go()
        if self._wanted is not None and self._wanted not in scenarios:
            raise TogetherError(
                f"it has no unenrolment of the scenario {self._wanted}, and what else it has must be said"
            )
        self.sessions = count
        self._begins = array("d", sorted(self._begins))
        self._numbering.finish()
        if self._spool is not None:
            self._spool.number_by(self._begins)
        for number in telling:
            self._take(self._judge(number, numbered=True), number)
            _let_go()

    def _all_sessions(self, judgement: Judgement) -> list[Session]:
        return judgement.traffic.sessions if judgement.traffic else []

    def _all_episodes(self, judgement: Judgement) -> list[Episode]:
        if self._scope.device is None or judgement.traffic is None:
            return [each.episode for each in judgement.episodes]
        return find_episodes(judgement.traffic)  # those of other devices have numbers as well

    def _judge(self, number: int, *, numbered: bool = False) -> Judgement:
        traffic = assemble(self._parts.part(number), lenient=self._scope.lenient)
        if not numbered:
            return judge_traffic(traffic, self._options, self._scope)
        for each in traffic.sessions:
            each.number = bisect_left(self._begins, _place_of(each)) + 1
        return judge_traffic(traffic, self._options, self._scope, numbering=self._numbering.of_part(number))

    def _belongs(self, finding: Finding, number: int) -> bool:
        """Whether a finding is this part's own: what is on the capture, or on unread requests, is said by the last part alone."""
        return (finding.episode is None and self._is_shared(finding)) is (number == self._parts.count)

    def _is_shared(self, finding: Finding) -> bool:
        """Whether other parts may have something to say of the same place."""
        return finding.exchange is None or finding.exchange in self._unread

    def _take(self, judgement: Judgement, number: int) -> None:
        sessions = {each.number: each for each in self._all_sessions(judgement)}
        lines = file_lines(judgement)
        on: dict[int, tuple[int, ...]] = {}
        for judged in judgement.episodes:
            for place in judged.findings:
                on[place] = (*on.get(place, ()), judged.episode.number)
        for place, finding in enumerate(judgement.findings):
            if self._belongs(finding, number):
                numbers = on.get(place, ())
                self.findings.add(
                    finding,
                    line=line_of(finding, lines),
                    owner=whose(finding, sessions, numbers),
                    on=numbers,
                    shared=self._is_shared(finding),
                )
        self.matched |= judgement.matched
        self.errors += [each for each in judgement.errors if each not in self.errors]
        self._crashed |= {party for party, verdict in judgement.verdicts.items() if verdict is Verdict.ERROR}
        for judged in judgement.episodes:
            self.episodes.add(episode_shape(judged), self._draw(judged) if self._draw is not None else [])

    # -- all of it ------------------------------------------------------------------------------------------------------

    def _verdicts(self) -> dict[Party, Verdict]:
        found = self.findings.verdicts(judged=self._judged_any(), parties=self._scope.parties)
        return {party: Verdict.ERROR if party in self._crashed else verdict for party, verdict in found.items()}

    def _judged_any(self) -> bool:
        return self.sessions > 0 if self._scope.device is not None else self._parts.readable > 0

    def _shape(self, path: str) -> CaptureShape:
        sessions = self._spool if self._spool is not None else [_UNNAMED] * self.sessions
        return CaptureShape(
            path=without_surrogates(path),
            verdict=worst(self.verdicts.values()).word,
            verdicts=words(self.verdicts),
            exchanges=self._parts.exchanges,
            readable=self._parts.readable,
            sessions=cast("list[SessionShape]", sessions),
            episodes=cast("list[EpisodeShape]", self.episodes),
            findings=cast("list[FindingShape]", self.findings),
            errors=[without_surrogates(error) for error in self.errors],
        )


def _let_go() -> None:
    """Has a part collected as soon as nobody needs it, while it is still at hand: sessions and enrolments refer to each other, so
    that it does not go by itself, and the collector looks seldom (`settle`). What was there before is left alone."""
    gc.collect(1)


class _Numbering:
    """The numbers of episodes through the whole capture: in the order in which they begin, and of two at one time in that of their
    enrolments."""

    def __init__(self) -> None:
        self._begins, self._enrolments = array("d"), array("Q")
        self._first = array("Q")
        self._numbers = array("Q")

    def take(self, episodes: Iterable[Episode]) -> None:
        """Takes the episodes of the next part, in their order there."""
        self._first.append(len(self._begins))
        for each in episodes:
            self._begins.append(each.begin)
            self._enrolments.append(each.enrolment.sessions[0].turns[0].number)

    def finish(self) -> None:
        """Numbers them, when all were taken."""
        order = sorted(range(len(self._begins)), key=lambda at: (self._begins[at], self._enrolments[at]))
        self._numbers = array("Q", bytes(8 * len(order)))
        for number, place in enumerate(order, 1):
            self._numbers[place] = number

    def of_part(self, part: int) -> Callable[[Episode], int]:
        """What gives the number of an episode of a part, which is numbered there from 1 on."""
        first = self._first[part]
        return lambda episode: self._numbers[first + episode.number - 1]


def _place_of(each: Session) -> int:
    """Where a session stands among those of a capture."""
    return each.turns[0].number
