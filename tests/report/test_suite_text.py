"""The disturbance suite as a table and as JSON."""

import json

import click

from replay.expect.finding import Verdict
from replay.expect.suite import Row, trials
from replay.report.as_json import as_json
from replay.report.suite_text import suite_shape, suite_text

_TRIALS = {each.name: each for each in trials(0.1)}


def row(name: str, **more) -> Row:
    return Row(
        **{
            "trial": _TRIALS[name], "verdict": Verdict.PASS, "alerts": 1, "stays": False, "answer": "HTTP 200", "retried": False,
            "silence": "observed", "window": 6.54, "breaks": (), "applied": True, "journal": f"{name}.jsonl", **more,
        }
    )  # fmt: skip


ROWS = [
    row("none"),
    row("late", answer="nothing, it hung up"),
    row("500", verdict=Verdict.FAIL, alerts=2, retried=True, silence="contradicted", breaks=("UNE007",)),
    row("empty", verdict=Verdict.INCONCLUSIVE, applied=False),
    row("busy", verdict=Verdict.NONE, alerts=0, answer="", silence="nothing to see", window=None),
    row("malformed", verdict=Verdict.FAIL, stays=True, silence="not due", window=None, breaks=("UNE010",)),
]


def test_the_table():
    assert click.unstyle(suite_text(ROWS, 6.0)) == (
        "FAIL  2 of 6 trials passed; the quiet time was 6 s\n"
        "\n"
        "  the answer to the alert        the device got       unenrolled  tried again  stayed silent   verdict"
        "                                  breaks\n"
        "  is as recorded                 HTTP 200             yes         no           yes, 6.5 s      PASS"
        "                                     -\n"
        "  comes 6.5 s late               nothing, it hung up  yes         no           yes, 6.5 s      PASS"
        "                                     -\n"
        "  is HTTP 500                    HTTP 200             yes         yes          no              FAIL"
        "                                     UNE007\n"
        "  is HTTP 200 without a body     HTTP 200             yes         no           yes, 6.5 s      INCONCLUSIVE, the fault "
        "was not applied  -\n"
        "  is HTTP 503                    -                    no alert    no           nothing to see  NONE"
        "                                     -\n"
        "  is no SyncML that can be read  HTTP 200             it stays    no           not due         FAIL"
        "                                     UNE010\n"
    )


def test_json():
    shaped = json.loads(as_json(suite_shape(ROWS, "user.jsonl", 0.1, 6.0)))
    assert (shaped["format"], shaped["version"], shaped["verdict"], shaped["capture"]) == (
        "omadm-suite",
        1,
        "fail",
        "user.jsonl",
    )
    assert [each["name"] for each in shaped["trials"]] == ["none", "late", "500", "empty", "busy", "malformed"]
    assert shaped["trials"][2] == {
        "name": "500", "fault": "status=500@alert", "verdict": "fail", "unenrolled": True, "alerts": 2, "stays": False,
        "answer": "HTTP 200", "retried": True, "silence": "contradicted", "window": 6.54, "breaks": ["UNE007"], "applied": True,
        "journal": "500.jsonl",
    }  # fmt: skip
