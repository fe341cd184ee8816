"""The table of events against the list of the facts, and what one event says."""

import csv

import pytest

from replay.capture.evidence import END, FAILED, STEPS, TRIGGER
from replay.expect.events import CONTEXT, EVENTS, step_of
from tests.conftest import ROOT, SHARED_DATA

LIST = SHARED_DATA.parent / "facts" / "unenroll_events.tsv"


@pytest.fixture
def listed() -> dict[int, dict[str, str]]:
    if not LIST.is_file():
        pytest.skip("needs ../shared/facts/unenroll_events.tsv, which is not here")
    lines = [line.removeprefix("# ") for line in LIST.read_text("utf-8").splitlines()[1:]]
    return {int(row["event_id"]): row for row in csv.DictReader(lines, delimiter="\t")}


def test_every_event_that_is_known_is_a_step_or_context(listed):
    assert set(EVENTS) | set(CONTEXT) == set(listed)
    assert not set(EVENTS) & set(CONTEXT)


def test_builds_and_failures_are_as_listed(listed):
    for number, known in EVENTS.items():
        row = listed[number]
        assert known.first == int(row["first_build"].split(".")[2]), number
        if known.outcome == FAILED:
            assert row["level"] == "Error", number
        assert known.own == ("unenroll" in row["message_template(latest)"].lower() or number in (216, 256)), number


@pytest.mark.parametrize("number", sorted(EVENTS))
def test_an_event_that_others_cause_too_says_so(number):
    known = EVENTS[number]
    assert known.step in (*STEPS, TRIGGER, END)
    assert known.own or known.also


@pytest.mark.parametrize(
    ("uri", "step"),
    [
        ("./Vendor/MSFT/ClientCertificateInstall/SCEP/x", "certificates"),
        ("./Device/Vendor/MSFT/RootCATrustedCertificates/Root/y", "certificates"),
        ("./Vendor/MSFT/Policy/Config/Camera/AllowCamera", "policies"),
        ("./Vendor/MSFT/CertificateStore/MY/User", "certificates"),
        ("./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/z", "apps"),
        ("./Vendor/MSFT/EnterpriseModernAppManagement/AppManagement", "apps"),
        ("./Vendor/MSFT/EnterpriseAppManagement/E", "apps"),
        ("./Vendor/MSFT/VPNv2/contoso", "configuration"),
        ("", "configuration"),
    ],
)
def test_the_uri_of_a_resource_tells_the_step(uri, step):
    assert step_of(601, ("9B5D", "S-0", uri)) == step


def test_the_step_of_another_event_is_its_own():
    assert step_of(819, ("./Vendor/MSFT/ClientCertificateInstall/SCEP/x",)) == "policies"
    assert step_of(601, ()) == "configuration"  # its data is missing


def test_the_table_in_the_docs_is_this_one():
    rows = (ROOT / "docs" / "evidence.md").read_text("utf-8").splitlines()
    for number, known in EVENTS.items():
        cells = (number, known.step, known.outcome, known.meaning, known.also, known.first, known.source)
        assert f"| {' | '.join(map(str, cells))} |" in rows
    assert all(f"| {number} | {text} |" in rows for number, text in CONTEXT.items())
