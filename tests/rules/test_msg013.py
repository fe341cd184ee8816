import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of, user

DEVINFO = messages.package_one(messages.DeviceInfo("0123456789ABCDEF0123456789ABCDEF"))[-1]
OPENS = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
NEXT = "<Alert><CmdID>90</CmdID><Data>1222</Data></Alert>"


def package(*commands, answer=None):
    story = Story()
    request = story.to_server("1", 1, list(commands))
    story.exchange(request, answer or story.answer(request))
    return story.judge()


@pytest.mark.parametrize("code", ["1200", "1201"])
def test_passes_with_both(code):
    assert package(OPENS.replace("1201", code), DEVINFO).findings == []


def test_passes_with_devinfo_in_several_commands():
    parts = [
        f"<Replace><CmdID>{9 + n}</CmdID><Item><Source><LocURI>./DevInfo/{name}</LocURI></Source><Data>x</Data></Item></Replace>"
        for n, name in enumerate(("Man", "Mod"))
    ]
    assert package(OPENS, *parts).findings == []


@pytest.mark.parametrize(
    ("commands", "says"),
    [
        ((DEVINFO,), "no Alert 1200 or 1201"),
        ((OPENS.replace("1201", "1223"), DEVINFO), "no Alert 1200 or 1201"),
        ((OPENS,), "no Replace of DevInfo"),
        ((OPENS, DEVINFO.replace("./DevInfo/", "./DevDetail/")), "no Replace of DevInfo"),
        ((), "no Alert 1200 or 1201 and no Replace of DevInfo"),
    ],
)
def test_fails_without_one(commands, says):
    finding = only(package(*commands), "MSG013")
    assert (finding.severity, finding.party, finding.side, finding.path) == ("error", "device", "request", "SyncBody")
    assert says in finding.message


def test_fails_in_the_alert_session_too():
    story = Story().ordinary("1")
    request = story.to_server("2", 1, [messages.unenrol_alert().replace("{id}", "9"), DEVINFO])
    story.exchange(request, None, failure="server-closed")
    assert "MSG013" in rules_of(story.watch(70).judge())
    assert user().watch(70).judge().findings == []


def test_a_package_may_have_several_messages():
    story = Story()
    first = story.to_server("1", 1, [OPENS]).replace(b"<Final/>", b"")
    asks = [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "2", "Alert", "200"), NEXT]
    story.exchange(first, story.to_device("1", 1, asks).replace(b"<Final/>", b""))
    rest = [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "90", "Alert", "200")]
    for more, expected in (([DEVINFO.replace(">4<", ">9<")], []), ([], ["MSG013"])):
        second = story.to_server("1", 2, [*rest, *more])
        again = Story()
        again.lines, again.exchanges, again.now = list(story.lines), story.exchanges, story.now
        again.exchange(second, again.answer(second))
        assert rules_of(again.judge()) == expected


def test_one_of_which_the_end_is_missing_is_not_judged():
    story = Story()
    first = story.to_server("1", 1, [OPENS]).replace(b"<Final/>", b"")
    story.exchange(first, None, failure="server-closed")
    assert "MSG013" not in rules_of(story.judge())


def test_sent_again_after_a_challenge_it_must_have_both_again():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, story.answer(first, code="407", header_code="407"))
    second = story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200"), OPENS])
    story.exchange(second, story.answer(second))
    found = [f for f in story.judge().findings if f.rule == "MSG013"]
    assert [(f.exchange, f.severity) for f in found] == [(2, "error")]
    assert "no Replace of DevInfo" in found[0].message


@pytest.mark.parametrize("status", [401, 302])
def test_where_http_asks_again_one_message_comes_again_and_not_the_package(status):
    story = Story()
    first = story.to_server("1", 1, [OPENS]).replace(b"<Final/>", b"")
    asks = [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "2", "Alert", "200"), NEXT]
    story.exchange(first, story.to_device("1", 1, asks).replace(b"<Final/>", b""))
    rest = [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "90", "Alert", "200")]
    second = story.to_server("1", 2, [*rest, DEVINFO.replace(">4<", ">9<")])
    story.exchange(second, b"", status=status)
    story.exchange(second, story.answer(second))
    assert "MSG013" not in rules_of(story.judge())


def test_a_package_that_http_refused_is_judged_all_the_same():
    story = Story()
    story.exchange(story.to_server("1", 1, [DEVINFO]), b"", status=401)
    assert "MSG013" in rules_of(story.judge())


def test_what_lacks_in_both_is_one_finding():
    story = Story()
    for number, code in ((1, "407"), (2, "200")):
        request = story.to_server("1", number, [OPENS])
        story.exchange(request, story.answer(request, code=code, header_code=code))
    found = [f for f in story.judge().findings if f.rule == "MSG013"]
    assert [f.exchange for f in found] == [1]
    assert found[0].also == (2,)


def test_a_session_from_its_middle_is_not_judged():
    story = Story()
    request = story.to_server("1", 3, [messages.status(1, "2", "0", "SyncHdr", "200")])
    story.exchange(request, story.answer(request))
    assert rules_of(story.judge()) == []


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (DEVINFO.replace("Replace>", "Put>"), "MSG011"),
        (DEVINFO.replace("./DevInfo", "/DevInfo"), "MSG014"),
    ],
)
def test_what_is_there_in_a_wrong_way_is_another_rules(wrong, rule):
    assert rules_of(package(OPENS, wrong)) == [rule]


def test_a_device_that_gives_up_when_it_is_challenged_sends_no_package():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, story.answer(first, code="407", header_code="407"))
    end = story.to_server("1", 2, ["<Alert><CmdID>2</CmdID><Data>1223</Data></Alert>"])
    story.exchange(end, story.answer(end))
    assert "MSG013" not in rules_of(story.judge())


def test_nothing_is_said_where_the_message_between_could_not_be_read():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, story.answer(first, code="407", header_code="407"))
    envelope = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(241)
    story.exchange(envelope, b"")
    story.go_on("1", 3)
    assert "MSG013" not in rules_of(story.judge())


def found(story: Story) -> list[tuple[int | None, str]]:
    """Where, and what is lacking."""
    judged = story.judge()
    assert judged.errors == []
    findings = [each for each in judged.findings if each.rule == "MSG013"]
    return [(number, each.message.partition(" has ")[2]) for each in findings for number in (each.exchange, *each.also)]


def test_later_packages_are_not_package_one():
    story = Story()
    request = story.to_server("1", 1, [OPENS])
    story.exchange(request, story.answer(request, messages.get(9, "./DevDetail/SwV")))
    for number in (2, 3):
        request = story.to_server("1", number, [messages.status(1, str(number - 1), "0", "SyncHdr", "200")])
        story.exchange(request, story.answer(request, messages.get(9, "./DevDetail/SwV")))
    assert found(story) == [(1, "no Replace of DevInfo")]


def test_what_was_sent_again_for_http_is_judged_once_it_is_taken():
    story = Story()
    request = story.to_server("1", 1, [OPENS])
    story.exchange(request, b"", status=401)
    story.exchange(request, story.answer(request))
    assert found(story) == [(2, "no Replace of DevInfo")]


def test_an_unread_request_before_the_session_is_no_part_of_it():
    story = Story()
    story.exchange(b"<SyncML", None, failure="server-closed")
    request = story.to_server("1", 1, [OPENS])
    story.exchange(request, story.answer(request))
    assert found(story) == [(2, "no Replace of DevInfo")]


def test_a_package_of_which_nobody_knows_where_it_ended():
    """Its first message got no answer, and has no Final; the next may be the rest of it or another package."""
    story = Story()
    story.exchange(story.to_server("1", 1, [OPENS]).replace(b"<Final/>", b""), None, failure="timeout")
    request = story.to_server("1", 2, ["<Alert><CmdID>5</CmdID><Data>1224</Data></Alert>"])
    story.exchange(request, story.answer(request))
    assert found(story) == []


def test_a_part_of_it_that_was_not_read_may_have_been_the_rest():
    """Its answer was: so it is of the session."""
    story = Story()
    asks = [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "2", "Alert", "200"), NEXT]
    first = story.to_server("1", 1, [OPENS]).replace(b"<Final/>", b"")
    story.exchange(first, story.to_device("1", 1, asks).replace(b"<Final/>", b""))
    story.exchange(b"<SyncML", story.to_device("1", 2, []))
    assert len(story.judge().traffic.sessions) == 1
    assert found(story) == []
