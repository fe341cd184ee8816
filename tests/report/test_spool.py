"""What a report keeps on disk: it comes out as it was put in, in order, and goes to another process with what is in it."""

import gc
import os
import pickle
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.report.shapes import SessionShape
from replay.report.spool import Kept, Spool, Texts

#: The files that this process has open.
OPEN = Path("/proc/self/fd")


def session(name: str, number: int = 0) -> SessionShape:
    return SessionShape(number, "DEVICE", "https://mdm.example.test", name, [1, 2], ["ordinary"])


def spooled(*orders: float) -> Spool:
    made = Spool()
    for order in orders:
        made.add(order, session(str(order)))
    return made


def of(made: Spool) -> list[tuple[int, str | None]]:
    return [(each.id, each.session_id) for each in made]


def there_and_back(value):
    return pickle.loads(pickle.dumps(value))


# -- texts and values -------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=50)))
def test_texts_are_where_they_were_put(texts):
    made = Texts(texts)
    assert len(made) == len(texts)
    assert [made[place] for place in range(len(made))] == texts
    again = there_and_back(made)
    assert [again[place] for place in range(len(again))] == texts


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=20))))
def test_all_that_is_kept_shares_a_file_and_nothing_is_mixed_up(put):
    first, second = Texts(), Texts()
    for to_first, text in put:
        (first if to_first else second).add(text)
        assert (first if to_first else second)[-1] == text  # reading between does not move where the next goes
    assert [first[place] for place in range(len(first))] == [text for to_first, text in put if to_first]
    assert [second[place] for place in range(len(second))] == [text for to_first, text in put if not to_first]


def test_a_large_text_and_an_empty_one():
    made = Texts([b"x" * 3_000_000, b"", b"end"])
    assert (len(made[0]), made[1], made[2]) == (3_000_000, b"", b"end")


@pytest.mark.parametrize("made", [Texts(), Kept(int)], ids=["texts", "values"])
def test_where_nothing_is_nothing_is_found(made):
    assert len(made) == 0
    assert list(made) == []
    with pytest.raises(IndexError):
        made[0]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_values_are_what_was_put_in(values):
    made: Kept[int] = Kept(int)
    for value in values:
        made.add(value)
    assert list(made) == values == list(there_and_back(made))


def test_values_have_their_type_again():
    made: Kept[SessionShape] = Kept(SessionShape)
    made.add(session("1"))
    assert (made[0], len(made)) == (session("1"), 1)
    assert there_and_back(made)[0] == session("1")


def test_values_of_another_type_are_not_taken_for_it():
    texts = Texts([msgspec.msgpack.encode("one"), b"\xc1"])
    made: Kept[int] = Kept(int, texts)
    with pytest.raises(msgspec.ValidationError):
        made[0]
    with pytest.raises(msgspec.DecodeError):
        made[1]


def test_what_came_from_another_process_can_be_added_to():
    """And what is added there is not in the one that it came from."""
    first = Texts([b"one"])
    again = there_and_back(first)
    again.add(b"two")
    assert ([again[0], again[1]], len(first)) == ([b"one", b"two"], 1)


@pytest.mark.skipif(not OPEN.is_dir(), reason="open files can be counted on Linux alone")
def test_many_take_one_file_which_goes_with_the_last():
    gc.collect()
    before = len(list(OPEN.iterdir()))
    made = [Texts([b"x"]) for _ in range(50)]
    assert len(list(OPEN.iterdir())) <= before + 1
    made = made[:1]
    assert made[0][0] == b"x"
    del made
    gc.collect()
    assert len(list(OPEN.iterdir())) <= before


def test_a_process_does_not_write_into_the_file_of_another(monkeypatch):
    """After a fork both have it open, with one place in it between them."""
    first = Texts([b"theirs"])
    other = os.getpid() + 1
    monkeypatch.setattr(os, "getpid", lambda: other)
    second = Texts([b"ours"])
    third = Texts([b"ours, too"])
    assert (first[0], second[0], third[0]) == (b"theirs", b"ours", b"ours, too")
    first.add(b"more")
    assert (first[1], second[0]) == (b"more", b"ours")


# -- sessions ---------------------------------------------------------------------------------------------------------------


def test_no_sessions():
    made = Spool()
    assert (len(made), list(made), list(made.in_order())) == (0, [], [])
    made.number_by([1.0, 2.0])
    assert list(made) == []


@given(st.lists(st.floats(allow_nan=False), unique=True, max_size=20))
def test_sessions_come_out_in_order_and_numbered_from_one(orders):
    made = spooled(*orders)
    assert len(made) == len(orders)
    assert of(made) == [(number, str(order)) for number, order in enumerate(sorted(orders), 1)]
    assert of(there_and_back(made)) == of(made)


@given(st.lists(st.tuples(st.integers(), st.booleans()), unique_by=lambda each: each[0] % 1000, max_size=20))
def test_those_that_were_not_put_in_have_numbers_as_well(sessions):
    orders = sorted(float(order % 1000) for order, _ in sessions)
    made = spooled(*(float(order % 1000) for order, put_in in sessions if put_in))
    made.number_by(orders)
    assert [orders[number - 1] for number, _ in of(made)] == sorted(float(n % 1000) for n, put_in in sessions if put_in)
    assert of(there_and_back(made)) == of(made)


def test_a_session_is_otherwise_what_was_put_in():
    made, given_number = Spool(), session('{"id":0,"é \x1b\u202e', number=77)
    made.add(3.5, given_number)
    assert list(made) == [msgspec.structs.replace(given_number, id=1)]
    assert given_number.id == 77
    assert [msgspec.json.decode(each, type=SessionShape) for each in made.in_order()] == list(made)


def test_sessions_are_read_as_often_as_asked_for():
    made = spooled(2.0, 1.0)
    assert of(made) == of(made) == [(1, "1.0"), (2, "2.0")]
    made.add(1.5, session("1.5"))
    assert of(made) == [(1, "1.0"), (2, "1.5"), (3, "2.0")]
