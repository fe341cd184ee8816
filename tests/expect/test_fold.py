"""One cause, one finding."""

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
