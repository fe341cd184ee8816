"""A live server that does something else than the recorded one: what the played device does then, and what is said of it."""

import pytest

from replay.compare.replayed import Outcome
from replay.lab import messages
from replay.syncml.model import Results, Status
from tests.play.live import outcomes
from tests.play.playing import LIVE, OTHER, SWV, bodies, good, is_alert, ok, played, recorded
from tests.story import Story


def test_a_good_server_is_equal():
    player, result = played(recorded(), good)
    assert result.equal
    assert (result.recorded, result.sent, result.added) == (3, 3, 0)
    status = bodies(player)[1].commands[1]
    assert (status.cmd_ref, status.cmd) == ("40", "Get")


# -- commands that nothing was recorded for ------------------------------------------------------------------------------


def test_an_unknown_command_gets_its_status_in_its_place_and_is_told_with_the_nearest():
    def server(request):
        if request.step.number != 1:
            return ok(request)
        return ok(request, messages.get(31, OTHER), messages.get(30, SWV), messages.get(32, "./Vendor/MSFT/X"))

    player, result = played(recorded(), server, unknown="405")
    commands = bodies(player)[1].commands
    assert [(each.cmd_ref, each.code) for each in commands if isinstance(each, Status)] == [
        ("0", "200"), ("31", "405"), ("30", "200"), ("32", "405"),
    ]  # fmt: skip
    assert [each.name for each in commands] == ["Status", "Status", "Status", "Results", "Status"]
    assert len({each.cmd_id for each in commands}) == 5
    assert not result.equal
    assert [(each.command, each.status, each.nearest) for each in result.unknown] == [
        (f"Get {OTHER}", "405", f"Get {SWV}"),
        ("Get ./Vendor/MSFT/X", "405", f"Get {SWV}"),
    ]
    assert result.unknown[0].nearest_exchange == 1
    assert outcomes(result) == {1: Outcome.DIFFERS, 2: Outcome.SAME, 3: Outcome.SAME}


def test_stop_stops_there():
    def server(request):
        return ok(request, messages.get(31, OTHER)) if request.step.number == 1 else ok(request)

    player, result = played(recorded(), server, unknown=None)
    assert len(player.played.exchanges) == 1
    assert f"Get {OTHER}" in result.stopped
    assert not result.equal
    assert outcomes(result) == {1: Outcome.DIFFERS, 2: Outcome.MISSING, 3: Outcome.MISSING}


def test_commands_in_the_last_answer_get_a_message_of_their_own():
    def server(request):
        return (
            ok(request, messages.get(31, OTHER))
            if request.number == 2
            else good(request)
            if request.number == 1
            else ok(request)
        )

    player, result = played(recorded(alert=False), server)
    last = bodies(player)[2]
    assert (last.header.msg_id, last.final) == ("3", True)
    assert [(each.name, each.msg_ref, each.cmd_ref, each.code) for each in last.commands] == [
        ("Status", "2", "0", "200"), ("Status", "2", "31", "404"),
    ]  # fmt: skip
    assert (result.sent, result.added) == (2, 1)
    assert [each.status for each in result.unknown] == ["404"]
    assert not result.equal


def test_a_server_that_never_ends_is_left_after_some_time():
    def server(request):
        if request.number == 1:
            return good(request)
        return ok(request, messages.get(31, OTHER))

    player, result = played(recorded(alert=False), server)
    assert len(player.played.exchanges) == 22
    assert any("not answered" in note for note in result.notes)


def test_after_the_alert_nothing_is_answered_and_nothing_is_sent_again():
    def server(request):
        return ok(request, messages.get(31, OTHER)) if is_alert(request) else good(request)

    player, result = played(recorded(), server)
    assert len(player.played.exchanges) == 3
    assert [(each.status, each.why) for each in result.unknown] == [(None, "a device is silent after its alert")]


def test_an_exec_unenroll_that_was_not_recorded_gets_no_status():
    def server(request):
        return (
            ok(request, messages.get(40, SWV), messages.unenrol_exec(41, "P")) if request.number == 1 else ok(request)
        )

    player, result = played(recorded(), server)
    assert [each.cmd_ref for each in bodies(player)[1].commands if isinstance(each, Status)] == ["0", "40"]
    assert result.unknown[0].status is None
    assert not result.equal


def test_a_recorded_answer_without_its_command_is_not_sent():
    def server(request):
        return ok(request, messages.get(31, OTHER)) if request.number == 1 else ok(request)

    player, result = played(recorded(), server)
    assert not any(isinstance(each, Results) for each in bodies(player)[1].commands)
    assert [(each.exchange, each.answer, each.command) for each in result.unused] == [
        (2, "Status", f"Get {SWV}"), (2, "Results", f"Get {SWV}"),
    ]  # fmt: skip


def test_a_message_of_which_nothing_is_left_is_not_sent():
    player, result = played(recorded(), ok)
    assert [each.step.number for each in _requests(player)] == [1, 3]
    assert outcomes(result)[2] is Outcome.MISSING
    assert outcomes(result)[3] is Outcome.SAME


def _requests(player):
    numbers = {live: number for number, live in player.played.pairs.items()}
    steps = {step.number: step for step in player.script.steps}

    class _Request:
        def __init__(self, step):
            self.step = step

    return [_Request(steps[numbers[each.number]]) for each in player.played.exchanges]


# -- no answer -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [None, (500, (), b"no")])
def test_the_alert_needs_no_answer_and_is_sent_once(end):
    story = recorded()
    story.wait(5).ordinary("3")

    def server(request):
        return end if is_alert(request) else good(request)

    player, result = played(story, server)
    assert len(player.played.exchanges) == 4
    assert outcomes(result)[3] is (Outcome.MISSING if end is None else Outcome.DIFFERS)
    assert outcomes(result)[4] is Outcome.SAME
    assert not result.equal


def test_an_answer_that_was_not_there_when_recorded():
    closed = Story().ordinary("1").alert("2", response=None, failure="server-closed")
    _, result = played(closed, ok)
    assert outcomes(result)[2] is Outcome.NEW
    assert not result.equal
    hung = Story().ordinary("1").alert("2", response=None, failure="client-closed")
    _, result = played(hung, ok)
    assert outcomes(result)[2] is Outcome.NOT_COMPARED
    assert result.equal


def test_neither_then_nor_now():
    closed = Story().ordinary("1").alert("2", response=None, failure="server-closed")
    _, result = played(closed, lambda request: None if is_alert(request) else ok(request))
    assert outcomes(result)[2] is Outcome.SILENT
    assert result.equal


def test_what_the_proxy_answered_is_nobody_s_to_equal():
    story = Story().ordinary("1").alert("2", response=b"", status=500, by="proxy")
    _, result = played(story, ok)
    assert outcomes(result) == {1: Outcome.SAME, 2: Outcome.NOT_COMPARED}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        (503, (), b""),
        (200, (), b""),
        (200, (), b"<not"),
        (200, (), b"<SyncML><SyncHdr><Source><LocURI>&who;</LocURI></Source></SyncHdr></SyncML>"),
        (200, (), b"<SyncML>" * 5000 + b"</SyncML>" * 5000),
    ],
)
def test_a_session_that_breaks_off_is_not_gone_on_with(answer):
    player, result = played(recorded(), lambda request: answer if request.number == 1 else ok(request))
    assert len(player.played.exchanges) == 2
    assert outcomes(result)[2] is Outcome.MISSING
    assert "broken off" in next(each.why for each in result.left_out)
    assert outcomes(result)[3] is Outcome.SAME


def test_a_message_that_never_reached_the_server_is_left_out():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure="connect-failed")
    story.exchange(request, story.answer(request))
    player, result = played(story, ok)
    assert len(player.played.exchanges) == 1
    assert result.equal
    assert outcomes(result) == {1: Outcome.LEFT_OUT, 2: Outcome.SAME}


def test_a_retransmission_is_not_sent_where_the_first_is_answered():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, None, failure="client-closed")
    story.wait(3).exchange(request, story.answer(request))
    player, result = played(story, ok)
    assert len(player.played.exchanges) == 1
    assert outcomes(result) == {1: Outcome.LEFT_OUT, 2: Outcome.SAME}
    assert result.equal
    player, result = played(story, lambda request: ok(request) if request.number == 2 else None)
    assert len(player.played.exchanges) == 2
    assert player.played.exchanges[0].body == player.played.exchanges[1].body
    assert result.equal


def test_the_recorded_path_and_query_are_kept_unless_a_path_is_given():
    player, _ = played(recorded(), good)
    assert player.played.exchanges[0].url == f"{LIVE}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert bodies(player)[0].header.target.uri == f"{LIVE}/ManagementServer/MDM.svc"
    player, result = played(recorded(), good, path="/other")
    assert player.played.exchanges[0].url == f"{LIVE}/other"
    assert bodies(player)[0].header.target.uri == f"{LIVE}/other"
    assert dict(player.played.exchanges[0].headers)["Host"] == "127.0.0.1:8000"
    assert result.equal


def test_a_status_with_another_code_is_a_change_at_its_place():
    def server(request):
        return ok(request, code="406") if is_alert(request) else good(request)

    _, result = played(recorded(), server)
    (answer,) = [each for each in result.answers if each.outcome is Outcome.DIFFERS]
    assert (answer.recorded, answer.role) == (3, "alert")
    assert {(each.expected, each.actual) for each in answer.changes} == {("200", "406")}
