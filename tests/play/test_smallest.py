"""Delta debugging: what is left still has it, and nothing of it can go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.play.smallest import smallest


@given(st.lists(st.integers(0, 40), unique=True), st.sets(st.integers(0, 40), max_size=4))
def test_just_what_is_needed_is_left(things, needed):
    needed &= set(things)
    assert smallest(things, lambda some: needed <= set(some)) == [each for each in things if each in needed]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=25))
def test_nothing_more_can_be_left_out(things):
    """Of a property that more does not keep: the sum is odd where that of all is, else even."""

    def remains(some: list[int]) -> bool:
        return bool(some) and sum(some) % 2 == sum(things) % 2

    found = smallest(things, remains)
    assert remains(found)
    assert not any(remains(found[:place] + found[place + 1 :]) for place in range(len(found)))


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_it_takes_few_tries(count):
    tries = []
    smallest(range(count), lambda some: tries.append(1) or count - 1 in some)
    assert len(tries) <= 4 + 6 * count.bit_length()


def test_all_that_is_needed_stays():
    assert smallest([3, 1, 2], lambda some: len(some) == 3) == [3, 1, 2]
    assert smallest([], lambda some: True) == []
