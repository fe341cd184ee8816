import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of, server

EXEC = messages.unenrol_exec(9, "P")


def inside(*groups: str) -> str:
    command = EXEC
    for number, name in enumerate(reversed(groups)):
        command = f"<{name}><CmdID>{20 + number}</CmdID>{command}</{name}>"
    return command


def after(command: str) -> Story:
    return Story().exec("1", command=command).wait(1).alert("2").watch(70)


def test_passes_in_the_body():
    assert server().watch(70).judge().findings == []


def test_passes_in_sequence():
    judged = after(inside("Sequence")).judge()
    assert rules_of(judged) == []
    assert judged.episodes[0].episode.scenario == "server"


@pytest.mark.parametrize(
    ("groups", "path"),
    [
        (("Atomic",), "SyncBody/Atomic/Exec"),
        (("Atomic", "Sequence"), "SyncBody/Atomic/Sequence/Exec"),
        (("Sequence", "Atomic"), "SyncBody/Sequence/Atomic/Exec"),
    ],
)
def test_warns_in_atomic(groups, path):
    judged = after(inside(*groups)).judge()
    finding = only(judged, "UNE017")
    assert (finding.severity, finding.party, finding.side, finding.path) == ("warning", "server", "response", path)
    assert f"Atomic (CmdID {20 + len(groups) - 1 - groups.index('Atomic')})" in finding.message
    assert judged.episodes[0].episode.scenario == "server"


def test_an_atomic_beside_it_is_none():
    other = f"<Atomic><CmdID>20</CmdID>{messages.get(21, './DevDetail/SwV')}</Atomic>"
    assert rules_of(after(other + EXEC).judge()) == []
