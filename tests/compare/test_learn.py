"""What is learned from several runs: how values vary, with counts; and what never is learned."""

import pytest

from replay.compare.learn import learn
from replay.lab import messages
from replay.normal.varying import Form, Kind
from replay.syncml.names import UNENROL_TYPE
from tests.compare.runs import KINDS, node, run
from tests.compare.stories import GUIDS, edited, replace, session, traffic, with_header
from tests.story import Story, server, user


def learned(*stories):
    return learn([traffic(each) for each in stories])


def test_each_place_and_how_it_varies():
    found = learned(run(1), run(2), run(3))
    assert {each.line.about: each.line.kind for each in found.lines} == {node(k): v for k, v in KINDS.items()}
    assert found.warnings == []
    assert {each.line.side for each in found.lines} == {"response"}
    assert {(each.captures, each.values) for each in found.lines} == {(3, 9)}
    assert next(each.distinct for each in found.lines if each.line.about == node("Host")) == 3


def test_nothing_is_signed():
    assert not any(each.line.applies for each in learned(run(1), run(2)).lines)


def test_what_is_the_same_everywhere_is_constant():
    found = learned(run(1), run(2))
    constants = {each.line.about: each for each in found.constants}
    assert constants[node("Same")].line.kind == "constant"
    assert constants[node("Same")].distinct == 1
    assert not constants.keys() & {node(each) for each in KINDS}


def test_two_captures_of_the_same_teach_nothing():
    found = learned(user(), user(device="OTHER"))
    assert (found.lines, found.warnings) == ([], [])


def test_one_capture_is_not_enough():
    with pytest.raises(ValueError, match="fewer than two"):
        learned(user())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Data>1226</Data>", "<Data>1224</Data>"),
        ("mdm.unenrollment.userrequest", "mdm.unenrollment.userrequest2"),
        (">int<", ">chr<"),
        ("<Data>1</Data>", "<Data>2</Data>"),
        ("<Data>200</Data>", "<Data>500</Data>"),
        ("<Final/>", ""),
        ("<LocURI>./DevInfo/Man</LocURI>", "<LocURI>./DevInfo/Mann</LocURI>"),
        ("<Data>1201</Data>", "<Data>1200</Data>"),
        ("SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1"),
    ],
)
def test_what_counts_to_the_letter_is_warned_of_alone(old, new):
    found = learned(user(), edited(user(), old, new))
    assert found.warnings
    assert found.lines == []


def test_data_of_an_exec_and_status_of_http():
    exec_ = learned(server(), edited(server(), "<Data>MS DM Server</Data>", "<Data>ms dm server</Data>"))
    assert [(each.path, each.about.rpartition("/")[2]) for each in exec_.warnings] == [
        ("SyncBody/Exec/Item/Data", "Unenroll")
    ]
    refused = Story().ordinary("1").watch(30).alert("2", status=503)
    assert "HTTP/status" in {each.path for each in learned(user(), refused).warnings}


def test_a_command_that_some_runs_lack_is_warned_of():
    a = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "x"))
    b = session(Story(), "1", replace(10, "./B", "y"))
    found = learned(a, b)
    assert [(each.kind, each.path, each.times) for each in found.warnings] == [("removed", "SyncBody/Get", 1)]
    assert [each.line.about for each in found.lines] == ["./B"]


def test_two_later_runs_that_differ_are_compared_too():
    """The first one lacks what varies between the others."""
    plain = session(Story(), "1", messages.get(9, "./A"))
    more = [session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", value)) for value in ("good", "bad")]
    assert [each.line.about for each in learned(plain, *more).lines] == ["./B"]


def test_an_item_without_a_node_says_nothing_of_others():
    def bare(value: str) -> Story:
        return session(Story(), "1", f"<Add><CmdID>9</CmdID><Item><Data>{value}</Data></Item></Add>")

    (line,) = learned(bare("x"), bare("y")).lines
    assert line.line.about == ""


def test_aliases_that_are_no_counterparts_are_warned_of():
    """The base of a correlation vector changes in the midst of a run: no value can say that."""
    found = learned(with_header("MS-CV", "a.1", "a.2", "a.3"), with_header("MS-CV", "a.1", "b.2", "a.3"))
    assert found.lines == []
    assert {each.path for each in found.warnings} == {"HTTP/ms-cv"}


def nodes(**values: str) -> Story:
    """One session in which the server writes these."""
    return session(Story(), "1", *(replace(9 + n, f"./{name}", each) for n, (name, each) in enumerate(values.items())))


def test_lines_constants_and_warnings_stand_in_order():
    found = learned(*(nodes(C=v, A=v, D="same", B="same") for v in ("x", "y", "x z")))
    assert [each.line.about for each in found.lines] == ["./A", "./C"]
    assert [each.line.about for each in found.constants if each.line.side == "response"] == ["./B", "./D"]
    text = nodes(A="x", B="y")
    other = edited(text, "<Data>200</Data>", "<Data>500</Data>")
    other = other.replace(b"DM/1.2", b"DM/1.3")
    warned = [(each.kind, each.of, each.path) for each in learned(text, other).warnings]
    assert warned == sorted(warned)
    assert len({path for _, _, path in warned}) > 1


def test_what_is_counted_and_shown_of_a_place():
    found = learned(nodes(A="p"), nodes(A="q"), nodes(A="q"), nodes(A="r"), nodes(A="s"), nodes(B="other"))
    (line,) = [each for each in found.lines if each.line.about == "./A"]
    assert (line.captures, line.values, line.distinct) == (5, 5, 4)
    assert line.examples == ("q", "p", "r")


def test_a_constant_is_in_every_capture():
    found = learned(nodes(A="1", B="2", C="3"), nodes(A="1", C="3"), nodes(A="1", B="2"))
    assert [each.line.about for each in found.constants if each.line.side == "response"] == ["./A"]
    assert [(each.captures, each.values) for each in found.constants if each.line.about == "./A"] == [(3, 3)]


def test_the_value_of_another_node_is_no_line():
    found = learned(nodes(A="x", Z="z"), nodes(B="y", Z="z"))
    assert found.lines == []
    assert {(each.path, each.about) for each in found.warnings} == {
        ("SyncBody/Replace/Item/Data", "./A"),
        ("SyncBody/Replace/Item/Target/LocURI", "./A"),
    }


def test_a_warning_shows_both_values_and_how_often():
    one = session(session(Story(), "1", replace(9, "./A", "1")), "2", replace(9, "./A", "1"))
    other = edited(one, "<Data>200</Data>", "<Data>500</Data>")
    (found,) = [each for each in learned(one, other).warnings if each.path == "SyncBody/Status/Data"]
    assert (found.kind, found.of, found.expected, found.actual) == ("changed", "status", "200", "500")
    assert found.times == 8


def test_aliases_that_are_no_counterparts_are_warned_of_by_their_node():
    """A and B are one value each in both captures, and what stands for one of them elsewhere is the other's."""
    one, two = GUIDS[:2]
    found = learned(nodes(A=one, B=two, C=two, D=two), nodes(A=one, B=two, C=one, D=one))
    assert {"./A", "./B"} <= {each.about for each in found.warnings}
    assert not {"./A", "./B"} & {each.line.about for each in (*found.lines, *found.constants)}


def test_what_varies_alike_in_every_capture_is_no_constant():
    story = session(nodes(A="x", B="same"), "2", replace(9, "./A", "y"), replace(10, "./B", "same"))
    found = learned(story, story)
    assert found.lines == []
    assert [each.line.about for each in found.constants if each.line.side == "response"] == ["./B"]


def test_a_constant_is_in_the_first_capture_too():
    found = learned(nodes(B="2"), nodes(A="1", B="2"), nodes(A="1", B="2"))
    assert [each.line.about for each in found.constants if each.line.side == "response"] == ["./B"]


def test_a_value_of_two_nodes_is_warned_of_though_one_of_them_varies():
    varies, other = (nodes(A="x", Z="z"), nodes(A="y", Z="z")), nodes(B="w", Z="z")
    for captures in ((*varies, other), (other, *varies)):
        found = learned(*captures)
        assert [each.line.about for each in found.lines] == ["./A"]
        (warned,) = [each for each in found.warnings if each.path.endswith("/Data")]
        assert warned.times == 2


def alerts(*values: str, unenrol: str = "") -> Story:
    """Alerts of one Type with these Data, and one that says of itself that it is an unenrolment's."""
    story = Story()
    kind = '<Meta><Type xmlns="syncml:metinf">{}</Type></Meta>'
    text = "<Alert><CmdID>{}</CmdID><Data>1226</Data>{}<Item>{}<Data>{}</Data></Item></Alert>"
    unenrolment = kind.format(UNENROL_TYPE)
    every = [text.format(n, "", kind.format("t"), value) for n, value in enumerate(values, 20)]
    every += [text.format(9, unenrolment, kind.format("t"), unenrol)] if unenrol else []
    story.exchange(story.to_server("1", 1, every), None)
    return story


def test_the_data_of_an_unenrolment_is_warned_of_though_its_like_varies():
    found = learned(alerts("x", unenrol="1"), alerts("y", unenrol="2"))
    assert [each.line.about for each in found.lines] == ["t"]
    assert [(each.path, each.about) for each in found.warnings] == [("SyncBody/Alert/Item/Data", "t")]
    assert [(each.expected, each.actual) for each in found.warnings] == [("1", "2")]


@pytest.mark.parametrize(("old", "new"), [('a="1"', 'a="2"'), ("<Data a", "<Data b")])
def test_what_is_no_value_of_its_own_is_warned_of(old, new):
    story = session(Story(), "1", replace(9, "./A", "x").replace("<Data>", '<Data a="1">'))
    found = learned(story, edited(story, old, new))
    assert {each.about for each in found.warnings} == {""}
    assert found.lines == []


def test_a_session_that_some_runs_lack_is_warned_of():
    found = learned(nodes(A="x"), session(nodes(A="x"), "2", messages.get(9, "./A")))
    assert [(each.kind, each.path, each.about) for each in found.warnings] == [("added", "session", "")]


def test_a_line_says_the_form_of_random_values_and_of_headers_no_node():
    token = next(each.line for each in learned(run(1), run(2)).lines if each.line.about == node("Token"))
    assert token.form == Form("hex", 32, 32)
    (line,) = learned(with_header("User-Agent", "a"), with_header("User-Agent", "b")).lines
    assert (line.line.path, line.line.about) == ("HTTP/user-agent", None)


def test_devices_are_looked_at_one_after_the_other():
    def two(first: int) -> Story:
        story = Story()
        for number in (first, first + 1):
            for story.device, value in (("A", 1000 + number), ("B", number)):
                session(story, str(number), replace(9, "./N", str(value)))
        return story

    (line,) = learned(two(1), two(5)).lines
    assert line.line.kind is Kind.COUNTER
