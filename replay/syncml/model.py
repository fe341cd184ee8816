"""The values that a message is made of.

A message is a view on its bytes, made once. Texts that are identifiers (SessionID, MsgID, CmdID and the references
to them, LocURI and LocName, codes and command names) are kept without the white space around them, because pretty-printed
messages put it there; what a rule looks at to the letter (Meta's children, Data) is kept as it stands. Numbers stay text:
a SessionID may be hexadecimal (MDM 2.2.3.8), a CmdID need not be a number at all.

Elements that the model has no field for are kept as `Unknown`, in order. What SyncML's own elements have no place for is not
kept: text between the elements in them, and attributes, but those of Data.

Values hold only texts and other values made before them, so they never form cycles: `gc=False` spares the garbage collector
the millions of them that a large capture has.
"""

from collections.abc import Iterator

from msgspec import Struct


class Unknown(Struct, frozen=True, gc=False):
    """An element that has no field of its own: its qualified parts, attributes, text, children, and the text after it."""

    name: str
    namespace: str
    text: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    children: "tuple[Unknown, ...]" = ()
    tail: str = ""


class Leaf(Struct, frozen=True, gc=False):
    """A text in its namespace, both as they stand: a child of Meta."""

    text: str
    namespace: str


class Address(Struct, frozen=True, gc=False):
    """A Target or Source: LocURI and LocName, None where the element is absent."""

    uri: str | None = None
    name: str | None = None
    unknown: tuple[Unknown, ...] = ()


class Meta(Struct, frozen=True, gc=False):
    """Meta of an item, a command, a credential or a header; each child with the namespace it was written in."""

    type: Leaf | None = None
    format: Leaf | None = None
    mark: Leaf | None = None
    size: Leaf | None = None
    next_nonce: Leaf | None = None
    max_msg_size: Leaf | None = None
    max_obj_size: Leaf | None = None
    version: Leaf | None = None
    unknown: tuple[Unknown, ...] = ()


class Cred(Struct, frozen=True, gc=False):
    """Credentials of a message: what they are (Meta) and their text (Data)."""

    meta: Meta | None = None
    data: str | None = None
    unknown: tuple[Unknown, ...] = ()


class Item(Struct, frozen=True, gc=False):
    """One item of a command. `data` is Data's text, None where there is no Data; elements inside Data are `embedded`, and its
    attributes (such as `msft:originalerror`) are kept."""

    target: Address | None = None
    source: Address | None = None
    meta: Meta | None = None
    data: str | None = None
    embedded: tuple[Unknown, ...] = ()
    data_attributes: tuple[tuple[str, str], ...] = ()
    more_data: bool = False
    unknown: tuple[Unknown, ...] = ()


class Command(Struct, frozen=True, kw_only=True, gc=False):
    """A command of SyncBody: Add, Copy, Delete, Get, Replace and others without fields of their own."""

    name: str
    cmd_id: str | None = None
    no_resp: bool = False
    cred: Cred | None = None
    meta: Meta | None = None
    items: tuple[Item, ...] = ()
    unknown: tuple[Unknown, ...] = ()


class Alert(Command, frozen=True, kw_only=True, gc=False):
    """An Alert: `code` is its Data, `correlator` the text that asynchronous answers refer to."""

    code: str | None = None
    correlator: str | None = None


class Exec(Command, frozen=True, kw_only=True, gc=False):
    """An Exec."""

    correlator: str | None = None


class Results(Command, frozen=True, kw_only=True, gc=False):
    """Results of a Get; without MsgRef they refer to message 1 (DMRP 6.6.12)."""

    msg_ref: str | None = None
    cmd_ref: str | None = None
    cmd: str | None = None
    target_refs: tuple[str, ...] = ()
    source_refs: tuple[str, ...] = ()


class Status(Command, frozen=True, kw_only=True, gc=False):
    """The answer to one command: `code` is its Data, `chal` the Meta of a challenge. Windows adds the attribute
    `msft:originalerror` to Data (MDM 2.2.5.1)."""

    msg_ref: str | None = None
    cmd_ref: str | None = None
    cmd: str | None = None
    target_refs: tuple[str, ...] = ()
    source_refs: tuple[str, ...] = ()
    chal: Meta | None = None
    code: str | None = None
    data_attributes: tuple[tuple[str, str], ...] = ()


class Group(Command, frozen=True, kw_only=True, gc=False):
    """Atomic or Sequence, with the commands inside."""

    commands: tuple[Command, ...] = ()


class Header(Struct, frozen=True, gc=False):
    """SyncHdr; what is absent is None."""

    ver_dtd: str | None = None
    ver_proto: str | None = None
    session_id: str | None = None
    msg_id: str | None = None
    target: Address | None = None
    source: Address | None = None
    resp_uri: str | None = None
    no_resp: bool = False
    cred: Cred | None = None
    meta: Meta | None = None
    unknown: tuple[Unknown, ...] = ()


class Message(Struct, frozen=True, gc=False):
    """One SyncML message: its header, its commands in order, whether Final is there, and the bytes it was read from.

    `namespace` is the root's; `declared` the encoding that an XML declaration names; `form` is "xml" or "wbxml"; `repairs`
    says what a lenient reader repaired.
    """

    namespace: str
    header: Header
    commands: tuple[Command, ...]
    final: bool
    final_is_last: bool
    raw: bytes
    form: str = "xml"
    declared: str | None = None
    has_header: bool = True
    has_body: bool = True
    unknown: tuple[Unknown, ...] = ()
    body_unknown: tuple[Unknown, ...] = ()
    repairs: tuple[str, ...] = ()

    @property
    def is_foreign(self) -> bool:
        """Whether it is in a namespace that is not SyncML's at all, so that nothing in it is read: one cause, which MSG002
        reports."""
        return bool(self.namespace) and not self.namespace.lower().startswith("syncml")

    def walk(self) -> "Iterator[tuple[tuple[int, ...], Command]]":
        """Every command, those inside Atomic and Sequence too, with its place: the numbers, from 0, that lead to it among the
        commands of SyncBody and of each group."""
        return _walk(self.commands, ())


def _walk(commands: tuple[Command, ...], above: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], Command]]:
    for number, command in enumerate(commands):
        place = (*above, number)
        yield place, command
        if isinstance(command, Group):
            yield from _walk(command.commands, place)


def device_of(message: Message) -> str | None:
    """The device that sent this message: Source of SyncHdr (MDM 2.2.4.2), None where it is missing or empty."""
    source = message.header.source
    return (source.uri or None) if source else None
