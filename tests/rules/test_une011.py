import pytest

from tests.story import Story, only, rules_of, user

ENROLMENT = "https://mdm.example.test/EnrollmentServer/Enrollment.svc"
OTHER = "FEDCBA9876543210FEDCBA9876543210"


def enrol(story: Story, body: bytes = b"<Envelope/>", **more) -> Story:
    story.exchange(
        body, b"<Envelope/>", **{"url": ENROLMENT, "headers": [["Content-Type", "application/soap+xml"]], **more}
    )
    return story


def test_passes_in_silence():
    assert user().watch(70).judge().findings == []


def test_fails_with_a_further_session():
    judged = user().watch(30).ordinary("3").watch(5).ordinary("4").watch(70).judge()
    finding = only(judged, "UNE011")
    assert (finding.severity, finding.party, finding.exchange) == ("error", "device", 3)
    assert "session 3 (SessionID 3), and 1 more" in finding.message


def test_a_session_that_could_not_be_delivered_is_one_all_the_same():
    story = user().watch(30)
    story.exchange(story.package_one("3"), None, failure="connect-failed")
    only(story.watch(70).judge(), "UNE011")


def test_another_device_may_speak():
    story = user().watch(30)
    story.device, story.client = OTHER, "10.0.0.6:50000"
    assert story.ordinary("9").watch(70).judge().findings == []


def test_a_session_after_the_device_was_enrolled_again_belongs_to_the_new_enrolment():
    story = enrol(user().watch(70), f"<Value>{story_device()}</Value>".encode())
    judged = story.ordinary("3").watch(5).judge()
    assert rules_of(judged) == []
    assert judged.episodes[0].case.window.ended_by == "enrolled-again"


def story_device() -> str:
    return Story().device


def test_an_enrolment_request_from_the_same_address_counts_where_no_other_device_uses_it():
    assert rules_of(enrol(user().watch(70)).ordinary("3").judge()) == []


def test_inconclusive_where_the_enrolment_request_cannot_be_attributed():
    story = user()
    story.device = OTHER
    story.ordinary("8").watch(70)  # two devices behind one address
    enrol(story)
    story.device = story_device()
    judged = story.ordinary("3").watch(70).judge()
    finding = only(judged, "UNE011")
    assert finding.severity == "inconclusive"
    assert finding.message.startswith(
        "the device opens session 4 (SessionID 3) after the alert session; silence was due. An "
    )
    assert judged.verdict.word == "inconclusive"


def test_a_port_that_the_scheme_implies_is_no_other_server():
    story = user().watch(30)
    story.url = story.url.replace("example.test", "example.test:443")
    only(story.ordinary("3").watch(70).judge(), "UNE011")


def test_a_new_device_behind_the_same_address_enrols_itself():
    story = user().watch(70)
    enrol(story, b'<ContextItem Name="DeviceID"><Value>SOMEBODY-ELSE</Value></ContextItem>')
    only(story.ordinary("3").watch(70).judge(), "UNE011")


@pytest.mark.parametrize(("device_id", "found"), [("SOMEBODY-ELSE", ["UNE011"]), ("7", [])])
def test_a_short_id_that_stands_in_an_enrolment_request_by_chance_is_nobodys(device_id, found):
    story = Story(device="7").ordinary("1").watch(5).alert("2").watch(70)
    item = f'<ContextItem Name="DeviceID"><Value>{device_id}</Value></ContextItem><Value u:Id="7">7</Value>'
    enrol(story, item.encode())
    assert rules_of(story.ordinary("3").watch(70).judge()) == found


def test_a_session_whose_first_request_was_not_kept():
    story = user().watch(20)
    request = story.package_one("3")
    story.exchange(None, story.answer(request))
    assert "UNE011" in rules_of(story.go_on("3", 2).watch(70).judge())


def test_a_refused_enrolment_enrols_nobody():
    story = enrol(user().watch(70), status=500)
    only(story.ordinary("3").watch(70).judge(), "UNE011")


def test_a_session_between_the_exec_and_the_alert_is_not_named():
    story = Story().exec("1").wait(1).ordinary("2").wait(1).alert("3").watch(5).ordinary("4").watch(70)
    found = [each.message for each in story.judge().findings if each.rule == "UNE011"]
    assert found == ["the device opens session 4 (SessionID 4) after the alert session; silence was due"]


def test_a_push_that_was_answered_is_named():
    story = user().watch(5)
    story.line("note", text="sent", name="push")
    (finding,) = [each for each in story.watch(2).ordinary("3").watch(70).judge().findings if each.rule == "UNE011"]
    assert finding.message.startswith(
        "the device opens session 3 (SessionID 3) after the alert session; silence was due; "
    )
    assert "push" in finding.message


def test_a_push_that_nothing_answered_is_not_named():
    story = user().watch(5).ordinary("3").watch(5)
    story.line("note", text="sent", name="push")
    (finding,) = [each for each in story.watch(70).judge().findings if each.rule == "UNE011"]
    assert finding.message == "the device opens session 3 (SessionID 3) after the alert session; silence was due"
