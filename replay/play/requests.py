"""The requests of a played device: a recorded message with everything made anew that must be, and its URL and headers.

Nothing is sent here, and nothing is decided: which message is due, and what was heard before it, `replay.play.device` says.
"""

import random
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct, field

from replay.capture.exchange import Headers, header
from replay.capture.sessions import Session
from replay.capture.turns import server_of
from replay.play.body import Part, child, in_form, take_apart
from replay.play.pointing import Heard, Pointed, point, status_of
from replay.play.proofs import Asked, Proofs
from replay.play.renew import Addresses, Correlations, Renewals, SessionIds, renew, renew_headers
from replay.play.script import Step
from replay.syncml.credentials import Secret
from replay.syncml.media import media_type
from replay.syncml.model import Command, Unknown
from replay.syncml.names import COMMANDS
from replay.syncml.read import looks_like_wbxml

_TYPES: Final = {"xml": "application/vnd.syncml.dm+xml", "wbxml": "application/vnd.syncml.dm+wbxml"}
#: Headers of one hop, of the recorded body's transfer, and those that are made anew for each request.
_NOT_KEPT: Final = frozenset(
    {
        "connection", "content-encoding", "expect", "http2-settings", "keep-alive", "proxy-authorization", "proxy-connection",
        "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
#: Codings of an answer that a played device asks for, of those that it would have taken when it was recorded.
_CODINGS: Final = frozenset({"gzip", "deflate", "identity"})


class Settings(Struct, frozen=True):
    """How a device is played.

    `names` are the new ids by the old ones, `users` the new user by the old one; `form` is `xml` or `wbxml` where messages are
    not sent as they were recorded; `unknown` is the Status for commands that nothing was recorded for, None to stop at the first.
    `may_call` says of a URL whether the device may be sent there; `seed` makes the new identities the same each time.
    """

    addresses: Addresses
    names: Mapping[str, str] = {}
    users: Mapping[str, str] = {}
    secret: Secret | None = None
    unknown: str | None = "404"
    form: str | None = None
    may_call: Callable[[str], bool] = lambda _: True
    seed: int | None = None


class SessionState(Struct):
    """What is known of one session while it is played.

    `url` is where the live server sent the device, `once` where it sent it with one message alone, `places` where the messages went
    that were recorded with a URL and redirected now; `shift` is by how much MsgIDs differ from the recorded ones; `last` is the
    newest of the live answers. `skipped` says which recorded messages are not to be sent, and why; `extra` counts messages that
    were not recorded; `broken` says why the session cannot go on.
    """

    session: Session
    session_id: str
    url: str | None = None
    once: str | None = None
    places: dict[str, str] = field(default_factory=dict)
    shift: int = 0
    asked: Asked = field(default_factory=Asked)
    last: Heard | None = None
    skipped: dict[int, str] = field(default_factory=dict)
    extra: int = 0
    broken: str = ""


class Made(Struct, frozen=True):
    """A request as it is to be sent, and what became of the answers in it. `empty` says that a device would not send it, because
    nothing is left in it but the Status for SyncHdr (MDM 2.2.6.1)."""

    method: str
    url: str
    headers: Headers
    body: bytes
    pointed: Pointed
    empty: bool = False


class Maker:
    """Makes the requests of one device. `heard` are the live answers by the recorded exchange, in whatever session: an asynchronous
    Alert answers an Exec of an earlier one (DMRP 6.6.2)."""

    def __init__(self, settings: Settings) -> None:
        rng = random.Random(settings.seed)  # noqa: S311 - identities, no secrets
        self.settings = settings
        self.proofs = Proofs(settings.secret)
        self.session_ids = SessionIds(rng)
        self.heard: dict[int, Heard] = {}
        self._correlations = Correlations(rng)

    def request(self, step: Step, state: SessionState, *, pointing: bool = True) -> Made:
        """A step's request. Without `pointing` it is sent once more, for a challenge: what is unknown has its Status already.

        Raises UnreadableMessageError where the recorded bytes cannot be taken apart.
        """
        message = step.turn.request
        if message is None:
            raise ValueError("a step without a message")
        body = take_apart(in_form(message.raw, self.settings.form or message.form))
        unknown = self.settings.unknown if pointing and not step.alert else None
        pointed = point(body.root, step.answers, self.heard, unknown=unknown, owes_to=state.last)
        empty = bool(pointed.unused) and not pointed.added and _says_nothing(body.root)
        return self._finished(step, state, body.root, body.written, pointed, empty=empty)

    def statuses_alone(self, step: Step, state: SessionState, code: str) -> Made:
        """A message that was not recorded: the session goes on with a Status for each command that nothing was recorded for."""
        message, last = step.turn.request, state.last
        if message is None or last is None:
            raise ValueError("nothing to answer")
        body = take_apart(in_form(message.raw, self.settings.form or message.form))
        below = child(body.root, "SyncBody")
        owed = last.unknown()
        last.answered |= {place for place, _ in owed}
        if below is not None:
            _keep_final_alone(below)
            ref = last.message.header.msg_id or ""
            elements = [status_of("1", ref, Command(name="SyncHdr", cmd_id="0"), "200")]
            elements += [status_of(str(number), ref, each, code) for number, (_, each) in enumerate(owed, 2)]
            for place, element in enumerate(elements):
                below.insert(place, element)
        return self._finished(step, state, body.root, body.written, Pointed(added=[each for _, each in owed]))

    def _finished(
        self,
        step: Step,
        state: SessionState,
        root: Part,
        written: Callable[[], bytes],
        pointed: Pointed,
        *,
        empty: bool = False,
    ) -> Made:
        """The request, once its answers are pointed."""
        exchange = step.turn.exchange
        renewals = Renewals(
            session=lambda _: state.session_id,
            message=lambda old: _shifted(old, state.shift),
            names=self.settings.names,
            users=self.settings.users,
            address=self.settings.addresses.address,
            correlation=self._correlations.like,
        )
        renew(root, "device", renewals)
        self.proofs.prove(state.asked, root)
        body = written()
        url = self.url_of(step, state)
        headers = _headers(renew_headers(exchange.headers, "device", renewals), url, body)
        return Made(
            exchange.method or "POST", url, self.proofs.headers(state.asked, headers, body), body, pointed, empty
        )

    def url_of(self, step: Step, state: SessionState) -> str:
        """Where a step's request goes: where the live server sent the device, else where the recorded session began. A device that
        stayed where a redirect had led it does so again; a RespURI that was recorded is not followed."""
        first, recorded = state.session.turns[0].exchange.url, step.turn.exchange.url
        if (sent := state.once or state.places.get(recorded or "") or state.url) is not None:
            return sent
        stayed = first is None or recorded is None or server_of(first) == server_of(recorded)
        return self.settings.addresses.url(recorded if stayed else first)


def _shifted(text: str, shift: int) -> str:
    """A MsgID so many messages later; one that is no number stays."""
    return str(int(text) + shift) if text.isdecimal() and len(text) < 10 else text


def _says_nothing(root: Part) -> bool:
    """Whether nothing is left in a message but the Status for SyncHdr."""
    body = child(root, "SyncBody")
    for part in body.children if body is not None else ():
        if part.name not in COMMANDS:
            continue
        ref = child(part, "CmdRef")
        if part.name != "Status" or ref is None or ref.text != "0":
            return False
    return True


def _keep_final_alone(body: Part) -> None:
    """Takes every command out of a message; Final is there afterwards."""
    for part in list(body.children):
        if part.name != "Final":
            body.remove(part)
    if not body.children:
        body.insert(0, Unknown("Final", ""))


def _headers(headers: Headers, url: str, body: bytes) -> Headers:
    """The headers in their order and spelling; Host, Content-Length and the encoding in the content type are this request's."""
    host = url.partition("://")[2].split("/", 1)[0].split("?", 1)[0]
    kind = _TYPES["wbxml" if looks_like_wbxml(body) else "xml"]
    made = {"host": host, "content-length": str(len(body))}
    found: list[tuple[str, str]] = []
    for name, value in headers:
        key = name.lower()
        if key in _NOT_KEPT:
            continue
        if key in made:
            found.append((name, made.pop(key)))
        elif key == "content-type":
            found.append((name, _content_type(value, kind)))
        elif key == "accept-encoding":
            found.append((name, _accepted(value)))
        elif key not in ("host", "content-length"):  # a second one
            found.append((name, value))
    if header(found, "content-type") is None and not headers:
        found.append(("Content-Type", kind))
    before = [("Host", made["host"])] if "host" in made else []
    behind = [("Content-Length", made["content-length"])] if "content-length" in made else []
    return (*before, *found, *behind)


def _content_type(value: str, kind: str) -> str:
    """A content type with the encoding that is in use; any other than SyncML's stays as it was recorded."""
    given = media_type(value)
    ending = kind.rpartition("+")[2]
    if not given.endswith(("+xml", "+wbxml")) or given.rpartition("+")[2] == ending:
        return value
    place = value.lower().index(given) + given.rindex("+") + 1
    return value[:place] + ending + value[place + len(given.rpartition("+")[2]) :]


def _accepted(value: str) -> str:
    """Accept-Encoding without what could not be undone."""
    kept = [part for part in value.split(",") if part.split(";")[0].strip().lower() in _CODINGS]
    return ",".join(kept).strip() or "identity"
