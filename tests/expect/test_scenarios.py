"""Scenario files, read; and every mistake in one said with its line."""

import pytest

from replay.expect.finding import Party, Severity
from replay.expect.scenarios import SHIPPED, UnknownScenarioError, find_scenario, shipped
from replay.expect.scenarios.model import UNBOUNDED, Presence, Step, What, Where
from replay.expect.scenarios.read import load_scenario
from replay.expect.toml_lines import TomlError

TIMES = "expected a number from 1 on, or two such as [1, 3]"
GOOD = """\
name = "own"
scenario = "server"

[[step]]
name = "deletes"
sender = "server"
command = "Delete"
target = ["./Vendor/*", "./Device/*"]
times = [1, 3]
session = "same"
severity = "warning"

[[step]]
name = "alert"
what = "alert"
package = 1
within = 2.5
"""


def read(tmp_path, text: str):
    path = tmp_path / "own.toml"
    path.write_text(text)
    return load_scenario(str(path))


def mistakes(tmp_path, text: str) -> list[str]:
    with pytest.raises(TomlError) as caught:
        read(tmp_path, text)
    prefix = f"{tmp_path / 'own.toml'}, "
    assert all(mistake.startswith(prefix) for mistake in caught.value.mistakes)
    return [mistake.removeprefix(prefix) for mistake in caught.value.mistakes]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_ones_that_ship(name):
    scenario = shipped(name)
    assert (scenario.name, scenario.kind) == (name, name)
    assert "alert" in [step.name for step in scenario.steps]
    assert all(step.about for step in scenario.steps)


def test_a_file_of_ones_own(tmp_path):
    deletes, alert = read(tmp_path, GOOD).steps
    assert (deletes.command, deletes.sender, deletes.presence) == ("Delete", Party.SERVER, Presence.REQUIRED)
    assert deletes.conditions == (("target", ("./Vendor/*", "./Device/*")),)
    assert (alert.command, alert.conditions) == (None, ())
    assert (deletes.at_least, deletes.at_most, deletes.session) == (1, 3, Where.SAME)
    assert deletes.severity is Severity.WARNING
    assert (alert.what, alert.sender, alert.package, alert.within) == (What.ALERT, Party.DEVICE, 1, 2.5)
    assert (alert.at_least, alert.at_most, alert.severity) == (1, UNBOUNDED, Severity.ERROR)


@pytest.mark.parametrize(
    ("kind", "phases"),
    [
        ("user", ("alert", "reply", "cleanup", "silence")),
        ("server", ("trigger", "alert", "reply", "cleanup", "silence")),
        ("unjoin-failed", ("trigger", "alert", "reply")),
    ],
)
def test_what_a_file_need_not_say(tmp_path, kind, phases):
    scenario = read(tmp_path, GOOD.replace('"server"', f'"{kind}"', 1))
    assert (scenario.title, scenario.begins, scenario.phases) == ("", "session", phases)
    assert scenario.steps[1].about == ""


def test_what_a_file_may_say(tmp_path):
    top = 'title = "Own"\nphases = ["silence"]\nbegins = "enrolment"\n'
    step = 'presence = "optional"\nabout = "a\\nb"\nwithin = 0\ntimes = 2\n'
    scenario = read(tmp_path, top + GOOD.replace("within = 2.5\n", step))
    assert (scenario.title, scenario.begins, scenario.phases) == ("Own", "enrolment", ("silence",))
    assert read(tmp_path, f'title = ""\n{GOOD}').title == ""
    alert = scenario.steps[1]
    assert (alert.presence, alert.about, alert.within) == (Presence.OPTIONAL, "a\nb", 0.0)
    assert (alert.at_least, alert.at_most) == (2, 2)


@pytest.mark.parametrize(
    ("was", "put", "said"),
    [
        ('scenario = "server"', 'scenario = "servr"', "line 2: there is no scenario 'servr'; near it are server, user"),
        ('scenario = "server"', "", "line 1: scenario is missing; expected one of user, server, unjoin-failed"),
        ('sender = "server"', 'sender = "proxy"', "line 6: there is no sender 'proxy'; there are device, server"),
        ('command = "Delete"', 'command = "delete"', "line 7: there is no command 'delete'; near it is Delete"),
        ("times = [1, 3]", "times = [3, 1]", f"line 9: times is [3, 1]; {TIMES}"),
        ("times = [1, 3]", "times = true", f"line 9: times is True; {TIMES}"),
        (
            'target = ["./Vendor/*", "./Device/*"]',
            "target = [1]",
            "line 8: target is [1]; expected a text, or a list of texts",
        ),
        (
            'severity = "warning"',
            'sevrity = "warning"',
            "line 11: there is no setting of a step 'sevrity'; near it is severity",
        ),
        ('name = "alert"', 'name = "deletes"', "line 14: two steps have the name 'deletes'; give each its own"),
        ('what = "alert"', 'what = "alarm"', "line 15: there is no what 'alarm'; near it is alert"),
        (
            'what = "alert"',
            'what = "alert"\ncode = "1226"',
            "line 16: code goes with command; rules judge the details of 'alert'",
        ),
        ('what = "alert"', 'what = "alert"\nsender = "server"', "line 16: 'alert' comes from the device"),
        ("package = 1", "package = 2", "line 16: package is 2; only package 1 can be asked for"),
        ("within = 2.5", 'within = "2 s"', "line 17: within is '2 s'; expected a number of seconds"),
        ("within = 2.5", "within = true", "line 17: within is True; expected a number of seconds"),
        ("within = 2.5", "within = 1e6", "line 17: within is 1000000.0; expected a number of seconds"),
        ("within = 2.5", "within = nan", "line 17: within is nan; expected a number of seconds"),
        ("package = 1", "package = true", "line 16: package is True; only package 1 can be asked for"),
        ("times = [1, 3]", "times = [1]", f"line 9: times is [1]; {TIMES}"),
        ("times = [1, 3]", "times = [1, 2, 3]", f"line 9: times is [1, 2, 3]; {TIMES}"),
        ("times = [1, 3]", "times = [0, 3]", f"line 9: times is [0, 3]; {TIMES}"),
        ("times = [1, 3]", "times = [1, 1.5]", f"line 9: times is [1, 1.5]; {TIMES}"),
        ('name = "own"', "\nname = 3", "line 2: name is 3; expected a text"),
        ('name = "own"', "", "line 1: name is missing; expected a text"),
        ('name = "own"', 'name = "own"\ntitle = 3', "line 2: title is 3; expected a text"),
        (
            'name = "own"',
            'name = "own"\nphase = []',
            "line 2: there is no setting of a scenario 'phase'; near it is phases",
        ),
        (
            'name = "own"',
            'name = "own"\nbegins = "sesion"',
            "line 2: there is no begins 'sesion'; near it is session",
        ),
        (
            'name = "own"',
            'name = "own"\nphases = [\n"alert",\n"replay"]',
            "line 4: there is no phase 'replay'; near it is reply",
        ),
        ('sender = "server"\n', "", "line 4: sender is missing; expected one of device, server"),
        ('name = "alert"', 'name = " "', "line 14: name is ' '; expected a text"),
        ('name = "alert"', "", "line 13: name is missing; expected a text"),
        ('name = "alert"', 'name = "alert"\nabout = 1', "line 15: about is 1; expected a text"),
        ("package = 1", 'presence = "option"', "line 16: there is no presence 'option'; near it is optional"),
        ("package = 1", 'session = "sam"', "line 16: there is no session 'sam'; near it is same"),
        ("package = 1", 'severity = "err"', "line 16: there is no severity 'err'; near it is error"),
        (
            "package = 1",
            "severity = 3",
            "line 16: severity is 3; expected one of error, inconclusive, warning, info",
        ),
        ("package = 1", 'command = "any"', "line 15: a step has what or command, not both"),
        (
            'target = ["./Vendor/*", "./Device/*"]',
            "target = []",
            "line 8: target is []; expected a text, or a list of texts",
        ),
    ],
)
def test_a_mistake_is_said_with_its_line_and_what_would_have_been_accepted(tmp_path, was, put, said):
    assert was in GOOD
    assert mistakes(tmp_path, GOOD.replace(was, put, 1)) == [said]


def test_every_mistake_is_said_at_once(tmp_path):
    text = GOOD.replace('"Delete"', '"Remove"').replace("within = 2.5", "within = -1").replace('"own"', '""')
    assert [mistake.partition(":")[0] for mistake in mistakes(tmp_path, text)] == ["line 7", "line 17", "line 1"]
    text = GOOD.replace("times =", "source = 1\ntimes =").replace("target = [", "target = [1, ")
    text = text.replace("package = 1", 'data = "1"\nmark = "m"')
    assert [mistake.partition(":")[0] for mistake in mistakes(tmp_path, text)] == [
        "line 8",
        "line 9",
        "line 17",
        "line 18",
    ]
    text = 'name = "x"\nscenario = "user"\nstep = [1,\n2]\n'
    assert [mistake.partition(";")[0] for mistake in mistakes(tmp_path, text)] == [
        "line 3: a step is 1",
        "line 4: a step is 2",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nscenario = "user"\n', "line 1: no steps; write each below a line [[step]]"),
        ('name = "x"\nscenario = "user"\nstep = []\n', "line 3: no steps; write each below a line [[step]]"),
        (
            GOOD.replace("[[step]]", "[step]", 1).partition("[[")[0],
            "line 4: no steps; write each below a line [[step]]",
        ),
        ('name = "x"\nscenario = "user"\nstep = [1]\n', "line 3: a step is 1; write each below a line [[step]]"),
        ('name = "x"\nphases = 3\nscenario = "user"\n[[step]]\nname = "a"\nwhat = "alert"\n', "line 2: phases is 3; "),
        ('name = "x"\nscenario = "user"\n[[step]]\nname = "a"\n', "line 3: the step says neither what (alert, exec, "),
        ("name = \n", "line 1, column 8: "),
    ],
)
def test_files_that_are_no_scenario(tmp_path, text, said):
    assert mistakes(tmp_path, text)[0].startswith(said)


def test_a_file_that_is_not_there():
    with pytest.raises(TomlError, match="cannot be read: No such file"):
        load_scenario("not-there.toml")


def test_a_scenario_is_found_by_its_name_or_as_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").write_text(GOOD)
    (tmp_path / "server").write_text(GOOD)
    assert find_scenario("own").name == find_scenario(str(tmp_path / "own")).name == "own"
    assert find_scenario("server") is shipped("server"), "a name that ships is that one, whatever lies here"
    with pytest.raises(
        UnknownScenarioError, match="no scenario 'usr'; near it is user; nor is there a file of that name"
    ):
        find_scenario("usr")
    for path in ("usr.toml", "own/usr"):
        with pytest.raises(TomlError, match=f"{path}: cannot be read"):
            find_scenario(path)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"what": What.ALERT}, "the device sends the unenrolment alert"),
        ({"what": What.EXEC, "package": 1}, "the server sends the Exec Unenroll in package 1"),
        ({"what": What.REPLY, "at_most": 1}, "the server answers the alert, once"),
        ({"what": What.SESSION, "session": Where.NEW}, "the device opens a session without the alert in a new session"),
        ({"what": What.SILENCE, "within": 2.5}, "nothing more from the device, within 2.5 s"),
        ({"command": "Get"}, "the server sends Get"),
        (
            {"command": "Get", "session": Where.SAME, "at_least": 2, "at_most": 2},
            "the server sends Get in the same session, 2 times",
        ),
        ({"command": "Get", "at_least": 2}, "the server sends Get, 2 times or more"),
        ({"command": "Get", "at_least": 1, "at_most": 3}, "the server sends Get, 1 to 3 times"),
        (
            {"command": "Get", "conditions": (("target", ("a", "b")), ("data", ("c",)))},
            'the server sends Get with target "a" or "b" and data "c"',
        ),
    ],
)
def test_a_step_in_words(step, text):
    made = Step(**{"name": "own", "presence": Presence.REQUIRED, "sender": Party.SERVER, **step})
    assert made.text == f"own ({text})"


def test_the_rule_that_speaks_of_a_step():
    made = [Step(name="own", presence=each, sender=Party.DEVICE, what=What.ALERT) for each in Presence]
    assert [step.spoken_by for step in made] == ["UNE001", None, None]
    assert Step(name="own", presence=Presence.REQUIRED, sender=Party.DEVICE, command="Get").spoken_by is None
