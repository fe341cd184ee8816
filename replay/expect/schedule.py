"""When a device should have called again: the poll settings that a server wrote, the gaps between its sessions, and pushes.

The seed document names two ways to find out whether a device is really gone: does it call at its scheduled time, and does it
answer a push (UNENR, "User-initiated"). `--quiet auto` takes the first for the quiet time, a mark named `push` in the
recording starts the second."""

import base64
import binascii
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from replay.capture.episodes import Episode, Window
from replay.capture.exchange import PUSH, Capture, Moment, address_host
from replay.capture.sessions import Enrolment, Session, Traffic, message_number
from replay.capture.turns import ENROLMENT, Turn

#: Seconds of silence that are taken for the end of an enrolment, because a test run cannot wait for hours (rules).
QUIET: Final = 60.0
_MINUTE: Final = 60.0
#: How often and at which intervals (minutes) a device polls, one set after the other (DMC, DMClient/Provider/ID/Poll).
_SETS: Final = (
    ("NumberOfFirstRetries", "IntervalForFirstSetOfRetries"),
    ("NumberOfSecondRetries", "IntervalForSecondSetOfRetries"),
    ("NumberOfRemainingScheduledRetries", "IntervalForRemainingScheduledRetries"),
)
_NAMES: Final = frozenset(name for names in _SETS for name in names)
_NODE: Final = re.compile(r"/DMClient/Provider/[^/]+/Poll/(\w+)$")
#: The provisioning document that ends an enrolment ([MS-MDE2]): base64 within the SOAP response; in it the same names.
_TOKEN: Final = re.compile(rb"BinarySecurityToken[^>]{0,999}>([A-Za-z0-9+/=\s]{64,}+)<")
_PARM: Final = re.compile(rb"<parm\b[^>]{0,999}>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(rb"""\b(name|value)\s*+=\s*+["']([^"']*)["']""", re.IGNORECASE)


class Quiet(Struct, frozen=True):
    """A quiet time in seconds, and where it comes from (empty where it was given)."""

    seconds: float
    source: str = ""

    @property
    def text(self) -> str:
        """The quiet time in words."""
        return f"quiet time {self.seconds:g} s" + (f": {self.source}" if self.source else "")


class Poll(Struct, frozen=True):
    """The longest interval in seconds at which a device polls by the settings that the server wrote, and the exchange that
    wrote it."""

    seconds: float
    exchange: int

    @property
    def text(self) -> str:
        """The interval in words."""
        return f"the poll interval of {self.seconds:g} s that the server wrote in exchange {self.exchange}"


class Probe(Struct, frozen=True):
    """A push that a mark speaks of, sent in the window: when, how long the silence after it was (seconds), and the session
    with which the device answered, None where it kept silent."""

    at: Moment
    seconds: float
    answered_by: Session | None

    @property
    def text(self) -> str:
        """What came of it, in words."""
        push = f"the push of {datetime.fromtimestamp(self.at.wall, UTC):%H:%M:%SZ}"
        if self.answered_by is not None:
            return f"the device answered {push} after {self.seconds:.1f} s"
        return f"{push} was not answered for {self.seconds:.1f} s, which proves more than waiting"


def schedule_of(traffic: Traffic, episode: Episode) -> Quiet:
    """The device's own schedule as the quiet time: the poll settings that the server wrote before the episode, else the
    longest gap between the device's earlier sessions, else the usual sixty seconds, which it says."""
    poll = poll_of(traffic, episode)
    if poll is not None:
        return Quiet(poll.seconds, poll.text)
    gap = longest_gap(episode.enrolment, episode)
    if gap:
        return Quiet(gap, "the longest gap between the device's earlier sessions")
    return Quiet(QUIET, "the capture holds neither poll settings nor two earlier sessions, so this is the usual one")


def longest_gap(enrolment: Enrolment, episode: Episode) -> float | None:
    """Seconds of the longest gap between the device's sessions before an episode; None where there are not two."""
    begins = [s.at.clock for s in enrolment.sessions if s.at is not None and s.order < episode.begin]
    gaps = [after - before for before, after in itertools.pairwise(begins)]
    return max(gaps, default=None)


def poll_of(traffic: Traffic, episode: Episode) -> Poll | None:
    """The longest poll interval that can be in force when an episode begins. Which of the three sets a device has come to is
    not seen, so the longest of those that it can come to is taken: a shorter one would call a device gone that only waits."""
    settings: dict[str, tuple[int, int]] = {}
    begin = episode.begin
    for turn in [turn for turn in _writers(traffic, episode.enrolment) if turn.exchange.order < begin]:
        settings.update({name: (value, turn.number) for name, value in _written(turn)})
    found = []
    for number, interval in _SETS:
        minutes, exchange = settings.get(interval, (0, 0))
        if minutes > 0:
            found.append(Poll(minutes * _MINUTE, exchange))
        if minutes > 0 and settings.get(number, (1, 0))[0] == 0:  # for ever (DMC): the sets after it are never come to
            break
    return max(found, key=lambda poll: poll.seconds, default=None)


def _writers(traffic: Traffic, enrolment: Enrolment) -> list[Turn]:
    """The exchanges, in order, in which a server may have written something for an enrolment: in its sessions, and when it was
    enrolled."""
    addresses = {address_host(session.turns[0].exchange.client) for session in enrolment.sessions}
    turns = [
        *traffic.enrolling_from({None, *addresses}),
        *(turn for session in enrolment.sessions for turn in session.turns),
    ]
    return sorted(turns, key=lambda turn: turn.exchange.order)


def _written(turn: Turn) -> Iterator[tuple[str, int]]:
    """The poll settings that a response carries: as commands, or in the provisioning document."""
    if turn.response is not None:
        for _, command in turn.response.walk():
            if command.name in ("Add", "Replace"):
                for item in command.items:
                    found = _NODE.search((item.target.uri if item.target else None) or "")
                    value = message_number((item.data or "").strip())
                    if found and found[1] in _NAMES and value is not None:
                        yield found[1], value
    response = turn.exchange.response
    if turn.kind == ENROLMENT and response is not None and response.body:
        for token in _TOKEN.findall(response.body):
            yield from _provisioned(token)


def _provisioned(token: bytes) -> Iterator[tuple[str, int]]:
    try:
        document = base64.b64decode(b"".join(token.split()), validate=True)
    except binascii.Error:
        return  # a certificate request, say: no provisioning document
    for parm in _PARM.findall(document):
        attributes = {key.lower(): value for key, value in _ATTRIBUTE.findall(parm)}
        name = attributes.get(b"name", b"").decode("utf-8", "replace")
        value = message_number(attributes.get(b"value", b"").decode("utf-8", "replace"))
        if name in _NAMES and value is not None:
            yield name, value


def probe_of(traffic: Traffic, episode: Episode, window: Window | None, opened: tuple[Session, ...]) -> Probe | None:
    """The last push to the device in the window, by the marks of the recording; the first one that was answered, if one was.
    A mark whose text names another device of the capture speaks of that one."""
    if window is None:
        return None
    if not any(note.name == PUSH for note in traffic.capture.notes):
        return None
    end = window.end.clock
    found = None
    for at in _pushes(traffic.capture, traffic, episode):
        if not window.start.clock <= at.clock <= end:
            continue
        answer = next((s for s in opened if s.at is not None and s.at.clock >= at.clock), None)
        silent_until = answer.at.clock if answer is not None and answer.at is not None else end
        found = Probe(at, silent_until - at.clock, answer)
        if answer is not None:
            return found
    return found


def _pushes(capture: Capture, traffic: Traffic, episode: Episode) -> Iterator[Moment]:
    others = {each.device for each in traffic.enrolments if each.device and each.device != episode.enrolment.device}
    for note in capture.notes:
        if note.name == PUSH and note.at is not None and not any(device in note.text for device in others):
            yield note.at
