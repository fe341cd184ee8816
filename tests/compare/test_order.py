from replay.compare.order import SESSION
from replay.lab import messages
from tests.compare.stories import changes, diff, edited, overtaken, session, told_in, with_header
from tests.story import Story, user


def gets(*names: str) -> Story:
    story = Story()
    for number, name in enumerate(names, 1):
        session(story, str(number), messages.get(9, f"./{name}"), messages.get(10, f"./{name}/x"))
    return story


def test_of_sessions_in_another_order_as_few_as_can_be_have_moved():
    assert changes(diff(gets("a", "b", "c"), gets("b", "c", "a"))) == [("moved", "sequence", SESSION)]
    assert len(changes(diff(gets("a", "b", "c"), gets("c", "b", "a")))) == 2
    assert changes(diff(gets("a", "b"), gets("a", "b"))) == []


def test_an_exchange_that_another_session_overtook():
    assert changes(diff(overtaken(0, 1), overtaken(1, 0))) == [("moved", "sequence", "SyncML")]
    assert changes(diff(overtaken(1, 0), overtaken(1, 0))) == []


def test_a_whole_session_is_one_change_at_its_first_message():
    found = diff(user(), Story().ordinary("1"))
    assert changes(found) == [("removed", "sequence", SESSION)]
    (change,) = found.changes
    assert change.expected == "alert session of 1 exchange"
    assert (change.role, change.side) == ("alert", "request")


def test_an_exchange_that_overtook_is_the_same_the_other_way_round():
    """Of two sessions that are equal nothing but their order tells the captures apart."""
    (one,), (other,) = (values(overtaken(*order), overtaken(*order[::-1])) for order in ((0, 1), (1, 0)))
    assert one == (other[0], *other[:0:-1])
    assert one[0] == "SyncML"


def test_a_session_of_one_exchange_that_others_overtook():
    (change,) = diff(overtaken(0, 1, more=3), overtaken(1, 0, more=3)).changes
    assert (change.kind, change.path, change.role) == ("moved", "SyncML", "alert")


def test_an_exchange_that_stands_elsewhere_in_its_session():
    found = diff(told_in("ABC"), told_in("BCA"))
    assert [each[::2] for each in changes(found)] == [("moved", "SyncML")]


def test_a_session_whose_first_request_was_not_recorded_stands_at_its_answer():
    one = gets("a", "b")
    for line in one.lines:
        if (line["type"], line.get("id")) == ("request", "2"):
            for member in ("url", "method", "headers", "body", "http"):
                del line[member]
    (change,) = diff(one, gets("a")).changes
    assert (change.kind, change.path, change.side) == ("removed", SESSION, "response")


def test_the_gap_before_what_only_one_side_has_is_not_compared():
    one = Story().ordinary("1").wait(10).ordinary("2")
    other = Story().ordinary("1").wait(300).get_session("7").wait(3).ordinary("2")
    assert ("changed", "timing", "HTTP/gap") not in changes(diff(one, other, timing=True))


def test_there_is_no_gap_before_the_first_exchange():
    one, other = gets("a", "b"), gets("b")
    assert changes(diff(one, other, timing=True)) == [("removed", "sequence", SESSION)]
    assert changes(diff(other, one, timing=True)) == [("added", "sequence", SESSION)]


def values(one: Story, other: Story) -> list[tuple[str, str | None, str | None]]:
    return [(each.path, each.expected, each.actual) for each in diff(one, other).changes]


def mirrored(one: Story, other: Story, *expected: tuple[str, str | None, str | None]) -> bool:
    """Whether this is what differs, and the other way round the same."""
    assert values(one, other) == list(expected)
    assert values(other, one) == [(path, theirs, mine) for path, mine, theirs in expected]
    return True


def test_sessions_that_are_equal_but_for_their_aliases():
    one, other = (with_header("client-request-id", "x", second, "x") for second in "xy")
    assert changes(diff(one, other)) == [("changed", "http", "HTTP/client-request-id")]
    assert changes(diff(one, with_header("client-request-id", "y", "y", "y"))) == []


# -- enrolments -------------------------------------------------------------------------------------------------------


def enrol(story: Story) -> None:
    url = "https://mdm.example.test/EnrollmentServer/DeviceEnrollmentWebService.svc"
    body = f'<ContextItem Name="DeviceID"><Value>{story.device}</Value></ContextItem>'.encode()
    story.exchange(body, b"<ok/>", url=url, headers=[["Content-Type", "application/soap+xml"]], response_headers=[])


def lives(*what: str) -> Story:
    """Sessions by their nodes, and enrolments between them: `enrol`."""
    story = Story()
    for number, each in enumerate(what, 1):
        if each == "enrol":
            enrol(story)
        else:
            session(story, str(number), messages.get(9, f"./{each}"), messages.get(10, f"./{each}/x"))
    return story


def test_where_another_enrolment_begins():
    another, same = "the first of another enrolment", "of the same enrolment as the one before"
    one, other = lives("a", "enrol", "b", "c"), lives("a", "b", "enrol", "c")
    assert mirrored(one, other, (SESSION, another, same), (SESSION, same, another))
    assert {each[:2] for each in changes(diff(one, other))} == {("changed", "sequence")}
    assert changes(diff(one, lives("a", "enrol", "b", "c"))) == []


def test_where_another_enrolment_begins_is_seen_beside_what_both_have():
    one, other = lives("a", "b", "enrol", "c"), lives("a", "enrol", "c")
    assert [each[:2] for each in changes(diff(one, other))] == [("removed", "sequence")]
    assert [each[:2] for each in changes(diff(other, one))] == [("added", "sequence")]


def test_a_session_that_moved_into_another_enrolment_is_no_boundary():
    one, other = lives("a", "b", "enrol", "c", "d"), lives("b", "enrol", "c", "d", "a")
    assert changes(diff(one, other)) == [("moved", "sequence", SESSION)]
    one, other = lives("x", "y", "a", "enrol", "c", "d"), lives("x", "y", "enrol", "c", "d", "a")
    assert changes(diff(one, other)) == [("moved", "sequence", SESSION)]


def test_without_as_many_enrolment_requests_no_boundary_is_said():
    assert [each[0] for each in changes(diff(lives("a", "enrol", "b"), lives("a", "b")))] == ["removed"]


# -- the beginning of a session ---------------------------------------------------------------------------------------


def test_a_session_that_moved_is_said_once_however_long():
    one = Story().get_session("1").go_on("1", 2).go_on("1", 3).ordinary("2").exec("3")
    other = Story().ordinary("1").exec("2").get_session("3").go_on("3", 2).go_on("3", 3)
    assert changes(diff(one, other)) == [("moved", "sequence", SESSION)]


def begins_with(number: int) -> Story:
    story = Story()
    request = story.package_one("1", number=number)
    answer = story.answer(request, messages.get(9, "./A"))
    story.exchange(request, answer.replace(f"<MsgID>{number}<".encode(), b"<MsgID>1<", 1))
    return story


def test_the_message_that_a_session_begins_with():
    assert mirrored(begins_with(1), begins_with(4), ("SyncHdr/MsgID", "1", "4"))
    assert mirrored(begins_with(3), begins_with(4), ("SyncHdr/MsgID", "3", "4"))
    assert changes(diff(begins_with(1), begins_with(4))) == [("changed", "sequence", "SyncHdr/MsgID")]


def test_a_beginning_that_has_no_counterpart_says_nothing_of_the_next():
    def story(*numbers: int) -> Story:
        made = begins_with(numbers[0])
        for number in numbers[1:]:
            made.go_on("1", number, messages.results(5, "1", "9", "./A", "x"), server_number="1")
        return made

    one, other = story(4, 5), story(4, 5)
    one.lines = [line for line in one.lines if line.get("id") != "1"]
    assert [each[0] for each in changes(diff(one, other))] == ["added", "added"]
    assert [each[0] for each in changes(diff(other, one))] == ["removed", "removed"]
    assert [each[0] for each in changes(diff(one, other, timing=True))] == ["added", "added"]
    assert [each[0] for each in changes(diff(other, one, timing=True))] == ["removed", "removed"]


# -- answers that came late -------------------------------------------------------------------------------------------


def late(*steps: str) -> Story:
    """A request, sessions of other nodes, and somewhere among them the answer (`answer`) and enrolments (`enrol`)."""
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request, messages.unenrol_exec(9, "P"))
    story.exchange(request, None)
    for number, step in enumerate(steps, 2):
        if step == "answer":
            kind = [["Content-Type", messages.CONTENT_TYPE]]
            story.line("response", id="1", status=200, headers=kind, body={"text": answer.decode()}, by="server")
        elif step == "enrol":
            enrol(story)
        else:
            session(story, str(number), messages.get(9, f"./{step}"), messages.get(10, f"./{step}/x"))
        story.wait(1)
    return story


def test_after_which_request_an_answer_came():
    two, three = "after the request of session 2", "after the request of session 3"
    assert mirrored(late("answer", "a", "b"), late("a", "answer", "b"), ("HTTP/order", None, two))
    assert changes(diff(late("answer", "a"), late("a", "answer"))) == [("added", "sequence", "HTTP/order")]
    assert mirrored(late("a", "answer", "b"), late("a", "b", "answer"), ("HTTP/order", two, three))
    assert changes(diff(late("a", "answer", "b"), late("a", "answer", "b"))) == []


def test_an_answer_after_a_request_that_the_other_side_lacks():
    assert changes(diff(late("a", "answer"), late("answer"))) == [("removed", "sequence", SESSION)]
    assert changes(diff(late("answer"), late("a", "answer"))) == [("added", "sequence", SESSION)]


def test_an_answer_after_the_same_request_beside_one_more_session():
    assert changes(diff(late("x", "answer"), late("a", "x", "answer"))) == [("added", "sequence", SESSION)]
    assert changes(diff(late("a", "x", "answer"), late("x", "answer"))) == [("removed", "sequence", SESSION)]
    assert changes(diff(late("x", "answer"), late("x", "a", "answer"))) == [("added", "sequence", SESSION)]
    assert changes(diff(late("x", "answer"), late("a", "answer", "x"))) == [
        ("removed", "sequence", "HTTP/order"),
        ("added", "sequence", SESSION),
    ]


def test_behind_a_request_that_one_side_lacks_it_is_seen_what_else_an_answer_came_after():
    """Each side has another session right before the answer; what comes before that decides."""
    two = "after the request of session 2"
    assert values(late("a", "x", "answer"), late("answer", "a"))[0] == ("HTTP/order", two, None)
    paths = {each[0] for each in values(late("a", "b", "x", "answer"), late("a", "b", "answer"))}
    assert paths == {SESSION}


def test_an_answer_after_a_later_request_of_its_own_session():
    def story(*steps: str) -> Story:
        made = Story()
        request = made.package_one("1")
        answer = made.answer(request, messages.get(9, "./A")).decode()
        kind = [["Content-Type", messages.CONTENT_TYPE]]
        made.exchange(request, None)
        for step in steps:
            if step == "answer":
                made.line("response", id="1", status=200, headers=kind, body={"text": answer}, by="server")
            else:
                made.go_on("1", 2)
        return made

    one, other = story("answer", "request"), story("request", "answer")
    assert mirrored(one, other, ("HTTP/order", None, "after the request of session 1"))
    assert {each[::2] for each in changes(diff(story("answer"), other))} == {("added", "SyncML")}
    assert {each[::2] for each in changes(diff(other, story("answer")))} == {("removed", "SyncML")}


def test_answers_are_late_within_their_enrolment():
    """A request of the next enrolment says nothing, and takes nothing from what is said."""
    one, other = late("a", "answer", "enrol", "b"), late("a", "enrol", "b", "answer")
    assert changes(diff(one, other)) == []
    two = "after the request of session 2"
    assert mirrored(late("answer", "a", "enrol", "b"), other, ("HTTP/order", None, two))
    assert changes(diff(one, late("a", "enrol", "answer", "b"))) == []


# -- gaps -------------------------------------------------------------------------------------------------------------


def test_gaps_are_those_to_what_came_right_before_in_any_session():
    def story(first: float, second: float) -> Story:
        return Story().get_session("1").wait(first).alert("2").wait(second).go_on("1", 2)

    assert values(story(10, 20), story(10, 20)) == []
    found = [
        (each.path, each.expected, each.actual) for each in diff(story(10, 20), story(30, 20), timing=True).changes
    ]
    assert found == [("HTTP/gap", "10.0 s", "30.0 s")]
    found = [
        (each.path, each.expected, each.actual) for each in diff(story(10, 20), story(10, 70), timing=True).changes
    ]
    assert found == [("HTTP/gap", "20.0 s", "70.0 s")]


def test_what_stands_elsewhere_goes_before_what_else_differs():
    one = edited(Story().get_session("1").ordinary("2").exec("3"), "Lab device", "Another", 1)
    found = diff(one, Story().ordinary("1").exec("2").get_session("3"))
    assert [each[0] for each in changes(found)] == ["moved", "changed"]
    rows = found.sessions[0].messages[0].rows
    assert [row.expected.split()[0] for row in rows] == ["POST", "SyncHdr", "Alert", "Alert", "Replace"]
    assert [len(row.changes) for row in rows] == [1, 0, 0, 0, 1]
    one = Story().get_session("1").ordinary("2").exec("3").text().replace(b'"POST"', b'"PUT"', 1)
    found = diff(one, Story().ordinary("1").exec("2").get_session("3"))
    assert changes(found)[:2] == [("moved", "sequence", SESSION), ("changed", "http", "HTTP/method")]


def test_where_nothing_else_differs_the_place_stands_beside_what_http_says():
    found = diff(gets("a", "b", "c"), gets("b", "c", "a"))
    (message,) = [each for session_ in found.sessions for each in session_.messages if each.rows]
    (row,) = message.rows
    assert row.expected == row.actual == "POST {server}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"


def test_a_whole_session_stands_on_its_own_side_alone():
    for one, other, place in ((gets("a", "b"), gets("a"), 0), (gets("a"), gets("a", "b"), 1)):
        (message,) = diff(one, other).sessions[1].messages
        (row,) = message.rows
        text = "ordinary session of 1 exchange"
        sides = [(message.expected, row.expected), (message.actual, row.actual)]
        assert sides[1 - place] == (None, None)
        assert (sides[place][0].number, sides[place][0].side, sides[place][1]) == (2, "request", text)
        assert [(each.expected, each.actual) for each in row.changes] == [(row.expected, row.actual)]
