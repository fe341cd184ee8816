"""What several rules about answers and chunks say in their findings: names of messages and commands, and the place of an answer."""

from collections.abc import Iterable, Sequence
from typing import Final

from replay.expect.case import Case, Rule, Spot
from replay.expect.dialogue import Answer, Line
from replay.expect.finding import Finding, Party
from replay.syncml.model import Command, Message

#: The Status codes that SyncML defines (RP 10; facts, Status codes).
CODES: Final = frozenset(
    str(code)
    for codes in ((101,), range(200, 217), range(300, 306), range(400, 429), range(500, 515), (516, 517))
    for code in codes
)


def command_name(command: Command | None) -> str:
    """A command in words: its name and CmdID; SyncHdr for None."""
    if command is None:
        return "SyncHdr"
    return f"{command.name} (CmdID {command.cmd_id})" if command.cmd_id else f"{command.name} without a CmdID"


def message_name(line: Line) -> str:
    """A message in words: whose it is, its MsgID and its SessionID."""
    return name_of_message(line.speaker, line.message)


def name_of_message(speaker: str, message: Message | None) -> str:
    """A message in words, where its speaker is known."""
    msg_id = message.header.msg_id if message else None
    session_id = message.header.session_id if message else None
    return f"the {speaker}'s message {msg_id or 'without a MsgID'} (SessionID {session_id or 'missing'})"


def in_a_row(names: Sequence[str], most: int = 5) -> str:
    """Names in words: `a, b and c`, or the first of them and how many there are besides."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def answer_spot(answer: Answer, *tail: str) -> Spot:
    """The place of an answer, or of a part of it."""
    return Spot(answer.sent.turn, answer.sent.side, answer.sent.place, tail)


def on_answers(case: Case, rule: Rule, answers: Iterable[tuple[Answer, str]], *tail: str) -> Iterable[Finding]:
    """One finding on the answers of one message, each with what is wrong with it, at the first of them."""
    found = list(answers)
    if found:
        line = found[0][0].line
        text = in_a_row([what for _, what in found])
        spot = answer_spot(found[0][0], *tail)
        yield case.finding(rule, f"in {message_name(line)}: {text}", spot=spot)


def party_of(line: Line) -> Party:
    """Who said a message."""
    return Party(line.speaker)
