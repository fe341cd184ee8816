"""The disturbance suite: what is done to the answer to an alert, one thing after the other, and what each journal says of it.

The document's claim is "best effort, no reply expected" (UNENR): whatever becomes of the answer, the device unenrols, does not
retry, and stays silent.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from replay.expect.finding import Severity, Verdict, worst
from replay.expect.judge import EpisodeJudgement, Judgement

#: A client that waits for an answer gives up after some time of this order; a delay has to be longer, in seconds.
DELAY: Final = 65.0
_WEIGHED: Final = (Severity.ERROR, Severity.INCONCLUSIVE)
_SECOND_TRY: Final = "UNE007"


class Trial(Struct, frozen=True):
    """One disturbance: its name, the fault (None: none at all), and in words what is done to the answer to the alert; `late` is by
    how many seconds it is held back."""

    name: str
    fault: str | None
    words: str
    late: float = 0.0


class Row(Struct, frozen=True):
    """What came of one trial. `alerts` is how often the alert was delivered, `stays` whether it says that the enrolment stays;
    `answer` what the device got for it; `retried` whether it tried again (UNE007); `silence` the status of that phase, `not
    due` where the enrolment stays, and `window` how many seconds of it were seen; `breaks` the rules that weigh; `applied`
    whether the fault was."""

    trial: Trial
    verdict: Verdict
    alerts: int
    stays: bool
    answer: str
    retried: bool
    silence: str
    window: float | None
    breaks: tuple[str, ...]
    applied: bool
    journal: str

    @property
    def unenrolled(self) -> bool:
        """Whether the device said that it leaves."""
        return self.alerts > 0 and not self.stays


def trials(scale: float = 1.0) -> tuple[Trial, ...]:
    """Every trial, in order; all times are multiplied by `scale`."""
    late = DELAY * scale
    return (
        Trial("none", None, "is as recorded"),
        Trial("dropped", "drop-reply@alert", "is dropped, and the connection closed"),
        Trial("late", f"delay={late:.6f}@alert", f"comes {late:g} s late", late),
        Trial("500", "status=500@alert", "is HTTP 500"),
        Trial("reset", "reset@alert", "is dropped, and the connection reset"),
        Trial("empty", "empty@alert", "is HTTP 200 without a body"),
        Trial("malformed", "malformed@alert", "is no SyncML that can be read"),
        Trial("busy", "busy@alert", "is HTTP 503"),
    )


def row_of(trial: Trial, judgement: Judgement, journal: str) -> Row:
    """What the journal of a trial says. A trial in which no alert was delivered is no pass, whatever the scenario asks for; one
    whose fault was not applied to the alert that came proves nothing."""
    episode = judgement.episodes[0] if judgement.episodes else None
    notes = judgement.traffic.capture.notes if judgement.traffic is not None else []
    applied = trial.fault is None or any(note.name == "fault" for note in notes)
    delivered = sum(seen.turn.exchange.delivered for each in judgement.episodes for seen in each.episode.alerts)
    verdict = judgement.verdict
    if verdict is Verdict.PASS and not (delivered and applied):
        verdict = Verdict.INCONCLUSIVE
    case = judgement.episodes[0].case if delivered else None
    silence = case.silence if case is not None else None
    window = case.window if case is not None else None
    return Row(
        trial,
        verdict,
        alerts=delivered,
        stays=episode is not None and episode.episode.enrolment_stays,
        answer=_answer(episode),
        retried=any(finding.rule == _SECOND_TRY for finding in judgement.findings),
        silence=silence.status if silence is not None else ("not due" if delivered else "nothing to see"),
        window=window.seconds if window is not None else None,
        breaks=tuple(sorted({each.rule for each in judgement.findings if each.severity in _WEIGHED})),
        applied=applied,
        journal=journal,
    )


def verdict_of(rows: Iterable[Row]) -> Verdict:
    """The verdict on the device: the worst of the rows'; `inconclusive` where one of them saw nothing."""
    found = [row.verdict for row in rows]
    if Verdict.NONE in found and worst(found) is Verdict.PASS:
        return Verdict.INCONCLUSIVE
    return worst(found)


def _answer(episode: EpisodeJudgement | None) -> str:
    """What the device got for its alert, in a few words."""
    if episode is None or episode.episode.alert is None:
        return ""
    exchange = episode.episode.alert.turn.exchange
    if exchange.response is not None and exchange.failure is None:
        return f"HTTP {exchange.response.status}"
    hung_up = exchange.failure is not None and exchange.failure.cause == "client-closed"
    return "nothing, it hung up" if hung_up else "nothing"
