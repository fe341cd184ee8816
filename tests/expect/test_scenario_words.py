"""Every word that a scenario file may use, and which rule speaks of a step that every scenario has."""

import pytest

from replay.expect.finding import Party, Severity
from replay.expect.scenarios.model import SPOKEN_BY, Presence, What, Where
from replay.expect.scenarios.read import load_scenario
from tests.conftest import ROOT
from tests.story import Story, rules_of, server, user

COMMANDS = ("Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get", "Replace", "Results", "Sequence", "Status")
SAYS = ("code", "target", "source", "type", "format", "data", "mark", "answers")


def read(tmp_path, step: str, top: str = ""):
    path = tmp_path / "own.toml"
    path.write_text(f'name = "own"\nscenario = "server"\n{top}\n[[step]]\nname = "own"\n{step}')
    return load_scenario(str(path))


@pytest.mark.parametrize(
    ("what", "sender"),
    [("alert", "device"), ("exec", "server"), ("reply", "server"), ("session", "device"), ("silence", "device")],
)
def test_what_a_step_waits_for_and_who_does_that(tmp_path, what, sender):
    (step,) = read(tmp_path, f'what = "{what}"').steps
    assert (step.what, step.command, step.sender) == (What(what), None, Party(sender))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands(tmp_path, command):
    (step,) = read(tmp_path, f'sender = "device"\ncommand = "{command}"').steps
    assert (step.what, step.command) == (None, command)


def test_what_a_command_may_have_to_say(tmp_path):
    settings = "\n".join(f'{name} = "{name}*"' for name in SAYS)
    (step,) = read(tmp_path, f'sender = "server"\ncommand = "Add"\n{settings}').steps
    assert step.conditions == tuple((name, (f"{name}*",)) for name in SAYS)


def test_the_words_of_the_other_settings(tmp_path):
    for setting, kind, words in [
        ("presence", Presence, ("required", "optional", "forbidden")),
        ("session", Where, ("any", "same", "new")),
        ("severity", Severity, ("error", "inconclusive", "warning", "info")),
    ]:
        for word in words:
            (step,) = read(tmp_path, f'what = "alert"\n{setting} = "{word}"').steps
            assert getattr(step, setting) is kind(word)
    for word in ("session", "enrolment"):
        assert read(tmp_path, 'what = "alert"', f'begins = "{word}"').begins == word
    phases = ["trigger", "alert", "reply", "cleanup", "silence"]
    assert read(tmp_path, 'what = "alert"', f"phases = {phases}").phases == tuple(phases)


def test_the_docs_name_every_word():
    page = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
    words = {*SAYS, *What, *Presence, *Severity, *(each for each in Where if each is not Where.ANY)}
    assert [word for word in words if f"`{word}`" not in page] == []


@pytest.mark.parametrize(
    ("story", "expect", "step"),
    [
        (lambda: Story().exec("1").watch(20).ordinary("2"), "server", (What.ALERT, Presence.REQUIRED)),
        (user, "server", (What.EXEC, Presence.REQUIRED)),
        (lambda: server().watch(20).ordinary("4"), "server", (What.SESSION, Presence.FORBIDDEN)),
    ],
)
def test_one_cause_is_one_finding(story, expect, step):
    assert rules_of(story().watch(70).judge(expect=expect)) == [SPOKEN_BY[step]]


def test_a_silence_that_is_too_short_is_one_finding():
    assert rules_of(server().watch(20).judge(expect="server")) == [SPOKEN_BY[What.SILENCE, Presence.REQUIRED]]
    assert set(SPOKEN_BY.values()) == {"UNE001", "UNE011", "UNE014", "UNE021"}
