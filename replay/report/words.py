"""What the words of the rules mean, for who does not know SyncML: a page explains those that it uses."""

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct


class Word(Struct, frozen=True):
    """A word and what it means."""

    word: str
    meaning: str


#: Words with the forms in which they are looked for; the order is that of a page.
_WORDS: Final = (
    ("session", r"sessions?", "what a device and a server say to each other from a message with MsgID 1 on, under one SessionID"),
    (
        "message",
        r"messages?",
        "one SyncML document: a device's in an HTTP request, a server's in the response. It has a header (SyncHdr) and a body with "
        "commands (SyncBody)",
    ),
    (
        "package",
        r"packages?",
        "what one side has to say before it is the other's turn: one message, or several of which the last has Final. Package 1 "
        "opens a session and says which device it is",
    ),
    ("SyncHdr", r"SyncHdr|header", "the head of a message: who says it to whom, SessionID, MsgID, credentials"),
    ("SyncBody", r"SyncBody", "the body of a message, which holds the commands"),
    ("SessionID", r"SessionIDs?", "the name of a session; both sides write it into every message"),
    ("MsgID", r"MsgIDs?", "the number of a message in its session; each side counts its own from 1"),
    ("CmdID", r"CmdIDs?", "the number of a command in its message"),
    (
        "Status",
        r"Status",
        "the answer to one command, or to the header: MsgRef and CmdRef say to which (CmdRef 0: SyncHdr), Cmd names it, Data is a "
        "code such as 200 (done) or 404 (not found)",
    ),
    ("Results", r"Results", "the value that a Get asked for; it comes besides the Status"),
    (
        "Alert",
        r"Alerts?|alerts?",
        "a command that tells something; its code says what: 1200 and 1201 open a session, 1222 asks for the "
        "next message, 1223 breaks "
        "the session off, 1224 and 1226 report an event",
    ),
    (
        "generic alert",
        r"generic alerts?|Alerts? 1226|1226|the alert",
        "Alert 1226: something of the device's own, whose Type says what. That of an unenrolment says that the device leaves",
    ),
    ("Item", r"Items?", "a part of a command: what it is about (Target, Source), how that is written (Meta), and the value (Data)"),
    ("Meta", r"Meta", "what describes a value: its Type, its Format, its Size"),
    (
        "LocURI",
        r"LocURI|LocURIs",
        "an address: of a device or a server in the header, of a node of the device's settings in a command",
    ),
    ("Exec", r"Exec", "a command that has the device carry something out; on the node Unenroll it has the device leave"),
    ("Get", r"Get", "a command that asks for the value of a node"),
    ("Replace", r"Replace", "a command that sets a value; in package 1 the device says with it what it is (DevInfo)"),
    ("DevInfo", r"DevInfo|DevId", "what a device says of itself in package 1: its id (DevId), maker, model, language"),
    ("Atomic", r"Atomic", "a command that holds others: either all of them are carried out, or none"),
    ("Sequence", r"Sequence", "a command that holds others, to be carried out in their order"),
    ("Final", r"Final", "the mark of the last message of a package"),
    (
        "challenge",
        r"challenge[sd]?|Chal",
        "a Status 401 or 407 for the header: the other side is to show who it is, and to say the same again",
    ),
    ("Cred", r"Cred|credentials?|digests?", "what shows who somebody is: a name and password, or a digest made with them"),
    ("nonce", r"nonces?|NextNonce", "a text used once, which goes into a digest so that nobody can use that again"),
    ("MAC", r"MACs?", "a digest over a whole message, in an HTTP header: nobody else can have written it"),
    ("MoreData", r"MoreData|chunks?", "the mark of a part of a large object: the next message brings more of it"),
    ("WBXML", r"WBXML", "a binary way of writing XML"),
    ("window", r"window", "the time after the alert in which the recording proves that nothing was sent"),
    ("episode", r"episodes?", "one unenrolment of one device: what began it, the alert, and the silence after it"),
    ("ProviderID", r"ProviderID", "the name under which the device knows its server"),
)  # fmt: skip
_FORMS: Final = tuple((Word(word, meaning), re.compile(rf"\b(?:{forms})\b")) for word, forms, meaning in _WORDS)


def words_in(texts: Iterable[str]) -> list[Word]:
    """The words that are explained, of those which texts use."""
    whole = "\n".join(texts)
    return [word for word, form in _FORMS if form.search(whole)]
