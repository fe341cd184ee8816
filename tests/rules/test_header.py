"""What is asked of a message's header, where one rule's answer leads to another's (MSG002, MSG003)."""

import pytest

from tests.story import Story, rules_of


def answered_in(namespace, ver_dtd, ver_proto):
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request).replace(b"SYNCML:SYNCML1.2", namespace.encode())
    answer = answer.replace(b"<VerDTD>1.2<", f"<VerDTD>{ver_dtd}<".encode())
    story.exchange(request, answer.replace(b">DM/1.2<", f">{ver_proto}<".encode()))
    return story.judge()


@pytest.mark.parametrize(("ver_dtd", "ver_proto"), [("1.1", "DM/1.1"), ("1.1", "DM/1.2"), ("1.2", "DM/1.1")])
def test_version_1_1_in_its_namespace_is_one_cause(ver_dtd, ver_proto):
    assert rules_of(answered_in("SYNCML:SYNCML1.1", ver_dtd, ver_proto)) == ["MSG003"]


@pytest.mark.parametrize("namespace", ["SYNCML:SYNCML1.3", ""])
def test_in_another_namespace_it_is_two(namespace):
    assert rules_of(answered_in(namespace, "1.1", "DM/1.1")) == ["MSG002", "MSG003"]


def test_in_that_of_1_2_the_namespace_is_right_and_not_spoken_of():
    (finding,) = answered_in("SYNCML:SYNCML1.2", "1.1", "DM/1.1").findings
    assert finding.rule == "MSG003"
    assert "namespace" not in finding.message


def test_what_is_missing_is_called_so():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request).replace(b"<VerDTD>1.2</VerDTD>", b""))
    (finding,) = story.judge().findings
    assert finding.message.endswith(": VerDTD is missing; expected '1.2'")
