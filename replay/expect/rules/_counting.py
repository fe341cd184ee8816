"""How a sender counts its messages in a session: MsgID begins with 1 and grows by 1 (MDM 2.2.3.6; facts B6).

Where the capture may lack a message, or an answer got lost, its number may have been used all the same: that many numbers may be
passed over.
"""

from msgspec import Struct

from replay.capture.references import REQUEST
from replay.capture.sessions import message_number
from replay.capture.turns import Turn
from replay.expect.rules._said import name_of
from replay.expect.unseen import Unseen
from replay.syncml.model import Message


class Step(Struct, frozen=True):
    """A message whose number does not follow from the one before: in which turn, and what is wrong in words; `resent` where a
    device sends a message again, byte for byte. A server sends none again unless it is asked again."""

    turn: Turn
    text: str
    resent: bool


class Counter:
    """One sender's MsgIDs in a session. Messages are given in order: `say` the ones that are there, `miss` for each that is not."""

    def __init__(self, side: str, unseen: Unseen, *, from_start: bool) -> None:
        self.side = side
        self.unseen = unseen
        self.last: int | None = 0 if from_start else None
        self.last_turn: Turn | None = None
        self.missed = 0
        self.bodies: dict[int, bytes] = {}

    def miss(self) -> None:
        """A message that was not read, or may have been lost."""
        self.missed += 1

    def say(self, turn: Turn, message: Message, *, may_repeat: bool) -> Step | None:
        """The next message. `may_repeat` says that the number before may be used again, because the same was asked for again.
        None where the number is right."""
        text = message.header.msg_id
        number = message_number(text)
        if number is None:
            self.missed += 1  # without any it is MSG004's
            return self._wrong(turn, f"has the MsgID {text!r}, which is no number") if text else None
        step = self._step(turn, number, message, may_repeat=may_repeat)
        if step is None or not step.resent:
            self.last = number
        self.bodies[number] = message.raw
        self.last_turn, self.missed = turn, 0
        return step

    def _step(self, turn: Turn, number: int, message: Message, *, may_repeat: bool) -> Step | None:
        last = self.last
        if last is None or number == last + 1 or (may_repeat and number == last):
            return None
        if self.side == REQUEST and self.bodies.get(number) == message.raw:
            return self._wrong(turn, "is sent again, byte for byte", resent=True)
        passed_over = self.unseen.between(self.last_turn, turn)
        if number > last and (passed_over is None or number <= last + 1 + self.missed + passed_over):
            return None
        if self.last_turn is None:
            return self._wrong(turn, "is the first of the session; expected MsgID 1")
        place = f"after MsgID {last} (exchange {self.last_turn.number})"
        again = ", and has a MsgID that was used before" if number in self.bodies else ""
        return self._wrong(turn, f"comes {place}{again}; expected MsgID {last + 1}")

    def _wrong(self, turn: Turn, what: str, *, resent: bool = False) -> Step:
        return Step(turn, f"{name_of(turn, self.side)} {what}", resent)
