import pytest
from click.testing import CliRunner

from replay.cli import main
from tests.rules.test_aut003 import ALICE, WRONG, digest, session
from tests.story import user


@pytest.fixture
def bad(tmp_path):
    """A capture with a digest that does not verify with Alice's secret."""
    return str(session(digest(WRONG, b"one")).story.save(tmp_path / "bad.jsonl"))


def run(*args: str, **env: str):
    return CliRunner().invoke(main, ["check", *args], env={"OMADM_SECRETS": "", **env})


def test_without_a_secret_nothing_is_verified(bad):
    result = run(bad)
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_option_a_file_and_the_environment(bad, tmp_path):
    file = tmp_path / "secrets"
    file.write_text("\ufeff# who they are\n\nbob:b\nalice:p:w\n", encoding="utf-8")
    ways = [
        run("--secret", "alice:p:w", bad),
        run("--secret-file", str(file), bad),
        run(bad, OMADM_SECRETS="bob:b\nalice:p:w"),
    ]
    for result in ways:
        assert result.exit_code == 1
        assert "AUT003 error" in result.stdout
        assert "p:w" not in result.output
    assert "'bob'" in ways[1].stderr


def test_the_right_one_of_several_is_enough(tmp_path):
    good = str(session(digest(ALICE, b"one")).story.save(tmp_path / "good.jsonl"))
    assert run("--secret", "alice:no", "--secret", "alice:p:w", good).exit_code == 0


@pytest.mark.parametrize(
    ("value", "said"), [("alice", "expected USER:PASSWORD"), (":geheim", "expected USER:PASSWORD")]
)
def test_what_is_no_secret_is_not_repeated(bad, value, said):
    result = run("--secret", value, bad)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "geheim" not in result.stderr


def test_mistakes_in_a_file_and_in_the_environment(bad, tmp_path):
    file = tmp_path / "secrets"
    file.write_bytes(b"alice:p:w\ngeheim\n")
    result = run("--secret-file", str(file), bad)
    assert result.exit_code == 2
    assert f"{file}, line 2: expected USER:PASSWORD" in result.stderr
    assert "geheim" not in result.stderr
    file.write_bytes(b"\xff\xfe")
    assert "no text in UTF-8" in run("--secret-file", str(file), bad).stderr
    assert "cannot be read" in run("--secret-file", str(tmp_path / "none"), bad).stderr
    assert "OMADM_SECRETS, line 1" in run(bad, OMADM_SECRETS="geheim").stderr


def test_says_where_a_secret_verified_nothing(bad, tmp_path):
    result = run("--secret", "carol:x", bad)
    assert result.exit_code == 0
    assert "no MD5 digest or MAC names the user 'carol'" in result.stderr
    plain = str(user().watch(70).save(tmp_path / "plain.jsonl"))
    assert "'carol'" in run("--secret", "carol:x", plain).stderr


def test_says_where_a_capture_is_redacted(tmp_path):
    story = session(digest(WRONG, b"one")).story
    story.lines[0]["redacted"] = True
    result = run("--secret", "alice:p:w", str(story.save(tmp_path / "redacted.jsonl")))
    assert result.exit_code == 0
    assert "redacted.jsonl: is redacted" in result.stderr


def test_a_message_that_names_nobody_may_be_anybodys(tmp_path):
    unnamed = str(session(digest(ALICE, b"one"), user=None).story.save(tmp_path / "unnamed.jsonl"))
    assert run("--secret", "alice:p:w", "--secret", "carol:x", unnamed).stderr == ""
