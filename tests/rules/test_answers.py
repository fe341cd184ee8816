"""What is asked of a message without an answer, where HTP006 and CAP003 have no test of their own for it."""

import pytest

from tests.story import Story, rules_of


def found(story: Story, **options) -> list[str]:
    """The exchanges of HTP006, and how each ended."""
    judged = story.judge(**options)
    assert judged.errors == []
    return [f"{each.exchange}: {each.message}" for each in judged.findings if each.rule == "HTP006"]


@pytest.mark.parametrize("failure", [None, "client-closed", "proxy-stopped"])
def test_what_the_proxy_answered_says_nothing_of_the_server(failure):
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"", status=503, by="proxy", failure=failure)
    assert found(story.watch(70)) == []


@pytest.mark.parametrize("failure", ["server-closed", "timeout"])
def test_what_the_proxy_answered_for_a_server_that_did_not_is_named(failure):
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"", status=502, by="proxy", failure=failure)
    assert found(story) == ["2: no response: what the device got (HTTP 502) was made by the proxy"]


def test_a_request_may_wait_until_the_quiet_time_is_over():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), None, takes=0.0)
    story.watch(64)
    assert found(story, quiet=64.5) == []
    assert found(story, quiet=64.0) == ["2: no response: none came while the recorder was watching"]


def test_what_is_no_message_needs_no_answer_of_a_server():
    story = Story().ordinary("1")
    story.exchange(None, None, failure="timeout", url="https://mdm.example.test/logo.png", headers=[])
    assert rules_of(story.watch(70).judge()) == []
