import pytest

from replay.expect.enrolments import EnrolmentKind
from tests.story import Story, server, user

STAYS = Story().exec("1").wait(1).alert("2", data="2").watch(70)


def advice(story, kind):
    judged = story.judge(enrolment=kind and EnrolmentKind(kind))
    (episode,) = judged.episodes
    return [(each.kind, each.text.split(",")[0].split(":")[0].split(".")[0]) for each in episode.case.advice], judged


@pytest.mark.parametrize(
    ("story", "kind", "said"),
    [
        (user().watch(70), None, []),
        (user().watch(70), "bulk", []),
        (user().watch(70), "work-access", []),
        (user().watch(70), "work-account", ["unexpected"]),
        (user().watch(70), "entra-joined", ["unexpected", "advice"]),
        (user().watch(70), "mobile-entra-joined", ["unexpected"]),
        (server().watch(70), "bulk", []),
        (server().watch(70), "work-account", []),
        (server().watch(70), "entra-joined", ["advice"]),
        (server().watch(70), "mobile-entra-joined", ["unexpected"]),
        (STAYS, None, ["advice"]),
        (STAYS, "bulk", ["unexpected"]),
        (STAYS, "work-account", ["unexpected"]),
        (STAYS, "entra-joined", ["advice"]),
        (STAYS, "mobile-entra-joined", ["advice"]),
    ],
)
def test_what_the_document_says(story, kind, said):
    assert [each for each, _ in advice(story, kind)[0]] == said


def test_advice_changes_no_verdict():
    assert advice(user().watch(70), "entra-joined")[1].verdict.word == "pass"


def test_a_failed_unjoin_is_what_a_joined_mobile_device_is_expected_to_show():
    assert advice(STAYS, "mobile-entra-joined")[1].verdict.word == "pass"
    assert advice(STAYS, "entra-joined")[1].verdict.word == "fail"
    without_exec = Story().alert("2", data="2").watch(70)
    assert advice(without_exec, "mobile-entra-joined")[1].verdict.word == "fail"


def test_the_local_administrator_and_the_prompt_are_named():
    texts = [
        each.text for each in server().watch(70).judge(enrolment=EnrolmentKind.ENTRA_JOINED).episodes[0].case.advice
    ]
    assert "local administrator" in texts[0]
    texts = [each.text for each in user().watch(70).judge(enrolment=EnrolmentKind.ENTRA_JOINED).episodes[0].case.advice]
    assert "Windows Information Protection" in texts[1]
