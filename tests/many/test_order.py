"""Whatever dies, and whenever: every capture has its part, in order, and only those that die alone, too, are errors."""

import contextlib
from collections import deque
from concurrent.futures import BrokenExecutor, Executor, Future

from hypothesis import given
from hypothesis import strategies as st

from replay.expect.case import Options
from replay.expect.finding import Party, Verdict
from replay.expect.judge import Scope
from replay.many.judged import Part, Place, Task
from replay.many.pools import in_order
from tests.many.judging import plain

DEADLY, TOGETHER = "deadly", "deadly in company"


class _Made(Executor):
    """An executor without processes: it ends what is in hand in an order of the test's choosing, and dies of some captures."""

    def __init__(self, pool: "_Pool", alone: bool) -> None:
        self._pool, self._alone, self._dead = pool, alone, False
        self._hand: deque[tuple[Future[Part], Place]] = deque()

    def submit(self, fn, packed, place):
        if self._dead:
            raise BrokenExecutor("dead")
        future: Future[Part] = Future()
        self._hand.append((future, place))
        if self._alone or len(self._hand) >= self._pool.width or place.number == self._pool.last:
            self._end()
        return future

    def _end(self) -> None:
        while self._hand:
            self._hand.rotate(self._pool.turns.popleft() if self._pool.turns else 0)
            future, place = self._hand.popleft()
            if self._dead or place.path == DEADLY or (place.path == TOGETHER and not self._alone):
                self._dead = True
                future.set_exception(BrokenExecutor("dead"))
            else:
                self._pool.judged.append(place.number)
                future.set_result(Part(place.path, dict.fromkeys(Party, Verdict.PASS), piece=place.number))


class _Pool:
    died = (BrokenExecutor,)

    def __init__(self, width: int, turns: list[int], last: int) -> None:
        self.width, self.turns, self.last = width, deque(turns), last
        self.judged: list[int] = []
        self._executor: _Made | None = None

    def executor(self) -> Executor:
        self._executor = self._executor or _Made(self, alone=False)
        return self._executor

    def broke(self) -> None:
        self._executor = None

    def alone(self) -> contextlib.AbstractContextManager[Executor]:
        return contextlib.nullcontext(_Made(self, alone=True))


@given(
    kinds=st.lists(st.sampled_from(["good", "good", "good", DEADLY, TOGETHER]), max_size=25),
    width=st.integers(1, 6),
    turns=st.lists(st.integers(0, 5), max_size=40),
)
def test_every_capture_has_its_part_in_order(kinds, width, turns):
    places = [Place(number, kind, kind) for number, kind in enumerate(kinds, 1)]
    pool = _Pool(width, turns, len(places))
    ready: list[int] = []
    task = Task(options=Options(), scope=Scope(), make=plain)
    parts = list(in_order(task, places, pool, ready.append))
    assert [part.path for part in parts] == kinds
    assert [part.verdict is Verdict.ERROR for part in parts] == [kind == DEADLY for kind in kinds]
    assert [part.piece for part in parts if not part.unread] == [p.number for p in places if p.path != DEADLY]
    assert sorted(pool.judged) == [p.number for p in places if p.path != DEADLY]  # what is ready is not judged again
    assert ready == sorted(ready)
