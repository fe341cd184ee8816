"""The sequence machine as a page: its table drawn as a Mermaid state diagram, and in words. Made from `replay/expect/machine.py`
alone, so that it cannot say anything else (docs/reference/sequence-machine.md, `make docs`)."""

from typing import Final

from replay.expect.machine import AFTER, RULE_OF, TABLE, Event, State, step
from replay.expect.rules import registry

_INTRO: Final = """\
# The sequence machine

An unenrolment as the tool follows it: where it stands, and what may happen there. What a state does not accept departs from the
sequence and breaks a rule; judging goes on from the state after it. [The sequence](../sequence.md) says why it is so.

This file is generated: `make docs` writes it from the table in [replay/expect/machine.py](../../replay/expect/machine.py).

## Drawing

Where a rule is named in brackets, that way breaks it.
"""
_DEPARTURES: Final = """\
## Departures

What breaks a rule in every state that does not accept it. The sequence stands where it stood, but for the ways above.

| what happens | breaks |
| --- | --- |"""


def machine_page() -> str:
    """The page, as Markdown."""
    departures = [f"| {event.value} | {_rule(rule)} |" for event, rule in RULE_OF.items()]
    states = [line for state in State for line in _section(state)]
    return "\n".join([_INTRO, "```mermaid", drawing(), "```", "", *states, _DEPARTURES, *departures, ""])


def drawing() -> str:
    """The machine as a Mermaid state diagram: every way from one state to another, accepted or not. What leads nowhere else is left
    to the tables."""
    names = {state: f"s{number}" for number, state in enumerate(State)}
    ways: dict[tuple[State, State], list[str]] = {}
    for state in State:
        for event, after, rule in _happens(state):
            if after is not state:
                ways.setdefault((state, after), []).append(event.value + (f" ({rule})" if rule else ""))
    lines = ["stateDiagram-v2", f"    [*] --> {names[State.MANAGED]}"]
    lines += [f"    {name}: {state.value}" for state, name in names.items()]
    lines += [f"    {names[old]} --> {names[new]}: {' / '.join(events)}" for (old, new), events in ways.items()]
    return "\n".join(lines)


def _happens(state: State) -> list[tuple[Event, State, str | None]]:
    """What is accepted in a state, and what leads elsewhere though it is not: the event, the state after it, and the rule that it
    breaks."""
    known = [event for event in Event if event in TABLE[state] or (state, event) in AFTER]
    return [(event, *step(state, event)) for event in known]


def _section(state: State) -> list[str]:
    rows = [
        f"| {event.value} | {'the same' if after is state else after.value} | {_rule(rule)} |"
        for event, after, rule in _happens(state)
    ]
    title = state.value[0].upper() + state.value[1:]
    return [f"## {title}", "", "| what happens | state after it | breaks |", "| --- | --- | --- |", *rows, ""]


def _rule(rule: str | None) -> str:
    return "" if rule is None else f"[{rule}](../rules/{rule}.md) {registry()[rule].rule.name}"
