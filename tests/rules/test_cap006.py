from tests.story import Story, only, rules_of, user


def test_passes_where_the_recorder_was_watching_all_along():
    assert user().watch(70).judge().findings == []


def test_a_pause_of_three_intervals_is_no_gap():
    assert rules_of(user().watch(30).wait(10).watch(30).judge()) == []


def test_inconclusive_with_a_gap():
    judged = user().watch(30).wait(16).watch(40).judge()
    finding = only(judged, "CAP006")
    assert (finding.severity, finding.party) == ("inconclusive", "proxy")
    assert judged.verdict.word == "inconclusive"


def test_a_second_recording_is_a_gap_however_short():
    story = user().watch(30)
    story.close().line("open", format="omadm-journal", version=1, tool="t", mode="regular", redacted=False, interval=5)
    only(story.watch(40).judge(), "CAP006")


def test_a_gap_before_the_window_does_not_count():
    from tests.story import Story

    assert rules_of(Story().ordinary("1").wait(100).alert("2").watch(70).judge()) == []


def test_where_the_silence_was_broken_a_gap_says_nothing():
    assert "CAP006" not in rules_of(user().watch(30).wait(16).watch(10).ordinary("3").watch(40).judge())


def test_it_stands_at_the_alert_else_at_the_exec():
    assert only(user().watch(30).wait(16).watch(40).judge(), "CAP006").exchange == 2
    judged = Story().exec("1").watch(30).wait(16).watch(40).judge()
    assert [finding.exchange for finding in judged.findings if finding.rule == "CAP006"] == [1]
