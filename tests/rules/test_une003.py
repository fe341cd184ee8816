from replay.lab import messages
from tests.story import Story, only, server

ALERT = messages.unenrol_alert().replace("{id}", "7")


def test_passes_in_a_session_of_its_own():
    assert server().watch(70).judge().findings == []


def test_fails_in_the_session_that_carried_the_exec():
    finding = only(Story().exec("1").go_on("1", 2, ALERT).watch(70).judge(), "UNE003")
    assert (finding.severity, finding.party, finding.exchange, finding.session) == ("error", "device", 2, 1)


def test_fails_in_a_session_that_carried_other_commands():
    story = Story().get_session("1").go_on("1", 2, messages.status(2, "1", "9", "Get", "200"), ALERT).watch(70)
    only(story.judge(), "UNE003")
