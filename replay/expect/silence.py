"""Silence is data: what the capture proves about "nothing was sent any more" (contract, "window"; rules, phases)."""

from collections.abc import Sequence

from msgspec import Struct

from replay.capture.episodes import Episode, Window
from replay.capture.sessions import Session, Traffic, same_host
from replay.capture.turns import Turn
from replay.expect.machine import Event
from replay.expect.schedule import Probe, Quiet, longest_gap, poll_of, probe_of
from replay.expect.sequence import Run
from replay.expect.unseen import Missed, Unseen


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
    unseen: Missed | None = None
    short: bool = False
    probe: Probe | None = None


def silence_of(unseen: Unseen, episode: Episode, run: Run, window: Window | None, quiet: Quiet) -> Silence | None:
    """What the capture proves about the silence after an episode; None where the enrolment stays."""
    if episode.enrolment_stays:
        return None
    traffic = unseen.traffic
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
    missed = unseen.in_window(episode.enrolment, window)
    short = window.seconds < quiet.seconds
    probe = probe_of(traffic, episode, window, ())
    what = f"nothing came for {window.seconds:.1f} s ({quiet.text}); {_ended(window)}"
    if probe is not None:
        what += f"; {probe.text}"
    if not quiet.source:
        what += _beside(traffic, episode, window)
    if unattributed is not None:
        what = f"sessions went on, after an enrolment request (exchange {unattributed.number}) whose device is unknown"
    elif missed is not None:
        what = f"{missed.text}; otherwise {what}"
    elif window.unwatched:
        seconds = sum(after.clock - before.clock for before, after in window.unwatched)
        what = f"the recorder was not watching for {seconds:.1f} s of it; otherwise {what}"
    unobservable = bool(short or missed or window.unwatched or unattributed)
    status = "unobservable" if unobservable else "observed"
    return Silence(status, what, broken_by, unattributed, missed, short, probe)


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
    if run.alerted_at is None:
        return run.opened
    again = [
        d.session
        for d in run.departures
        if d.event is Event.ALERT_AGAIN and d.session.turns[0] is d.turn and d.turn.exchange.order > run.alerted_at
    ]
    opened = [session for session in run.opened if session.order > run.alerted_at]
    return tuple(sorted({s.number: s for s in (*opened, *again)}.values(), key=lambda session: session.order))


def _unattributed_before(traffic: Traffic, episode: Episode, sessions: Sequence[Session]) -> Turn | None:
    """An enrolment request between the episode and a later session that may have been this device's: its device cannot be
    told, and several enrolments share the host (contract, "enrolment")."""
    if not sessions:
        return None
    begin = episode.begin
    found = next((t for t in traffic.unattributed if begin < t.exchange.order < sessions[0].order), None)
    if found is None:
        return None
    sharing = {each.device for each in traffic.enrolments if same_host(each.server, episode.enrolment.server)}
    return found if len(sharing) > 1 else None
