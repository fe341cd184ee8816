import pytest

from replay.compare.replayed import AnswerOutcome, DeviceReplay, LeftOut, Outcome, Replay, UnknownCommand


def answer(outcome: Outcome) -> AnswerOutcome:
    return AnswerOutcome(1, 1, 1, "ordinary", outcome, "")


def played(*outcomes: Outcome, **more: object) -> DeviceReplay:
    return DeviceReplay("live", "recorded", 2, 2, 0, [answer(each) for each in outcomes], **more)


def replayed(*devices: DeviceReplay, outside: tuple[LeftOut, ...] = ()) -> Replay:
    return Replay("a.jsonl", "http://127.0.0.1:1", list(devices), list(outside))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_leaves_a_replay_equal(outcome):
    harmless = outcome in (Outcome.SAME, Outcome.SILENT, Outcome.NOT_COMPARED, Outcome.LEFT_OUT)
    for others in ((), (Outcome.SAME,)):
        assert played(outcome, *others).equal is harmless
        assert played(*others, outcome).equal is harmless


def test_a_replay_that_stopped_or_was_asked_for_more_is_not_equal():
    assert played().equal
    assert not played(Outcome.SAME, stopped="the server sent a command that was not recorded").equal
    assert not played(Outcome.SAME, unknown=[UnknownCommand(1, "Get ./A", None, None, None, "")]).equal


def test_every_device_and_everything_that_counts_counts():
    same, other = played(Outcome.SAME), played(Outcome.DIFFERS)
    assert replayed(same, same).equal
    assert not replayed(same, other).equal
    assert not replayed(other, same).equal
    marked, counted = LeftOut(1, "no message of a device"), LeftOut(2, "it cannot be read", counts=True)
    assert replayed(same, outside=(marked,)).equal
    assert not replayed(same, outside=(marked, counted)).equal


def test_outcomes_are_counted():
    found = played(Outcome.SAME, Outcome.NEW, Outcome.SAME, Outcome.MISSING)
    assert (found.count(Outcome.SAME), found.count(Outcome.NEW, Outcome.MISSING), found.count()) == (2, 2, 0)
