import pytest

from tests.story import Story, only, rules_of

CERT = {"subject": "CN=proxy", "sha256": "aa"}


def test_passes_where_the_server_answered_something_on_the_same_terms():
    judged = Story().ordinary("1").alert("2", response=None, failure="server-closed").watch(70).judge()
    assert rules_of(judged) == []


def test_inconclusive_where_nothing_was_ever_answered():
    judged = Story().alert("1", response=None, failure="server-closed").watch(70).judge()
    finding = only(judged, "CAP003")
    assert (finding.severity, finding.party, finding.exchange) == ("inconclusive", "proxy", 1)
    assert judged.verdict.word == "inconclusive"


def test_an_answer_under_another_certificate_proves_nothing():
    story = Story().ordinary("1")
    story.alert("2", response=None, failure="server-closed", server_saw=CERT)
    only(story.watch(70).judge(), "CAP003")


def test_an_answer_under_the_same_certificate_does():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, story.answer(first), server_saw=CERT)
    story.alert("2", response=None, failure="server-closed", server_saw=CERT)
    assert rules_of(story.watch(70).judge()) == []


def test_an_answer_of_another_port_proves_nothing():
    story = Story().ordinary("1")
    story.url = story.url.replace("example.test", "example.test:8443")
    only(story.alert("2", response=None, failure="server-closed").watch(70).judge(), "CAP003")


@pytest.mark.parametrize("light", [True, False])
def test_an_answer_to_other_traffic_does(light):
    story = Story()
    story.exchange(
        None, b"", url="https://mdm.example.test:443/robots.txt", headers=[], response_headers=[], light=light
    )
    assert rules_of(story.alert("2", response=None, failure="server-closed").watch(70).judge()) == []


def test_what_the_proxy_answered_proves_nothing():
    story = Story()
    story.exchange(story.package_one("1"), b"", status=502, by="proxy")
    judged = story.alert("2", response=None, failure="server-closed").watch(70).judge()
    assert "and 1 more" in only(judged, "CAP003").message  # one server, one finding


def test_two_devices_are_two_findings_and_each_episode_has_its_own():
    from replay.expect.judge import Scope

    story = Story().alert("1", response=None, failure="server-closed")
    story.device, story.client = "OTHER", "10.0.0.6:1"
    story.alert("1", response=None, failure="server-closed").watch(70)
    judged = story.judge()
    assert [each.verdict.word for each in judged.episodes] == ["inconclusive", "inconclusive"]
    assert story.judge(scope=Scope(device="OTHER")).verdict.word == "inconclusive"


def test_a_certificate_of_which_only_the_subject_is_known_is_not_none():
    story = Story().ordinary("1")
    story.alert("2", response=None, failure="server-closed", server_saw={"subject": "CN=proxy", "sha256": None})
    only(story.watch(70).judge(), "CAP003")
