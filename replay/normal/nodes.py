"""What a normal form is made of: elements, messages, sessions, enrolments.

None of them refers to what holds it, so `gc=False` spares the garbage collector the millions of them that a large capture has.
"""

from msgspec import Struct


class Node(Struct, frozen=True, gc=False):
    """An element: its name, its namespace where that is not the expected one, its text, attributes and children. A `sign`
    stands for a text: an alias, a mask, or a reference."""

    name: str
    namespace: str | None = None
    text: str | None = None
    sign: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    children: "tuple[Node, ...]" = ()


class NormalMessage(Struct, frozen=True, gc=False):
    """One side of an exchange: its first line, the headers that count, and the message; `problem` where none was read."""

    sender: str
    line: str
    headers: tuple[tuple[str, str], ...]
    message: Node | None
    problem: str | None = None


class NormalSession(Struct, frozen=True, gc=False):
    """A session under its alias; `first` is the first MsgID where it is not 1, `none` where there is none."""

    alias: str
    first: str | None
    exchanges: tuple[tuple[NormalMessage, ...], ...]


class NormalEnrolment(Struct, frozen=True):
    """A device at a server: its exchanges in order of time, each with its session's alias."""

    device: str
    server: str
    sessions: tuple[NormalSession, ...]
    order: tuple[str, ...]
