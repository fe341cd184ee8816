"""Messages compared: missing, more, moved, unreadable; HTTP around them."""

import pytest

from replay.lab import messages
from tests.compare.stories import changes, diff, edited, session, told_in, values
from tests.story import Story, user


def test_a_missing_response_is_one_missing_message():
    one, other = user(), Story().ordinary("1").watch(30).alert("2", response=None, failure="server-closed")
    found = diff(one, other)
    assert changes(found) == [("removed", "sequence", "SyncML")]
    assert values(found)[0][0].startswith("response (HTTP 200): Status 200 for SyncHdr")


def test_how_an_exchange_ended_counts_where_neither_was_answered():
    def ended(cause: str | None) -> Story:
        return Story().alert("2", response=None, failure=cause)

    assert diff(ended("timeout"), ended("timeout")).equal
    found = diff(ended("timeout"), ended("server-closed"))
    assert changes(found) == [("changed", "http", "HTTP/end")]
    assert changes(diff(ended(None), ended("timeout"))) == [("changed", "http", "HTTP/end")]


def test_who_made_the_answer_counts():
    request = Story().package_one("1")
    one, other = Story(), Story()
    one.exchange(request, b"busy", status=503)
    other.exchange(request, b"busy", status=503, by="proxy")
    assert changes(diff(one, other)) == [("changed", "http", "HTTP/by")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"status": 200', '"status": 202', ("changed", "http", "HTTP/status")),
        ("application/vnd.syncml.dm+xml", "text/xml", ("changed", "http", "HTTP/content-type")),
        ("mode=Maintenance", "mode=Machine", ("changed", "http", "HTTP/url")),
        ('"method": "POST"', '"method": "PUT"', ("changed", "http", "HTTP/method")),
        (
            '["Content-Type",',
            '["MDM-GenericAlert", "<x>"], ["Content-Type",',
            ("added", "http", "HTTP/mdm-genericalert"),
        ),
    ],
)
def test_http(old, new, expected):
    story = Story().ordinary("1").ordinary("2")
    text = story.text().replace(old.encode(), new.encode(), 1)
    assert changes(diff(story, text)) == [expected]


@pytest.mark.parametrize("new", ["application/vnd.syncml.dm+xml; charset=utf-8", "Application/VND.syncml.dm+WBXML"])
def test_parameters_and_encoding_of_the_content_type_do_not_count(new):
    story = Story().ordinary("1")
    assert diff(story, story.text().replace(b"application/vnd.syncml.dm+xml", new.encode())).equal


def test_a_message_that_cannot_be_read():
    one, other = Story(), Story()
    request = one.package_one("1")
    one.exchange(request, one.answer(request))
    other.exchange(request, b"<SyncML")
    found = diff(one, other)
    assert changes(found) == [("changed", "structure", "SyncML")]
    assert "cannot be read" in values(found)[0][1]
    again = Story()
    again.exchange(request, b"<SyncMX")
    assert changes(diff(other, again)) == [("changed", "structure", "SyncML")]
    assert diff(other, other).equal


def test_an_empty_answer_instead_of_a_message():
    one, other = Story(), Story()
    request = one.package_one("1")
    one.exchange(request, one.answer(request))
    other.exchange(request, b"")
    assert changes(diff(one, other)) == [("removed", "sequence", "SyncML")]


def test_a_retransmission_is_a_message_more():
    one, other = Story(), Story()
    request = one.package_one("1")
    for story in (one, other):
        story.exchange(request, None, failure="timeout")
        story.wait(2)
    other.exchange(request, None, failure="timeout")
    other.wait(2)
    for story in (one, other):
        story.exchange(request, story.answer(request))
    assert changes(diff(one, other)) == [("added", "sequence", "SyncML")]
    assert changes(diff(other, one)) == [("removed", "sequence", "SyncML")]


def test_what_a_missing_message_leaves_behind_is_not_said_again():
    """The MsgIDs after it jump, the references to it dangle."""
    story = Story()
    session(story, "1", messages.get(9, "./A"))
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "200")).go_on("1", 3).go_on("1", 4)
    lines = [line for line in story.lines if line.get("id") != "2"]
    short = Story()
    short.lines = lines
    assert changes(diff(story, short)) == [("removed", "sequence", "SyncML"), ("removed", "sequence", "SyncML")]


def test_a_jump_of_msgids_without_a_missing_message_is_said():
    story = Story().get_session("1").go_on("1", 2)
    text = edited(story, "<MsgID>2</MsgID>", "<MsgID>5</MsgID>").replace(b"<MsgRef>2</MsgRef>", b"<MsgRef>5</MsgRef>")
    assert {("added", "reference", "SyncHdr/MsgID")} == set(changes(diff(story, text)))


def test_exchanges_in_another_order_have_moved():
    found = diff(told_in("ABCDE"), told_in("BCDEA"))
    assert changes(found) == [("moved", "sequence", "SyncML")]
    assert values(found) == [("exchange 2", "exchange 6")]
