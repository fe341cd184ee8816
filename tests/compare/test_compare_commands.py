"""Commands, items and values compared, and the aliases in them."""

import pytest

from replay.lab import messages
from tests.compare.stories import GUIDS, changes, diff, edited, replace, session, told, values
from tests.story import Story, server, user


def test_a_changed_type_is_one_change():
    story = user()
    found = diff(story, edited(story, "mdm.unenrollment.userrequest", "mdm.refresh"))
    assert changes(found) == [("changed", "value", "SyncBody/Alert[3]/Item/Meta/Type")]


def test_a_status_code_is_a_change_of_its_class():
    story = user()
    found = diff(story, edited(story, "<Cmd>Replace</Cmd><Data>200", "<Cmd>Replace</Cmd><Data>500", 1))
    assert changes(found) == [("changed", "status", "SyncBody/Status[4]/Data")]
    assert values(found) == [("200", "500")]


def test_a_reference_to_another_command():
    story = user()
    found = diff(story, edited(story, "<CmdRef>3</CmdRef><Cmd>Alert</Cmd>", "<CmdRef>2</CmdRef><Cmd>Alert</Cmd>", 1))
    assert changes(found) == [("changed", "reference", "SyncBody/Status[3]/CmdRef")]
    assert values(found) == [("{message 1, Alert[2]}", "{message 1, Alert[1]}")]


def test_a_reference_to_nothing():
    story = user()
    found = diff(story, edited(story, "<CmdRef>3</CmdRef><Cmd>Alert</Cmd>", "<CmdRef>99</CmdRef><Cmd>Alert</Cmd>", 1))
    assert changes(found) == [("changed", "reference", "SyncBody/Status[3]/CmdRef")]
    assert values(found) == [("{message 1, Alert[2]}", "{nothing that was sent}")]


def test_a_missing_command_is_missing_once_though_its_status_dangles():
    story = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
    story.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"), messages.status(3, "1", "10", "Get", "404"))
    found = diff(story, edited(story, messages.get(9, "./A"), ""))
    assert changes(found) == [("removed", "sequence", "SyncBody/Get[1]")]
    assert values(found)[0][1] is None
    assert "./A" in values(found)[0][0]


def test_a_real_answer_without_the_command_lacks_its_status_too():
    one = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
    one.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"), messages.status(3, "1", "10", "Get", "200"))
    other = session(Story(), "1", messages.get(9, "./B"))
    other.go_on("1", 2, messages.status(2, "1", "9", "Get", "200"))
    assert changes(diff(one, other)) == [
        ("removed", "sequence", "SyncBody/Get[1]"),
        ("removed", "sequence", "SyncBody/Status[2]"),
    ]


def test_a_command_of_another_name_is_one_missing_and_one_more():
    one = session(Story(), "1", messages.get(9, "./A"))
    other = session(Story(), "1", replace(9, "./A", "x"))
    assert changes(diff(one, other)) == [
        ("removed", "sequence", "SyncBody/Get"),
        ("added", "sequence", "SyncBody/Replace"),
    ]


def test_commands_within_a_group():
    inner = replace(10, "./A", "1") + replace(11, "./B", "2")
    one = session(Story(), "1", f"<Atomic><CmdID>9</CmdID>{inner}</Atomic>")
    assert changes(diff(one, edited(one, replace(11, "./B", "2"), replace(11, "./B", "3")))) == [
        ("changed", "value", "SyncBody/Atomic/Replace[2]/Item/Data")
    ]
    assert changes(diff(one, edited(one, replace(10, "./A", "1"), ""))) == [
        ("removed", "sequence", "SyncBody/Atomic/Replace[1]")
    ]
    turned = replace(11, "./B", "2") + replace(10, "./A", "1")
    assert [told(each)[0] for each in diff(one, edited(one, inner, turned)).changes] == ["moved"]


def test_a_command_that_went_into_a_group_has_moved():
    story = server()
    exec_ = messages.unenrol_exec(9, "MS DM Server")
    found = diff(story, edited(story, exec_, f"<Atomic><CmdID>8</CmdID>{exec_}</Atomic>"))
    assert sorted(changes(found)) == [
        ("added", "sequence", "SyncBody/Atomic"),
        ("moved", "structure", "SyncBody/Exec"),
    ]
    moved = next(each for each in found.changes if each.kind == "moved")
    assert moved.actual_path == "SyncBody/Atomic/Exec"


def test_another_group_is_another_command():
    inner = replace(10, "./A", "1")
    one = session(Story(), "1", f"<Atomic><CmdID>9</CmdID>{inner}</Atomic>")
    found = diff(one, edited(one, "Atomic", "Sequence"))
    assert changes(found) == [
        ("removed", "sequence", "SyncBody/Atomic"),
        ("added", "sequence", "SyncBody/Sequence"),
    ]


def test_items_are_known_by_their_uri():
    story = Story().ordinary("1")
    man = "<Item><Source><LocURI>./DevInfo/Man</LocURI></Source><Data>omadm-replay</Data></Item>"
    mod = "<Item><Source><LocURI>./DevInfo/Mod</LocURI></Source><Data>Lab device</Data></Item>"
    assert changes(diff(story, edited(story, man, ""))) == [("removed", "structure", "SyncBody/Replace/Item[2]")]
    assert changes(diff(story, edited(story, man + mod, mod + man))) in (
        [("moved", "sequence", "SyncBody/Replace/Item[2]")],
        [("moved", "sequence", "SyncBody/Replace/Item[3]")],
    )
    other = mod.replace("Lab device", "Other")
    assert changes(diff(story, edited(story, man + mod, other))) == [
        ("removed", "structure", "SyncBody/Replace/Item[2]"),
        ("changed", "value", "SyncBody/Replace/Item[3]/Data"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1", ("changed", "structure", "@xmlns")),
        ('Type xmlns="syncml:metinf">com.m', 'Type xmlns="syncml:metinfo">com.m', "SyncBody/Alert[2]/Item/Meta/Type/@xmlns"),
        ("<Final/>", "", ("removed", "structure", "SyncBody/Final")),
        ("<VerProto>DM/1.2</VerProto>", "", ("removed", "structure", "SyncHdr/VerProto")),
        ("<MsgID>1</MsgID>", "<MsgID/>", ("added", "reference", "SyncHdr/MsgID")),
        ("<CmdID>3</CmdID>", "", ("added", "reference", "SyncBody/Alert[2]/CmdID")),
        (">com.microsoft/MDM", "> com.microsoft/MDM", ("changed", "value", "SyncBody/Alert[2]/Item/Meta/Type")),
        ("<Data>user</Data>", '<Data x="1">user</Data>', ("added", "value", "SyncBody/Alert[2]/Item/Data/@x")),
        ("<Data>user</Data>", "<Data><a>user</a></Data>", None),
        ("<SyncBody>", '<SyncBody><New xmlns="urn:x"/>', ("added", "structure", "SyncBody/New")),
        ("<SyncBody>", '<SyncBody><Get xmlns="urn:x"/>', ("added", "structure", "SyncBody/Get")),
    ],
)  # fmt: skip
def test_everything_else_that_counts(old, new, expected):
    story = Story().ordinary("1").ordinary("2")
    found = diff(story, edited(story, old, new, 1))
    assert not found.equal
    if isinstance(expected, tuple):
        assert expected in changes(found)
    elif expected:
        assert expected in [each.path for each in found.changes]


def test_final_that_is_not_last_has_moved():
    story = Story().ordinary("1")
    alert = "<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>"
    text = edited(story, f"<SyncBody>{alert}", f"<SyncBody><Final/>{alert}")
    text = text.replace(b"</Replace><Final/>", b"</Replace>")
    assert changes(diff(story, text)) == [("moved", "sequence", "SyncBody/Final")]


# -- aliases ----------------------------------------------------------------------------------------------------------


def ids(*values: str) -> Story:
    """Sessions in each of which the server writes one value."""
    story = Story()
    for number, value in enumerate(values, 1):
        session(story, str(number), replace(9, "./Vendor/MSFT/Id", value), messages.get(10, f"./N{number}"))
    return story


def test_aliases_belong_together_by_their_places_and_not_by_their_numbers():
    one = ids(GUIDS[0], GUIDS[1], GUIDS[0])
    other = session(Story(), "77", replace(9, "./Vendor/MSFT/New", GUIDS[2]))
    for number, value in enumerate((GUIDS[1], GUIDS[0], GUIDS[1]), 1):
        session(other, str(number), replace(9, "./Vendor/MSFT/Id", value), messages.get(10, f"./N{number}"))
    assert changes(diff(one, other)) == [("added", "sequence", "session")]


def test_an_equality_that_holds_on_one_side_only_is_one_change():
    one, other = ids(GUIDS[0], GUIDS[0], GUIDS[0], GUIDS[0]), ids(GUIDS[0], GUIDS[1], GUIDS[0], GUIDS[0])
    found = diff(one, other)
    assert changes(found) == [("changed", "value", "SyncBody/Replace/Item/Data")]
    assert values(found)[0][0] != values(found)[0][1]
    assert changes(diff(ids(GUIDS[0], *[GUIDS[1]] * 3), ids(*[GUIDS[1]] * 4))) == [
        ("changed", "value", "SyncBody/Replace/Item/Data")
    ]


def test_an_equality_that_holds_on_one_side_only_in_a_group_that_moved():
    def story(value: str, group: str) -> Story:
        commands = [replace(20 + number, f"./N{number}", GUIDS[0]) for number in range(3)]
        return session(
            Story(), "1", *commands, group.format(f"<Atomic><CmdID>9</CmdID>{replace(10, './A', value)}</Atomic>")
        )

    nested = "<Sequence><CmdID>8</CmdID>{}</Sequence>"
    same = [("moved", "structure", "SyncBody/Atomic"), ("added", "sequence", "SyncBody/Sequence")]
    assert changes(diff(story(GUIDS[0], "{}"), story(GUIDS[0], nested))) == same
    value = ("changed", "value", "SyncBody/Atomic/Replace/Item/Data")
    assert changes(diff(story(GUIDS[0], "{}"), story(GUIDS[1], nested))) == [same[0], value, same[1]]


def test_a_device_id_that_is_not_the_devices():
    story = Story().ordinary("1").ordinary("2")
    text = edited(story, f"<Data>{story.device}</Data>", "<Data>SOMEBODY</Data>", 1)
    found = diff(Story(device="OTHER").ordinary("1").ordinary("2"), text)
    assert changes(found) == [("changed", "value", "SyncBody/Replace/Item[1]/Data")]


def test_an_alias_beside_a_text():
    found = diff(ids(GUIDS[0]), ids("no id"))
    assert changes(found) == [("changed", "value", "SyncBody/Replace/Item/Data")]
    assert values(found) == [("{guid 1}", "no id")]


def test_a_text_that_looks_like_an_alias_is_none():
    assert changes(diff(ids(GUIDS[0]), ids("{guid 1}"))) == [("changed", "value", "SyncBody/Replace/Item/Data")]
    assert changes(diff(ids("{guid 1}"), ids("{guid 2}"))) == [("changed", "value", "SyncBody/Replace/Item/Data")]


def test_correlation_ids_count_their_steps_and_not_their_base():
    def told_by(base: str, *steps: int, request_id: str = "R") -> Story:
        story = Story()
        kind = ["Content-Type", story.content_type]
        for number, step in enumerate(steps, 1):
            request = story.package_one(str(number))
            headers = [kind, ["MS-CV", f"{base}.0.{step}"], ["client-request-id", request_id]]
            story.exchange(request, story.answer(request), headers=headers)
        return story

    assert diff(told_by("abc", 1, 2, 3), told_by("xyz", 1, 2, 3, request_id="S")).equal
    assert changes(diff(told_by("abc", 1, 2, 3), told_by("abc", 1, 2, 4))) == [("changed", "http", "HTTP/ms-cv")]
    # one message more, and all that come after it count on from there
    assert changes(diff(told_by("abc", 1, 2, 3), told_by("abc", 1, 2, 3, 4))) == [("added", "sequence", "session")]
