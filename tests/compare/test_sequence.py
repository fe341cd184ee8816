import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.compare import sequence
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


def test_a_good_pair_is_worth_as_much_as_two_poor_ones():
    weigh = {(0, 0): 0.1, (1, 1): 0.1, (2, 2): 0.1, (0, 1): 1.0, (1, 2): 1.0}
    found = keyed("abc", "xyz", likeness=lambda here, there: weigh.get((here, there), 0.0))
    assert found.kept == ((0, 1), (1, 2))


def test_a_key_of_none_fits_nothing():
    assert keyed([None, 1], [None, 1]).kept == ((1, 1),)


def test_none_at_the_end_fits_nothing():
    assert keyed([1, None], [1, None]).kept == ((0, 0),)
    assert keyed([1, None, 2], [1, None, 2]).kept == ((0, 0), (2, 2))
    assert keyed([1, None, None], [None, None, 1]).moved == ()


def test_what_the_finer_level_took_is_known_by_its_own_side():
    def letter(each):
        return each[0]

    def whole(each):
        return each

    assert keyed(["a", "b1"], ["x", "a", "b2"], whole, letter).kept == ((0, 1), (1, 2))
    assert keyed(["x", "a", "b1"], ["a", "b2"], whole, letter).kept == ((1, 0), (2, 1))


def test_a_coarser_key_is_asked_for_only_where_something_is_left():
    asked = []

    def letter(each):
        asked.append(each)
        return each[0]

    assert len(keyed(["a1", "b1"], ["a1", "b1", "c1"], str, letter).kept) == 2
    assert asked == []
    assert keyed(["a1", "b1"], ["a1", "b2"], str, letter).kept == ((0, 0), (1, 1))
    assert asked == ["b1", "b2"]


STAY = ["z1", "y1", "w1"]


@pytest.mark.parametrize(
    ("one", "other", "moved"),
    [
        (["b1", "b1", *STAY], [*STAY, "b1", "b1"], ((0, 3), (1, 4))),
        (["b1", *STAY], [*STAY, "b2"], ((0, 3),)),
        (["b1", "b2", *STAY], [*STAY, "b3", "b4"], ()),
        (["b1", "b2", *STAY], [*STAY, "b3"], ()),
        (["b1", "a1", *STAY], [*STAY, "a1", "b2"], ((0, 4), (1, 3))),
    ],
)
def test_of_the_coarsest_of_several_levels_only_one_of_a_key_moves(one, other, moved):
    assert keyed(one, other, str, lambda each: each[0]).moved == moved


def test_of_one_level_alone_several_of_a_key_move():
    assert keyed("aabcd", "bcdaa").moved == ((0, 3), (1, 4))
    assert keyed("aabcd", "bcda").moved == ((0, 3),)


def test_the_side_with_the_lesser_digest_goes_first():
    assert keyed("ab", "ba", order=(b"1", b"2")).kept == ((1, 0),)
    assert align([("ab".__getitem__, "ba".__getitem__)], (2, 2)).kept == ((1, 0),)
    assert keyed("ab", "ba", order=(b"2", b"1")).kept == ((0, 1),)
    assert keyed("abcde", "edabc", order=(b"2", b"1")).moved == ((3, 1), (4, 0))
    weighed = keyed("axb", "ayb", likeness=lambda here, there: float((here, there) == (1, 1)), order=(b"2", b"1"))
    assert weighed.kept == ((0, 0), (1, 1), (2, 2))
    sizes = keyed("axxb", "ab", likeness=lambda here, there: 1.0, order=(b"2", b"1"))
    assert sizes.kept == ((0, 0), (3, 1))


def test_without_likeness_what_is_left_stays_so_whichever_side_goes_first():
    assert keyed("ab", "cd", order=(b"2", b"1")).kept == keyed("ab", "cd").kept == ()


def test_what_is_alike_at_both_ends_is_taken_off_first(monkeypatch):
    assert keyed("a", "aa", order=(b"2", b"1")).kept == ((0, 0),)
    monkeypatch.setattr(sequence, "_MOST_EDITS", 0)
    assert keyed("bb", "ab").kept == keyed("ab", "bb").kept == ((1, 1),)


@pytest.mark.parametrize(
    ("one", "other", "weigh", "kept"),
    [
        ("eaa", "c", {"ac": 0.5}, ((1, 0),)),
        ("c", "eaa", {"ca": 0.5}, ((0, 1),)),
        ("c", "aea", {"ca": 0.5}, ((0, 0),)),
        ("bbgcb", "ee", {"be": 0.1, "ge": 0.3, "ce": 0.1}, ((0, 0), (2, 1))),
        ("x", "bcca", {"xa": 1.0}, ((0, 3),)),
        ("bcca", "x", {"ax": 1.0}, ((3, 0),)),
        ("a", "e", {}, ()),
        ("ab", "ef", {}, ()),
    ],
)
def test_of_what_is_worth_as_much_the_first_is_taken(one, other, weigh, kept):
    assert keyed(one, other, likeness=lambda here, there: weigh.get(one[here] + other[there], 0.0)).kept == kept


def test_a_long_beginning_in_common_takes_nothing_from_the_fewest_edits():
    begin = [str(number) for number in range(150)]
    found = keyed(begin + list("cbb"), begin + list("bc"))
    assert found.kept[150:] == ((151, 150),)


# -- where there is too much to look at everything -------------------------------------------------------------------


def test_what_occurs_once_is_an_anchor_and_as_many_as_can_be(monkeypatch):
    monkeypatch.setattr(sequence, "_MOST_EDITS", 0)
    assert pairs("abc12", "12a_b_c") == [("a", "a"), ("b", "b"), ("c", "c")]
    assert pairs("xabcxx", "yyabcy") == [("a", "a"), ("b", "b"), ("c", "c")]
    # between two anchors another becomes one, and difflib has the rest
    assert pairs("-rAspB=q", "+rrAtsBpq_") == [("r", "r"), ("A", "A"), ("s", "s"), ("B", "B"), ("q", "q")]
    assert pairs("-Aa1aBaCb+", "_Ab1aaBCa.") == [(each, each) for each in "A1aBC"]


def test_so_many_edits_are_looked_for_and_no_more(monkeypatch):
    """Anchors have no more to go by than what occurs once."""
    monkeypatch.setattr(sequence, "_MOST_EDITS", 2)
    assert keyed("cbb", "bc").kept == ((0, 1),)
    assert keyed("bbba", "abbb").kept == ((0, 1), (1, 2), (2, 3))
    monkeypatch.setattr(sequence, "_MOST_EDITS", 3)
    assert keyed("cbb", "bc").kept == ((1, 0),)


def test_what_occurs_once_on_one_side_alone_is_no_anchor(monkeypatch):
    monkeypatch.setattr(sequence, "_MOST_EDITS", 0)
    assert keyed("cb", "bbc").kept == ((0, 2),)
    assert keyed("bbc", "cb").kept == ((2, 0),)


def test_behind_an_anchor_with_nothing_left_others_are_looked_at(monkeypatch):
    monkeypatch.setattr(sequence, "_MOST_EDITS", 0)
    assert keyed("dcdf", "eadcd").kept == ((0, 2), (1, 3), (2, 4))


def test_difflib_leaves_nothing_out_that_is_frequent(monkeypatch):
    monkeypatch.setattr(sequence, "_MOST_EDITS", 0)
    assert len(keyed("x" + "ab" * 105 + "y", "z" + "ba" * 105 + "w").kept) == 209


def test_what_is_too_much_for_difflib_is_looked_at_as_far_as_both_go(monkeypatch):
    monkeypatch.setattr(sequence, "_MOST_EDITS", 2)
    monkeypatch.setattr(sequence, "_MOST_REPEATED", 6)
    assert keyed("bab", "bbbaaaba").kept == ((0, 0), (2, 2))
    assert keyed("abacaa", "acabcaab").kept == keyed("acabcaab", "abacaa").kept == ((0, 0), (2, 2), (5, 5))


def test_keys_of_none_are_nothing_to_choose_from(monkeypatch):
    monkeypatch.setattr(sequence, "_MOST_EDITS", 0)
    monkeypatch.setattr(sequence, "_MOST_REPEATED", 6)
    assert keyed([None, "a", "a", None, None], ["a", None, None, "b"]).kept == ((2, 0),)


def test_of_as_few_edits_those_that_go_furthest():
    assert keyed("ccdcadb", "acabdc").kept == ((0, 1), (4, 2), (6, 3))


def test_a_key_of_none_is_no_step_of_the_fewest_edits():
    assert keyed(["b", None], ["f", "a", "b", None]).kept == ((0, 2),)
    assert keyed(["f", "a", "b", None], ["b", None]).kept == ((2, 0),)


def test_what_is_repeated_is_left_to_difflib_and_where_it_is_too_much_to_its_place(monkeypatch):
    monkeypatch.setattr(sequence, "_MOST_EDITS", 0)
    longest = ((0, 2), (1, 3), (2, 4), (4, 5))
    assert keyed("aabbab", "bbaaba").kept == longest
    monkeypatch.setattr(sequence, "_MOST_REPEATED", 3 * 3 + 3 * 3)
    assert keyed("aabbab", "bbaaba").kept == longest
    monkeypatch.setattr(sequence, "_MOST_REPEATED", 3 * 3 + 3 * 3 - 1)
    assert keyed("aabbab", "bbaaba").kept == ()
    assert keyed("xaabbaby", "zbababaw").kept == ((2, 2), (3, 3))
    assert keyed("xaabbabyy", "zbababaw").kept == ((2, 2), (3, 3))
    assert keyed(["x", None, *"aabbab"], ["y", None, *"babbaa"]).kept == ((3, 3), (4, 4), (5, 5), (6, 6))


def test_what_is_too_much_to_weigh_goes_by_its_place(monkeypatch):
    weigh = {("b", "d"): 1.0, ("a", "c"): 0.1, ("b", "e"): 0.0, ("a", "d"): 0.5}

    def weighed(one, other):
        return pairs(one, other, likeness=lambda here, there: weigh.get((one[here], other[there]), 0.0))

    assert weighed("ab", "fcd") == [("a", "c"), ("b", "d")]
    monkeypatch.setattr(sequence, "_MOST_WEIGHED", 4)
    assert weighed("ab", "cd") == [("a", "c"), ("b", "d")]
    assert weighed("ba", "cd") == [("b", "d")]
    assert weighed("ab", "fcd") == []
    assert weighed("abx", "cez") == [("a", "c")]


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
