"""What each event is to the clean-up: which may come before the alert, and which tell whose enrolment they are of."""

import pytest

from replay.expect.events import EVENTS
from replay.syncml.names import UNENROL_TYPE
from tests.eventlog import ENROLMENT, Event, begun, policy, unenrolment
from tests.expect.test_cleanup import ids, seen
from tests.expect.test_evidence import SERVER_ALERT, USER_ALERT
from tests.rules.talk import results
from tests.story import T0, Story, server, user

#: Events that remove nothing: trigger, report, end; and a session that was refused, an account that could not be deleted.
REMOVE_NOTHING = {60, 61, 86, 92, 1600, 1601, 48, 49, 216, 256, 73, 74, 20, 67}
#: Where the data of an event has the enrolment that it is about, by its text (facts E).
ENROLMENT_AT = {20: 0, 601: 0, 818: 2, 819: 2, 915: 0, 1120: 1, 1121: 1, 1600: 0, 1601: 0}


@pytest.mark.parametrize("number", sorted(EVENTS))
def test_only_what_removes_something_comes_too_early(number):
    values = (("Message1", UNENROL_TYPE),) if number in (216, 256) else ()
    events = [
        begun(USER_ALERT - 30),
        Event(USER_ALERT - 20, number, values),
        Event(USER_ALERT, 48),
        Event(USER_ALERT + 2, 74),
    ]
    found = seen(user().watch(70), events, offset=0.0)
    assert number in ids(found)
    assert [item.event for item in found.early] == ([] if number in REMOVE_NOTHING else [number])


@pytest.mark.parametrize("number", sorted(set(ENROLMENT_AT) - {1600, 1601}))
def test_an_event_of_another_enrolment_is_told_by_its_id(number):
    begin, place = begun(SERVER_ALERT - 0.9, 1600), ENROLMENT_AT[number]
    for mine in (True, False):
        here, elsewhere = (ENROLMENT, "{OTHER}") if mine else ("{OTHER}", ENROLMENT)
        values = tuple((f"Message{at}", here if at == place else elsewhere) for at in range(4))
        found = seen(
            server().watch(70), [begin, *unenrolment(SERVER_ALERT, 60), Event(SERVER_ALERT + 0.5, number, values)]
        )
        told = [item for item in found.items if item.at == SERVER_ALERT + 0.5]
        assert [item.event for item in told] == ([number] if mine else [])


def test_no_other_event_tells_its_enrolment():
    assert {number: known.enrolment for number, known in EVENTS.items() if known.enrolment is not None} == ENROLMENT_AT


def test_results_of_a_server_change_nothing():
    """They are against the rules (MSG011), and remove nothing that an event could tell of."""
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, results("1/2").format(id=9)))
    story.watch(100).alert("2").watch(70)
    alert = T0 + 100.1
    found = seen(story, [begun(alert - 9), policy(alert - 8), *unenrolment(alert)[1:]])
    assert [item.doubtful for item in found.early] == [False]
