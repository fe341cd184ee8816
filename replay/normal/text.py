"""The normal form as stable text: the same for two captures that differ only in what is volatile."""

import json
from collections.abc import Iterator, Sequence

from replay.normal.nodes import Node, NormalEnrolment, NormalMessage

HEADLINE = "omadm-normal 1"


def normal_text(enrolments: list[NormalEnrolment], others: Sequence[str] = ()) -> str:
    """The normal form as text, a line an element, with a line feed at its end; `others` is what belongs to no session."""
    lines = [HEADLINE]
    for enrolment in enrolments:
        lines += ["", f"enrolment of {enrolment.device} at {_quoted(enrolment.server)[1:-1]}"]
        sessions = {session.alias: session for session in enrolment.sessions}
        seen: dict[str, int] = {}
        for alias in enrolment.order:
            session = sessions[alias]
            number = seen.get(alias, 0)
            seen[alias] = number + 1
            begin = f", which begins with MsgID {_quoted(session.first)[1:-1]}" if session.first and not number else ""
            lines += ["", f"session {alias}, exchange {number + 1}{begin}"]
            for side in session.exchanges[number]:
                lines += _message(side)
    if others:
        lines += ["", "in no session", *(f"  {_quoted(other)[1:-1]}" for other in others)]
    return "\n".join(lines) + "\n"


def _message(side: NormalMessage) -> Iterator[str]:
    mark = ">" if side.sender == "device" else "<"
    yield f"{mark} {_quoted(side.line)[1:-1]}"
    for name, value in side.headers:
        yield f"{mark}   {name}: {_quoted(value)[1:-1]}"
    if side.problem is not None:
        yield f"{mark}   {side.problem}"
    if side.message is not None:
        for line in _node(side.message, 1):
            yield f"{mark} {line}"


def _node(node: Node, depth: int) -> Iterator[str]:
    namespace = f" in {_quoted(node.namespace)}" if node.namespace is not None else ""
    attributes = "".join(f" @{name}={_quoted(value)}" for name, value in node.attributes)
    value = ""
    if node.sign is not None:
        value = f" = {_quoted(node.sign)[1:-1]}"
    elif node.text:
        value = f" = {_quoted(node.text)}"
    yield f"{'  ' * depth}{node.name}{namespace}{attributes}{value}"
    for child in node.children:
        yield from _node(child, depth + 1)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
