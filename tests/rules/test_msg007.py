import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.lab import messages
from tests.story import Story, only, rules_of, user

SWV = "./DevDetail/SwV"


def numbers(*pairs, from_start=True):
    """A session in which the device and the server give their messages these MsgIDs; None stands for a message that did not
    come: of the device an unreadable one, of the server a lost answer."""
    story = Story()
    for place, (device, server) in enumerate(pairs):
        if device is None:
            request = b"<SyncML"
        elif place == 0 and from_start:
            request = story.package_one("1", number=device)
        else:
            request = story.to_server("1", device, [])
        answer = None if server is None else story.to_device("1", server, [])
        story.exchange(request, answer, failure=None if answer else "server-closed")
    return story


def found(story):
    """What MSG007 says: whom it blames, how gravely, and at which exchange."""
    judged = story.judge()
    assert judged.errors == []
    return [(f.party, f.severity, f.exchange) for f in judged.findings if f.rule == "MSG007"]


def test_passes_where_both_count_from_one():
    assert user().watch(70).judge().findings == []
    assert found(numbers((1, 1), (2, 2), (3, 3))) == []


def test_fails_where_the_device_passes_one_over():
    story = numbers((1, 1), (3, 2))
    finding = next(f for f in story.judge().findings if f.rule == "MSG007")
    assert (finding.party, finding.severity, finding.exchange) == ("device", "error", 2)
    assert "expected MsgID 2" in finding.message
    assert finding.path == "SyncHdr/MsgID"


@pytest.mark.parametrize("second", [1, 3, 0])
def test_fails_where_the_server_does_not_grow_by_one(second):
    assert found(numbers((1, 1), (2, second))) == [("server", "error", 2)]


def test_fails_where_the_server_begins_with_another():
    assert found(numbers((1, 2), (2, 3), (3, 4))) == [("server", "error", 1)]


def test_fails_where_a_number_is_used_twice():
    story = numbers((1, 1), (2, 2), (3, 3))
    story.exchange(story.to_server("1", 2, [messages.results(1, "1", "9", SWV, "x")]), story.to_device("1", 4, []))
    assert found(story) == [("device", "error", 4)]
    assert "used before" in next(f for f in story.judge().findings if f.rule == "MSG007").message


@pytest.mark.parametrize("wrong", ["x", "1a", "²", "9" * 5000, "-2", "2.0"])
def test_fails_with_what_is_no_number(wrong):
    story = Story().get_session("1")
    request = story.to_server("1", 2, []).replace(b"<MsgID>2<", f"<MsgID>{wrong}<".encode())
    story.exchange(request, story.to_device("1", 2, []))
    assert found(story) == [("device", "error", 2)]


@pytest.mark.parametrize("wrong", ["²", "9" * 5000])
def test_what_is_no_number_joins_no_session_at_another_url(wrong):
    story = Story().ordinary("1")
    for place, number in enumerate((wrong, "2")):
        request = story.to_server("1", 2, []).replace(b"<MsgID>2<", f"<MsgID>{number}<".encode())
        story.exchange(request, b"", url=f"https://other{place}.example.test/omadm")
    assert len(story.judge().traffic.sessions) == 2


def test_many_departures_of_a_sender_are_one_finding():
    story = numbers((1, 1), (2, 1), (3, 1), (4, 1))
    assert found(story) == [("server", "error", 2)]
    assert next(f for f in story.judge().findings if f.rule == "MSG007").also == (3, 4)


# -- beginnings -------------------------------------------------------------------------------------------------------------


def test_a_session_of_which_the_beginning_is_missing_is_judged_from_there():
    assert found(numbers((5, 7), (6, 8), from_start=False)) == []
    assert found(numbers((5, 7), (6, 9), from_start=False)) == [("server", "error", 2)]


def test_fails_where_package_one_has_another_number():
    assert found(numbers((2, 1))) == [("device", "error", 1)]


def test_package_one_with_credentials_may_be_the_answer_to_a_challenge_before_the_capture():
    story = Story()
    request = story.package_one("1", number=2)
    cred = b"</Source><Cred><Data>x</Data></Cred></SyncHdr>"
    story.exchange(request.replace(b"</Source></SyncHdr>", cred), story.to_device("1", 2, []))
    assert found(story) == []


def test_package_one_that_answers_a_challenge_before_the_capture():
    story = Story()
    request = story.to_server(
        "1", 2, [messages.status(1, "1", "0", "SyncHdr", "200"), "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"]
    )
    story.exchange(request, story.to_device("1", 2, []))
    assert found(story) == []


def test_the_alert_in_such_a_message_is_une002s():
    story = Story().ordinary("1")
    request = story.package_one("2", number=2, alert=messages.unenrol_alert())
    story.exchange(request, story.to_device("2", 1, []))
    assert "UNE002" in rules_of(story.watch(70).judge())
    assert found(story) == []


def test_a_message_that_was_not_read_may_have_been_the_first():
    assert found(numbers((None, None), (2, 1))) == []


# -- messages sent again ----------------------------------------------------------------------------------------------------


def test_warns_where_package_one_is_sent_again():
    story = Story().ordinary("1")
    request = story.package_one("2")
    story.exchange(request, None, failure="client-closed")
    story.wait(5).exchange(request, story.answer(request))
    assert found(story) == [("device", "warning", 3)]


def test_warns_where_a_later_message_is_and_the_server_may_give_the_same_answer():
    story = Story().get_session("1")
    request = story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    answer = story.answer(request)
    story.exchange(request, answer)
    story.wait(5).exchange(request, answer)
    assert found(story) == [("device", "warning", 3)]


def test_fails_where_the_server_answers_another_message_with_the_same():
    story = numbers((1, 1), (2, 2), (3, 2))
    assert found(story) == [("server", "error", 3)]


def test_another_message_with_the_same_number_is_an_error():
    story = Story().get_session("1")
    for data in ("a", "b"):
        request = story.to_server("1", 2, [messages.results(1, "1", "9", SWV, data)])
        story.exchange(request, story.answer(request))
    assert found(story) == [("device", "error", 3)]


@pytest.mark.parametrize("status", [401, 407, 302])
def test_what_http_asked_for_again_is_right(status):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, b"", status=status)
    story.exchange(request, story.answer(request))
    assert found(story) == []


@pytest.mark.parametrize("cause", ["connect-failed", "tls-failed"])
def test_what_did_not_reach_the_server_may_be_sent_again(cause):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure=cause)
    story.wait(2).exchange(request, story.answer(request))
    assert found(story) == []


def test_the_alert_sent_again_is_une007s():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, None, failure="client-closed")
    story.wait(5).exchange(request, story.answer(request))
    assert rules_of(story.watch(70).judge()) == ["UNE007"]


def test_a_challenge_counts_as_a_message_of_both():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, story.answer(first, code="407", header_code="407"))
    again = story.package_one("1", number=2)
    story.exchange(again, story.answer(again))
    assert found(story) == []


# -- what the capture lacks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("server", [2, 3])
def test_an_answer_that_got_lost_may_have_used_a_number(server):
    assert found(numbers((1, 1), (2, None), (3, server))) == []


def test_but_no_more_than_one():
    assert found(numbers((1, 1), (2, None), (3, 4))) == [("server", "error", 3)]


@pytest.mark.parametrize("server", [1, 2])
def test_an_http_error_or_an_empty_answer_too(server):
    for status in (200, 503):
        story = Story()
        story.exchange(story.package_one("1"), b"", status=status)
        story.exchange(story.to_server("1", 2, []), story.to_device("1", server, []))
        assert found(story) == []


def test_a_message_that_was_not_read_is_none_that_was_passed_over():
    assert found(numbers((1, 1), (None, 2), (3, 3))) == []
    assert found(numbers((1, 1), (None, None), (3, 3))) == []


def test_what_the_proxy_made_is_none_of_the_servers():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.to_device("1", 7, []), by="proxy")
    story.exchange(story.to_server("1", 2, []), story.to_device("1", 1, []))
    assert found(story) == []


def test_a_line_that_cannot_be_read_may_have_been_a_message():
    story = numbers((1, 1))
    story.lines.append("{broken")
    story.exchange(story.to_server("1", 4, []), story.to_device("1", 4, []))
    assert found(story) == []


def test_in_a_gap_anything_may_have_been_said():
    story = numbers((1, 1)).wait(40)
    story.exchange(story.to_server("1", 4, []), story.to_device("1", 4, []))
    assert found(story) == []


def test_another_server_counts_for_itself():
    story = numbers((1, 1), (2, 2))
    other = "https://other.example.test/omadm"
    request = story.to_server("1", 3, []).replace(b"https://mdm.example.test/ManagementServer/MDM.svc", other.encode())
    story.exchange(request, story.to_device("1", 1, []), url=other)
    assert found(story) == []


# -- counting -------------------------------------------------------------------------------------------------------------------

ANSWERS = st.lists(st.sampled_from(["read", "lost", "repeat"]), min_size=1, max_size=12)


@given(ANSWERS)
def test_who_counts_right_is_never_blamed(answers):
    """The server counts what it sends, whether it arrives or not; the device what it sends, and it may send the same again."""
    story, device, server = Story(), 0, 0
    for answer in answers:
        repeated = answer == "repeat" and device > 0
        device += 0 if repeated else 1
        server += 0 if repeated and server else 1
        request = story.package_one("1") if device == 1 else story.to_server("1", device, [])
        lost = answer == "lost"
        story.exchange(
            request, None if lost else story.to_device("1", server, []), failure="server-closed" if lost else None
        )
    assert [f for f in found(story) if f[1] == "error"] == []


@given(st.integers(2, 8), st.integers(2, 8), st.sampled_from([0, 1]))
def test_a_number_that_is_passed_over_is_always_found(length, place, side):
    place = min(place, length)
    pairs = []
    for number in range(1, length + 1):
        pair = [number, number]
        pair[side] += 1 if number >= place else 0
        pairs.append(tuple(pair))
    assert found(numbers(*pairs)) == [(("device", "server")[side], "error", place)]


def test_only_the_number_is_wrong():
    story = Story().get_session("1")
    request = story.to_server(
        "1", 3, [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "9", "Get", "404")]
    )
    story.exchange(request, story.answer(request).replace(b"<MsgID>3<", b"<MsgID>2<"))
    only(story.judge(), "MSG007")


@pytest.mark.parametrize(
    ("header", "findings"),
    [
        (["x-syncml-hmac", 'algorithm=MD5, username="u", mac=2D46GqYIUX3wANTn3GYB+A=='], []),
        (["Authorization", "Bearer x"], []),
        (["X-Other", "y"], [("device", "error", 1)]),
    ],
)
def test_a_capture_that_begins_after_the_challenge(header, findings):
    """Package 1 with a MAC, or with credentials of HTTP, is what comes after one that the capture does not have."""
    story = Story()
    request = story.package_one("1", number=2)
    story.exchange(request, story.answer(request), headers=[["Content-Type", messages.CONTENT_TYPE], header])
    assert found(story.close()) == findings


@pytest.mark.parametrize("number", [1, 2, 7])
def test_another_server_counts_for_itself_from_wherever_it_begins(number):
    story = numbers((1, 1))
    elsewhere = "https://other.example.test/mdm"
    story.exchange(story.to_server("1", 2, []), story.to_device("1", number, []), url=elsewhere)
    assert found(story) == []
    story.exchange(story.to_server("1", 3, []), story.to_device("1", number + 2, []), url=elsewhere)
    assert found(story) == [("server", "error", 3)]


def test_package_one_may_follow_what_could_not_be_read():
    for unread, expected in ((False, [("device", "error", 1)]), (True, [])):
        story = Story()
        if unread:
            story.exchange(b"<SyncML", None, failure="server-closed")
        request = story.package_one("1", number=2)
        story.exchange(request, story.to_device("1", 1, []))
        assert [each for each in found(story) if each[0] == "device"] == expected


@pytest.mark.parametrize(
    ("cause", "place", "findings"),
    [
        ("client-closed", 3, []),
        ("client-closed", 4, [("device", "error", 2)]),  # one request broke off, and two numbers are passed over
        ("other", 9, []),  # it was passed through: anything may have gone over it
        ("tls-failed", 3, [("device", "error", 2)]),  # nothing went over it
    ],
)
def test_numbers_may_have_gone_over_a_connection_that_was_not_read(cause, place, findings):
    story = numbers((1, 1))
    story.line("connect", conn="c9", client="10.0.0.5:50009", sni=None, host=None)
    story.line("failure", id=None, conn="c9", cause=cause, detail="", received=None)
    story.line("disconnect", conn="c9", side="client")
    story.exchange(story.to_server("1", place, []), story.to_device("1", 2, []))
    assert found(story) == findings
