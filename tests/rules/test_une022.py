import io
from pathlib import Path

import pytest

from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect.case import Options
from replay.expect.judge import Scope, judge, judge_traffic
from replay.expect.scenarios.read import load_scenario
from replay.lab import messages
from tests.story import Story, only, rules_of, server, user

THREE = load_scenario(str(Path(__file__).parent / "captures" / "UNE022" / "three-deletes.toml"))


def delete(number: int, uri: str = "./Vendor/MSFT/Policy/X") -> str:
    return f"<Delete><CmdID>{number}</CmdID><Item><Target><LocURI>{uri}</LocURI></Target></Item></Delete>"


def leaving(*before: str, after: str | None = None, watched: float = 70) -> Story:
    """A session in which the server sends commands, the Exec, and perhaps another command, in one message; then the alert."""
    story = Story()
    request = story.package_one("1")
    commands = [*before, messages.unenrol_exec(50, "MS DM Server"), *([after] if after else [])]
    story.exchange(request, story.answer(request, *commands))
    return story.wait(1).alert("2").watch(watched)


def departures(story: Story, scenario=THREE, **options):
    judged = story.judge(expect=scenario, **options)
    return [finding for finding in judged.findings if finding.rule == "UNE022"]


def scenario_of(tmp_path, text: str):
    path = tmp_path / "own.toml"
    path.write_text(f'name = "own"\nscenario = "server"\n{text}')
    return load_scenario(str(path))


def test_passes_with_the_steps_in_order():
    assert departures(leaving(*[delete(n) for n in (10, 11, 12)])) == []


def test_passes_with_the_steps_over_several_sessions_of_the_enrolment(tmp_path):
    own = scenario_of(
        tmp_path,
        'begins = "enrolment"\n[[step]]\nname = "g"\nsender = "server"\ncommand = "Get"\n[[step]]\nname = "e"\nwhat = "exec"',
    )
    assert departures(Story().get_session("1").watch(5).exec("2").wait(1).alert("3").watch(70), own) == []
    assert len(departures(leaving(), own)) == 1


def test_fails_with_a_step_missing_and_names_all_that_was_accepted():
    (finding,) = departures(leaving(delete(10), delete(11)))
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "server", 1, "response")
    assert finding.path == "SyncBody/Exec"
    assert "the step deletes (" in finding.message
    assert 'accepted here: deletes (the server sends Delete with target "./Vendor/MSFT/*", 3 times)' in finding.message


def test_a_command_that_meets_no_condition_is_nothing_to_the_scenario():
    (finding,) = departures(leaving(delete(10), delete(11), delete(12, "./DevDetail/X")))
    assert "is missing" in finding.message


def test_fails_out_of_place():
    (finding,) = departures(leaving(*[delete(n) for n in (10, 11, 12)], after=delete(60)))
    assert "Delete 60 on ./Vendor/MSFT/Policy/X in the message with MsgID 1 comes out of place" in finding.message
    assert "accepted here: exec (the server sends the Exec Unenroll, within 60 s); alert" in finding.message


def test_one_too_many_is_out_of_place():
    (finding,) = departures(leaving(*[delete(n) for n in (10, 11, 12, 13)]))
    assert "Delete 13" in finding.message


def test_warns_where_the_file_says_so():
    replace = "<Replace><CmdID>61</CmdID><Item><Target><LocURI>./X</LocURI></Target><Data>1</Data></Item></Replace>"
    story = Story()
    request = story.package_one("1")
    commands = [*(delete(n) for n in (10, 11, 12)), messages.unenrol_exec(50, "MS DM Server")]
    story.exchange(request, story.answer(request, *commands))
    alert = story.package_one("2", alert=messages.unenrol_alert())
    story.wait(1).exchange(alert, story.answer(alert, replace))
    (finding,) = departures(story.watch(70))
    assert (finding.severity, finding.party) == ("warning", "server")
    assert "is forbidden here by the step no more replaces" in finding.message


def test_fails_late(tmp_path):
    own = scenario_of(tmp_path, '[[step]]\nname = "e"\nwhat = "exec"\n[[step]]\nname = "a"\nwhat = "alert"\nwithin = 5')
    story = Story().exec("1")
    assert departures(story.wait(4).alert("2").watch(70), own) == []
    (finding,) = departures(Story().exec("1").wait(9).alert("2").watch(70), own)
    assert "came 9.0 s after the step before it" in finding.message


def test_inconclusive_where_the_recording_ended_too_early(tmp_path):
    text = '[[step]]\nname = "e"\nwhat = "exec"\n[[step]]\nname = "g"\nsender = "server"\ncommand = "Get"'
    own = scenario_of(tmp_path, text)
    (early,) = departures(server().watch(5), own)
    (late,) = departures(server().watch(70), own)
    assert (early.severity, late.severity) == ("inconclusive", "error")


def test_a_session_that_has_to_be_the_same(tmp_path):
    text = (
        '[[step]]\nname = "d"\nsender = "server"\ncommand = "Delete"\n'
        '[[step]]\nname = "g"\nsender = "server"\ncommand = "Get"\nsession = "{}"\n'
    )
    story = leaving(delete(10), messages.get(11, "./DevDetail/SwV"))
    assert departures(story, scenario_of(tmp_path, text.format("same"))) == []
    assert "is missing" in departures(story, scenario_of(tmp_path, text.format("new")))[0].message


def test_what_other_rules_report_is_not_reported_again():
    judged = Story().exec("1").watch(5).ordinary("2").watch(70).judge(expect="server")
    assert "UNE022" not in rules_of(judged)


@pytest.mark.parametrize("name", ["user", "server", "unjoin-failed"])
@pytest.mark.parametrize(
    "story",
    [
        user().watch(70),
        server().watch(70),
        server().watch(30).ordinary("9").watch(70),
        Story().exec("1").watch(5).alert("2", data="2").watch(5).ordinary("3").watch(70),
        user().watch(20).alert("7").watch(70),
        Story().ordinary("1").alert("2", response=None, failure="server-closed").watch(70),
    ],
)
def test_the_ones_that_ship_leave_everything_to_the_other_rules(name, story):
    assert departures(story, scenario=name) == []


def test_only_the_expected_kind_is_followed():
    only(user().watch(70).judge(expect=THREE), "UNE021")


TWO_SENDERS = """
[[step]]
name = "exec"
what = "exec"
[[step]]
name = "hello"
sender = "device"
command = "Alert"
code = "1222"
severity = "info"
[[step]]
name = "report"
sender = "device"
command = "Alert"
code = "1224"
type = "com.example:*"
[[step]]
name = "asks"
sender = "server"
command = "Get"
severity = "warning"
"""


def test_missing_steps_of_both_sides_are_a_finding_each_with_the_heaviest_first(tmp_path):
    found = departures(leaving(), scenario_of(tmp_path, TWO_SENDERS))
    assert [(f.party, f.severity) for f in found] == [("device", "error"), ("server", "warning")]
    assert "the step report (" in found[0].message
    assert ", and hello (" in found[0].message


def test_what_a_step_asks_for_has_to_hold_for_one_item(tmp_path):
    own = scenario_of(
        tmp_path,
        '[[step]]\nname = "r"\nsender = "server"\ncommand = "Replace"\ntarget = "./A"\ndata = "1"\n'
        '[[step]]\nname = "e"\nwhat = "exec"',
    )

    def replace(*items: tuple[str, str]) -> str:
        inside = "".join(
            f"<Item><Target><LocURI>{uri}</LocURI></Target><Data>{data}</Data></Item>" for uri, data in items
        )
        return f"<Replace><CmdID>40</CmdID>{inside}</Replace>"

    assert departures(leaving(replace(("./B", "2"), ("./A", "1"))), own) == []
    assert len(departures(leaving(replace(("./A", "2"), ("./B", "1"))), own)) == 1


def test_an_optional_step_that_was_begun_has_to_be_finished(tmp_path):
    text = '[[step]]\nname = "d"\nsender = "server"\ncommand = "Delete"\npresence = "optional"\ntimes = 2\n'
    text += '[[step]]\nname = "e"\nwhat = "exec"'
    own = scenario_of(tmp_path, text)
    assert departures(leaving(), own) == []
    assert departures(leaving(delete(10), delete(11)), own) == []
    (finding,) = departures(leaving(delete(10)), own)
    assert "is missing (it came 1 of 2 times)" in finding.message


def test_inconclusive_where_the_step_may_be_in_a_message_that_could_not_be_read():
    story = Story()
    story.exchange(story.package_one("1"), b"<SyncML>")
    request = story.package_one("2")
    story.exchange(request, story.answer(request, messages.unenrol_exec(50, "MS DM Server")))
    story.wait(1).alert("3").watch(70)
    own = load_scenario(str(Path(__file__).parent / "captures" / "UNE022" / "three-deletes.toml"))
    (finding,) = departures(story, own)
    assert finding.severity == "inconclusive"
    assert "but exchange 1 could not be read" in finding.message


def unread(story: Story) -> Story:
    """With a request that could not be read and may have been the device's."""
    story.exchange(b"<SyncML", None, failure="server-closed")
    return story.watch(70)


DELETES = tuple(delete(n) for n in (10, 11, 12))


def test_what_could_not_be_read_excuses_no_step_that_is_out_of_place():
    (finding,) = departures(unread(leaving(*DELETES, after=delete(60))))
    assert finding.severity == "error"
    assert "could not be read" not in finding.message


def test_what_could_not_be_read_may_have_been_a_step_of_either_side(tmp_path):
    (finding,) = departures(unread(leaving(*DELETES[:2])))
    assert (finding.severity, finding.message.endswith("; but exchange 3 could not be read")) == ("inconclusive", True)
    found = departures(unread(leaving()), scenario_of(tmp_path, TWO_SENDERS))
    assert [(f.party, f.severity) for f in found] == [("device", "inconclusive"), ("server", "warning")]


def test_what_could_not_be_read_of_the_server_is_no_step_of_the_device(tmp_path):
    story = Story()
    story.exchange(story.package_one("7"), b"<SyncML>")
    story.watch(5).exec("1").wait(1).alert("2").watch(70)
    found = departures(story, scenario_of(tmp_path, TWO_SENDERS))
    assert [(f.party, f.severity) for f in found] == [("device", "error"), ("server", "warning")]


@pytest.mark.parametrize(("commands", "after"), [(DELETES, delete(60)), (DELETES[:2], None)])
def test_a_short_recording_excuses_only_what_was_still_to_come(commands, after):
    story = leaving(*commands, after=after, watched=3)
    assert [finding.severity for finding in departures(story)] == ["error"]


ASKS = '[[step]]\nname = "asks"\nsender = "server"\ncommand = "Get"'


def test_where_no_step_was_met_the_silence_after_the_unenrolment_decides(tmp_path):
    own = scenario_of(tmp_path, ASKS)
    for watched, severity in ((3, "inconclusive"), (70, "error")):
        (finding,) = departures(leaving(watched=watched), own)
        assert (finding.severity, finding.exchange) == (severity, 2)
        assert finding.message == (
            "scenario 'own': the step asks (the server sends Get) is missing when the episode ended; accepted here: asks (the "
            "server sends Get)"
        )


def test_the_silence_is_the_one_after_the_alert_or_after_the_exec_where_none_came(tmp_path):
    own = scenario_of(tmp_path, ASKS)
    (without_alert,) = departures(Story().exec("1").watch(70), own)
    assert (without_alert.severity, without_alert.exchange) == ("error", 1)
    (late_alert,) = departures(Story().ordinary("0").exec("1").watch(50).alert("2").watch(30), own)
    assert (late_alert.severity, late_alert.exchange) == ("inconclusive", 3)
    path = tmp_path / "user.toml"
    path.write_text(f'name = "own"\nscenario = "user"\n{ASKS}')
    for watched, severity in ((3, "inconclusive"), (70, "error")):
        (by_user,) = departures(user().watch(watched), load_scenario(str(path)))
        assert by_user.severity == severity


def test_what_has_no_number_is_named_all_the_same():
    bare = delete(60).replace("<CmdID>60</CmdID>", "").replace("<Item>", "<Item><Target/></Item><Item>")
    (finding,) = departures(leaving(*DELETES, after=bare))
    assert "Delete (no CmdID) on ./Vendor/MSFT/Policy/X in the message with MsgID 1" in finding.message


def test_it_is_followed_where_episodes_alone_are_judged():
    traffic = assemble(read(io.BytesIO(leaving(*DELETES[:2]).text()), "story.jsonl"))
    judged = judge_traffic(traffic, Options(expect=THREE), Scope(), episodes_only=True)
    assert rules_of(judged) == ["UNE022"]


def test_nothing_is_followed_where_nothing_is_expected():
    assert rules_of(user().watch(70).judge()) == []


def test_a_missing_step_is_shown_at_the_last_that_was_met(tmp_path):
    own = scenario_of(tmp_path, '[[step]]\nname = "e"\nwhat = "exec"\n' + ASKS)
    (finding,) = departures(leaving(), own)
    assert (finding.severity, finding.exchange) == ("error", 1)


def test_without_a_clock_nothing_is_known_to_be_over(tmp_path):
    capture = read(io.BytesIO(leaving().text()), "story.jsonl")
    capture.stretches = []
    judged = judge(capture, Options(expect=scenario_of(tmp_path, ASKS)))
    assert [finding.severity for finding in judged.findings if finding.rule == "UNE022"] == ["inconclusive"]


def test_what_came_is_named(tmp_path):
    exec_first = '[[step]]\nname = "e"\nwhat = "exec"\n'
    never = '[[step]]\nname = "never"\npresence = "forbidden"\n'
    for step, what in (
        ('what = "reply"', "the answer to the alert (SessionID 2) is forbidden"),
        ('sender = "device"\ncommand = "Alert"\ncode = "1224"', "Alert 3 in the message with MsgID 1 is forbidden"),
    ):
        own = scenario_of(
            tmp_path, exec_first + '[[step]]\nname = "a"\nwhat = "alert"\n' * ("reply" in step) + never + step
        )
        (finding,) = departures(leaving(), own)
        assert finding.message.startswith(f"scenario 'own': {what} here by the step never (")
