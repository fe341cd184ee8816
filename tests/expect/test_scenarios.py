"""Scenario files, read; and every mistake in one said with its line."""

import pytest

from replay.expect.finding import Party, Severity
from replay.expect.scenarios import SHIPPED, UnknownScenarioError, find_scenario, shipped
from replay.expect.scenarios.model import UNBOUNDED, Presence, What, Where
from replay.expect.scenarios.read import load_scenario
from replay.expect.toml_lines import TomlError

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
    assert (deletes.at_least, deletes.at_most, deletes.session) == (1, 3, Where.SAME)
    assert deletes.severity is Severity.WARNING
    assert (alert.what, alert.sender, alert.package, alert.within) == (What.ALERT, Party.DEVICE, 1, 2.5)
    assert (alert.at_least, alert.at_most, alert.severity) == (1, UNBOUNDED, Severity.ERROR)


@pytest.mark.parametrize(
    ("was", "put", "said"),
    [
        ('scenario = "server"', 'scenario = "servr"', "line 2: there is no scenario 'servr'; near it are server, user"),
        ('scenario = "server"', "", "line 1: scenario is missing; expected one of user, server, unjoin-failed"),
        ('sender = "server"', 'sender = "proxy"', "line 6: there is no sender 'proxy'; there are device, server"),
        ('command = "Delete"', 'command = "delete"', "line 7: there is no command 'delete'; near it is Delete"),
        (
            "times = [1, 3]",
            "times = [3, 1]",
            "line 9: times is [3, 1]; expected a number from 1 on, or two such as [1, 3]",
        ),
        ("times = [1, 3]", "times = true", "line 9: times is True; expected a number from 1 on, or two such as [1, 3]"),
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
    ],
)
def test_a_mistake_is_said_with_its_line_and_what_would_have_been_accepted(tmp_path, was, put, said):
    assert was in GOOD
    assert mistakes(tmp_path, GOOD.replace(was, put, 1)) == [said]


def test_every_mistake_is_said_at_once(tmp_path):
    text = GOOD.replace('"Delete"', '"Remove"').replace("within = 2.5", "within = -1").replace('"own"', '""')
    assert [mistake.partition(":")[0] for mistake in mistakes(tmp_path, text)] == ["line 7", "line 17", "line 1"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nscenario = "user"\n', "line 1: no steps; write each below a line [[step]]"),
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
    with pytest.raises(TomlError, match=r"usr\.toml: cannot be read"):
        find_scenario("usr.toml")
