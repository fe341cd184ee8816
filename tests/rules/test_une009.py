import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of, server


def test_passes_where_the_exec_gets_no_answer():
    assert server().watch(70).judge().findings == []


@pytest.mark.parametrize("code", ["200", "202", "405"])
def test_fails_with_a_status(code):
    story = Story().exec("1").go_on("1", 2, messages.status(2, "1", "9", "Exec", code)).alert("2").watch(70)
    finding = only(story.judge(), "UNE009")
    assert (finding.severity, finding.party, finding.exchange) == ("error", "device", 2)
    assert finding.path == "SyncBody/Status[2]"
    assert code in finding.message


def test_fails_with_results():
    only(
        Story().exec("1").go_on("1", 2, messages.results(2, "1", "9", "./x", "y")).alert("2").watch(70).judge(),
        "UNE009",
    )


def test_a_status_for_another_command_is_none():
    story = Story()
    request = story.package_one("1")
    both = [messages.get(8, "./DevDetail/SwV"), messages.unenrol_exec(9, "P")]
    story.exchange(request, story.answer(request, *both))
    story.go_on("1", 2, messages.status(2, "1", "8", "Get", "200"))
    assert rules_of(story.alert("2").watch(70).judge()) == ["UNE008"]


def test_one_cmdid_on_two_commands_is_told_apart_by_name():
    story = Story()
    request = story.package_one("1")
    both = [messages.get(9, "./DevDetail/SwV"), messages.unenrol_exec(9, "P")]
    story.exchange(request, story.answer(request, *both))
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"))
    assert rules_of(story.alert("2").watch(70).judge()) == ["MSG009", "UNE008"]


def test_answered_in_the_alert_session():
    story = Story().exec("1").alert("2").go_on("2", 2, messages.status(2, "1", "9", "Exec", "200")).watch(70)
    only(story.judge(), "UNE009")


def test_a_status_for_another_exec_in_a_later_session_is_none():
    wipe = messages.unenrol_exec(9, "P").replace(
        "./Vendor/MSFT/DMClient/Provider/P/Unenroll", "./Vendor/MSFT/RemoteWipe/doWipe"
    )
    story = Story().exec("1").wait(1).alert("2", "2").watch(20).exec("3", command=wipe)
    story.go_on("3", 2, messages.status(2, "1", "9", "Exec", "200"))
    assert rules_of(story.judge(expect="unjoin-failed")) == []


def test_several_answers_are_one_finding():
    story = Story().ordinary("1").exec("2")
    for number in (2, 3):
        story.go_on("2", number, messages.status(2, "1", "9", "Exec", "200"), server_number=str(number - 1))
    judged = story.alert("3").watch(70).judge()
    assert [f.message for f in judged.findings if f.rule == "UNE009"] == [
        "Status 200 answers the Exec Unenroll, for which no reply is expected; 2 messages do"
    ]
