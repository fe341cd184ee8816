from tests.story import Story, user


def test_passes_with_a_message():
    assert user().watch(70).judge().findings == []


def test_reports_an_empty_reply_as_an_info():
    story = Story()
    story.exchange(story.package_one("1"), b"")
    judged = story.judge()
    assert [(f.rule, f.severity, f.party) for f in judged.findings] == [("HTP005", "info", "server")]
    assert judged.verdict.word == "pass"
