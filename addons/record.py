"""Records OMA DM exchanges into a journal while they go through mitmproxy.

    mitmdump -s addons/record.py --set omadm_journal=run.jsonl

A hook writes one line and nothing more: no parsing, no waiting, no sync. Whatever goes wrong here is said and counted, and
never touches the traffic. Other exchanges pass by: of them the journal has method, URL without its query, and status,
because "nothing was sent" and "the server could be reached" are told from them too.

Wherever the script stands among others, the recorder comes last, so that it sees what the server is sent and what the device
gets; a first look at the answers tells it whether they were altered on the way.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mitmproxy import command, connection, ctx, exceptions, http
from mitmproxy.addonmanager import Loader

from replay.capture import http1
from replay.capture.access import cannot_be_written
from replay.capture.certificates import identity_of_pem, name_towards, shown_to
from replay.capture.connections import Connections, Crashes, guarded
from replay.capture.dispatch import Dispatch
from replay.capture.exchange import CaptureError, Identity
from replay.capture.journal import DEFAULT_INTERVAL, JournalWriter, encode_body
from replay.capture.kept import (
    FirstLook,
    body_of,
    goes_on_until_closed,
    header_of,
    headers_of,
    is_oma_dm,
    is_syncml,
    part_of,
)
from replay.capture.wire import peer_address
from replay.normal.redact_lines import LineRedactor
from replay.play.faults import BY_PROXY, ENDED, SERVED
from replay.version import __version__

logger = logging.getLogger(__name__)
#: In mitmproxy's words where it does not pass a malformed message on, and always answers by itself (`validate_inbound_headers`).
_REFUSED = "refusing to prevent"


class _Exchange(NamedTuple):
    """An exchange in progress: whether it is kept whole, and the connection it is on."""

    whole: bool
    conn: str


class Recorder:
    """mitmproxy's addon. `failures` says what went wrong with the recording itself; where it is not empty the recording
    has failed. No journal is opened as long as it is `held`: who sets it until all options are right leaves none behind."""

    name = "omadm-record"

    def __init__(self) -> None:
        self.journal: JournalWriter | None = None
        self.path: Path | None = None
        self.failures: list[str] = []
        self.recorded = 0
        self.passed_by = 0
        self.stopped = self.held = False
        self.recorder = self
        self.connections = Connections(self)
        self.addons = [self.connections]
        self._first = FirstLook()
        self._crashes = Crashes(self.fail)
        self._dispatch: Dispatch | None = None
        self._begun: dict[str, connection.Client] = {}
        self._open: dict[str, _Exchange] = {}
        self._from_server: set[str] = set()
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
        loader.add_option("omadm_redact", bool, False, "Write pseudonyms instead of secrets and identities.")
        try:
            http1.mend()
        except Exception:  # a mitmproxy that is built otherwise
            logger.warning("omadm: interim responses and trailer fields cannot be passed on", exc_info=True)
        self._dispatch = Dispatch(ctx.master.addons)
        try:
            self._dispatch.start()
        except AttributeError:
            logger.warning("omadm: events go mitmproxy's own, slower way", exc_info=True)

    def configure(self, updated: set[str]) -> None:
        """Checks the options; opens the journal the first time."""
        for option in ("stream_large_bodies", "body_size_limit"):
            if getattr(ctx.options, option, None):
                raise exceptions.OptionsError(f"{option} has to be unset: bodies would be missing from the journal")
        try:
            interval = float(ctx.options.omadm_interval)
        except ValueError:
            interval = 0.0
        if not 0.05 <= interval <= 3600:
            raise exceptions.OptionsError(
                f"omadm_interval is {ctx.options.omadm_interval!r}; expected seconds from 0.05 to 3600"
            )
        if self.journal is None and not (self.failures or self.stopped or self.held):
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
                self.path,
                tool=f"omadm-replay {__version__}",
                mode=",".join(ctx.options.mode),
                interval=interval,
                # the one case in which messages are read before they go on: what has not been redacted must not reach the disk
                redact=LineRedactor(partial(self.fault, "redact")) if ctx.options.omadm_redact else None,
            )
        except OSError as error:
            raise exceptions.OptionsError(cannot_be_written(self.path, error)) from error
        except CaptureError as error:
            raise exceptions.OptionsError(f"the journal cannot be written: {error}") from error
        ctx.master.addons.chain = [self._first, *ctx.master.addons.chain]
        logging.getLogger("mitmproxy.proxy.server").addHandler(self._crashes)
        logger.info("omadm: recording into %s", self.path)

    def running(self) -> None:
        """Starts the lines that say that the recorder is watching."""
        if self._watcher is not None:
            return
        if self.journal is None:
            self.fail("no journal was opened; nothing is recorded")
            logger.error("omadm: %s", self.failures[-1])
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while self.journal is not None:
            await asyncio.sleep(self.journal.interval)
            self.connections.note_all()
            self.write("watching", passed_by=self.passed_by)

    def done(self) -> None:
        """Ends the journal: what is open now was never answered while the proxy was up, and nothing goes on after it."""
        if self._watcher is not None:
            self._watcher.cancel()
        for flow_id in self._open:
            self.write("failure", id=flow_id, cause="proxy-stopped", detail="the proxy was stopped", received=None)
        for client in self._begun.values():
            self.connections.not_read(client, "proxy-stopped", "the proxy was stopped while a request came in")
        self.connections.stop()
        self._open.clear()
        self.stopped = True
        journal, self.journal = self.journal, None
        if journal is not None:
            try:
                journal.close("stopped" if not self.failures else self.failures[0])
            except OSError as error:
                self.failures.append(f"{self.path}: the journal could not be closed: {error.strerror or error}")
                logger.error("omadm: %s", self.failures[-1])  # noqa: TRY400 - the message is the whole of it
        logging.getLogger("mitmproxy.proxy.server").removeHandler(self._crashes)
        ctx.master.addons.chain = [addon for addon in ctx.master.addons.chain if addon is not self._first]
        if self._dispatch is not None:
            self._dispatch.stop()
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

    def fault(self, hook: str, error: Exception, conn: str | None) -> None:
        """A hook has failed: something that went over this connection is not on file."""
        self.fail(f"the recorder failed in its hook {hook!r}: {type(error).__name__}: {error}")
        self.write("failure", id=None, conn=conn, cause="other", detail=self.failures[-1], received=None)
        logger.exception("omadm: %s", self.failures[-1])

    def in_progress(self, client: connection.Client) -> bool:
        """Whether an exchange is in progress on a device's connection."""
        return any(exchange.conn == client.id for exchange in self._open.values())

    @command.command("omadm.note")  # type: ignore[untyped-decorator]
    def note(self, text: str, name: str = "") -> None:
        """Put a mark into the journal that is being written; NAME says what kind of mark, such as push."""
        if self.journal is None:
            raise exceptions.CommandError("nothing is being recorded, so there is nothing to put a mark into")
        self.write("note", text=text, **({"name": name} if name else {}))

    # -- exchanges ------------------------------------------------------------------------------------------------------

    @guarded
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """A request comes in. It does not go on before it is whole and on file."""
        flow.request.stream = False
        self._begun[flow.id] = flow.client_conn

    @guarded
    def request(self, flow: http.HTTPFlow) -> None:
        """The whole request is there and has not gone on yet."""
        if self._refused(flow):
            return
        self._begun.pop(flow.id, None)
        body = body_of(flow.request)
        whole = is_oma_dm(flow.request, body or b"")
        self.recorded += whole
        self.passed_by += not whole
        self.connections.note(flow.client_conn, flow.request.host)
        self._open[flow.id] = _Exchange(whole, flow.client_conn.id)
        url = flow.request.url
        certificates: Sequence[Any] = flow.client_conn.certificate_list or ()
        self.write(
            "request",
            id=flow.id,
            conn=flow.client_conn.id,
            client=peer_address(flow.client_conn.peername),
            method=flow.request.method,
            url=url if whole else url.split("?", 1)[0],
            http=flow.request.http_version,
            headers=headers_of(flow.request, whole),
            body=encode_body(body) if whole else None,
            client_cert=_identity(identity_of_pem(certificates[0].to_pem()) if certificates else None),
            server_saw=_identity(_shown_to_server(flow)),
            **({} if whole else {"light": True}),
        )

    def _refused(self, flow: http.HTTPFlow) -> bool:
        """After its last line the recorder lets nothing go on any more: the proxy is being stopped."""
        if self.stopped and flow.killable:
            flow.kill()
        return self.stopped

    @guarded
    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """A response begins. One that comes from the server has no body yet; one that was made in the proxy has, and is the
        server's only where the server is played here (`SERVED`)."""
        if flow.response is not None:
            flow.response.stream = False
            if flow.response.raw_content is None or flow.metadata.get(SERVED, False):
                self._from_server.add(flow.id)

    @guarded
    def response(self, flow: http.HTTPFlow) -> None:
        """The whole response is there and has not gone to the device yet. Another addon may have altered it, cut it (`ENDED`)
        or closed the connection instead; the journal has what the device gets."""
        untouched = self._first.pop(flow) or flow.metadata.get(SERVED, False)
        if self._refused(flow):
            return
        exchange = self._open.pop(flow.id, None)
        by_server = flow.id in self._from_server and untouched and not flow.metadata.get(BY_PROXY, False)
        self._from_server.discard(flow.id)
        ended: dict[str, Any] | None = flow.metadata.get(ENDED)
        if flow.error is None and flow.response is not None:
            whole, by = exchange is None or exchange.whole, "server" if by_server else "proxy"
            self._response(flow.id, flow.response, body_of(flow.response), whole, by)
            ended = ended or self._cut_unnoticed(flow, flow.response)
        elif ended is None:
            ended = {"cause": "other", "detail": f"the proxy did not pass the answer on: {flow.error}"}
        if ended is not None:
            self.write("failure", id=flow.id, conn=flow.client_conn.id, **{"received": None, **ended})

    def _response(self, exchange: str, response: http.Response, body: bytes | None, whole: bool, by: str) -> None:
        whole = whole or is_syncml(header_of(response, b"content-type"), body)
        self.write(
            "response",
            id=exchange,
            status=response.status_code,
            reason=response.reason,
            http=response.http_version,
            headers=headers_of(response, whole),
            body=encode_body(body) if whole else None,
            by=by,
        )

    def _cut_unnoticed(self, flow: http.HTTPFlow, response: http.Response) -> dict[str, Any] | None:
        """The end of a body that goes on until the connection is closed, where it was reset: mitmproxy takes it for whole."""
        if not goes_on_until_closed(flow.request, response):
            return None
        broke = self.connections.broke(flow.server_conn)
        detail = "the body goes on until the connection is closed, but the connection broke; it was passed on as it was"
        size = len(response.raw_content or b"")
        return {"cause": "truncated", "detail": f"{detail}: {broke}", "received": size} if broke else None

    @guarded
    def error(self, flow: http.HTTPFlow) -> None:
        """The exchange ended without a whole answer. The device is not given mitmproxy's 502 for it, but the bare close that
        it would have seen without a proxy."""
        if self._refused(flow):
            return
        words = flow.error.msg if flow.error else "no reason given"
        exchange = self._open.pop(flow.id, None)
        by_server = flow.id in self._from_server
        self._from_server.discard(flow.id)
        self._begun.pop(flow.id, None)
        if exchange is None:
            self.connections.broken_request(flow.client_conn, words)
            return
        how, part = self.connections.ending(flow, words)
        refused = _REFUSED in words
        made_502 = refused or (bool(ctx.options.omadm_keep_502) and how.cause != "client-closed")
        if how.cause != "client-closed" and flow.killable and not made_502:
            self.connections.close_like_server(flow, how.cause)
        detail = how.detail
        if flow.response is not None and not refused:
            came = None if part is None else part_of(flow.response, part)
            self._response(flow.id, flow.response, came, exchange.whole, "server" if by_server else "proxy")
            detail += "; the proxy answered with 502 instead" if made_502 else ""
        elif made_502:
            self.write(
                "response", id=flow.id, status=502, reason="Bad Gateway", http="", headers=[], body=None, by="proxy"
            )
        self.write("failure", id=flow.id, conn=exchange.conn, cause=how.cause, detail=detail, received=how.received)


def _shown_to_server(flow: http.HTTPFlow) -> Identity | None:
    """The certificate that the proxy has for the server of a request; it is shown if the server asks. Not in QUIC, where mitmproxy
    has none."""
    request, server = flow.request, flow.server_conn
    if request.scheme != "https" or server.transport_protocol != "tcp" or not ctx.options.client_certs:
        return None
    return shown_to(ctx.options.client_certs, name_towards(server, flow.client_conn.sni, request.host, request.port))


def _identity(identity: Identity | None) -> dict[str, str | None] | None:
    return {"subject": identity.subject, "sha256": identity.sha256} if identity else None


class _Script:
    """mitmproxy's addon where this file is one of its scripts: puts the recorder last, behind mitmproxy's own addons."""

    name = "omadm-record-script"

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def load(self, _: Loader) -> None:
        """Puts the recorder at the end."""
        ctx.master.addons.add(self._recorder)

    def configure(self, updated: set[str]) -> None:
        """Like the recorder itself, which may not have been there when the options were set."""
        self._recorder.configure(updated)

    def running(self) -> None:
        """Like the recorder itself, where the script is loaded later."""
        self._recorder.running()

    def done(self) -> None:
        """Takes the recorder out where the script is unloaded. Where mitmproxy ends, a recording that has failed makes it end
        with 2, as `omadm record` does."""
        if not ctx.master.should_exit.is_set():
            ctx.master.addons.remove(self._recorder)
        elif (task := asyncio.current_task()) is not None:
            task.add_done_callback(self._exit)

    def _exit(self, _: object) -> None:
        if self._recorder.failures:
            raise SystemExit(2)


addons = [_Script(Recorder())] if __name__.startswith("__mitmproxy_script__") else [Recorder()]
