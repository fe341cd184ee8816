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


def test_fails_beside_the_body():
    talk = Talk()
    request = talk.device(*opening()).replace(b"</SyncML>", cred().encode() + b"</SyncML>")
    talk.story.exchange(request, talk.server(*OPENED))
    assert "Cred outside of SyncHdr" in talk.of("AUT001")[0].message


def test_fails_in_a_challenge():
    answer = status("1/2", "Alert", inside=f"<Chal>{cred()}</Chal>")
    assert "Cred in Status" in Talk().say(opening(), [OPENED[0], answer, *OPENED[2:]]).of("AUT001")[0].message


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ('<Cred xmlns=""/>', 1),
        ('<Cred xmlns="SYNCML:SYNCML1.2"/>', 1),
        ('<Cred xmlns="urn:other"/>', 0),
        ("<Other/>", 0),
    ],
)
@pytest.mark.parametrize("place", ["<Item>", "<Replace>", "<SyncBody>"])
def test_what_counts_as_cred_has_its_name_and_no_namespace_of_others(inside, found, place):
    talk = Talk()
    request = talk.device(*opening()).decode().replace(place, f"{place}{inside}", 1)
    talk.story.exchange(request.encode(), talk.server(*OPENED))
    judged = talk.judge()
    assert judged.errors == []
    assert [finding.rule for finding in judged.findings if finding.rule == "AUT001"] == ["AUT001"] * found


def test_fails_in_an_item():
    item = opening()[-1].replace("<Item>", f"<Item>{cred()}", 1)
    assert len(Talk().say([*opening()[:-1], item], OPENED).of("AUT001")) == 1


def test_fails_on_the_server():
    finding = Talk().open(GET.replace("</CmdID>", f"</CmdID>{cred()}")).only("AUT001")
    assert (finding.party, finding.side) == ("server", "response")


def test_what_the_proxy_made_is_not_the_servers():
    answer = [*OPENED, GET.replace("</CmdID>", f"</CmdID>{cred()}")]
    assert Talk().say(opening(), answer, by="proxy").of("AUT001") == []


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
