"""The phases of an episode: which there are, and what is known of each."""

import pytest
from msgspec import structs

from replay.expect.finding import LONGEST
from replay.expect.phases import Phase
from replay.expect.scenarios import shipped
from replay.lab import messages
from tests.eventlog import Event, begun, policy, unenrolment
from tests.expect.test_evidence import USER_ALERT
from tests.expect.test_evidence import judge as evidenced
from tests.rules.test_une002 import challenged
from tests.story import Story, server, user


def phases(story: Story, **options: object) -> dict[str, Phase]:
    (episode,) = story.judge(**options).episodes
    return {phase.name: phase for phase in episode.phases}


def told(story: Story, name: str) -> tuple[str, int | None, str]:
    phase = phases(story)[name]
    return phase.status, phase.exchange, phase.detail


def test_each_scenario_has_its_own():
    assert list(phases(server().watch(70))) == ["trigger", "alert", "reply", "cleanup", "silence"]
    assert list(phases(user().watch(70))) == ["alert", "reply", "cleanup", "silence"]
    stays = Story().exec("1").alert("2", "2")
    assert list(phases(stays.watch(70))) == ["trigger", "alert", "reply"]


def test_a_trigger_that_was_not_seen_is_left_out():
    assert list(phases(Story().alert("2", "2").watch(70))) == ["alert", "reply"]


def test_those_of_the_scenario_that_is_expected_are_told_where_it_is_that_kind():
    short = structs.replace(shipped("server"), phases=("alert", "silence"))
    assert list(phases(server().watch(70), expect=short)) == ["alert", "silence"]
    assert list(phases(user().watch(70), expect=short)) == ["alert", "reply", "cleanup", "silence"]


def test_where_the_enrolment_stays_nothing_can_be_seen_of_what_does_not_happen():
    whole = structs.replace(shipped("unjoin-failed"), phases=("cleanup", "silence"))
    seen = phases(Story().alert("2", "2").watch(70), expect=whole)
    assert [(phase.name, phase.status) for phase in seen.values()] == [
        ("cleanup", "unobservable"),
        ("silence", "unobservable"),
    ]


def test_the_trigger_and_the_alert_are_where_they_were_seen():
    story = server().watch(70)
    status, exchange, detail = told(story, "trigger")
    assert (status, exchange) == ("observed", 2)
    assert detail.startswith("Exec ./Vendor/MSFT/DMClient/Provider/")
    assert told(story, "alert") == ("observed", 3, "Alert 1226 with Data '1', MsgID 1, in session 3 (SessionID 3)")


def test_an_alert_that_reached_nobody_says_why():
    story = Story().ordinary("1").alert("2", response=None, failure="connect-failed").watch(70)
    status, exchange, detail = told(story, "alert")
    assert (status, exchange) == ("observed", 2)
    assert detail == (
        "Alert 1226 with Data '1', MsgID 1, in session 2 (SessionID 2); it could not be delivered (connect-failed)"
    )
    assert told(story, "reply") == ("absent", 2, "connect-failed; none is needed")


def test_without_an_alert_there_is_nothing_to_answer():
    story = Story().ordinary("1").exec("2").watch(70)
    assert told(story, "alert") == ("absent", None, "no alert came; it is best effort")
    assert told(story, "reply") == ("absent", None, "there was no alert to answer")


def test_a_reply_that_never_came():
    story = Story().ordinary("1").alert("2", response=None).watch(70)
    assert told(story, "reply") == ("absent", 2, "none came while the recorder was watching; none is needed")


def test_what_the_proxy_made_is_no_reply():
    story = Story().ordinary("1").alert("2", response=b"", status=502, by="proxy", failure="connect-failed").watch(70)
    words = "what the device got (HTTP 502) was made by the proxy; none is needed"
    assert told(story, "reply") == ("absent", 2, words)


def test_the_reply_has_the_code_for_the_alert_and_no_other():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request, code="202", header_code="212"))
    assert told(story.watch(70), "reply") == ("observed", 2, "HTTP 200, Status 202 for the alert")
    assert told(Story().ordinary("1").alert("2", response=b"").watch(70), "reply")[2] == "HTTP 200"


def test_what_else_the_reply_carries_is_not_told():
    story = Story().ordinary("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request, messages.get(9, "./DevDetail/SwV")))
    assert told(story.watch(70), "reply")[2] == "HTTP 200, Status 200 for the alert"


def test_the_reply_is_the_one_to_the_alert_as_it_was_sent_again():
    story = challenged(Story().ordinary("1"), "2").watch(70)
    assert told(story, "alert")[1] == 2
    assert told(story, "reply")[:2] == ("observed", 3)
    repeated = user().watch(10).alert("3").watch(70)  # in another session it is no answer to the first
    assert told(repeated, "reply")[:2] == ("observed", 2)


def test_a_reply_that_broke_off_says_so():
    story = Story().ordinary("1").alert("2", failure="server-closed").watch(70)
    assert told(story, "reply")[2] == "HTTP 200; the response is cut"
    assert "cut" not in told(user().watch(70), "reply")[2]


def test_the_clean_up_is_what_the_silence_shows():
    assert told(user().watch(70), "cleanup") == (
        "inferred",
        None,
        "from the silence; there is no evidence from the device",
    )
    short = "it leaves no trace in the traffic but silence, which is not shown"
    assert told(user().watch(5), "cleanup") == ("unobservable", None, short)
    broken = user().watch(5).ordinary("3").watch(70)
    assert told(broken, "cleanup") == ("contradicted", None, "by traffic after it: session 3 began at exchange 3")


def test_evidence_stands_beside_a_silence_that_is_not_shown():
    judged = evidenced(user().watch(5), [begun(USER_ALERT - 1)])
    phase = next(each for each in judged.episodes[0].phases if each.name == "cleanup")
    assert phase.status == "unobservable"
    assert "which is not shown; the device's evidence: no step is named" in phase.detail


@pytest.mark.parametrize(
    ("logged", "status"),
    [
        ([policy(USER_ALERT + 1)], "observed"),
        ([Event(USER_ALERT + 1.6, 74)], "observed"),  # the end alone
        ([policy(USER_ALERT + 1, 818, "0x80070002")], "inferred"),  # failed, as there was nothing to remove
        ([], "inferred"),
    ],
    ids=["a step", "the end", "a step that removed nothing", "nothing"],
)
def test_the_clean_up_is_observed_where_something_was_removed_or_it_ended(logged, status):
    judged = evidenced(user().watch(70), [begun(USER_ALERT - 0.6), Event(USER_ALERT - 0.1, 48), *logged])
    assert next(each for each in judged.episodes[0].phases if each.name == "cleanup").status == status


def test_traffic_contradicts_what_the_evidence_says_was_done():
    judged = evidenced(user().watch(20).ordinary("3").watch(70), unenrolment(USER_ALERT))
    phase = next(each for each in judged.episodes[0].phases if each.name == "cleanup")
    assert phase.status == "contradicted"
    assert phase.detail.startswith("by traffic after it: session 3 began at exchange 3; the device's evidence: done: ")


def test_the_silence_stands_where_it_begins_or_where_it_was_broken():
    story = user()
    begin = story.lines[-1]["t"]
    kept = phases(story.watch(70))["silence"]
    assert (kept.status, kept.exchange, kept.at.wall) == ("observed", None, begin)
    story = user().watch(20)
    number = story.exchanges + 1
    broken = phases(story.ordinary("3").watch(70))["silence"]
    assert (broken.status, broken.exchange, broken.at.wall) == ("contradicted", number, begin + 20)


def test_what_a_hostile_capture_says_does_not_fill_a_phase():
    long = "9" * 5_000
    detail = phases(Story().ordinary("1").alert(long).watch(70))["alert"].detail
    assert "…" in detail
    assert max(map(len, detail.split())) <= LONGEST + 2
