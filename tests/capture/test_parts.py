"""A journal in parts: every exchange is in one of them, what concerns all is in each, and what cannot be cut up is refused."""

import io

import pytest

from replay.capture import parts as module
from replay.capture.journal_reader import read
from replay.capture.parts import Parts, TogetherError, read_parts
from tests.story import Story

GARBAGE = b"<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr>"


def in_parts(story: Story, count: int = 3) -> Parts:
    return read_parts(io.BytesIO(story.text()), "story.jsonl", count=count)


def devices(number: int) -> Story:
    """Sessions of so many devices, one after the other."""
    story = Story()
    for each in range(number):
        story.device, story.client = f"D{each}", f"10.0.0.{each}:1"
        story.ordinary("1")
    return story.close()


@pytest.mark.parametrize("waiting", [1, 1 << 15])
def test_every_exchange_is_in_one_part_as_it_was_read(monkeypatch, waiting):
    monkeypatch.setattr(module, "_WAITING", waiting)
    story = devices(20)
    whole = read(io.BytesIO(story.text()), "story.jsonl")
    with in_parts(story) as found:
        assert (found.exchanges, found.readable) == (20, 20)
        each = [found.part(number) for number in range(4)]
        assert sorted((e for part in each for e in part.exchanges), key=lambda e: e.number) == whole.exchanges
        assert all(part.exchanges for part in each[:3])
        assert each[3].exchanges == []
        assert all(part.stretches == whole.stretches and part.ended_by == "close" for part in each)


def test_what_has_no_body_does_not_wait_in_memory_to_the_end(monkeypatch):
    monkeypatch.setattr(module, "_WAITING", 3 << 14)
    story = Story()
    for _ in range(300):
        story.exchange(None, None, headers=[], method="GET", url="https://example.test/picture", light=True)
    with in_parts(story.close()) as found:
        assert found.exchanges == 300
        assert sum(map(len, found._chunks)) > 2 * 3


def test_what_was_not_read_is_in_every_part_with_who_was_seen_there():
    story = Story(device="D1", client="10.0.0.1:1").ordinary("1")
    story.client = "10.0.0.9:1"
    story.exchange(GARBAGE, b"")
    story.device = "D9"
    story.ordinary("2")
    story.client = "10.0.0.2:1"
    with in_parts(story.close()) as found:
        assert [2 in [e.number for e in found.part(n).exchanges] for n in range(4)] == [True] * 4
        assert found.beyond.addresses == {"10.0.0.9": {"D9"}}
        assert {host for host, _ in found.beyond.answered} == {"https://mdm.example.test:443"}


def test_connections_are_kept_where_no_request_was_read_from_them(monkeypatch):
    monkeypatch.setattr(module, "_OFTEN", 2)
    monkeypatch.setattr(module, "_SETTLED", 0)
    monkeypatch.setattr(module, "_LINGER", 0.0)
    story = Story()
    for number in range(30):
        story.line("connect", conn=f"c{number + 1}", client=["10.0.0.5", 5], sni=None, host="mdm.example.test")
        if number % 3:
            story.ordinary(str(number))
            story.line("disconnect", conn=f"c{story.exchanges}", side="client")
        else:
            story.exchanges += 1
        story.wait(1)
    story.line("failure", id=None, conn="c31", cause="client-closed", detail="early")
    with in_parts(story.close()) as found:
        kept = {made.conn for made in found.frame.connections}
        assert {f"c{number + 1}" for number in range(30) if number % 3 == 0} <= kept
        assert not kept & {f"c{number + 1}" for number in range(30) if number % 3}


def test_a_connection_that_broke_off_after_a_request_was_read_from_it():
    story = Story().ordinary("1")
    story.line("failure", id=None, conn="c1", cause="client-closed", detail="the second request broke off")
    with in_parts(story.close()) as found:
        assert found.beyond.opened == {(1, "c1")}


def test_what_cannot_be_cut_up(monkeypatch):
    enrolment = Story().ordinary("1")
    enrolment.url = "https://mdm.example.test/EnrollmentServer/Enrollment.svc"
    enrolment.exchange(
        b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>",
        b"",
        headers=[["Content-Type", "application/soap+xml"]],
    )
    with pytest.raises(TogetherError, match="enrolment requests"):
        in_parts(enrolment)
    nameless = Story(device="")
    nameless.ordinary("1")
    with pytest.raises(TogetherError, match="exchange 1"):
        in_parts(nameless)
    half = Story()
    half.exchange(GARBAGE, half.answer(half.package_one("1")))
    with pytest.raises(TogetherError, match="a part alone"):
        in_parts(half)
    monkeypatch.setattr(module, "_MOST_UNREAD", 2)
    unread = Story()
    for _ in range(3):
        unread.exchange(GARBAGE, b"")
    with pytest.raises(TogetherError, match="more than 2"):
        in_parts(unread)


def test_an_answer_far_from_its_request_is_waited_for_and_an_end_far_from_its_answer_is_noticed(monkeypatch):
    monkeypatch.setattr(module, "_OFTEN", 1)
    monkeypatch.setattr(module, "_SETTLED", 1)
    story = devices(3)
    late = story.lines.pop(2)
    story.lines.append(late)  # the first response at the very end
    with in_parts(story) as found:
        numbers = [each for number in range(3) for each in found.part(number).exchanges]
        assert all(each.response is not None for each in numbers)
    story.line("failure", id="2", conn="c2", cause="truncated", detail="", received=1)
    with pytest.raises(TogetherError, match="far from it"):
        in_parts(story)
    story.lines.pop()
    story.line("response", id="77", status=200)
    with pytest.raises(TogetherError, match="missing"):
        in_parts(story)


def test_the_file_goes_with_the_parts():
    with in_parts(devices(2)) as found:
        close = found._disk.close
        assert close.alive
    assert not close.alive
    broken = Story(device="")
    with pytest.raises(TogetherError):
        in_parts(broken.ordinary("1"))
