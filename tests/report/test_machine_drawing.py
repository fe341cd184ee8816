"""The drawing of the sequence machine says what its table says, and nothing else."""

import re

from replay.expect.machine import AFTER, RULE_OF, TABLE, Event, State, step
from replay.expect.rules import registry
from replay.report.machine_drawing import drawing, machine_page

WAY = re.compile(r"^    (\w+) --> (\w+): (.*)$", re.MULTILINE)
NAMED = re.compile(r"^    (s\d+): (.*)$", re.MULTILINE)


def drawn() -> set[tuple[State, Event, State, str | None]]:
    """Every way in the drawing, read back."""
    states = {name: State(value) for name, value in NAMED.findall(drawing())}
    assert set(states.values()) == set(State)
    found = set()
    for old, new, events in WAY.findall(drawing()):
        for words in events.split(" / "):
            event, rule = re.fullmatch(r"(.*?)(?: \((\w+)\))?", words).groups()
            found.add((states[old], Event(event), states[new], rule))
    return found


def test_the_drawing_has_every_way_to_another_state():
    accepted = {
        (old, event, new, None) for old, events in TABLE.items() for event, new in events.items() if new is not old
    }
    departed = {(old, event, new, RULE_OF[event]) for (old, event), new in AFTER.items() if new is not old}
    assert drawn() == accepted | departed


def test_the_drawing_says_what_a_step_does():
    for old, event, new, rule in drawn():
        assert step(old, event) == (new, rule)


def test_the_page_has_every_event_that_is_accepted_or_breaks_a_rule():
    sections = dict(re.findall(r"^## (.+?)\n\n(.*?)(?=^## |\Z)", machine_page(), re.MULTILINE | re.DOTALL))
    for state, events in TABLE.items():
        rows = re.findall(
            r"^\| (.+?) \| (.+?) \| *\|$", sections[state.value[0].upper() + state.value[1:]], re.MULTILINE
        )
        told = {Event(event): state if after == "the same" else State(after) for event, after in rows}
        assert told == events
    for event, rule in RULE_OF.items():
        assert (
            f"| {event.value} | [{rule}](../rules/{rule}.md) {registry()[rule].rule.name} |" in sections["Departures"]
        )


def test_nothing_in_it_is_markup_to_mermaid():
    assert not re.search(r"[;#{}\"]", "".join(words for *_, words in WAY.findall(drawing())))
