"""The lab's messages, written as a real Windows 11 device writes them (facts A1.7, CAP11): order, CmdIDs, one Replace."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape

from msgspec import Struct

from replay.syncml import wbxml
from replay.syncml.model import Command, Group, Message, Results, Status
from replay.syncml.names import UNENROL_TYPE

CONTENT_TYPE: Final = "application/vnd.syncml.dm+xml"
WBXML_TYPE: Final = "application/vnd.syncml.dm+wbxml"


def to_wbxml(body: bytes) -> bytes:
    """A message in XML as WBXML 1.2, as real clients write it."""
    return wbxml.encode(wbxml.from_xml(body))


class Sender(Struct, frozen=True):
    """Who writes to whom in a session: SessionID, and LocURI of Target and Source."""

    session_id: str
    target: str
    source: str


class DeviceInfo(Struct, frozen=True):
    """The five DevInfo values of package 1 (DMP 8.3)."""

    device_id: str
    manufacturer: str = "omadm-replay"
    model: str = "Lab device"
    dm_version: str = "1.3"
    language: str = "en-US"


def message(sender: Sender, message_id: int, commands: Sequence[str]) -> bytes:
    """A whole message with Final."""
    return (
        '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>'
        f"<SessionID>{escape(sender.session_id)}</SessionID><MsgID>{message_id}</MsgID>"
        f"<Target><LocURI>{escape(sender.target)}</LocURI></Target>"
        f"<Source><LocURI>{escape(sender.source)}</LocURI></Source></SyncHdr>"
        f"<SyncBody>{''.join(commands)}<Final/></SyncBody></SyncML>"
    ).encode()


def package_one(info: DeviceInfo, *, alert: str | None = None, first_id: int = 2) -> list[str]:
    """The commands of package 1: Alert 1201, Alert 1224 LoginStatus, the unenrolment alert where it is given, Replace of
    DevInfo. A real device counts CmdIDs from 2."""
    commands = [
        f"<Alert><CmdID>{first_id}</CmdID><Data>1201</Data></Alert>",
        f"<Alert><CmdID>{first_id + 1}</CmdID><Data>1224</Data><Item><Meta>"
        '<Type xmlns="syncml:metinf">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert>',
    ]
    if alert is not None:
        commands.append(alert.replace("{id}", str(first_id + 2)))
    commands.append(_dev_info(info, first_id + len(commands)))
    return commands


def unenrol_alert(data: str = "1", data_format: str = "int") -> str:
    """The unenrolment alert, with Mark critical as a real device sends it; `{id}` stands for its CmdID."""
    return (
        "<Alert><CmdID>{id}</CmdID><Data>1226</Data><Item><Meta>"
        f'<Type xmlns="syncml:metinf">{UNENROL_TYPE}</Type><Format xmlns="syncml:metinf">{data_format}</Format>'
        f'<Mark xmlns="syncml:metinf">critical</Mark></Meta><Data>{escape(data)}</Data></Item></Alert>'
    )


def _dev_info(info: DeviceInfo, command_id: int) -> str:
    values = (
        ("DevId", info.device_id),
        ("Man", info.manufacturer),
        ("Mod", info.model),
        ("DmV", info.dm_version),
        ("Lang", info.language),
    )
    items = "".join(
        f"<Item><Source><LocURI>./DevInfo/{name}</LocURI></Source><Data>{escape(value)}</Data></Item>"
        for name, value in values
    )
    return f"<Replace><CmdID>{command_id}</CmdID>{items}</Replace>"


def status(command_id: int, msg_ref: str, cmd_ref: str, name: str, code: str) -> str:
    """A Status."""
    return (
        f"<Status><CmdID>{command_id}</CmdID><MsgRef>{escape(msg_ref)}</MsgRef><CmdRef>{escape(cmd_ref)}</CmdRef>"
        f"<Cmd>{escape(name)}</Cmd><Data>{escape(code)}</Data></Status>"
    )


def get(command_id: int, uri: str) -> str:
    """A Get."""
    return f"<Get><CmdID>{command_id}</CmdID><Item><Target><LocURI>{escape(uri)}</LocURI></Target></Item></Get>"


def results(command_id: int, msg_ref: str, cmd_ref: str, uri: str, data: str) -> str:
    """Results of a Get."""
    return (
        f"<Results><CmdID>{command_id}</CmdID><MsgRef>{escape(msg_ref)}</MsgRef><CmdRef>{escape(cmd_ref)}</CmdRef>"
        f"<Item><Source><LocURI>{escape(uri)}</LocURI></Source><Data>{escape(data)}</Data></Item></Results>"
    )


def unenrol_exec(command_id: int, provider_id: str) -> str:
    """The server's Exec Unenroll: ProviderID encoded in the path, plain in Data (facts A2.1 to A2.3)."""
    from urllib.parse import quote

    return (
        f"<Exec><CmdID>{command_id}</CmdID><Item><Target>"
        f"<LocURI>./Vendor/MSFT/DMClient/Provider/{escape(quote(provider_id, safe=''))}/Unenroll</LocURI></Target>"
        f'<Meta><Format xmlns="syncml:metinf">chr</Format></Meta><Data>{escape(provider_id)}</Data></Item></Exec>'
    )


def answers(received: Message, *, code: str = "200", header_code: str = "200", first_id: int = 1) -> list[str]:
    """The Status elements that a message is owed: SyncHdr's first, then one a command in their order (MDM 2.2.6.1)."""
    ref = received.header.msg_id or ""
    out = [status(first_id, ref, "0", "SyncHdr", header_code)]
    for command in flat(received.commands):
        if not isinstance(command, (Status, Results)):
            out.append(status(first_id + len(out), ref, command.cmd_id or "", command.name, code))
    return out


def flat(commands: Sequence[Command]) -> list[Command]:
    """Commands in order, those inside Atomic and Sequence after their group."""
    out: list[Command] = []
    for command in commands:
        out.append(command)
        if isinstance(command, Group):
            out += flat(command.commands)
    return out
