"""Disturbs the server's answers on their way to the device: dropped, reset, delayed, replaced, cut (contract, "Faults").

    mitmdump -s addons/disturb.py -s addons/record.py --set omadm_fault=drop-reply@alert

The recorder comes after it, and so writes what the device really got. Every fault that was applied is a note in the
recorder's journal, or in the log where nothing is recorded. Under HTTP/2 it is the stream of the exchange that is closed, reset
or cut; the connection and the other exchanges on it go on. Unlike the recorder this script reads messages, because a
fault is aimed at what they say; without faults it does nothing. What is not OMA DM is left alone.
"""

import logging
import os
from collections.abc import Sequence
from typing import Any

from mitmproxy import addonmanager, ctx, exceptions, http
from mitmproxy.addonmanager import Loader

from replay.capture import closing
from replay.capture.kept import body_of
from replay.play import faults
from replay.play.faults import Fault, Seen, SessionKey
from replay.syncml.media import is_syncml_type
from replay.syncml.read import looks_like_syncml

logger = logging.getLogger(__name__)
_NONCE_BYTES = 16


class Disturber:
    """mitmproxy's addon."""

    name = "omadm-disturb"

    def __init__(self) -> None:
        self.faults: tuple[Fault, ...] = ()
        self._with_alert: frozenset[SessionKey] = frozenset()
        self._seen: dict[str, Seen] = {}

    def load(self, loader: Loader) -> None:
        """Declares the option."""
        loader.add_option(
            "omadm_fault",
            Sequence[str],
            [],
            "Faults to apply to the server's answers: KIND[=VALUE][@WHERE], such as drop-reply@alert or delay=5@msg=2.",
        )

    def configure(self, updated: set[str]) -> None:
        """Reads the option."""
        if "omadm_fault" in updated:
            try:
                self.faults = tuple(faults.parse(spec) for spec in ctx.options.omadm_fault)
            except faults.FaultError as error:
                raise exceptions.OptionsError(f"omadm_fault: {error}") from error

    def running(self) -> None:
        """Makes sure that the recorder will see what was done: a journal that takes it for the server's would be wrong."""
        names = [getattr(addon, "name", "") for addon in addonmanager.traverse(ctx.master.addons.chain)]
        if "omadm-record" in names and names.index("omadm-record") < names.index(self.name):
            self.faults = ()
            logger.error("omadm: disturb.py has to be loaded before record.py; no fault is applied")

    def request(self, flow: http.HTTPFlow) -> None:
        """Looks at a device's message; it goes on to the server whatever is done to the answer."""
        body = body_of(flow.request) or b""
        if not self.faults or not (is_syncml_type(flow.request.headers.get("content-type")) or looks_like_syncml(body)):
            return
        seen, self._with_alert = faults.look(body, self._with_alert)
        if seen.unread:
            logger.warning("omadm: only faults for all messages apply to one that cannot be read: %s", seen.unread)
        self._seen[flow.id] = seen

    async def response(self, flow: http.HTTPFlow) -> None:
        """Does to the server's answer what is due; a fault that cannot be applied leaves it as it is."""
        seen = self._seen.pop(flow.id, None)
        if seen is None or flow.response is None or not flow.killable:
            return
        try:
            for fault in faults.due(self.faults, seen, body_of(flow.response)):
                if not await self._apply(fault, flow, flow.response, seen):
                    return
        except Exception as error:
            recorder = ctx.master.addons.get("omadm-record")
            if recorder is not None:
                recorder.fail(f"a fault could not be applied: {type(error).__name__}: {error}")
            logger.exception("omadm: a fault could not be applied")

    def error(self, flow: http.HTTPFlow) -> None:
        """There is no answer that could be disturbed."""
        self._seen.pop(flow.id, None)

    async def _apply(self, fault: Fault, flow: http.HTTPFlow, response: http.Response, seen: Seen) -> bool:
        """Applies a fault. Says whether the device is still there to get an answer."""
        came = f"the server's answer (HTTP {response.status_code}, {len(response.raw_content or b'')} bytes)"
        if fault.kind == faults.DELAY:
            return await self._delay(fault, flow, came)
        if fault.kind == faults.DROP_REPLY:
            done = "its stream reset" if flow.request.is_http2 else "the connection closed"
            _end(flow, "other", _note(fault, flow, f"{came} is dropped and {done}"))
            return False
        if fault.kind == faults.RESET:
            _end(flow, "other", _note(fault, flow, f"{came} is dropped and {closing.reset(ctx.master, flow)}"))
            return False
        if fault.kind == faults.TRUNCATE:
            _truncate(fault, flow, response, came)
            return True
        made = faults.answer(fault, seen, body_of(response), os.urandom(_NONCE_BYTES))
        if made is None:
            logger.warning("omadm: %s is not applied: the request cannot be read", fault)
            return True
        headers = {"Content-Type": made.content_type} if made.content_type else {}
        flow.response = http.Response.make(made.status, made.body, headers)
        flow.metadata[faults.BY_PROXY] = True
        _note(fault, flow, f"{came} is replaced by HTTP {made.status} with {len(made.body)} bytes")
        return True

    async def _delay(self, fault: Fault, flow: http.HTTPFlow, came: str) -> bool:
        """Holds an answer back, and nothing else: other exchanges go on meanwhile."""
        _note(fault, flow, f"{came} is held back for {float(fault.value or 0):g} s")
        if not await closing.until_given_up(ctx.master, flow, float(fault.value or 0)):
            return True
        _end(flow, "client-closed", "the device hung up while its answer was held back")
        return False


def _note(fault: Fault, flow: http.HTTPFlow, what: str) -> str:
    """Writes down that a fault was applied: into the journal, or into the log where nothing is recorded."""
    text = f"{fault}: exchange {flow.id}: {what}"
    recorder: Any = ctx.master.addons.get("omadm-record")
    if recorder is not None:
        recorder.write("note", name="fault", text=text)
    logger.log(logging.INFO if recorder is not None else logging.WARNING, "omadm: fault %s", text)
    return text


def _end(flow: http.HTTPFlow, cause: str, detail: str) -> None:
    """Closes the connection to the device without an answer; the recorder journals this end, and no response."""
    flow.metadata[faults.ENDED] = {"cause": cause, "detail": detail}
    if flow.killable:  # a device that is gone already needs no closing
        flow.kill()


def _truncate(fault: Fault, flow: http.HTTPFlow, response: http.Response, came: str) -> None:
    """Cuts the body off: the head announces all of it, a part comes, and the connection is closed."""
    plain = body_of(response)
    if plain is not response.raw_content:  # bytes of the message are counted, not of its coding
        response.headers.pop("content-encoding", None)
        response.content = plain
    body, keep = response.raw_content or b"", int(fault.value or 0)
    if keep >= len(body):
        logger.warning("omadm: %s is not applied: %s is no longer than that", fault, came)
        return
    done = closing.cut(ctx.master, flow, response, keep)
    flow.metadata[faults.BY_PROXY] = True
    text = _note(fault, flow, f"{came} is cut off after {keep} of {len(body)} bytes and {done}")
    flow.metadata[faults.ENDED] = {"cause": "truncated", "detail": text, "received": keep}


addons = [Disturber()]
