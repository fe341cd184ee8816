import pytest

from replay.lab import messages
from tests.story import UNENROLL, Story, only, rules_of, server

EXEC = messages.unenrol_exec(9, UNENROLL)
DATA = f"<Data>{UNENROLL}</Data>"
PLAIN_NODE = EXEC.replace("/Provider/MS%20DM%20Server", "")


def after(command: str) -> Story:
    return Story().exec("1", command=command).wait(1).alert("2").watch(70)


def test_passes_with_the_provider_of_the_path():
    assert server().watch(70).judge().findings == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("", "is missing"),
        ("<Data/>", "is empty"),
        ("<Data> </Data>", "is empty"),
        ("<Data>Another Server</Data>", "'Another Server'"),
        ("<Data>MS%20DM%20Server</Data>", "'MS%20DM%20Server'"),
        ("<Data>ms dm server</Data>", "'ms dm server'"),
        ("<Data><b>MS DM Server</b></Data>", "the element b"),
    ],
)
def test_warns_with_anything_else(wrong, said):
    judged = after(EXEC.replace(DATA, wrong)).judge()
    finding = only(judged, "UNE015")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("warning", "server", 1, "response")
    assert said in finding.message
    assert "'MS DM Server'" in finding.message
    assert finding.path == "SyncBody/Exec/Item" + ("/Data" if wrong else "")
    assert judged.verdict.word == "pass"
    assert judged.episodes[0].findings == [0]


@pytest.mark.parametrize("encoded", ["M%C3%BCnchen%2fMDM", "M%c3%bcnchen%2FMDM"])
def test_the_path_is_decoded_whatever_the_case_of_its_escapes(encoded):
    command = EXEC.replace("MS%20DM%20Server", encoded).replace(DATA, "<Data>München/MDM</Data>")
    assert rules_of(after(command).judge()) == []


def test_a_path_that_is_encoded_twice_names_another_provider():
    assert "'MS%20DM%20Server'" in only(after(EXEC.replace("%20", "%2520")).judge(), "UNE015").message


@pytest.mark.parametrize(("data", "expected"), [(DATA, []), ("", ["UNE015"]), ("<Data/>", ["UNE015"])])
def test_a_target_without_a_provider_needs_data_all_the_same(data, expected):
    judged = after(PLAIN_NODE.replace(DATA, data)).judge()
    assert rules_of(judged) == expected
    assert all(finding.message.endswith("; expected the ProviderID") for finding in judged.findings)


def test_a_placeholder_in_the_path_is_not_compared():
    assert rules_of(after(EXEC.replace("MS%20DM%20Server", "{ProviderID}")).judge()) == ["UNE016"]


def test_the_same_again_is_one_finding():
    wrong = EXEC.replace(DATA, "")
    judged = Story().exec("1", command=wrong).watch(20).exec("2", command=wrong).wait(1).alert("3").watch(70).judge()
    assert "2 times in all" in only(judged, "UNE015").message


def test_another_device_is_another_finding():
    wrong = EXEC.replace(DATA, "")
    story = Story().exec("1", command=wrong).wait(1).alert("2")
    story.device, story.client = "OTHER", "10.0.0.6:1"
    assert rules_of(story.exec("1", command=wrong).wait(1).alert("2").watch(70).judge()) == ["UNE015", "UNE015"]


@pytest.mark.parametrize(
    "uri", ["./Vendor/MSFT/DMClient/Provider/P/LinkedEnrollment/Unenroll", "./Vendor/MSFT/RemoteWipe/doWipe"]
)
def test_another_exec_is_left_alone(uri):
    other = EXEC.replace("./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll", uri).replace(DATA, "")
    assert Story().exec("1", command=other).judge().findings == []


def test_what_the_proxy_made_is_not_the_servers():
    story = Story().ordinary("1")
    request = story.package_one("2")
    story.exchange(request, story.answer(request, EXEC.replace(DATA, "")), by="proxy")
    assert "UNE015" not in rules_of(story.alert("3").watch(70).judge())


def test_an_exec_in_a_single_message(tmp_path):
    from replay.capture.readers import read
    from replay.expect.judge import judge

    path = tmp_path / "exec.xml"
    story = Story()
    path.write_bytes(story.answer(story.package_one("1"), EXEC.replace(DATA, "")))
    assert "UNE015" in rules_of(judge(read(str(path))))
