"""What a capture holds, as a tree: enrolments, sessions, exchanges, commands (`omadm show`)."""

import base64
from typing import Final

import click
from msgspec import UNSET, Struct, UnsetType

from replay.capture.exchange import Exchange
from replay.capture.sessions import Session, Traffic
from replay.capture.times import iso
from replay.capture.turns import ENROLMENT, OPAQUE, OTHER, Turn
from replay.report.safe import visible, visible_lines, without_surrogates
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Alert, Command, Group, Item, Message, Results, Status

#: Characters of Data that are shown, unless all is asked for.
_LONGEST: Final = 60
#: HTTP says no from here on.
_REFUSED: Final = 400


class MessageShape(Struct):
    """A message: its numbers and its commands, a line each."""

    form: str
    message_id: str | None
    commands: list[str]
    final: bool
    error: str | None = None
    body: str | UnsetType | None = UNSET


class ExchangeShape(Struct):
    """An exchange: the request, and what became of it. The headers are there where all is asked for."""

    id: int
    kind: str
    at: str | None
    method: str | None
    url: str | None
    client: str | None
    status: int | None
    by: str | None
    failure: str | None
    request: MessageShape | None
    response: MessageShape | None
    request_headers: list[tuple[str, str]] | UnsetType = UNSET
    response_headers: list[tuple[str, str]] | UnsetType = UNSET


class SessionShape(Struct):
    """A session and its exchanges."""

    id: int
    session_id: str | None
    role: list[str]
    exchanges: list[ExchangeShape]


class EnrolmentShape(Struct):
    """An enrolment and its sessions; `ended_by` is the exchange that enrolled the device again."""

    id: int
    device: str | None
    server: str
    ended_by: int | None
    sessions: list[SessionShape]


class TreeShape(Struct):
    """A capture. `others` are the exchanges that belong to no session."""

    format: str
    version: int
    path: str
    capture: str
    watched: list[dict[str, str]]
    enrolments: list[EnrolmentShape]
    others: list[ExchangeShape]
    notes: list[str]
    troubles: list[str]


class _How(Struct, frozen=True):
    """How much of each exchange is in the tree: the bodies, and what else there is of it."""

    raw: bool
    whole: bool


def tree(traffic: Traffic, *, only: int | None = None, raw: bool = False, whole: bool = False) -> TreeShape:
    """A capture's tree; of one session alone where `only` names it; with bodies where `raw`; with headers, and Data in its whole
    length, where `whole`."""
    capture, how = traffic.capture, _How(raw, whole)
    enrolments = [
        EnrolmentShape(
            each.number,
            each.device,
            each.server,
            each.ended_by,
            [_session(s, how) for s in each.sessions if only in (None, s.number)],
        )
        for each in traffic.enrolments
    ]
    others = [turn for turn in traffic.turns if traffic.session_of(turn) is None]
    return TreeShape(
        format="omadm-tree",
        version=1,
        path=without_surrogates(capture.path),
        capture=capture.format,
        watched=[{"from": iso(s.start.wall), "to": iso(s.end.wall)} for s in capture.stretches],
        enrolments=[each for each in enrolments if each.sessions or only is None],
        others=[_exchange(turn, how) for turn in others] if only is None else [],
        notes=[f"{note.name}: {note.text}" if note.name else note.text for note in capture.notes],
        troubles=[trouble.text for trouble in capture.troubles],
    )


def _session(session: Session, how: _How) -> SessionShape:
    return SessionShape(
        session.number, session.session_id, session.roles, [_exchange(turn, how) for turn in session.turns]
    )


def _exchange(turn: Turn, how: _How) -> ExchangeShape:
    exchange, response = turn.exchange, turn.exchange.response
    shape = ExchangeShape(
        id=exchange.number,
        kind=turn.kind,
        at=iso(exchange.at.wall) if exchange.at else None,
        method=exchange.method,
        url=exchange.url,
        client=exchange.client,
        status=response.status if response else None,
        by=response.by if response else None,
        failure=_failure(exchange),
        request=_message(turn.request, turn.request_error, exchange.body, how),
        response=_message(turn.response, turn.response_error, response.body if response else None, how),
    )
    if how.whole:
        shape.request_headers = list(exchange.headers)
        shape.response_headers = list(response.headers) if response else []
    return shape


def _failure(exchange: Exchange) -> str | None:
    failure = exchange.failure
    if failure is None:
        return None
    return f"{failure.cause}: {failure.detail}" if failure.detail else failure.cause


def _message(
    message: Message | None, error: UnreadableMessageError | None, body: bytes | None, how: _How
) -> MessageShape | None:
    if message is None and error is None and not (how.raw and body):
        return None
    shape = MessageShape(
        form=message.form if message else "unread",
        message_id=message.header.msg_id if message else None,
        commands=[describe(command, len(place) - 1, whole=how.whole) for place, command in message.walk()]
        if message
        else [],
        final=message.final if message else False,
        error=str(error) if error else None,
    )
    if how.raw:
        shape.body = _body(body)
    return shape


def _body(body: bytes | None) -> str | None:
    if body is None:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(body).decode("ascii")


def describe(command: Command, depth: int = 0, *, whole: bool = False) -> str:
    """A command in one line: `Alert 1226 com.microsoft:… = 1`, indented by its depth in Atomic and Sequence. Long Data is cut
    short unless it is to be `whole`."""
    head = "  " * depth + f"{command.name}"
    if isinstance(command, Status):
        codes = f" {command.code}" if command.code is not None else ""
        return f"{head}{codes} for {command.cmd} (MsgRef {command.msg_ref}, CmdRef {command.cmd_ref})"
    if isinstance(command, Results):
        head += f" (MsgRef {command.msg_ref}, CmdRef {command.cmd_ref})"
    if isinstance(command, Alert):
        head += f" {command.code}"
    head += f" [{command.cmd_id}]"
    if isinstance(command, Group):
        return head
    items = [_item(item, whole) for item in command.items]
    return f"{head} {'; '.join(items)}".rstrip()


def _item(item: Item, whole: bool) -> str:
    where = item.target or item.source
    parts = [where.uri or ""] if where else []
    if item.meta and item.meta.type:
        parts.append(item.meta.type.text)
    if item.meta and item.meta.mark:
        parts.append(f"mark {item.meta.mark.text}")
    text = " ".join(part for part in parts if part)
    if item.data is None:
        return text
    data = item.data if whole or len(item.data) <= _LONGEST else item.data[: _LONGEST - 3] + "..."
    return f"{text} = {data}".strip()


def show_text(shape: TreeShape, *, detail: int = 0) -> str:
    """The tree as text, with colours as escape sequences of its own. `detail` below 0 gives a line a session, above 0 also who
    called from where."""
    lines = [f"{click.style(visible(shape.path), bold=True)}: {shape.capture}"]
    lines += [f"  watched from {each['from']} to {each['to']}" for each in shape.watched]
    lines += [f"  note: {visible(note)}" for note in shape.notes]
    lines += [f"  {click.style('trouble', fg='red')}: {visible(trouble)}" for trouble in shape.troubles]
    for enrolment in shape.enrolments:
        lines.append(
            f"  enrolment {enrolment.id}: device {visible(str(enrolment.device))} at {visible(enrolment.server)}"
        )
        for session in enrolment.sessions:
            lines += _session_lines(session, detail)
        if enrolment.ended_by:
            lines.append(f"    ended: the device was enrolled again in exchange {enrolment.ended_by}")
    if shape.others and detail < 0:
        lines.append(f"  in no session: {_count(shape.others)}")
    elif shape.others:
        lines.append("  in no session")
        for exchange in shape.others:
            lines += _exchange_lines(exchange, "    ", detail)
    return "\n".join(lines) + "\n"


def _count(exchanges: list[ExchangeShape]) -> str:
    return "1 exchange" if len(exchanges) == 1 else f"{len(exchanges)} exchanges"


def _session_lines(session: SessionShape, detail: int) -> list[str]:
    role = "+".join(session.role) if session.role == ["ordinary"] else click.style("+".join(session.role), fg="yellow")
    head = (
        f"    {click.style(f'session {session.id}', bold=True)}: {role}, SessionID {visible(str(session.session_id))}"
    )
    if detail < 0:
        return [f"{head}, {_count(session.exchanges)}"]
    return [head, *(line for exchange in session.exchanges for line in _exchange_lines(exchange, "      ", detail))]


def _exchange_lines(exchange: ExchangeShape, indent: str, detail: int) -> list[str]:
    words = {OTHER: " (not OMA DM)", ENROLMENT: " (an enrolment request)", OPAQUE: " (a PKCS#7 envelope, not read)"}
    at = f"  {exchange.at}" if exchange.at else ""
    url = f"  {visible(str(exchange.method))} {visible(exchange.url)}" if exchange.url else ""
    lines = [f"{indent}exchange {exchange.id}{words.get(exchange.kind, '')}{at}{url}"]
    if detail > 0 and exchange.client:
        lines.append(f"{indent}  > from {visible(exchange.client)}")
    lines += _header_lines(exchange.request_headers, f"{indent}  > ")
    if exchange.request is not None:
        lines += _message_lines(exchange.request, f"{indent}  > ", "the device")
    if exchange.status is not None:
        by = click.style(" made by the proxy", fg="yellow") if exchange.by == "proxy" else ""
        code = f"HTTP {exchange.status}"
        lines.append(f"{indent}  < {click.style(code, fg='red') if exchange.status >= _REFUSED else code}{by}")
    lines += _header_lines(exchange.response_headers, f"{indent}  < ")
    if exchange.response is not None:
        lines += _message_lines(exchange.response, f"{indent}  < ", "the server")
    if exchange.failure is not None:
        lines.append(f"{indent}  {click.style('x', fg='red')} {visible(exchange.failure)}")
    elif exchange.status is None and exchange.url is not None:
        lines.append(f"{indent}  {click.style('x', fg='red')} no answer")
    return lines


def _header_lines(headers: list[tuple[str, str]] | UnsetType, indent: str) -> list[str]:
    if headers is UNSET:
        return []
    return [f"{indent}{click.style(visible(name), dim=True)}: {visible(value)}" for name, value in headers]


def _message_lines(message: MessageShape, indent: str, who: str) -> list[str]:
    if message.error is not None:
        lines = [f"{indent}{click.style('unreadable', fg='red')}: {visible(message.error)}"]
    elif message.form == "unread":
        lines = []
    else:
        final = ", Final" if message.final else ""
        lines = [f"{indent}{message.form} message {visible(str(message.message_id))} of {who}{final}"]
        lines += [f"{indent}  {visible(command)}" for command in message.commands]
    if isinstance(message.body, str):
        lines += [f"{indent}  | {part}" for part in visible_lines(message.body).split("\n")]
    return lines
