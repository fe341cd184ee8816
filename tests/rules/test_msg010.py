import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of, user

SWV = "./DevDetail/SwV"
NEXT = "<Alert><CmdID>90</CmdID><Data>1222</Data></Alert>"
ABORT = "<Alert><CmdID>91</CmdID><Data>1223</Data></Alert>"
CHUNK = (
    "<Replace><CmdID>9</CmdID><Item><Target><LocURI>./Vendor/MSFT/X</LocURI></Target><Data>aaa</Data>"
    "{more}</Item></Replace>"
)


def unfinished(body):
    assert b"<Final/>" in body
    return body.replace(b"<Final/>", b"")


def statuses(ref, *codes):
    """Status for SyncHdr and for commands: pairs of CmdRef and name."""
    owed = [messages.status(1, ref, "0", "SyncHdr", "200")]
    return owed + [messages.status(2 + n, ref, known, name, "200") for n, (known, name) in enumerate(codes)]


def found(story, **options):
    judged = story.judge(**options)
    assert judged.errors == []
    return [(f.party, f.severity, f.exchange) for f in judged.findings if f.rule == "MSG010"]


def with_second(first_answer, second, second_answer=None):
    """A session of two exchanges, from the server's first answer on."""
    story = Story()
    story.exchange(story.package_one("1"), first_answer)
    story.exchange(second, second_answer or story.answer(second))
    return story


def test_passes_where_every_message_has_it():
    assert user().watch(70).judge().findings == []


# -- of the device ----------------------------------------------------------------------------------------------------------


def test_fails_where_package_one_has_none_and_the_server_takes_it_as_whole():
    story = Story()
    request = unfinished(story.package_one("1"))
    story.exchange(request, story.answer(request))
    finding = only(story.judge(), "MSG010")
    assert (finding.severity, finding.party, finding.side, finding.path) == ("error", "device", "request", "SyncBody")


def test_fails_where_the_device_goes_on_with_another_package():
    story = Story()
    request = unfinished(story.package_one("1"))
    story.exchange(request, story.answer(request, messages.get(9, SWV)))
    second = story.to_server("1", 2, statuses("1", ("9", "Get")))
    story.exchange(second, story.answer(second))
    assert found(story) == [("device", "error", 1)]


def test_a_server_that_asks_for_the_next_message_makes_it_right():
    story = Story()
    request = story.to_server("1", 1, ["<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"])
    asks = story.to_device("1", 1, [*statuses("1", ("2", "Alert")), NEXT])
    story.exchange(unfinished(request), unfinished(asks))
    rest = messages.package_one(messages.DeviceInfo(story.device))[-1].replace("<CmdID>4<", "<CmdID>9<")
    second = story.to_server("1", 2, [*statuses("1", ("90", "Alert")), rest])
    story.exchange(second, story.answer(second))
    assert story.judge().findings == []


def test_so_does_a_device_that_goes_on_by_itself_with_a_server_that_does_not_ask():
    story = Story()
    asked = story.package_one("1")
    story.exchange(asked, story.answer(asked, messages.get(9, SWV), messages.get(10, SWV)))
    first = story.to_server("1", 2, statuses("1", ("9", "Get")))
    story.exchange(unfinished(first), story.answer(first))
    rest = [messages.status(1, "2", "0", "SyncHdr", "200"), messages.status(2, "1", "10", "Get", "404")]
    second = story.to_server("1", 3, rest)
    story.exchange(second, story.answer(second))
    assert found(story) == []


def test_in_a_large_object_there_is_none():
    story = Story()
    asked = story.package_one("1")
    story.exchange(asked, story.answer(asked, messages.get(9, SWV)))
    chunk = messages.results(3, "1", "9", SWV, "aaa").replace("</Data>", "</Data><MoreData/>")
    first = unfinished(story.to_server("1", 2, [*statuses("1", ("9", "Get")), chunk]))
    story.exchange(first, unfinished(story.to_device("1", 2, [*statuses("2", ("3", "Results")), NEXT])))
    second = story.to_server("1", 3, [*statuses("2", ("90", "Alert")), messages.results(3, "1", "9", SWV, "bbb")])
    story.exchange(second, story.answer(second))
    assert found(story) == []


@pytest.mark.parametrize("cause", ["server-closed", "timeout", "proxy-stopped", "client-closed"])
def test_where_the_answer_got_lost_nobody_knows(cause):
    story = Story()
    story.exchange(unfinished(story.package_one("1")), None, failure=cause)
    assert found(story) == []


@pytest.mark.parametrize("status", [401, 500, 503, 302])
def test_nor_where_http_refused(status):
    story = Story()
    story.exchange(unfinished(story.package_one("1")), b"", status=status)
    assert found(story) == []


def test_a_session_that_ends_with_an_empty_200_ends_the_package():
    story = Story()
    story.exchange(unfinished(story.package_one("1")), b"")
    assert found(story) == [("device", "error", 1)]


def test_but_not_one_that_was_not_all_said():
    story = Story()
    story.exchange(unfinished(story.to_server("1", 1, ["<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"])), b"")
    assert found(story) == []


@pytest.mark.parametrize(
    ("cause", "expected"), [("server-closed", [("device", "error", 2)]), ("proxy-stopped", []), ("connect-failed", [])]
)
def test_the_alert_is_not_answered_and_must_have_it_all_the_same(cause, expected):
    story = Story().ordinary("1")
    request = unfinished(story.package_one("2", alert=messages.unenrol_alert()))
    story.exchange(request, None, failure=cause)
    assert found(story.watch(70)) == expected


def test_an_abort_ends_the_package():
    story = Story().get_session("1")
    request = unfinished(story.to_server("1", 2, [*statuses("1"), ABORT]))
    story.exchange(request, b"")
    assert found(story) == [("device", "error", 2)]


# -- of the server ------------------------------------------------------------------------------------------------------------


def test_fails_where_the_device_takes_the_servers_message_as_whole():
    story = Story()
    answer = unfinished(story.answer(story.package_one("1"), messages.get(9, SWV)))
    story = with_second(answer, story.to_server("1", 2, statuses("1", ("9", "Get"))))
    assert found(story) == [("server", "error", 1)]


def test_fails_where_the_session_ends_with_it():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, unfinished(story.answer(request)))
    assert only(story.judge(), "MSG010").party == "server"


def test_fails_where_it_brings_the_exec_unenroll():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, unfinished(story.answer(request, messages.unenrol_exec(9, "P"))))
    story.wait(1).alert("2").watch(70)
    assert found(story) == [("server", "error", 1)]


def test_a_device_that_asks_for_the_next_message_makes_it_right():
    story = Story()
    first = unfinished(story.answer(story.package_one("1"), CHUNK.format(more="<MoreData/>")))
    asks = story.to_server("1", 2, [*statuses("1"), messages.status(2, "1", "9", "Replace", "213"), NEXT])
    story.exchange(story.package_one("1"), first)
    story.exchange(unfinished(asks), story.to_device("1", 2, [*statuses("2", ("90", "Alert")), CHUNK.format(more="")]))
    last = story.to_server("1", 3, statuses("2", ("9", "Replace")))
    story.exchange(last, story.answer(last))
    assert found(story) == []


def test_a_package_of_several_messages():
    story = Story()
    first = unfinished(story.answer(story.package_one("1"), messages.get(9, SWV)))
    story.exchange(story.package_one("1"), first)
    asks = unfinished(story.to_server("1", 2, [*statuses("1", ("9", "Get")), NEXT]))
    story.exchange(asks, story.to_device("1", 2, [*statuses("2", ("90", "Alert")), messages.get(10, SWV)]))
    last = story.to_server("1", 3, statuses("2", ("10", "Get")))
    story.exchange(last, story.answer(last))
    assert found(story) == []


def test_a_device_that_leaves_in_the_middle_leaves_it_open():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, unfinished(story.answer(request, messages.get(9, SWV))))
    assert found(story) == []


def test_so_does_one_that_aborts():
    story = Story()
    answer = unfinished(story.answer(story.package_one("1"), messages.get(9, SWV)))
    assert found(with_second(answer, story.to_server("1", 2, [*statuses("1"), ABORT]))) == []


def test_a_message_between_that_was_not_read_leaves_it_open():
    story = Story()
    answer = unfinished(story.answer(story.package_one("1"), messages.get(9, SWV)))
    story.exchange(story.package_one("1"), answer)
    story.exchange(b"<SyncML", None, failure="server-closed")
    second = story.to_server("1", 3, statuses("1", ("9", "Get")))
    story.exchange(second, story.answer(second))
    assert found(story) == []


def test_what_the_proxy_made_is_not_judged():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, unfinished(story.answer(request)), by="proxy")
    assert found(story) == []


def test_neither_has_it_and_the_devices_fault_comes_first():
    story = Story()
    request = unfinished(story.package_one("1"))
    story.exchange(request, unfinished(story.answer(request)))
    assert found(story) == [("device", "error", 1)]


# -- in the wrong place -------------------------------------------------------------------------------------------------------


def test_fails_where_something_comes_after_it():
    story = Story()
    request = story.package_one("1")
    moved = story.answer(request).replace(b"<Final/>", b"").replace(b"<SyncBody>", b"<SyncBody><Final/>")
    story.exchange(request, moved)
    finding = only(story.judge(), "MSG010")
    assert (finding.party, finding.path) == ("server", "SyncBody/Final")
    assert "not the last" in finding.message


def test_a_comment_after_it_is_nothing():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request).replace(b"<Final/>", b"<Final></Final><!-- end -->"))
    assert rules_of(story.judge()) == []
