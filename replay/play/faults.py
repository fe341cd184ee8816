"""Faults: what is done to the server's answer before the device gets it, and to which answers (contract, "Faults").

`parse` reads `KIND[=VALUE][@WHERE]`. `look` and `due` decide, from the device's message and the server's answer, which faults
apply; `answer` makes what is sent in its place. Nothing here sends, waits or keeps anything: that is done where the traffic
is (`addons/disturb.py`).

A fault disturbs the way back: the request has always gone on to the server, so that a journal which says that a message
was delivered stays right.
"""

import base64
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from msgspec import Struct

from replay.syncml import wbxml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Address, Header, Leaf, Message, Meta, Results, Status, device_of
from replay.syncml.names import METINF, SYNCML_12
from replay.syncml.read import looks_like_wbxml, read
from replay.syncml.unenrol import alerts, execs
from replay.syncml.write import write

#: What the recorder is told in a flow's metadata: that the proxy made or altered the response; and how the exchange ended for
#: the device where it did not get a whole one: a dict with `cause`, `detail` and, where bytes came, `received`, as in the
#: journal's `failure`. Plain values alone, because mitmproxy writes them into its flow files.
BY_PROXY: Final = "omadm_by_proxy"
ENDED: Final = "omadm_ended"
#: And that a response which did not come over the network is the server's all the same: `addons/serve.py` plays the server.
SERVED: Final = "omadm_served"

DROP_REPLY, RESET, DELAY, STATUS = "drop-reply", "reset", "delay", "status"
EMPTY, TRUNCATE, MALFORMED, CHALLENGE, BUSY = "empty", "truncate", "malformed", "challenge", "busy"
ALERT, EXEC, MSG, ALL = "alert", "exec", "msg", "all"

_XML_TYPE: Final = "application/vnd.syncml.dm+xml"
_WBXML_TYPE: Final = "application/vnd.syncml.dm+wbxml"
_LONGEST_DELAY: Final = 86400.0
_NUMBER: Final = re.compile(r"[0-9]{1,15}\Z")
_SECONDS: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{0,15})?\Z|\.[0-9]{1,15}\Z")
_GRAMMAR: Final = (
    "a fault is KIND[=VALUE][@WHERE]; KIND is drop-reply, reset, delay=SECONDS, status=CODE, empty, truncate=BYTES, malformed, "
    "challenge or busy; WHERE is alert, exec, msg=N or all"
)


class FaultError(ValueError):
    """A fault that cannot be understood: says what was wrong in which part of it, and what is accepted."""


class Where(Struct, frozen=True):
    """To which exchanges a fault applies: `alert`, `exec`, `msg` with the device's MsgID in `number`, or `all`."""

    kind: str = ALL
    number: int | None = None

    def __str__(self) -> str:
        return self.kind if self.number is None else f"{self.kind}={self.number}"


class Fault(Struct, frozen=True):
    """A fault: its kind, its value (seconds of `delay`, code of `status`, bytes of `truncate`, else None), and where."""

    kind: str
    value: float | int | None = None
    where: Where = Where()

    def __str__(self) -> str:
        value = "" if self.value is None else f"={_plain(self.value)}"
        return f"{self.kind}{value}@{self.where}"


def _plain(value: float | int) -> str:
    """A number as the grammar has it: never with an exponent."""
    return str(value) if isinstance(value, int) else f"{value:.15f}".rstrip("0").rstrip(".")


class Seen(Struct, frozen=True):
    """What a request says about itself: its message (None where it cannot be read, `unread` says why), whether it
    is in WBXML, and whether its session carries the unenrolment alert."""

    message: Message | None
    in_wbxml: bool = False
    in_alert_session: bool = False
    unread: str = ""


class Answer(Struct, frozen=True):
    """A response made by the proxy: HTTP status, content type (None where there is no body), body."""

    status: int
    content_type: str | None = None
    body: bytes = b""


#: A session that carries the alert: device and SessionID.
SessionKey = tuple[str | None, str | None]


# -- the grammar --------------------------------------------------------------------------------------------------------


def parse(spec: str) -> Fault:
    """A fault from `KIND[=VALUE][@WHERE]`. Raises FaultError."""
    what, at, where = spec.partition("@")
    kind, equals, value = what.partition("=")
    if kind not in _VALUES:
        raise FaultError(f"{spec!r}: {kind!r} is no kind of fault; {_GRAMMAR}")
    take = _VALUES[kind]
    if take is None and equals:
        raise FaultError(f"{spec!r}: {kind} has no value; {_GRAMMAR}")
    number: float | int | None = None
    if take is not None:
        if not equals:
            raise FaultError(f"{spec!r}: {kind} needs a value; {_GRAMMAR}")
        number = take(spec, value)
    return Fault(kind, number, _where(spec, where) if at else Where())


def _where(spec: str, text: str) -> Where:
    if text in (ALERT, EXEC, ALL):
        return Where(text)
    name, _, number = text.partition("=")
    if name == MSG and _NUMBER.match(number) and int(number) > 0:
        return Where(MSG, int(number))
    raise FaultError(f"{spec!r}: {text!r} says nowhere; WHERE is alert, exec, msg=N (a MsgID from 1 on) or all")


def _seconds(spec: str, value: str) -> float:
    if not _SECONDS.match(value) or float(value) > _LONGEST_DELAY:
        raise FaultError(f"{spec!r}: {value!r} is no delay; expected seconds from 0 to {_LONGEST_DELAY:g}, such as 2.5")
    return float(value)


def _code(spec: str, value: str) -> int:
    if not _NUMBER.match(value) or not 200 <= int(value) <= 599:
        raise FaultError(f"{spec!r}: {value!r} is no status of a response; expected one of HTTP's from 200 to 599")
    return int(value)


def _bytes(spec: str, value: str) -> int:
    if not _NUMBER.match(value):
        raise FaultError(f"{spec!r}: {value!r} is no number of bytes; expected a whole number from 0 on")
    return int(value)


#: Every kind, and what reads its value; None where it has none.
_VALUES: Final[dict[str, Callable[[str, str], float | int] | None]] = {
    DROP_REPLY: None, RESET: None, DELAY: _seconds, STATUS: _code, EMPTY: None, TRUNCATE: _bytes, MALFORMED: None,
    CHALLENGE: None, BUSY: None,
}  # fmt: skip


# -- what applies -------------------------------------------------------------------------------------------------------


def look(body: bytes, known: frozenset[SessionKey]) -> tuple[Seen, frozenset[SessionKey]]:
    """What a device's message says about itself, and the sessions that are known to carry the alert after it.

    `known` are those before it. A message with MsgID 1 and no alert opens a session of its own, whatever its SessionID.
    """
    try:
        message = read(body)
    except UnreadableMessageError as error:
        return Seen(None, looks_like_wbxml(body), unread=str(error)), known
    key = (device_of(message), message.header.session_id)
    if next(alerts(message), None) is not None:
        known |= {key}
    elif message.header.msg_id == "1":
        known -= {key}
    return Seen(message, message.form == "wbxml", key in known), known


def applies(fault: Fault, seen: Seen, response: bytes | None) -> bool:
    """Whether a fault applies to an exchange, whose response (needed for `exec` alone) is the server's."""
    if fault.where.kind == ALL:
        return True
    if fault.where.kind == ALERT:
        return seen.in_alert_session
    if fault.where.kind == EXEC:
        return _carries_exec(response)
    number = (seen.message.header.msg_id or "") if seen.message else ""
    return bool(_NUMBER.match(number)) and int(number) == fault.where.number


def due(faults: Iterable[Fault], seen: Seen, response: bytes | None) -> list[Fault]:
    """What is to be done to an exchange, in order: every delay that applies, and of all other faults the first one given."""
    applying = [fault for fault in faults if applies(fault, seen, response)]
    others = [fault for fault in applying if fault.kind != DELAY]
    return [fault for fault in applying if fault.kind == DELAY] + others[:1]


def _carries_exec(body: bytes | None) -> bool:
    message = _readable(body)
    return message is not None and next(execs(message), None) is not None


def _readable(body: bytes | None) -> Message | None:
    """The message in a body; None where there is none, or none that can be read."""
    try:
        return read(body) if body else None
    except UnreadableMessageError:
        return None


# -- what is sent instead -----------------------------------------------------------------------------------------------


def answer(fault: Fault, seen: Seen, response: bytes | None, nonce: bytes) -> Answer | None:
    """What is sent in place of the server's response, in the encoding of the request; None where the fault is none that
    replaces it, or the request cannot be read and nothing that fits it can be made (`challenge`).

    `nonce` goes into a challenge, and has to be a fresh one each time.
    """
    if fault.kind == STATUS:
        return Answer(int(fault.value or 0))
    if fault.kind == BUSY:
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE)
    if fault.kind == EMPTY:
        return Answer(HTTPStatus.OK)
    kind = _WBXML_TYPE if seen.in_wbxml else _XML_TYPE
    if fault.kind == MALFORMED:
        return Answer(HTTPStatus.OK, kind, malformed(seen, response))
    if fault.kind == CHALLENGE and seen.message is not None:
        return Answer(HTTPStatus.OK, kind, challenge(seen.message, response, nonce))
    return None


def challenge(request: Message, response: bytes | None, nonce: bytes) -> bytes:
    """An answer that challenges the device: Status 407 for SyncHdr with Chal (MD5), and 407 for each of its commands; no
    commands (DMP 9). The MsgID is that of the server's own response where this can be read."""
    meta = Meta(
        format=Leaf("b64", METINF),
        type=Leaf("syncml:auth-md5", METINF),
        next_nonce=Leaf(base64.b64encode(nonce).decode("ascii"), METINF),
    )
    ref = request.header.msg_id
    made = [Status(name="Status", cmd_id="1", msg_ref=ref, cmd_ref="0", cmd="SyncHdr", chal=meta, code="407")]
    for _, command in request.walk():
        if not isinstance(command, (Status, Results)):
            cmd_id = str(len(made) + 1)
            made.append(
                Status(name="Status", cmd_id=cmd_id, msg_ref=ref, cmd_ref=command.cmd_id, cmd=command.name, code="407")
            )
    return _encoded(_reply(request, response, tuple(made)), in_wbxml=request.form == "wbxml")


def malformed(seen: Seen, response: bytes | None) -> bytes:
    """An answer that no parser takes: in XML the first element of the header is closed by another's name; WBXML breaks off in
    the middle."""
    request = seen.message or Message(
        SYNCML_12, Header(session_id="1", msg_id="1"), (), final=True, final_is_last=True, raw=b""
    )
    ok = Status(name="Status", cmd_id="1", msg_ref=request.header.msg_id, cmd_ref="0", cmd="SyncHdr", code="200")
    whole = _encoded(_reply(request, response, (ok,)), in_wbxml=seen.in_wbxml)
    if seen.in_wbxml:
        return whole[: len(whole) // 2]
    return whole.replace(b"</VerDTD>", b"</VerProto>", 1)


def _reply(request: Message, response: bytes | None, commands: tuple[Status, ...]) -> Message:
    """A message of the server's in answer to the request."""
    asked, theirs = request.header, _readable(response)
    header = Header(
        ver_dtd=asked.ver_dtd or "1.2",
        ver_proto=asked.ver_proto or "DM/1.2",
        session_id=asked.session_id,
        msg_id=(theirs.header.msg_id if theirs else None) or asked.msg_id,
        target=Address(uri=asked.source.uri) if asked.source else None,
        source=Address(uri=asked.target.uri) if asked.target else None,
    )
    return Message(request.namespace or SYNCML_12, header, commands, final=True, final_is_last=True, raw=b"")


def _encoded(message: Message, *, in_wbxml: bool) -> bytes:
    body = write(message)
    return wbxml.encode(wbxml.from_xml(body)) if in_wbxml else body
