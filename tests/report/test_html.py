"""The HTML report, as it is written: complete, closed in itself, and deaf to what a capture would have it say."""

import re
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from click.testing import CliRunner

from replay.capture.evidence_readers import read_evidence
from replay.capture.readers import read
from replay.cli import main
from replay.expect.accept import read_accepted
from replay.expect.evidence import log_of
from replay.expect.finding import Party
from replay.expect.judge import Scope, judge, unreadable
from replay.lab import messages
from replay.report.html import exchanges
from replay.report.html.frame import is_ours
from replay.report.safe import visible
from tests.eventlog import unenrolment, xml
from tests.generated import SCENARIOS, World
from tests.report.pages import HOSTILE, Report, hostile_story, judged, report_on
from tests.story import Story, server, user


def test_a_failure_is_said_in_one_line_drawn_and_linked_to_its_place(tmp_path):
    page = report_on(judged(server().watch(20).ordinary("9").watch(70), tmp_path))
    page.closed()
    (why,) = page.words("//h1")
    assert why == ("fail the device opens session 4 (SessionID 9) after the alert session; silence was due (UNE011)")
    assert page.words("//header//li") == ["device fail", "server pass", "proxy pass"]
    assert page.arrows == [
        ("request", 2, ">"), ("response", 2, "<"), ("request", 3, ">"), ("response", 3, "<"), ("request", 4, ">"),
        ("response", 4, "<"),
    ]  # fmt: skip
    assert page.marks == ["UNE011"]
    (link,) = page.all("//li[contains(@class, 'finding')]//a[contains(@href, 'exchange')]/@href")
    assert link == "#c1-exchange-4-request"
    assert page.words("//details[@id='rule-UNE011']//h3") == ["UNE011 not-silent"]
    assert page.words("//details[@id='rule-UNE011']//h4") == [
        "What it does", "Why it matters", "Known exceptions", "Good", "Bad", "Source",
    ]  # fmt: skip


def test_a_pass_says_what_it_rests_on(tmp_path):
    page = report_on(judged(user().watch(70), tmp_path))
    page.closed()
    assert page.words("//h1") == ["pass the alert was sent, and nothing came from the device in the 70.0 s after it"]
    assert page.words("//table[@class='phases']//th[@scope='row']") == ["alert", "reply", "cleanup", "silence"]
    assert page.all("//*[contains(@class, 'silence observed')]")
    ticks = page.words("//figure//*[@class='tick']")
    assert [each for each in ticks if each[0] != "+"] == ["60.0 s", "10.0 s"]
    assert [each for each in ticks if each[0] == "+"] == ["+0 ms", "+100 ms", "+60.1 s", "+70.1 s"]
    assert page.all("//details[contains(@id, 'rule-')]") == []


def test_a_pass_that_leaves_out_a_broken_silence_calls_nobody_silent(tmp_path):
    for scope in (Scope(ignore=frozenset({"UNE011"})), Scope(parties=(Party.SERVER,))):
        page = report_on(judged(user().watch(20).ordinary("9").watch(70), tmp_path, scope=scope))
        said = "the alert was sent; the device was not silent after it, which does not count here"
        assert page.words("//h1") == [f"pass {said}"]
    two = user().watch(20).ordinary("9").watch(70)
    two.device = "OTHER"
    two.ordinary("1").alert("2").watch(70)
    page = report_on(judged(two, tmp_path, scope=Scope(ignore=frozenset({"UNE011"}))))
    (why,) = page.words("//h1")
    assert why == "pass 2 unenrolments, 1 of them followed by silence, and nothing that counts against any of them"


def test_a_pass_that_leaves_out_what_could_not_be_read_does_not_know(tmp_path):
    story = user().watch(20)
    story.exchange(b"<SyncML><not", b"")
    page = report_on(judged(story.watch(70), tmp_path, scope=Scope(ignore=frozenset({"CAP007", "MSG001"}))))
    (why,) = page.words("//h1")
    assert why.startswith("pass the alert was sent; whether the device was silent after it is not known")


def test_what_the_proxy_did_is_drawn(tmp_path):
    story = server()
    story.line("note", name="fault", text="drop-reply@alert")
    story.watch(10)
    story.line("note", text="user pressed Disconnect")
    story.wait(40).watch(10)
    story.exchange(story.package_one("7"), b"busy", status=503, by="proxy")
    story.exchange(story.package_one("8"), None, failure="connect-failed")
    story.exchange(story.package_one("9"), None, failure="client-closed")
    page = report_on(judged(story.watch(70), tmp_path))
    page.closed()
    assert page.arrows[-4:] == [("request", 4, ">"), ("response", 4, "<"), ("request", 5, ">"), ("request", 6, ">")]
    lines = {line.get("data-exchange"): line for line in page.all("//*[contains(@class, 'arrow')]")}
    proxy, far = lines["4"].get("x1"), page.all("//*[contains(@class, 'arrow request')]/@x2")[0]
    assert (lines["4"].get("class"), proxy, lines["5"].get("x2"), lines["6"].get("x2")) == (
        "arrow response",
        proxy,
        proxy,
        far,
    )
    assert proxy != far
    drawn = page.words("//figure//*[local-name()='text']")
    assert {"fault", "drop-reply@alert", "mark", "user pressed Disconnect", "not watching for 45.0 s"} <= set(drawn)
    assert "the server could not be reached" in drawn
    assert "the device hung up" in drawn
    assert any(text.startswith("HTTP 503 by the proxy") for text in drawn)
    assert [text.partition("Z ")[2] for text in page.words("//ul[@class='notes']/li")] == [
        "fault drop-reply@alert", "mark user pressed Disconnect",
    ]  # fmt: skip


def test_evidence_stands_on_the_lane_of_the_device_and_beside_the_phases(tmp_path):
    story = user().watch(120)
    alert = judged(story, tmp_path).episodes[0].episode.alerts[0].at
    (tmp_path / "events.xml").write_text(xml(unenrolment(alert.wall, 60), rendered=True))
    log = log_of((read_evidence(str(tmp_path / "events.xml")),))
    page = report_on(judged(story, tmp_path, evidence=log), evidence=log)
    page.closed()
    signs = page.words("//figure//*[contains(@class, 'row evidence')]")
    assert any(text.startswith("apps done · event 1921") for text in signs)
    assert any(text.startswith("the unenrolment has ended") for text in signs)
    assert len(page.all("//details[@class='evidence']//li")) >= len(signs) - 1
    assert "the device's clock" in page.words("//details[@class='evidence']/p")[0]
    assert any("events.xml" in text for text in page.words("//main/section//li"))


def test_messages_are_there_as_elements_in_normal_form_and_as_they_were(tmp_path):
    page = report_on(judged(user().watch(30).ordinary("3").watch(70), tmp_path))
    message = "//details[@id='c1-exchange-2-request']"
    commands = page.words(f"{message}/ol/li")
    assert commands[0] == "Alert 1201 [2] client-initiated session"
    assert commands[2].startswith("Alert 1226 [4] com.microsoft:mdm.unenrollment.userrequest")
    lines = [each.text_content() for each in page.all(f"{message}/template//pre[contains(@class, 'elements')]/span")]
    assert lines[:3] == ['<SyncML xmlns="SYNCML:SYNCML1.2">', "  <SyncHdr>", "    <VerDTD>1.2</VerDTD>"]
    assert '          <Type xmlns="syncml:metinf">com.microsoft:mdm.unenrollment.userrequest</Type>' in lines
    normal = [each.text_content() for each in page.all(f"{message}/template//pre[contains(@class, 'normal')]/span")]
    assert normal[0] == "POST {server}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert '          Data = "1"' in normal
    (raw,) = page.all(f"{message}/template//pre[@class='raw']")
    assert raw.text_content().removeprefix("\n").startswith('<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr>')
    (head,) = page.all(f"{message}/template//pre[@class='head']")
    assert "Content-Type: application/vnd.syncml.dm+xml" in head.text_content().splitlines()


def test_wbxml_is_there_as_xml_and_in_hexadecimal(tmp_path):
    story = Story()
    story.content_type = messages.WBXML_TYPE
    request = messages.to_wbxml(story.package_one("1", alert=messages.unenrol_alert("1", "chr")))
    story.exchange(request, None, failure="server-closed")
    page = report_on(judged(story.watch(70), tmp_path))
    page.closed()
    message = "//details[@id='c1-exchange-1-request']/template"
    marked = page.words(f"{message}//pre[contains(@class, 'elements')]//mark")
    assert marked == ['<Format xmlns="syncml:metinf">chr</Format>']
    (dump,) = page.words(f"{message}//pre[@class='dump']")
    assert (
        bytes.fromhex(dump.partition("  ")[2].split("  ")[0] if "  " in dump else dump.split(" ", 1)[1][:47])
        == request[:16]
    )


def test_a_finding_marks_its_element_and_its_command(tmp_path):
    story = Story().ordinary("1").watch(5).alert("2", data_format="chr").watch(70)
    page = report_on(judged(story, tmp_path))
    assert page.words("//mark") == ['<Format xmlns="syncml:metinf">chr</Format>']
    (command,) = page.all("//details[@id='c1-exchange-2-request']/ol/li[.//a]")
    assert command.text_content().startswith("Alert 1226")
    assert command.xpath(".//a/@href") == page.all("//mark/following-sibling::a[1]/@href")


def test_several_captures_have_their_own_places(tmp_path):
    captures = [
        judged(user().watch(70), tmp_path),
        judged(server().watch(70), tmp_path),
        unreadable("gone.jsonl", "is <empty>"),
    ]
    page = report_on(*captures)
    page.closed()
    assert page.words("//h1") == ["error 3 captures, the worst decides"]
    assert page.words("//nav//tbody/tr/td[3]")[2] == "is <empty>"
    assert page.words("//nav//tbody//b") == ["pass", "pass", "error"]
    assert len(page.all("//section[@class='capture']")) == len(captures)
    assert page.words("//*[@class='problem']") == ["It cannot be judged: is <empty>"]


def test_what_is_open_and_what_there_is_nothing_of(tmp_path):
    short = report_on(judged(user().watch(5), tmp_path))
    assert short.words("//h1")[0].startswith("inconclusive ")
    assert short.marks == ["UNE014"]
    nothing = report_on(judged(Story().watch(5), tmp_path))
    nothing.closed()
    assert nothing.words("//h1") == ["none nothing to judge: not one readable OMA DM message was recorded"]
    ordinary = report_on(judged(Story().ordinary("1"), tmp_path))
    assert ordinary.words("//h1") == ["pass no unenrolment was recorded; the messages keep every rule that decides"]
    assert not ordinary.all("//figure")


def test_an_accepted_finding_stands_apart_with_its_reason(tmp_path):
    (tmp_path / "known.toml").write_text('[[accept]]\nrule = "UNE011"\nreason = "ticket <b>1</b>"\n')
    scope = Scope(accepted=read_accepted(str(tmp_path / "known.toml"), datetime.now(UTC)))
    page = report_on(judged(user().watch(30).ordinary("3").watch(70), tmp_path, scope=scope), accept=["line 1: may go"])
    page.closed()
    assert "Accepted findings" in page.words("//h3")
    assert "Accepted: ticket <b>1</b>" in page.words("//li[contains(@class, 'finding')]/p")
    assert page.marks == []
    assert "line 1: may go" in page.words("//main/section//li")


def test_a_capture_without_a_clock_is_drawn_in_its_order(tmp_path):
    story = Story()
    for number, session in enumerate(("1", "2"), 1):
        request = story.package_one(session, alert=messages.unenrol_alert() if number == 1 else None)
        (tmp_path / f"0{number}_request.xml").write_bytes(request)
        (tmp_path / f"0{number}_response.xml").write_bytes(story.answer(request))
    page = report_on(judge(read(str(tmp_path))))
    page.closed()
    assert page.arrows == [("request", 1, ">"), ("response", 1, "<"), ("request", 2, ">"), ("response", 2, "<")]
    assert page.marks == ["UNE011"]
    assert not page.all("//*[contains(@class, 'silence') or @class='tick' or @class='break']")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_text_wherever_it_stands(tmp_path, text):
    found = judged(user().watch(30).ordinary("3").watch(70), tmp_path)
    found.path = text
    found.errors.append(text)
    page = report_on(found, accept=[text])
    page.closed()
    shown = " ".join(visible(text).split())
    assert page.words("//section[@class='capture']/h2") == [shown]
    assert page.words("//*[@class='problem']") == [f"It cannot be judged: {shown}"]
    assert page.words("//title") == [f"fail: {shown}"]
    assert shown in page.words("//main/section//li")


def test_a_hostile_capture_stays_text(tmp_path):
    found = judged(hostile_story(), tmp_path)
    assert found.episodes
    page = report_on(found)
    page.closed()
    assert page.text.count("<script>") == 1
    assert "window.pwned=1" in page.root.text_content()
    assert {each.tag for each in page.root.iter("*")} <= KNOWN


#: Every element that the templates have: nothing else may come to be in a report.
KNOWN = frozenset(
    re.findall(
        r"\w+",
        "html head meta title style body a header p h1 h2 h3 h4 b ul ol li nav table caption thead tbody tr th td main section "
        "details summary span code time figure figcaption svg defs pattern rect line g text tspan circle path pre i mark template "
        "div script noscript footer cite",
    )
)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("wbxml", [False, True])
def test_whatever_happens_there_is_a_page_with_all_of_it(tmp_path, scenario, wbxml):
    for seed in range(8):
        found = judged(World(seed, scenario, wbxml=wbxml).story, tmp_path)
        page = report_on(found)
        page.closed()
        assert len(page.all("//div[@class='exchange']")) == len(found.traffic.turns)
        drawn = {number for _, number, _ in page.arrows}
        assert drawn >= {seen.turn.number for each in found.episodes for seen in each.episode.alerts}
        for number in drawn:
            exchange = found.traffic.capture.exchanges[number - 1]
            assert ("request", number, ">") in page.arrows
            assert (("response", number, "<") in page.arrows) == (exchange.response is not None)
        assert len(page.all("//template")) == sum(
            len([each for each in (turn.exchange.body, turn.exchange.response) if each is not None])
            for turn in found.traffic.turns
        )


def departed_after_thirty_sessions() -> Story:
    story = Story()
    for number in range(30):
        story.ordinary(str(number + 1))
    return story.alert("99").watch(30).ordinary("100").watch(70)


def test_of_a_large_capture_what_matters_is_in_full(tmp_path, monkeypatch):
    monkeypatch.setattr(exchanges, "SMALL", 20)
    page = report_on(judged(departed_after_thirty_sessions(), tmp_path))
    page.closed()
    full = {re.sub("-request|-response", "", each) for each in page.all("//template/../@id")}
    assert full == {"c1-exchange-31", "c1-exchange-32"}
    assert "Of 32 exchanges, 2 have their messages in full here" in page.words("//p[@class='left-out']")[0]
    assert len(page.all("//details[@class='session']")) == 32
    assert page.all("//details[@id='c1-exchange-5-request']/ol/li")


def test_of_a_very_large_capture_what_matters_is_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(exchanges, "SMALL", 5)
    monkeypatch.setattr(exchanges, "LISTED", 10)
    page = report_on(judged(departed_after_thirty_sessions(), tmp_path))
    page.closed()
    listed = page.words("//details[@class='session']/summary/b")
    assert listed == [*(f"session {number}" for number in range(1, 9)), "session 31", "session 32"]
    said = page.words("//p[@class='left-out']")
    assert any("22 sessions without a finding or an unenrolment are not listed" in each for each in said)
    assert any("omadm normalize" in each for each in said)


def test_a_long_session_is_drawn_where_it_matters(tmp_path):
    story = Story().get_session("1")
    for number in range(2, 100):
        story.go_on("1", number)
    story.go_on("1", 100, messages.unenrol_alert().replace("{id}", "9"))
    page = report_on(judged(story.watch(70), tmp_path))
    page.closed()
    drawn = {number for _, number, _ in page.arrows}
    assert len(drawn) == 60
    assert 100 in drawn
    assert "40 exchanges not drawn" in page.words("//figure//*[local-name()='text']")
    assert "UNE002" in page.marks or "UNE003" in page.marks


def test_a_long_body_is_cut_and_it_is_said(tmp_path):
    story = Story()
    request = story.to_server("1", 1, [f"<Alert><CmdID>1</CmdID><Data>{escape('x<' * 100_000)}</Data></Alert>"])
    story.exchange(request, b"\x01\xff" * 50_000)
    page = report_on(judged(story, tmp_path))
    assert len(page.text) < 400_000
    said = page.words("//template//p[@class='left-out']")
    assert said == [
        f"Shown are the first 64,000 of {len(request):,} characters.",
        "Shown are the first 8,192 of 100,000 bytes.",
    ]


def test_the_command_line_writes_it(tmp_path):
    path = str(user().watch(30).ordinary("3").watch(70).save(tmp_path / "run.jsonl"))
    done = CliRunner().invoke(main, ["check", "--format", "html", path])
    assert (done.exit_code, done.stderr) == (1, "")
    Report(done.stdout).closed()
    out = tmp_path / "report.html"
    assert CliRunner().invoke(main, ["check", "--format", "html", "-o", str(out), path]).exit_code == 1
    assert out.read_text() == done.stdout
    assert is_ours(out.read_bytes()[:4096])
    assert not is_ours(b"<!doctype html><meta name=generator content=another>")
