"""Captures of sessions that obey every rule, made up at random: what devices and servers may do, in every way that comes to mind.

A `World` is one capture: devices that live through ordinary sessions, challenges, large objects and servers that are away, and
leave in one of the three ways. Whatever it does is allowed, so no rule may call it an error.
"""

import base64
import hashlib
import random
from urllib.parse import quote
from xml.sax.saxutils import escape

from replay.lab import messages
from replay.syncml.model import Message, Results, Status
from replay.syncml.names import UNENROL_TYPE
from replay.syncml.read import read as read_message
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


def cmd(name: str, inner: str) -> str:
    """A command whose CmdID is given when its message is made."""
    return f"<{name}><CmdID>{{id}}</CmdID>{inner}</{name}>"


def meta(kind: str | None = None, form: str | None = None, mark: str | None = None, size: int | None = None) -> str:
    """Meta with its children in their namespace."""
    parts = [("Format", form), ("Type", kind), ("Mark", mark), ("Size", None if size is None else str(size))]
    inside = "".join(
        f'<{name} xmlns="syncml:metinf">{escape(text)}</{name}>' for name, text in parts if text is not None
    )
    return f"<Meta>{inside}</Meta>" if inside else ""


def target(uri: str) -> str:
    return f"<Target><LocURI>{escape(uri)}</LocURI></Target>"


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
        self.auth = pick.choice([None, None, "basic", "md5"])
        self.user, self.password, self.nonce = f"user{number}", "p:w", b"first"
        self.first_id = pick.choice([1, 2, 2, 10])
        self.header_extra = pick.random() < 0.3


class Conversation:
    """One session, message by message."""

    def __init__(self, peer: Peer, *, alert: str | None = None) -> None:
        self.peer, self.world, self.random = peer, peer.world, peer.random
        peer.session += 1
        self.id = f"{peer.session:X}" if peer.hexadecimal else str(peer.session)
        self.sent = self.heard = 0
        self.alert = alert
        self.trusted = peer.auth is None

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
        ).encode()
        if self.peer.wbxml:
            return messages.to_wbxml(body)
        return self.random.choice([b"", b'<?xml version="1.0" encoding="UTF-8"?>\n', b'<?xml version="1.0"?>']) + body

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
        if peer.auth == "basic":
            data, kind = base64.b64encode(f"{peer.user}:{peer.password}".encode()).decode(), "syncml:auth-basic"
        else:
            first = base64.b64encode(hashlib.md5(f"{peer.user}:{peer.password}".encode()).digest())
            data = base64.b64encode(hashlib.md5(first + b":" + peer.nonce).digest()).decode()
            kind = "syncml:auth-md5"
        return f"<Cred>{meta(kind, 'b64')}<Data>{data}</Data></Cred>"

    def exchange(self, request: bytes, response: bytes | None, **more) -> None:
        peer, story = self.peer, self.world.story
        story.device, story.url, story.client = peer.id, peer.url + peer.query, peer.client
        kind = messages.WBXML_TYPE if peer.wbxml else messages.CONTENT_TYPE
        kind += self.random.choice(["", "", "; charset=utf-8"])
        more.setdefault("response_headers", [["Content-Type", kind]] if response else [])
        headers = [["Content-Type", kind], ["User-Agent", "MSFT OMA DM Client/1.2.0.1"]]
        if self.alert is not None and self.random.random() < 0.5:
            headers.append(["MDM-GenericAlert", f"<{UNENROL_TYPE}>"])
        story.exchange(request, response, headers=headers, takes=self.random.uniform(0.01, 0.4), **more)
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
        return [*commands, cmd("Replace", items)]

    def open(self, answer: list[str]) -> Message | None:
        """Package 1, after a challenge again with credentials; gives the server's answer to it."""
        peer, pick = self.peer, self.random
        commands = self.package_one()
        eager = peer.auth is not None and pick.random() < 0.5
        request = self.message(commands, cred=self._cred() if eager else "")
        if peer.auth is not None and not eager:
            self.challenge(request)
            request = self.message(commands, cred=self._cred())
        elif (
            pick.random() < 0.1 and peer.auth is None
        ):  # the server is not there, and the device sends the same bytes again
            self.exchange(request, None, failure="connect-failed")
            self.world.story.watch(pick.uniform(0, 20))
        code = "212" if peer.auth is not None else "200"
        return self.reply(request, answer, header_code=code)

    def challenge(self, request: bytes) -> None:
        """Refuses package 1 and says how to do it right."""
        peer = self.peer
        peer.nonce = f"nonce{self.random.getrandbits(32)}".encode()
        inside = meta(f"syncml:auth-{peer.auth}", "b64").replace(
            "</Meta>",
            f'<NextNonce xmlns="syncml:metinf">{base64.b64encode(peer.nonce).decode()}</NextNonce></Meta>'
            if peer.auth == "md5"
            else "</Meta>",
        )
        owed = [one.replace("{code}", "407") for one in self._owed(request, chal=f"<Chal>{inside}</Chal>")]
        self.exchange(request, self.message(owed, from_device=False))

    def _owed(self, request: bytes, chal: str = "") -> list[str]:
        """The Status elements that a message is owed, each with a place for its code."""
        received = read_message(request)
        ref = received.header.msg_id
        out = [cmd("Status", f"<MsgRef>{ref}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>{chal}<Data>{{code}}</Data>")]
        owing = [each for each in messages.flat(received.commands) if not isinstance(each, (Status, Results))]
        return out + [
            cmd(
                "Status",
                f"<MsgRef>{ref}</MsgRef><CmdRef>{each.cmd_id}</CmdRef><Cmd>{each.name}</Cmd><Data>{{code}}</Data>",
            )
            for each in owing
        ]

    def reply(self, request: bytes, more: list[str], *, header_code: str = "200", code: str = "200") -> Message:
        """The server's answer with its Status elements, and commands of its own."""
        first, *others = self._owed(request)
        owed = [first.replace("{code}", header_code), *(one.replace("{code}", code) for one in others)]
        response = self.message([*owed, *more], from_device=False)
        self.exchange(request, response)
        return read_message(response)

    # -- ordinary sessions ----------------------------------------------------------------------------------------------

    def ordinary(self, *, last: list[str] | None = None) -> Message:
        """A session of some rounds; the last thing that the server says in it are the commands of `last`, after which the device is
        silent in it."""
        rounds = self.random.randrange(0, 3)
        answer = self.open(self.commands() if rounds else (last or []))
        for left in range(rounds, 0, -1):
            request = self.answer_to(answer)
            answer = self.reply(request, self.commands() if left > 1 else (last or []))
        return answer

    def commands(self) -> list[str]:
        """What a server may ask for."""
        pick = self.random
        return [
            self._command(pick.choice(["Get", "Replace", "Add", "Delete", "Exec", "Atomic", "Sequence", "Gets"]))
            for _ in range(pick.randrange(1, 4))
        ]

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
            case "Exec":
                return cmd("Exec", f"<Item>{target('./Vendor/MSFT/EnterpriseAppManagement/Go')}</Item>")
            case "Atomic" | "Sequence":
                inner = [self._command(pick.choice(["Replace", "Add", "Delete"])) for _ in range(2)]
                return f"<{name}><CmdID>{{id}}</CmdID>{''.join(inner)}</{name}>"
            case _:
                return cmd(name, f"<Item>{target(uri)}{meta(None, 'chr')}<Data>{escape('v<&>')}</Data></Item>")

    def answer_to(self, received: Message) -> bytes:
        """The device's answer: a Status a command, Results for a Get, in one message or, where they are long, in several."""
        ref = received.header.msg_id
        out = [cmd("Status", f"<MsgRef>{ref}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data>")]
        large = None
        for command in messages.flat(received.commands):
            if isinstance(command, (Status, Results)):
                continue
            refs = f"<MsgRef>{ref}</MsgRef><CmdRef>{command.cmd_id}</CmdRef>"
            got = self.random.random() < 0.8 or command.name != "Get"
            out.append(cmd("Status", f"{refs}<Cmd>{command.name}</Cmd><Data>{'200' if got else '404'}</Data>"))
            if command.name == "Get" and got:
                uris = [item.target.uri for item in command.items]
                items = "".join(
                    f"<Item><Source><LocURI>{uri}</LocURI></Source>{meta(None, 'chr')}<Data>v</Data></Item>"
                    for uri in uris
                )
                out.append(cmd("Results", f"{refs}<Cmd>Get</Cmd>{items}"))
                large = (refs, uris[0])
        if large is not None and self.random.random() < 0.2:
            return self._in_chunks(out, *large)
        return self.message(out, cred=self._cred() if self.peer.auth == "basic" and self.random.random() < 0.5 else "")

    def _in_chunks(self, before: list[str], refs: str, uri: str) -> bytes:
        """The last Results as a large object in two or three messages (DMP 7); gives the last of them, which is not sent yet."""
        size, parts = 30, self.random.choice([2, 3])
        lengths = [size // parts] * parts
        commands = before[
            : next(place for place in range(len(before) - 1, 0, -1) if before[place].startswith("<Results>"))
        ]
        rest = before[len(commands) + 1 :]
        for place, length in enumerate(lengths):
            described = meta(None, "chr", size=sum(lengths) if place == 0 else None)
            more = "" if place == parts - 1 else "<MoreData/>"
            item = f"<Item><Source><LocURI>{uri}</LocURI></Source>{described}<Data>{'x' * length}</Data>{more}</Item>"
            chunk = cmd("Results", f"{refs}<Cmd>Get</Cmd>{item}")
            if place == parts - 1:
                return self.message([*commands, chunk, *rest])
            request = self.message([*commands, chunk], final=False)
            sent = read_message(request)
            number = sent.commands[-1].cmd_id
            goon = [
                cmd(
                    "Status",
                    f"<MsgRef>{sent.header.msg_id}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data>",
                ),
                cmd(
                    "Status",
                    f"<MsgRef>{sent.header.msg_id}</MsgRef><CmdRef>{number}</CmdRef><Cmd>Results</Cmd><Data>213</Data>",
                ),
                cmd("Alert", "<Data>1222</Data>"),
            ]
            response = self.message(goon, final=False, from_device=False)
            self.exchange(request, response)
            heard = read_message(response)
            commands = [
                cmd(
                    "Status",
                    f"<MsgRef>{heard.header.msg_id}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data>",
                ),
                cmd(
                    "Status",
                    f"<MsgRef>{heard.header.msg_id}</MsgRef><CmdRef>{heard.commands[-1].cmd_id}</CmdRef><Cmd>Alert</Cmd><Data>200</Data>",
                ),
            ]
        raise AssertionError("the last part returns")


class World:
    """One capture. `seed` makes it, `wbxml` says how its messages are written; `scenario` is how its first device leaves. In a
    `tidy` one no message is lost or refused either."""

    def __init__(self, seed: int, scenario: str, *, wbxml: bool, tidy: bool = False) -> None:
        self.tidy = tidy
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
        answer = conversation.ordinary()
        assert all(isinstance(command, Status) for command in answer.commands)

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
