import io

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect import case as case_module
from replay.expect import judge as judge_module
from replay.expect.case import Options
from replay.expect.finding import Finding, Party, Severity, Verdict, verdicts, worst
from replay.expect.judge import Scope, judge, judge_traffic, unreadable
from replay.expect.rules import Entry, registry
from replay.lab import messages
from tests.story import Story, rules_of, user


def finding(severity: Severity, party: Party) -> Finding:
    return Finding(rule="X", severity=severity, party=party, message="")


FINDINGS = st.lists(st.builds(finding, st.sampled_from(list(Severity)), st.sampled_from(list(Party))))


@given(FINDINGS, FINDINGS)
def test_more_findings_never_make_a_verdict_better(some, more):
    before, after = verdicts(some), verdicts([*some, *more])
    assert all(after[party] >= before[party] for party in Party)


@given(FINDINGS)
def test_warnings_and_infos_change_no_verdict(some):
    weighty = [each for each in some if each.severity in (Severity.ERROR, Severity.INCONCLUSIVE)]
    assert verdicts(some) == verdicts(weighty)


def test_the_order_of_verdicts():
    assert list(Verdict) == [Verdict.NONE, Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR]
    assert worst([]) is Verdict.NONE


def test_a_rule_that_crashes_is_an_error_and_hides_nothing(monkeypatch):
    def crash(subject):
        raise RuntimeError("boom")

    broken = dict(registry())
    broken["UNE005"] = Entry(broken["UNE005"].rule, "", crash)
    monkeypatch.setattr(judge_module, "registry", lambda: broken)
    judged = user().watch(5).ordinary("3").judge()
    assert judged.verdicts == {Party.DEVICE: Verdict.ERROR, Party.SERVER: Verdict.PASS, Party.PROXY: Verdict.PASS}
    assert [finding.rule for finding in judged.findings] == ["UNE011"]
    assert "UNE005 crashed: RuntimeError: boom" in judged.errors[0]


def crashing(monkeypatch, *rules: str) -> None:
    def crash(subject):
        raise RuntimeError("boom")

    broken = {name: Entry(entry.rule, "", crash) if name in rules else entry for name, entry in registry().items()}
    monkeypatch.setattr(judge_module, "registry", lambda: broken)


def test_a_crash_leaves_unjudged_whom_the_rule_is_on(monkeypatch):
    whoever = next(name for name, entry in registry().items() if entry.rule.party is None)
    crashing(monkeypatch, whoever)
    judged = user().watch(70).judge()
    assert set(judged.verdicts.values()) == {Verdict.ERROR}
    assert set(judged.episodes[0].verdicts.values()) == {Verdict.ERROR}
    assert f"rule {whoever} crashed: RuntimeError: boom (crash, line " in judged.errors[0]


def test_one_crash_does_not_hide_another(monkeypatch):
    by_party = {entry.rule.party: name for name, entry in registry().items()}
    crashing(monkeypatch, by_party[Party.DEVICE], by_party[Party.SERVER])
    judged = user().watch(70).judge()
    assert judged.verdicts == {Party.DEVICE: Verdict.ERROR, Party.SERVER: Verdict.ERROR, Party.PROXY: Verdict.PASS}
    assert len({error.partition(":")[0] for error in judged.errors}) == 2


def test_who_looks_again_and_again_is_told_of_episodes_alone():
    story = user().watch(5).ordinary("3")
    story.exchange(b"<SyncML>", b"")
    capture = read(io.BytesIO(story.text()), "x")
    everything = judge(capture)
    episodes = judge_traffic(assemble(capture), Options(), Scope(), episodes_only=True)
    scopes = {finding.rule: registry()[finding.rule].rule.scope for finding in everything.findings}
    assert set(scopes.values()) > {"episode"}
    assert {finding.rule for finding in episodes.findings} == {rule for rule in scopes if scopes[rule] == "episode"}


def test_findings_stand_in_the_order_of_what_happened():
    story = Story().exec("1").go_on("1", 2, messages.status(2, "1", "9", "Exec", "200"))
    request = story.package_one("2", alert=messages.unenrol_alert())
    story.exchange(request, story.answer(request).replace(b"<MsgID>1</MsgID>", b"<MsgID>9</MsgID>", 1))
    found = [(finding.exchange, finding.side, finding.rule) for finding in story.watch(5).judge().findings]
    assert found == [(2, "request", "UNE009"), (3, None, "UNE014"), (3, "response", "MSG007")]


def test_ignoring_a_rule():
    story = user().watch(30).ordinary("3").watch(70)
    assert story.judge(scope=Scope(ignore=frozenset({"UNE011"}))).verdict.word == "pass"


def test_one_party_alone():
    story = user().watch(30).ordinary("3").watch(70)
    judged = story.judge(scope=Scope(parties=(Party.SERVER,)))
    assert judged.findings == []
    assert judged.verdicts[Party.SERVER] is Verdict.PASS
    assert judged.verdicts[Party.DEVICE] is Verdict.NONE


def test_one_device_alone():
    story = user()
    story.device = "OTHER"
    story.alert("7").watch(10).ordinary("8").watch(70)
    assert rules_of(story.judge()) == ["UNE011"]
    judged = story.judge(scope=Scope(device=Story().device))
    assert (judged.findings, judged.verdict.word) == ([], "pass")
    assert [each.episode.enrolment.device for each in judged.episodes] == [Story().device]
    assert {session.device for session in judged.sessions} == {Story().device}


OLD = (b"SYNCML:SYNCML1.2", b"SYNCML:SYNCML1.1")


def test_what_each_message_says_counts_for_its_own_device_and_party():
    story = Story()
    for device in ("A", "B"):
        story.device = device
        request = story.package_one("1")
        story.exchange(request.replace(*OLD), story.answer(request).replace(*OLD))
    every = [(1, "device"), (1, "server"), (2, "device"), (2, "server")]
    for scope, kept in (
        (Scope(), every),
        (Scope(device="A"), every[:2]),
        (Scope(device="B"), every[2:]),
        (Scope(parties=(Party.SERVER,)), every[1::2]),
        (Scope(parties=(Party.DEVICE,), device="B"), every[2:3]),
    ):
        of_rule = [each for each in story.judge(scope=scope).findings if each.rule == "MSG002"]
        found = [(number, str(each.party)) for each in of_rule for number in (each.exchange, *each.also)]
        assert sorted(found) == kept


def test_what_is_of_no_exchange_comes_first():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"", status=500)
    story.exchange(story.package_one("3").replace(*OLD), b"")
    found = [(each.exchange, each.rule) for each in story.judge(expect="server").findings if each.severity != "info"]
    assert found == [(None, "UNE021"), (2, "HTP003"), (3, "MSG002")]
    story = Story()
    story.exchange(story.package_one("2").replace(*OLD), b"", status=500)
    found = [(each.exchange, each.rule) for each in story.judge(expect="server").findings if each.severity != "info"]
    assert found == [(None, "UNE021"), (1, "MSG002"), (1, "HTP003")]


def test_samples_of_documents_are_read_where_that_is_asked_for():
    story = Story()
    story.exchange(story.package_one("1").replace(b'"', "\u201d".encode()), b"")
    assert rules_of(story.judge()) == ["MSG001"]
    assert "MSG001" not in rules_of(story.judge(scope=Scope(lenient=True)))


def test_where_nothing_could_be_read_nothing_was_judged():
    story = Story()
    story.exchange(b"<SyncML>", b"")
    judged = story.watch(70).judge()
    assert (judged.verdict, judged.episodes) == (Verdict.NONE, [])


def test_an_episodes_verdict_is_on_the_parties_that_were_asked_about():
    judged = user().watch(30).ordinary("3").watch(70).judge(scope=Scope(parties=(Party.SERVER,)))
    assert judged.episodes[0].verdicts == {
        Party.DEVICE: Verdict.NONE,
        Party.SERVER: Verdict.PASS,
        Party.PROXY: Verdict.NONE,
    }


def test_a_device_that_is_not_there_was_not_judged():
    judged = user().watch(70).judge(scope=Scope(device="NOBODY"))
    assert judged.verdict is Verdict.NONE
    assert judged.sessions == []


def test_until_goes_by_the_time_that_people_saw_and_windows_by_the_steady_clock():
    story = user().watch(10).wait(1).ordinary("3").watch(60)
    for line in story.lines[-12:]:
        line["t"] -= 3600
    begin = story.lines[0]["t"]
    assert rules_of(story.judge(until=begin + 35)) == ["UNE014"]  # 5 s after the alert; the clock was set back later


def test_until_in_the_middle_of_an_exchange():
    story = Story().ordinary("1").watch(70)
    request = story.package_one("2")
    begin = story.now
    story.exchange(request, story.answer(request), takes=5.0)
    assert rules_of(story.judge(until=story.lines[0]["t"] + begin + 1)) == []


def test_an_episode_that_cannot_be_worked_out_is_an_error(monkeypatch):
    def crash(case):
        raise KeyError("boom")

    monkeypatch.setattr(judge_module, "phases_of", crash)
    judged = user().watch(70).judge()
    assert judged.verdict is Verdict.ERROR
    assert (judged.episodes[0].verdict, judged.episodes[0].phases) == (Verdict.ERROR, [])


def test_since_leaves_out_what_came_before():
    story = user().watch(70)
    begin = story.lines[-1]["t"]
    story.ordinary("3").watch(70)
    assert rules_of(story.judge()) == ["UNE011"]
    assert story.judge(scope=Scope(since=begin)).episodes == []


def test_until_leaves_out_what_came_after():
    story = user().watch(70)
    end = story.lines[-1]["t"]
    story.wait(1).ordinary("3").watch(70)
    assert rules_of(story.judge(until=end)) == []


def test_until_is_the_users_word_where_the_format_does_not_say():
    import io

    from replay.capture.journal_reader import read
    from replay.expect.case import Options
    from replay.expect.judge import judge

    story = user()
    capture = read(io.BytesIO(story.text()), "x")
    last = story.lines[-1]["t"]
    assert rules_of(judge(capture, Options(until=last + 90))) == ["UNE014"]  # a journal knows itself
    capture.says_when_watching = False
    assert rules_of(judge(capture, Options(until=last + 90))) == []


SESSION_IDS = st.text("0123456789ABCDEF", min_size=1, max_size=4)


@st.composite
def correct(draw) -> tuple[Story, str]:
    """A correct life of one device: ordinary sessions, an unenrolment, silence."""
    story = Story()
    scenario = draw(st.sampled_from(["user", "server", "unjoin-failed"]))
    for session in draw(st.lists(SESSION_IDS, max_size=4)):
        if draw(st.booleans()):
            story.get_session(session).go_on(session, 2, messages.status(2, "1", "9", "Get", "200"))
        else:
            story.ordinary(session)
        story.watch(draw(st.integers(1, 100)))
    if scenario != "user":
        story.exec(draw(SESSION_IDS)).wait(draw(st.floats(0, 15)))
    answered = draw(st.sampled_from(["yes", "no", "500"]))
    more = {"yes": {}, "no": {"response": None, "failure": "server-closed"}, "500": {"status": 500, "response": b"x"}}
    data = (
        draw(st.sampled_from([("2", "int"), ("AADJ Unregister Failed", "chr")]))
        if scenario == "unjoin-failed"
        else ("1", "int")
    )
    story.alert(draw(SESSION_IDS), *data, **more[answered]).watch(draw(st.integers(60, 100)))
    if scenario == "unjoin-failed":
        story.ordinary(draw(SESSION_IDS))
    return story, scenario


@given(correct())
@settings(deadline=None)
def test_correct_lives_have_no_errors(life):
    story, scenario = life
    judged = story.judge(expect=scenario)
    assert [f.rule for f in judged.findings if f.severity == "error"] == []
    assert [each.episode.scenario for each in judged.episodes] == [scenario]
    assert {f.rule for f in judged.findings} <= {"UNE020", "HTP006", "CAP003", "UNE010"}


def test_what_is_wrong_after_until_does_not_count():
    story = user().watch(70)
    end = story.lines[-1]["t"]
    story.wait(5).line("watching")
    story.lines.append("{broken")
    assert rules_of(story.judge()) == ["CAP002"]
    assert rules_of(story.judge(until=end)) == []


def test_since_alone_does_not_end_a_window():
    story = Story().ordinary("1").watch(30).alert("2").watch(70)
    judged = story.judge(scope=Scope(since=story.lines[0]["t"] + 20))
    assert judged.episodes[0].case.window.ended_by == "watching"


def test_evidence_that_crashes_is_an_error(monkeypatch):
    def crash(*_):
        raise RuntimeError("boom")

    monkeypatch.setattr(case_module, "attach", crash)
    judged = user().watch(70).judge(evidence=object())
    assert judged.verdict is Verdict.ERROR
    assert "an episode crashed: RuntimeError: boom" in judged.errors[0]


def test_episodes_are_numbered_as_in_the_whole_capture():
    traffic = assemble(read(io.BytesIO(user().watch(30).ordinary("3").text()), "part"))
    judged = judge_traffic(traffic, Options(), Scope(), numbering=lambda episode: episode.number + 41)
    assert [each.episode.number for each in judged.episodes] == [42]
    assert [each.episode for each in judged.findings if each.rule == "UNE011"] == [42]
    assert judged.episodes[0].findings == [0]


def test_what_could_not_be_read_is_an_error_for_all():
    judged = unreadable("x.jsonl", "no such file")
    assert (judged.path, judged.errors) == ("x.jsonl", ["no such file"])
    assert judged.verdicts == dict.fromkeys(Party, Verdict.ERROR)
    assert (judged.traffic, judged.sessions, judged.findings, judged.episodes) == (None, [], [], [])
