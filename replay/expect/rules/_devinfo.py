"""What a device says of itself: DevInfo in package 1, and the DevId in it (DMP 8.3)."""

from collections.abc import Iterator
from typing import Final

from replay.syncml.model import Alert, Message, Results, Status
from replay.syncml.names import CLIENT_INITIATED, SERVER_INITIATED

DEV_ID: Final = "DevInfo/DevId"
_OPENING: Final = frozenset({SERVER_INITIATED, CLIENT_INITIATED})


def opens_session(message: Message) -> bool:
    """Whether a message has the Alert 1200 or 1201 that opens a session."""
    return any(isinstance(command, Alert) and command.code in _OPENING for _, command in message.walk())


def dev_info(message: Message) -> Iterator[tuple[tuple[int, ...], int, str, str | None]]:
    """The DevInfo that a message sets, with whatever command: place, number of the item (from 1), node and Data. The node is
    written without what leads to it (`./`), so that a leading `/` (MSG014) does not hide it."""
    for place, command in message.walk():
        if isinstance(command, (Status, Results)):
            continue
        for number, item in enumerate(command.items, 1):
            node = ((item.source and item.source.uri) or (item.target and item.target.uri) or "").lstrip("./")
            if node == "DevInfo" or node.startswith("DevInfo/"):
                yield place, number, node, item.data


def dev_id(message: Message) -> tuple[tuple[int, ...], int, str] | None:
    """DevInfo/DevId as a message sets it: place, number of the item, and the text without the blanks around it."""
    for place, number, node, data in dev_info(message):
        if node == DEV_ID and data is not None:
            return place, number, data.strip()
    return None
