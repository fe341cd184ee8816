"""Small captures to compare, and what came of it in short."""

import io
import json
from typing import Any

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.compare.changes import Change, Comparison
from replay.compare.compare import compare
from replay.lab import messages
from tests.story import Story

GUIDS = [
    "{AF9257BA-6BBD-4624-AA9B-0182D50292C3}",
    "{0B7D4D0A-9E0B-4C5A-8A0B-3E8B4E2C1D11}",
    "11111111-2222-3333-4444-555555555555",
]


def traffic(story: Story | bytes) -> Traffic:
    text = story if isinstance(story, bytes) else story.text()
    return assemble(read(io.BytesIO(text), "story.jsonl"))


def diff(expected: Story | bytes, actual: Story | bytes, **options: Any) -> Comparison:
    return compare(traffic(expected), traffic(actual), **options)


def edited(story: Story, old: str, new: str, count: int = -1) -> bytes:
    """A story with a text replaced in its messages; fails where there is none."""
    text = story.text()
    coded = [json.dumps(part)[1:-1].encode() for part in (old, new)]
    assert coded[0] in text, old
    return text.replace(*coded, count)


def replace(number: int, uri: str, data: str) -> str:
    """A Replace of the server's."""
    item = f"<Target><LocURI>{uri}</LocURI></Target><Data>{data}</Data>"
    return f"<Replace><CmdID>{number}</CmdID><Item>{item}</Item></Replace>"


def session(story: Story, number: str, *commands: str) -> Story:
    """A session of one exchange in which the server sends these."""
    request = story.package_one(number)
    story.exchange(request, story.answer(request, *commands))
    return story


def told(change: Change) -> tuple[str, str, str]:
    """Kind, class and path."""
    return change.kind.value, change.of.value, change.path


def changes(comparison: Comparison) -> list[tuple[str, str, str]]:
    return [told(each) for each in comparison.changes]


def with_header(name: str, *values: str) -> Story:
    """A session for each of these values of a header."""
    story = Story()
    for number, value in enumerate(values, 1):
        request = story.package_one(str(number))
        headers = [["Content-Type", story.content_type], [name, value]]
        story.exchange(request, story.answer(request), headers=headers)
    return story


def told_in(order: str) -> Story:
    """A session in which the device sends what it was asked for, a letter each time, in this order."""
    story = session(Story(), "1", messages.get(9, "./A"))
    for number, letter in enumerate(order, 2):
        story.go_on("1", number, messages.results(5, "1", "9", f"./{letter}", letter))
    return story


def values(comparison):
    """What was expected and what is there, of each change."""
    return [(each.expected, each.actual) for each in comparison.changes]


def overtaken(*order: int, more: int = 2) -> Story:
    """A session that goes on as far as exchange `more` (0), and an alert (1), the one or the other first."""
    story = Story().get_session("1")

    def go_on() -> None:
        for number in range(2, more + 1):
            story.go_on("1", number)

    steps = [go_on, lambda: story.alert("2")]
    for step in order:
        steps[step]()
    return story
