"""What a code is said to mean, and for which commands anything is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.syncml.codes import ALERT_MEANINGS, STATUS_MEANINGS, meaning_of
from replay.syncml.model import Alert, Command, Exec, Group, Results, Status


@pytest.mark.parametrize(
    ("command", "meaning"),
    [
        (Status(name="Status", code="200"), "OK"),
        (Status(name="Status", code="212"), "authentication accepted"),
        (Status(name="Status", code="407"), "credentials missing"),
        (Status(name="Status", code="418"), "already exists"),
        (Status(name="Status", code="517"), "atomic response too large"),
        (Alert(name="Alert", code="1201"), "client-initiated session"),
        (Alert(name="Alert", code="1223"), "session abort"),
        (Alert(name="Alert", code="1226"), "generic alert"),
    ],
)
def test_a_code_that_is_defined(command, meaning):
    assert meaning_of(command) == meaning


@pytest.mark.parametrize("code", [None, "", "0", "600", " 200", "200 ", "0200", "２００", "2" * 10_000])
def test_a_code_that_is_not_defined(code):
    assert meaning_of(Status(name="Status", code=code)) is None
    assert meaning_of(Alert(name="Alert", code=code)) is None


def test_a_status_does_not_mean_what_an_alert_means():
    for code in STATUS_MEANINGS:
        assert meaning_of(Alert(name="Alert", code=code)) is None
    for code in ALERT_MEANINGS:
        assert meaning_of(Status(name="Status", code=code)) is None


@pytest.mark.parametrize(
    "command",
    [
        Command(name="Get"),
        Command(name="Status"),
        Exec(name="Exec"),
        Results(name="Results", cmd="Get"),
        Group(name="Atomic", commands=(Status(name="Status", code="200"),)),
    ],
)
def test_other_commands_have_no_code(command):
    assert meaning_of(command) is None


def test_what_is_in_a_command_is_not_its_code():
    assert meaning_of(Status(name="Status", cmd="200", msg_ref="200", cmd_ref="200")) is None
    assert meaning_of(Alert(name="Alert", correlator="1226")) is None


@given(st.sampled_from(sorted(STATUS_MEANINGS | ALERT_MEANINGS)))
def test_meanings_fit_into_a_line_of_a_report(code):
    meaning = (STATUS_MEANINGS | ALERT_MEANINGS)[code]
    assert meaning == meaning.strip()
    assert meaning.isprintable()
    assert 0 < len(meaning) <= 40


def test_codes_have_the_form_of_their_kind():
    assert all(len(code) == 3 and code[0] in "12345" and code.isdecimal() for code in STATUS_MEANINGS)
    assert all(len(code) == 4 and code[:2] in ("11", "12") and code.isdecimal() for code in ALERT_MEANINGS)
