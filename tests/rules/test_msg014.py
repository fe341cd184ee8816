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


def test_only_what_begins_with_a_slash_is_named():
    named = messages.get(8, "./A").replace("</Target>", "</Target><Source><LocName>/C</LocName></Source>")
    finding = only(by_server(named, messages.get(9, "/B")).judge(), "MSG014")
    assert "in the server's message 1 (SessionID 1): '/B' in Get (CmdID 9): an" in finding.message


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
    finding = only(story.judge(), "MSG014")
    assert (finding.party, finding.path) == ("device", "SyncBody/Replace/Item[2]/Source/LocURI")


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


def test_nor_is_another_item_of_it_or_the_node_in_another_command():
    wrong = messages.unenrol_exec(9, "MS DM Server").replace("./Vendor", "/Vendor")
    item = "<Item><Target><LocURI>/A</LocURI></Target></Item>"
    judged = by_server(wrong.replace("</Item>", "</Item>" + item), messages.get(8, UNENROLL)).judge()
    finding = next(f for f in judged.findings if f.rule == "MSG014")
    assert f"'/A' in Exec (CmdID 9) and {UNENROLL!r} in Get (CmdID 8): an" in finding.message


def test_its_source_is_not_its_target():
    wrong = messages.unenrol_exec(9, "MS DM Server")
    source = f"</Target><Source><LocURI>{UNENROLL}</LocURI></Source>"
    finding = next(f for f in by_server(wrong.replace("</Target>", source)).judge().findings if f.rule == "MSG014")
    assert finding.path == "SyncBody/Exec/Item/Source/LocURI"


def test_an_exec_in_answer_to_the_alert_is_une016s_as_well():
    story = Story().ordinary("1").watch(30)
    request = story.package_one("2", alert=messages.unenrol_alert())
    wrong = messages.unenrol_exec(9, "MS DM Server").replace("./Vendor", "/Vendor")
    story.exchange(request, story.answer(request, wrong))
    assert rules_of(story.watch(70).judge()) == ["UNE016", "UNE018"]


def test_results_of_what_is_below_are_given_back_and_nothing_else_is_meant():
    story = by_server(messages.get(9, "/Vendor/MSFT"))
    results = messages.results(3, "1", "9", "/Vendor/MSFT/Child", "x")
    owed = [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "9", "Get", "200")]
    own = "<Replace><CmdID>4</CmdID><Item><Source><LocURI>/Own</LocURI></Source><Data>1</Data></Item></Replace>"
    second = story.to_server("1", 2, [*owed, results])
    story.exchange(second, story.answer(second, messages.get(9, "./A")))
    third = story.to_server("1", 3, [*(each.replace("<MsgRef>1<", "<MsgRef>2<") for each in [*owed, results]), own])
    story.exchange(third, story.answer(third))
    found = [f for f in story.judge().findings if f.rule == "MSG014"]
    assert [(f.party, f.exchange) for f in found] == [("server", 1), ("device", 3)]
    assert "'/Own' in Replace (CmdID 4): an" in found[1].message


def test_what_the_server_asks_of_one_device_is_not_given_back_by_another():
    story = by_server(messages.get(9, "/DevInfo/Man"))
    story.device = "ANOTHER"
    request = story.package_one("1").replace(b"./DevInfo/Man", b"/DevInfo/Man")
    story.exchange(request, story.answer(request))
    found = [f for f in story.judge().findings if f.rule == "MSG014"]
    assert [(f.party, f.exchange) for f in found] == [("server", 1), ("device", 2)]
