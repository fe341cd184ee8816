"""Silence is data: what the capture proves about "nothing was sent any more" (contract, "window"; rules, phases)."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from replay.capture.episodes import Episode, Window
from replay.capture.exchange import Capture, Connection, Identity, Moment, address_host
from replay.capture.sessions import Session, Traffic, requests_not_read, same_host
from replay.capture.turns import DM, Turn, host_of
from replay.expect.machine import Event
from replay.expect.schedule import Probe, Quiet, longest_gap, poll_of, probe_of
from replay.expect.sequence import Run


class Unseen(Struct, frozen=True):
    """A request or connection in the window that could not be read and may have been the device's."""

    text: str
    turn: Turn | None = None


class Silence(Struct, frozen=True):
    """What is known of the silence after an unenrolment.

    `status` is `observed`, `contradicted` or `unobservable`; `broken_by` are the sessions that were opened in it;
    `unattributed` an enrolment request that could have been this device's, so that they prove nothing; `unseen` what could
    not be read in it; `short` says that the window is shorter than the quiet time; `probe` is a push that was sent in it.
    """

    status: str
    detail: str
    broken_by: tuple[Session, ...] = ()
    unattributed: Turn | None = None
    unseen: tuple[Unseen, ...] = ()
    short: bool = False
    probe: Probe | None = None


def silence_of(traffic: Traffic, episode: Episode, run: Run, window: Window | None, quiet: Quiet) -> Silence | None:
    """What the capture proves about the silence after an episode; None where the enrolment stays."""
    if episode.enrolment_stays:
        return None
    broken_by = _broken_by(run)
    unattributed = _unattributed_before(traffic, episode, broken_by)
    if broken_by and unattributed is None:
        first = broken_by[0]
        what = f"session {first.number} began at exchange {first.turns[0].number}"
        probe = probe_of(traffic, episode, window, broken_by)
        if probe is not None and probe.answered_by is not None:
            what += f"; {probe.text}"
        return Silence("contradicted", what, broken_by, probe=probe)
    if window is None:
        return Silence("unobservable", "the capture has no clock", broken_by, unattributed)
    unseen = tuple(_unseen(traffic, episode, window))
    short = window.seconds < quiet.seconds
    probe = probe_of(traffic, episode, window, ())
    what = f"nothing came for {window.seconds:.1f} s ({quiet.text}); {_ended(window)}"
    if probe is not None:
        what += f"; {probe.text}"
    if not quiet.source:
        what += _beside(traffic, episode, window)
    if unattributed is not None:
        what = f"sessions went on, after an enrolment request (exchange {unattributed.number}) whose device is unknown"
    elif unseen:
        what = f"{unseen[0].text}; otherwise {what}"
    elif window.unwatched:
        missed = sum(after.clock - before.clock for before, after in window.unwatched)
        what = f"the recorder was not watching for {missed:.1f} s of it; otherwise {what}"
    unobservable = bool(short or unseen or window.unwatched or unattributed)
    status = "unobservable" if unobservable else "observed"
    return Silence(status, what, broken_by, unattributed, unseen, short, probe)


def _beside(traffic: Traffic, episode: Episode, window: Window) -> str:
    """The device's own schedule beside the window: a shorter one proves less (rules, phases)."""
    poll, gap = poll_of(traffic, episode), longest_gap(episode.enrolment, episode)
    if poll is not None:
        what, due = f"; the device has {poll.text}", poll.seconds
    elif gap:
        what, due = f"; the longest gap between the device's earlier sessions was {gap:.1f} s", gap
    else:
        return ""
    return what + (", so this proves less than its schedule would" if due > window.seconds else "")


def _ended(window: Window) -> str:
    return {
        "close": "the recording was closed then",
        "watching": "the recorder was watching until then",
        "last-traffic": "the capture ends there",
        "until": "judged until then, as asked",
        "enrolled-again": "the device was enrolled again then",
    }[window.ended_by]


def _broken_by(run: Run) -> tuple[Session, ...]:
    """The sessions that broke the silence: opened after the alert session, or after the Exec where no alert came."""
    again = [d.session for d in run.departures if d.event is Event.ALERT_AGAIN and d.session.turns[0] is d.turn]
    if run.alerted_at is None:
        return run.opened
    opened = [session for session in run.opened if session.order > run.alerted_at]
    return tuple(sorted({s.number: s for s in (*opened, *again)}.values(), key=lambda session: session.order))


def _unattributed_before(traffic: Traffic, episode: Episode, sessions: Sequence[Session]) -> Turn | None:
    """An enrolment request between the episode and a later session that may have been this device's: its device cannot be
    told, and several enrolments share the host (contract, "enrolment")."""
    if not sessions:
        return None
    sharing = [other for other in traffic.enrolments if same_host(other.server, episode.enrolment.server)]
    if len({other.device for other in sharing}) < 2:
        return None
    return next(
        (t for t in traffic.unattributed if episode.begin < t.exchange.order < sessions[0].order),
        None,
    )


def _unseen(traffic: Traffic, episode: Episode, window: Window) -> list[Unseen]:
    """What fell into the window, could not be read, and may have been the device's (rules, CAP007)."""
    server = episode.enrolment.server
    found: list[Unseen] = []
    alert = episode.alert
    own = {turn.number for turn in alert.session.turns if turn.request is not None} if alert else set()
    for turn in _not_read(traffic):
        exchange = turn.exchange
        if turn.number in own or not _inside(exchange.at, window) or not same_host(exchange.url or "", server):
            continue
        if not _another_device(traffic, episode, exchange.client, exchange.client_cert):
            found.append(Unseen(f"exchange {turn.number} could not be read and may have been the device's", turn))
    for connection, begin, end, what in _without_request(traffic.capture):
        relevant = _overlaps(begin, end, window) and _may_go_to(connection, server)
        if relevant and not _another_device(traffic, episode, connection.client, None):
            found.append(Unseen(f"{what} may have been the device's"))
    return found


def _without_request(capture: Capture) -> Iterator[tuple[Connection, Moment | None, Moment | None, str]]:
    """Connections of which no request was read, and requests that broke off on one, with the time in which something may have
    been sent (no end where that is not known) and in words. On a connection that could not be read, a request may have been sent
    at any time; of one on which nothing came, its beginning counts."""
    read = {(exchange.recording, exchange.conn) for exchange in capture.exchanges}
    told = set()
    for broken in capture.broken_off:
        failure, connection = broken.failure, broken.connection
        key = (connection.recording, connection.conn)
        what = f"a request that was not read ({failure.detail or failure.cause})"
        if key in read:
            yield connection, failure.at, failure.at, what
        elif key not in told:
            yield connection, connection.at or failure.at, connection.until, what
        told.add(key)
    for connection in capture.connections:
        if (connection.recording, connection.conn) not in told | read:
            yield connection, connection.at, connection.at, "a connection in which no request was read"


def _not_read(traffic: Traffic) -> list[Turn]:
    """Requests that are there and cannot be read, those that never came whole, and those that do not say whose they are."""
    unfinished = [
        turn
        for turn in traffic.turns
        if turn.kind == DM
        and (
            (turn.exchange.body is None and turn.exchange.method not in (None, "GET", "HEAD"))
            or (turn.request is not None and turn.device is None)
        )
    ]
    return sorted([*requests_not_read(traffic), *unfinished], key=lambda turn: turn.exchange.order)


def _inside(at: Moment | None, window: Window) -> bool:
    return at is not None and window.start.clock < at.clock <= window.end.clock


def _overlaps(begin: Moment | None, end: Moment | None, window: Window) -> bool:
    """Whether a stretch of time, without an end where that is not known, has a part in the window."""
    if begin is None or begin.clock > window.end.clock:
        return False
    return end is None or end.clock > window.start.clock


def _may_go_to(connection: Connection, server: str) -> bool:
    """Whether a connection may have gone to the enrolment's host: by the host or the SNI; where neither is known it may."""
    known = {name.lower() for name in (connection.host, connection.sni) if name}
    if not known:
        return True
    host = host_of(server).partition("://")[2]
    bare = address_host(host) or host
    return any(name in (host, bare) or address_host(name) == bare for name in known)


def _another_device(traffic: Traffic, episode: Episode, client: str | None, cert: Identity | None) -> bool:
    """Whether the client address or the certificate shows that something came from another device."""
    device = episode.enrolment.device
    by_cert = traffic.certificates.get(cert.sha256 or "", set()) if cert else set()
    if by_cert:
        return device not in by_cert
    by_address = traffic.addresses.get(address_host(client) or "", set())
    return bool(by_address) and device not in by_address
