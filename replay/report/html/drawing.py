"""The drawing of an episode: where the rows of its course stand. Heights are pixels; across, lanes stand at shares of the width, so
that the drawing fits any page and its letters keep their size.

Time goes down. What lies close together keeps a least distance; a longer time than `_SHOWN` seconds is left out, and the axis
broken.
"""

from typing import Final

from msgspec import Struct

from replay.capture.times import iso
from replay.expect.judge import EpisodeJudgement
from replay.report.html.marks import Sheet
from replay.report.html.rows import DEVICE, PROXY, SERVER, Row
from replay.report.html.sequence import course_of

#: Where the lanes stand, in percent of the width beside the axis.
LANES: Final = {DEVICE: 7, PROXY: 48, SERVER: 89}
#: Room for the names of the lanes, and below the last row.
_HEAD: Final = 40
_FOOT: Final = 16
#: The height of a row, and how far below its top its line is.
_ROWS: Final = {
    "session": (34, 24),
    "arrow": (40, 27),
    "broken": (30, 14),
    "note": (28, 14),
    "evidence": (26, 13),
    "gap": (44, 22),
    "window": (30, 10),
    "quiet": (28, 14),
    "end": (34, 18),
    "more": (30, 16),
}
_MARK: Final = 20
_BREAK: Final = 34
#: Seconds that are shown at their length, and pixels for one.
_SHOWN: Final = 1.5
_SECOND: Final = 12.0


class Placed(Struct, frozen=True):
    """A row in its place: the top of it, its line, the time at it where that is to be said, and the middle of an arrow in percent;
    `back` says that the arrow points to the left, `through` that it passes the proxy."""

    row: Row
    top: int
    line: int
    tick: str
    middle: int
    back: bool
    through: bool


class Drawing(Struct, frozen=True):
    """A drawing. `breaks` are where time is left out, and how much; `band` is the window of silence: from, height, status."""

    height: int
    rows: list[Placed]
    breaks: list[tuple[int, str]]
    band: tuple[int, int, str] | None
    begins: str
    earlier: str
    left_out: int


def drawing_of(judged: EpisodeJudgement, sheet: Sheet) -> Drawing:
    """The drawing of an episode."""
    course = course_of(judged, sheet)
    placing = _Placing(course.zero.clock if course.zero else None)
    for row in course.rows:
        placing.add(row)
    return Drawing(
        height=placing.bottom + _FOOT,
        rows=placing.rows,
        breaks=placing.breaks,
        band=placing.band(),
        begins=iso(course.zero.wall) if course.zero else "",
        earlier=course.earlier,
        left_out=course.left_out,
    )


class _Placing:
    """Puts rows below each other."""

    def __init__(self, zero: float | None) -> None:
        self.zero = zero
        self.bottom = _HEAD
        self.rows: list[Placed] = []
        self.breaks: list[tuple[int, str]] = []
        self._last: float | None = None
        self._tick = ""

    def add(self, row: Row) -> None:
        """Puts a row below the others, as far as its time demands."""
        if row.clock is not None and self._last is not None and row.clock > self._last:
            self._pass(row.clock - self._last)
        height, line = _ROWS[row.kind]
        shown = row.kind not in ("session", "more")
        begin, end = LANES[row.begin], LANES[row.end]
        self.rows.append(
            Placed(
                row=row,
                top=self.bottom,
                line=self.bottom + line,
                tick=self._said(row.clock) if shown else "",
                middle=(begin + end) // 2,
                back=end < begin,
                through=PROXY not in (row.begin, row.end),
            )
        )
        self.bottom += height + _MARK * len(row.marks)
        if row.clock is not None:
            self._last = row.until if row.until is not None else row.clock

    def _pass(self, seconds: float) -> None:
        """Lets time pass: at its length, or with a break."""
        if seconds <= _SHOWN:
            self.bottom += round(seconds * _SECOND)
            return
        self.breaks.append((self.bottom + _BREAK // 2, duration(seconds)))
        self.bottom += _BREAK

    def _said(self, clock: float | None) -> str:
        """The time at a row, since the first; nothing where it was said just before."""
        if clock is None or self.zero is None:
            return ""
        since = clock - self.zero
        said = f"{'+' if since >= 0 else '−'}{duration(abs(since))}"
        before, self._tick = self._tick, said
        return "" if said == before else said

    def band(self) -> tuple[int, int, str] | None:
        """The window of silence: from its row to the row at which it ends."""
        lines = {each.row.kind: each for each in self.rows if each.row.kind in ("window", "end")}
        if len(lines) < len(("window", "end")):
            return None
        begin, end = lines["window"], lines["end"]
        return begin.line, max(end.line - begin.line, 0), begin.row.weight


def duration(seconds: float) -> str:
    """A length of time in a few characters: `38 ms`, `12.3 s`, `4.5 min`, `7.1 h`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 600:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 36_000 else f"{seconds / 3600:.1f} h"
