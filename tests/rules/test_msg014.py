from replay.lab import messages
from tests.story import Story, only, rules_of

UNENROLL = "/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll"


def by_server(*commands):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, *commands))
    return story


def test_passes_with_relative_addresses():
    assert by_server(messages.get(9, "./DevDetail/SwV"), messages.get(10, "DevDetail")).judge().findings == []


def test_fails_with_a_slash_first():
    finding = only(by_server(messages.get(9, "/DevDetail/SwV")).judge(), "MSG014")
    assert (finding.severity, finding.party) == ("error", "server")
    assert finding.path == "SyncBody/Get/Item/Target/LocURI"
    assert "'/DevDetail/SwV' in Get (CmdID 9)" in finding.message


def test_white_space_before_it_hides_nothing():
    wrong = messages.get(9, "/DevDetail/SwV").replace("<LocURI>", "<LocURI>\n  ")
    assert "MSG014" in rules_of(by_server(wrong).judge())


def test_several_are_one_finding_and_a_group_is_looked_into():
    inner = messages.get(10, "/B").replace("Get>", "Replace>")
    finding = only(by_server(messages.get(9, "/A"), f"<Atomic><CmdID>8</CmdID>{inner}</Atomic>").judge(), "MSG014")
    assert "'/A' in Get (CmdID 9) and '/B' in Replace (CmdID 10)" in finding.message


def test_what_the_device_gives_back_is_the_servers():
    story = by_server(messages.get(9, "/DevDetail/SwV"))
    back = [
        messages.status(1, "1", "0", "SyncHdr", "200"),
        messages.status(2, "1", "9", "Get", "200"),
        messages.results(3, "1", "9", "/DevDetail/SwV", "10.0"),
        "<Alert><CmdID>4</CmdID><Data>1226</Data><Item><Source><LocURI>/DevDetail/SwV</LocURI></Source>"
        '<Meta><Type xmlns="syncml:metinf">Reversed-Domain-Name:x</Type><Format xmlns="syncml:metinf">int</Format>'
        "</Meta><Data>0</Data></Item></Alert>",
    ]
    request = story.to_server("1", 2, back)
    story.exchange(request, story.answer(request))
    assert only(story.judge(), "MSG014").party == "server"


def test_what_a_device_says_of_itself_is_its_own():
    story = Story()
    request = story.package_one("1").replace(b"./DevInfo/Man", b"/DevInfo/Man")
    story.exchange(request, story.answer(request))
    assert only(story.judge(), "MSG014").party == "device"


def test_the_exec_unenroll_is_une016s():
    wrong = messages.unenrol_exec(9, "MS DM Server").replace("./Vendor", "/Vendor")
    assert UNENROLL in wrong
    judged = by_server(wrong).wait(1).alert("2").watch(70).judge()
    assert rules_of(judged) == ["UNE016"]


def test_another_command_in_that_message_is_not():
    wrong = messages.unenrol_exec(9, "MS DM Server").replace("./Vendor", "/Vendor")
    judged = by_server(messages.get(8, "/A"), wrong).wait(1).alert("2").watch(70).judge()
    finding = next(f for f in judged.findings if f.rule == "MSG014")
    assert "Unenroll" not in finding.message
