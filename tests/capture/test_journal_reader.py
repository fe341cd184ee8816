import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.exchange import Capture
from replay.capture.journal_reader import JournalReader, read
from tests.story import Story, user


def load(*lines) -> Capture:
    data = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    return read(io.BytesIO(data), "j")


OPEN = {"type": "open", "t": 100.0, "mono": 0.0, "format": "omadm-journal", "version": 1, "interval": 5}


def test_an_exchange_with_all_that_a_line_says():
    capture = load(
        OPEN,
        {
            "type": "request", "t": 101.0, "mono": 1.0, "id": "a", "conn": "c", "client": "1.2.3.4:5", "method": "POST",
            "url": "https://h/x", "http": "HTTP/2.0", "headers": [["A", "1"], ["A", "2"]], "body": {"text": "x"},
            "client_cert": {"subject": "CN=d", "sha256": "ab"}, "server_saw": None,
        },
        {"type": "response", "t": 102.0, "mono": 2.0, "id": "a", "status": 200, "reason": "OK", "http": "HTTP/1.1",
         "headers": [], "body": {"base64": "/wA="}, "by": "server"},
    )  # fmt: skip
    exchange = capture.exchanges[0]
    assert exchange.headers == (("A", "1"), ("A", "2"))
    assert exchange.client_cert.sha256 == "ab"
    assert exchange.response.body == b"\xff\x00"
    assert exchange.response.at.clock - exchange.at.clock == 1.0
    assert capture.ended_by == "last-traffic"


def test_a_second_response_is_no_silent_change_of_the_first():
    response = {"type": "response", "t": 102.0, "mono": 2.0, "id": "a", "status": 200}
    request = {"type": "request", "t": 101.0, "mono": 1.0, "id": "a"}
    capture = load(OPEN, request, response, {**response, "status": 500})
    assert capture.exchanges[0].response.status == 200
    assert "line 4: cannot be read, and is left out: a second response" in capture.troubles[0].text


def test_a_request_that_is_sent_again_from_the_proxy_has_its_own_response():
    response = {"type": "response", "t": 101.0, "mono": 1.0, "id": "a", "status": 200}
    request = {"type": "request", "t": 101.0, "mono": 1.0, "id": "a"}
    reader = JournalReader("j")
    for line in (OPEN, request, response, request):
        reader.take(json.dumps(line).encode() + b"\n")
    assert [exchange.number for exchange in reader.retire(4.0)] == [1]
    reader.take(json.dumps({**response, "status": 500}).encode() + b"\n")
    assert [exchange.response.status for exchange in reader.capture.exchanges] == [500]
    assert reader.capture.troubles == []


def test_unknown_types_and_members_are_skipped():
    capture = load(
        OPEN,
        {"type": "hologram", "t": 101.0, "mono": 1.0, "x": [1]},
        {**OPEN, "type": "watching", "t": 102, "mono": 2.0, "new": {}},
    )
    assert capture.troubles == []
    assert capture.ended_by == "watching"


def test_an_unknown_type_still_shows_that_the_recorder_was_up():
    capture = load(OPEN, *({"type": "pulse", "t": 100.0 + n, "mono": float(n)} for n in range(0, 100, 10)))
    assert len(capture.stretches) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'"text"',
        b'{"type": 1}',
        b'{"t": 1}',
        b'{"type": "request", "t": "noon", "id": "a"}',
        b'{"type": "request", "t": 1e999, "id": "a", "headers": "x"}',
        b'{"type": "request", "t": 101.0, "id": "a", "body": {"base64": "!"}}',
        b'{"type": "request", "t": 101.0, "id": "a", "body": {}}',
        b'{"type": "response", "t": 101.0, "id": "a", "status": 200}',
        b'{"type": "response", "t": 101.0, "id": "a"}',
        b'{"type": "note", "text": "\\ud800"}',
        b"\xff\xfe\x00",
        b'{"type": "open", "t": 1.0, "format": "omadm-journal", "version": 99}',
        b'{"type": "watching", "t": NaN}',
    ],
)
def test_a_line_that_cannot_be_read_is_a_trouble_and_hides_nothing(line):
    capture = load(OPEN, line, {"type": "note", "t": 102.0, "mono": 2.0, "text": "after"})
    assert [trouble.line for trouble in capture.troubles if trouble.kind == "cut"] == [2]
    assert [note.text for note in capture.notes] == ["after"]


def test_ids_may_repeat_in_a_later_recording():
    request = {"type": "request", "id": "1", "url": "https://h/", "body": None}
    answer = {"type": "response", "id": "1", "status": 200}
    capture = load(
        OPEN,
        {**request, "t": 101.0, "mono": 1.0},
        {**OPEN, "t": 200.0, "mono": 0.0},
        {**request, "t": 201.0, "mono": 1.0},
        {**answer, "t": 202.0, "mono": 2.0},
    )
    assert [exchange.response is None for exchange in capture.exchanges] == [True, False]


def test_a_machine_that_was_started_again_has_another_steady_clock():
    capture = load(
        {**OPEN, "mono": 90000.0}, {**OPEN, "t": 200.0, "mono": 3.0}, {"type": "watching", "t": 205.0, "mono": 8.0}
    )
    assert [(s.start.clock, s.end.clock) for s in capture.stretches] == [(100.0, 100.0), (200.0, 205.0)]
    assert capture.troubles == []


def test_without_a_steady_clock_the_other_one_counts():
    capture = load({**OPEN, "mono": None}, {"type": "watching", "t": 110.0, "mono": None})
    assert capture.stretches[0].end.clock - capture.stretches[0].start.clock == 10.0


def test_a_failure_without_a_request_belongs_to_its_connection():
    capture = load(OPEN, {"type": "failure", "t": 101.0, "mono": 1.0, "id": None, "conn": "c", "cause": "tls-failed"})
    assert capture.broken_off[0].failure.cause == "tls-failed"
    assert capture.exchanges == []


def test_an_unknown_cause_is_another_one():
    story = Story()
    story.exchange(b"x", None, failure="cosmic-ray")
    assert read(io.BytesIO(story.text()), "x").exchanges[0].failure.cause == "other"


WHOLE = user().watch(70).close().text()


@given(st.integers(0, len(WHOLE)))
def test_cut_off_anywhere_it_is_read_up_to_the_cut(size):
    capture = read(io.BytesIO(WHOLE[:size]), "x")
    whole_lines = WHOLE[:size].count(b"\n")
    left = len(WHOLE[:size].rpartition(b"\n")[2])
    tail_is_whole = size < len(WHOLE) and WHOLE[size : size + 1] == b"\n"
    assert len(capture.troubles) == (1 if left and not tail_is_whole else 0)
    assert len(capture.exchanges) == sum(
        b'"request"' in line for line in WHOLE.split(b"\n")[: whole_lines + tail_is_whole]
    )


@given(st.binary(max_size=200))
def test_random_lines_never_end_the_reading(noise):
    capture = read(io.BytesIO(WHOLE + b"\n" + noise + b"\n" + WHOLE), "x")
    assert len(capture.exchanges) >= 4


def test_a_line_without_time_among_lines_with_one_is_taken_for_the_time_of_the_last():
    capture = load(OPEN, {"type": "request", "id": "a", "url": "https://h/"})
    assert capture.exchanges[0].at.clock == 100.0
    assert [trouble.kind for trouble in capture.troubles] == ["cut"]


def test_a_journal_without_any_time_has_no_clock():
    capture = load({"type": "open", "format": "omadm-journal"}, {"type": "request", "id": "a", "url": "https://h/"})
    assert (capture.exchanges[0].at, capture.stretches, capture.troubles) == (None, [], [])


def test_what_is_written_after_the_end_does_not_show_that_the_recorder_was_watching():
    close = {"type": "close", "t": 110.0, "mono": 10.0}
    capture = load(OPEN, close, {"type": "note", "t": 112.0, "mono": 12.0, "text": "later"})
    assert capture.stretches[-1].end.clock == 110.0
    assert capture.ended_by == "close"
    assert capture.notes[0].text == "later"


def test_a_byte_order_mark_hides_nothing():
    assert load(b"\xef\xbb\xbf" + json.dumps(OPEN).encode()).troubles == []


def test_a_line_that_is_nested_deeper_than_anything():
    capture = load(OPEN, b'{"type": "note", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    assert [trouble.kind for trouble in capture.troubles] == ["cut"]


def test_base64_that_is_not_ascii():
    capture = load(OPEN, {"type": "request", "t": 101.0, "id": "a", "body": {"base64": "é"}})
    assert [trouble.line for trouble in capture.troubles] == [2]


def test_when_the_wall_clock_showed_a_time():
    capture = load(
        OPEN,
        {"type": "watching", "t": 110.0, "mono": 10.0},
        {"type": "watching", "t": 50.0, "mono": 20.0},  # set back by 70 s
        {"type": "watching", "t": 1000.0, "mono": 30.0},  # set forward
    )
    assert capture.clock_at(105.0) == 105.0
    assert capture.clock_at(115.0) == 115.0
    assert capture.clock_at(500.0) == 130.0
    assert capture.clock_at(1005.0) == 135.0
    assert load({"type": "open"}).clock_at(1.0) is None


def test_a_redacted_recording_says_so():
    assert load({**OPEN, "redacted": True}).redacted
    assert not load(OPEN).redacted
