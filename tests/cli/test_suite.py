"""`omadm lab suite`: the lab's device, well-behaved and not, through the disturbances one after the other."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.processes import PATIENCE, environment, program
from tests.story import Story

CAPTURES = ROOT / "captures"
SCALE = "0.02"
#: Where it matters that a device hangs up before the answer comes, which is 5 s of its time later.
LONGER = "0.08"

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


def suite(folder, capture: str, *more: str, code: int) -> str:
    """What the suite says on stdout; its exit code has to be that one."""
    command = [sys.executable, "-m", "replay", "lab", "suite", "--server-capture", str(CAPTURES / f"{capture}.jsonl")]
    command += ["--scale", SCALE, "--set", f"confdir={folder / 'conf'}", "-o", str(folder / "journals"), *more]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=10 * PATIENCE)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def rows(text: str) -> dict[str, dict]:
    return {each["name"]: each for each in json.loads(text)["trials"]}


def test_a_good_device_passes_every_trial(tmp_path):
    said = suite(tmp_path, "server", "--lab-device", "good", code=0)
    assert said.startswith("PASS  8 of 8 trials passed; the quiet time was 1.2 s\n")
    assert len(list((tmp_path / "journals").iterdir())) == 8
    assert said.count("PASS") == 9


def test_a_device_that_tries_again_is_found_out_by_every_fault(tmp_path):
    more = ("--lab-device", "retries", "--only", "none", "--only", "reset", "--only", "empty", "--format", "json")
    found = rows(suite(tmp_path, "user", *more, code=1))
    assert {name: (each["verdict"], each["retried"]) for name, each in found.items()} == {
        "none": ("pass", False), "reset": ("fail", True), "empty": ("fail", True),
    }  # fmt: skip
    assert all("UNE007" in each["breaks"] for name, each in found.items() if name != "none")


def test_an_answer_that_comes_too_late_is_none(tmp_path):
    more = ("--lab-device", "retries", "--only", "late", "--format", "json", "--scale", LONGER)
    found = rows(suite(tmp_path, "user", *more, code=1))["late"]
    assert (found["verdict"], found["retried"], found["answer"]) == ("fail", True, "nothing, it hung up")
    assert "UNE007" in found["breaks"]


def test_a_device_that_waits_for_the_answer_stays(tmp_path):
    more = ("--lab-device", "waits", "--only", "dropped", "--only", "busy", "--format", "json")
    found = rows(suite(tmp_path, "server", *more, code=1))
    assert {name: (each["silence"], each["breaks"]) for name, each in found.items()} == {
        "dropped": ("contradicted", ["UNE011"]), "busy": ("contradicted", ["UNE011"]),
    }  # fmt: skip


def test_a_device_that_sends_no_alert_proves_nothing(tmp_path):
    found = rows(suite(tmp_path, "user", "--lab-device", "no-alert", "--only", "busy", "--format", "json", code=3))
    assert (found["busy"]["unenrolled"], found["busy"]["verdict"]) == (False, "inconclusive")


def test_a_command_that_sets_the_device_going(tmp_path):
    ca = tmp_path / "conf" / "mitmproxy-ca-cert.pem"
    device = f"{sys.executable} -m replay lab device --to {{url}} --scenario user --ca {ca}"
    found = rows(suite(tmp_path, "user", "--device-command", device, "--only", "empty", "--format", "json", code=0))
    assert found["empty"]["alerts"] == 1


def test_without_a_device_it_says_what_to_do_and_waits(tmp_path):
    command = [
        sys.executable,
        "-m",
        "replay",
        "lab",
        "suite",
        "--server-capture",
        str(CAPTURES / "server.jsonl"),
        "--scale",
        SCALE,
    ]
    command += [
        "--set",
        f"confdir={tmp_path / 'conf'}",
        "-o",
        str(tmp_path / "journals"),
        "--only",
        "busy",
        "--timeout",
        "1",
    ]
    with program(*command, cwd=tmp_path) as running:
        running.wait_for("enrol the device there and let it synchronise")
        assert running.wait() in (1, 3), running.said
    assert any("no alert" in line for line in running.said)


def test_an_interrupted_suite_leaves_nothing_behind(tmp_path):
    command = [sys.executable, "-m", "replay", "lab", "suite", "--server-capture", str(CAPTURES / "user.jsonl")]
    command += ["--set", f"confdir={tmp_path / 'conf'}", "-o", str(tmp_path / "journals"), "--only", "none"]
    with program(*command, cwd=tmp_path) as running:
        line = running.wait_for("the server is at ")
        assert running.end(15) == 2
    assert any("interrupted in the middle of trial 1" in said for said in running.said)
    port = line.split("//")[1].split("/")[0].rsplit(":", 1)[1]
    with pytest.raises(OSError):
        __import__("socket").create_connection(("127.0.0.1", int(port)), 1).close()
    assert (tmp_path / "journals" / "none.jsonl").read_text().splitlines()[-1].startswith('{"type":"close"')


def test_what_cannot_be_tested_is_said(tmp_path):
    ordinary = Story().ordinary("1").save(tmp_path / "ordinary.jsonl")
    (tmp_path / "journals").mkdir()
    (tmp_path / "journals" / "none.jsonl").write_text("mine")
    for words, said in (
        (["--server-capture", str(ordinary)], "has no unenrolment"),
        (["--server-capture", str(CAPTURES / "user.jsonl"), "-o", "journals"], "is there already"),
        (["--server-capture", "nothing-here"], "cannot be read"),
        (
            ["--server-capture", str(CAPTURES / "user.jsonl"), "--lab-device", "good", "--device-command", "x"],
            "name one",
        ),
        (["--server-capture", str(CAPTURES / "user.jsonl"), "--expect", "uesr"], "near it is user"),
    ):
        with program(sys.executable, "-m", "replay", "lab", "suite", *words, cwd=tmp_path) as running:
            assert running.wait() == 2
            assert any(said.lower() in line.lower() for line in running.said), running.said
