"""A capture beside an expected sequence: the missing, the unexpected and the misplaced."""

import pytest

from replay.expect.scenarios import shipped
from replay.expect.scenarios.read import load_scenario
from replay.lab import messages
from replay.report.diff_scenario import compare_scenario
from tests.compare.stories import changes, traffic
from tests.story import Story, server, user

OWN = """
name = "three deletes"
scenario = "server"
begins = "enrolment"

[[step]]
name = "deletes"
sender = "server"
command = "Delete"
target = "./Vendor/MSFT/*"
times = 3

[[step]]
name = "exec"
what = "exec"
within = 60

[[step]]
name = "alert"
what = "alert"

[[step]]
name = "no more replaces"
presence = "forbidden"
sender = "server"
command = "Replace"

[[step]]
name = "silence"
what = "silence"
"""


def delete(number: int, node: str) -> str:
    item = f"<Target><LocURI>./Vendor/MSFT/{node}</LocURI></Target>"
    return f"<Delete><CmdID>{number}</CmdID><Item>{item}</Item></Delete>"


def against(name: str, story: Story):
    return changes(compare_scenario(shipped(name), traffic(story)))


@pytest.mark.parametrize("answer", [{}, {"response": None}, {"response": b"", "status": 500}])
def test_what_is_as_expected(answer):
    assert against("user", Story().ordinary("1").watch(30).alert("2", **answer).watch(70)) == []
    assert against("server", Story().ordinary("1").exec("2").alert("3", **answer).watch(70)) == []
    assert against("unjoin-failed", Story().exec("1").alert("2", "2", **answer).ordinary("3")) == []


def test_a_capture_without_an_unenrolment_lacks_all_that_is_required():
    assert against("server", Story().ordinary("1")) == [
        ("removed", "sequence", "step/exec"),
        ("removed", "sequence", "step/alert"),
    ]
    assert against("user", Story().ordinary("1")) == [("removed", "sequence", "step/alert")]


def test_a_missing_alert_and_a_missing_exec():
    assert against("server", Story().exec("1").watch(70)) == [("removed", "sequence", "step/alert")]
    assert against("server", user()) == [("removed", "sequence", "step/exec")]


def test_an_exec_that_was_not_expected():
    assert against("user", server()) == [("added", "sequence", "SyncBody/Exec")]


def test_further_sessions():
    story = user().watch(20).ordinary("8").watch(20).ordinary("9")
    found = compare_scenario(shipped("user"), traffic(story))
    assert changes(found) == 2 * [("added", "sequence", "session")]
    assert [each.actual for each in found.changes] == 2 * ["ordinary session of 1 exchange"]
    assert against("server", server().watch(20).ordinary("9")) == [("added", "sequence", "session")]


def test_an_alert_that_says_something_else():
    found = compare_scenario(shipped("server"), traffic(Story().exec("1").alert("2", "2")))
    assert changes(found) == [("changed", "value", "SyncBody/Alert[3]/Item/Data")]
    assert [(each.expected, each.actual) for each in found.changes] == [("1", "2")]
    assert against("unjoin-failed", server()) == [("changed", "value", "SyncBody/Alert[3]/Item/Data")]
    assert against("unjoin-failed", Story().exec("1").alert("2", "AADJ Unregister Failed", "chr")) == []


def test_an_alert_that_is_sent_again():
    assert against("user", user().watch(5).alert("9")) == [("added", "sequence", "SyncBody/Alert[3]")]
    undelivered = Story().ordinary("1").alert("2", response=None, failure="connect-failed").watch(90).alert("3")
    assert against("user", undelivered) == []


def test_an_alert_out_of_place():
    request = Story().package_one("1")
    story = Story()
    story.exchange(request, story.answer(request, messages.get(9, "./A")))
    story.go_on("1", 2, messages.unenrol_alert().replace("{id}", "7"))
    assert against("user", story) == []  # where the alert stands is judged by UNE002: it is there


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    scenario = load_scenario(str(path))

    def told(story: Story):
        return compare_scenario(scenario, traffic(story))

    def first(*commands: str) -> Story:
        story = Story()
        request = story.package_one("1")
        story.exchange(request, story.answer(request, *commands))
        return story

    deletes = [delete(20 + number, f"N{number}") for number in range(3)]
    exec_ = messages.unenrol_exec(9, "P")
    assert changes(told(first(*deletes, exec_).alert("2"))) == []
    short = told(first(*deletes[:2], exec_).alert("2"))
    assert changes(short) == [("removed", "sequence", "step/deletes")]
    assert "3 times" in next(short.changes).expected
    late = told(first(*deletes, messages.get(30, "./A")).wait(100).exec("2").alert("3"))
    assert changes(late) == [("changed", "timing", "step/exec")]
    assert [each.expected for each in late.changes] == ["within 60 s"]
    misplaced = told(first(*deletes, exec_, delete(29, "late")).alert("2"))
    assert changes(misplaced) == [("moved", "sequence", "SyncBody/Delete[4]")]
    more = "<Replace><CmdID>40</CmdID><Item><Target><LocURI>./A</LocURI></Target></Item></Replace>"
    request = Story().package_one("2", alert=messages.unenrol_alert())
    forbidden = first(*deletes, exec_)
    forbidden.exchange(request, forbidden.answer(request, more, more.replace("40", "41")))
    assert changes(told(forbidden)) == [
        ("added", "sequence", "SyncBody/Replace[1]"),
        ("added", "sequence", "SyncBody/Replace[2]"),
    ]


def test_the_rows_show_the_steps_beside_what_met_them():
    found = compare_scenario(shipped("server"), traffic(server()))
    shown = [
        (message.actual.number, message.actual.side, row.expected, row.actual)
        for session in found.sessions
        for message in session.messages
        for row in message.rows
    ]
    assert [each[:2] for each in shown] == [(2, "response"), (3, "request"), (3, "response")]
    assert shown[0][2] == "exec (the server sends the Exec Unenroll)"
    assert shown[0][3].startswith("Exec ./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll = ")
    assert shown[1][3].startswith("Alert 1226 com.microsoft:mdm.unenrollment.userrequest")


def test_every_unenrolment_is_compared_and_noise_is_left_out():
    story = user()
    story.device = "OTHER"
    story.exec("1").alert("2")
    assert against("user", story) == [("added", "sequence", "SyncBody/Exec")]
    found = compare_scenario(shipped("user"), traffic(story), noise=lambda change: change.path != "SyncBody/Exec")
    assert (found.equal, found.ignored) == (True, 1)


def test_what_silence_is_left_to():
    assert compare_scenario(shipped("user"), traffic(user())).apart != ()
    assert compare_scenario(shipped("unjoin-failed"), traffic(Story().exec("1").alert("2", "2"))).apart == ()
