import tomllib

import pytest
from click.testing import CliRunner

from replay.cli import main
from tests.compare.runs import KINDS, node, run
from tests.compare.stories import edited
from tests.story import Story, user


def omadm(*args: str):
    return CliRunner().invoke(main, [str(arg) for arg in args])


@pytest.fixture
def files(tmp_path):
    """Three runs of a scenario, and one of which the alert says something else."""
    found = {str(number): run(number).save(tmp_path / f"{number}.jsonl") for number in (1, 2, 3)}
    found["stays"] = tmp_path / "stays.jsonl"
    found["stays"].write_bytes(edited(user(), "<Data>1</Data>", "<Data>2</Data>"))
    found["user"] = user().save(tmp_path / "user.jsonl")
    return found


@pytest.fixture
def profile(files, tmp_path):
    """A profile that was learned from two runs, and signed."""
    path = tmp_path / "noise.toml"
    assert omadm("learn", files["1"], files["2"], "-o", path).exit_code == 0
    text = path.read_text("utf-8")
    path.write_text(text.replace('signed = ""', 'signed = "T"').replace('reason = ""', 'reason = "seen"'), "utf-8")
    return path


def test_what_is_learned_goes_to_stdout_or_into_a_file(files, tmp_path):
    result = omadm("learn", files["1"], files["2"])
    assert result.exit_code == 0
    assert {each["about"]: each["kind"] for each in tomllib.loads(result.stdout)["noise"]} == {
        node(name): kind for name, kind in KINDS.items()
    }
    assert str(files["1"]) in result.stdout
    into = omadm("learn", files["1"], files["2"], "-o", tmp_path / "n.toml")
    assert into.stdout == ""
    assert "n.toml: 5 places to look at\n" in into.stderr
    assert (tmp_path / "n.toml").read_text("utf-8") == result.stdout


def test_what_never_is_noise_is_said(files, tmp_path):
    result = omadm("learn", files["user"], files["stays"], "-o", tmp_path / "n.toml")
    assert "0 places to look at, 1 that never can be noise" in result.stderr
    text = (tmp_path / "n.toml").read_text("utf-8")
    assert tomllib.loads(text) == {}
    assert "#   SyncBody/Alert/Item/Data (value, com.microsoft:mdm.unenrollment.userrequest) changed once" in text


def test_constants_on_request(files):
    noise = tomllib.loads(omadm("learn", "--constants", files["1"], files["2"]).stdout)["noise"]
    assert node("Same") in {each["about"] for each in noise if each["kind"] == "constant"}


def test_what_cannot_be_learned_from(files, tmp_path):
    assert omadm("learn", files["1"]).exit_code == 2
    assert "one capture shows nothing that varies" in omadm("learn", files["1"]).stderr
    assert omadm("learn", files["1"], tmp_path / "none.jsonl").exit_code == 2
    empty = Story().watch(20).save(tmp_path / "empty.jsonl")
    result = omadm("learn", files["1"], empty)
    assert result.exit_code == 2
    assert "nothing to learn from" in result.stderr


# -- a profile in a comparison ----------------------------------------------------------------------------------------------


def test_a_signed_profile_explains_the_next_run(files, profile):
    assert omadm("diff", files["1"], files["3"]).exit_code == 1
    result = omadm("diff", "--noise", profile, files["1"], files["3"])
    assert result.exit_code == 0
    assert "no change, " in result.stdout
    assert f"{profile}: " in result.stdout
    assert "changes left out as noise" in result.stdout


def test_an_unsigned_line_is_not_applied_and_said(files, profile):
    text = profile.read_text("utf-8")
    profile.write_text(text.replace('signed = "T"', 'signed = ""', 1), "utf-8")
    result = omadm("diff", "--noise", profile, files["1"], files["3"])
    assert result.exit_code == 1
    assert "1 of 5 lines are not signed and were not applied" in result.stdout


def test_drift_is_a_difference(files, profile, tmp_path):
    drift = run(3, token="x" * 9).save(tmp_path / "drift.jsonl")
    result = omadm("diff", "--noise", profile, files["1"], drift)
    assert result.exit_code == 1
    assert "1 change is outside the profile (random)" in result.stdout
    shown = omadm("diff", "--format", "json", "--noise", profile, files["1"], drift).stdout
    assert "outside the profile (random)" in shown
    assert (
        "outside the profile (random)"
        in omadm("diff", "--format", "html", "--noise", profile, files["1"], drift).stdout
    )


def test_with_several_baselines(files, profile):
    result = omadm("diff", "--noise", profile, "--baseline", files["1"], "--baseline", files["2"], files["3"])
    assert result.exit_code == 0


def test_a_profile_goes_with_no_scenario(files, profile):
    result = omadm("diff", "--noise", profile, "scenario:user", files["user"])
    assert result.exit_code == 2
    assert "goes with no scenario" in result.stderr


@pytest.mark.parametrize("command", [["diff", "1", "3"], ["check", "1"]])
def test_mistakes_in_a_profile_have_their_lines(files, profile, command):
    profile.write_text('[[noise]]\npath = "SyncBody/Alert/Data"\nkind = "txt"\n', "utf-8")
    result = omadm(command[0], "--noise", profile, *(files[name] for name in command[1:]))
    assert result.exit_code == 2
    assert f"{profile}, line 2: SyncBody/Alert/Data counts to the letter" in result.stderr
    assert f"{profile}, line 3: there is no kind 'txt'; near it is text" in result.stderr


# -- and in a judgement -----------------------------------------------------------------------------------------------------


def test_check_accepts_warnings_for_the_reason_of_a_line(tmp_path):
    story = Story()
    request = story.package_one("1").replace(b"<Data>0123456789ABCDEF", b"<Data>9123456789ABCDEF")
    story.exchange(request, story.answer(request))
    capture, profile = story.save(tmp_path / "c.jsonl"), tmp_path / "n.toml"
    line = '[[noise]]\npath = "SyncBody/Replace/Item/Data"\nabout = "./DevInfo/DevId"\nkind = "text"\nreason = "ticket 7"\n'
    assert omadm("check", "--fail-on", "warning", capture).exit_code == 1
    profile.write_text(line, "utf-8")
    unsigned = omadm("check", "--fail-on", "warning", "--noise", profile, capture)
    assert unsigned.exit_code == 1
    assert "1 of 1 lines are not signed" in unsigned.stderr
    profile.write_text(f'{line}signed = "T"\n', "utf-8")
    signed = omadm("check", "--fail-on", "warning", "--noise", profile, capture)
    assert signed.exit_code == 0
    assert "noise: ticket 7" in signed.stdout
