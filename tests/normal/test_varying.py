"""How values vary: the kinds, from the narrowest to the widest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.normal.varying import Form, Kind, fits, is_time, kind_of

HEX = ["0a1b2c3d4e5f60718293a4b5c6d7e8f9", "ffeeddccbbaa99887766554433221100"]


@pytest.mark.parametrize(
    ("captures", "kind"),
    [
        ([["a"], ["a"]], Kind.CONSTANT),
        ([["a", "a"], []], Kind.CONSTANT),
        ([["3"], ["5"]], Kind.COUNTER),
        ([["5"], ["3"]], Kind.TEXT),
        ([["1", "2", "2"], ["9", "11", "12"]], Kind.COUNTER),
        ([["2", "1"], ["3", "4"]], Kind.TEXT),
        ([["7", "7"], ["8", "8"]], Kind.ALIAS),
        ([["x", "y", "x"], ["p", "q", "p"]], Kind.ALIAS),
        ([["x", "y", "x"], ["p", "q", "q"]], Kind.TEXT),
        ([["x", "y"], ["p", "q"]], Kind.TEXT),
        ([["2026-11-23"], ["2026-11-24 10:00:00"]], Kind.TIME),
        ([["1800000000"], ["1800000060"]], Kind.TIME),
        ([[HEX[0]], [HEX[1]]], Kind.RANDOM),
        ([["good weather"], ["rain"]], Kind.TEXT),
        ([["abcdefghij"], ["klmnopqrst"]], Kind.TEXT),
    ],
)
def test_kinds(captures, kind):
    assert kind_of([{"device": values} for values in captures])[0] is kind


@pytest.mark.parametrize(
    ("captures", "kind"),
    [
        ([{"one": ["5", "6"], "two": ["2", "3"]}, {"one": ["7"], "two": ["4"]}], Kind.COUNTER),
        ([{"one": ["5", "6"], "two": ["3", "2"]}, {"one": ["7"], "two": ["4"]}], Kind.TEXT),
        ([{"one": ["5"], "two": ["2"]}, {"one": ["7"], "two": ["2"]}], Kind.COUNTER),
        ([{"one": ["5"], "two": ["2"]}, {"two": ["3"], "one": ["4"]}], Kind.TEXT),
        ([{"one": ["5"], "two": ["2"]}, {"three": ["6"], "four": ["3"]}], Kind.TEXT),  # of no device two are known
        ([{"one": ["5"]}, {"two": ["6"]}], Kind.COUNTER),  # another name in every run
        ([{"one": ["5"]}, {"two": ["4"]}], Kind.TEXT),
        ([{"one": ["5", "5"]}, {"two": ["6", "7"]}], Kind.COUNTER),
        ([{"one": ["5"]}, {}, {"one": []}, {"one": ["6"]}], Kind.COUNTER),
    ],
)
def test_a_counter_is_of_one_device(captures, kind):
    assert kind_of(captures)[0] is kind


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["48151623", "15162342"], Form("decimal", 8, 8)),
        (HEX, Form("hex", 32, 32)),
        (["QUJDREVGR0g0Nw==", "QUJDREVGR0g0NzE="], Form("base64", 16, 16)),
        (["a123456789", "01234567890123"], Form("hex", 10, 14)),
    ],
)
def test_the_form_of_what_is_random(values, form):
    assert kind_of([{"one": values[:1]}, {"one": values[1:]}]) == (Kind.RANDOM, form)


def test_what_fits():
    form = Form("hex", 32, 32)
    assert fits(Kind.RANDOM, form, HEX[0])
    assert not fits(Kind.RANDOM, form, HEX[0][:-1])
    assert not fits(Kind.RANDOM, form, HEX[0][:-1] + "x")
    assert not fits(Kind.RANDOM, None, HEX[0])
    assert fits(Kind.COUNTER, None, "12")
    assert not fits(Kind.COUNTER, None, "-1")
    assert not fits(Kind.COUNTER, None, "٣")
    assert not fits(Kind.CONSTANT, None, "x")
    assert fits(Kind.TEXT, None, "")


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("2026-11-23T09:15:00Z", True),
        ("2026-11-23 09:15:00.123 +01:00", True),
        ("23/11/2026", True),
        ("11/23/2026 9:15:00 AM", True),
        ("09:15", True),
        ("Mon, 23 Nov 2026 09:15:00 GMT", True),
        ("{time}", True),
        ("133770000000000000", True),
        ("1800000000000", True),
        ("1800", False),
        ("yesterday", False),
        ("2026-11-23x", False),
    ],
)
def test_times(text, yes):
    assert is_time(text) is yes


@given(st.lists(st.lists(st.text(max_size=12), max_size=5), min_size=2, max_size=4))
def test_every_value_that_was_learned_from_fits_its_kind(captures):
    kind, form = kind_of([{"one": each} for each in captures])
    values = {value for each in captures for value in each}
    if len(values) <= 1:
        assert kind is Kind.CONSTANT
    else:
        assert all(fits(kind, form, value) for value in values)


@given(st.lists(st.sampled_from(["0" * 8, "12345678", "abcdef01", "1800000000", "9", "x y"]), min_size=2, max_size=6))
def test_and_so_it_does_for_values_of_every_kind(values):
    kind, form = kind_of([{"one": values[:1]}, {"one": values[1:]}])
    assert kind is Kind.CONSTANT or all(fits(kind, form, value) for value in values)
