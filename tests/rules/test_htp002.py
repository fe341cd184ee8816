import pytest

from tests.story import Story, only, rules_of, user


def test_passes_with_post():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize("method", ["PUT", "GET", "PATCH", "post"])
def test_fails_with_another(method):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request), method=method)
    finding = only(story.judge(), "HTP002")
    assert (finding.severity, finding.party, finding.exchange) == ("error", "device", 1)
    assert repr(method) in finding.message


def test_a_message_that_is_fetched_is_oma_dm_too():
    story = Story()
    story.exchange(None, story.answer(story.package_one("1")), method="GET", headers=[])
    assert "HTP002" in rules_of(story.judge())


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_other_traffic_is_left_alone(method):
    story = Story().ordinary("1")
    story.exchange(None, b"hello", method=method, headers=[], response_headers=[["Content-Type", "text/plain"]])
    assert story.judge().findings == []


def test_where_the_source_does_not_say_it_nothing_is_said():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request), method=None)
    assert story.judge().findings == []


def test_every_message_of_a_session_is_one_finding():
    story = Story()
    for number in (1, 2):
        request = story.package_one("1") if number == 1 else story.to_server("1", 2, [])
        story.exchange(request, b"", method="PUT")
    found = [f for f in story.judge().findings if f.rule == "HTP002"]
    assert [f.exchange for f in found] == [1]
    assert found[0].also == (2,)
