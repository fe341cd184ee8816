"""How a sender counts its messages in a session: MsgID begins with 1 and grows by 1 (MDM 2.2.3.6; facts B6).

Where the capture may lack a message, or an answer got lost, its number may have been used all the same: that many numbers may be
passed over.
"""

from typing import Final

from msgspec import Struct

from replay.capture.turns import Turn
from replay.expect.rules._unseen import Unseen
from replay.syncml.model import Message

#: Numbers of more digits count nothing.
_DIGITS: Final = 18


class Step(Struct, frozen=True):
    """A message whose number does not follow from the one before: in which turn, and what is wrong in words; `resent` where it is
    a message that was there before, byte for byte."""

    turn: Turn
    text: str
    resent: bool = False


class Counter:
    """One sender's MsgIDs in a session. Messages are given in order: `say` the ones that are there, `miss` for each that is not."""

    def __init__(self, whose: str, unseen: Unseen, *, from_start: bool) -> None:
        self.whose = whose
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
        number = as_number(text)
        if not text or number is None:  # without one it is MSG004's
            self.missed += 1
            return Step(turn, f"MsgID of {self.whose} is {text!r}, which is no number") if text else None
        step = self._step(turn, number, message.raw, may_repeat=may_repeat)
        if step is None or not step.resent:
            self.last = number
        self.bodies[number] = message.raw
        self.last_turn, self.missed = turn, 0
        return step

    def _step(self, turn: Turn, number: int, body: bytes, *, may_repeat: bool) -> Step | None:
        last = self.last
        if last is None or number == last + 1 or (may_repeat and number == last):
            return None
        if self.bodies.get(number) == body:
            return Step(turn, f"the message with MsgID {number} is sent again, byte for byte", resent=True)
        passed_over = self.unseen.between(self.last_turn, turn)
        if number > last and (passed_over is None or number <= last + 1 + self.missed + passed_over):
            return None
        if self.last_turn is None:
            return Step(turn, f"{self.whose} begins the session with MsgID {number}; expected 1")
        again = ", which it has used in this session before" if number in self.bodies else ""
        after = f"after MsgID {last} (exchange {self.last_turn.number})"
        return Step(turn, f"MsgID {number} of {self.whose}{again} comes {after}; expected {last + 1}")


def as_number(text: str | None) -> int | None:
    """A MsgID as a number; None for what is none."""
    if not text or len(text) > _DIGITS or not (text.isascii() and text.isdigit()):
        return None
    return int(text)
