"""What correct sessions may do besides asking and answering: packages in several messages, redirects, another address, aborts,
answers item by item, operations that are answered later.

`Manners` goes with `Conversation` (tests/generated.py), which sends and counts the messages.
"""

import base64
from xml.sax.saxutils import escape

from replay.lab import messages
from replay.syncml import credentials
from replay.syncml.credentials import Secret
from replay.syncml.model import Message, Results, Status
from replay.syncml.read import read as read_message

_CORRELATED = "Reversed-Domain-Name:com.example.operation"


def cmd(name: str, inner: str) -> str:
    """A command whose CmdID is given when its message is made."""
    return f"<{name}><CmdID>{{id}}</CmdID>{inner}</{name}>"


def status(ref: str | None, command_ref: str | None, name: str, code: str = "200", more: str = "") -> str:
    """A Status; `more` stands before its Data."""
    refs = f"<MsgRef>{ref}</MsgRef><CmdRef>{command_ref}</CmdRef>"
    return cmd("Status", f"{refs}<Cmd>{name}</Cmd>{more}<Data>{code}</Data>")


def meta(kind: str | None = None, form: str | None = None, mark: str | None = None, size: int | None = None) -> str:
    """Meta with its children in their namespace."""
    parts = [("Format", form), ("Type", kind), ("Mark", mark), ("Size", None if size is None else str(size))]
    inside = "".join(
        f'<{name} xmlns="syncml:metinf">{escape(text)}</{name}>' for name, text in parts if text is not None
    )
    return f"<Meta>{inside}</Meta>" if inside else ""


def target(uri: str) -> str:
    return f"<Target><LocURI>{escape(uri)}</LocURI></Target>"


def ask_for_more() -> str:
    """Alert 1222."""
    return cmd("Alert", "<Data>1222</Data>")


def own(message: Message) -> list:
    """The commands of a message that are owed a Status."""
    return [each for each in messages.flat(message.commands) if not isinstance(each, (Status, Results))]


class Manners:
    """Ways of a conversation, chosen at random."""

    # -- package 1 ------------------------------------------------------------------------------------------------------

    def in_two_messages(self, commands: list[str]) -> bytes:
        """Package 1 in two messages: everything but DevInfo, which comes when the server asks for more. Gives the second one."""
        request = self.message(commands[:-1], final=False)
        sent = read_message(request)
        at_once = self.random.random() < 0.5
        owed = [status(sent.header.msg_id, each.cmd_id, each.name) for each in own(sent)] if at_once else []
        self.waiting = [] if at_once else [sent]
        answer = self.message(
            [status(sent.header.msg_id, "0", "SyncHdr"), *owed, ask_for_more()], final=False, from_device=False
        )
        self.exchange(request, answer)
        heard = read_message(answer)
        taken = [status(heard.header.msg_id, "0", "SyncHdr")]
        taken += [status(heard.header.msg_id, each.cmd_id, each.name) for each in own(heard)]
        return self.message([*taken, commands[-1]])

    def redirected(self, request: bytes) -> None:
        """The first message goes to another address by a redirect, and is sent there again as it was."""
        self.exchange(
            request,
            b"",
            status=self.random.choice([307, 308, 302]),
            response_headers=[["Location", "https://other.example.test/omadm"]],
        )
        self.url = "https://other.example.test/omadm"

    def asked_by_http(self, request: bytes) -> None:
        """HTTP wants credentials of its own, and the same message comes again with them."""
        how = [["WWW-Authenticate", 'Bearer realm="mdm"']]
        self.exchange(request, b"", status=401, response_headers=how)
        self.headers = [["Authorization", "Bearer ä.b.c"]]

    def moved(self) -> str:
        """RespURI, as the server writes it into its header: the device sends what follows there."""
        self.next_url = "https://node7.example.test:8443/omadm/session?id=7"
        return f"<RespURI>{self.next_url}</RespURI>"

    def mac(self, body: bytes) -> list[list[str]]:
        """The header with the MAC of a message."""
        secret = Secret(self.peer.user, self.peer.password)
        return [[credentials.HMAC_HEADER, credentials.hmac_header(secret, self.peer.nonce, body)]]

    # -- the server's packages ----------------------------------------------------------------------------------------------

    def in_parts(self, request: bytes, parts: list[list[str]], **more) -> Message:
        """The server's package in several messages; the device takes each, and asks for the next one. Its answers come at once or
        at the end. Gives the last message of the server, and leaves what is still owed to the earlier ones."""
        answer = self.reply(request, parts[0], final=len(parts) == 1, **more)
        for number, part in enumerate(parts[1:], 1):
            ref = answer.header.msg_id
            answers = [status(ref, "0", "SyncHdr")]
            if self.random.random() < 0.5:
                answers += self.answers(answer)
            else:
                self.unanswered.append(answer)
            request = self.message([*answers, ask_for_more()], final=self.random.random() < 0.3)
            answer = self.reply(request, part, final=number == len(parts) - 1)
        return answer

    # -- ends -----------------------------------------------------------------------------------------------------------

    def aborted_by_device(self, answer: Message) -> None:
        """The device breaks the session off; the server says a last word, or nothing."""
        ref = answer.header.msg_id
        end = cmd("Alert", "<Data>1223</Data>")
        request = self.message([status(ref, "0", "SyncHdr"), end] if self.random.random() < 0.7 else [end])
        if self.random.random() < 0.5:
            self.reply(request, [])
        else:
            self.exchange(request, b"")

    def aborted_by_server(self, request: bytes) -> None:
        """The server breaks the session off, and the device says nothing to that."""
        received = read_message(request)
        owed = [status(received.header.msg_id, "0", "SyncHdr")]
        if self.random.random() < 0.5:
            owed += [status(received.header.msg_id, each.cmd_id, each.name) for each in own(received)]
        self.exchange(request, self.message([*owed, cmd("Alert", "<Data>1223</Data>")], from_device=False))

    # -- answers --------------------------------------------------------------------------------------------------------

    def item_by_item(self, refs: tuple[str | None, str | None], uris: list[str]) -> list[str]:
        """A Get of several items, answered one by one: what is not there has a Status of its own."""
        out = []
        for number, uri in enumerate(uris):
            about = f"<TargetRef>{uri}</TargetRef>"
            out.append(status(*refs, "Get", "404" if number else "200", about))
        item = f"<Item><Source><LocURI>{uris[0]}</LocURI></Source><Data>größe €</Data></Item>"
        names = f"<MsgRef>{refs[0]}</MsgRef><CmdRef>{refs[1]}</CmdRef><Cmd>Get</Cmd>"
        return [*out, cmd("Results", names + item)]

    def later(self) -> str:
        """The outcome of an operation that the device answered with 202 in an earlier session."""
        correlator = self.peer.running.pop()
        described = (
            f'<Meta><Type xmlns="syncml:metinf">{_CORRELATED}</Type><Format xmlns="syncml:metinf">int</Format>'
            '<Mark xmlns="syncml:metinf">informational</Mark></Meta>'
        )
        source = "<Source><LocURI>./Vendor/MSFT/Operation/Run</LocURI></Source>"
        item = f"<Item>{source}{described}<Data>200</Data></Item>"
        return cmd("Alert", f"<Data>1226</Data><Correlator>{correlator}</Correlator>{item}")

    def started(self) -> str:
        """An operation that takes its time."""
        correlator = base64.b32encode(self.random.randbytes(5)).decode()
        self.peer.starting.append(correlator)
        target = "<Target><LocURI>./Vendor/MSFT/Operation/Run</LocURI></Target>"
        return cmd("Exec", f"<Correlator>{correlator}</Correlator><Item>{target}</Item>")

    def in_chunks(self, answers: list[str], place: int) -> bytes:
        """The Results at a place as a large object in two or three messages (DMP 7). Gives the last one, which is not sent yet."""
        before, whole, rest = answers[:place], answers[place], answers[place + 1 :]
        head, _, tail = whole.partition("<Item>")
        uri = tail.partition("<LocURI>")[2].partition("<")[0]
        lengths = [10] * self.random.choice([2, 3])
        for nth, length in enumerate(lengths):
            last = nth == len(lengths) - 1
            described = meta(None, "chr", size=sum(lengths) if nth == 0 else None)
            more = "" if last else "<MoreData/>"
            item = f"<Item><Source><LocURI>{uri}</LocURI></Source>{described}<Data>{'x' * length}</Data>{more}</Item>"
            chunk = f"{head}{item}</Results>"
            if last:
                break
            request = self.message([*before, chunk], final=False)
            sent = read_message(request)
            ref = sent.header.msg_id
            goon = [status(ref, "0", "SyncHdr"), status(ref, sent.commands[-1].cmd_id, "Results", "213")]
            response = self.message([*goon, cmd("Alert", "<Data>1222</Data>")], final=False, from_device=False)
            self.exchange(request, response)
            heard = read_message(response)
            ref = heard.header.msg_id
            before = [status(ref, "0", "SyncHdr"), status(ref, heard.commands[-1].cmd_id, "Alert")]
        return self.message([*before, chunk, *rest])
