"""The result of a replay, as text and as JSON: the whole output, and nothing of a capture that reaches a terminal as it is."""

import json

import click

from replay.compare.changes import Change, Class, Kind
from replay.compare.replayed import AnswerOutcome, DeviceReplay, LeftOut, Outcome, Replay, UnknownCommand, Unused
from replay.report.as_json import as_json
from replay.report.replay_shapes import replay_shape
from replay.report.replay_text import replay_text

EVIL = "\x1b[31mred\u202e"


def device(*answers: AnswerOutcome, name: str = "D1", **more) -> DeviceReplay:
    counts = {"recorded": len(answers), "sent": sum(each.live is not None for each in answers), "added": 0, **more}
    return DeviceReplay(name, "D", answers=list(answers), **counts)


def same(number: int) -> AnswerOutcome:
    return AnswerOutcome(number, number, 1, "ordinary", Outcome.SAME, "")


def differs(number: int, value: str = "406") -> AnswerOutcome:
    change = Change(
        kind=Kind.CHANGED, of=Class.STATUS, expected_path="SyncBody/Status/Data", expected="200", actual=value
    )
    return AnswerOutcome(number, number, 2, "alert", Outcome.DIFFERS, "", changes=(change,))


def text(replay: Replay, **more) -> str:
    return click.unstyle(replay_text(replay_shape(replay), **more))


def test_equal():
    replay = Replay("run.jsonl", "http://127.0.0.1:1/", [device(same(1), same(2))])
    assert replay.equal
    assert text(replay) == (
        "EQUAL  run.jsonl at http://127.0.0.1:1/: 2 of 2 recorded messages sent, 2 of 2 recorded answers came again\n\n"
        "  Coverage: 2 messages sent, 0 left out, 0 added; 2 answers as recorded; 0 recorded answers not used, "
        "0 live commands without a recorded answer\n"
    )
    assert text(replay, detail=-1).count("\n") == 1
    assert "= same         exchange 2, live 2, session 1 (ordinary)" in text(replay, detail=1)


def test_different_in_every_way():
    answers = [
        same(1),
        differs(2),
        AnswerOutcome(3, None, 2, "alert", Outcome.MISSING, "no answer came: timeout, no answer in time"),
        AnswerOutcome(
            4, 4, 3, "ordinary", Outcome.NEW, "HTTP 200, where the recorded server gave no answer (server-closed)"
        ),
        AnswerOutcome(
            5, 5, 3, "ordinary", Outcome.NOT_COMPARED, "the recorded answer was made by the proxy, not by the server"
        ),
    ]
    one = device(
        *answers,
        left_out=[LeftOut(6, "it is a retransmission")],
        unknown=[
            UnknownCommand(2, "Get ./A", "404", "Get ./B", 1, ""),
            UnknownCommand(4, "Get ./C", None, None, None, "the session ended before"),
        ],
        unused=[Unused(2, "Results", "Get ./B")],
        notes=["a note"],
        stopped="enough",
    )
    replay = Replay(
        "run.jsonl",
        "http://127.0.0.1:1/",
        [one],
        [LeftOut(7, "its message cannot be read", counts=True)],
        ["said last"],
    )
    shown = text(replay)
    assert shown.splitlines() == [
        "DIFFERENT  run.jsonl at http://127.0.0.1:1/: 4 of 5 recorded messages sent, 1 of 3 recorded answers came again",
        "",
        "    ! differs      exchange 2, live 2, session 2 (alert)",
        '        changed status  SyncBody/Status/Data: "200" recorded, "406" live',
        "    - missing      exchange 3, not sent, session 2 (alert)  no answer came: timeout, no answer in time",
        "    + new          exchange 4, live 4, session 3 (ordinary)  HTTP 200, where the recorded server gave no answer "
        "(server-closed)",
        "    ? exchange 2, live: Get ./A was not recorded, answered with Status 404; the nearest recorded one is Get ./B in "
        "exchange 1",
        "    ? exchange 4, live: Get ./C was not recorded, not answered: the session ended before",
        "    - exchange 2, recorded: Results for Get ./B not used, it did not come",
        "    stopped: enough",
        "    a note",
        "  exchange 7 belongs to no session and was not played: its message cannot be read",
        "",
        "  Coverage: 4 messages sent, 1 left out, 0 added; 1 answers as recorded, 1 different, 1 missing, 1 new, "
        "1 with nothing to compare with; 1 recorded answers not used, 2 live commands without a recorded answer",
        "  said last",
    ]


def test_of_many_devices_the_first_that_differ_are_told():
    replay = Replay(
        "r", "http://h/", [device(same(1), name="good"), *(device(differs(1), name=f"D{at}") for at in range(5))]
    )
    shown = text(replay)
    assert "6 devices, 6 of 6" in shown
    assert [line for line in shown.splitlines() if line.startswith("  device")] == [
        f"  device D{at}: different" for at in range(3)
    ]
    assert "and 2 more devices that differ" in shown
    assert text(replay, detail=1).count("  device ") == 6


def test_nothing_of_a_capture_reaches_a_terminal_as_it_is():
    answers = [AnswerOutcome(1, 1, 1, EVIL, Outcome.MISSING, EVIL), differs(2, EVIL)]
    one = device(
        *answers,
        name=EVIL,
        left_out=[LeftOut(1, EVIL)],
        unknown=[UnknownCommand(1, EVIL, None, EVIL, 1, EVIL)],
        unused=[Unused(1, EVIL, EVIL)],
        notes=[EVIL],
        stopped=EVIL,
    )
    replay = Replay(EVIL, EVIL, [one, one], [LeftOut(1, EVIL)], [EVIL])
    for shown in (text(replay), text(replay, detail=1), as_json(replay_shape(replay))):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert json.loads(as_json(replay_shape(replay)))["capture"] == EVIL


def test_what_counts():
    assert not Replay("r", "u", [device(same(1))], [LeftOut(2, "unreadable", counts=True)]).equal
    assert Replay("r", "u", [device(same(1))], [LeftOut(2, "an enrolment request")]).equal
    assert not device(same(1), unknown=[UnknownCommand(1, "Get", None, None, None, "")]).equal
    assert not device(same(1), stopped="x").equal
    harmless = {Outcome.SAME, Outcome.SILENT, Outcome.NOT_COMPARED, Outcome.LEFT_OUT}
    for outcome in Outcome:
        assert device(AnswerOutcome(1, 1, 1, "ordinary", outcome, "")).equal is (outcome in harmless)
