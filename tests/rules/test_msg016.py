import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of


def with_alert(data):
    story = Story()
    alert = f"<Alert><CmdID>9</CmdID>{data}</Alert>"
    request = story.to_server("1", 1, [*messages.package_one(messages.DeviceInfo(story.device)), alert])
    story.exchange(request, story.answer(request))
    return story.judge()


@pytest.mark.parametrize("code", ["1100", "1104", "1200", "1201", "1221", "1222", "1223", "1225", "1226"])
def test_passes_with_a_code_that_is_defined(code):
    assert "MSG016" not in rules_of(with_alert(f"<Data>{code}</Data>"))


@pytest.mark.parametrize("code", ["1202", "1220", "1227", "1300", "99999", "9" * 18])
def test_warns_of_one_that_is_reserved(code):
    judged = with_alert(f"<Data>{code}</Data>")
    finding = only(judged, "MSG016")
    assert (finding.severity, finding.party, finding.path) == ("warning", "device", "SyncBody/Alert[3]/Data")
    assert f"{code!r}, which is reserved" in finding.message
    assert judged.verdict.word == "pass"


@pytest.mark.parametrize("code", ["222", "1105", "1199", "x", "²", "9" * 5000])
def test_warns_of_one_that_is_not_defined(code):
    assert "DM does not define" in only(with_alert(f"<Data>{code}</Data>"), "MSG016").message


@pytest.mark.parametrize("data", ["", "<Data/>"])
def test_warns_of_none(data):
    assert "has no code" in only(with_alert(data), "MSG016").message


def test_a_servers_counts_too():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, "<Alert><CmdID>9</CmdID><Data>1210</Data></Alert>"))
    assert only(story.judge(), "MSG016").party == "server"
