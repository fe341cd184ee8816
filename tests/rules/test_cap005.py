from tests.story import only, user


def test_passes_where_time_goes_on():
    assert user().watch(70).judge().findings == []


def test_warns_where_it_runs_backwards():
    story = user().watch(70)
    for line in story.lines[-3:]:
        line["t"] -= 3600
    judged = story.judge()
    finding = only(judged, "CAP005")
    assert (finding.severity, finding.party) == ("warning", "proxy")
    assert judged.verdict.word == "pass"
    assert judged.episodes[0].case.window.seconds == 70  # the steady clock is what counts


def test_how_often_it_runs_backwards():
    for times, said in ((1, ""), (2, ", and 1 times more"), (3, ", and 2 times more")):
        story = user().watch(70)
        for place in range(times):
            for line in story.lines[-3 * (place + 1) :]:
                line["t"] -= 3600
        message = only(story.judge(), "CAP005").message
        assert message.partition(", and")[1:] == tuple(said.partition(", and")[1:])
