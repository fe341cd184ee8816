"""A capture that lacks something proves less, and never something wrong: correct worlds (tests/generated.py) that begin later, end
earlier, or have a message that nobody can read.

`OMADM_CUTS` says how many worlds are cut; each in every place."""

import copy
import io
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from replay.capture.journal_reader import read
from replay.expect.case import Options
from replay.expect.judge import Judgement, judge
from replay.expect.scenarios import shipped
from tests.generated import SCENARIOS, World
from tests.mutants import put

WORLDS = int(os.environ.get("OMADM_CUTS", "8"))
ENVELOPE = b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(241)
BROKEN = b"<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr>"
Lines = list[dict[str, Any]]


def worlds() -> Iterator[tuple[str, Lines]]:
    for seed in range(WORLDS):
        scenario = SCENARIOS[seed % len(SCENARIOS)]
        yield scenario, World(seed, scenario, wbxml=seed % 3 == 0).story.lines


def judged(lines: Lines, scenario: str) -> Judgement:
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return judge(
        read(io.BytesIO(text), "cut.jsonl"), Options(expect=None if scenario == "ordinary" else shipped(scenario))
    )


def errors(lines: Lines, scenario: str, *known: str) -> list[str]:
    """The error findings, without those of rules that are right to speak."""
    found = judged(lines, scenario).findings
    return [f"{f.rule}: {f.message}" for f in found if f.severity == "error" and f.rule not in known]


@pytest.mark.slow
def test_one_that_ends_earlier():
    for scenario, lines in worlds():
        for end in range(1, len(lines) + 1):
            assert errors(lines[:end], scenario, "UNE021") == [], (scenario, end)


@pytest.mark.slow
def test_one_that_begins_later():
    for scenario, lines in worlds():
        for begin in range(1, len(lines)):
            rest = lines[begin:]
            begun = {line["id"] for line in rest if line["type"] == "request"}
            rest = [line for line in rest if line.get("id") is None or line["id"] in begun]
            assert errors([lines[0], *rest], scenario, "UNE021") == [], (scenario, begin)


@pytest.mark.slow
@pytest.mark.parametrize(("content", "known"), [(ENVELOPE, ()), (BROKEN, ("MSG001",)), (None, ("HTP003",))])
def test_one_with_a_message_that_nobody_can_read(content, known):
    for scenario, lines in worlds():
        for place, line in enumerate(lines):
            if not line.get("body"):
                continue
            changed = copy.deepcopy(lines)
            if content is None:
                changed[place]["body"] = None
            else:
                put(changed[place], content)
            if content is ENVELOPE:
                changed[place]["headers"] = [["Content-Type", "application/pkcs7-mime"]]
                if line["type"] == "request":
                    changed[place]["url"] = line["url"].split("?")[0] + "?mode=Maintenance&Platform=WoA"
            assert errors(changed, scenario, *known) == [], (scenario, place)
