"""Plays the server of a recording to the devices that come: nothing goes on to any server.

    mitmdump -s addons/serve.py -s addons/record.py --mode reverse:http://omadm-serve.invalid --set omadm_serve=user.jsonl

Devices may come as to the server itself (`--mode reverse:` with whatever name) or through the proxy (`--mode regular`). Answers
are made in the `request` hook (`replay.play.server` says which); the ways in which an exchange ends without one are taken in the
`response` hook. With `addons/disturb.py`, load that one before this: then a fault takes the place of a recorded end. The
recorder takes what is answered here for the server's: it is there to judge the device.
"""

import logging
import os
import time
from typing import Any

from mitmproxy import ctx, exceptions, http
from mitmproxy.addonmanager import Loader
from mitmproxy.net.http.url import parse_authority
from mitmproxy.proxy import mode_specs, server_hooks

from replay.capture import closing
from replay.capture.exchange import CaptureError
from replay.capture.kept import body_of, headers_of
from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.play.faults import BY_PROXY, ENDED, SERVED
from replay.play.server import Request, Secrets, ServerPlayer
from replay.play.server_script import End
from replay.play.server_state import Reply
from replay.syncml.credentials import Secret

logger = logging.getLogger(__name__)
_PASSWORD = "OMADM_PASSWORD"  # noqa: S105 - the name of a variable
#: mitmproxy's own: no server is called before a request is there, and what a device called is not written over.
_OPTIONS = {"connection_strategy": "lazy", "keep_host_header": True}


class Serve:
    """mitmproxy's addon. `secrets` may be given to it; else they come from the option and the environment."""

    name = "omadm-serve"

    def __init__(self) -> None:
        self.player: ServerPlayer | None = None
        self.secrets: Secrets | None = None
        self._replies: dict[str, Reply] = {}

    def load(self, loader: Loader) -> None:
        """Declares the options."""
        loader.add_option("omadm_serve", str, "", "The capture whose server is played.")
        loader.add_option("omadm_serve_device", str, "", "Give all devices the part of this device of the capture.")
        loader.add_option(
            "omadm_serve_user",
            str,
            "",
            f"The user whose credentials devices have to show; the password is in the variable {_PASSWORD}.",
        )
        ctx.options.update_known(**_OPTIONS)

    def configure(self, updated: set[str]) -> None:
        """Reads the capture."""
        options = ctx.options
        if not options.omadm_serve or not updated & {"omadm_serve", "omadm_serve_device", "omadm_serve_user"}:
            return
        try:
            traffic = assemble(read(options.omadm_serve))
        except CaptureError as error:
            raise exceptions.OptionsError(str(error)) from error
        player = ServerPlayer(traffic, device=options.omadm_serve_device or None, secrets=self._secrets())
        if not player.parts:
            known = sorted({each.device or "without an id" for each in traffic.sessions})
            what = (
                f"no device {options.omadm_serve_device!r}; there are: {', '.join(known)}"
                if known
                else "no OMA DM session"
            )
            raise exceptions.OptionsError(f"{options.omadm_serve}: has {what}, so there is nothing to be played")
        self.player = player

    def _secrets(self) -> Secrets | None:
        if self.secrets is not None or not ctx.options.omadm_serve_user:
            return self.secrets
        password = os.environ.get(_PASSWORD)
        if password is None:
            raise exceptions.OptionsError(f"omadm_serve_user needs a password, in the variable {_PASSWORD}")
        return Secrets(device=Secret(ctx.options.omadm_serve_user, password))

    def running(self) -> None:
        """Says in the journal where the answers come from."""
        ctx.options.update_known(**_OPTIONS)
        if self.player is not None:
            self._note(f"the server is played from {ctx.options.omadm_serve}, {self.player.recorded} exchanges")
        else:
            logger.error("omadm: omadm_serve is not set: there is nothing to be played, and everything is refused")

    def done(self) -> None:
        """Says what of the recording no device has met."""
        if self.player is not None:
            self._note(self.player.summary())

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        """No server is ever called, whatever a connection is for."""
        data.server.error = "a played server calls no other"

    def request(self, flow: http.HTTPFlow) -> None:
        """Answers a request, whatever it is: mitmproxy passes on only what has no answer."""
        if flow.response is not None or not flow.killable:
            return
        try:
            _name_as_called(flow)
            reply = self._answer(flow)
            flow.response = _response(reply, flow)
        except Exception as error:
            logger.exception("omadm: a message could not be answered")
            self._fail(f"a message could not be answered: {type(error).__name__}: {error}")
            reply = Reply(500, by_server=False)
            flow.response = _response(reply, flow)
        for note in reply.notes:
            self._note(note, flow)
        flow.metadata[SERVED] = reply.by_server
        self._replies[flow.id] = reply

    def _answer(self, flow: http.HTTPFlow) -> Reply:
        if self.player is None:
            return Reply(503, by_server=False)
        request = flow.request
        url, headers = request.url, headers_of(request, True)
        return self.player.answer(
            Request(request.method, url, tuple(headers), body_of(request) or b""), time.monotonic()
        )

    async def response(self, flow: http.HTTPFlow) -> None:
        """Ends an exchange as the recorded server did, unless a fault has done something else with it."""
        reply = self._replies.pop(flow.id, None)
        if reply is None or flow.response is None or not flow.killable or flow.metadata.get(BY_PROXY, False):
            return
        reply.delivered = reply.end is End.ANSWER
        words = f"as recorded (exchange {reply.plays}): {reply.end}"
        if reply.end is End.CUT:
            body = flow.response.raw_content or b""
            keep = max(0, min(reply.keep or 0, len(body) - 1))
            closing.cut(ctx.master, flow, flow.response, keep)
            flow.metadata[ENDED] = {"cause": "truncated", "detail": words, "received": keep}
        elif reply.end is End.HANG:
            await closing.until_given_up(ctx.master, flow)
            _end(flow, "client-closed", words)
        elif reply.end is End.RESET:
            closing.reset(ctx.master, flow)
            _end(flow, "server-reset", words)
        elif reply.end is End.CLOSE:
            _end(flow, "server-closed", words)

    def error(self, flow: http.HTTPFlow) -> None:
        """The device did not wait for its answer."""
        self._replies.pop(flow.id, None)

    def _note(self, text: str, flow: http.HTTPFlow | None = None) -> None:
        """Writes down what departs from the recording: into the journal, or into the log where nothing is recorded."""
        recorder: Any = ctx.master.addons.get("omadm-record")
        if recorder is not None:
            recorder.write("note", name="serve", text=text if flow is None else f"exchange {flow.id}: {text}")
        logger.log(logging.INFO if recorder is not None or flow is None else logging.WARNING, "omadm: %s", text)

    def _fail(self, what: str) -> None:
        recorder: Any = ctx.master.addons.get("omadm-record")
        if recorder is not None:
            recorder.fail(what)


def _name_as_called(flow: http.HTTPFlow) -> None:
    """Gives a request the URL that the device called, where mitmproxy would have put another server's into it."""
    if not isinstance(flow.client_conn.proxy_mode, mode_specs.ReverseMode):
        return
    tls = flow.client_conn.tls_established
    address = flow.client_conn.sockname or ("", 0)
    try:
        host, port = parse_authority(flow.request.host_header or "", check=True)
    except ValueError:
        host, port = str(address[0]), int(address[1])
    data = flow.request.data
    data.scheme = b"https" if tls else b"http"
    data.host, data.port = host, port or (443 if tls else 80)


def _response(reply: Reply, flow: http.HTTPFlow) -> http.Response:
    """A reply as mitmproxy has it."""
    fields = [(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in reply.headers]
    response = http.Response.make(reply.status, reply.body, http.Headers(fields))
    if reply.status in (204, 304):
        response.headers.pop("content-length", None)
    if reply.reason:
        response.reason = reply.reason
    if flow.request.is_http2:
        response.http_version = "HTTP/2.0"
    return response


def _end(flow: http.HTTPFlow, cause: str, detail: str) -> None:
    """Ends an exchange without an answer; the recorder journals this end, and no response."""
    flow.metadata[ENDED] = {"cause": cause, "detail": detail}
    if flow.killable:
        flow.kill()


addons = [Serve()]
