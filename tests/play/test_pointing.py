"""Answers pointed at what the peer really sent."""

from replay.lab import messages
from replay.play.body import take_apart
from replay.play.pointing import Answer, Known, beside, described, point
from replay.syncml.model import Results, Status
from replay.syncml.read import read
from tests.story import Story

A, B, C = "./A", "./B", "./C"


def server(*commands: str, number: int = 1):
    return read(Story().to_device("1", number, list(commands)))


def device(*commands: str) -> bytes:
    return Story().to_server("1", 2, list(commands))


def pointed(body: bytes, answers, heard, **more):
    parts = take_apart(body)
    done = point(parts.root, answers, heard, **{"owes_to": None, **more})
    return [(each.name, each.msg_ref, each.cmd_ref) for each in read(parts.written()).commands], done


def test_numbers_mean_nothing_and_order_may_differ():
    recorded = server(messages.get(1, A), messages.get(2, B))
    live = server(messages.get(8, B), messages.get(9, A), number=5)
    heard = beside(recorded, live, 1)
    assert heard.counterparts == {(0,): (1,), (1,): (0,)}
    body = device(messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "1", "Get", "200"))
    found, done = pointed(body, [Answer("Status", (0,), 4, ()), Answer("Status", (1,), 4, (0,))], {4: heard})
    assert found == [("Status", "5", "0"), ("Status", "5", "9")]
    assert not done.unused


def test_commands_of_a_group_stay_with_it():
    atomic = f"<Atomic><CmdID>1</CmdID>{messages.get(2, A)}{messages.get(3, B)}</Atomic>"
    live = f"{messages.get(4, C)}<Atomic><CmdID>5</CmdID>{messages.get(6, A)}{messages.get(7, B)}</Atomic>"
    heard = beside(server(atomic), server(live), 1)
    assert heard.counterparts == {(0,): (1,), (0, 0): (1, 0), (0, 1): (1, 1)}
    assert [place for place, _ in heard.unknown()] == [(0,)]


def test_a_changed_target_is_another_command():
    heard = beside(server(messages.get(1, A)), server(messages.get(1, B)), 1)
    assert heard.counterparts == {}
    body = device(messages.status(2, "1", "1", "Get", "200"), messages.results(3, "1", "1", A, "x"))
    answers = [Answer("Status", (0,), 4, (0,)), Answer("Results", (1,), 4, (0,))]
    found, done = pointed(body, answers, {4: heard})
    assert found == []
    assert done.unused == answers


def test_changed_data_is_the_same_command():
    one = "<Replace><CmdID>1</CmdID><Item><Target><LocURI>./A</LocURI></Target><Data>1</Data></Item></Replace>"
    heard = beside(server(one), server(one.replace("<Data>1", "<Data>2")), 1)
    assert heard.counterparts == {(0,): (0,)}


def test_results_without_a_reference_to_a_message_get_one():
    heard = beside(server(messages.get(1, A)), server(messages.get(4, A), number=3), 1)
    body = device(messages.results(3, "1", "1", A, "x").replace("<MsgRef>1</MsgRef>", ""))
    found, _ = pointed(body, [Answer("Results", (0,), 4, (0,))], {4: heard})
    assert found == [("Results", "3", "4")]


def test_an_answer_that_answered_nothing_stays_as_it_was():
    body = device(messages.status(2, "77", "88", "Get", "200"))
    found, done = pointed(body, [], {})
    assert found == [("Status", "77", "88")]
    assert not done.unused


def test_unknown_commands_are_answered_where_their_order_has_them():
    recorded = server(messages.get(1, B))
    live = server(messages.get(1, A), messages.get(2, B), messages.get(3, C))
    heard = beside(recorded, live, 1)
    body = device(
        messages.status(1, "1", "0", "SyncHdr", "200"),
        messages.status(2, "1", "1", "Get", "200"),
        messages.results(3, "1", "1", B, "x"),
        messages.unenrol_alert().replace("{id}", "4"),
    )
    answers = [Answer("Status", (0,), 4, ()), Answer("Status", (1,), 4, (0,)), Answer("Results", (2,), 4, (0,))]
    parts = take_apart(body)
    done = point(parts.root, answers, {4: heard}, unknown="404", owes_to=heard)
    new = read(parts.written()).commands
    assert [(each.name, getattr(each, "cmd_ref", None)) for each in new] == [
        ("Status", "0"), ("Status", "1"), ("Status", "2"), ("Results", "2"), ("Status", "3"), ("Alert", None),
    ]  # fmt: skip
    assert [each.code for each in new if isinstance(each, Status)] == ["200", "404", "200", "404"]
    assert len({each.cmd_id for each in new}) == 6
    assert [described(each) for each in done.added] == ["Get ./A", "Get ./C"]
    assert isinstance(new[3], Results)
    again = point(take_apart(body).root, answers, {4: heard}, unknown="404", owes_to=heard)
    assert not again.added  # they have their Status


def test_an_asynchronous_alert_names_the_live_correlator():
    exec_ = (
        "<Exec><CmdID>1</CmdID><Correlator>{0}</Correlator><Item><Target><LocURI>./E</LocURI></Target></Item></Exec>"
    )
    heard = beside(server(exec_.format("old")), server(exec_.format("new")), 1)
    alert = "<Alert><CmdID>1</CmdID><Data>1226</Data><Correlator>old</Correlator></Alert>"
    parts = take_apart(device(alert))
    point(parts.root, [Answer("Alert", (0,), 4, (0,))], {4: heard}, owes_to=None)
    assert read(parts.written()).commands[0].correlator == "new"


def test_the_nearest_is_of_the_same_name_or_target():
    commands = server(
        messages.get(1, "./DevDetail/SwV"), messages.get(2, "./X"), messages.unenrol_exec(3, "P")
    ).commands
    known = Known([(7, commands[1]), (8, commands[0]), (9, commands[0]), (9, commands[2])])
    assert known.nearest(server(messages.get(1, "./DevDetail/SwW")).commands[0]) == ("Get ./DevDetail/SwV", 8)
    assert Known([(9, commands[2])]).nearest(server(messages.get(1, A)).commands[0]) == (None, None)
    delete = "<Delete><CmdID>1</CmdID><Item><Target><LocURI>./X</LocURI></Target></Item></Delete>"
    assert known.nearest(server(delete).commands[0]) == ("Get ./X", 7)
