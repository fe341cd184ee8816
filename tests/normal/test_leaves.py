"""What the values of a message are about, and which of them never are noise."""

from replay.lab import messages
from replay.normal.form import normal_form
from replay.normal.leaves import leaves, steps
from tests.compare.stories import replace, session, traffic
from tests.story import Story, server, user


def found(story: Story, exchange: int, side: int) -> dict[str, tuple[str, str, bool]]:
    turns = [sides for each in normal_form(traffic(story)) for part in each.sessions for sides in part.exchanges]
    return {leaf.path: (leaf.about, leaf.value, leaf.letter) for leaf in leaves(turns[exchange][side].message)}


def test_an_item_is_about_its_node():
    story = session(Story(), "1", replace(9, "./A", "x"), replace(10, "./B", "y"))
    values = found(story, 0, 1)
    assert values["SyncBody/Replace[2]/Item/Data"] == ("./B", "y", False)
    assert values["SyncBody/Replace[1]/Item/Target/LocURI"] == ("./A", "./A", False)
    assert values["SyncBody/Status[1]/Data"] == ("", "200", False)


def test_an_alert_is_about_its_type():
    values = found(user(), 0, 0)
    about = {path: each for path, each in values.items() if path.startswith("SyncBody/Alert[2]/Item")}
    assert about["SyncBody/Alert[2]/Item/Data"] == ("com.microsoft/MDM/LoginStatus", "user", False)


def test_data_of_an_unenrolment_counts_to_the_letter():
    assert found(user(), 1, 0)["SyncBody/Alert[3]/Item/Data"][1:] == ("1", True)
    exec_ = found(server(), 1, 1)
    assert exec_["SyncBody/Exec/Item/Data"] == (
        "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll",
        "MS DM Server",
        True,
    )


def test_an_alert_without_a_type_or_with_one_that_is_nearly_right_may_be_one():
    bare = messages.unenrol_alert().replace("com.microsoft:mdm.unenrollment.userrequest", "")
    near = messages.unenrol_alert().replace("com.microsoft:mdm.", " Com.Microsoft:MDM.")
    for text in (bare, near):
        assert found(Story().ordinary("1").alert("2", text=text), 1, 0)["SyncBody/Alert[3]/Item/Data"][2] is True


def test_another_alert_may_say_what_it_likes():
    other = messages.unenrol_alert().replace("com.microsoft:mdm.unenrollment.userrequest", "com.microsoft:mdm.refresh")
    values = found(Story().ordinary("1").alert("2", text=other), 1, 0)
    assert values["SyncBody/Alert[3]/Item/Data"] == ("com.microsoft:mdm.refresh", "1", False)


def test_headers_have_their_paths_already():
    assert [leaf.path for leaf in leaves(None, [("HTTP/user-agent", "x")])] == ["HTTP/user-agent"]


def test_steps_are_numbered_where_there_are_several():
    from replay.normal.nodes import Node

    assert steps([Node("A"), Node("B"), Node("A")]) == ["A[1]", "B", "A[2]"]
