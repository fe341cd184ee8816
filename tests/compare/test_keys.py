"""Keys: of two sessions with one key the normal form is the same, whatever is in them; and what makes two keys one."""

import io
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.capture.sessions import Traffic, assemble
from replay.compare.compare import compare_views
from replay.compare.keys import Counter, Head, Keys, head_of
from replay.compare.order import ChainOrder
from replay.compare.views import CaptureView, SessionView, view
from replay.normal.form import Normaliser, Profile, normal_form
from replay.report.diff_shapes import diff_shape
from tests import timetable
from tests.compare.edits import copied, evenly, in_wbxml, renamed, renumbered, traffic, world
from tests.compare.stories import GUIDS, replace, session
from tests.compare.test_normal_form import RULES, cut_about, rearrange
from tests.generated import SCENARIOS
from tests.story import Story

SEEDS = st.integers(0, 10_000)
PROFILES = st.builds(Profile, other_machines=st.booleans(), lengths=st.booleans())


def sessions(capture: CaptureView) -> list[SessionView]:
    return [session for chain in capture.chains for session in chain.sessions]


def fleet(seed: int, scenario: str, *, times: int = 3) -> Story:
    """One capture of many devices that do nearly the same: a made-up capture, and others like it one after the other."""
    draw = random.Random(seed)
    plain = draw.random() < 0.3
    whole = world(seed, scenario, plain=plain)
    for number in range(times):
        more = renamed(world(seed, scenario, plain=plain), seed + number)
        if plain and draw.random() < 0.5:
            more = renumbered(more, seed)
        for _ in range(draw.choice([0, 0, 1, 2])):
            change(more, draw, [cut_about, rearrange, with_name_in_it])
        whole.lines += more.lines
    return evenly(whole)


def change(story: Story, draw: random.Random, ways: list[Callable[[dict[str, str], random.Random], None]]) -> None:
    """One message of a story made another."""
    found = [line["body"] for line in story.lines if "<SyncML" in (line.get("body") or {}).get("text", "")]
    draw.choice(ways)(draw.choice(found), draw)


def with_name_in_it(body: dict[str, str], draw: random.Random) -> None:
    """A text of a message put where another one was: that is how names get to where they count to the letter."""
    texts = [part.partition("<")[0] for part in body["text"].split(">")[1:]]
    found = [text for text in texts if text.strip()]
    one, other = draw.choice(found), draw.choice(found)
    body["text"] = body["text"].replace(f">{one}<", f">{draw.choice([other, f'a {other} b', f' {other} '])}<", 1)


def assert_keys_tell_the_form(capture: Traffic, profile: Profile | None = None) -> None:
    """Whatever is known by a key is what is worked out for the session itself."""
    found = view(capture, profile)
    by_key = [(each, each.digest) for each in sessions(found)]
    for each, digest in by_key:
        assert digest == each.own_digest
        sides = [side for exchange in each.exchanges for side in exchange.sides if side.there]
        assert each.marks == tuple(mark for side in sides for mark in side.marks)
    assert found.carried is any(each.carried for each in found.messages())
    assert found.carried_throughout is all(each.carried for each in found.messages() if each.there)


@given(SEEDS, st.sampled_from(SCENARIOS), PROFILES)
@settings(max_examples=15, deadline=None)
def test_what_is_known_by_a_key_is_so(seed, scenario, profile):
    assert_keys_tell_the_form(traffic(fleet(seed, scenario)), profile)


@pytest.mark.parametrize("rule", RULES, ids=lambda path: path.name)
def test_what_is_known_by_a_key_is_so_in_the_captures_of_a_rule(rule):
    for path in sorted(rule.glob("*.txt")):
        text = timetable.journal(timetable.parse(path.read_text()))
        assert_keys_tell_the_form(assemble(read(io.BytesIO(text), path.name)))


@given(SEEDS, st.sampled_from(SCENARIOS), PROFILES)
@settings(max_examples=8, deadline=None)
def test_aliases_have_the_numbers_of_the_normal_form(seed, scenario, profile):
    capture = traffic(fleet(seed, scenario))
    normal = Normaliser(capture, profile)
    keys = Keys(normal)
    for enrolment in capture.enrolments:
        for each in enrolment.sessions:
            keys.of(each)
    assert [normal.enrolment(each) for each in capture.enrolments] == normal_form(capture, profile)


def test_headers_are_taken_apart():
    """Aliases are signs in the two headers that have them, and letters in all others."""
    given = (
        ("user-agent", "{CV1}.2"),
        ("ms-cv", "{CV3}.0\n4"),
        ("client-request-id", "{R12}"),
        ("devicetoken", "{R1}"),
    )
    shown = [("user-agent", "{CV1}.2"), ("ms-cv", "{CV}"), ("client-request-id", "{R}"), ("devicetoken", "{R1}")]
    assert head_of(given) == Head(
        tuple((f"HTTP/{name}", value) for name, value in shown),
        (("CV", 3), ("R", 12)),
        Counter(3, ".0\n4", ".0\n4"),
    )
    masked = (("ms-cv", "{correlation}"), ("client-request-id", "{request}"))
    assert head_of(masked) == Head(tuple((f"HTTP/{name}", value) for name, value in masked), (), None)


def test_so_much_is_remembered_and_no_more(monkeypatch):
    monkeypatch.setattr("replay.compare.keys._MOST", 1)
    capture = traffic(fleet(1, "server"))
    keys = Keys(Normaliser(capture, Profile()))
    for each in capture.sessions:
        keys.of(each)
    known = [keys._heads]
    for side in keys._sides.values():
        known += [side._commands, side._items, side._addresses]
    assert [len(each) for each in known] == [1] * 7
    assert_keys_tell_the_form(capture)


class Forgetful(dict):
    """Remembers nothing: every session is worked out by itself."""

    def __setitem__(self, key: object, value: object) -> None:
        self.last = value

    def get(self, key: object, default: object = None) -> object:
        return default

    def __getitem__(self, key: object) -> object:
        return self.last


def by_the_long_road(capture: Traffic) -> CaptureView:
    found = view(capture)
    for each in sessions(found):
        each.within.digests = Forgetful()
    return found


@given(SEEDS, st.sampled_from(SCENARIOS), st.integers(0, 3), st.integers(0, 2), st.booleans())
@settings(max_examples=12, deadline=None)
def test_the_long_road_finds_the_same(seed, scenario, changed, left_out, timing):
    one = fleet(seed, scenario, times=2)
    other = copied(one)
    draw = random.Random(seed)
    for _ in range(changed):
        change(other, draw, [cut_about, rearrange, with_name_in_it])
    for _ in range(left_out):
        other.lines.remove(draw.choice([line for line in other.lines if line["type"] in ("request", "response")]))
    short = compare_views(view(traffic(one)), view(traffic(other)), timing=timing)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChainOrder, "_is_equal", lambda self, *_: False)
        long = compare_views(by_the_long_road(traffic(one)), by_the_long_road(traffic(other)), timing=timing)
        assert all(isinstance(each.found, list) for each in long.sessions)
    assert diff_shape(short, "1", "2") == diff_shape(long, "1", "2")
    assert (short.equal, short.summary) == (long.equal, long.summary)


# -- what makes two keys one ----------------------------------------------------------------------------------------


def numbers(*stories: Story, profile: Profile | None = None) -> list[int]:
    """The keys of all sessions of a capture that these make one after the other."""
    whole = Story()
    whole.lines = [line for story in stories for line in copied(story).lines]
    return [each.key.number for each in sessions(view(traffic(evenly(whole)), profile))]


def of_devices(*bodies: str) -> Iterator[Story]:
    """For each body a session of another device in which the server sends that; {device} is its name."""
    for number, body in enumerate(bodies):
        device = f"{number:032X}"
        yield session(Story(device=device, url=f"https://mdm{number}.example.test/m"), "1", body.format(device=device))


@pytest.mark.parametrize(
    "data",
    [
        ("1", "1"),
        ("{device}", "{device}"),
        ("2026-01-01T10:00:00Z", "2026-02-03T11:12:13Z"),
        (GUIDS[0].strip("{}"), GUIDS[2]),
    ],
    ids=["text", "device", "time", "guid"],
)
@pytest.mark.parametrize("wbxml", [False, True])
def test_what_is_volatile_makes_no_other_key(data, wbxml):
    stories = of_devices(*(replace(9, "./X", each) for each in data))
    found = numbers(*(in_wbxml(each) if wbxml else each for each in stories))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "commands",
    [
        [replace(9, "./X", "1"), replace(9, "./X", "2")],
        [replace(9, "./X", "a {device}"), replace(9, "./X", "a {device}")],
        [replace(9, "./X/{device}", "1"), replace(9, "./X/{device}", "1")],
        [replace(9, "./X", "{device}"), replace(9, "./X", "1")],
        [replace(9, "./X", "2026-01-01T10:00:00Z"), replace(9, "./X", GUIDS[2])],
        [replace(9, "./X", "1"), replace(9, "./Y", "1")],
    ],
    ids=["data", "within a text", "within an address", "device or not", "of two kinds", "node"],
)
def test_what_counts_makes_another_key(commands):
    found = numbers(*of_devices(*commands))
    assert found[0] != found[1]
    assert_keys_tell_the_form(traffic(next(of_devices(commands[0]))))


def test_a_name_within_a_group_and_what_is_odd_about_it():
    group = "<Atomic><CmdID>9</CmdID>{}</Atomic>".format
    found = numbers(*of_devices(*[group(replace(10, "./X", "{device}"))] * 2, group(replace(9, "./X", "{device}"))))
    assert found[0] == found[1] != found[2]


def test_a_nonce_makes_no_other_key_but_where_lengths_count():
    def challenged(nonce: str) -> Story:
        story = Story()
        request = story.package_one("1")
        meta = f'<Meta><Format xmlns="syncml:metinf">b64</Format><NextNonce xmlns="syncml:metinf">{nonce}</NextNonce></Meta>'
        answer = story.answer(request).decode().replace("<Data>200", f"<Chal>{meta}</Chal><Data>401", 1)
        story.exchange(request, answer.encode())
        return story

    stories = [challenged("QUJD"), challenged("WFla"), challenged("QUJDREVG")]
    assert len(set(numbers(*stories))) == 1
    found = numbers(*stories, profile=Profile(lengths=True))
    assert found[0] == found[1] != found[2]


def test_a_capture_of_equal_devices_is_looked_into_once():
    """What is known by its key is not made ready."""
    story = Story()
    for number in range(20):
        story.device = f"{number:032X}"
        story.get_session("1")
    one, other = view(traffic(story)), view(traffic(renamed(story, 1)))
    found = compare_views(one, other)
    assert found.equal
    assert [len([each for each in sessions(capture) if "exchanges" in vars(each)]) for capture in (one, other)] == [
        1,
        1,
    ]
    assert [each.number for message in found.sessions[7].messages for each in (message.expected, message.actual)] == [
        8
    ] * 4


def test_one_change_among_many_sessions_of_a_device():
    story = Story()
    for number in range(1, 30):
        story.get_session(str(number))
    other = copied(story)
    other.lines.pop(next(place for place, line in enumerate(other.lines) if line["type"] == "response"))
    found = compare_views(view(traffic(story)), view(traffic(other)))
    assert [(each.kind, each.path) for each in found.changes] == [("removed", "SyncML")]
