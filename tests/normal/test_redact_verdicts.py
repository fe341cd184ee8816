"""A redacted capture is judged and compared as the original is."""

import io
import random
import re
import string

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replay.capture.exchange import Capture
from replay.capture.journal_reader import read as read_journal
from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.compare.compare import compare
from replay.expect.case import Options
from replay.expect.judge import Judgement, judge
from replay.normal.form import normal_form
from replay.normal.redact import Redactor
from replay.normal.redact_draw import bare_hex, is_hex
from replay.normal.redact_words import is_protocol
from replay.normal.text import normal_text
from replay.syncml.read import read as read_message
from tests import timetable
from tests.compare.edits import EDITS, NothingToEditError, world
from tests.conftest import ROOT
from tests.generated import SCENARIOS
from tests.mutations import MUTATIONS, CannotBeError
from tests.story import DEVICE, Story, server, user


def capture_of(story: Story) -> Capture:
    return read_journal(io.BytesIO(story.text()), "story.jsonl")


def normal(capture: Capture) -> str:
    return normal_text(normal_form(assemble(capture)))


def said(judged: Judgement) -> dict:
    """What a judgement says, but for the words, which show what stands in the capture."""
    return {
        "verdicts": judged.verdicts,
        "findings": [
            (f.rule, f.severity, f.party, f.exchange, f.side, f.path, f.line, f.session, f.episode) for f in judged.findings
        ],
        "episodes": [
            (each.episode.scenario, each.findings, [(p.name, p.status, p.exchange, p.at) for p in each.phases])
            for each in judged.episodes
        ],
        "sessions": [(s.session_id, s.roles, [turn.number for turn in s.turns]) for s in judged.sessions],
        "errors": judged.errors,
    }  # fmt: skip


def judged_alike(capture: Capture, redactor: Redactor | None = None, **options) -> Capture:
    """Redacts a capture, and sees that it is judged alike; gives what came of it."""
    redacted = (redactor or Redactor()).capture(capture)
    assert redacted.redacted
    assert said(judge(redacted, Options(**options))) == said(judge(capture, Options(**options)))
    return redacted


@pytest.mark.parametrize("scenario", ["user", "server", "unjoin-failed"])
def test_golden_captures(scenario):
    capture = read(str(ROOT / "captures" / f"{scenario}.jsonl"))
    redactor = Redactor()
    redacted = judged_alike(capture, redactor)
    assert normal(redacted) == normal(capture)
    assert compare(assemble(capture), assemble(redacted)).equal
    assert redactor.counts == {"device": 1}
    assert [len(e.body) for e in redacted.exchanges] == [len(e.body) for e in capture.exchanges]


@pytest.mark.parametrize(
    "story",
    [
        user().watch(70).close(),
        server().watch(12).ordinary("4"),
        user(device="IMEI:490123456789012", client="[2001:db8::7]:50000").ordinary("3").watch(70),
        Story(device="d").ordinary("1").alert("2", response=None, failure="server-closed").watch(70),
        server(url="https://mdm:8443/a/b?mode=Maintenance&device=77").watch(70).alert("4"),
    ],
)
def test_stories(story):
    capture = capture_of(story)
    redacted = judged_alike(capture)
    assert normal(redacted) == normal(capture)
    assert compare(assemble(capture), assemble(redacted)).equal


@pytest.mark.parametrize("provider", ["mdm.example.test", DEVICE, "a device's name"])
def test_a_provider_id_that_is_an_identity_as_well(provider):
    """It is replaced in the Exec's target and in its Data alike: UNE015 compares the two."""
    device = provider if provider == "a device's name" else DEVICE
    judged_alike(capture_of(Story(device=device).exec("1", provider).alert("2").watch(70)))


@pytest.mark.parametrize("path", timetable.captures(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_captures_of_the_rules(path):
    lines = timetable.journal(timetable.parse(path.read_text()))
    judged_alike(read_journal(io.BytesIO(lines), path.name))


@pytest.mark.slow
@pytest.mark.parametrize("rule", sorted(MUTATIONS))
def test_captures_changed_in_one_way_for_each_rule(rule):
    made = 0
    for seed in range(4):
        for wbxml in (False, True):
            try:
                story, options = MUTATIONS[rule](seed, wbxml)
            except CannotBeError:
                continue
            judged_alike(capture_of(story), **options)
            made += 1
    assert made


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(SCENARIOS), st.booleans(), st.sampled_from(EDITS))
def test_two_captures_compare_as_they_do_when_they_are_redacted_with_one_map(seed, scenario, wbxml, edit):
    expected = world(seed, scenario, wbxml=wbxml, tidy=True)
    try:
        actual = edit(expected, random.Random(seed)).story
    except NothingToEditError:
        assume(False)
    one, other = capture_of(expected), capture_of(actual)
    first = Redactor()
    redacted = judged_alike(one, first)
    second = judged_alike(other, Redactor(known=first.entries()))
    assert changes(redacted, second) == changes(one, other)


def changes(one: Capture, other: Capture) -> list[tuple]:
    return [(each.kind, each.of, each.path) for each in compare(assemble(one), assemble(other)).changes]


REAL = [
    "peers/client-normal-xml-then-wbxml.mitm", "peers/client-unenroll-xml-then-wbxml.mitm", "peers/server-not-well-formed.mitm",
    "peers/server-short-body.mitm", "session-windows10", "viewer/*.xml", "messages/*/*.xml", "wbxml/*.wbxml",
]  # fmt: skip


@pytest.mark.parametrize("pattern", REAL)
def test_real_captures(shared_data, pattern):
    """Where a replaced value counts to the letter, the normal form has its pseudonym in its place, and nothing else is changed."""
    paths = sorted(shared_data.glob(pattern))
    assert paths
    for path in paths:
        capture, redactor = read(str(path)), Redactor()
        redacted = judged_alike(capture, redactor)
        expected = normal(capture)
        for entry in sorted(redactor.entries(), key=lambda entry: -len(entry.value)):
            if len(entry.value) < 4 or is_protocol(
                entry.value
            ):  # is replaced in its own places alone, and nothing else may be
                continue
            expected = _replaced(expected, entry.value, entry.pseudonym)
        found = normal(redacted)
        assert _without_digests(_folded(found)) == _without_digests(_folded(expected)), path


def _replaced(text: str, value: str, pseudonym: str) -> str:
    return re.sub(re.escape(value), pseudonym, text, flags=re.IGNORECASE)


def _folded(text: str) -> list[str]:
    return [line.lower() for line in text.splitlines()]


def _without_digests(lines: list[str]) -> list[str]:
    """Without the digests of messages that cannot be read, which cannot stay."""
    return [line.partition("sha-256")[0] for line in lines]


def test_bodies_keep_their_shape(shared_data):
    """Every byte that is no letter or digit of a value stays: tags, white space, prefixes, comments."""
    for path in sorted(shared_data.glob("messages/*/*.xml")):
        body = path.read_bytes()
        capture = read(str(path))
        redacted = Redactor().capture(capture).exchanges[0]
        made = redacted.body if redacted.body is not None else redacted.response.body
        assert len(made) == len(body), path
        changed = {(old, new) for old, new in zip(body, made, strict=True) if old != new}
        letters = string.ascii_letters + string.digits + ".+/="  # a host's pseudonym has its dots elsewhere
        assert {chr(byte) for pair in changed for byte in pair} <= set(letters), path


def test_ids_that_are_equal_stay_equal_and_others_differ():
    story = Story().ordinary("1")
    story.device = "OTHER-DEVICE-7"
    capture = capture_of(story.ordinary("2"))
    redacted = Redactor().capture(capture)
    before, after = ([read_message(e.body) for e in c.exchanges] for c in (capture, redacted))
    sources = [message.header.source.uri for message in after]
    assert sources[0] != sources[1]
    assert not {message.header.source.uri for message in before} & set(sources)
    for message in after:
        items = [item for command in message.commands for item in command.items if item.source]
        ids = [item.data for item in items if item.source.uri == "./DevInfo/DevId"]
        assert ids == [message.header.source.uri]
    assert is_hex(sources[0])
    assert bare_hex(sources[0]) != bare_hex(before[0].header.source.uri)
