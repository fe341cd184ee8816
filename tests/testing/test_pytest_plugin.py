"""The pytest plugin, in runs of pytest of its own, and the assertion on captures of every kind."""

import importlib
import re
import shutil
import socket
import textwrap
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.readers import read
from replay.lab.server import LabServer
from replay.testing import NotUnenrolledError, assert_unenrolled
from replay.testing.kept import safe_name
from tests.conftest import ROOT
from tests.story import DEVICE, Story, server, user

pytest_plugins = ["pytester"]

#: An installation finds it by itself; a work tree that is not installed, or was before it had an entry point, names its module.
PLUGIN = () if "omadm" in entry_points(group="pytest11").names else ("-p", "replay.pytest_plugin")
LEAVE = """
import ssl
import pytest
from replay.lab.device import LabDevice
from replay.testing import assert_unenrolled

def leave(recorder, scenario="user", **more):
    LabDevice(recorder.url, tls=ssl.create_default_context(cafile=recorder.ca), **more).run(scenario)
"""
FAILS = """
def test_fails(omadm_recorder, omadm_lab_server):
    recorder = omadm_recorder(omadm_lab_server.url)
    leave(recorder, variant="not-silent")
    assert_unenrolled(recorder, scenario="user", quiet=1)
"""


# -- the plugin, in a run of its own ------------------------------------------------------------------------------------


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs pytest with the plugin on tests, by the names of their modules."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def start(*args: str, **modules: str):
        for name, text in modules.items():
            (pytester.path / f"{name}.py").write_text(LEAVE + textwrap.dedent(text))
        return pytester.runpytest_subprocess(*PLUGIN, "--strict-markers", *args)

    return start


def kept(pytester, folder: str = "omadm-artifacts") -> list[str]:
    place = pytester.path / folder
    return sorted(entry.name for entry in place.iterdir()) if place.exists() else []


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_test_that_passes_leaves_nothing(run, pytester):
    result = run(
        test_it="""
        @pytest.mark.omadm_lab(unenroll="MS DM Server")
        def test_passes(omadm_recorder, omadm_lab_server, request):
            recorder = omadm_recorder(omadm_lab_server.url)
            leave(recorder, "server")
            judgement = assert_unenrolled(recorder, scenario="server", quiet=1)
            assert judgement.episodes[0].episode.enrolment.device in omadm_lab_server.unenrolled
            assert len(recorder.capture().exchanges) == 2
            (request.config.rootpath / "url").write_text(recorder.url)

        def test_again(omadm_recorder, omadm_lab_server):
            recorder = omadm_recorder(omadm_lab_server.url, "--fault", "drop-reply@alert")
            leave(recorder)
            assert_unenrolled(recorder, scenario="user", quiet=1)
            assert any("drop-reply" in note.text for note in recorder.capture().notes)
            recorder.stop()
            assert not recorder.running
            assert recorder.capture().ended_by == "close"
        """
    )
    result.assert_outcomes(passed=2)
    assert kept(pytester) == []
    place = urlsplit((pytester.path / "url").read_text())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname, place.port))


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_test_that_fails_shows_the_report_and_where_its_journal_is(run, pytester):
    result = run(test_it=FAILS)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "UNE011 error (device)" in text
    assert "assert_unenrolled(recorder, scenario" in text
    assert "unenrolled.py" not in text  # nothing of our own insides
    name = safe_name("test_it.py::test_fails")
    assert kept(pytester) == [f"{name}.html", f"{name}.jsonl", f"{name}.log"]
    for file in kept(pytester):
        place = pytester.path / "omadm-artifacts" / file
        assert str(place) in text
        assert place.stat().st_mode & 0o077 == 0
    journal = pytester.path / "omadm-artifacts" / f"{name}.jsonl"
    assert read(str(journal)).ended_by == "close"
    page = (pytester.path / "omadm-artifacts" / f"{name}.html").read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "UNE011" in page
    assert "listening on" in (pytester.path / "omadm-artifacts" / f"{name}.log").read_text()


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_whatever_fails_the_journals_are_kept(run, pytester):
    result = run(
        "--omadm-artifacts",
        "kept/here",
        test_it="""
        def test_itself(omadm_recorder):
            omadm_recorder()
            omadm_recorder()
            assert False

        @pytest.fixture
        def breaks(omadm_recorder):
            omadm_recorder()
            raise OSError("in its set-up")

        def test_setup(breaks):
            pass

        @pytest.fixture
        def breaks_late(omadm_recorder):
            omadm_recorder()
            yield
            raise OSError("at its end")

        def test_end(breaks_late):
            pass

        @pytest.mark.xfail
        def test_expected(omadm_recorder):
            omadm_recorder()
            assert False
        """,
    )
    result.assert_outcomes(failed=1, errors=2, passed=1, xfailed=1)
    names = [safe_name(f"test_it.py::test_{name}") for name in ("itself", "setup", "end")]
    journals = sorted([*(f"{name}.jsonl" for name in names), f"{names[0]}-2.jsonl"])
    assert [file for file in kept(pytester, "kept/here") if file.endswith(".jsonl")] == journals


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_workers_do_not_come_in_each_others_way(run, pytester):
    result = run("-n", "2", test_one=FAILS, test_other=FAILS)
    result.assert_outcomes(failed=2)
    names = [safe_name(f"test_{name}.py::test_fails") for name in ("one", "other")]
    assert kept(pytester) == [f"{name}.{ending}" for name in names for ending in ("html", "jsonl", "log")]
    for name in names:
        assert f"omadm-artifacts/{name}.html" in result.stdout.str()
        assert len(read(str(pytester.path / "omadm-artifacts" / f"{name}.jsonl")).exchanges) == 5


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_without_a_server_it_is_a_proxy(run):
    result = run(
        test_it="""
        import urllib.request

        def test_proxy(omadm_recorder, omadm_lab_server):
            recorder = omadm_recorder()
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": recorder.url}))
            assert b"lab server" in opener.open(omadm_lab_server.url).read()
            recorder.stop()
            assert "0 OMA DM exchanges recorded" in recorder.said[-1]
            assert "1 others passed by" in recorder.said[-1]
        """
    )
    result.assert_outcomes(passed=1)


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_mistakes_are_named(run, pytester):
    (pytester.path / "taken").write_text("a file")
    result = run(
        "--omadm-artifacts",
        "taken",
        test_it="""
        def test_option(omadm_recorder):
            omadm_recorder("http://127.0.0.1:1", "--nonsense")

        @pytest.mark.omadm_lab(varaint="close")
        def test_marker(omadm_lab_server):
            pass

        @pytest.mark.omadm_lab(variant="clsoe")
        def test_variant(omadm_lab_server):
            pass

        @pytest.mark.omadm_lab("close")
        def test_place(omadm_lab_server):
            pass

        def test_not_kept(omadm_recorder):
            omadm_recorder()
            assert False
        """,
    )
    result.assert_outcomes(failed=2, errors=3)
    text = result.stdout.str()
    assert "No such option" in text
    assert "recorder.py" not in text
    assert "there is no option 'varaint'; near it is variant" in text
    assert "there is no variant 'clsoe'; near it is close" in text
    assert "takes its options by name" in text
    assert "cannot be kept: " in text
    assert "INTERNALERROR" not in text


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_a_recorder_that_dies_fails_the_test(run):
    result = run(
        test_it="""
        import os, signal

        def test_dies(omadm_recorder):
            recorder = omadm_recorder()
            os.kill(recorder._process.pid, signal.SIGKILL)
            assert recorder.wait(60)
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the recording failed with exit code -9*"])


def test_the_plugin_costs_little_and_is_documented(run, pytester):
    run("--markers").stdout.fnmatch_lines(["@pytest.mark.omadm_lab(unenroll=None, variant='good'): *"])
    run("--fixtures").stdout.fnmatch_lines(["omadm_recorder*", "omadm_lab_server*"])
    run("--help").stdout.fnmatch_lines(["*--omadm-artifacts=DIR*"])
    pytester.makepyfile(
        test_cost="""
        import sys
        def test_cost():
            assert "replay.pytest_plugin" in sys.modules
            ours = {name for name in sys.modules if name.partition(".")[0] == "replay"}
            assert ours == {"replay", "replay.version", "replay.pytest_plugin"}
            assert not {"lxml", "msgspec", "mitmproxy", "click", "jinja2"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(*PLUGIN, "-W", "error", "test_cost.py").assert_outcomes(passed=1)


def test_an_installation_finds_the_plugin_by_itself():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module = importlib.import_module(project["entry-points"]["pytest11"]["omadm"])
    assert {"omadm_recorder", "omadm_lab_server", "pytest_addoption"} <= set(vars(module))


EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$", (ROOT / "docs" / "pytest.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)
#: What the examples take for granted: a device that can be told to disconnect.
DEVICE_OF_ONES_OWN = """
import ssl
import pytest
from replay.lab.device import LabDevice

class Device:
    def __init__(self, start):
        self.start = start
    def __call__(self, *args, **more):
        self.recorder = self.start(*args, **more)
        return self.recorder
    def disconnect(self):
        LabDevice(self.recorder.url, tls=ssl.create_default_context(cafile=self.recorder.ca)).run("user")

@pytest.fixture
def device(omadm_recorder):
    return Device(omadm_recorder)
"""


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_the_examples_in_the_documentation(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("HOME", str(pytester.path))
    (pytester.path / "captures").mkdir()
    shutil.copy(ROOT / "captures" / "server.jsonl", pytester.path / "captures")
    pytester.makeconftest(DEVICE_OF_ONES_OWN)
    with LabServer() as lab:
        for number, example in enumerate(EXAMPLES):
            # the device of the example is told by its own recorder where to go, and nobody waits for a minute
            text = example.replace('omadm_recorder("https://mdm.example.com"', f"device({lab.url!r}")
            text = text.replace("0.0.0.0:8443", "127.0.0.1:0").replace("quiet=60", "quiet=1")
            (pytester.path / f"test_example_{number}.py").write_text(text)
        result = pytester.runpytest_subprocess(*PLUGIN, "--strict-markers")
    result.assert_outcomes(passed=len(EXAMPLES))
    assert len(EXAMPLES) == 3


# -- the assertion ------------------------------------------------------------------------------------------------------


def saved(tmp_path: Path, story: Story) -> Path:
    return story.save(tmp_path / "run.jsonl")


def test_it_gives_the_judgement(tmp_path):
    judgement = assert_unenrolled(saved(tmp_path, server().watch(70).close()), scenario="server")
    assert [each.episode.scenario for each in judgement.episodes] == ["server"]
    assert_unenrolled(str(tmp_path / "run.jsonl"), device=DEVICE, party="device")
    assert_unenrolled(tmp_path / "run.jsonl", "server", quiet="auto")


@pytest.mark.parametrize(
    ("story", "more", "why"),
    [
        (user().watch(5).ordinary("3").watch(70), {}, "is not as it should be"),
        (user().watch(5), {}, "does not prove the unenrolment"),
        (user().watch(5), {"party": "device"}, "does not prove the unenrolment"),
        (user().watch(5), {"party": "server"}, "does not prove the unenrolment"),
        (Story().watch(70), {}, "nothing was recorded that could be judged"),
        (Story().ordinary("1").watch(70), {}, "no unenrolment; what it shows is in order"),
        (Story().ordinary("1").watch(70), {"scenario": "user"}, "does not prove the unenrolment"),
        (
            Story().ordinary("1").watch(70),
            {"scenario": "server", "party": "server"},
            "no unenrolment of the scenario server",
        ),
        (user().watch(70), {"scenario": "server"}, "is not as it should be"),
        (user().watch(70), {"scenario": "server", "party": "server"}, "no unenrolment of the scenario server"),
        (user().watch(70), {"device": "F" * 32}, "nothing was recorded|no unenrolment of device F+"),
        (server().watch(70), {"quiet": 100}, "does not prove"),
    ],
)
def test_what_is_not_proved_did_not_happen(tmp_path, story, more, why):
    with pytest.raises(AssertionError, match=why) as caught:
        assert_unenrolled(saved(tmp_path, story), **more)
    assert isinstance(caught.value, NotUnenrolledError)
    assert f"{tmp_path / 'run.jsonl'}: device" in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_what_the_other_party_got_wrong_is_left_out(tmp_path):
    path = saved(tmp_path, user().watch(5).ordinary("3").watch(70))
    assert_unenrolled(path, party="server")
    with pytest.raises(NotUnenrolledError):
        assert_unenrolled(path, party="device")


def test_what_cannot_be_read_is_a_failure_that_says_so(tmp_path):
    (tmp_path / "none").write_text("\x1b[2Jnonsense")
    for path in (tmp_path / "none", tmp_path / "not there"):
        with pytest.raises(NotUnenrolledError, match="could not be judged") as caught:
            assert_unenrolled(path)
        assert "\x1b" not in str(caught.value)


def test_a_scenario_of_ones_own(tmp_path):
    path = saved(tmp_path, user().watch(70).close())
    scenario = ROOT / "replay" / "expect" / "scenarios" / "user.toml"
    assert_unenrolled(path, scenario)
    (tmp_path / "own.toml").write_text("nonsense = 1\n")
    for wrong, what in (("usr", "near it is user"), (tmp_path / "own.toml", "own.toml")):
        with pytest.raises(ValueError, match=what):
            assert_unenrolled(path, wrong)
    with pytest.raises(ValueError, match="nobody"):
        assert_unenrolled(path, party="nobody")


@given(st.text(), st.text())
def test_names_are_safe_and_no_others(one, other):
    for name in (safe_name(one), safe_name(other)):
        assert re.fullmatch(r"[A-Za-z0-9_.-]{1,110}", name)
        assert Path(name).name == name
        assert not name.startswith(".")
    assert (safe_name(one) == safe_name(other)) == (one == other)
