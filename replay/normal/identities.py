"""The identity table: which values name something, where they stand, and how each is treated and renewed (facts C).

One table for four users: normalisation takes `treatment`; redaction, replay and the comparison of a replay take `renewal`.
What is not in it, and is no volatile value (`masks.py`), counts to the letter: alert codes, Type with its blanks, Format,
Data, Mark, commands with their order and nesting, Final, MoreData, Status codes, LocURIs, namespaces, HTTP status, who sends.
"""

import enum
from collections.abc import Callable
from typing import Final

from msgspec import Struct


class Role(enum.StrEnum):
    """What a value names."""

    SESSION = "session"
    MESSAGE = "message"
    COMMAND = "command"
    DEVICE = "device"
    SERVER = "server"
    MACHINE = "machine"
    NONCE = "nonce"
    CREDENTIAL = "credential"
    MAC = "mac"
    TOKEN = "token"  # noqa: S105 - a role, no secret
    SIGNATURE = "signature"
    CORRELATION = "correlation"
    REQUEST = "request"


class Treatment(enum.StrEnum):
    """What the normal form makes of a value."""

    #: the same alias for the same value, numbered by first use
    ALIAS = "alias"
    #: left out: the place in the order says it
    ORDINAL = "ordinal"
    #: replaced by what it refers to
    REFERENCE = "reference"
    #: scheme, host and port replaced; path and query kept
    HOST = "host"
    #: only that it is there is kept
    MASK = "mask"
    #: a base with a counter behind it: the base gets an alias, the counter is kept
    COUNTER = "counter"
    #: kept, unless the captures come from different machines
    MACHINE = "machine"


class Renewal(enum.StrEnum):
    """How a replay makes the value anew."""

    PER_SESSION = "a new one for each session"
    COUNTED = "counted by its sender, from 1"
    LIVE_REFERENCE = "what the live peer really sent"
    GIVEN = "the one that the user gives, else the recorded one"
    LIVE_ADDRESS = "the address of the live peer"
    FROM_PEER = "what the live peer last challenged with"
    MADE = "made from the secret and the nonce in force"
    PER_MESSAGE = "made anew for each message"
    KEPT = "kept"


class Identity(Struct, frozen=True):
    """One row: the role, the place, whose message it stands in (None for both), treatment and renewal.

    A place is a path below SyncML of which the end is given (`SyncHdr/SessionID`, `CmdID`), or a header (`HTTP/ms-cv`).
    """

    role: Role
    place: str
    treatment: Treatment
    renewal: Renewal
    sender: str | None = None


_R, _T, _N = Role, Treatment, Renewal

IDENTITIES: Final[tuple[Identity, ...]] = (
    Identity(_R.SESSION, "SyncHdr/SessionID", _T.ALIAS, _N.PER_SESSION),
    Identity(_R.MESSAGE, "SyncHdr/MsgID", _T.ORDINAL, _N.COUNTED),
    Identity(_R.MESSAGE, "MsgRef", _T.REFERENCE, _N.LIVE_REFERENCE),
    Identity(_R.COMMAND, "CmdID", _T.ORDINAL, _N.COUNTED),
    Identity(_R.COMMAND, "CmdRef", _T.REFERENCE, _N.LIVE_REFERENCE),
    Identity(_R.DEVICE, "SyncHdr/Source/LocURI", _T.ALIAS, _N.GIVEN, "device"),
    Identity(_R.DEVICE, "SyncHdr/Source/LocName", _T.ALIAS, _N.GIVEN, "device"),
    Identity(_R.DEVICE, "SyncHdr/Target/LocURI", _T.ALIAS, _N.GIVEN, "server"),
    Identity(_R.DEVICE, "SyncHdr/Target/LocName", _T.ALIAS, _N.GIVEN, "server"),
    Identity(_R.DEVICE, "./DevInfo/DevId", _T.ALIAS, _N.GIVEN),
    Identity(_R.SERVER, "SyncHdr/Target/LocURI", _T.HOST, _N.LIVE_ADDRESS, "device"),
    Identity(_R.SERVER, "SyncHdr/Source/LocURI", _T.HOST, _N.LIVE_ADDRESS, "server"),
    Identity(_R.SERVER, "SyncHdr/RespURI", _T.HOST, _N.LIVE_ADDRESS, "server"),
    Identity(_R.SERVER, "HTTP/url", _T.HOST, _N.LIVE_ADDRESS, "device"),
    Identity(_R.MACHINE, "./DevInfo/Man", _T.MACHINE, _N.KEPT),
    Identity(_R.MACHINE, "./DevInfo/Mod", _T.MACHINE, _N.KEPT),
    Identity(_R.MACHINE, "./DevInfo/Lang", _T.MACHINE, _N.KEPT),
    Identity(_R.MACHINE, "./DevDetail/SwV", _T.MACHINE, _N.KEPT),
    Identity(_R.MACHINE, "./DevDetail/Ext/WLANMACAddress", _T.MACHINE, _N.KEPT),
    Identity(_R.NONCE, "NextNonce", _T.MASK, _N.FROM_PEER),
    Identity(_R.CREDENTIAL, "Cred/Data", _T.MASK, _N.MADE),
    Identity(_R.MAC, "HTTP/x-syncml-hmac", _T.MASK, _N.MADE),
    Identity(_R.SIGNATURE, "HTTP/ms-signature", _T.MASK, _N.MADE),
    Identity(_R.TOKEN, "HTTP/authorization", _T.MASK, _N.GIVEN),
    Identity(_R.TOKEN, "HTTP/devicetoken", _T.MASK, _N.GIVEN),
    Identity(_R.CORRELATION, "HTTP/ms-cv", _T.COUNTER, _N.PER_MESSAGE),
    Identity(_R.REQUEST, "HTTP/client-request-id", _T.ALIAS, _N.KEPT),
)

_BY_END: Final[dict[str, list[Identity]]] = {}
for _identity in IDENTITIES:
    _BY_END.setdefault(_identity.place.rpartition("/")[2], []).append(_identity)


def identity_at(path: str, sender: str) -> Identity | None:
    """The row for an element, by its path below SyncML without numbers (`SyncBody/Status/MsgRef`). What is inside an item's Data
    is content, and has no identities."""
    if "/Item/Data/" in path:
        return None
    return _row(path, sender, lambda place: not place.startswith(("HTTP/", "./")))


def header_identity(name: str, sender: str) -> Identity | None:
    """The row for a header, by its name in lower case."""
    return _row(f"HTTP/{name}", sender, lambda place: place.startswith("HTTP/"))


def node_identity(uri: str, sender: str) -> Identity | None:
    """The row for the Data of a node, by its LocURI."""
    return _row(uri, sender, lambda place: place.startswith("./"))


def _row(path: str, sender: str, fits: Callable[[str], bool]) -> Identity | None:
    for identity in _BY_END.get(path.rpartition("/")[2], ()):
        ends = path == identity.place or path.endswith("/" + identity.place)
        if ends and identity.sender in (None, sender) and fits(identity.place):
            return identity
    return None
