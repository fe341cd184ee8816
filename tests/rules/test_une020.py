import pytest

from replay.lab import messages
from tests.rules.talk import Talk, alert, header, opening, results, status
from tests.story import Story, only, rules_of, user


def refused(code: str, header_code: str = "200") -> Story:
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request, code=code, header_code=header_code))
    return story.watch(70)


def test_passes_where_the_alert_is_taken():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_warns_where_http_refuses_and_only_this_rule_says_so(status):
    judged = Story().ordinary("1").alert("2", status=status, response=b"<html>no</html>").watch(70).judge()
    finding = only(judged, "UNE020")
    assert (finding.severity, finding.party, finding.side) == ("warning", "server", "response")
    assert judged.verdict.word == "pass"


@pytest.mark.parametrize("status", ["406", "500", "415"])
def test_warns_where_a_status_refuses(status):
    finding = only(refused(status).judge(), "UNE020")
    assert finding.path == "SyncBody/Status[4]/Data"


def test_the_status_of_the_header_refuses():
    assert "the message that carries the alert" in only(refused("200", "500").judge(), "UNE020").message


@pytest.mark.parametrize("status", ["401", "407"])
def test_a_challenge_refuses_nothing(status):
    assert "UNE020" not in rules_of(refused(status, status).judge())


def test_a_challenge_in_http_is_a_warning_of_http003():
    judged = Story().ordinary("1").alert("2", status=401).watch(70).judge()
    assert only(judged, "HTP003").severity == "warning"


def test_what_the_proxy_made_is_not_the_servers():
    judged = Story().ordinary("1").alert("2", status=502, by="proxy").watch(70).judge()
    assert rules_of(judged) == []
    assert "CAP001" in [finding.rule for finding in judged.findings]


def test_warns_where_the_status_comes_in_a_later_message():
    talk = Talk("2", Story().ordinary("1"))
    request = talk.device(*opening(messages.unenrol_alert()), final=False)
    talk.story.exchange(request, talk.server(header(), alert("1222", "9"), final=False))
    owed = [status("1/2", "Alert"), status("1/3", "Alert"), status("1/4", "Alert", "406"), status("1/5", "Replace")]
    talk.say([header(), status("1/9", "Alert")], [header(2), *owed])
    finding = only(talk.story.watch(70).judge(), "UNE020")
    assert (finding.severity, finding.exchange) == ("warning", 3)
    assert "Status 406 refuses the alert" in finding.message


def test_an_alert_that_was_not_answered_does_not_hide_the_refusal_of_another():
    story = Story().ordinary("1").alert("2", response=None, failure="connect-failed")
    story.alert("3", response=b"", status=503, by="proxy").alert("4", response=b"", status=403)
    found = [finding for finding in story.watch(70).judge().findings if finding.rule == "UNE020"]
    assert [(each.exchange, each.message) for each in found] == [(4, "HTTP 403 refuses the alert")]


def test_only_what_the_server_itself_says_of_the_alert_counts():
    """The device refuses the server's message, the server a later one, and one Status answers nothing."""
    story = user()
    request = story.to_server("2", 2, [messages.status(1, "1", "0", "SyncHdr", "500")])
    lost = messages.status(20, "7", "0", "SyncHdr", "500")
    story.exchange(request, story.answer(request, lost, header_code="500"))
    assert "UNE020" not in rules_of(story.watch(70).judge())
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request, code="500"), by="proxy")
    assert "UNE020" not in rules_of(story.watch(70).judge())


def test_a_status_without_a_code_refuses_nothing():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    given = results("1/0").replace("{id}", "90")
    story.exchange(request, story.answer(request, given).replace(b"<Data>200</Data>", b""))
    judged = story.watch(70).judge()
    assert judged.errors == []
    assert "UNE020" not in rules_of(judged)
