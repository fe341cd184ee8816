import io

from replay.capture.journal_reader import read
from replay.capture.sessions import Session, assemble
from replay.lab import messages
from tests.story import Story


def sessions(story: Story) -> list[Session]:
    return assemble(read(io.BytesIO(story.text()), "x")).sessions


def shown(session: Session) -> list[tuple]:
    return [
        (
            ref.answer.turn.number,
            ref.answer.side,
            ref.answer.command.name,
            None
            if ref.to is None
            else (ref.to.turn.number, ref.to.side, ref.to.command.name if ref.to.command else "SyncHdr"),
        )
        for ref in session.references()
    ]


def test_statuses_and_results_point_to_what_they_answer():
    story = Story().get_session("1")
    answer = [messages.status(2, "1", "9", "Get", "200"), messages.results(3, "1", "9", "./DevDetail/SwV", "10")]
    found = shown(sessions(story.go_on("1", 2, *answer))[0])
    assert found[:2] == [
        (1, "response", "Status", (1, "request", "SyncHdr")),
        (1, "response", "Status", (1, "request", "Alert")),
    ]
    assert (2, "request", "Status", (1, "response", "SyncHdr")) in found
    assert (2, "request", "Status", (1, "response", "Get")) in found
    assert (2, "request", "Results", (1, "response", "Get")) in found
    assert all(to is not None for *_, to in found)


def test_what_was_not_sent_dangles():
    story = (
        Story()
        .get_session("1")
        .go_on("1", 2, messages.status(2, "7", "9", "Get", "200"), messages.status(3, "1", "8", "Get", "200"))
    )
    assert [to for number, side, _, to in shown(sessions(story)[0]) if number == 2 and side == "request"][1:] == [
        None,
        None,
    ]


def test_a_command_inside_a_group_is_found():
    story = Story()
    request = story.package_one("1")
    atomic = f"<Atomic><CmdID>8</CmdID>{messages.get(9, './x')}</Atomic>"
    story.exchange(request, story.answer(request, atomic))
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"))
    reference = [ref for ref in sessions(story)[0].references() if ref.answer.turn.number == 2][1]
    assert reference.to.place == (4, 0)


def test_numbers_are_text():
    story = Story()
    request = story.package_one("1")
    story.exchange(
        request,
        story.answer(
            request, messages.get(1, "./a").replace(">1<", ">01<"), messages.get(1, "./b").replace(">1<", ">x<")
        ),
    )
    story.go_on("1", 2, messages.status(2, "1", "x", "Get", "200"), messages.status(3, "1", "01", "Get", "200"))
    tos = [
        ref.to for ref in sessions(story)[0].references() if (ref.answer.turn.number, ref.answer.side) == (2, "request")
    ][1:]
    assert [to.command.items[0].target.uri for to in tos] == ["./b", "./a"]


def test_of_a_message_id_used_twice_the_later_is_meant():
    story = Story().get_session("1")
    again = story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")])
    answer = story.to_device("1", 1, [messages.status(1, "2", "0", "SyncHdr", "200"), messages.get(9, "./later")])
    story.exchange(again, answer)
    story.go_on("1", 3, messages.status(2, "1", "9", "Get", "200"), server_number="1")
    reference = [ref for ref in sessions(story)[0].references() if ref.answer.turn.number == 3][1]
    assert reference.to.command.items[0].target.uri == "./later"


def test_an_asynchronous_alert_answers_the_exec_of_its_correlator():
    execute = (
        "<Exec><CmdID>9</CmdID><Correlator>abc</Correlator><Item><Target><LocURI>./x</LocURI></Target></Item></Exec>"
    )
    alert = "<Alert><CmdID>7</CmdID><Data>1226</Data><Correlator>abc</Correlator></Alert>"
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, execute))
    story.exchange(story.package_one("2", alert=alert), b"")
    _, second = sessions(story)
    assert [ref.to.turn.number for ref in second.references() if ref.answer.command.name == "Alert"] == [1]


def test_the_real_peers_references_all_resolve(shared_data):
    from replay.capture.readers import read as read_any

    for name in ("normal", "unenroll"):
        traffic = assemble(read_any(str(shared_data / "peers" / f"client-{name}-xml-then-wbxml.mitm")))
        assert len(traffic.sessions) == 2
        assert all(ref.to is not None for session in traffic.sessions for ref in session.references())
