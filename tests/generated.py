"""Captures of sessions that obey every rule, made up at random: what devices and servers may do, in every way that comes to mind.

A `World` is one capture: devices that live through ordinary sessions, challenges, large objects and servers that are away, and
leave in one of the three ways. Whatever it does is allowed, so no rule may call it an error.
"""

import base64
import random
from urllib.parse import quote
from xml.sax.saxutils import escape

from replay.lab import messages
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from replay.syncml.model import Message
from replay.syncml.names import UNENROL_TYPE
from replay.syncml.read import read as read_message
from tests.forms import written
from tests.manners import Manners, cmd, meta, own, status, target
from tests.story import Story

SCENARIOS = ("ordinary", "user", "server", "unjoin-failed")
_NODES = (
    "./DevDetail/SwV",
    "./Vendor/MSFT/Policy/Result/X",
    "./Device/Vendor/MSFT/RemoteWipe/Y",
    "./cimv2/Z",
    "./DevInfo/Lang",
)
_PROVIDERS = ("MS DM Server", "Contoso", "A/B & Co", "Größe", "x%y")
_ROOTS = ("./Vendor/MSFT", "./Device/Vendor/MSFT")


class Peer:
    """One device at one server: its habits, and what it remembers."""

    def __init__(self, world: "World", number: int) -> None:
        pick = world.random
        self.world, self.random = world, pick
        self.id = pick.choice(
            [f"{pick.getrandbits(128):032X}", f"urn:uuid:{number}-{pick.getrandbits(40)}", f"IMEI:{number}9001"]
        )
        self.host = pick.choice(["mdm.example.test", "mdm.example.test:8443", "10.1.2.3"])
        self.url = f"https://{self.host}/omadm/{pick.choice(['device.ashx', 'MDM.svc', ''])}"
        self.query = pick.choice(["", "?mode=Maintenance&Platform=WoA"])
        self.client = f"10.0.{number}.7:5{number:04}"
        self.wbxml = world.wbxml
        self.session = pick.randrange(1, 4000)
        self.hexadecimal = pick.random() < 0.3
        self.auth = pick.choice([None, None, "basic", "md5", *([] if world.tidy else ["mac"])])
        self.user, self.password, self.nonce = f"user{number}", "p:w", b"first"
        self.running: list[str] = []
        self.starting: list[str] = []
        self.first_id = pick.choice([1, 2, 2, 10])
        self.header_extra = pick.random() < 0.3


class Conversation(Manners):
    """One session, message by message."""

    def __init__(self, peer: Peer, *, alert: str | None = None) -> None:
        self.peer, self.world, self.random = peer, peer.world, peer.random
        peer.session += 1
        self.id = f"{peer.session:X}" if peer.hexadecimal else str(peer.session)
        self.sent = self.heard = 0
        self.alert = alert
        self.url, self.next_url = peer.url + peer.query, ""
        self.headers: list[list[str]] = []
        self.signs = False
        self.waiting: list[Message] = []
        self.unanswered: list[Message] = []

    def may(self, chance: float) -> bool:
        """Whether something happens that is right, and not all can be asked to bear: never in a tidy world."""
        return not self.world.tidy and self.random.random() < chance

    # -- messages -------------------------------------------------------------------------------------------------------

    def message(
        self, commands: list[str], *, final: bool = True, from_device: bool = True, cred: str = "", more: str = ""
    ) -> bytes:
        """A message with the next MsgID of its sender, its commands numbered."""
        if from_device:
            self.sent += 1
        else:
            self.heard += 1
        number = self.sent if from_device else self.heard
        to, by = (self.peer.url, self.peer.id) if from_device else (self.peer.id, self.peer.url)
        count = self.peer.first_id if from_device else 1
        out = []
        for place, part in enumerate("".join(commands).split("{id}")):
            out += [str(count + place - 1), part] if place else [part]
        body = (
            '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
            f"<SessionID>{self.id}</SessionID><MsgID>{number}</MsgID>{target(to)}"
            f"<Source><LocURI>{escape(by)}</LocURI>{self._name(from_device)}</Source>{more}{cred}{self._limits(from_device)}"
            f"</SyncHdr><SyncBody>{''.join(out)}{'<Final/>' if final else ''}</SyncBody></SyncML>"
        )
        if self.peer.wbxml:
            return messages.to_wbxml(body.encode())
        return written(body, self.random, plain=self.world.plain)

    def _name(self, from_device: bool) -> str:
        return f"<LocName>{self.peer.user}</LocName>" if from_device and self.peer.auth == "md5" else ""

    def _limits(self, from_device: bool) -> str:
        return (
            '<Meta><MaxMsgSize xmlns="syncml:metinf">524288</MaxMsgSize></Meta>'
            if from_device and self.peer.header_extra
            else ""
        )

    def _cred(self) -> str:
        peer = self.peer
        secret = Secret(peer.user, peer.password)
        if peer.auth == "mac":
            return ""
        if peer.auth == "basic":
            data, kind = credentials.basic(secret), credentials.BASIC
        else:
            data, kind = credentials.md5(secret, peer.nonce), credentials.MD5
        return f"<Cred>{meta(kind, 'b64')}<Data>{data}</Data></Cred>"

    def exchange(self, request: bytes, response: bytes | None, **more) -> None:
        peer, story = self.peer, self.world.story
        story.device, story.url, story.client = peer.id, self.url, peer.client
        kind = messages.WBXML_TYPE if peer.wbxml else messages.CONTENT_TYPE
        kind += self.random.choice(["", "", "; charset=utf-8"])
        more.setdefault("response_headers", [["Content-Type", kind]] if response else [])
        headers = [["Content-Type", kind], ["User-Agent", "MSFT OMA DM Client/1.2.0.1"], *self.headers]
        if self.alert is not None and self.random.random() < 0.5:
            headers.append(["MDM-GenericAlert", f"<{UNENROL_TYPE}>"])
        if self.signs:
            headers += self.mac(request)
        story.exchange(request, response, headers=headers, takes=self.random.uniform(0.01, 0.4), **more)
        self.url, self.next_url = self.next_url or self.url, ""
        story.wait(self.random.uniform(0, 0.3))

    # -- package 1 ------------------------------------------------------------------------------------------------------

    def package_one(self) -> list[str]:
        pick, peer = self.random, self.peer
        login = cmd("Alert", f"<Data>1224</Data><Item>{meta('com.microsoft/MDM/LoginStatus')}<Data>user</Data></Item>")
        names = {"DevId": peer.id, "Man": "M", "Mod": "m", "DmV": "1.3", "Lang": "en-US"}
        items = "".join(
            f"<Item><Source><LocURI>./DevInfo/{name}</LocURI></Source><Data>{escape(value)}</Data></Item>"
            for name, value in names.items()
        )
        commands = [cmd("Alert", f"<Data>{pick.choice(['1201', '1201', '1200'])}</Data>")]
        if pick.random() < 0.7:
            commands.append(login)
        if self.alert is not None:
            commands.append(self.alert)
        if self.peer.running and self.may(0.5):
            commands.append(self.later())
        return [*commands, cmd("Replace", items)]

    def open(self, answer: list[str]) -> Message:
        """Package 1, after a challenge again with credentials; gives the server's answer to it."""
        peer, pick = self.peer, self.random
        commands = self.package_one()
        eager = peer.auth in ("basic", "md5") and pick.random() < 0.5
        split = self.may(0.2)
        if peer.auth is None or eager:
            request = self._first(commands, split=split)
        else:
            self.challenge(self.message(commands))
            self.signs = peer.auth == "mac"
            request = self._first(commands, split=split)
        code = "212" if peer.auth in ("basic", "md5") else "200"
        if answer and self.may(0.3):
            return self.in_parts(request, [answer[:1], *([each] for each in answer[1:])], header_code=code)
        return self.reply(request, answer, header_code=code)

    def _first(self, commands: list[str], *, split: bool) -> bytes:
        """Package 1, or its last message; on the way there the device may be sent elsewhere, or find nobody."""
        cred = self._cred() if self.peer.auth is not None else ""
        if split and not cred:
            return self.in_two_messages(commands)
        request = self.message(commands, cred=cred)
        if self.sent == 1 and self.may(0.1):
            self.redirected(request)
        elif self.sent == 1 and self.alert is not None and self.may(0.1):
            self.asked_by_http(request)
        elif (
            self.random.random() < 0.1 and self.peer.auth is None
        ):  # nobody is there, and the same bytes are sent again
            self.exchange(request, None, failure="connect-failed")
            self.world.story.watch(self.random.uniform(0, 20))
        return request

    def challenge(self, request: bytes) -> None:
        """Refuses package 1 and says how to do it right."""
        owed = [one.replace("{code}", "407") for one in self._owed(request, chal=self._chal())]
        self.exchange(request, self.message(owed, from_device=False))

    def _chal(self) -> str:
        """What the device is to show, with a fresh nonce."""
        peer = self.peer
        kind = {"mac": credentials.MAC, "md5": credentials.MD5, "basic": credentials.BASIC}[peer.auth or "basic"]
        inside = meta(kind, "b64")
        if kind != credentials.BASIC:
            peer.nonce = f"nonce{self.random.getrandbits(32)}".encode()
            nonce = f'<NextNonce xmlns="syncml:metinf">{base64.b64encode(peer.nonce).decode()}</NextNonce></Meta>'
            inside = inside.replace("</Meta>", nonce)
        return f"<Chal>{inside}</Chal>"

    def _owed(self, request: bytes, chal: str = "") -> list[str]:
        """The Status elements that a message is owed, each with a place for its code; and those of the messages of its package that
        were not answered yet."""
        received = read_message(request)
        ref = received.header.msg_id
        before = [
            status(each.header.msg_id, one.cmd_id, one.name, "{code}") for each in self.waiting for one in own(each)
        ]
        self.waiting = []
        out = [status(ref, "0", "SyncHdr", "{code}", chal), *before]
        return out + [status(ref, each.cmd_id, each.name, "{code}") for each in own(received)]

    def reply(
        self, request: bytes, more: list[str], *, header_code: str = "200", code: str = "200", final: bool = True
    ) -> Message:
        """The server's answer with its Status elements, and commands of its own. One that is signed gives the next nonce."""
        headers = self.mac(request) if self.signs else []
        first, *others = self._owed(request, self._chal() if self.signs else "")
        owed = [first.replace("{code}", header_code), *(one.replace("{code}", code) for one in others)]
        moved = self.moved() if self.may(0.05) else ""
        response = self.message([*owed, *more], from_device=False, more=moved, final=final)
        self.signs, signs = False, self.signs
        self.headers += headers
        self.exchange(request, response)
        self.peer.running += self.peer.starting  # the device has them now
        self.peer.starting.clear()
        self.headers, self.signs = self.headers[: len(self.headers) - len(headers)], signs
        return read_message(response)

    # -- ordinary sessions ----------------------------------------------------------------------------------------------

    def ordinary(self, *, last: list[str] | None = None) -> Message:
        """A session of some rounds; the last thing that the server says in it are the commands of `last`, after which the device is
        silent in it, or closes it."""
        rounds = self.random.randrange(0, 3)
        answer = self.open(self.commands() if rounds else (last or []))
        for left in range(rounds, 0, -1):
            if last is None and self.may(0.05):
                self.aborted_by_device(answer)
                return answer
            request = self.answer_to(answer)
            if last is None and self.may(0.05):
                self.aborted_by_server(request)
                return answer
            answer = self.reply(request, self.commands() if left > 1 else (last or []))
        if last is not None and self.may(0.2):
            self.aborted_by_device(answer)
        return answer

    def commands(self) -> list[str]:
        """What a server may ask for."""
        pick = self.random
        kinds = ["Get", "Replace", "Add", "Delete", "Exec", "Atomic", "Sequence", "Gets"]
        kinds += [] if self.world.tidy else ["Copy", "Alert", "later"]
        return [self._command(pick.choice(kinds)) for _ in range(pick.randrange(1, 4))]

    def _command(self, name: str, *, nested: bool = False) -> str:
        pick = self.random
        uri = pick.choice(_NODES)
        match name:
            case "Get":
                return cmd("Get", f"<Item>{target(uri)}</Item>")
            case "Gets":
                return cmd("Get", "".join(f"<Item>{target(each)}</Item>" for each in pick.sample(_NODES, 2)))
            case "Delete":
                return cmd("Delete", f"<Item>{target(uri)}</Item>")
            case "later":
                return self.started()
            case "Alert":
                return cmd(
                    "Alert", "<Data>1100</Data><Item><Data>MINDT=10</Data></Item><Item><Data>Grüße</Data></Item>"
                )
            case "Copy":
                return cmd("Copy", f"<Item>{target(uri)}<Source><LocURI>./X</LocURI></Source></Item>")
            case "Exec":
                return cmd("Exec", f"<Item>{target('./Vendor/MSFT/EnterpriseAppManagement/Go')}</Item>")
            case "Atomic" | "Sequence":
                inner = [self._command(pick.choice(["Replace", "Add", "Delete"])) for _ in range(2)]
                return f"<{name}><CmdID>{{id}}</CmdID>{''.join(inner)}</{name}>"
            case _:
                return cmd(name, f"<Item>{target(uri)}{meta(None, 'chr')}<Data>{escape('v<&>')}</Data></Item>")

    def answer_to(self, received: Message) -> bytes:
        """The device's answer: a Status a command, Results for a Get, in one message or, where they are long, in several. What it
        still owes to earlier messages of the server's package comes first."""
        out = [status(received.header.msg_id, "0", "SyncHdr")]
        for earlier in self.unanswered:
            out += self.answers(earlier)
        self.unanswered = []
        out += self.answers(received)
        chunked = [
            place for place, each in enumerate(out) if each.startswith("<Results>") and each.count("<Item>") == 1
        ]
        if chunked and self.random.random() < 0.2:
            return self.in_chunks(out, chunked[-1])
        return self.message(out, cred=self._cred() if self.peer.auth == "basic" and self.random.random() < 0.5 else "")

    def answers(self, received: Message) -> list[str]:
        """The device's Status elements and Results for the commands of a message."""
        ref = received.header.msg_id
        out = []
        for command in own(received):
            got = self.random.random() < 0.8 or command.name != "Get"
            if command.name == "Get" and len(command.items) > 1 and self.may(0.5):
                uris = [item.target.uri for item in command.items]
                out += self.item_by_item((ref, command.cmd_id), uris)
                continue
            late = getattr(command, "correlator", None) is not None
            out.append(status(ref, command.cmd_id, command.name, "202" if late else "200" if got else "404"))
            if command.name == "Get" and got:
                uris = [item.target.uri for item in command.items]
                items = "".join(
                    f"<Item><Source><LocURI>{uri}</LocURI></Source>{meta(None, 'chr')}<Data>v</Data></Item>"
                    for uri in uris
                )
                refs = f"<MsgRef>{ref}</MsgRef><CmdRef>{command.cmd_id}</CmdRef>"
                out.append(cmd("Results", f"{refs}<Cmd>Get</Cmd>{items}"))
        return out


class World:
    """One capture. `seed` makes it, `wbxml` says how its messages are written; `scenario` is how its first device leaves. In a
    `tidy` one no message is lost or refused either; `plain`, every message is written in the usual way."""

    def __init__(self, seed: int, scenario: str, *, wbxml: bool, tidy: bool = False, plain: bool = False) -> None:
        self.tidy, self.plain = tidy, plain or tidy
        self.random = random.Random(seed)
        self.scenario, self.wbxml = scenario, wbxml
        self.story = Story()
        self.peer = Peer(self, 1)
        others = [Peer(self, number) for number in range(2, self.random.randrange(2, 5))]
        for _ in range(self.random.randrange(1, 4)):
            self._finish(Conversation(self.random.choice([self.peer, *others])))
            self.story.watch(self.random.uniform(1, 40))
        if scenario == "ordinary":
            self._finish(Conversation(self.peer))
        else:
            self._leave()
            for _ in range(self.random.randrange(0, 2) if others else 0):
                self.story.watch(5)
                self._finish(Conversation(self.random.choice(others)))
            if scenario == "unjoin-failed":
                self.story.watch(5)
                self._finish(Conversation(self.peer))
        self.story.watch(70).close()

    def _finish(self, conversation: Conversation) -> None:
        conversation.ordinary()

    def _leave(self) -> None:
        pick = self.random
        if self.scenario != "user":
            provider = pick.choice(_PROVIDERS)
            node = f"{pick.choice(_ROOTS)}/DMClient/Provider/{quote(provider, safe='')}/Unenroll"
            described = pick.choice([meta(None, "chr"), ""])
            Conversation(self.peer).ordinary(
                last=[cmd("Exec", f"<Item>{target(node)}{described}<Data>{escape(provider)}</Data></Item>")]
            )
            self.story.wait(pick.uniform(0, 5))
        data, form = "1", "int"
        if self.scenario == "unjoin-failed":
            data, form = pick.choice([("2", "int"), ("AADJ Unregister Failed", "chr")])
        described = meta(UNENROL_TYPE, form, pick.choice(["critical", None]))
        alert = cmd("Alert", f"<Data>1226</Data><Item>{described}<Data>{data}</Data></Item>")
        conversation = Conversation(self.peer, alert=alert)
        how = "answered" if self.tidy else pick.choice(["answered", "202", "empty", "closed", "hung", "500"])
        if how in ("answered", "202") or self.peer.auth is not None:
            conversation.open([]) if how != "202" or self.peer.auth is not None else conversation.reply(
                conversation.message(conversation.package_one()), [], code="202"
            )
            return
        request = conversation.message(conversation.package_one())
        match how:
            case "empty":
                conversation.exchange(request, b"")
            case "500":
                conversation.exchange(request, b"busy", status=500, response_headers=[["Content-Type", "text/plain"]])
            case "closed":
                conversation.exchange(request, None, failure="server-closed")
            case _:
                conversation.exchange(request, None, failure="client-closed")
