"""Noise profiles as files: what is wrong with one is said with its line; and what one is to a judgement."""

import pytest

from replay.expect.finding import Finding, Party, Severity
from replay.expect.judge import Scope
from replay.expect.noise import accepted_noise, read_noise
from replay.expect.toml_lines import TomlError
from replay.normal.varying import Form, Kind
from tests.compare.stories import traffic
from tests.story import Story

LINE = '[[noise]]\npath = "SyncBody/Replace/Item/Data"\nkind = "{kind}"\n'
SIGNED = 'signed = "T"\nreason = "ticket 4711"\n'


@pytest.fixture
def profile(tmp_path):
    def write(text: str):
        path = tmp_path / "noise.toml"
        path.write_text(text, encoding="utf-8")
        return read_noise(str(path))

    return write


def mistakes(profile, text: str) -> list[str]:
    with pytest.raises(TomlError) as caught:
        profile(text)
    return [each.rpartition("noise.toml, ")[2] for each in caught.value.mistakes]


def test_what_a_line_says(profile):
    text = (
        LINE.format(kind="random") + 'about = " ./A"\nside = "response"\nalphabet = "hex"\nlength = [8, 16]\n' + SIGNED
    )
    (line,) = profile(f"# head\n\n{text}captures = 2\nvalues = 3\ndistinct = 3\n").lines
    assert (line.path, line.about, line.side, line.kind) == (
        "SyncBody/Replace/Item/Data",
        " ./A",
        "response",
        Kind.RANDOM,
    )
    assert (line.form, line.number, line.applies, line.reason) == (Form("hex", 8, 16), 3, True, "ticket 4711")


def test_a_line_without_a_signature_is_not_applied(profile):
    found = profile(LINE.format(kind="text") + 'signed = ""\nreason = "r"\n' + LINE.format(kind="text") + SIGNED)
    assert [line.applies for line in found.lines] == [False, True]
    assert [line.number for line in found.unsigned] == [1]


def test_a_profile_may_be_empty(profile):
    assert profile("# nothing varies\n").lines == ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("noise = 3", 1, "begin with [[noise]]"),
        ("[noise]\npath = 1", 1, "begin with [[noise]]"),
        ("[[nois]]", 1, "near it is noise"),
        ("[[noise]]\nkind = 'text'", 1, "path is missing"),
        ("[[noise]]\npath = 'HTTP/user-agent'", 1, "kind is missing"),
        ("noise = [3]", 1, "begin with [[noise]]"),
        (LINE.format(kind="random") + "alphabet = 'hex'\nlength = [0, 2]", 5, "such as [32, 32]"),
        (LINE.format(kind="random") + "alphabet = 'hex'\nlength = [2]", 5, "such as [32, 32]"),
        (LINE.format(kind="text") + "sgned = 'x'", 4, "near it is signed"),
        (LINE.format(kind="randm"), 3, "near it is random"),
        (LINE.format(kind="zzzzzz"), 3, "there are constant, alias, counter, time, random, text"),
        (LINE.format(kind="text") + "side = 'server'", 4, "request, response"),
        (LINE.format(kind="text") + "signed = 'T'", 1, "is signed without a reason"),
        (LINE.format(kind="text") + "signed = true\nreason = 'x'", 4, "signed must be a text"),
        (LINE.format(kind="random"), 1, "alphabet is missing"),
        (LINE.format(kind="random") + "alphabet = 'hxe'\nlength = [1, 2]", 4, "near it is hex"),
        (LINE.format(kind="random") + "alphabet = 'hex'\nlength = [3, 2]", 5, "such as [32, 32]"),
        (LINE.format(kind="random") + "alphabet = 'hex'\nlength = [true, 2]", 5, "such as [32, 32]"),
        (LINE.format(kind="random") + "alphabet = 'hex'\nlength = 8", 5, "such as [32, 32]"),
        (
            "[[noise]]\npath = 'SyncBody/Alert/Data'\nkind = 'text'",
            2,
            "counts to the letter and never is noise; only the Data",
        ),
        ("[[noise]]\npath = 'SyncBody/*'\nkind = 'text'", 2, "counts to the letter"),
        ("[[noise]]\npath = 'HTTP/status'\nkind = 'counter'", 2, "counts to the letter"),
        ("[[noise]\n", 1, ""),
    ],
)
def test_mistakes_are_shown_where_they_stand(profile, text, line, said):
    found = mistakes(profile, text)
    assert any(each.startswith(f"line {line}") and said in each for each in found), found


def test_every_mistake_is_named_at_once(profile):
    assert len(mistakes(profile, LINE.format(kind="x") + "a = 1\nb = 2\n")) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[noise]]", ["path is missing", "kind is missing"]),
        (LINE.format(kind="random"), ["alphabet is missing", "length must be the least and the most characters"]),
        (LINE.format(kind="random") + "alphabet = 'hxe'\nlength = [1, 2]", ["there is no alphabet 'hxe'"]),
        (LINE.format(kind="text") + "signed = 'T'", ["is signed without a reason"]),
        (LINE.format(kind="text") + "side = 3", ["side must be a text"]),
        (LINE.format(kind="x"), ["there is no kind 'x'"]),
    ],
)
def test_a_mistake_is_said_once(profile, text, said):
    found = [each.partition(": ")[2] for each in mistakes(profile, text)]
    assert len(found) == len(said)
    assert all(each.startswith(part) for each, part in zip(found, said, strict=True)), found


def test_the_least_length_is_one_and_spaces_around_a_text_do_not_count_but_for_about(profile):
    (line,) = profile(
        LINE.format(kind=" random ")
        + 'alphabet = " hex "\nlength = [1, 1]\nsigned = " T "\nreason = " r "\nabout = " A "\n'
    ).lines
    assert (line.form, line.signed, line.reason, line.about) == (Form("hex", 1, 1), "T", "r", " A ")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TomlError, match="cannot be read"):
        read_noise(str(tmp_path / "none.toml"))


# -- a judgement ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def story() -> Story:
    """A capture with one warning, about a value (MSG015), and one error that is about none."""
    other = Story()
    request = other.package_one("1").replace(b"<Data>0123456789ABCDEF", b"<Data>9123456789ABCDEF")
    other.exchange(request, other.answer(request))
    return other


def told(story: Story, profile) -> list[tuple[str, str | None]]:
    judged = story.judge(scope=Scope(noise=profile))
    return [(finding.rule, finding.accepted) for finding in judged.findings]


def test_a_warning_about_what_varies_is_accepted_for_the_reason(story, profile):
    assert told(story, None) == [("MSG015", None)]
    assert told(story, profile(LINE.format(kind="text") + SIGNED)) == [("MSG015", "noise: ticket 4711")]
    hexadecimal = LINE.format(kind="random") + 'alphabet = "hex"\nlength = [32, 32]\n'
    assert told(story, profile(hexadecimal + 'about = "./DevInfo/DevId"\nside = "request"\n' + SIGNED))[0][1] is None


@pytest.mark.parametrize(
    "text",
    [
        LINE.format(kind="text"),
        LINE.format(kind="counter") + SIGNED,
        LINE.format(kind="constant") + SIGNED,
        LINE.format(kind="alias") + SIGNED,
        LINE.format(kind="text") + 'about = "./DevInfo/Mod"\n' + SIGNED,
        LINE.format(kind="text") + 'side = "response"\n' + SIGNED,
        LINE.format(kind="text") + SIGNED + LINE.format(kind="constant") + SIGNED,
    ],
)
def test_and_stays_where_no_signed_line_explains_it(story, profile, text):
    assert told(story, profile(text)) == [("MSG015", None)]


def test_an_error_never_is_noise(profile):
    """The Data of an item without what LOB001 asks for: the place could vary, the rule is broken all the same."""
    story = Story()
    request = story.package_one("1").replace(b"<Data>Lab device</Data>", b"<Data>Lab device</Data><MoreData/>")
    story.exchange(request, story.answer(request))
    plain, noisy = (told(story, each) for each in (None, profile(LINE.format(kind="text") + SIGNED)))
    assert plain == noisy
    assert "LOB001" in [rule for rule, _ in plain]


MODEL = "SyncBody/Replace/Item[3]/Data"


def finding(**more) -> Finding:
    return Finding(
        **{
            "rule": "MSG015", "severity": Severity.WARNING, "party": Party.DEVICE, "message": "x",
            "exchange": 1, "side": "request", "path": MODEL, **more,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "accepted"),
    [
        ({}, "noise: ticket 4711"),
        ({"severity": Severity.INFO}, "noise: ticket 4711"),
        ({"severity": Severity.ERROR}, None),
        ({"severity": Severity.INCONCLUSIVE}, None),
        ({"accepted": "the vendor knows"}, "the vendor knows"),
        ({"exchange": None}, None),
        ({"exchange": 2}, None),
        ({"side": None}, None),
        ({"side": "response"}, None),
        ({"path": None}, None),
        ({"path": "SyncBody/Replace/Item[3]/Source/LocURI"}, None),
        ({"path": "SyncBody/Replace/Item[33]/Data"}, None),
        ({"path": "SyncBody/Alert[1]/Data"}, None),
    ],
)
def test_which_findings_noise_accepts(profile, more, accepted):
    (found,) = accepted_noise(
        [finding(**more)], traffic(Story().ordinary("1")), profile(LINE.format(kind="text") + SIGNED)
    )
    assert found.accepted == accepted
    assert (found.rule, found.path) == ("MSG015", finding(**more).path)


def test_every_finding_is_kept_in_its_order(profile):
    given = [finding(), finding(severity=Severity.ERROR), finding(path=None), finding(rule="MSG016")]
    found = accepted_noise(given, traffic(Story().ordinary("1")), profile(LINE.format(kind="text") + SIGNED))
    assert [(each.rule, each.accepted is not None) for each in found] == [
        ("MSG015", True),
        ("MSG015", False),
        ("MSG015", False),
        ("MSG016", True),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "accepted"),
    [
        ("counter", "7", True),
        ("counter", "seven", False),
        ("time", "2026-11-23 10:00:00", True),
        ("time", "today", False),
        ("random", "0123ABCD", True),
        ("random", "0123ABCDE", False),
        ("text", "anything", True),
        ("constant", "anything", False),
        ("alias", "anything", False),
    ],
)
def test_a_value_varies_as_its_line_says(profile, kind, value, accepted):
    """Of a constant and of another name for the same thing one value alone says nothing."""
    form = 'alphabet = "hex"\nlength = [8, 8]\n' if kind == "random" else ""
    story = Story()
    request = story.package_one("1").replace(b"<Data>Lab device</Data>", f"<Data>{value}</Data>".encode())
    story.exchange(request, story.answer(request))
    (found,) = accepted_noise([finding()], traffic(story), profile(LINE.format(kind=kind) + form + SIGNED))
    assert (found.accepted is not None) is accepted
