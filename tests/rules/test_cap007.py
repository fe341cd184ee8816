from tests.story import Story, only, rules_of, user

OTHER = "FEDCBA9876543210FEDCBA9876543210"


def test_passes_where_everything_was_read():
    assert user().watch(70).judge().findings == []


def test_inconclusive_where_a_request_in_the_window_cannot_be_read():
    story = user().watch(20)
    story.exchange(b"<SyncML", None, failure="server-closed")
    judged = story.watch(70).judge()
    assert rules_of(judged) == ["CAP007", "MSG001"]
    assert {f.rule: f.severity for f in judged.findings}["CAP007"] == "inconclusive"
    assert judged.episodes[0].case.silence.status == "unobservable"


def test_not_where_its_address_shows_another_device():
    story = Story().ordinary("1")
    story.device, story.client = OTHER, "10.0.0.6:1"
    story.ordinary("9")
    story.device, story.client = Story().device, "10.0.0.5:2"
    story.alert("2").watch(20)
    story.client = "10.0.0.6:3"
    story.exchange(b"<SyncML", None, failure="server-closed")
    assert rules_of(story.watch(70).judge()) == ["MSG001"]


def test_not_before_the_alert_nor_to_another_host():
    story = Story().ordinary("1")
    story.exchange(b"<SyncML", b"")
    story.alert("2").watch(5)
    story.exchange(b"<SyncML", b"", url="https://other.example.test/mdm")
    assert "CAP007" not in rules_of(story.watch(70).judge())


def test_a_connection_in_which_no_request_was_read():
    story = user().watch(20)
    story.line("connect", conn="x", client="10.0.0.5:9", sni="mdm.example.test", host="mdm.example.test")
    story.line(
        "failure", id=None, conn="x", cause="tls-failed", detail="the client does not trust the proxy", received=None
    )
    assert "does not trust" in only(story.watch(70).judge(), "CAP007").message


def test_a_connection_elsewhere_does_not_count():
    story = user().watch(20)
    story.line("connect", conn="x", client="10.0.0.5:9", sni="telemetry.example.test", host="telemetry.example.test")
    assert rules_of(story.watch(70).judge()) == []


def test_an_envelope_in_the_window():
    from tests.rules.test_cap004 import ENVELOPE

    story = user().watch(20)
    story.exchange(ENVELOPE, b"")
    only(story.watch(70).judge(), "CAP007")


def broken(story: Story, conn: str | None) -> Story:
    story.line("failure", id=None, conn=conn, cause="client-closed", detail="", received=None)
    return story


def test_a_request_that_broke_off_on_the_connection_of_the_alert():
    only(broken(user().watch(20), "c2").watch(70).judge(), "CAP007")


def test_a_connection_from_before_the_window_on_which_a_request_broke_off_in_it():
    story = Story().ordinary("1")
    story.line("connect", conn="x", client="10.0.0.5:9", sni=None, host="mdm.example.test")
    only(broken(story.alert("2").watch(20), "x").watch(70).judge(), "CAP007")


def test_requests_that_broke_off_on_no_known_connection():
    story = broken(Story().ordinary("1"), None)
    only(broken(story.alert("2").watch(20), None).watch(70).judge(), "CAP007")


def test_a_connection_of_the_same_name_in_an_earlier_recording_does_not_count():
    story = Story().ordinary("1")
    story.close().line("open", format="omadm-journal", version=1, tool="t", mode="regular", redacted=False, interval=5)
    story.alert("2").watch(20)
    story.line("connect", conn="c1", client="10.0.0.5:9", sni=None, host="mdm.example.test")
    only(story.watch(70).judge(), "CAP007")


def test_a_message_that_does_not_say_whose_it_is():
    story = user().watch(20)
    story.device = ""
    assert "CAP007" in rules_of(story.ordinary("7").watch(70).judge())


def test_an_address_known_for_nobody_shows_nobody():
    story = Story()
    story.device, story.client = "", "10.0.0.9:1"
    story.ordinary("7")
    story.device, story.client = Story().device, "10.0.0.5:1"
    story.alert("2").watch(20)
    story.client = "10.0.0.9:2"
    story.exchange(b"<SyncML", b"")
    assert "CAP007" in rules_of(story.watch(70).judge())


def passed_through(*, ended: str) -> Story:
    """A connection that began before the alert, was passed through unread, and ended then, or later, or nobody knows when."""
    story = Story()
    story.line("connect", conn="x", client="10.0.0.5:9", sni="mdm.example.test", host="mdm.example.test")
    story.line("failure", id=None, conn="x", cause="other", detail="passed through unread", received=None)
    if ended == "before":
        story.line("disconnect", conn="x", side="client")
    story.ordinary("1").alert("2").watch(20)
    if ended == "after":
        story.line("disconnect", conn="x", side="client")
    return story.watch(50)


def test_a_connection_that_was_passed_through_counts_for_as_long_as_it_lasted():
    assert "passed through" in only(passed_through(ended="after").judge(), "CAP007").message
    assert "passed through" in only(passed_through(ended="never").judge(), "CAP007").message
    assert rules_of(passed_through(ended="before").judge()) == []


def test_it_says_how_many_there_are_and_stands_at_the_first():
    for times, more in ((1, ""), (2, "; 2 such in all"), (3, "; 3 such in all")):
        story = user().watch(20)
        for _ in range(times):
            story.exchange(b"<SyncML", None, failure="server-closed")
        (finding,) = [each for each in story.watch(70).judge().findings if each.rule == "CAP007"]
        assert finding.message == f"exchange {finding.exchange} could not be read and may have been the device's{more}"
        assert (finding.side, finding.episode) == ("request", 1)


def test_where_the_silence_was_broken_it_says_nothing():
    story = user().watch(20)
    story.exchange(b"<SyncML", None, failure="server-closed")
    assert "CAP007" not in rules_of(story.ordinary("3").watch(70).judge())
