"""A capture held against the steps of a scenario: what happens in an episode, which steps it meets, and where it departs."""

import io

import pytest

from replay.capture.episodes import Episode
from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect.case import Case, Options
from replay.expect.finding import Party, Severity
from replay.expect.scenarios import shipped
from replay.expect.scenarios.model import UNBOUNDED, Presence, Scenario, Step, What, Where
from replay.expect.steps import Departed, Following, Happening, follow, happenings
from replay.lab import messages
from tests.rules.talk import group, replace
from tests.story import Story

COMMANDS = {
    "g": "<Get><CmdID>{n}</CmdID><Item><Target><LocURI>./G</LocURI></Target></Item></Get>",
    "d": "<Delete><CmdID>{n}</CmdID><Item><Target><LocURI>./D</LocURI></Target></Item></Delete>",
    "r": "<Replace><CmdID>{n}</CmdID><Item><Target><LocURI>./R</LocURI></Target><Data>1</Data></Item></Replace>",
    "X": messages.unenrol_exec(77, "MS DM Server").replace("77", "{n}"),
}
NAMES = {"g": "Get", "d": "Delete", "r": "Replace", "X": What.EXEC, "A": What.ALERT, "S": What.SESSION, "R": What.REPLY}


def said(*exchanges: str, apart: float = 1.0) -> Story:
    """A session for each text: what the server sends in it, by letter; `A` is the alert session, with what the server answers."""
    story = Story()
    for number, letters in enumerate(exchanges, 1):
        alert = messages.unenrol_alert() if letters.startswith("A") else None
        request = story.package_one(str(number), alert=alert)
        more = [COMMANDS[letter].replace("{n}", str(50 + at)) for at, letter in enumerate(letters.removeprefix("A"))]
        story.exchange(request, story.answer(request, *more))
        story.wait(apart)
    return story


def episodes(story: Story) -> list[Episode]:
    return [each.episode for each in Case(assemble(read(io.BytesIO(story.text()), "x.jsonl")), Options()).episodes]


def step(name: str, presence: str = "required", **more) -> Step:
    """A step, by the first letter of its name; in capitals a `what`."""
    kind = NAMES[name[0]]
    what = kind if isinstance(kind, What) else None
    sender = Party.DEVICE if name[0] in "AS" else Party.SERVER
    command = None if what else str(kind)
    return Step(name=name, presence=Presence(presence), sender=sender, what=what, command=command, **more)


def followed(story: Story, *steps: Step, begins: str = "session", number: int = 0) -> Following:
    scenario = Scenario(name="s", title="", kind="server", phases=(), begins=begins, steps=steps)
    return follow(scenario, episodes(story)[number])


def departures(story: Story, *steps: Step, begins: str = "session") -> list[str]:
    return [_words(each) for each in followed(story, *steps, begins=begins).departures]


def _words(each: Departed) -> str:
    names = " ".join([each.step.name, *(other.name for other in each.others)])
    came = f" x{each.came}" if each.came else ""
    return f"{each.how} {names}{came}; accepted {' '.join(step.name for step in each.accepted)}"


# -- what happens -------------------------------------------------------------------------------------------------------------


def rows(story: Story, begins: str = "session", number: int = 0) -> list[str]:
    scenario = Scenario(name="s", title="", kind="server", phases=(), begins=begins, steps=())
    found = happenings(scenario, episodes(story)[number])
    orders = [each.order for each in found]
    assert orders == sorted(set(orders)), "each has its own place"
    return [f"{each.sender} {_what(each)} in {each.session.session_id}" for each in found if _what(each) != "Status"]


def _what(each: Happening) -> str:
    return str(each.what or (each.command.name if each.command else ""))


PACKAGE_ONE = ["device Alert in {}", "device Alert in {}", "device Replace in {}"]
WITH_ALERT = [*PACKAGE_ONE[:2], "device alert in {}", PACKAGE_ONE[2], "server reply in {}"]


def of(number: int, *more: str, alert: bool = False) -> list[str]:
    first = WITH_ALERT if alert else PACKAGE_ONE
    return [each.format(number) for each in [*first, *more]]


def test_what_happens_begins_with_the_session_of_the_trigger():
    happened = [
        *of(2, "server Get in 2", "server exec in 2"),
        *of(3, "server Replace in 3", alert=True),
        "device session in 4",
        *of(4, "server Get in 4"),
    ]
    assert rows(said("d", "gX", "Ar", "g")) == happened
    before = ["device session in 1", *of(1, "server Delete in 1"), "device session in 2"]
    assert rows(said("d", "gX", "Ar", "g"), begins="enrolment") == [*before, *happened]
    assert rows(said("d", "A")) == of(2, alert=True)


def test_a_session_is_opened_once_and_one_that_carries_an_alert_is_none():
    story = said("X")
    story.ordinary("2").go_on("2", 2)
    assert [each for each in rows(story) if "session" in each] == ["device session in 2"]
    assert [each for each in rows(story, begins="enrolment") if "session" in each] == [
        "device session in 1",
        "device session in 2",
    ]


def test_what_the_proxy_answered_nobody_did():
    story = Story().exec("1")
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request, COMMANDS["g"].replace("{n}", "50")), by="proxy")
    story.alert("3", response=None)
    assert [each for each in rows(story) if "server" in each] == ["server exec in 1"]


def test_an_exec_in_an_answer_of_the_proxys_was_seen_by_the_device():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, COMMANDS["X"].replace("{n}", "9"), COMMANDS["g"]), by="proxy")
    story.wait(1).alert("2")
    assert [each for each in rows(story) if "server" in each] == ["server exec in 1", "server reply in 2"]
    assert follow(shipped("server"), episodes(story)[0]).departures == ()


def test_an_answer_that_cannot_be_read_answers_all_the_same():
    assert rows(Story().exec("1").alert("2", response=b"<html/>"))[-1] == "server reply in 2"
    story = Story().exec("1").wait(1)
    story.exchange(b"<SyncML xmlns='SYNCML:SYNCML1.2'><", story.to_device("1", 2, [COMMANDS["g"].replace("{n}", "9")]))
    assert rows(story)[-1] == "server Get in 1"


def test_what_happens_ends_with_the_next_episode():
    story = Story().exec("1").alert("2", data="2").wait(5).ordinary("3").exec("4").alert("5")
    assert {each[-1] for each in rows(story)} == {"1", "2", "3", "4"}  # until the Exec
    assert not {"server exec in 4", "server Exec in 4"} & set(rows(story))
    assert {each[-1] for each in rows(story, number=1)} == {"4", "5"}


def test_commands_are_in_order_with_those_of_a_group():
    story = Story()
    request = story.package_one("1")
    inside = group("Atomic", 50, replace(51), COMMANDS["d"].replace("{n}", "52"))
    story.exchange(request, story.answer(request, inside, COMMANDS["X"].replace("{n}", "53")))
    story.wait(1).alert("2")
    assert [each.split()[1] for each in rows(story) if each.startswith("server")] == [
        "Atomic",
        "Replace",
        "Delete",
        "exec",
        "reply",
    ]


# -- following ------------------------------------------------------------------------------------------------------------------

G, D, X, A = (step(name) for name in "gdXA")


@pytest.mark.parametrize(
    ("exchanges", "steps", "departed"),
    [
        (("gdX", "A"), (G, D, X, A), []),
        (("ggdX", "A"), (G, D, X, A), []),  # as often as one likes
        (("gX", "A"), (G, D, X, A), ["missing d; accepted g d"]),
        (("dX", "A"), (G, D, X, A), ["missing g; accepted g"]),
        (("X", "A"), (G, D, X, A), ["missing g d; accepted g"]),
        (("gX",), (G, X, A), []),  # UNE001's
        (("gX", "A"), (G, X, A, D), ["missing d; accepted A d"]),
        (("dgX", "A"), (G, D, X, A), ["missing g; accepted g"]),
        (("gdX", "Ag"), (G, D, X, A), ["out of place g; accepted A"]),
        (("gdX", "Agg"), (G, D, X, A), ["out of place g; accepted A"]),  # once for each step
        (("gX", "Ad"), (step("g", "optional"), D, X, A), ["missing d; accepted g d"]),
        (("gX", "Ar"), (step("g", "optional"), X, A), []),  # nothing to the scenario
        (("X", "A"), (step("g", "optional"), X, A), []),
        (("gX", "A"), (step("g", "optional"), step("d", "optional"), X, A), []),
        (("dgX", "A"), (step("g", "optional"), step("d", "optional"), X, A), ["out of place g; accepted d X"]),
        (("dgX", "A"), (G, step("d", "optional"), X, A), []),  # not its turn
        (("gX", "Ad"), (G, step("d", "optional"), X, A), ["out of place d; accepted A"]),
        (("dX", "Ag"), (G, D, step("r"), X), ["missing g; accepted g", "missing r; accepted d r"]),
        (("gX", "A"), (step("g", "forbidden"), X, A), ["forbidden g; accepted X"]),
        (("ggX", "A"), (step("g", "forbidden"), X, A), ["forbidden g; accepted X"]),
        (("X", "Ag"), (step("g", "forbidden"), X, A), []),  # it stands before the Exec
        (("X", "Ag"), (X, A, step("g", "forbidden")), ["forbidden g; accepted A"]),
        (("gggdX", "A"), (G, step("d", at_most=2), X, A), []),
        (("gX", "Ag"), (G, step("g2", "forbidden"), X, A), ["out of place g; accepted A"]),
    ],
)
def test_steps_are_met_in_their_order(exchanges, steps, departed):
    assert departures(said(*exchanges), *steps) == departed


@pytest.mark.parametrize(
    ("exchanges", "times", "departed"),
    [
        ("ggX", (2, 2), []),
        ("gX", (2, 2), ["missing g x1; accepted g"]),
        ("X", (2, 2), ["missing g; accepted g"]),
        ("gggX", (2, 2), ["out of place g; accepted X"]),
        ("gggX", (1, 3), []),
        ("ggggX", (1, 3), ["out of place g; accepted X"]),
        ("ggdX", (3, UNBOUNDED), ["missing g x2; accepted g"]),
        ("rrggX", (2, 2), ["missing d; accepted r d"]),
    ],
)
def test_a_step_is_met_so_many_times(exchanges, times, departed):
    least, most = times
    before = [step("r"), D] if "r" in exchanges else []
    assert departures(said(exchanges, "A"), *before, step("g", at_least=least, at_most=most), X, A) == departed


def test_one_that_is_optional_has_to_be_finished_where_it_was_begun():
    twice = step("g", "optional", at_least=2, at_most=2)
    assert departures(said("X", "A"), twice, X, A) == []
    assert departures(said("gX", "A"), twice, X, A) == ["missing g x1; accepted g"]
    assert departures(said("Xg", "A"), X, twice, A) == ["missing g x1; accepted g"]
    assert departures(said("Xg"), X, twice) == ["missing g x1; accepted g"]
    assert departures(said("Xd"), X, twice, step("d", "optional")) == []


def test_what_is_missing_of_either_side_is_one_departure_each():
    hello = Step(name="hello", presence=Presence.REQUIRED, sender=Party.DEVICE, command="Get", severity=Severity.INFO)
    bye = Step(name="bye", presence=Presence.REQUIRED, sender=Party.DEVICE, command="Delete", severity=Severity.WARNING)
    assert departures(said("X", "A"), G, hello, bye, D, X, A) == [
        "missing bye hello; accepted g",
        "missing g d; accepted g",
    ]
    (first, second) = followed(said("X", "A"), X, G, hello, bye, A).departures
    assert (first.happening.what, second.step.name) == (What.ALERT, "g")
    assert followed(said("X"), X, G).departures[0].happening is None


def test_what_was_skipped_and_comes_after_all_is_not_told_again():
    assert departures(said("dgX", "A"), G, D, X, A) == ["missing g; accepted g"]
    assert departures(said("X", "Ag"), X, G, A) == ["missing g; accepted X g"]


def test_what_other_rules_report_is_left_to_them():
    session = step("S", "forbidden")
    assert departures(said("X", "A", "g"), X, A, session) == []  # UNE011's
    assert departures(said("X", "A", "A"), X, A, step("R", "optional"), step("g")) == [
        "missing g; accepted R g"
    ]  # UNE007's
    assert departures(said("X", "A", ""), X, A, step("S")) == []
    assert departures(said("X", "A"), X, A, step("S")) == ["missing S; accepted A S"]
    silence = Step(name="silence", presence=Presence.REQUIRED, sender=Party.DEVICE, what=What.SILENCE)
    assert departures(said("X", "A"), X, A, silence) == []
    assert departures(said("X", "A"), X, A, silence, step("g")) == ["missing g; accepted A g"]
    assert departures(said("X", "A", "A"), X, A, step("R", "optional", at_most=1)) == []


def test_the_old_session_may_be_closed_before_and_after_the_alert():
    close = "<Alert><CmdID>2</CmdID><Data>1223</Data></Alert>"
    for story in (Story().exec("1").go_on("1", 2, close).alert("2"), Story().exec("1").alert("2").go_on("1", 2, close)):
        assert follow(shipped("server"), episodes(story)[0]).departures == ()


def test_an_answer_to_the_alert_is_one():
    reply = step("R")
    assert departures(said("X", "A"), X, A, reply) == []
    assert departures(Story().exec("1").alert("2", response=None), X, A, reply) == ["missing R; accepted A R"]
    assert [met.name for met, _ in followed(said("X", "A"), X, A, reply).met] == ["X", "A", "R"]


@pytest.mark.parametrize(("apart", "departed"), [(4.0, []), (4.8, []), (6.0, ["late A; accepted X A"])])
def test_a_step_comes_so_soon_after_the_one_before(apart, departed):
    found = departures(said("X", "A", apart=apart), X, step("A", within=5.0))
    assert found == departed
    late = followed(said("X", "A", apart=6.0), X, step("A", within=5.0)).departures[0]
    assert late.seconds == pytest.approx(6.0)


def test_only_the_first_of_several_is_late_and_every_time():
    steps = (G, step("d", within=5.0), X, A)
    assert departures(said("g", "dd", "dX", "A", apart=6.0), *steps, begins="enrolment") == ["late d; accepted g d"]
    assert departures(said("dX", "A", apart=6.0), step("d", within=0.0), X, A) == []  # there is none before
    assert departures(said("gdX", "A"), G, step("d", within=0.0), X, A) == []  # at once
    assert departures(said("g", "dX", "Ad", apart=6.0), *steps, begins="enrolment") == [
        "late d; accepted g d",
        "out of place d; accepted A",
    ]


def test_without_times_nothing_is_late():
    story = said("X", "A", apart=60.0)
    story.lines = [{**line, "t": None, "mono": None} for line in story.lines if isinstance(line, dict)]
    assert departures(story, X, step("A", within=5.0)) == []


# -- what meets a step ----------------------------------------------------------------------------------------------------------


def test_who_sends_it_and_in_which_session():
    assert (
        departures(said("gX", "A"), Step(name="own", presence=Presence.REQUIRED, sender=Party.DEVICE, command="Get"), X)
        != []
    )
    for where, exchanges, departed in [
        (Where.SAME, ("gdX", "A"), False),
        (Where.SAME, ("g", "dX", "A"), True),
        (Where.NEW, ("gdX", "A"), True),
        (Where.NEW, ("g", "dX", "A"), False),
        (Where.ANY, ("gdX", "A"), False),
        (Where.ANY, ("g", "dX", "A"), False),
        (Where.SAME, ("dX", "A"), False),
    ]:
        before = step("g", "optional")
        found = departures(said(*exchanges), before, step("d", session=where), X, begins="enrolment")
        assert bool(found) == departed, (where, exchanges)
    met = followed(said("X", "A"), X, step("A", session=Where.SAME)).met
    assert [each.name for each, _ in met] == ["X", "A"]  # where the alert stands is UNE003's


def test_package_one_is_the_devices_first_message():
    first = Step(name="first", presence=Presence.REQUIRED, sender=Party.DEVICE, command="Get", package=1)
    for session, number, departed in [("2", 1, []), ("1", 2, ["missing first; accepted X first"])]:
        story = said("X")
        story.exchange(story.to_server(session, number, [COMMANDS["g"].replace("{n}", "9")]), b"")
        assert departures(story, X, first) == departed
    assert departures(said("Xg"), X, step("g", package=1)) == ["missing g; accepted X g"]
    met = followed(Story().exec("1").go_on("1", 2, messages.unenrol_alert()), X, step("A", package=1)).met
    assert [each.name for each, _ in met] == ["X", "A"]  # UNE002's


def test_a_condition_on_what_is_no_command_never_holds():
    assert departures(said("X", "A"), X, A, step("R", conditions=(("data", ("*",)),))) == ["missing R; accepted A R"]
