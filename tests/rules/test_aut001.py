import pytest

from tests.rules.talk import GET, OPENED, Talk, alert, header, opening, status
from tests.story import rules_of


def cred(kind: str = "syncml:auth-basic") -> str:
    return f'<Cred><Meta><Type xmlns="syncml:metinf">{kind}</Type></Meta><Data>YTpi</Data></Cred>'


@pytest.mark.parametrize("kind", ["syncml:auth-basic", "syncml:auth-md5"])
def test_passes_in_the_header(kind):
    assert Talk().say(opening(), OPENED, cred=cred(kind)).nothing()


@pytest.mark.parametrize("name", ["Alert", "Replace", "Get", "Status"])
def test_fails_in_a_command(name):
    commands = {"Alert": alert("1224"), "Replace": opening()[-1], "Get": GET, "Status": status("1/9", "Get")}
    inside = commands[name].replace("</CmdID>", f"</CmdID>{cred()}", 1)
    finding = next(
        f for f in Talk().open(GET).say([header(), inside], [header(2)]).judge().findings if f.rule == "AUT001"
    )
    assert (finding.severity, finding.party, finding.exchange) == ("error", "device", 2)
    assert finding.path.endswith(f"{name}/Cred") or finding.path == "SyncBody/Status[2]/Cred"
    assert f"Cred in {name}" in finding.message


def test_fails_in_the_body():
    finding = Talk().say([*opening(), cred()], OPENED).of("AUT001")[0]
    assert "Cred outside of SyncHdr" in finding.message
    assert finding.path == "SyncBody/Cred"


def test_fails_in_an_item():
    item = opening()[-1].replace("<Item>", f"<Item>{cred()}", 1)
    assert len(Talk().say([*opening()[:-1], item], OPENED).of("AUT001")) == 1


def test_fails_on_the_server():
    finding = Talk().open(GET.replace("</CmdID>", f"</CmdID>{cred()}")).only("AUT001")
    assert (finding.party, finding.side) == ("server", "response")


@pytest.mark.parametrize("kind", ["syncml:auth-MAC", "syncml:auth-mac"])
def test_fails_with_a_mac_in_cred(kind):
    finding = Talk().say(opening(), OPENED, cred=cred(kind)).only("AUT001")
    assert "syncml:auth-MAC in Cred" in finding.message
    assert finding.path == "SyncHdr/Cred"


def test_a_cred_inside_of_data_is_data():
    data = opening()[-1].replace("<Data>", f"<Data>{cred()}", 1)
    assert Talk().say([*opening()[:-1], data], OPENED).of("AUT001") == []


def test_one_message_gives_one_finding():
    twice = [text.replace("</CmdID>", f"</CmdID>{cred()}", 1) for text in opening()]
    assert rules_of(Talk().say(twice, OPENED).judge()) == ["AUT001"]
    talk = Talk()
    request = talk.device(*twice)
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, talk.server(*OPENED))
    assert len(talk.of("AUT001")) == 1
