"""`--quiet auto` and pushes: does the device call at its scheduled time, does it answer (UNENR)."""

import base64
import io

import pytest
from msgspec import structs

from replay.capture.journal_reader import read
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.expect.schedule import QUIET
from replay.lab import messages
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
            {"NumberOfFirstRetries": "0", "IntervalForFirstSetOfRetries": "1", "IntervalForSecondSetOfRetries": "60"},
            60,
        ),
        (
            {"NumberOfFirstRetries": "0", "IntervalForFirstSetOfRetries": "0", "IntervalForSecondSetOfRetries": "60"},
            3600,
        ),
        (
            {"NumberOfFirstRetries": "5", "IntervalForFirstSetOfRetries": "30", "IntervalForSecondSetOfRetries": "1"},
            1800,
        ),
        (
            {
                "NumberOfFirstRetries": "5",
                "IntervalForFirstSetOfRetries": "3",
                "NumberOfSecondRetries": "0",
                "IntervalForSecondSetOfRetries": "60",
                "IntervalForRemainingScheduledRetries": "1440",
            },
            3600,
        ),
    ],
)
def test_the_longest_interval_that_can_be_in_force(settings, seconds):
    assert silence(polling(**settings))[0].seconds == seconds


def test_settings_that_are_no_numbers_or_are_written_after_the_alert_are_none():
    quiet, _, _ = silence(polling(IntervalForRemainingScheduledRetries="soon"))
    assert "neither poll settings nor two earlier sessions" in quiet.source


def told(*commands: str) -> Story:
    """A device that is told these in its first session, and leaves in its second."""
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, *commands))
    return story.watch(30).alert("2")


def test_which_commands_write_settings():
    added = told(write(9, "IntervalForRemainingScheduledRetries", "1", "Add"))
    assert silence(added)[0].source == "the poll interval of 60 s that the server wrote in exchange 1"
    others = [
        write(9, "IntervalForRemainingScheduledRetries", "7", "Get"),
        write(10, "IntervalForRemainingScheduledRetries", "").replace("<Data></Data>", ""),
        "<Replace><CmdID>11</CmdID><Item><Data>7</Data></Item></Replace>",
        "<Replace><CmdID>12</CmdID><Item><Target><LocURI>./X</LocURI></Target><Data>7</Data></Item></Replace>",
        write(13, "PollOnLogin", f"<BinarySecurityToken>{TOKEN}</BinarySecurityToken>"),
    ]
    quiet, _, judged = silence(told(*others))
    assert "neither poll settings" in quiet.source
    assert judged.errors == []


def test_what_is_written_from_the_alert_on_is_too_late():
    story = Story().ordinary("1").watch(30)
    request = story.package_one("2", alert=messages.unenrol_alert())
    late = [write(9, "IntervalForRemainingScheduledRetries", "7")]
    story.exchange(request, story.answer(request, *late))
    request = story.watch(5).package_one("3")
    story.exchange(request, story.answer(request, *late))
    assert "neither poll settings" in silence(story)[0].source


def test_an_enrolment_request_that_was_not_answered_writes_nothing():
    story = Story()
    story.exchange(
        b"<Envelope/>",
        None,
        failure="server-closed",
        url="https://mdm.example.test/EnrollmentServer/Enrollment.svc",
        headers=[["Content-Type", "application/soap+xml"]],
    )
    enrolled = {"url": "https://mdm.example.test/EnrollmentServer/Enrollment.svc"}
    story.exchange(b"<Envelope/>", b"", headers=[["Content-Type", "application/soap+xml"]], **enrolled)
    story.lines[-1]["body"] = None  # nor one whose answer was not kept
    quiet, _, judged = silence(story.watch(5).alert("1").watch(5))
    assert "neither poll settings" in quiet.source
    assert judged.errors == []


def test_without_a_clock_there_is_no_gap():
    capture = read(io.BytesIO(Story().ordinary("1").watch(200).ordinary("2").alert("3").text()), "story.jsonl")
    capture.stretches = []
    for exchange in capture.exchanges:
        exchange.at = None
    judged = judge(capture, Options(quiet=None))
    assert judged.errors == []
    assert "neither poll settings" in judged.episodes[0].case.quiet.source


DOCUMENT = (
    b'<wap-provisioningdoc><characteristic type="Poll">'
    b'<parm name="IntervalForFirstSetOfRetries" value="4" datatype="integer"/>'
    b'<parm datatype="integer" value="10" name="NumberOfFirstRetries"/>'
    b'<parm name="IntervalForSecondSetOfRetries" value="soon"/><parm name="IntervalForSecondSetOfRetries\xff" value="9\xff"/>'
    b"<parm/></characteristic></wap-provisioningdoc>"
)
TOKEN = base64.encodebytes(DOCUMENT).decode()  # in lines


@pytest.mark.parametrize("client", ["10.0.0.5:50000", "[::1]:50000", None])
def test_the_settings_of_the_provisioning_document(client):
    story = Story()
    story.client = client
    story.exchange(
        b"<Envelope/>",
        b'<s:Envelope><wsse:BinarySecurityToken ValueType="x">'
        + TOKEN.encode()
        + b"</wsse:BinarySecurityToken></s:Envelope>",
        url="https://mdm.example.test/EnrollmentServer/Enrollment.svc",
        headers=[["Content-Type", "application/soap+xml"]],
    )
    quiet, _, _ = silence(story.watch(5).alert("1").watch(5))
    assert (quiet.seconds, quiet.source.rsplit(" ", 1)[1]) == (240, "1")


@pytest.mark.parametrize(
    ("enrolling", "leaving"), [("10.0.0.6", "10.0.0.5"), ("fe80::1", "fe80::2"), ("[::1]:9", "[::2]:9")]
)
def test_the_settings_that_another_address_was_sent_are_no_ones_here(enrolling, leaving):
    story = Story()
    story.client = enrolling
    story.exchange(
        b"<Envelope/>",
        b'<wsse:BinarySecurityToken ValueType="x">' + TOKEN.encode() + b"</wsse:BinarySecurityToken>",
        url="https://mdm.example.test/EnrollmentServer/Enrollment.svc",
        headers=[["Content-Type", "application/soap+xml"]],
    )
    story.client = leaving
    assert "neither poll settings" in silence(story.watch(5).alert("1").watch(5))[0].source


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


def marked(*names: str, text: str = "sent") -> Story:
    """A user's unenrolment with marks in the window, ten seconds between them."""
    story = user()
    for name in names:
        story.watch(10).line("note", text=text, name=name)
    return story


def probe_of(story: Story):
    judged = story.judge()
    assert judged.errors == []
    return judged.episodes[0].case.silence.probe


def test_of_several_pushes_the_last_counts_or_the_first_that_was_answered():
    assert probe_of(marked("push", "push").watch(50)).seconds == pytest.approx(50)
    story = marked("push").watch(3).ordinary("3")
    story.watch(10).line("note", text="again", name="push")
    assert probe_of(story.watch(70)).seconds == pytest.approx(3)


def test_a_push_before_the_window_hides_none_in_it():
    story = Story().ordinary("1")
    story.line("note", text="sent", name="push")
    story.watch(5).alert("2").watch(5).line("note", text="sent", name="push")
    story.watch(5).line("note", text="by hand", name="hand")
    assert probe_of(story.watch(65)).seconds == pytest.approx(70)


def test_a_push_that_names_the_device_itself_is_its_own():
    story = Story(device="")
    story.ordinary("9").device = DEVICE  # one that says nothing of itself is named by none
    story.ordinary("1").watch(5).alert("2").watch(5)
    story.line("note", text=f"push to {DEVICE}", name="push")
    judged = story.watch(70).judge()
    assert [each.case.silence.probe.seconds for each in judged.episodes] == [pytest.approx(70)]


def test_a_push_without_a_time_or_a_window_is_no_probe():
    capture = read(io.BytesIO(marked("push").watch(70).text()), "story.jsonl")
    capture.notes[0] = structs.replace(capture.notes[0], at=None)
    assert judge(capture).episodes[0].case.silence.probe is None
    for story in (marked("push").watch(70), marked("push").ordinary("3").watch(70)):
        capture = read(io.BytesIO(story.text()), "story.jsonl")
        capture.stretches = []
        judged = judge(capture)
        assert (judged.errors, judged.episodes[0].case.silence.probe) == ([], None)


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
