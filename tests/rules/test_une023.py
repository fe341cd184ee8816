import pytest

from replay.lab import messages
from replay.syncml.names import UNENROL_TYPE
from tests.story import Story, only, rules_of

ALERT = messages.unenrol_alert()
HEADER = f"<{UNENROL_TYPE}>"
REFRESH = "com.microsoft:mdm.refresh"


def headers(*values: str, name: str = "MDM-GenericAlert") -> dict:
    return {"headers": [["Content-Type", messages.CONTENT_TYPE], *([name, value] for value in values)]}


def with_header(*values: str, alert: str | None = ALERT, name: str = "MDM-GenericAlert") -> Story:
    story = Story().ordinary("1")
    request = story.package_one("2", alert=alert)
    story.exchange(request, story.answer(request), **headers(*values, name=name))
    return story.watch(70)


@pytest.mark.parametrize("values", [[HEADER], [UNENROL_TYPE], [f" {HEADER} "], [f"<{UNENROL_TYPE.upper()}>"], [""], []])
def test_passes_where_it_names_the_alert(values):
    assert with_header(*values).judge().findings == []


def test_passes_with_other_alerts_of_the_message():
    both = ALERT + ALERT.replace("{id}", "77").replace(UNENROL_TYPE, REFRESH)
    for values in (
        [f"{HEADER}<{REFRESH}>"],
        [f"{UNENROL_TYPE}, {REFRESH}"],
        [HEADER, f"<{REFRESH}>"],
        [f"<{REFRESH}>"],
    ):
        assert with_header(*values, alert=both).judge().findings == []


def test_warns_where_it_names_another():
    judged = with_header(f"<{REFRESH}>").judge()
    finding = only(judged, "UNE023")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("warning", "device", 2, "request")
    assert f"names '{REFRESH}', and no alert in session 2 (SessionID 2)" in finding.message
    assert f"of Type 'com.microsoft/MDM/LoginStatus', '{UNENROL_TYPE}'" in finding.message
    assert judged.verdict.word == "pass"


def test_warns_where_it_names_one_too_many():
    assert f"'{REFRESH}'" in only(with_header(f"{HEADER}<{REFRESH}>").judge(), "UNE023").message


def test_warns_without_an_alert_and_whatever_the_case_of_its_name():
    finding = only(with_header(HEADER, alert=None, name="mdm-genericalert").judge(), "UNE023")
    assert f"names '{UNENROL_TYPE}'" in finding.message


def two_messages(second: str, *, alert: str | None = ALERT, number: int = 2) -> Story:
    """A session of two messages, each with a header; the alert is in the first."""
    story = Story()
    request = story.package_one("1", alert=alert)
    story.exchange(request, story.answer(request, messages.get(9, "./DevDetail/SwV")), **headers(HEADER))
    owed = [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "9", "Get", "200")]
    request = story.to_server("1", number, owed)
    story.exchange(request, story.answer(request), **headers(second))
    return story


def test_stands_on_every_message_of_the_session():
    assert "UNE023" not in rules_of(two_messages(HEADER).judge(quiet=0))


def test_is_said_once_of_a_session():
    message = next(f.message for f in two_messages(HEADER, alert=None).judge().findings if f.rule == "UNE023")
    assert "on 2 messages" in message


def test_an_alert_of_another_session_is_none():
    story = Story()
    for session, alert in (("1", None), ("2", ALERT)):
        request = story.package_one(session, alert=alert)
        story.exchange(request, story.answer(request), **headers(HEADER))
    assert only(story.watch(70).judge(), "UNE023").exchange == 1


def test_a_type_that_is_wrong_itself_is_une004():
    wrong = ALERT.replace(f">{UNENROL_TYPE}<", f"> {UNENROL_TYPE}<")
    assert rules_of(with_header(HEADER, alert=wrong).judge()) == ["UNE004"]
    missing = ALERT.replace(f'<Type xmlns="syncml:metinf">{UNENROL_TYPE}</Type>', "")
    assert rules_of(with_header(HEADER, alert=missing).judge()) == ["UNE004"]


def test_says_nothing_where_the_alert_may_be_in_a_message_that_is_not_there():
    story = Story()
    later = story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    story.exchange(later, story.answer(later), **headers(HEADER))
    assert "UNE023" not in rules_of(story.judge())
    assert "UNE023" not in rules_of(two_messages(HEADER, alert=None, number=3).judge())


def test_says_nothing_of_a_package_that_is_not_finished():
    story = Story()
    request = story.package_one("1").replace(b"<Final/>", b"")
    story.exchange(request, story.answer(request), **headers(HEADER))
    assert "UNE023" not in rules_of(story.judge())


def test_says_nothing_where_a_message_could_not_be_read():
    story = Story()
    story.exchange(b"<SyncML", story.answer(story.package_one("1")), **headers(HEADER))
    later = story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    story.exchange(later, story.answer(later), **headers(HEADER))
    assert "UNE023" not in rules_of(story.judge())


def test_what_stands_without_brackets_is_named_too():
    assert with_header(UNENROL_TYPE).judge().findings == []
    assert f"names '{REFRESH}', and" in only(with_header(f"{UNENROL_TYPE}, {REFRESH}").judge(), "UNE023").message


def test_the_type_of_another_command_is_no_alerts():
    typed = "<Replace><CmdID>77</CmdID><Item><Meta><Type>text/plain</Type></Meta></Item></Replace>"
    assert "UNE023" in rules_of(with_header("<text/plain>", alert=ALERT + typed).judge())


def test_an_alert_without_meta_is_of_no_type():
    bare = "<Alert><CmdID>77</CmdID><Data>1224</Data><Item><Data>x</Data></Item></Alert>"
    judged = with_header(HEADER, alert=ALERT + bare).judge()
    assert (judged.errors, "UNE023" in rules_of(judged)) == ([], False)
