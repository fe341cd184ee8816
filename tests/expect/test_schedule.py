"""`--quiet auto` and pushes: does the device call at its scheduled time, does it answer (UNENR)."""

import base64

import pytest

from replay.expect.schedule import QUIET
from tests.story import DEVICE, Story, rules_of, user

POLL = "./Device/Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Poll/"


def write(number: int, name: str, value: str, command: str = "Replace") -> str:
    return (
        f"<{command}><CmdID>{number}</CmdID><Item><Target><LocURI>{POLL}{name}</LocURI></Target>"
        f'<Meta><Format xmlns="syncml:metinf">int</Format></Meta><Data>{value}</Data></Item></{command}>'
    )


def polling(**settings: str) -> Story:
    """A device whose poll settings the server writes, which then leaves."""
    story = Story()
    request = story.package_one("1")
    commands = [write(20 + n, name, value) for n, (name, value) in enumerate(settings.items())]
    story.exchange(request, story.answer(request, *commands))
    owed = [
        f"<Status><CmdID>{n + 2}</CmdID><MsgRef>1</MsgRef><CmdRef>{20 + n}</CmdRef><Cmd>Replace</Cmd><Data>200</Data></Status>"
        for n in range(len(commands))
    ]
    story.go_on("1", 2, *owed)
    return story.watch(30).alert("2")


def silence(story: Story, quiet: float | None = None):
    judged = story.judge(quiet=quiet)
    (episode,) = judged.episodes
    return episode.case.quiet, next(phase for phase in episode.phases if phase.name == "silence"), judged


def test_the_poll_interval_that_the_server_wrote():
    quiet, phase, judged = silence(polling(IntervalForRemainingScheduledRetries="2").watch(100))
    assert (quiet.seconds, quiet.source) == (120, "the poll interval of 120 s that the server wrote in exchange 1")
    assert rules_of(judged) == ["UNE014"]
    quiet, phase, judged = silence(polling(IntervalForRemainingScheduledRetries="2").watch(130))
    assert (phase.status, rules_of(judged)) == ("observed", [])
    assert "quiet time 120 s: the poll interval" in phase.detail


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"IntervalForFirstSetOfRetries": "3", "IntervalForSecondSetOfRetries": "60"}, 3600),
        (
            {"NumberOfFirstRetries": "0", "IntervalForFirstSetOfRetries": "3", "IntervalForSecondSetOfRetries": "60"},
            180,
        ),
        (
            {"NumberOfFirstRetries": "0", "IntervalForFirstSetOfRetries": "0", "IntervalForSecondSetOfRetries": "60"},
            3600,
        ),
        (
            {"NumberOfFirstRetries": "5", "IntervalForFirstSetOfRetries": "30", "IntervalForSecondSetOfRetries": "1"},
            1800,
        ),
    ],
)
def test_the_longest_interval_that_can_be_in_force(settings, seconds):
    assert silence(polling(**settings))[0].seconds == seconds


def test_settings_that_are_no_numbers_or_are_written_after_the_alert_are_none():
    quiet, _, _ = silence(polling(IntervalForRemainingScheduledRetries="soon"))
    assert "neither poll settings nor two earlier sessions" in quiet.source


def test_the_settings_of_the_provisioning_document():
    document = b'<wap-provisioningdoc><characteristic type="Poll">'
    document += b'<parm name="IntervalForFirstSetOfRetries" value="4" datatype="integer"/>'
    document += (
        b'<parm datatype="integer" value="10" name="NumberOfFirstRetries"/></characteristic></wap-provisioningdoc>'
    )
    token = base64.b64encode(document)
    story = Story()
    story.exchange(
        b"<Envelope/>",
        b'<s:Envelope><wsse:BinarySecurityToken ValueType="x">' + token + b"</wsse:BinarySecurityToken></s:Envelope>",
        url="https://mdm.example.test/EnrollmentServer/Enrollment.svc",
        headers=[["Content-Type", "application/soap+xml"]],
    )
    quiet, _, _ = silence(story.watch(5).alert("1").watch(5))
    assert (quiet.seconds, quiet.source.rsplit(" ", 1)[1]) == (240, "1")


def test_the_longest_gap_where_there_are_no_settings():
    story = Story().ordinary("1").watch(200).ordinary("2").watch(50).alert("3").watch(150)
    quiet, _, judged = silence(story)
    assert quiet.seconds == pytest.approx(200.1)
    assert quiet.source == "the longest gap between the device's earlier sessions"
    assert rules_of(judged) == ["UNE014"]


def test_without_either_it_says_so():
    quiet, phase, _ = silence(user().watch(70))
    assert quiet.seconds == QUIET
    assert "neither poll settings nor two earlier sessions" in phase.detail


def test_a_given_quiet_time_states_the_schedule_beside_it():
    _, phase, judged = silence(polling(IntervalForRemainingScheduledRetries="60").watch(70), 60)
    assert (phase.status, rules_of(judged)) == ("observed", [])
    assert "the device has the poll interval of 3600 s" in phase.detail
    assert "so this proves less than its schedule would" in phase.detail


def pushed(text: str = "push sent") -> Story:
    story = user().watch(20)
    story.line("note", text=text, name="push")
    return story


def test_silence_after_a_push_is_the_stronger_evidence():
    _, phase, judged = silence(pushed().watch(50), 60)
    assert phase.status == "observed"
    assert "the push of 08:00:50Z was not answered for 50.0 s, which proves more than waiting" in phase.detail
    assert judged.episodes[0].case.silence.probe.answered_by is None


def test_an_answer_to_a_push_is_the_contradiction():
    _, phase, judged = silence(pushed().watch(3).ordinary("3").watch(70), 60)
    assert (phase.status, rules_of(judged)) == ("contradicted", ["UNE011"])
    assert "the device answered the push of 08:00:50Z after 3.0 s" in phase.detail
    finding = next(finding for finding in judged.findings if finding.rule == "UNE011")
    assert "answered the push of 08:00:50Z" in finding.message


def test_a_push_before_the_alert_or_to_another_device_probes_nothing():
    story = Story().ordinary("1")
    story.line("note", text="push sent", name="push")
    assert silence(story.watch(5).alert("2").watch(70), 60)[2].episodes[0].case.silence.probe is None
    story = Story()
    story.device = "OTHER"
    story.ordinary("9").device = DEVICE
    story.watch(5).alert("2").watch(5)
    story.line("note", text="push to OTHER", name="push")
    judged = story.watch(70).judge()
    assert judged.episodes[0].case.silence.probe is None


def test_a_mark_of_another_name_is_no_push():
    story = user()
    story.line("note", text="push", name="hand")
    assert silence(story.watch(70), 60)[2].episodes[0].case.silence.probe is None


@pytest.mark.parametrize("number", ["9" * 400, "9" * 5000, "\u0661\u0662", "1e3", "-5", ""])
def test_numbers_that_no_device_could_keep_are_none(number):
    story = polling(IntervalForFirstSetOfRetries=number)
    judged = story.watch(70).judge(quiet=None)
    assert judged.errors == []
    assert "neither poll settings" in judged.episodes[0].case.quiet.source
