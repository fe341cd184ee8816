"""What the items of the evidence say, and all of it in words."""

import pytest

from tests.eventlog import Event, begun, policy, unenrolment
from tests.expect.test_cleanup import OWN_STEPS, seen
from tests.expect.test_evidence import LATER, USER_ALERT
from tests.story import user


def texts(*events: Event) -> dict[int | None, str]:
    found = seen(user().watch(70), [begun(USER_ALERT - 1), *events, Event(USER_ALERT + 9, 74)])
    return {item.event: item.text for item in found.items}


def test_an_item_says_what_the_event_says():
    at = USER_ALERT + 1
    assert texts(Event(at, 1121, (("Message1", "a"), ("Message2", ""), ("HResult", "0x1"), ("HexInt1", "0x2"))))[
        1121
    ] == (
        "device management account could not be deleted (a, HResult 0x1, HexInt1 0x2); a server's Delete in an ordinary session is "
        "logged alike"
    )
    assert texts()[74] == "the unenrolment succeeded"
    long = texts(Event(at, 73, (), "x" * 301))[73]
    assert (len(long), long[-2:]) == (300, "x…")
    assert texts(Event(at, 73, (), "x" * 300))[73] == "x" * 300


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ((("HRESULT", "0x0"),), "done"),
        ((("HRESULT", "0x80070005"),), "failed"),
        ((("HResult1", "-2147024891"),), "failed"),
        ((("HRESULT", "0x7FFFFFFF"),), "done"),
        ((("HRESULT", "no number"),), "done"),
        ((("HexInt1", "0x80070005"),), "done"),
        ((("HRESULT", "0x0"), ("HRESULT2", "0x80070005")), "failed"),
    ],
)
def test_the_result_of_an_event_says_whether_it_failed(values, outcome):
    found = seen(
        user().watch(70), [begun(USER_ALERT - 1), Event(USER_ALERT + 1, 64, values), Event(USER_ALERT + 9, 74)]
    )
    assert [item.outcome for item in found.items if item.event == 64] == [outcome]


def test_the_words():
    words = seen(user().watch(70), items=[(USER_ALERT + 1, "apps", "failed")]).words
    assert words.startswith("no step is named; its end is not there; the device's clock agrees")
    words = seen(user().watch(70), items=[(USER_ALERT + 1, step, "done") for step in (*OWN_STEPS, "report")]).words
    assert words.startswith("done: apps, certificates, policies, configuration, report; ended (2027-")
    assert seen(user().watch(70), [*unenrolment(USER_ALERT)[:-2], LATER]).words.startswith("done: apps, policies")
    assert "its end" not in seen(user().watch(70), [*unenrolment(USER_ALERT)[:-2], LATER]).words  # that is said before
    assert "its end is not there" in seen(user().watch(70), [policy(USER_ALERT + 5), LATER]).words
