"""The lab's device: runs the device's side once, as a real Windows 11 device does, or in one of several wrong ways."""

import contextlib
import http.client
import os
import ssl
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from replay.capture.turns import names_server
from replay.lab import messages
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Command, Message, Results, Status
from replay.syncml.names import UNJOIN_FAILED_TEXT
from replay.syncml.read import read
from replay.syncml.unenrol import execs

SCENARIOS: Final = {
    "ordinary": "one ordinary session",
    "user": "an ordinary session, then the user disconnects: the alert in a new session",
    "server": "an ordinary session in which the server may send an Exec Unenroll; then the alert in a new session",
}
#: Ways to misbehave, or to be another device than the usual one.
VARIANTS: Final = {
    "good": "does it right",
    "alert-repeated": "sends the alert a second time, in another new session",
    "exec-answered": "gives a Status for the Exec before it sends the alert",
    "retries": "sends the alert a second time, where the first one got no good answer",
    "not-silent": "opens an ordinary session after the alert session",
    "waits": "goes on as if it were still enrolled, where the alert got no good answer",
    "alert-in-old-session": "sends the alert in the session that is open already",
    "data-2": "the alert says that the directory unjoin failed (Data 2)",
    "unjoin-text": "the alert says so in words (AADJ Unregister Failed)",
    "no-alert": "leaves without an alert",
}
_PLATFORM: Final = "?mode=Maintenance&Platform=WoA"


class DeviceError(Exception):
    """What a device could not do: the server was not there, or did not answer where an answer is needed."""


class Outcome(Struct):
    """What became of a run: messages sent, answers that came, and whether the server sent an Exec Unenroll."""

    sent: int = 0
    answered: int = 0
    exec_seen: bool = False


class LabDevice:
    """One device at one server. `timeout`, for one answer, is in seconds; `alert_timeout` is that for the answer to the alert,
    which none is bound to give."""

    def __init__(
        self,
        url: str,
        *,
        device_id: str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = 30.0,
        alert_timeout: float | None = None,
        variant: str = "good",
        session_id: int = 1,
        wbxml: bool = False,
    ) -> None:
        if not names_server(url):
            raise DeviceError(f"{url}: is no URL of a server; expected one such as https://127.0.0.1:8443/")
        parts = urlsplit(url)
        self.url = (
            url.split("?", 1)[0]
            if parts.path not in ("", "/")
            else f"{parts.scheme}://{parts.netloc}/ManagementServer/MDM.svc"
        )
        self.info = messages.DeviceInfo(device_id or os.urandom(16).hex().upper())
        self.variant = variant
        self.timeout = timeout
        self.alert_timeout = timeout if alert_timeout is None else alert_timeout
        self.wbxml = wbxml
        self.outcome = Outcome()
        self._tls = tls
        self._session_id = session_id - 1

    def run(self, scenario: str) -> Outcome:
        """Runs a scenario. Raises DeviceError where an ordinary session could not be finished."""
        with contextlib.closing(self._open()) as session:
            stays_open = session.ordinary(answer_exec=self.variant == "exec-answered")
            if scenario == "user" or (scenario == "server" and self.outcome.exec_seen):
                self._leave(session if stays_open and self.variant == "alert-in-old-session" else None)
        return self.outcome

    def _leave(self, old: "_Session | None") -> None:
        if self.variant == "no-alert":
            return
        alert = {"data-2": ("2", "int"), "unjoin-text": (UNJOIN_FAILED_TEXT, "chr")}.get(self.variant, ("1", "int"))
        session = old or self._open()
        answered = session.alert(*alert)
        if old is None:
            session.close()
        if self.variant == "alert-repeated" or (self.variant == "retries" and not answered):
            with_alert = self._open()
            with_alert.alert(*alert)
            with_alert.close()
        elif self.variant in ("not-silent", "data-2", "unjoin-text") or (self.variant == "waits" and not answered):
            # a device that stays enrolled goes on
            with contextlib.closing(self._open()) as again:
                again.ordinary(answer_exec=False)

    def _open(self) -> "_Session":
        self._session_id += 1
        return _Session(self, str(self._session_id))

    def connect(self) -> http.client.HTTPConnection:
        """A new connection to the server."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=self.timeout, context=self._tls or ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, port, timeout=self.timeout)


class _Session:
    """One session: its own connection, SessionID and MsgIDs."""

    def __init__(self, device: LabDevice, session_id: str) -> None:
        self.device = device
        self.sender = messages.Sender(session_id, device.url, device.info.device_id)
        self.message_id = 0
        self._connection = device.connect()

    def close(self) -> None:
        self._connection.close()

    def ordinary(self, *, answer_exec: bool) -> bool:
        """An ordinary session from package 1 to its end. An Exec Unenroll ends it at once, without a word (UNENR), unless it
        is to be answered. Says whether the session was cut short by one."""
        answer = self._exchange(messages.package_one(self.device.info))
        while True:
            if answer is None:
                raise DeviceError("the server did not answer an ordinary session's message")
            found = next(execs(answer), None)
            self.device.outcome.exec_seen |= found is not None
            if found is not None and not answer_exec:
                return True
            commands = self._statuses(answer)
            if (
                len(commands) <= 1 and found is None
            ):  # only the Status for SyncHdr would be left: the session ends (MDM 2.2.6.1)
                return True
            answer = self._exchange(commands)
            if found is not None:
                return True

    def alert(self, data: str, data_format: str) -> bool:
        """The alert in package 1, or, in a session that is open already, in its next message. No answer is needed; says whether a
        good one came."""
        alert = messages.unenrol_alert(data, data_format)
        self._wait_at_most(self.device.alert_timeout)
        try:
            if self.message_id == 0:
                return self._exchange(messages.package_one(self.device.info, alert=alert)) is not None
            return self._exchange([alert.replace("{id}", "1")]) is not None
        except DeviceError:
            return False  # best effort: the device cleans up whatever became of the package (UNENR)

    def _wait_at_most(self, seconds: float) -> None:
        self._connection.timeout = seconds  # for a socket that is not there yet
        if self._connection.sock is not None:
            self._connection.sock.settimeout(seconds)

    def _statuses(self, answer: Message) -> list[str]:
        """What the device owes for a server's message: Status for SyncHdr and each command, Results for a Get."""
        ref = answer.header.msg_id or ""
        out = [messages.status(1, ref, "0", "SyncHdr", "200")]
        for command in messages.flat(answer.commands):
            if isinstance(command, (Status, Results)):
                continue
            out.append(messages.status(len(out) + 1, ref, command.cmd_id or "", command.name, "200"))
            if command.name == "Get":
                out += _results(command, ref, len(out) + 1)
        return out

    def _exchange(self, commands: list[str]) -> Message | None:
        self.message_id += 1
        body = messages.message(self.sender, self.message_id, commands)
        if self.device.wbxml:
            body = messages.to_wbxml(body)
        parts = urlsplit(self.device.url)
        headers = {
            "Content-Type": messages.WBXML_TYPE if self.device.wbxml else messages.CONTENT_TYPE,
            "User-Agent": "MSFT OMA DM Client/1.2.0.1 (omadm-replay lab)",
            "Accept": "application/vnd.syncml.dm+xml, application/vnd.syncml.dm+wbxml, application/octet-stream",
            "Accept-Charset": "UTF-8",
        }
        try:
            self._connection.request("POST", f"{parts.path}{_PLATFORM}", body, headers)
            self.device.outcome.sent += 1
            response = self._connection.getresponse()
            received = response.read()
        except (OSError, http.client.HTTPException, UnicodeError) as error:  # the last for a name that no host can have
            self._connection.close()
            late = isinstance(error, TimeoutError)
            why = f"no answer within {self._connection.timeout:g} s" if late else f"{type(error).__name__}: {error}"
            raise DeviceError(f"{self.device.url}: {why}") from error
        self.device.outcome.answered += 1
        if response.status != 200:
            raise DeviceError(f"{self.device.url}: HTTP {response.status} {response.reason}")
        try:
            return read(received) if received else None
        except UnreadableMessageError as error:
            raise DeviceError(f"{self.device.url}: the answer is no SyncML message: {error}") from error


def _results(command: Command, ref: str, first_id: int) -> list[str]:
    uris = [item.target.uri for item in command.items if item.target and item.target.uri]
    return [
        messages.results(first_id + number, ref, command.cmd_id or "", uri, "10.0.26200.9278")
        for number, uri in enumerate(uris)
    ]
