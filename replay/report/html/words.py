"""What the report says in words of its own: the verdict and why in one line, what a message holds, how an exchange ended."""

from collections import Counter
from typing import Final

from replay.capture.exchange import Failure
from replay.expect.finding import Finding, Severity, Verdict
from replay.expect.judge import EpisodeJudgement, Judgement
from replay.syncml.model import Alert, Group, Message

#: How an episode began, by its scenario.
HOW: Final = {
    "user": "by the user",
    "server": "by the server",
    "unjoin-failed": "that failed: the directory unjoin",
}
_DECIDES: Final = {Verdict.FAIL: Severity.ERROR, Verdict.INCONCLUSIVE: Severity.INCONCLUSIVE}
_ENDED: Final = {
    "server-closed": "the server closed without an answer",
    "server-reset": "the server reset the connection",
    "truncated": "the answer broke off",
    "client-closed": "the device hung up",
    "timeout": "nothing came in time",
    "connect-failed": "the server could not be reached",
    "tls-failed": "no TLS with the server",
    "proxy-stopped": "the recorder was stopped",
    "other": "it ended without an answer",
}
_MOST_NAMES: Final = 5


def counted(number: int, what: str) -> str:
    """A number of things: `1 exchange`, `2 exchanges`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def why(judgement: Judgement) -> str:
    """Why a capture has its verdict, in one line."""
    if judgement.errors:
        return _and_more(judgement.errors[0], len(judgement.errors) - 1, "error")
    if judgement.verdict is Verdict.NONE:
        return "nothing to judge: not one readable OMA DM message was recorded"
    deciding = _DECIDES.get(judgement.verdict)
    if deciding is not None:
        found = [each for each in judgement.findings if each.severity is deciding and each.accepted is None]
        return _of_findings(found)
    if not judgement.episodes:
        return "no unenrolment was recorded; the messages keep every rule that decides"
    if len(judgement.episodes) == 1:
        return why_episode(judgement.episodes[0], judgement)
    silent = [each for each in judgement.episodes if each.case.silence and each.case.silence.status == "observed"]
    told = counted(len(judgement.episodes), "unenrolment")
    return f"{told}, {len(silent)} of them followed by silence, and nothing that counts against any of them"


def why_episode(judged: EpisodeJudgement, judgement: Judgement) -> str:
    """Why an episode has its verdict, in one line."""
    deciding = _DECIDES.get(judged.verdict)
    if deciding is not None:
        own = [judgement.findings[place] for place in judged.findings]
        return _of_findings([each for each in own if each.severity is deciding and each.accepted is None])
    if judged.verdict is not Verdict.PASS:
        return "it could not be judged"
    if judged.episode.enrolment_stays:
        return "the device says that it stays enrolled, as was expected"
    window, silence = judged.case.window, judged.case.silence
    told = "the alert was sent" if judged.episode.alert else "no alert came"
    if silence is not None and silence.status == "contradicted":  # that was accepted, or was not asked for
        return f"{told}; the device was not silent after it, which does not count here"
    if silence is not None and (silence.broken_by or silence.unseen or silence.unattributed):
        return f"{told}; whether the device was silent after it is not known, which does not count here"
    return (
        told if window is None else f"{told}, and nothing came from the device in the {window.seconds:.1f} s after it"
    )


def _of_findings(found: list[Finding]) -> str:
    if not found:
        return "a rule could not be applied"
    return _and_more(f"{found[0].message} ({found[0].rule})", len(found) - 1, "finding")


def _and_more(text: str, more: int, what: str) -> str:
    return f"{text}; and {counted(more, 'more ' + what)}" if more else text


def contents(message: Message) -> str:
    """The commands of a message by name and number: `3 Status, Alert 1226, Replace`."""
    names: Counter[str] = Counter()
    for _, command in message.walk():
        if not isinstance(command, Group):
            names[f"Alert {command.code}" if isinstance(command, Alert) else command.name] += 1
    said = [name if count == 1 else f"{count} {name}" for name, count in names.items()]
    return ", ".join(said[:_MOST_NAMES] + (["…"] if len(said) > _MOST_NAMES else []))


def ended(failure: Failure | None) -> str:
    """How an exchange ended without a whole answer."""
    return _ENDED.get(failure.cause, failure.cause) if failure is not None else "no answer was recorded"
