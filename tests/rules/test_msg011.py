import pytest

from replay.lab import messages
from tests.rules.talk import by_device
from tests.story import Story, only, rules_of, user

SWV = "./DevDetail/SwV"


def command(name, inner=""):
    return f"<{name}><CmdID>9</CmdID>{inner}<Item><Target><LocURI>./A</LocURI></Target><Data>1</Data></Item></{name}>"


def by_server(text):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, text))
    return story.judge()


@pytest.mark.parametrize("name", ["Add", "Copy", "Delete", "Exec", "Get", "Replace"])
def test_passes_where_a_server_sends_it(name):
    assert by_server(command(name)).findings == []


@pytest.mark.parametrize("name", ["Atomic", "Sequence"])
def test_passes_with_groups_of_the_server(name):
    assert by_server(f"<{name}><CmdID>8</CmdID>{command('Replace')}</{name}>").findings == []


@pytest.mark.parametrize("name", ["Add", "Copy", "Delete", "Exec", "Get"])
def test_fails_where_a_device_does(name):
    finding = only(by_device(command(name)), "MSG011")
    assert (finding.severity, finding.party, finding.path) == ("error", "device", f"SyncBody/{name}")
    assert f"{name} (CmdID 9), which a device does not send" in finding.message


@pytest.mark.parametrize("name", ["Map", "Move", "Put", "Search", "Sync"])
def test_fails_with_what_dm_does_not_use(name):
    for judged, party in ((by_server(command(name)), "server"), (by_device(command(name)), "device")):
        finding = next(f for f in judged.findings if f.rule == "MSG011")
        assert finding.party == party
        assert "which DM does not use" in finding.message


def test_fails_where_a_server_sends_results():
    judged = by_server(messages.results(9, "1", "2", SWV, "1"))
    assert "MSG011" in rules_of(judged)


@pytest.mark.parametrize("code", ["1200", "1201", "1224", "1226"])
def test_fails_where_a_server_sends_an_alert_of_devices(code):
    finding = only(by_server(f"<Alert><CmdID>9</CmdID><Data>{code}</Data></Alert>"), "MSG011")
    assert f"with the code {code}" in finding.message


@pytest.mark.parametrize("code", ["1100", "1104"])
def test_fails_where_a_device_sends_an_alert_of_servers(code):
    assert only(by_device(f"<Alert><CmdID>9</CmdID><Data>{code}</Data></Alert>"), "MSG011").party == "device"


@pytest.mark.parametrize("code", ["1099", "1105"])
def test_what_nobody_sends_is_msg016s(code):
    assert rules_of(by_device(f"<Alert><CmdID>9</CmdID><Data>{code}</Data></Alert>")) == ["MSG016"]


@pytest.mark.parametrize("code", ["1100", "1222", "1223", "1225"])
def test_passes_with_the_alerts_of_a_server(code):
    assert "MSG011" not in rules_of(by_server(f"<Alert><CmdID>9</CmdID><Data>{code}</Data></Alert>"))


@pytest.mark.parametrize("part", ["Archive", "Lang", "MapItem", "SftDel", "NumberOfChanges", "NoResults", "NoResp"])
def test_fails_with_elements_that_dm_does_not_use(part):
    finding = next(f for f in by_server(command("Delete", f"<{part}/>")).findings if f.rule == "MSG011")
    assert finding.path == f"SyncBody/Delete/{part}"
    assert f"has {part}" in finding.message


def test_fails_with_noresp_in_the_header():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request).replace(b"</Source></SyncHdr>", b"</Source><NoResp/></SyncHdr>"))
    assert only(story.judge(), "MSG011").path == "SyncHdr/NoResp"


def test_what_is_in_a_command_that_dm_does_not_use_follows_from_it():
    finding = next(f for f in by_server(command("Map", "<MapItem/>")).findings if f.rule == "MSG011")
    assert "MapItem" not in finding.message


@pytest.mark.parametrize("name", ["exec", "Excec", "UnEnroll"])
def test_fails_with_what_is_no_command(name):
    finding = only(by_server(command(name)), "MSG011")
    assert f"{name} in SyncBody is no command" in finding.message
    assert finding.path == f"SyncBody/{name}"


def test_fails_with_what_is_no_command_in_a_group():
    finding = only(by_server(f"<Atomic><CmdID>8</CmdID>{command('Replacee')}</Atomic>"), "MSG011")
    assert "Replacee in Atomic (CmdID 8) is no command" in finding.message


def test_several_are_one_finding():
    finding = only(by_device(command("Get") + command("Exec").replace(">9<", ">10<")), "MSG011")
    assert "Get (CmdID 9)" in finding.message
    assert "Exec (CmdID 10)" in finding.message


def test_a_replace_of_the_device_may_be_about_anything():
    item = "<Item><Source><LocURI>./Vendor/MSFT/DMClient/HWDevID</LocURI></Source><Data>1</Data></Item>"
    text = f"<Replace><CmdID>9</CmdID>{item}</Replace>"
    assert by_device(text).findings == []


def test_passes_in_an_unenrolment():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize("name", ["Get", "Atomic"])
def test_what_a_command_may_have_or_dm_does_not_know_at_all_is_no_command(name):
    twice = "<CmdID>10</CmdID><Meta/><Meta/><Cred/><Cred/>"
    text = twice if name == "Atomic" else twice + "<Vendor/><Replace/>"
    assert "MSG011" not in rules_of(by_server(command(name, text)))


def test_an_element_that_dm_does_not_use_is_one_of_a_group_too():
    finding = next(f for f in by_server(command("Atomic", "<NoResp/><NoResp/>")).findings if f.rule == "MSG011")
    assert finding.message.endswith("Atomic (CmdID 9) has NoResp, which DM does not use")
