"""The bytes of a played server's answers: a recorded message pointed at what the live device really sent, or, where nothing was
recorded, the plain answer that every message is owed.

Which answer is due `replay.play.server` decides.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from replay.capture.exchange import Headers
from replay.play.body import Body, Part, child, in_form, take_apart
from replay.play.pointing import Answer, Heard, command_key, point, status_of
from replay.play.proofs import Asked, Proofs
from replay.play.renew import Addresses, Renewals, renew, renew_headers
from replay.play.server_script import CHUNK, ServerPart, ServerStep
from replay.syncml.credentials import BASIC
from replay.syncml.model import Command, Message, Results, Unknown
from replay.syncml.names import COMMANDS, METINF, NEXT_MESSAGE, SYNCML_11, SYNCML_12

_CONTENT_TYPES: Final = {"xml": "application/vnd.syncml.dm+xml", "wbxml": "application/vnd.syncml.dm+wbxml"}
_ENCODING: Final = re.compile(r"(\s*application/vnd\.syncml[^;]*?\+)(?:wb)?xml\b", re.IGNORECASE)
#: Headers of one hop or of the recorded body's transfer, its date, and what would send a device to other servers.
_NOT_KEPT: Final = frozenset(
    {
        "alt-svc", "connection", "content-encoding", "content-length", "date", "keep-alive", "proxy-authenticate",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_WHERE_TO: Final = frozenset({"location", "content-location"})
#: What would end a header, and begin another that nobody recorded.
_UNSENDABLE: Final = re.compile(r"[\r\n\0]")


class Call(Struct, frozen=True):
    """A device's message as it came: its bytes' message, the URL that was called, the headers, and whether it carries credentials
    that were taken."""

    message: Message
    url: str
    headers: Headers
    proved: bool = False

    @property
    def target(self) -> str:
        """The server, as the device calls it."""
        target = self.message.header.target
        return (target.uri if target else None) or self.url.split("?", 1)[0]

    @property
    def source(self) -> str:
        """The device; empty where it does not say."""
        source = self.message.header.source
        return (source.uri if source else None) or ""


class AnswerMaker:
    """Makes the answers to one device. `nonce` gives a fresh nonce each time; `device_nonce` is the one that the device's next
    credential has to be made with, None where none was given yet."""

    def __init__(self, part: ServerPart, proofs: Proofs, nonce: Callable[[], bytes]) -> None:
        self.part = part
        self.proofs = proofs
        self.device_nonce: bytes | None = None
        self._nonce = nonce

    def recorded(
        self, step: ServerStep, call: Call, message_id: str, heard: Mapping[int, Heard]
    ) -> tuple[bytes, Headers]:
        """A step's message and headers, for a live message; `heard` are the live messages of the session by the recorded exchange.

        Raises UnreadableMessageError where the recorded message cannot be taken apart, or not be written in the device's encoding.
        """
        message, response = step.turn.response, step.turn.exchange.response
        if message is None:
            raise ValueError("a step without a message")
        body = take_apart(in_form(message.raw, call.message.form))
        live = heard[step.number]
        answers = step.answers
        if step.turn.request is None:  # nothing says what it answered
            answers = _answer_header_alone(body.root, live, step.number)
        fallback = _header_code(body.root) if step.challenge else None
        self._owe(body.root, answers, heard, live, fallback)
        if step.proves and not call.proved:
            _nobody_proved_anything(body.root)
        self._renew_nonces(body.root)
        renewals = self._renewals(call, message_id, step)
        renew(body.root, "server", renewals)
        asked = Asked()
        self.proofs.prove(asked, body.root)
        written = body.written()
        headers = answer_headers(response.headers if response else (), renewals, call.message.form)
        return written, self.proofs.headers(asked, headers, written)

    def plain(
        self, call: Call, message_id: str, *, code: str | None = None, challenge: str | None = None
    ) -> tuple[bytes, Headers]:
        """What every message is owed, and no more: a Status for SyncHdr and for each command, with the codes that were recorded for
        such commands (else 200), or `code` for all of them; Final, or Alert 1222 where the device is not at the end of its package
        (DMP 6.2). `challenge` is the type of a credential that is asked for with it.
        """
        live = Heard(call.message, 0)
        header_code = code or ("212" if call.proved else "200")
        body = self._blank(call, message_id, header_code, challenge)
        added = self._owe(body.root, (_TO_HEADER,), {0: live}, live, code)
        below = child(body.root, "SyncBody")
        if below is not None and not call.message.final:
            for part in [part for part in below.children if part.name == "Final"]:
                below.remove(part)
            texts = (Unknown("CmdID", "", str(added + 2)), Unknown("Data", "", NEXT_MESSAGE))
            below.insert(len(below.children), Unknown("Alert", "", children=texts))
        self._renew_nonces(body.root)
        return body.written(), (("Content-Type", _CONTENT_TYPES[call.message.form]),)

    def headers(self, step: ServerStep, call: Call) -> Headers:
        """The headers of a step's answer that has no message."""
        response = step.turn.exchange.response
        return answer_headers(response.headers if response else (), self._renewals(call, "1", step), None)

    def _renewals(self, call: Call, message_id: str, step: ServerStep) -> Renewals:
        """What becomes of the recorded names: those of the device that calls, and the address that it calls."""
        parts = urlsplit(call.url)
        addresses = Addresses(f"{parts.scheme}://{parts.netloc}", self.part.addresses)
        asked = step.turn.request.header if step.turn.request is not None else None
        called = (asked.target.uri if asked and asked.target else None) or ""
        source = call.message.header.source
        name = (source.name if source else None) or ""
        return Renewals(
            session=lambda _: call.message.header.session_id or "",
            message=lambda _: message_id,
            names={self.part.device: call.source} if self.part.device and call.source else {},
            users=dict.fromkeys(self.part.users, name) if name else {},
            address=lambda text: call.target if text == called else addresses.address(text),
        )

    def _owe(
        self, root: Part, answers: Sequence[Answer], heard: Mapping[int, Heard], live: Heard, code: str | None
    ) -> int:
        """Points the answers at the live commands, and gives a Status to those that nothing was recorded for. Says to how many.

        Results that are whole get none (MDM 2.2.6.1).
        """
        live.answered |= {
            place for place, command in live.message.walk() if isinstance(command, Results) and not _is_chunk(command)
        }
        added = point(root, answers, heard, unknown="200", owes_to=live).added
        ref = live.message.header.msg_id or ""
        for command in added:
            given = code or (CHUNK if _is_chunk(command) else self.part.codes.get(command_key(command), "200"))
            if given != "200":
                _recode(root, ref, command, given)
        return len(added)

    def _renew_nonces(self, root: Part) -> None:
        """Puts a fresh nonce into every challenge; the last one counts."""
        for status in _statuses(root):
            told = child(status, "Chal", "Meta", "NextNonce")
            if told is None:
                continue
            form = child(status, "Chal", "Meta", "Format")
            nonce = self._nonce()
            if form is None or form.text in ("b64", "bin"):
                told.say(base64.b64encode(nonce).decode("ascii"))
            else:
                nonce = nonce.hex().encode()
                told.say(nonce.decode("ascii"))
            self.device_nonce = nonce

    def _blank(self, call: Call, message_id: str, code: str, challenge: str | None) -> Body:
        """A message of the server's that says nothing but its Status for SyncHdr."""
        namespace = SYNCML_11 if call.message.namespace == SYNCML_11 else SYNCML_12
        body = take_apart(in_form(_BLANK.replace(SYNCML_12, namespace).encode(), call.message.form))
        header, below = child(body.root, "SyncHdr"), child(body.root, "SyncBody")
        if header is None or below is None:
            raise ValueError("the blank message has a header and a body")
        asked = call.message.header
        texts = {
            ("VerDTD",): asked.ver_dtd or "1.2",
            ("VerProto",): asked.ver_proto or "DM/1.2",
            ("SessionID",): asked.session_id or "",
            ("MsgID",): message_id,
            ("Target", "LocURI"): call.source,
            ("Source", "LocURI"): call.target,
        }
        for names, text in texts.items():
            if (part := child(header, *names)) is not None:
                part.say(text)
        status = status_of("1", asked.msg_id or "", Command(name="SyncHdr", cmd_id="0"), code)
        below.insert(0, status if challenge is None else _with_challenge(status, challenge))
        return body


_BLANK: Final = (
    f'<SyncML xmlns="{SYNCML_12}"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>0</SessionID>'
    "<MsgID>0</MsgID><Target><LocURI>device</LocURI></Target><Source><LocURI>server</LocURI></Source></SyncHdr>"
    "<SyncBody><Final/></SyncBody></SyncML>"
)
#: The first command of a message answers the other's header.
_TO_HEADER: Final = Answer(name="Status", place=(0,), exchange=0, to=())


def answer_headers(recorded: Headers, renewals: Renewals, form: str | None) -> Headers:
    """The headers of an answer in their order and spelling, the addresses and the encoding in the content type this answer's;
    `form` is None where it carries no message."""
    found = []
    for name, value in renew_headers(recorded, "server", renewals):
        key = name.lower()
        if key in _NOT_KEPT or _UNSENDABLE.search(name + value):
            continue
        if key in _WHERE_TO:
            found.append((name, renewals.address(value)))
        elif key == "content-type" and form is not None:
            found.append((name, _ENCODING.sub(rf"\g<1>{form}", value, count=1)))
        else:
            found.append((name, value))
    if form is not None and all(name.lower() != "content-type" for name, _ in found):
        found.append(("Content-Type", _CONTENT_TYPES[form]))
    return tuple(found)


def _is_chunk(command: Command) -> bool:
    """Whether a command carries a part of a large object that is not the last."""
    return any(item.more_data for item in command.items)


def _statuses(root: Part) -> list[Part]:
    below = child(root, "SyncBody")
    return [part for part in below.children if part.name == "Status"] if below is not None else []


def _text_of(part: Part, name: str) -> str | None:
    found = child(part, name)
    return found.text if found is not None else None


def _header_code(root: Part) -> str | None:
    """The code of the Status for SyncHdr."""
    return next((_text_of(part, "Data") for part in _statuses(root) if _text_of(part, "CmdRef") == "0"), None)


def _recode(root: Part, ref: str, command: Command, code: str) -> None:
    """Gives another code to the Status of a live command."""
    for part in _statuses(root):
        mine = _text_of(part, "MsgRef") == ref and _text_of(part, "CmdRef") == (command.cmd_id or "")
        if mine and _text_of(part, "Cmd") == command.name and (data := child(part, "Data")) is not None:
            data.say(code)


def _nobody_proved_anything(root: Part) -> None:
    """212 says that credentials were taken (DMP 9.1); a device that shows none where it did when recorded is answered with 200."""
    for part in _statuses(root):
        data = child(part, "Data")
        if data is not None and data.text == "212" and _text_of(part, "CmdRef") == "0":
            data.say("200")


def _answer_header_alone(root: Part, live: Heard, number: int) -> tuple[Answer, ...]:
    """Takes every answer out of a message, and puts in the one to the live header."""
    below = child(root, "SyncBody")
    if below is not None:
        for part in [part for part in below.children if part.name in ("Status", "Results")]:
            below.remove(part)
        ids = [_text_of(part, "CmdID") or "" for part in below.children if part.name in COMMANDS]
        free = str(1 + max((int(each) for each in ids if each.isdecimal() and len(each) < 10), default=0))
        header = Command(name="SyncHdr", cmd_id="0")
        below.insert(0, status_of(free, live.message.header.msg_id or "", header, "200"))
    return (Answer(name="Status", place=(0,), exchange=number, to=()),)


def _with_challenge(status: Unknown, kind: str) -> Unknown:
    """A Status that asks for a type of credential; with a nonce, but for basic ones (DMRP 6.1.6)."""
    told = [Unknown("Format", METINF, "b64"), Unknown("Type", METINF, kind)]
    if kind != BASIC:
        told.append(Unknown("NextNonce", METINF, "-"))
    chal = Unknown("Chal", "", children=(Unknown("Meta", "", children=tuple(told)),))
    *before, data = status.children
    return Unknown("Status", "", children=(*before, chal, data))
