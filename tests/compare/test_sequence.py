import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.compare.sequence import align, longest_rise, rows


def keyed(one, other, *keys, likeness=None, order=(b"", b"")):
    levels = [(lambda p, k=key: k(one[p]), lambda p, k=key: k(other[p])) for key in keys or [lambda each: each]]
    return align(levels, (len(one), len(other)), likeness, order=order)


def pairs(one, other, **more):
    return [(one[a], other[b]) for a, b in keyed(one, other, **more).kept]


def test_one_missing_among_thousands():
    one = [f"{number}" for number in range(5000)]
    other = one[:2500] + one[2501:]
    found = keyed(one, other)
    assert len(found.kept) == 4999
    assert found.moved == ()


def test_one_missing_among_many_of_the_same():
    found = keyed("a" * 3000, "a" * 2999)
    assert len(found.kept) == 2999


def test_many_repetitions_that_a_few_edits_explain():
    one, other = "x" + "ab" * 400 + "y", "z" + "ba" * 400 + "w"
    found = keyed(one, other)
    assert len(found.kept) == 799
    assert len(found.moved) == 1


def test_many_repetitions_that_nothing_explains():
    draw = random.Random(1)
    one, other = ("".join(draw.choice("ab") for _ in range(1500)) for _ in range(2))
    found = keyed("x" + one + "y", "z" + other + "w")
    assert all(here == there for here, there in found.kept)
    assert len(found.kept) > 500


def test_what_stands_elsewhere_has_moved():
    found = keyed("abcde", "bcdea")
    assert found.kept == ((1, 0), (2, 1), (3, 2), (4, 3))
    assert found.moved == ((0, 4),)


def test_a_coarser_level_goes_on_where_the_finer_left_something():
    one, other = ["a1", "b1", "c1"], ["a1", "b2", "c1"]
    assert keyed(one, other).kept == ((0, 0), (2, 2))
    assert keyed(one, other, lambda each: each, lambda each: each[0]).kept == ((0, 0), (1, 1), (2, 2))


def test_what_is_left_between_neighbours_is_paired_by_likeness():
    one, other = ["a", "b1", "c"], ["a", "x9", "b7", "c"]

    def likeness(here, there):
        return 0.5 if one[here][0] == other[there][0] else 0.0

    assert pairs(one, other, likeness=likeness) == [("a", "a"), ("b1", "b7"), ("c", "c")]


def test_as_many_pairs_as_can_be():
    found = keyed("ab", "cd", likeness=lambda here, there: 0.9 if (here, there) == (0, 1) else 0.1)
    assert found.kept == ((0, 0), (1, 1))


def test_a_key_of_none_fits_nothing():
    assert keyed([None, 1], [None, 1]).kept == ((1, 1),)


def test_rows_keep_the_order_of_both():
    found = keyed("axbc", "aybzc")
    assert rows(found, (4, 5)) == [(0, 0), (1, None), (None, 1), (2, 2), (None, 3), (3, 4)]


def test_rows_show_what_moved_once():
    found = keyed("abc", "bca")
    assert rows(found, (3, 3)) == [(0, 2), (1, 0), (2, 1)]


@given(st.lists(st.integers(0, 6), max_size=30), st.lists(st.integers(0, 6), max_size=30))
def test_an_alignment_is_one(one, other):
    found = keyed(one, other, likeness=lambda here, there: 0.5)
    assert list(found.kept) == sorted(found.kept)
    for side in (0, 1):
        places = [pair[side] for pair in (*found.kept, *found.moved)]
        assert len(places) == len(set(places))
    assert [pair[1] for pair in found.kept] == sorted(pair[1] for pair in found.kept)
    assert all(one[a] == other[b] for a, b in found.moved)
    shown = rows(found, (len(one), len(other)))
    assert [here for here, _ in shown if here is not None] == list(range(len(one)))
    assert sorted(there for _, there in shown if there is not None) == list(range(len(other)))


@given(st.lists(st.integers(0, 6), max_size=30), st.lists(st.integers(0, 6), max_size=30))
def test_the_other_way_round_it_is_the_same(one, other):
    weigh = [[random.Random(f"{a} {b}").random() for b in range(7)] for a in range(7)]
    first = keyed(one, other, likeness=lambda a, b: weigh[one[a]][other[b]], order=(b"1", b"2"))
    second = keyed(other, one, likeness=lambda b, a: weigh[one[a]][other[b]], order=(b"2", b"1"))
    assert first.kept == tuple(sorted((a, b) for b, a in second.kept))
    assert first.moved == tuple(sorted((a, b) for b, a in second.moved))


@given(st.lists(st.integers(0, 50)))
def test_a_longest_rise(values):
    found = longest_rise(values)
    assert found == sorted(found)
    assert [values[place] for place in found] == sorted({values[place] for place in found})
    best = [1] * len(values)
    for place, value in enumerate(values):
        best[place] = 1 + max((best[p] for p in range(place) if values[p] < value), default=0)
    assert len(found) == max(best, default=0)


@pytest.mark.parametrize("size", [3000])
def test_anchors_within_anchors_do_not_exhaust_the_stack(size):
    """Each anchor makes another pair unique between itself and the next."""
    one = [place // 2 if place % 2 else -place for place in range(size)]
    other = one[::-1]
    found = keyed(one, other)
    assert len(found.kept) + len(found.moved) == size
