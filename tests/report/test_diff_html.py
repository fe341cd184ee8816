import re

from lxml import html

from replay.report.diff_html import diff_html
from tests.compare.stories import diff, edited, replace, session
from tests.story import Story, server, user


def page(comparison, **more):
    text = diff_html(comparison, "a.jsonl", "b.jsonl", **more)
    return text, html.document_fromstring(text)


def cells(tree):
    return [
        (row.get("class").split()[0], *(cell.text_content().strip() for cell in row.findall("td")))
        for row in tree.iter("tr")
        if row.get("class")
    ]


def test_both_sides_beside_each_other():
    story = server()
    text, tree = page(diff(story, edited(story, "<Data>1</Data>", "<Data>2</Data>")), notes=("a note",))
    assert "2 sessions, 1 to 2: equal" in text
    assert "a note" in text
    alert = "Alert 1226 com.microsoft:mdm.unenrollment.userrequest"
    assert ("changed", f"{alert} = 1", f"{alert} = 2") in cells(tree)
    why = next(row for row in cells(tree) if row[0] == "change")
    assert re.sub(r"\s+", " ", why[1]) == "SyncBody/Alert[3]/Item/Data value, changed 1 → 2"


def test_missing_and_more():
    one = session(Story(), "1", replace(9, "./A", "1"), replace(10, "./B", "1"))
    other = session(Story(), "1", replace(10, "./B", "1"), replace(11, "./C", "1")).ordinary("2")
    _, tree = page(diff(one, other))
    rows = cells(tree)
    assert ("removed", "Replace ./A = 1", "") in rows
    assert ("added", "", "Replace ./C = 1") in rows
    assert ("added", "", "ordinary session of 1 exchange") in rows


def test_values_that_look_like_none_are_told_apart():
    one = session(Story(), "1", replace(9, "./A", "nothing"), replace(10, "./B", "1 "))
    other = session(Story(), "1", replace(9, "./A", ""), replace(10, "./B", "1"))
    _, tree = page(diff(one, other))
    found = [re.sub(r"\s+", " ", row[1]).partition(" changed ")[2] for row in cells(tree) if row[0] == "change"]
    assert found == ['"nothing" → ""', '"1 " → 1']


def test_it_needs_nothing_else_and_runs_nothing():
    hostile = "&lt;script&gt;alert(1)&lt;/script&gt;&#13;\u202e"
    story = session(Story(), "1", replace(9, "./A", "x"))
    text, tree = page(diff(story, edited(story, "<Data>x</Data>", f"<Data>{hostile}</Data>")))
    assert "<script>alert" not in text
    assert "\u202e" not in text
    assert "\\u202e" in text
    assert not tree.xpath("//*[@src or @style or @onclick]")
    assert not [link for link in tree.xpath("//@href") if not link.startswith("#")]


def test_long_values_and_long_runs_are_cut():
    commands = [replace(100 + number, f"./N{number}", "1") for number in range(40)]
    one = session(Story(), "1", *commands)
    text, tree = page(diff(one, edited(one, commands[30], replace(130, "./N30", "y" * 9000))))
    assert "(9,000 characters)" in text
    assert any(row[1].startswith("… ") and "alike" in row[1] for row in cells(tree))
    assert len(cells(tree)) < 30


def test_equal_captures():
    text, _ = page(diff(user(), user()))
    assert '<b class="verdict equal">equal</b>' in text
    assert "2 sessions, 1 to 2: equal" in text
