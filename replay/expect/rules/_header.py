"""What several rules ask of a message's header: what it lacks, and of which version it says it is."""

from collections.abc import Iterator
from typing import Final

from replay.syncml.model import Address, Message
from replay.syncml.names import SYNCML_11

VERSIONS: Final = {"VerDTD": "1.2", "VerProto": "DM/1.2"}
_OLD: Final = frozenset({"1.1", "DM/1.1"})


def lacking(message: Message) -> list[str]:
    """What of SessionID, MsgID, Target and Source is missing or empty, in words; all of them where there is no header."""
    header = message.header
    texts = (("SessionID", header.session_id), ("MsgID", header.msg_id))
    addresses = (("Target", header.target), ("Source", header.source))
    found = [f"{name} is {'missing' if text is None else 'empty'}" for name, text in texts if not text]
    return found + [f"{name} {_fault_of(address)}" for name, address in addresses if address is None or not address.uri]


def _fault_of(address: Address | None) -> str:
    if address is None:
        return "is missing"
    return "has no LocURI" if address.uri is None else "has an empty LocURI"


def is_bare(message: Message) -> bool:
    """Whether a message has no header, or one with nothing in it of what names a message: one cause, which MSG004 reports."""
    header = message.header
    return all(part is None for part in (header.session_id, header.msg_id, header.target, header.source))


def wrong_versions(message: Message) -> Iterator[tuple[str, str]]:
    """VerDTD and VerProto where they are not those of DM 1.2: the element, and what is wrong with it in words."""
    if is_bare(message):
        return
    header = message.header
    for name, given in (("VerDTD", header.ver_dtd), ("VerProto", header.ver_proto)):
        expected = VERSIONS[name]
        if given != expected:
            yield name, f"{name} is {'missing' if given is None else repr(given)}; expected {expected!r}"


def is_of_version_11(message: Message) -> bool:
    """Whether a message in the namespace of SyncML 1.1 says so in its header too: that is one cause, which MSG003 reports."""
    header = message.header
    return message.namespace == SYNCML_11 and (header.ver_dtd in _OLD or header.ver_proto in _OLD)
