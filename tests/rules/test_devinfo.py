import pytest

from replay.capture.contents import Contents
from replay.expect.rules._devinfo import dev_info, opens_session
from replay.lab import messages
from replay.syncml.read import read
from tests.story import Story


def told(*commands: str) -> list[tuple[tuple[int, ...], int, str, str | None]]:
    """What a message with these commands says of its device."""
    return list(dev_info(read(Story().to_server("1", 1, list(commands)))))


def item(uri: str | None, side: str = "Source", data: str = "x") -> str:
    address = "" if uri is None else f"<{side}><LocURI>{uri}</LocURI></{side}>"
    return f"<Item>{address}<Data>{data}</Data></Item>"


def replace(*items: str) -> str:
    return f"<Replace><CmdID>3</CmdID>{''.join(items)}</Replace>"


@pytest.mark.parametrize(("code", "opens"), [("1200", True), ("1201", True), ("1222", False), ("1226", False)])
def test_which_alerts_open_a_session(code, opens):
    alert = f"<Alert><CmdID>2</CmdID><Data>{code}</Data></Alert>"
    assert opens_session(Contents(read(Story().to_server("1", 1, [alert])))) is opens


def test_package_one_tells_each_node_with_its_place():
    found = told(*messages.package_one(messages.DeviceInfo("D1")))
    assert ((2,), "DevInfo/DevId", "D1") in [(place, node, data) for place, _, node, data in found]


def test_items_are_counted_from_1_and_others_passed_over():
    given = replace(item("./DevInfo/Man"), item("./DevDetail/SwV"), item(None), item("./DevInfo/Mod", data="y"))
    assert told(given) == [((0,), 1, "DevInfo/Man", "x"), ((0,), 4, "DevInfo/Mod", "y")]


@pytest.mark.parametrize("other", ["", "<Target/>", "<Target><LocURI/></Target>"])
def test_the_node_may_be_the_source_or_the_target(other):
    assert told(replace(item("./DevInfo/Man", "Target"))) == [((0,), 1, "DevInfo/Man", "x")]
    both = item("./DevInfo/Man").replace("<Item>", f"<Item>{other}")
    assert told(replace(both)) == [((0,), 1, "DevInfo/Man", "x")]


def test_answers_tell_nothing_and_hide_nothing():
    answers = [messages.results(2, "1", "9", "./DevInfo/Man", "y"), messages.status(1, "1", "0", "SyncHdr", "200")]
    assert told(*answers, replace(item("./DevInfo/Man"))) == [((2,), 1, "DevInfo/Man", "x")]
