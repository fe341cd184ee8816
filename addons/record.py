"""Records OMA DM exchanges into a journal while they go through mitmproxy.

    mitmdump -s addons/record.py --set omadm_journal=run.jsonl

A hook writes one line and nothing more: no parsing, no waiting, no sync. Whatever goes wrong here is said and counted, and
never touches the traffic. Other exchanges pass by: of them the journal has method, URL without its query, and status,
because "nothing was sent" and "the server could be reached" are told from them too.
"""

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mitmproxy import command, connection, ctx, exceptions, http, tls
from mitmproxy.addonmanager import Loader

from replay import __version__
from replay.capture.certificates import identity_of_pem, shown_to
from replay.capture.endings import bytes_received, cause_of
from replay.capture.exchange import CaptureError, Identity
from replay.capture.journal import DEFAULT_INTERVAL, JournalWriter, encode_body
from replay.capture.wire import peer_address, text_of
from replay.play.faults import BY_PROXY, ENDED
from replay.syncml.media import is_enrolment_request, is_management_url, is_pkcs7_type, is_syncml_type
from replay.syncml.read import looks_like_syncml

logger = logging.getLogger(__name__)
_LIGHT_HEADERS = (b"content-type", b"content-length")


def _guarded(hook: Callable[..., None]) -> Callable[..., None]:
    """A hook whose faults are counted and journalled; the traffic goes on."""

    @functools.wraps(hook)
    def guarded(self: "Recorder", *args: Any) -> None:
        try:
            hook(self, *args)
        except Exception as error:
            self.fail(f"the recorder failed in its hook {hook.__name__!r}: {type(error).__name__}: {error}")
            logger.exception("omadm: %s", self.failures[-1])

    return guarded


class Recorder:
    """mitmproxy's addon. `failures` says what went wrong with the recording itself; where it is not empty the recording
    has failed."""

    name = "omadm-record"

    def __init__(self) -> None:
        self.journal: JournalWriter | None = None
        self.path: Path | None = None
        self.failures: list[str] = []
        self.recorded = 0
        self.passed_by = 0
        self._open: dict[str, bool] = {}
        self._from_server: set[str] = set()
        self._connected: set[str] = set()
        self._watcher: asyncio.Task[None] | None = None

    def load(self, loader: Loader) -> None:
        """Declares the options."""
        loader.add_option(
            "omadm_journal", str, "", "The journal to write; captures/<time>.jsonl where it is not given."
        )
        loader.add_option(
            "omadm_interval",
            str,
            f"{DEFAULT_INTERVAL:g}",
            "Seconds between the lines that say that the recorder is watching.",
        )
        loader.add_option(
            "omadm_keep_502",
            bool,
            False,
            "Let mitmproxy answer 502 where the server closed without an answer; else the device sees the close itself.",
        )

    def configure(self, updated: set[str]) -> None:
        """Checks the options; opens the journal the first time."""
        try:
            interval = float(ctx.options.omadm_interval)
        except ValueError:
            interval = 0.0
        if not 0.05 <= interval <= 3600:
            raise exceptions.OptionsError(
                f"omadm_interval is {ctx.options.omadm_interval!r}; expected seconds from 0.05 to 3600"
            )
        if self.journal is None and not self.failures:
            self._open_journal(interval)
        elif "omadm_journal" in updated and self.path and ctx.options.omadm_journal not in ("", str(self.path)):
            raise exceptions.OptionsError("omadm_journal cannot be changed while the journal is being written")

    def _open_journal(self, interval: float) -> None:
        given = ctx.options.omadm_journal
        self.path = Path(given).expanduser() if given else Path("captures") / time.strftime("%Y%m%d-%H%M%S.jsonl")
        try:
            if not given:
                self.path.parent.mkdir(exist_ok=True)
            self.journal = JournalWriter(
                self.path, tool=f"omadm-replay {__version__}", mode=",".join(ctx.options.mode), interval=interval
            )
        except (OSError, CaptureError) as error:
            raise exceptions.OptionsError(f"the journal cannot be written: {error}") from error
        logger.info("omadm: recording into %s", self.path)

    def running(self) -> None:
        """Starts the lines that say that the recorder is watching."""
        if self.journal is None:
            self.fail("no journal was opened; nothing is recorded")
            logger.error("omadm: %s", self.failures[-1])
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while self.journal is not None:
            await asyncio.sleep(self.journal.interval)
            self.write("watching", passed_by=self.passed_by)

    def done(self) -> None:
        """Ends the journal: what is open now was never answered while the proxy was up."""
        if self._watcher is not None:
            self._watcher.cancel()
        for flow_id in self._open:
            self.write("failure", id=flow_id, cause="proxy-stopped", detail="the proxy was stopped", received=None)
        self._open.clear()
        journal, self.journal = self.journal, None
        if journal is not None:
            try:
                journal.close("stopped" if not self.failures else self.failures[0])
            except OSError as error:
                self.fail(f"the journal could not be closed: {error}")
        logger.info("omadm: %d exchanges recorded, %d others passed by", self.recorded, self.passed_by)

    def write(self, type_: str, **members: Any) -> None:
        """Writes a line. A journal that cannot be written is given up, loudly; the traffic goes on."""
        if self.journal is None:
            return
        try:
            self.journal.write(type_, **members)
        except OSError as error:
            journal, self.journal = self.journal, None
            self.failures.append(
                f"{self.path}: recording stopped, the journal cannot be written: {error.strerror or error}"
            )
            logger.error("omadm: %s", self.failures[-1])  # noqa: TRY400 - the message is the whole of it
            journal.abandon()

    def fail(self, what: str) -> None:
        """Notes a fault of the recorder: counted, and in the journal where that still goes."""
        self.failures.append(what)
        self.write("note", name="recorder-failed", text=what)

    @command.command("omadm.note")  # type: ignore[untyped-decorator]
    def note(self, text: str, name: str = "") -> None:
        """Put a mark into the journal that is being written; NAME says what kind of mark, such as push."""
        if self.journal is None:
            raise exceptions.CommandError("nothing is being recorded, so there is nothing to put a mark into")
        self.write("note", text=text, **({"name": name} if name else {}))

    # -- connections ----------------------------------------------------------------------------------------------------

    def _connect(self, client: connection.Client, host: str | None) -> None:
        if client.id not in self._connected:
            self._connected.add(client.id)
            self.write("connect", conn=client.id, client=peer_address(client.peername), sni=client.sni, host=host)

    @_guarded
    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """The first that is known of a TLS connection: where it wants to go."""
        address = data.context.server.address
        if data.context.client.sni is None:
            data.context.client.sni = data.client_hello.sni
        self._connect(data.context.client, address[0] if address else None)

    @_guarded
    def tls_failed_client(self, data: tls.TlsData) -> None:
        """A TLS connection that the device broke off: no request was read from it."""
        client = data.context.client
        self._connect(client, None)
        self.write(
            "failure",
            id=None,
            conn=client.id,
            cause="tls-failed",
            detail=f"TLS with the device failed: {client.error or data.conn.error or 'no reason given'}",
            received=None,
        )

    @_guarded
    def client_disconnected(self, client: connection.Client) -> None:
        """The device's connection ended."""
        self._connect(client, None)
        self._connected.discard(client.id)
        self.write("disconnect", conn=client.id, side="client")

    # -- exchanges ------------------------------------------------------------------------------------------------------

    @_guarded
    def request(self, flow: http.HTTPFlow) -> None:
        """The whole request is there and has not gone on yet."""
        body = flow.request.get_content(strict=False)
        whole = _is_oma_dm(flow.request, body or b"")
        self.recorded += whole
        self.passed_by += not whole
        self._connect(flow.client_conn, flow.request.host)
        self._open[flow.id] = whole
        url = flow.request.url
        certificates: Sequence[Any] = flow.client_conn.certificate_list or ()
        saw = shown_to(ctx.options.client_certs, flow.request.host) if flow.request.scheme == "https" else None
        self.write(
            "request",
            id=flow.id,
            conn=flow.client_conn.id,
            client=peer_address(flow.client_conn.peername),
            method=flow.request.method,
            url=url if whole else url.split("?", 1)[0],
            http=flow.request.http_version,
            headers=_headers(flow.request, whole),
            body=encode_body(body) if whole else None,
            client_cert=_identity(identity_of_pem(certificates[0].to_pem()) if certificates else None),
            server_saw=_identity(saw),
            **({} if whole else {"light": True}),
        )

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Only a response that comes from the server gets here; one that was made in the proxy does not."""
        self._from_server.add(flow.id)

    @_guarded
    def response(self, flow: http.HTTPFlow) -> None:
        """The whole response is there and has not gone to the device yet. Another addon may have altered it, cut it (`ENDED`)
        or closed the connection instead; the journal has what the device gets."""
        whole = self._open.pop(flow.id, True)
        made_here = flow.id not in self._from_server or flow.metadata.get(BY_PROXY, False)
        ended: dict[str, Any] | None = flow.metadata.get(ENDED)
        if flow.error is None:
            self._response(flow, whole, by="proxy" if made_here else "server")
        elif ended is None:
            ended = {"cause": "other", "detail": f"the proxy did not pass the answer on: {flow.error.msg}"}
        if ended is not None:
            self.write("failure", id=flow.id, conn=flow.client_conn.id, **{"received": None, **ended})
        self._from_server.discard(flow.id)

    def _response(self, flow: http.HTTPFlow, whole: bool, by: str) -> None:
        response = flow.response
        if response is None:
            return
        body = response.get_content(strict=False)
        whole = whole or _is_syncml(response.headers.get("content-type"), body)
        self.write(
            "response",
            id=flow.id,
            status=response.status_code,
            reason=response.reason,
            http=response.http_version,
            headers=_headers(response, whole),
            body=encode_body(body) if whole else None,
            by=by,
        )

    @_guarded
    def error(self, flow: http.HTTPFlow) -> None:
        """The exchange ended without a whole answer. The device is not given mitmproxy's 502 for it, but the bare close that
        it would have seen without a proxy."""
        words = flow.error.msg if flow.error else "no reason given"
        cause = cause_of(words, connected=bool(flow.server_conn.timestamp_tcp_setup) or None)
        known = flow.id in self._open
        whole = self._open.pop(flow.id, True)
        made_502 = False
        if cause != "client-closed" and flow.killable:
            if ctx.options.omadm_keep_502:
                made_502 = known and flow.response is None
            else:
                flow.kill()
        if known and flow.response is not None:
            self._response(flow, whole, by="server")
        elif made_502:
            self.write(
                "response", id=flow.id, status=502, reason="Bad Gateway", http="", headers=[], body=None, by="proxy"
            )
        self.write(
            "failure",
            id=flow.id if known else None,
            conn=flow.client_conn.id,
            cause=cause,
            detail=words,
            received=bytes_received(words),
        )
        self._from_server.discard(flow.id)


def _is_oma_dm(request: http.Request, body: bytes) -> bool:
    """Whether a request is to be kept whole: OMA DM by its content type, URL or body, or an enrolment request."""
    content_type = request.headers.get("content-type")
    return (
        _is_syncml(content_type, body)
        or is_management_url(request.url)
        or is_pkcs7_type(content_type)
        or is_enrolment_request(request.url, request.headers.get("soapaction"), body)
    )


def _is_syncml(content_type: str | None, body: bytes | None) -> bool:
    return is_syncml_type(content_type) or looks_like_syncml(body or b"")


def _headers(message: http.Message, whole: bool) -> list[tuple[str, str]]:
    return [(text_of(k), text_of(v)) for k, v in message.headers.fields if whole or k.lower() in _LIGHT_HEADERS]


def _identity(identity: Identity | None) -> dict[str, str | None] | None:
    return {"subject": identity.subject, "sha256": identity.sha256} if identity else None


addons = [Recorder()]
