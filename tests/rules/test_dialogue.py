from replay.expect.rules._dialogue import command_name, in_a_row, name_of_message
from replay.syncml.model import Command


def test_names_in_a_row():
    names = ["a", "b", "c", "d", "e", "f"]
    assert [in_a_row(names[:end]) for end in (0, 1, 2, 3)] == ["", "a", "a and b", "a, b and c"]
    assert [in_a_row(names[:5]), in_a_row(names)] == ["a, b, c, d and e", "a, b, c, d, e and 1 more"]


def test_what_has_no_number_is_named_all_the_same():
    assert [command_name(each) for each in (None, Command(name="Get", cmd_id="7"), Command(name="Get", cmd_id=""))] == [
        "SyncHdr",
        "Get (CmdID 7)",
        "Get without a CmdID",
    ]
    assert name_of_message("device", None) == "the device's message without a MsgID (SessionID missing)"
