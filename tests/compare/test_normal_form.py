"""Two captures are equal when nothing remains after normalisation (contract): when, and only when, their normal forms are."""

import copy
import io
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.compare.compare import compare
from replay.normal.form import normal_form, normal_others
from replay.normal.text import normal_text
from tests import timetable
from tests.compare.edits import copied, traffic, world
from tests.generated import SCENARIOS

RULES = sorted({path.parent for path in timetable.captures()})


def normal(capture: Traffic) -> str:
    return normal_text(normal_form(capture), normal_others(capture))


@pytest.mark.parametrize("rule", RULES, ids=lambda path: path.name)
def test_the_captures_of_a_rule(rule):
    found = []
    for path in sorted(rule.glob("*.txt")):
        text = timetable.journal(timetable.parse(path.read_text()))
        found.append(assemble(read(io.BytesIO(text), path.name)))
    for one, other in itertools.combinations_with_replacement(found, 2):
        assert compare(one, other).equal is (normal(one) == normal(other))


def cut_about(body: dict[str, str], draw: random.Random) -> None:
    """A piece of a message taken out, or doubled: mostly it cannot be read any more."""
    text = body["text"]
    begin, end = sorted(draw.sample([place for place, letter in enumerate(text) if letter in "<>"], 2))
    body["text"] = draw.choice([text[:begin] + text[end:], text[:end] + text[begin:end] + text[end:]])


def rearrange(body: dict[str, str], draw: random.Random) -> None:
    """An element taken out, doubled, put elsewhere, or called otherwise: it can be read, and says something else."""
    try:
        root = etree.fromstring(body["text"].encode())
    except etree.XMLSyntaxError:
        return  # cut about before
    elements = [each for each in root.iter(etree.Element) if each.getparent() is not None]
    element, other = draw.choice(elements), draw.choice(elements)
    what = draw.randrange(5)
    if what == 0:
        element.getparent().remove(element)
    elif what == 1:
        element.addnext(copy.deepcopy(element))
    elif what == 2 and other not in element.iter() and other is not element:
        other.addnext(element)
    elif what == 3:
        element.tag = other.tag
    else:
        element.text = draw.choice(["", "0", "Get", "200", other.text or "x", "{guid 1}"])
    body["text"] = etree.tostring(root).decode()


@given(st.integers(0, 10_000), st.sampled_from(SCENARIOS), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_whatever_was_done_to_messages(seed, scenario, times):
    """Nothing crashes, nothing is called equal that is not, and the other way round as much differs."""
    draw = random.Random(seed)
    story = world(seed, scenario)
    other = copied(story)
    for _ in range(times):
        found = [line["body"] for line in other.lines if "<SyncML" in (line.get("body") or {}).get("text", "")]
        draw.choice([cut_about, rearrange, rearrange, rearrange])(draw.choice(found), draw)
    one, two = traffic(story), traffic(other)
    there, back = compare(one, two, timing=True), compare(two, one, timing=True)
    assert compare(one, two).equal is (normal(one) == normal(two))
    assert sum(there.summary.values()) == sum(back.summary.values())
    assert compare(two, traffic(copied(other))).equal
