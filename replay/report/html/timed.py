"""What stands in a drawing by its time alone: the window of silence, the quiet time, marks, evidence, and gaps in watching."""

import itertools
from collections.abc import Iterator
from typing import Final

from replay.capture.evidence import DONE, END, FAILED, STEPS
from replay.capture.exchange import Note
from replay.expect.cleanup import Evidence, Item
from replay.expect.judge import EpisodeJudgement
from replay.report.html.marks import Sheet, breaking
from replay.report.html.rows import PROXY, Row
from replay.report.html.words import counted

#: A mark that was set so many seconds before the first exchange still belongs to it.
_BEFORE: Final = 120.0
_MOST_NOTES: Final = 40
_ENDS: Final = {
    "close": "the recording was closed",
    "watching": "the recorder was watching until here",
    "last-traffic": "the capture ends",
    "until": "judged until here",
    "enrolled-again": "the device was enrolled again",
}
_END_WORDS: Final = {DONE: "the unenrolment has ended", FAILED: "the unenrolment failed"}
#: Marks that mean something (docs, `omadm note`; addons/disturb).
_MEANT: Final = ("fault", "push")


def timed_rows(judged: EpisodeJudgement, sheet: Sheet, first: float, last: float) -> Iterator[Row]:
    """The rows that go between exchanges which were seen from `first` to `last`, in order of time."""
    window = judged.case.window
    if window is not None:
        last = max(last, window.end.clock)
    rows = [*_window(judged, sheet), *_notes(sheet, first - _BEFORE, last), *_gaps(sheet, first, last)]
    if judged.case.evidence is not None:
        rows += _evidence(judged.case.evidence)
    yield from sorted(rows, key=lambda row: row.clock or 0.0)


def _window(judged: EpisodeJudgement, sheet: Sheet) -> Iterator[Row]:
    window, silence, quiet = judged.case.window, judged.case.silence, judged.case.quiet
    if window is None:
        return
    status = silence.status if silence is not None else ""
    alone = tuple(breaking(sheet.marks.of_episode(judged.episode.number)))
    start, end = window.start.clock, window.end.clock
    yield Row(kind="window", clock=start, label="silence is due from here", weight=status)
    if start + quiet.seconds < end:
        yield Row(kind="quiet", clock=start + quiet.seconds, label=f"quiet time, {quiet.seconds:g} s", begin=PROXY)
    watched = f"{window.seconds:.1f} s after the alert session" if judged.episode.alert else f"{window.seconds:.1f} s"
    yield Row(kind="end", clock=end, label=_ENDS[window.ended_by], detail=watched, weight=status, marks=alone)


def _notes(sheet: Sheet, begin: float, end: float) -> Iterator[Row]:
    traffic = sheet.judgement.traffic
    notes = [note for note in traffic.capture.notes if note.at is not None] if traffic else []
    within = [note for note in notes if note.at is not None and begin <= note.at.clock <= end]
    for note in within[:_MOST_NOTES]:
        yield _note(note)
    if len(within) > _MOST_NOTES:
        more = counted(len(within) - _MOST_NOTES, "more mark")
        yield Row(kind="note", clock=end, label=more, begin=PROXY)


def _note(note: Note) -> Row:
    name = note.name or "mark"
    weight = name if name in _MEANT else ""
    return Row(
        kind="note", clock=note.at.clock if note.at else None, label=name, detail=note.text, begin=PROXY, weight=weight
    )


def _gaps(sheet: Sheet, begin: float, end: float) -> Iterator[Row]:
    """When the recorder was not watching."""
    traffic = sheet.judgement.traffic
    for before, after in itertools.pairwise(traffic.capture.stretches if traffic else ()):
        since, until = before.end.clock, after.start.clock
        if since < end and until > begin:
            label = f"not watching for {until - since:.1f} s"
            yield Row(kind="gap", clock=since, until=until, label=label, begin=PROXY)


def _evidence(evidence: Evidence) -> Iterator[Row]:
    """What the device's own log says, by the recorder's clock; what follows on the same step with the same outcome is one."""
    told = [item for item in evidence.items if item.step in (*STEPS, END)]
    for (step, outcome), group in itertools.groupby(told, key=lambda item: (item.step, item.outcome)):
        items = list(group)
        at = evidence.clock.on_recorder(items[0].at) if evidence.clock else None
        if at is not None:
            weight = "failed" if outcome == FAILED else ""
            label = _END_WORDS.get(outcome, outcome) if step == END else f"{step} {outcome}"
            yield Row(kind="evidence", clock=at.clock, label=label, detail=_from(items), weight=weight)


def _from(items: list[Item]) -> str:
    events = sorted({item.event for item in items if item.event is not None})
    named = f"event {', '.join(map(str, events))}" if events else items[0].text
    return f"{named}; {len(items)} times" if len(items) > 1 else named
