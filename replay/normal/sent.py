"""What a reference points to, in words that no number is in: the how manieth message, and the path of the command by names."""

from collections.abc import Sequence

from replay.capture.references import REQUEST, Sent
from replay.capture.sessions import Session
from replay.syncml.model import Command, Group, Message

_Paths = dict[tuple[int, ...], str]


class SentNames:
    """Names of what was sent, worked out once a session and once a message."""

    def __init__(self) -> None:
        self._ordinals: dict[tuple[int, str], dict[int, int]] = {}
        self._paths: dict[tuple[int, str], _Paths] = {}

    def of(self, session: Session, sent: Sent) -> str:
        """`message 1, Atomic[1]/Replace[2]`: the sender's first message in the session, and in it the second Replace of the
        first Atomic; `message 1, SyncHdr` for the message itself."""
        key = (session.number, sent.side)
        if key not in self._ordinals:
            turns = [turn for turn in session.turns if _message(turn.request, turn.response, sent.side) is not None]
            self._ordinals[key] = {turn.number: place for place, turn in enumerate(turns, 1)}
        ordinal = self._ordinals[key].get(sent.turn.number)
        where = f"message {ordinal}" if ordinal is not None else "an earlier session"
        return f"{where}, {self._path(sent)}"

    def _path(self, sent: Sent) -> str:
        message = _message(sent.turn.request, sent.turn.response, sent.side)
        if sent.command is None or message is None:
            return "SyncHdr"
        key = (sent.turn.number, sent.side)
        if key not in self._paths:
            paths: _Paths = {}
            _name(message.commands, (), "", paths)
            self._paths[key] = paths
        return self._paths[key][sent.place]


def _message(request: Message | None, response: Message | None, side: str) -> Message | None:
    return request if side == REQUEST else response


def _name(commands: Sequence[Command], above: tuple[int, ...], prefix: str, paths: _Paths) -> None:
    """Every command's path, each step with its number among those of its name."""
    seen: dict[str, int] = {}
    for number, command in enumerate(commands):
        seen[command.name] = seen.get(command.name, 0) + 1
        place, path = (*above, number), f"{prefix}{command.name}[{seen[command.name]}]"
        paths[place] = path
        if isinstance(command, Group):
            _name(command.commands, place, f"{path}/", paths)
