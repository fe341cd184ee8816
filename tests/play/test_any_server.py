"""Whatever a server does, what the played device sends is right, comes to an end, and is never called equal by mistake."""

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.exchange import Capture
from replay.capture.references import REQUEST
from replay.capture.sessions import assemble
from replay.compare.replayed import Outcome
from replay.lab import messages
from replay.play.device import DevicePlayer
from replay.play.renew import Addresses
from replay.play.requests import Settings
from replay.play.script import scripts
from replay.syncml.credentials import Secret
from replay.syncml.model import Results, Status
from replay.syncml.read import read
from replay.syncml.unenrol import alerts, execs
from tests.generated import SCENARIOS
from tests.play.live import Recorded, as_recorded, converse, outcome, written
from tests.play.playing import challenge, ok
from tests.play.test_device import LIVE, world


class Moody:
    """A server that answers as recorded, and now and then does something else; `deviated` says whether it ever did."""

    def __init__(self, seed: int, often: float) -> None:
        self.random = random.Random(seed)
        self.often = often
        self.deviated = False
        self.recorded = Recorded(Secret("user1", "p:w"))
        self._usual = as_recorded(self.recorded)

    def __call__(self, request):
        usual = self._usual(request)
        if request.why or self.random.random() >= self.often:
            return usual if not request.why else ok(request)
        said = self._otherwise(request, usual)
        self.deviated |= said != usual
        return said

    def _otherwise(self, request, usual):
        match self.random.choice(
            ["none", "500", "empty", "rubbish", "challenge", "redirect", "more", "less", "turned", "session"]
        ):
            case "none":
                return None
            case "500":
                return 500, (), b"no"
            case "empty":
                return 200, (), b""
            case "rubbish":
                return 200, (("Content-Type", messages.CONTENT_TYPE),), b"<SyncML"
            case "challenge":
                return challenge(request, self.random.choice(["md5", "basic", "other"]))
            case "redirect":
                return self.random.choice([302, 308]), (("Location", "/elsewhere"),), b""
            case other:
                return self._changed(usual, other)

    def _changed(self, usual, how: str):
        if usual is None or not usual[2] or usual[0] != 200:
            return usual
        message = read(usual[2])
        if how in ("less", "turned") and len(message.commands) < (2 if how == "less" else 3):
            return usual
        commands = list(message.commands)
        if how == "more":
            extra = read(
                messages.message(
                    messages.Sender("1", "a", "b"), 1, [messages.get(900, "./New"), messages.unenrol_exec(901, "Z")]
                )
            )
            commands[1:1] = extra.commands[: self.random.randrange(1, 3)]
        elif how == "less":
            del commands[self.random.randrange(1, len(commands))]
        elif how == "turned":
            commands[1:] = commands[:0:-1]
        from msgspec import structs

        header = structs.replace(message.header, session_id="77") if how == "session" else message.header
        changed = structs.replace(message, commands=tuple(commands), header=header)
        return usual[0], usual[1], written(changed, message.form)


@given(
    st.integers(0, 100_000),
    st.sampled_from(SCENARIOS),
    st.booleans(),
    st.sampled_from([0.0, 0.2, 0.6, 1.0]),
    st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_whatever_the_server_does(seed, scenario, wbxml, often, knows):
    traffic = world(seed, scenario, wbxml=wbxml, tidy=True)
    for script in scripts(traffic):
        server = Moody(seed, often)
        secret = Secret("user1", "p:w") if knows else None
        player = DevicePlayer(script, Settings(Addresses(LIVE, script.addresses), secret=secret, seed=seed))
        played = converse(player, server)
        result = outcome(traffic, script, played)
        live = assemble(Capture("live", "", exchanges=played.exchanges))
        assert all(turn.request is not None for turn in live.turns)
        for session in live.sessions:
            check(session, traffic)
        assert result.sent + result.added == len(played.exchanges)
        told = {each.recorded for each in result.answers if each.recorded is not None}
        assert told == {step.number for step in script.steps} | {each.exchange for each in script.left_out}
        if server.deviated and knows:
            # the one thing that is excused is a challenge for a nonce that nobody can know
            assert not result.equal or result.count(Outcome.NOT_COMPARED)
        if not server.deviated and knows:
            assert result.equal


def check(session, traffic) -> None:
    """What a device must keep to, whatever it is told."""
    ids = [int(turn.message_id) for turn in session.turns]
    steps = [after - before for before, after in itertools.pairwise(ids)]
    assert ids[0] == 1
    assert set(steps) <= {0, 1}
    numbers = [sorted(command.cmd_id for _, command in turn.request.walk()) for turn in session.turns]
    assert all(len(set(each)) == len(each) for each in numbers)
    for reference in session.references():
        if reference.answer.side == REQUEST:
            assert reference.to is not None, "an answer to nothing"
            assert not is_unenrol(reference.to), "an Exec Unenroll is never answered"
    carrying = [turn for turn in session.turns if next(alerts(turn.request), None)]
    asked = sum(turn.asked_again for turn in session.turns)
    assert len(carrying) <= 1 + asked, "the alert was sent again"


def is_unenrol(sent) -> bool:
    message = sent.turn.response
    return message is not None and sent.command is not None and sent.place in {each.place for each in execs(message)}


def test_a_moody_server_is_told_of_in_words():
    """The kinds of departure above do come up, so that the test above is about something."""
    seen = set()
    for seed in range(40):
        traffic = world(seed, "server", wbxml=False, tidy=True)
        for script in scripts(traffic):
            player = DevicePlayer(
                script, Settings(Addresses(LIVE, script.addresses), secret=Secret("user1", "p:w"), seed=1)
            )
            result = outcome(traffic, script, converse(player, Moody(seed, 0.7)))
            seen |= {each.outcome for each in result.answers}
            seen |= {"unknown"} if result.unknown else set()
            seen |= {"unused"} if result.unused else set()
            seen |= {type(command) for each in player.played.exchanges for command in read(each.body).commands}
    assert seen >= {Outcome.SAME, Outcome.DIFFERS, Outcome.MISSING, "unknown", "unused", Status, Results}
