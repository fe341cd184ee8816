"""The HTML report where people read it: in a real browser, under its own policy."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.lab import messages
from replay.report.html.check import check_html
from replay.report.shapes import report
from tests.browser import browser, browser_program
from tests.report.looking import Looking, axe_program
from tests.report.pages import hostile_story, judged
from tests.story import Story, user

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def looking(folder: Path) -> Iterator[Looking]:
    browser_program()
    with browser(folder) as page:
        yield Looking(page)


def written(folder: Path, *stories: Story) -> Path:
    """A report on stories, as a file."""
    found = [judged(story, folder, name=f"run-{number}.jsonl") for number, story in enumerate(stories, 1)]
    path = folder / "report.html"
    path.write_text(check_html(found, report(found)), encoding="ascii")
    return path


def not_silent() -> Story:
    """An unenrolment with something of everything: a mark, a fault, a proxy's answer, a gap, and a session that must not be."""
    story = Story().ordinary("1").watch(30).exec("2").wait(1)
    story.line("note", text="user pressed Disconnect")
    story.alert("3", response=None, failure="server-closed")
    story.line("note", name="fault", text="drop-reply@alert")
    story.watch(10).wait(40).watch(10)
    request = messages.to_wbxml(story.package_one("4"))
    story.exchange(request, b"busy", status=503, by="proxy")
    return story.watch(70).close()


ARROWS = """[...document.querySelectorAll('figure line.arrow')].map(line => {
    const box = line.getBoundingClientRect(), figure = line.closest('figure').getBoundingClientRect();
    const inside = box.left >= figure.left && box.right <= figure.right && box.top > figure.top && box.bottom < figure.bottom;
    const right = line.x2.baseVal.value > line.x1.baseVal.value;
    return [line.dataset.exchange, line.classList[1], right ? '>' : '<', inside && box.width > 60, Math.round(box.top)];
})"""
VISIBLE = """(element => {
    const box = element.getBoundingClientRect();
    return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
})"""


def test_it_opens_quietly_and_draws_what_was_sent(tmp_path):
    path = written(tmp_path, not_silent())
    with looking(tmp_path) as look:
        look.open(path)
        for width in (1200, 320):
            look.size(width)
            arrows = look.value(ARROWS)
            assert [each[:3] for each in arrows] == [
                ["2", "request", ">"], ["2", "response", "<"], ["3", "request", ">"], ["4", "request", ">"],
                ["4", "response", "<"],
            ]  # fmt: skip
            assert all(each[3] for each in arrows)
            assert [each[4] for each in arrows] == sorted(each[4] for each in arrows)
            assert not look.value("document.documentElement.scrollWidth > innerWidth")
        assert look.value(
            "[...document.querySelectorAll('figure a > text:first-of-type')].map(each => each.textContent)"
        )
        assert look.said() == []
        assert look.requests() == [path.as_uri()]


def test_links_lead_to_what_they_name(tmp_path):
    path = written(tmp_path, Story().ordinary("1").watch(5).alert("2", data_format="chr").watch(70))
    with looking(tmp_path) as look:
        look.open(path)
        assert not look.value("document.querySelector('mark')")
        look.page.click("document.querySelector('.finding.error a[href*=exchange]')")
        look.page.wait_for("document.querySelector('#c1-exchange-2-request').open")
        look.page.wait_for(f"{VISIBLE}(document.querySelector('#c1-exchange-2-request mark'))")
        assert look.value("document.querySelector('mark').textContent") == '<Format xmlns="syncml:metinf">chr</Format>'
        look.page.click("document.querySelector('mark + a.badge')")
        look.page.wait_for(f"location.hash.includes('finding') && {VISIBLE}(document.querySelector(location.hash))")
        look.page.click("document.querySelector('.finding.error a[href^=\"#rule-\"]')")
        look.page.wait_for("document.querySelector('#rule-UNE005').open")
        look.page.wait_for(f"{VISIBLE}(document.querySelector('#rule-UNE005 h3'))")
        look.page.click("document.querySelector('figure svg.badge a')")
        look.page.wait_for("location.hash.includes('finding')")
        look.page.click("document.querySelector('figure .alert a')")
        look.page.wait_for("location.hash === '#c1-exchange-2-request'")
        assert look.said() == []


def test_the_address_of_a_place_opens_it(tmp_path):
    path = written(tmp_path, user().watch(30).ordinary("3").watch(70))
    with looking(tmp_path) as look:
        look.open(path, "#c1-exchange-3-response")
        look.page.wait_for(
            "document.querySelector('#c1-exchange-3-response pre.elements').textContent.includes('<SyncHdr>')"
        )
        look.page.wait_for(f"{VISIBLE}(document.querySelector('#c1-exchange-3-response summary'))")
        look.open(path, "#%")
        assert look.said() == []


def test_it_is_used_by_keyboard(tmp_path):
    path = written(tmp_path, user().watch(30).ordinary("3").watch(70))
    with looking(tmp_path) as look:
        look.open(path)
        look.key("Tab", 9)
        assert look.value("document.activeElement.className") == "skip"
        assert look.value(f"{VISIBLE}(document.activeElement)")
        look.key("Enter", 13)
        look.page.wait_for("document.activeElement.id === 'main'")
        wanted = "document.querySelectorAll('details.session > summary')[1]"
        for _ in range(60):
            look.key("Tab", 9)
            assert look.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            assert look.value(f"{VISIBLE}(document.activeElement)")
            if look.value(f"document.activeElement === {wanted}"):
                break
        look.key("Enter", 13)
        look.page.wait_for("document.querySelectorAll('details.session')[1].open")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nobody_is_shut_out(tmp_path, colours):
    axe_program()  # skips before anything is started
    path = written(tmp_path, not_silent(), user().watch(70), user().watch(5))
    with looking(tmp_path) as look:
        look.media(colours=colours)
        for width in (1200, 320):
            look.size(width)
            look.open(path)
            assert look.axe() == []
            look.value("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            look.page.wait_for("!document.querySelector('template') && document.querySelector('pre.dump')")
            look.value("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            assert look.axe() == []
        assert look.said() == []


def test_it_is_dark_where_that_is_asked_for_and_white_on_paper(tmp_path):
    path = written(tmp_path, user().watch(70))
    with looking(tmp_path) as look:
        shades = {}
        for name, kind, colours in (
            ("light", "screen", "light"),
            ("dark", "screen", "dark"),
            ("paper", "print", "dark"),
        ):
            look.media(kind, colours)
            look.open(path)
            background = look.value("getComputedStyle(document.body).backgroundColor")
            shades[name] = sum(int(part) for part in background.strip("rgb()").split(","))
        assert shades["dark"] < 150
        assert 700 < shades["light"] <= shades["paper"] == 765


def test_on_paper_what_is_part_of_the_report_is_open(tmp_path):
    path = written(tmp_path, user().watch(30).ordinary("3").watch(70))
    with looking(tmp_path) as look:
        look.open(path)
        look.value("window.heard = []; addEventListener('beforeprint', () => heard.push("
                   "[...document.querySelectorAll('details[open]')].map(each => each.id || each.className)))")  # fmt: skip
        assert look.paper().startswith(b"%PDF")
        (opened,) = look.value("heard")
        assert {"rule-UNE011", "c1-unenrolment-1", "c1-exchange-3-request", "session"} <= set(opened)
        assert "c1-exchange-1-request" not in opened
        assert look.value("document.querySelectorAll('details[open]').length") == 1


def test_without_its_script_it_still_says_what_counts(tmp_path):
    path = written(tmp_path, user().watch(30).ordinary("3").watch(70))
    with looking(tmp_path) as look:
        look.page._call("Emulation.setScriptExecutionDisabled", value=True)
        look.open(path)
        text = look.value("document.body.innerText")
        assert "UNE011" in text
        assert "shown by the script of this page, which is switched off" in text
        look.click("document.querySelectorAll('details.session > summary')[1]")
        look.until("document.querySelectorAll('details.session')[1].open")
        look.click("document.querySelector('#c1-exchange-2-request summary')")
        look.until("document.querySelector('#c1-exchange-2-request').open")
        assert look.value("document.querySelector('#c1-exchange-2-request ol li').checkVisibility()")


def test_nothing_in_a_capture_comes_to_life(tmp_path):
    path = written(tmp_path, hostile_story())
    with looking(tmp_path) as look:
        look.open(path)
        look.value("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        look.page.wait_for("!document.querySelector('main > section > details > template')")
        look.value("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        look.page.wait_for("!document.querySelector('template')")
        assert look.value("document.body.innerText.includes('<script>window.pwned=1</script>')")
        for link in range(look.value("Math.min(document.links.length, 40)")):
            look.value(f"document.links[{link}].click()")
        assert look.value("[typeof window.pwned, document.scripts.length, document.images.length, frames.length]") == [
            "undefined", 1, 0, 0,
        ]  # fmt: skip
        assert look.said() == []
        assert look.requests() == [path.as_uri()]
        assert look.value("location.href.split('#')[0]") == path.as_uri()


def test_a_capture_of_a_thousand_sessions_answers_a_click(tmp_path):
    story = Story()
    for number in range(1000):
        story.device = f"{number:032X}"
        story.ordinary("1")
    story.device = "0123456789ABCDEF0123456789ABCDEF"
    path = written(tmp_path, story.alert("2").watch(30).ordinary("3").watch(70))
    with looking(tmp_path) as look:
        look.open(path)
        assert look.value("document.querySelectorAll('details.session').length") == 1002
        look.page.click("document.querySelectorAll('details.session > summary')[500]")
        look.page.wait_for("document.querySelectorAll('details.session')[500].open")
        look.page.click("document.querySelector('.finding a[href*=exchange]')")
        look.page.wait_for("document.querySelector('#c1-exchange-1002-request pre.elements')")
        look.page.wait_for(f"{VISIBLE}(document.querySelector('#c1-exchange-1002-request summary'))")
        assert look.said() == []
