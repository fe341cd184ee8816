"""Sessions in which every message was answered as it should be: the peer's next message has a Status for SyncHdr and one for each
command, in their order, with their names and numbers, and nothing else.

So it nearly always is, and then none of the rules on answers, credentials and large objects has anything to say. It is seen here
without working out what answers what (`Dialogue`). Whatever is unlike that, in the least, is left to them: nothing here says that
anything is wrong.
"""

from collections.abc import Sequence
from typing import Final

from replay.capture.contents import Contents
from replay.capture.sessions import Session
from replay.capture.turns import Turn
from replay.syncml.credentials import BASIC, MD5
from replay.syncml.model import Alert, Command, Cred, Results, Status

#: Codes with which SyncHdr, an Alert, and any other command is answered, where nobody is challenged, nothing goes on and nothing is
#: put together from parts.
_HEADER_DONE: Final = frozenset({"200", "212"})
_ALERT_DONE: Final = frozenset({"200", "202"})
_DONE: Final = frozenset({"200", "202", "400", "403", "404", "405", "406", "415", "418", "425", "500"})
_GET: Final = "Get"
#: Credentials that belong into SyncHdr.
_IN_HEADER: Final = frozenset({MD5, BASIC})
_FIRST: Final = (0,)


def is_settled(session: Session) -> bool:
    """Whether a session counts its messages from 1 on, everything in it can be read, and each message answers the one before it."""
    before: Contents | None = None
    turns = session.turns
    for number, turn in enumerate(turns, 1):
        asked = turn.request_contents
        if asked is None or turn.message_id != str(number) or not _is_plain(asked) or not _answers(asked, before):
            return False
        answered = turn.response_contents
        if answered is None:
            return number == len(turns) and _said_nothing(turn)
        if not _came_plainly(turn) or not _is_plain(answered) or not _answers(answered, asked):
            return False
        before = answered
    return True


def _said_nothing(turn: Turn) -> bool:
    """Whether the server ended the session with an empty 200 (facts A1.24)."""
    response = turn.exchange.response
    return response is not None and response.body == b"" and _came_plainly(turn)


def _came_plainly(turn: Turn) -> bool:
    response = turn.exchange.response
    return response is not None and response.status == 200 and response.by != "proxy" and turn.exchange.failure is None


def _is_plain(contents: Contents) -> bool:
    """Whether a message has a MsgID, and commands with CmdIDs of their own; no group, no chunk, nothing that is not known, and no
    credentials but in SyncHdr."""
    message, parts = contents.message, contents.parts
    header = message.header
    if not parts.own_ids or parts.extras or parts.cred or parts.more_data or not header.msg_id or header.no_resp:
        return False
    if len(contents.commands) != len(message.commands) or message.is_foreign:
        return False
    return header.cred is None or _is_in_header(header.cred)


def _is_in_header(cred: Cred) -> bool:
    return cred.meta is not None and cred.meta.type is not None and cred.meta.type.text in _IN_HEADER


def _answers(contents: Contents, before: Contents | None) -> bool:
    """Whether a message answers all of the one before it, and nothing else."""
    given = contents.answers
    if before is None:
        return not given
    owed: Sequence[Command] = before.message.commands
    if before.answers:
        owed = [each for each in owed if not isinstance(each, (Status, Results))]
    if not given or given[0][0] != _FIRST or not _answers_header(given[0][1], before):
        return False
    msg_ref, place = before.message.header.msg_id, 0
    got: list[str | None] = []
    for _, answer in given[1:]:
        if isinstance(answer, Alert) or answer.msg_ref != msg_ref:
            return False
        if isinstance(answer, Results):
            if answer.cmd_ref not in got or answer.cmd not in (_GET, None):
                return False
            continue
        command = owed[place] if place < len(owed) else None
        if command is None or answer.cmd_ref != command.cmd_id or answer.cmd != command.name:
            return False
        if answer.code not in (_ALERT_DONE if isinstance(command, Alert) else _DONE):
            return False
        if command.name == _GET and answer.code == "200":
            got.append(command.cmd_id)
        place += 1
    return place == len(owed)


def _answers_header(answer: Status | Results | Alert, before: Contents) -> bool:
    return (
        isinstance(answer, Status)
        and answer.cmd_ref == "0"
        and answer.cmd == "SyncHdr"
        and answer.code in _HEADER_DONE
        and answer.msg_ref == before.message.header.msg_id
    )
