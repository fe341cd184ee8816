"""Lines of a journal redacted as they are written, so that no original ever reaches the disk.

What a later line gives away of somebody cannot be replaced in an earlier one any more: a redaction of the finished journal goes
over all of it.
"""

import base64
import threading
from collections.abc import Callable
from typing import Any, Final

from replay.capture.exchange import Exchange, Headers, Identity, Response
from replay.capture.journal import encode_body
from replay.normal.redact import Redactor
from replay.normal.redact_bodies import RedactionError
from replay.normal.redact_words import is_protocol

Members = dict[str, Any]
#: Members that say nothing of anybody: what is left of a line that cannot be redacted.
_PLAIN: Final = frozenset(
    ["id", "conn", "http", "status", "by", "cause", "received", "side", "light", "passed_by", "format", "version", "tool",
     "redacted", "interval", "tls", "asked"]
)  # fmt: skip
_HOSTS: Final = frozenset(["client", "sni", "host", "server"])
_CERTIFICATES: Final = frozenset(["client_cert", "server_saw", "saw"])


class LineRedactor:
    """Redacts one line after the other. Where one cannot be redacted it is left without all that it says of anybody, and
    `failed` is called with the error, which says nothing of it either, and with the connection."""

    def __init__(self, failed: Callable[[Exception, str | None], None]) -> None:
        self._redactor = Redactor()
        self._failed = failed
        self._lock = threading.RLock()
        self._telling = False

    def __call__(self, type_: str, members: Members) -> Members:
        """The members of a line, redacted."""
        with self._lock:
            try:
                return self._redactor.twice(lambda: self._line(type_, members))
            except Exception as error:  # noqa: BLE001 - whatever it was: the original must not be written
                why = RedactionError(
                    f"a {type_!r} line could not be redacted, and says nothing ({type(error).__name__})"
                )
        self._tell(why, members.get("conn"))
        return _bare(members)

    def _tell(self, why: RedactionError, conn: str | None) -> None:
        if self._telling:  # the lines that tell of it could not be redacted either
            return
        self._telling = True
        try:
            self._failed(why, conn)
        finally:
            self._telling = False

    def _line(self, type_: str, members: Members) -> Members:
        if type_ == "request":
            return members | self._request(members)
        if type_ == "response":
            return members | self._response(members)
        return {key: self._member(type_, key, value) for key, value in members.items()}

    def _member(self, type_: str, key: str, value: Any) -> Any:
        if key in _PLAIN or value is None:
            return value
        if key in _HOSTS:
            return self._redactor.address(str(value), key)
        if key in _CERTIFICATES:
            return _said(self._redactor.certificate(_identity(value), key))
        return self._redactor.words(value, f"{type_}/{key}") if isinstance(value, str) else value

    def _request(self, members: Members) -> Members:
        made = self._redactor.request(
            Exchange(
                number=0,
                id=str(members.get("id")),
                order=0.0,
                client=members.get("client"),
                url=members.get("url"),
                headers=_headers(members),
                body=_body(members),
                client_cert=_identity(members.get("client_cert")),
                server_saw=_identity(members.get("server_saw")),
            )
        )
        return {
            "client": made.client,
            "method": self._redactor.words(str(members.get("method")), "method"),
            "url": made.url,
            "headers": made.headers,
            "body": encode_body(made.body),
            "client_cert": _said(made.client_cert),
            "server_saw": _said(made.server_saw),
        }

    def _response(self, members: Members) -> Members:
        response = Response(0, 0.0, reason=members.get("reason") or "", headers=_headers(members), body=_body(members))
        made = self._redactor.response(response, "an exchange")
        return {"reason": made.reason, "headers": made.headers, "body": encode_body(made.body)}


def _bare(members: Members) -> Members:
    """What is left of a line that could not be redacted; its content type, so that it is still taken for what it is."""
    kept = {key: value for key, value in members.items() if key in _PLAIN}
    if "headers" in members:
        method = str(members.get("method"))
        kept["method"] = method if method in ("GET", "POST", "PUT", "HEAD") else None
        kept["headers"] = [
            pair for pair in _headers(members) if pair[0].lower() == "content-type" and is_protocol(pair[1])
        ]
        kept["body"] = None
    return kept


def _headers(members: Members) -> Headers:
    return tuple((name, value) for name, value in members.get("headers") or ())


def _body(members: Members) -> bytes | None:
    body = members.get("body")
    if body is None:
        return None
    return base64.b64decode(body["base64"]) if "base64" in body else bytes(body["text"], "utf-8")


def _identity(said: Any) -> Identity | None:
    return Identity(said.get("subject"), said.get("sha256")) if isinstance(said, dict) else None


def _said(identity: Identity | None) -> Members | None:
    return None if identity is None else {"subject": identity.subject, "sha256": identity.sha256}
