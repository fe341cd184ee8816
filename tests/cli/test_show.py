import json

from click.testing import CliRunner

from replay.cli import main
from tests.story import Story, server, user


def show(*args: str):
    return CliRunner().invoke(main, ["show", *args])


def test_the_tree_as_text(tmp_path):
    path = server().watch(10).save(tmp_path / "j.jsonl")
    result = show(str(path))
    assert result.exit_code == 0
    assert "session 2: exec, SessionID 2" in result.stdout
    assert "Exec [9] ./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll = MS DM Server" in result.stdout
    assert "Alert 1226 [4] com.microsoft:mdm.unenrollment.userrequest mark critical = 1" in result.stdout


def test_one_session_and_raw_bodies(tmp_path):
    path = server().save(tmp_path / "j.jsonl")
    result = show("--session", "3", "--raw", "--format", "json", str(path))
    tree = json.loads(result.stdout)
    assert [s["id"] for e in tree["enrolments"] for s in e["sessions"]] == [3]
    request = tree["enrolments"][0]["sessions"][0]["exchanges"][0]["request"]
    assert request["body"].startswith("<SyncML")
    assert show("--session", "9", str(path)).exit_code == 2


def test_what_is_in_no_session(tmp_path):
    story = Story().ordinary("1")
    story.exchange(b"<SyncML", None, failure="server-closed")
    story.exchange(None, b"", url="https://h/", headers=[], response_headers=[])
    result = show(str(story.save(tmp_path / "j.jsonl")))
    assert "unreadable: line 1" in result.stdout
    assert "x server-closed" in result.stdout
    assert "(not OMA DM)" in result.stdout


def test_every_real_capture_can_be_shown(shared_data):
    paths = [
        *shared_data.glob("peers/*.mitm"),
        *shared_data.glob("messages/*/*.xml"),
        shared_data / "session-windows10",
    ]
    for path in paths:
        for form in ("text", "json"):
            result = show("--format", form, str(path))
            assert result.exit_code == 0, (path, result.output)


def test_bad_input(tmp_path):
    assert show(str(tmp_path / "none")).exit_code == 2


def test_no_text_of_a_capture_reaches_the_terminal_as_an_escape_sequence(tmp_path):
    story = Story(device="D\x9b31m")
    story.exchange(story.package_one("1"), b"\x1b[2J", method="PO\x1b]0;ST", url="https://h/\x1b[2J")
    story.line("note", text="\x1b[2J", name="\x9b")
    path = str(story.save(tmp_path / "j.jsonl"))
    for more in ([], ["--raw"], ["--format", "json"], ["--format", "json", "--raw"]):
        output = show(*more, path).output
        assert "\x1b" not in output
        assert "\x9b" not in output


def test_the_normal_form_of_one_session(tmp_path):
    path = str(server().save(tmp_path / "j.jsonl"))
    result = show("--normalized", "--session", "3", path)
    assert result.exit_code == 0
    assert result.stdout.count("session S3") == 1
    assert "session S2" not in result.stdout
    shaped = json.loads(show("--normalized", "--format", "json", path).stdout)
    assert [session["alias"] for session in shaped[0]["sessions"]] == ["S1", "S2", "S3"]
    assert show("--normalized", "--raw", path).exit_code == 2


def test_what_holds_messages_is_its_owners_alone(tmp_path):
    """They have credentials; what is there already keeps its mode."""
    capture, there = user().watch(70).close().save(tmp_path / "c.jsonl"), tmp_path / "there.txt"
    there.write_text("")
    there.chmod(0o644)
    for arguments, name, mode in (
        (["show", "--raw"], "shown.txt", 0o600),
        (["show"], "there.txt", 0o644),
        (["check", "--format", "html"], "report.html", 0o600),
        (["diff", "--format", "html", str(capture)], "diff.html", 0o600),
    ):
        result = CliRunner().invoke(main, [*arguments, str(capture), "-o", str(tmp_path / name)])
        assert result.exit_code == 0, result.output
        assert (tmp_path / name).stat().st_mode & 0o777 == mode
