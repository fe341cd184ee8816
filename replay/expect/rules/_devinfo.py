"""What a device says of itself: the Alert that opens a session, and DevInfo in package 1 (DMP 8.3)."""

from collections.abc import Iterator
from typing import Final

from replay.capture.contents import Contents, dev_info_node
from replay.syncml.model import Message, Results, Status
from replay.syncml.names import CLIENT_INITIATED, SERVER_INITIATED

_OPENING: Final = frozenset({SERVER_INITIATED, CLIENT_INITIATED})


def opens_session(contents: Contents) -> bool:
    """Whether a message has the Alert 1200 or 1201 that opens a session."""
    return contents.has_alert(_OPENING)


def dev_info(message: Message) -> Iterator[tuple[tuple[int, ...], int, str, str | None]]:
    """The DevInfo that a message sets, with whatever command: place, number of the item (from 1), node and Data. Whether there is
    any, and the DevId in it, `Contents.parts` has at hand."""
    for place, command in message.walk():
        if isinstance(command, (Status, Results)):
            continue
        for number, item in enumerate(command.items, 1):
            uri = (item.source and item.source.uri) or (item.target and item.target.uri) or ""
            node = dev_info_node(uri)
            if node is not None:
                yield place, number, node, item.data
