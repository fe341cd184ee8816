"""The comparison in JSON, to the letter of the contract."""

import json

from replay.report.as_json import as_json
from replay.report.diff_shapes import diff_shape
from tests.compare.stories import diff, edited, replace, session
from tests.story import Story, server, user

WHOLE = {"format", "version", "tool", "expected", "actual", "equal", "sessions", "summary", "ignored", "not_compared"}


def shaped(comparison, **more):
    return json.loads(as_json(diff_shape(comparison, "a", "b", **more)))


def test_every_member_of_the_contract():
    story = server()
    found = shaped(
        diff(story, edited(story, "<Data>1</Data>", "<Data>2</Data>").replace(b'"status": 200', b'"status": 202', 1))
    )
    assert set(found) == WHOLE
    assert (found["format"], found["version"], found["equal"]) == ("omadm-diff", 1, False)
    assert found["summary"] == {"changed": 2, "added": 0, "removed": 0, "moved": 0}
    assert found["ignored"] == 0
    assert [(each["expected"], each["actual"], each["equal"]) for each in found["sessions"]] == [
        (1, 1, False),
        (2, 2, True),
        (3, 3, False),
    ]
    messages = found["sessions"][2]["messages"]
    assert [(each["expected"], each["actual"], each["equal"]) for each in messages] == [
        ({"exchange": 3, "side": "request"}, {"exchange": 3, "side": "request"}, False),
        ({"exchange": 3, "side": "response"}, {"exchange": 3, "side": "response"}, True),
    ]
    assert messages[0]["changes"] == [
        {"kind": "changed", "class": "value", "path": "SyncBody/Alert[3]/Item/Data", "expected": "1", "actual": "2"}
    ]
    assert found["sessions"][0]["messages"][1]["changes"][0] == {
        "kind": "changed",
        "class": "http",
        "path": "HTTP/status",
        "expected": "200",
        "actual": "202",
    }


def test_the_side_without_a_value_is_null():
    found = shaped(diff(user(), Story().ordinary("1").ordinary("9").watch(30).alert("2", response=None)))
    assert found["summary"] == {"changed": 0, "added": 1, "removed": 1, "moved": 0}
    missing = found["sessions"][-1]["messages"][1]
    assert missing["actual"] is None
    assert missing["changes"][0]["actual"] is None
    assert missing["changes"][0]["path"] == "SyncML"
    added = next(each for each in found["sessions"] if each["expected"] is None)
    assert added["actual"] == 2
    assert added["messages"][0]["changes"] == [
        {
            "kind": "added",
            "class": "sequence",
            "path": "session",
            "expected": None,
            "actual": "ordinary session of 1 exchange",
        }
    ]


def test_another_path_on_the_other_side_is_given_besides():
    one = session(Story(), "1", replace(9, "./A", "1"), replace(10, "./B", "1"))
    other = session(Story(), "1", replace(8, "./New", "1"), replace(9, "./A", "1"), replace(10, "./B", "2"))
    changes = [each for m in shaped(diff(one, other))["sessions"][0]["messages"] for each in m["changes"]]
    assert [(each["path"], each.get("actual_path")) for each in changes] == [
        ("SyncBody/Replace[1]", None),
        ("SyncBody/Replace[2]/Item/Data", "SyncBody/Replace[3]/Item/Data"),
    ]


def test_what_is_to_be_said_of_a_profile_is_there_where_there_is_any():
    assert shaped(diff(user(), user()), notes=["n.toml: one\udc80"])["notes"] == ["n.toml: one\\udc80"]
    assert "notes" not in shaped(diff(user(), user()))


def test_baselines_are_named():
    found = shaped(diff(user(), user()), baselines=("a", "b"), explained=3)
    assert set(found) == WHOLE | {"baselines", "explained"}
    assert (found["baselines"], found["explained"]) == (["a", "b"], 3)


def test_text_of_a_capture_stays_harmless_and_whole():
    story = session(Story(), "1", replace(9, "./A", "x"))
    text = as_json(
        diff_shape(diff(story, edited(story, "<Data>x</Data>", "<Data>\u202e\u0085y</Data>")), "\udc80", "b")
    )
    assert "\u202e" not in text
    assert json.loads(text)["sessions"][0]["messages"][1]["changes"][0]["actual"] == "\u202e\u0085y"
    assert json.loads(text)["expected"] == "\\udc80"


def test_what_is_in_no_session():
    one, other = Story().ordinary("1"), Story().ordinary("1")
    other.exchange(b"<SyncML><b", b"")
    found = shaped(diff(one, other))["sessions"][-1]
    assert (found["expected"], found["actual"], found["equal"]) == (None, None, False)
    assert found["messages"][0]["actual"] == {"exchange": 2, "side": "request"}
