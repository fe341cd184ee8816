"""One capture, judged on its own: a pure function of a path and of what is asked, which processes and other machines can run.

What it gives holds no traffic. Everything that is said of several captures together is made of it.
"""

import os
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from msgspec import Struct, field

from replay.capture.collecting import settle
from replay.capture.digest import digest_of
from replay.capture.exchange import CaptureError, header
from replay.capture.parts import TogetherError
from replay.capture.readers import Watch, read
from replay.capture.remote import is_url
from replay.capture.sessions import Traffic
from replay.expect.case import Options
from replay.expect.finding import Finding, Party, Severity, Verdict, worst
from replay.expect.judge import EpisodeJudgement, Judgement, Scope, judge, unreadable
from replay.expect.rules import registry
from replay.many.large import Large, in_parts, large_parts
from replay.report.annotations import annotations_from, annotations_of
from replay.report.shapes import evidence_used
from replay.report.told import Again, Drawing, Told
from replay.syncml.credentials import HMAC_HEADER, MD5, auth_type, parse_hmac_header


class Place(Struct, frozen=True):
    """A capture to be judged: the `number`-th (from 1), the path under which it is reported, where it is opened, and what is known
    to be wrong with it already. `known` is the digest with which it was judged before."""

    number: int
    path: str
    at: str
    trouble: str = ""
    known: str = ""


class Task(Struct, frozen=True):
    """What is asked of every capture. `make` makes its piece of the report from the judgement and the capture's number; `annotate`
    says whether annotations are wanted. `only_changed` leaves alone what has the digest that is known. `shaped` makes the piece
    from what is told of a capture, where that is enough; then a large one is judged in parts, its sessions are kept
    `with_sessions`, and `draw` draws each episode. All of it can be pickled."""

    options: Options
    scope: Scope
    make: Callable[[Judgement, int], Any]
    annotate: bool = False
    only_changed: bool = False
    shaped: Callable[[Told], Any] | None = None
    with_sessions: bool = True
    draw: Callable[[EpisodeJudgement], Drawing] | None = None


class Part(Struct):
    """What is left of one capture: the verdicts, why it could not be read (empty where it could), the numbers of accepted entries
    that were matched, the severities of findings that count, whether the evidence is its own, what concerns secrets, and the
    piece of the report. Where only what has changed is judged: the digest, whether it is `gone` (cannot be opened), and whether it
    is as it was."""

    path: str
    verdicts: dict[Party, Verdict]
    unread: list[str] = field(default_factory=list)
    matched: frozenset[int] = frozenset()
    severities: frozenset[Severity] = frozenset()
    evidence_used: bool = False
    redacted: bool = False
    users: frozenset[str | None] = frozenset()
    annotations: Iterable[str] = ()
    piece: Any = None
    digest: str = ""
    gone: bool = False
    unchanged: bool = False

    @property
    def verdict(self) -> Verdict:
        """The worst of the parties'."""
        return worst(self.verdicts.values())


def judged(task: Task, place: Place, watch: Watch | None = None, stage: Callable[[str], None] | None = None) -> Part:
    """Reads and judges one capture. Nothing is raised: what goes wrong is its verdict, `error`. `watch` and `stage` show how far it
    has come."""
    registry()
    settle()
    try:
        return _in_parts(task, place, watch, stage) or _part(task, place, lambda: _judgement(task, place, watch, stage))
    except Exception as error:  # noqa: BLE001 - one capture must not take the others with it
        where = traceback.extract_tb(error.__traceback__)[-1]
        return lost(
            task,
            place,
            f"{place.path}: judging it crashed: {type(error).__name__}: {error} ({where.name}, line {where.lineno}). "
            "Please report it",
        )


def _in_parts(task: Task, place: Place, watch: Watch | None, stage: Callable[[str], None] | None) -> Part | None:
    """The part of a capture that is too large to be judged as a whole; None where it is not, or has to be."""
    if task.shaped is None or task.only_changed or place.trouble or not in_parts(task.options, task.scope):
        return None
    within = (task.scope.since, task.options.until)
    parts = large_parts(place.at, watch, stage, lenient=task.scope.lenient, within=within)
    if parts is None:
        return None
    with parts:
        if stage:
            stage(f"judging {place.path}, {parts.exchanges} exchanges")
        try:
            found = Large(
                place.path, parts, task.options, task.scope, with_sessions=task.with_sessions, draw=task.draw
            )  # fmt: skip
        except (TogetherError, OSError):  # all of it has to be seen; or there is no room on disk
            return None
    return Part(
        path=place.path,
        verdicts=found.verdicts,
        matched=found.matched,
        severities=found.findings.severities,
        redacted=parts.frame.redacted,
        annotations=Again(partial(annotations_from, found.told)) if task.annotate else (),
        piece=task.shaped(found.told),
    )


def lost(task: Task, place: Place, reason: str) -> Part:
    """The part of a capture that could not be judged."""
    return _made(task, place, unreadable(place.path, reason))


def _judgement(task: Task, place: Place, watch: Watch | None, stage: Callable[[str], None] | None) -> Judgement:
    if place.trouble:
        return unreadable(place.path, place.trouble)
    if stage:
        stage(f"reading {place.path}")
    try:
        capture = read(place.at, watch)
    except CaptureError as error:
        return unreadable(place.path, str(error).replace(place.at, place.path))
    capture.path = place.path if place.at != place.path else capture.path
    if stage:
        stage(f"judging {place.path}, {len(capture.exchanges)} exchanges")
    return judge(capture, task.options, task.scope)


def _part(task: Task, place: Place, judge_it: Callable[[], Judgement]) -> Part:
    if not task.only_changed:
        return _made(task, place, judge_it())
    digest = digest_of(place.at)  # before it is read: what is appended meanwhile makes it another one next time
    if digest and digest == place.known:
        return Part(place.path, {}, digest=digest, unchanged=True)
    part = _made(task, place, judge_it())
    part.digest, part.gone = digest or "", digest is None
    return part


def _made(task: Task, place: Place, judgement: Judgement) -> Part:
    traffic = judgement.traffic
    return Part(
        path=judgement.path,
        verdicts=judgement.verdicts,
        unread=[] if traffic else judgement.errors,
        matched=judgement.matched,
        severities=_that_count(judgement.findings),
        evidence_used=evidence_used(judgement),
        redacted=traffic is not None and traffic.capture.redacted,
        users=frozenset(users_named(traffic)) if traffic and task.options.secrets else frozenset(),
        annotations=list(annotations_of(judgement)) if task.annotate else [],
        piece=task.make(judgement, place.number),
    )


def _that_count(findings: Iterable[Finding]) -> frozenset[Severity]:
    """The severities of the findings that were not accepted."""
    return frozenset(finding.severity for finding in findings if finding.accepted is None)


def users_named(traffic: Traffic) -> set[str | None]:
    """The users that the devices' MD5 digests and MACs name; None among them where one names nobody."""
    found: set[str | None] = set()
    for turn in traffic.turns:
        message, mac = turn.request, header(turn.exchange.headers, HMAC_HEADER)
        cred = message.header.cred if message else None
        if message is not None and cred is not None and auth_type(cred) == MD5:
            found.add((message.header.source.name or None) if message.header.source else None)
        if mac is not None:
            try:
                found.add(parse_hmac_header(mac).username)
            except ValueError:
                found.add(None)
    return found


def elsewhere(path: str) -> str:
    """A path as another machine finds it, on storage that is mounted there under the same name."""
    return path if is_url(path) or path == "-" else os.path.abspath(path)  # noqa: PTH100 - links stay links
