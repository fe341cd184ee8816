"""What is odd about numbers that otherwise do not count: an id that is missing, empty, used twice, or does not go on (facts C:
"check B6, then compare by ordinal"). Nothing is said of numbers that are in order."""

from collections import Counter

from replay.capture.references import REQUEST
from replay.capture.sessions import Session, message_number
from replay.capture.turns import Turn
from replay.syncml.model import Message


class Oddities:
    """The oddities of one message: of its header, and of the CmdIDs of its commands."""

    def __init__(self, session: Session, turn: Turn, side: str, message: Message) -> None:
        self._message = message
        self.header = list(_of_header(session, turn, side, message)) if message.has_header else []
        self._uses = Counter(command.cmd_id for _, command in message.walk())

    def of_command(self, cmd_id: str | None) -> str | None:
        """What is odd about a command's CmdID, or None."""
        if not cmd_id:
            return "{none}"
        if cmd_id == "0":
            return "{0, which is SyncHdr's}"
        return "{used twice}" if self._uses[cmd_id] > 1 else None


def _of_header(session: Session, turn: Turn, side: str, message: Message) -> list[tuple[str, str]]:
    header = message.header
    found = []
    if not header.session_id:
        found.append(("SessionID", "{none}"))
    elif header.session_id != session.session_id:
        found.append(("SessionID", "{another than the session's}"))
    if not header.msg_id:
        found.append(("MsgID", "{none}"))
    else:
        before = _before(session, turn, side)
        if before is not None and not _goes_on(before, header.msg_id):
            found.append(("MsgID", "{does not go on}"))
    return found


def _before(session: Session, turn: Turn, side: str) -> str | None:
    """The MsgID of the same sender's message before, in the session."""
    for place in range(session.place_of(turn) - 1, -1, -1):
        other = session.turns[place]
        message = other.request if side == REQUEST else other.response
        if message is not None:
            return message.header.msg_id
    return None


def _goes_on(before: str, after: str) -> bool:
    one, other = message_number(before), message_number(after)
    return one is None or other is None or other - one in (0, 1)
