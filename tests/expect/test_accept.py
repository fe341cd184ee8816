from datetime import UTC, datetime

import pytest

from replay.expect.accept import read_accepted, whose_in
from replay.expect.finding import Finding, Party, Severity
from replay.expect.judge import Scope
from replay.expect.toml_lines import TomlError
from tests.compare.stories import traffic
from tests.story import DEVICE, URL, Story, rules_of, user

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OTHER = "FEDCBA9876543210FEDCBA9876543210"


def accepted(tmp_path, text: str, now: datetime = NOW):
    path = tmp_path / "known.toml"
    path.write_text(text, encoding="utf-8")
    return read_accepted(str(path), now)


def entry(rule: str = "UNE011", reason: str = "known", **more: str) -> str:
    members = {"rule": rule, "reason": reason, **more}
    return "[[accept]]\n" + "".join(f'{key} = "{value}"\n' for key, value in members.items())


def goes_on(**more) -> Story:
    """A device that opens a further session after its alert (UNE011)."""
    return user(**more).watch(30).ordinary("3").watch(70)


@pytest.mark.parametrize("rule", ["UNE011", "une011", "not-silent", "Not-Silent"])
def test_an_accepted_finding_is_still_there_and_changes_no_verdict(tmp_path, rule):
    entries = accepted(tmp_path, entry(rule, "the vendor knows"))
    judged = goes_on().judge(scope=Scope(accepted=entries))
    assert [(f.rule, f.severity, f.accepted) for f in judged.findings] == [("UNE011", "error", "the vendor knows")]
    assert judged.verdict.word == judged.episodes[0].verdict.word == "pass"
    assert judged.episodes[0].findings == [0]
    assert entries.left(judged.matched) == []


def test_another_finding_counts(tmp_path):
    judged = goes_on().judge(scope=Scope(accepted=accepted(tmp_path, entry("UNE007"))))
    assert judged.verdict.word == "fail"
    assert judged.findings[0].accepted is None


def test_one_that_is_inconclusive_can_be_accepted(tmp_path):
    assert user().watch(5).judge(scope=Scope(accepted=accepted(tmp_path, entry("UNE014")))).verdict.word == "pass"


@pytest.mark.parametrize(
    ("who", "verdict"),
    [
        ({"device": DEVICE}, "pass"),
        ({"device": DEVICE[:8] + "*"}, "pass"),
        ({"device": OTHER}, "fail"),
        ({"device": DEVICE.lower()}, "fail"),
        ({"server": "https://mdm.example.test/ManagementServer/MDM.svc"}, "pass"),
        ({"server": "https://mdm.example.test/*"}, "pass"),
        ({"server": "mdm.example.test"}, "pass"),
        ({"server": "*.example.test"}, "pass"),
        ({"server": "example.test"}, "fail"),
        ({"device": DEVICE, "server": "https://elsewhere.test/*"}, "fail"),
    ],
)
def test_for_a_device_or_a_server(tmp_path, who, verdict):
    judged = goes_on().judge(scope=Scope(accepted=accepted(tmp_path, entry(**who))))
    assert judged.verdict.word == verdict


def test_a_server_without_a_name_and_a_finding_without_a_server(tmp_path):
    for pattern, verdict in (("[[]::1[]]", "pass"), ("[[]", "fail"), ("https", "fail")):
        story = goes_on(url="https://[::1]:8443/mdm")
        judged = story.judge(scope=Scope(accepted=accepted(tmp_path, entry(server=pattern))))
        assert (judged.errors, judged.verdict.word) == ([], verdict)
    entries = accepted(tmp_path, entry("UNE021", server="*"))
    judged = Story().ordinary("1").judge(expect="server", scope=Scope(accepted=entries))
    assert (judged.errors, rules_of(judged), judged.verdict.word) == ([], ["UNE021"], "fail")


def test_one_device_of_two(tmp_path):
    story = goes_on()
    story.device, story.client = OTHER, "10.0.0.6:1"
    story.ordinary("1").alert("2").watch(5).ordinary("3").watch(70)
    judged = story.judge(scope=Scope(accepted=accepted(tmp_path, entry(device=DEVICE))))
    assert [(f.rule, f.accepted) for f in judged.findings] == [("UNE011", "known"), ("UNE011", None)]
    assert [each.verdict.word for each in judged.episodes] == ["pass", "fail"]


def test_a_finding_of_no_session_is_its_exchanges(tmp_path):
    story = Story().ordinary("1")
    story.exchange(b"<SyncML", b"")
    text = entry("MSG001", server="mdm.example.test")
    assert rules_of(story.judge()) == ["MSG001"]
    assert story.judge(scope=Scope(accepted=accepted(tmp_path, text))).verdict.word == "pass"
    text = entry("MSG001", device="*")  # whose message it is cannot be read
    assert story.judge(scope=Scope(accepted=accepted(tmp_path, text))).verdict.word == "fail"


@pytest.mark.parametrize(
    ("until", "verdict"),
    [
        ("2026-11-23", "pass"),
        ("2026-11-22", "fail"),
        ("2026-11-23T13:00:00Z", "pass"),
        ("2026-11-23T11:00:00", "fail"),
        ("2026-11-23T13:00:00+02:00", "fail"),
        ('"2026-11-23"', "pass"),
        ('"2026-11-22"', "fail"),
    ],
)
def test_until(tmp_path, until, verdict):
    entries = accepted(tmp_path, entry() + f"until = {until}\n")
    judged = goes_on().judge(scope=Scope(accepted=entries))
    assert judged.verdict.word == verdict
    left = entries.left(judged.matched)
    assert len(left) == (verdict == "fail")
    if left:
        assert "known.toml, line 1: UNE011 was accepted until 2026-11-2" in left[0]
        assert left[0].endswith("a finding is like it and counts")


def test_expired_and_unused_entries_are_named(tmp_path):
    text = entry() + entry("UNE007") + entry("UNE020") + "until = 2020-01-01\n"
    entries = accepted(tmp_path, text)
    judged = goes_on().judge(scope=Scope(accepted=entries))
    first, second = entries.left(judged.matched)
    assert first.endswith("known.toml, line 4: UNE007 is accepted and no finding is like it; the entry may go")
    assert "line 7: UNE020 was accepted until 2020-01-01, and is not any more; no finding is like it" in second


def test_the_first_entry_that_holds_gives_the_reason_and_all_that_match_are_used(tmp_path):
    text = entry(reason="expired") + "until = 2020-01-01\n" + entry(reason="this") + entry(reason="or this")
    entries = accepted(tmp_path, text)
    judged = goes_on().judge(scope=Scope(accepted=entries))
    assert judged.findings[0].accepted == "this"
    assert len(entries.left(judged.matched)) == 1


def test_what_was_not_asked_about_is_not_unused(tmp_path):
    text = entry("UNE007") + entry("UNE014", device=OTHER) + entry("UNE011", device=DEVICE)
    entries = accepted(tmp_path, text)
    from replay.expect.finding import Party

    scope = Scope(accepted=entries, ignore=frozenset({"UNE007"}), device=DEVICE, parties=(Party.SERVER,))
    judged = goes_on().judge(scope=scope)
    assert judged.findings == []
    assert entries.left(judged.matched, ignored=scope.ignore, device=scope.device) == []
    assert len(entries.left(judged.matched)) == 2


def test_an_entry_of_one_device_is_unused_where_that_one_was_judged(tmp_path):
    entries = accepted(
        tmp_path, entry("UNE007") + entry("UNE014", device=OTHER) + entry("UNE011", device=DEVICE[:4] + "*")
    )

    def rules(device: str | None) -> list[str]:
        return [each.split(": ")[1].split()[0] for each in entries.left(frozenset(), device=device)]

    assert rules(None) == ["UNE007", "UNE014", "UNE011"]
    assert rules(DEVICE) == ["UNE007", "UNE011"]
    assert rules(OTHER) == ["UNE007", "UNE014"]
    assert [each.split()[-3:] for each in entries.left(frozenset({0, 2}))] == [["entry", "may", "go"]]


def test_an_entry_ends_with_its_moment(tmp_path):
    text = entry() + "until = 2026-11-23T12:00:00Z\n"
    for second, expired in ((59, False), (60, True)):
        now = NOW.replace(hour=11, minute=59, second=59) if second == 59 else NOW
        entries = accepted(tmp_path, text, now)
        assert entries.expired(entries.entries[0]) is expired


def test_who_a_finding_is_about():
    story = user()
    story.device, story.url = OTHER, "https://other.example.test/omadm"
    story.ordinary("9")
    whose = whose_in(traffic(story))

    def about(**place: int) -> tuple[str | None, str | None]:
        return whose(Finding(rule="X", severity=Severity.ERROR, party=Party.DEVICE, message="", **place))

    first, second = (DEVICE, URL.partition("?")[0]), (OTHER, "https://other.example.test/omadm")
    assert about(session=1) == about(exchange=1) == about(exchange=2) == first
    assert about(session=3) == about(exchange=3) == second
    assert about(session=3, exchange=1) == second
    assert about(session=99, exchange=1) == first
    assert about() == about(exchange=99) == (None, None)


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ('[[accept]]\nrule = "UNE01O"\nreason = "x"', ["line 2: there is no rule 'UNE01O'; near it are UNE001 "]),
        (
            '[[accept]]\nrule = "alert-mising"\nreason = "x"',
            ["line 2: there is no rule 'alert-mising'; near it are UNE001"],
        ),
        ('[[accept]]\n\nreason = "x"', ["line 1: rule is missing"]),
        ('[[accept]]\nrule = "UNE011"', ["line 1: reason is missing"]),
        ('[[accept]]\nrule = "UNE011"\nreason = "  "', ["line 3: reason must be a text that is not empty"]),
        (entry() + "untill = 2026-01-01", ["line 4: there is no key 'untill'; near it is until"]),
        (entry() + "note = 1", ["line 4: there is no key 'note'; there are rule, device, server, reason, until"]),
        (entry() + "until = 7", ["line 4: until must be a day, such as 2026-12-31"]),
        (entry() + 'until = "soon"', ["line 4: until must be a day"]),
        (entry() + "device = 5", ["line 4: device must be a text"]),
        ("x = 1\n" + entry(), ["line 1: there is no key 'x'; there is accept"]),
        ("[accept]\nrule = 1", ["line 1: expected entries that begin with [[accept]]"]),
        ("", ["accepts nothing; expected entries"]),
        ("x = 1", ["line 1: there is no key 'x'"]),
        ("accept = 3", ["line 1: expected entries that begin with [[accept]]"]),
        ("accept = [3]", ["line 1: expected entries that begin with [[accept]]"]),
        ("accept = []", ["accepts nothing; expected entries"]),
        ("x = 1\naccept = [3]", ["line 1: there is no key 'x'", "line 2: expected entries that begin with [[accept]]"]),
        ("[[accept]\n", ["line 1, column 9: Expected ']]'"]),
        (
            '[[accept]]\nrul = "a"\n[[accept]]\nrule = "b"',
            [
                "line 2: there is no key 'rul'; near it is rule",
                "line 1: rule is missing",
                "line 1: reason",
                "line 4: there is no rule 'b'; `omadm explain`",
                "line 3: reason",
            ],
        ),
    ],
)
def test_every_mistake_is_named_with_its_line(tmp_path, text, mistakes):
    with pytest.raises(TomlError) as raised:
        accepted(tmp_path, text)
    said = raised.value.mistakes
    assert len(said) == len(mistakes)
    for part, whole in zip(mistakes, said, strict=True):
        assert "known.toml" in whole
        assert part in whole
