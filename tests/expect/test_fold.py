"""One cause, one finding."""

import pytest

from replay.expect.finding import Finding, Party, Severity
from replay.expect.fold import fold
from replay.lab import messages
from tests.story import Story, user


def counting(story: Story, session: str, number: int) -> Story:
    """An ordinary session whose server answers with a MsgID that it counts across sessions."""
    request = story.package_one(session)
    answer = story.answer(request).replace(b"<MsgID>1</MsgID>", f"<MsgID>{number}</MsgID>".encode(), 1)
    story.exchange(request, answer)
    return story.watch(5)


def found(story: Story):
    return [finding for finding in story.judge().findings if finding.severity != "info"]


def test_the_same_mistake_in_every_session_is_one_finding():
    story = Story()
    for number in range(2, 9):
        counting(story, str(number), number)
    (finding,) = found(story)
    assert (finding.rule, finding.exchange, finding.also) == ("MSG007", 1, (2, 3, 4, 5, 6, 7))


def test_another_servers_mistake_is_another():
    story = counting(Story(), "2", 2)
    story.url = "https://other.example.test/mdm"
    assert [(f.rule, f.also) for f in found(counting(story, "3", 3))] == [("MSG007", ()), ("MSG007", ())]


def test_an_episode_keeps_its_own():
    story = counting(counting(Story(), "1", 2), "2", 3)
    request = story.package_one("3", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request).replace(b"<MsgID>1</MsgID>", b"<MsgID>9</MsgID>", 1))
    judged = story.watch(70).judge()
    assert [(f.exchange, f.also) for f in judged.findings] == [(1, (2,)), (3, ())]
    assert judged.episodes[0].verdict.word == "fail"


def answered_by(story: Story, session: str, status: str, uri: str = "./DevDetail/SwV") -> None:
    """A session in which the server sends a Get with an address, and the device answers it with a Status code."""
    request = story.package_one(session)
    story.exchange(request, story.answer(request, messages.get(9, uri)))
    owed = [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "9", "Get", status)]
    reply = story.to_server(session, 2, owed)
    story.exchange(reply, story.answer(reply))


def test_a_devices_mistake_is_its_own_whatever_server_it_talks_to():
    story = Story()
    answered_by(story, "1", "299")
    story.url = "https://other.example.test/mdm"
    answered_by(story, "2", "299")
    assert [(f.rule, f.exchange, f.also) for f in found(story)] == [("STA006", 2, (4,))]
    story.device, story.client = "OTHER", "10.0.0.6:50000"
    answered_by(story, "3", "299")
    assert [(f.rule, f.exchange, f.also) for f in found(story)] == [("STA006", 2, (4,)), ("STA006", 6, ())]


def test_codes_are_part_of_the_mistake():
    story = Story()
    for session, code in enumerate(["299", "298", "299"], 1):
        answered_by(story, str(session), code)
    assert [(f.rule, f.exchange, f.also) for f in found(story)] == [("STA006", 2, (6,)), ("STA006", 4, ())]


def test_http_codes_too():
    story = Story()
    for session, status in enumerate([500, 404, 500], 1):
        story.exchange(story.package_one(str(session)), b"", status=status)
    assert [(f.rule, f.exchange, f.also) for f in found(story)] == [("HTP003", 1, (3,)), ("HTP003", 2, ())]


def test_addresses_are_not():
    story = Story()
    for session, uri in enumerate(["/DevDetail/SwV", "/Vendor/MSFT/Policy/A B"], 1):
        answered_by(story, str(session), "404", uri)
    assert [(f.rule, f.exchange, f.also) for f in found(story)] == [("MSG014", 1, (3,))]


def test_findings_on_unenrolments_are_never_folded():
    story = user().watch(5).ordinary("3").watch(5).ordinary("4")
    assert all(finding.also == () for finding in found(story))


def mistake(
    exchange: int | None, rule: str = "MSG007", party: Party = Party.SERVER, also: tuple[int, ...] = ()
) -> Finding:
    return Finding(rule=rule, severity=Severity.ERROR, party=party, message="as before", exchange=exchange, also=also)


def folded(*findings: Finding) -> list[tuple[int | None, tuple[int, ...]]]:
    return [(finding.exchange, finding.also) for finding in fold(findings, lambda finding: "one server")]


@pytest.mark.parametrize("rule", ["MSG001", "STA001", "AUT001", "LOB001", "HTP001", "UNE023"])
def test_rules_on_messages_answers_and_transport_are_folded(rule):
    assert folded(mistake(1, rule), mistake(4, rule), mistake(9, rule)) == [(1, (4, 9))]


@pytest.mark.parametrize("rule", ["UNE001", "UNE022", "CAP001"])
def test_rules_on_one_episode_or_one_recording_are_not(rule):
    assert folded(mistake(1, rule), mistake(4, rule)) == [(1, ()), (4, ())]


def test_what_the_recording_lacks_is_never_folded():
    assert folded(mistake(1, party=Party.PROXY), mistake(4, party=Party.PROXY)) == [(1, ()), (4, ())]


def test_what_has_no_exchange_is_never_folded():
    assert folded(mistake(None), mistake(None)) == [(None, ()), (None, ())]


def test_the_same_mistake_twice_in_an_exchange_stays_two():
    assert folded(mistake(1), mistake(1), mistake(4)) == [(1, (4,)), (1, ())]


def test_what_was_folded_part_by_part_is_folded_as_if_it_had_been_one():
    assert folded(mistake(1, also=(3, 8)), mistake(5, also=(6,)), mistake(8)) == [(1, (3, 5, 6, 8))]
