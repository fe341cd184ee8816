"""What the forms of a report need of one capture, whether it was judged as a whole or in parts: then most of it is on disk, and
read as it is looked at."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from replay.report.places import file_lines, line_of
from replay.report.shapes import CaptureShape, FindingShape, capture

if TYPE_CHECKING:
    from replay.expect.judge import Judgement

T = TypeVar("T")

#: A finding and the line of the capture file that it is on.
Located = tuple[FindingShape, int | None]
#: The sequence of an episode as lines of a drawing. What is wrong on a side of an exchange goes to the end of the line that has
#: them; a line without has 0 and nothing.
Drawing = list[tuple[str, int, str]]


class Again(Struct, Generic[T], frozen=True):
    """What can be gone through as often as wanted; `begin` begins anew."""

    begin: Callable[[], Iterator[T]]

    def __iter__(self) -> Iterator[T]:
        return self.begin()


class Told(Struct, frozen=True):
    """One capture: the report's shape of it, its findings with the line of the file that each is on (None where there are no
    lines), and the drawing of each episode, for a form that has any. Everything can be gone through as often as wanted."""

    shape: CaptureShape
    located: Iterable[Located]
    drawings: Iterable[Drawing] = ()


def told_of(judgement: "Judgement") -> Told:
    """The same of a judgement on the whole; without drawings."""
    shape, lines = capture(judgement), file_lines(judgement)
    located = [
        (made, line_of(finding, lines)) for made, finding in zip(shape.findings, judgement.findings, strict=True)
    ]
    return Told(shape, located)
