"""Values back into XML: a message as bytes that read back as the same value.

For messages that are made or changed (replay, redaction, conversion). A recorded message is never written again from
its value where its bytes are at hand. Elements are put together as `Unknown` values, which are elements of any name, and
then written with a namespace declaration wherever the namespace changes.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from replay.syncml import model
from replay.syncml.model import Unknown

#: Characters that XML 1.0 has no way to write (XML 1.0, 2.2).
NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: XML's own namespace, whose prefix needs no declaration.
_XML: Final = "{http://www.w3.org/XML/1998/namespace"


def write(message: model.Message) -> bytes:
    """A message as XML in UTF-8.

    Raises ValueError where a text holds a character that XML 1.0 cannot write (WBXML can carry such).
    """
    out: list[str] = []
    _serialise(tree(message), "", out)
    text = "".join(out)
    if found := NOT_XML.search(text):
        raise ValueError(f"the character U+{ord(found.group()):04X}, which XML 1.0 cannot write")
    return text.encode("utf-8")


def command_tree(command: model.Command, namespace: str) -> Unknown:
    """A command as an element, in the namespace of its message's root."""
    return _Maker(namespace).command(command)


def tree(message: model.Message) -> Unknown:
    """A message as elements in canonical order, whatever order and form it was written in: the root, with all that is in it."""
    make = _Maker(message.namespace)
    children: list[Unknown] = []
    if message.has_header:
        children.append(make.header(message.header))
    if message.has_body:
        children.append(make.body(message))
    return make.element("SyncML", children=[*children, *message.unknown])


def _serialise(node: Unknown, outside: str, out: list[str]) -> None:
    """Appends an element's text; `outside` is the namespace in force around it."""
    out.append(f"<{node.name}")
    if node.namespace != outside:
        out.append(f" xmlns={_saxutils().quoteattr(node.namespace)}")
    for number, (name, value) in enumerate(node.attributes):
        namespace, brace, local = name.rpartition("}")
        if brace:
            if namespace == _XML:
                out.append(f" xml:{local}={_attribute(value)}")
            else:
                out.append(
                    f" xmlns:a{number}={_saxutils().quoteattr(namespace[1:])} a{number}:{local}={_attribute(value)}"
                )
        else:
            out.append(f" {name}={_attribute(value)}")
    if not node.text and not node.children:
        out.append("/>")
    else:
        out.append(f">{_text(node.text)}")
        for child in node.children:
            _serialise(child, node.namespace, out)
        out.append(f"</{node.name}>")
    out.append(_text(node.tail))


def _text(text: str) -> str:
    return str(_saxutils().escape(text, {"\r": "&#13;"}))


def _attribute(value: str) -> str:
    return str(_saxutils().quoteattr(value, {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}))


@cache
def _saxutils() -> Any:
    """Imported when something is written: it comes with all of urllib, and most commands write nothing."""
    from xml.sax import saxutils

    return saxutils


class _Maker:
    """Elements of a message, in the namespace of its root."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def element(
        self,
        name: str,
        text: str | None = None,
        children: Iterable[Unknown] = (),
        attributes: tuple[tuple[str, str], ...] = (),
    ) -> Unknown:
        return Unknown(name, self.namespace, text or "", attributes, tuple(children))

    def texts(self, *values: tuple[str, str | None]) -> list[Unknown]:
        return [self.element(name, value) for name, value in values if value is not None]

    def header(self, header: model.Header) -> Unknown:
        children = [
            *self.texts(("VerDTD", header.ver_dtd), ("VerProto", header.ver_proto)),
            *self.texts(("SessionID", header.session_id), ("MsgID", header.msg_id)),
            *self.address("Target", header.target),
            *self.address("Source", header.source),
            *self.texts(("RespURI", header.resp_uri), ("NoResp", "" if header.no_resp else None)),
            *self.cred(header.cred),
            *self.meta(header.meta),
            *header.unknown,
        ]
        return self.element("SyncHdr", children=children)

    def body(self, message: model.Message) -> Unknown:
        final = [self.element("Final")] if message.final else []
        others = [*(self.command(command) for command in message.commands), *message.body_unknown]
        return self.element("SyncBody", children=[*others, *final] if message.final_is_last else [*final, *others])

    def address(self, name: str, address: model.Address | None) -> list[Unknown]:
        if address is None:
            return []
        children = [*self.texts(("LocURI", address.uri), ("LocName", address.name)), *address.unknown]
        return [self.element(name, children=children)]

    def cred(self, cred: model.Cred | None) -> list[Unknown]:
        if cred is None:
            return []
        return [self.element("Cred", children=[*self.meta(cred.meta), *self.texts(("Data", cred.data)), *cred.unknown])]

    def meta(self, meta: model.Meta | None) -> list[Unknown]:
        if meta is None:
            return []
        leaves = (
            ("Format", meta.format),
            ("Type", meta.type),
            ("Mark", meta.mark),
            ("Size", meta.size),
            ("NextNonce", meta.next_nonce),
            ("Version", meta.version),
            ("MaxMsgSize", meta.max_msg_size),
            ("MaxObjSize", meta.max_obj_size),
        )
        children = [Unknown(name, leaf.namespace, leaf.text) for name, leaf in leaves if leaf is not None]
        return [self.element("Meta", children=[*children, *meta.unknown])]

    def command(self, command: model.Command) -> Unknown:
        children = [
            *self.texts(("CmdID", command.cmd_id)),
            *self.references(command),
            *self.texts(("NoResp", "" if command.no_resp else None)),
            *self.cred(command.cred),
            *self.own(command),
            *self.meta(command.meta),
            *(self.item(item) for item in command.items),
            *(self.command(inner) for inner in (command.commands if isinstance(command, model.Group) else ())),
            *command.unknown,
        ]
        return self.element(command.name, children=children)

    def references(self, command: model.Command) -> list[Unknown]:
        if not isinstance(command, (model.Status, model.Results)):
            return []
        return self.texts(
            ("MsgRef", command.msg_ref),
            ("CmdRef", command.cmd_ref),
            ("Cmd", command.cmd),
            *(("TargetRef", ref) for ref in command.target_refs),
            *(("SourceRef", ref) for ref in command.source_refs),
        )

    def own(self, command: model.Command) -> list[Unknown]:
        """What only one kind of command has."""
        if isinstance(command, model.Status):
            chal = [] if command.chal is None else [self.element("Chal", children=self.meta(command.chal))]
            if command.code is None:
                return chal
            return [*chal, self.element("Data", command.code, attributes=command.data_attributes)]
        if isinstance(command, model.Alert):
            return self.texts(("Data", command.code), ("Correlator", command.correlator))
        if isinstance(command, model.Exec):
            return self.texts(("Correlator", command.correlator))
        return []

    def item(self, item: model.Item) -> Unknown:
        data = []
        if item.data is not None:
            data = [self.element("Data", item.data, item.embedded, item.data_attributes)]
        children = [
            *self.address("Target", item.target),
            *self.address("Source", item.source),
            *self.meta(item.meta),
            *data,
            *self.texts(("MoreData", "" if item.more_data else None)),
            *item.unknown,
        ]
        return self.element("Item", children=children)
