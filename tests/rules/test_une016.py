import pytest

from replay.lab import messages
from tests.story import UNENROLL, Story, only, rules_of, server

URI = "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll"
EXEC = messages.unenrol_exec(9, UNENROLL)


def after(uri: str, provider: str = UNENROLL) -> Story:
    command = messages.unenrol_exec(9, provider)
    start, end = command.index("<LocURI>") + len("<LocURI>"), command.index("</LocURI>")
    return Story().exec("1", command=command[:start] + uri + command[end:]).wait(1).alert("2").watch(70)


@pytest.mark.parametrize(
    "uri",
    [
        URI,
        URI.replace("./Vendor", "./Device/Vendor"),
        "./Device/Vendor/MSFT/DMClient/Unenroll",
        "./Vendor/MSFT/DMClient/Unenroll",
        "Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll",
    ],
)
def test_passes_with_the_documented_targets(uri):
    judged = after(uri).judge()
    assert judged.findings == []
    assert judged.episodes[0].episode.scenario == "server"


@pytest.mark.parametrize(
    "provider", ["M&amp;M:1@x=(a+b)", "%7B3da494e4-0fe2-415c-b895-fb5265c5c83b%7D", "Provider%20One"]
)
def test_passes_with_what_a_path_may_hold(provider):
    from urllib.parse import unquote

    plain = unquote(provider.replace("&amp;", "&"))
    assert rules_of(after(URI.replace("MS%20DM%20Server", provider), plain).judge()) == []


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("./User/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll", "under ./User"),
        ("./user/Vendor/MSFT/DMClient/Unenroll", "under ./User"),
        (URI.removeprefix("."), "must not begin with /"),
        (URI.replace("%20", " "), "' ' in the ProviderID is not encoded, expected 'MS%20DM%20Server'"),
        (URI.replace("%20DM%20", "%2 "), "'%', ' ' in the ProviderID is not encoded, expected 'MS%252%20Server'"),
        (URI.replace("MS%20DM%20Server", "MÜ"), "'Ü' in the ProviderID is not encoded, expected 'M%C3%9C'"),
        (URI.replace("MS%20DM%20Server", "{MyServer}"), "'{', '}' in the ProviderID is not encoded"),
        *(
            (URI.replace("MS%20DM%20Server", each), "is a placeholder, expected the ProviderID")
            for each in (
                "{ProviderID}", "ProviderID", "provider_id", "&lt;ProviderID&gt;", "%3CProviderID%3E", "${PROVIDER-ID}",
                "YourProviderID", "[Provider Name]", "{id}", "%7bid%7d", "...", "…",
            )
        ),
    ],
)  # fmt: skip
def test_fails_and_is_a_trigger_all_the_same(uri, said):
    judged = after(uri).judge()
    assert "UNE016" in rules_of(judged)
    assert set(rules_of(judged)) <= {"UNE016", "UNE015"}  # another ProviderID than that in Data is another mistake
    finding = next(finding for finding in judged.findings if finding.rule == "UNE016")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "server", 1, "response")
    assert finding.path == "SyncBody/Exec/Item/Target/LocURI"
    assert said in finding.message
    assert judged.verdicts["server"].word == "fail"
    assert [each.episode.scenario for each in judged.episodes] == ["server"]


def test_all_that_is_wrong_is_one_finding():
    message = only(after("/User/Vendor/MSFT/DMClient/Provider/MS DM Server/Unenroll").judge(), "UNE016").message
    assert all(said in message for said in ("begin with /", "./User", "not encoded"))


def test_one_in_the_answer_to_the_alert_is_judged_too():
    story = server()
    request = story.package_one("4", alert=messages.unenrol_alert())
    story = Story().ordinary("1")
    story.exchange(request, story.answer(request, EXEC.replace("./Vendor", "./User/Vendor")))
    assert rules_of(story.watch(70).judge()) == ["UNE016", "UNE018"]


def test_the_same_again_is_one_finding():
    wrong = EXEC.replace("./Vendor", "./User/Vendor")
    judged = Story().exec("1", command=wrong).watch(20).exec("2", command=wrong).wait(1).alert("3").watch(70).judge()
    assert "2 times in all" in only(judged, "UNE016").message


def test_a_linked_enrolment_under_user_is_none():
    assert after("./User/Vendor/MSFT/DMClient/Provider/P/LinkedEnrollment/Unenroll").judge(quiet=0).findings == []


def test_only_a_servers_exec_on_an_unenroll_node_is_looked_at():
    """A device that sends one breaks MSG011; an Exec without a Target is none on that node."""
    command = "<Exec><CmdID>77</CmdID><Item><Target><LocURI>/DMClient/Unenroll</LocURI></Target></Item></Exec>"
    story = Story()
    request = story.to_server("1", 1, [*messages.package_one(messages.DeviceInfo(story.device)), command])
    story.exchange(request, story.answer(request, "<Exec><CmdID>78</CmdID><Item><Data>x</Data></Item></Exec>"))
    judged = story.judge()
    assert judged.errors == []
    assert {"UNE015", "UNE016"}.isdisjoint(rules_of(judged))
