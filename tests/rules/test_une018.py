import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of, user

ALERT = messages.unenrol_alert()
GET = messages.get(9, "./DevDetail/SwV")


def server_alert(code: str) -> str:
    return f"<Alert><CmdID>9</CmdID><Data>{code}</Data></Alert>"


def answered(*more: str, final: bool = True, **answer: str) -> Story:
    story = Story().ordinary("1")
    request = story.package_one("2", alert=ALERT)
    reply = story.answer(request, *more, **answer)
    story.exchange(request if final else request.replace(b"<Final/>", b""), reply)
    return story.watch(70)


def test_passes_with_status_alone():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (GET, "Get (CmdID 9)"),
        (messages.unenrol_exec(9, "P"), "Exec (CmdID 9)"),
        (f"<Atomic><CmdID>8</CmdID>{GET}</Atomic>", "Atomic (CmdID 8)"),
        (GET + messages.get(10, "./DevDetail/FwV"), "Get (CmdID 9) and Get (CmdID 10)"),
        (server_alert("1222"), "Alert (CmdID 9)"),
    ],
)
def test_warns_with_other_commands(command, name):
    judged = answered(command).judge()
    finding = only(judged, "UNE018")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("warning", "server", 2, "response")
    assert f"carries {name};" in finding.message
    assert finding.path.startswith(f"SyncBody/{name.split()[0]}")
    assert judged.verdict.word == "pass"
    assert len(judged.episodes) == 1


def test_the_rest_of_an_unfinished_package_may_be_asked_for():
    assert "UNE018" not in rules_of(answered(server_alert("1222"), final=False).judge())


@pytest.mark.parametrize("final", [True, False])
def test_the_session_may_be_ended(final):
    assert "UNE018" not in rules_of(answered(server_alert("1223"), final=final).judge())


def test_a_challenge_and_the_answer_to_the_re_send_are_both_looked_at():
    for first, second in (([GET], []), ([], [GET])):
        story = Story()
        request = story.package_one("1", alert=ALERT)
        story.exchange(request, story.answer(request, *first, code="407", header_code="407"))
        again = story.package_one("1", alert=ALERT, number=2)
        story.exchange(again, story.answer(again, *second, header_code="212"))
        found = [finding.exchange for finding in story.watch(70).judge().findings if finding.rule == "UNE018"]
        assert found == [1 if first else 2]


def test_an_answer_to_another_message_may_carry_commands():
    assert rules_of(Story().get_session("1").judge()) == []


def test_what_the_proxy_made_is_not_the_servers():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=ALERT)
    story.exchange(request, story.answer(request, GET), by="proxy")
    assert rules_of(story.watch(70).judge()) == []


def test_real_a_server_that_goes_on_with_the_session_of_the_alert(shared_data):
    """The update server of the pair asks for a value in its answer to the alert: a warning, which is right."""
    from replay.capture.readers import read
    from replay.expect.judge import judge

    judged = judge(read(str(shared_data / "peers" / "client-unenroll-xml-then-wbxml.mitm")))
    assert ["Get (CmdID 1)" in f.message for f in judged.findings if f.rule == "UNE018"] == [True]


def test_an_alert_that_was_not_answered_does_not_hide_the_answer_to_another():
    story = Story().ordinary("1").alert("2", response=None, failure="connect-failed")
    request = story.package_one("3", alert=ALERT)
    story.exchange(request, story.answer(request, GET))
    assert only(story.watch(70).judge(), "UNE018").exchange == 3


def test_an_alert_of_the_servers_that_asks_for_no_more_is_none_that_was_due():
    assert "UNE018" in rules_of(answered(server_alert("1100"), final=False).judge())
    assert "UNE018" not in rules_of(answered(server_alert("1222"), final=False).judge())
