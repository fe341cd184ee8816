from replay.expect.finding import Verdict
from tests.story import Story, only, user


def test_passes_where_the_last_line_is_whole():
    assert user().watch(70).judge().findings == []


def test_inconclusive_where_the_last_line_is_cut(tmp_path):
    from replay.capture.readers import read
    from replay.expect.judge import judge

    path = user().watch(70).save(tmp_path / "cut.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    judged = judge(read(str(path)))
    finding = only(judged, "CAP002")
    assert (finding.severity, finding.party) == ("inconclusive", "proxy")
    assert "middle of a line" in finding.message
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert len(judged.episodes) == 1  # everything up to the cut is judged


def test_a_line_in_the_middle_that_cannot_be_read_hides_nothing_else():
    story = user()
    story.lines.insert(3, '{"type": "request", "t": ')
    assert only(story.watch(70).judge(), "CAP002").message.startswith("line 4")


def test_a_response_without_its_request():
    story = Story()
    story.line("response", id="99", status=200, reason="", http="", headers=[], body=None, by="server")
    only(story.ordinary("1").judge(), "CAP002")


def test_inconclusive_where_the_recorder_says_that_it_failed():
    story = user()
    story.line("note", name="recorder-failed", text="the recorder failed in its hook 'request': KeyError: 'x'")
    judged = story.watch(70).judge()
    assert "KeyError" in only(judged, "CAP002").message
    assert judged.verdict is Verdict.INCONCLUSIVE
