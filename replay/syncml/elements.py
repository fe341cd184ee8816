"""Elements into values: what lxml parsed, as a message.

This is the innermost loop of everything that reads a capture. So names are split once and remembered, leaves are not walked into,
and values are made with their fields in order.
"""

import re
from typing import Any, Final

from replay.syncml import model
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.names import COMMANDS, GROUPS

#: The prefix that Windows puts on an attribute of Data, whether it is declared or not (MDM 2.2.5.1).
_MSFT: Final = re.compile(r"^msft:")
_MSFT_NAMESPACE: Final = "{http://schemas.microsoft.com/MobileDevice/MDM}"
#: Names that were seen, without their namespaces. A hostile message may make up as many as it likes; only so many are
#: remembered.
_NAMES: Final[dict[Any, str]] = {}
_MOST_NAMES: Final = 1024
#: Namespaces in which an element is SyncML's, right or wrong: SyncML of whatever version, MetInf, DevInf, DM DDF.
_FAMILY: Final = re.compile(r"\{syncml", re.IGNORECASE)
_EXCERPT: Final = 24
#: White space as XML has it; other blanks count.
_WHITE_SPACE: Final = " \t\r\n"
# lxml's stubs do not know all of an element; elements are Any in this module.
_Node = Any


def from_root(root: _Node, body: bytes, *, declared: str | None = None, repairs: tuple[str, ...] = ()) -> model.Message:
    """A message from the root element of its XML. `body` is what it was read from.

    Raises UnreadableMessageError where the root is not SyncML, or has two headers or bodies.
    """
    name = name_of(root).rpartition("}")[2]
    if name != "SyncML":
        raise UnreadableMessageError(
            f"the root element is {name}, not SyncML", line=root.sourceline, column=1, excerpt=body.lstrip()[:_EXCERPT]
        )
    header: model.Header | None = None
    parts: _Body | None = None
    unknown: list[model.Unknown] = []
    for child in root:
        name = _NAMES.get(child.tag) or name_of(child)
        if name == "SyncHdr" and header is None:
            header = _header(child)
        elif name == "SyncBody" and parts is None:
            parts = _Body(child)
        elif name in ("SyncHdr", "SyncBody"):
            raise UnreadableMessageError(
                f"a second {name}: which of the two counts cannot be told (RP DTD)", line=child.sourceline, column=1
            )
        else:
            unknown.append(_unknown(child))
    return model.Message(
        _namespace(root),
        header or model.Header(),
        tuple(parts.commands) if parts else (),
        parts is not None and parts.final is not None,
        parts is not None and parts.final_is_last,
        body,
        declared=declared,
        has_header=header is not None,
        has_body=parts is not None,
        unknown=tuple(unknown),
        body_unknown=tuple(parts.others) if parts else (),
        repairs=repairs,
    )


def name_of(node: _Node) -> str:
    """An element's name without its namespace, remembered for the next time; of somebody else's element with it, in Clark notation.

    Raises UnreadableMessageError for an entity reference, which is no element.
    """
    tag = node.tag
    if not isinstance(tag, str):  # an entity reference that was not replaced: lxml gives a function for its tag
        raise UnreadableMessageError(
            f"an entity reference ({node.text}), which is not replaced", line=node.sourceline, column=1
        )
    namespace, brace, name = tag.rpartition("}")
    if brace and not _FAMILY.match(namespace):
        name = tag  # an element of somebody else's, whatever it is called
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[tag] = name
    return name


def _namespace(node: _Node) -> str:
    tag: str = node.tag
    return tag[1 : tag.rindex("}")] if tag[0] == "{" else ""


def _id(node: _Node) -> str:
    text = node.text
    return text.strip(_WHITE_SPACE) if text else ""


def _is_plain(node: _Node, reader: Any) -> bool:
    """Whether a leaf holds nothing but text; what has elements in it is kept whole, as unknown."""
    return reader is not _id or not len(node)


class _Body:
    """What SyncBody holds: commands, the place of Final, and what is neither."""

    def __init__(self, node: _Node) -> None:
        self.commands: list[model.Command] = []
        self.others: list[model.Unknown] = []
        self.final: int | None = None
        place = -1
        for place, child in enumerate(node):
            name = _NAMES.get(child.tag) or name_of(child)
            if name in COMMANDS:
                self.commands.append(_command(child, name))
            elif name == "Final":
                self.final = place
            else:
                self.others.append(_unknown(child))
        self.final_is_last = self.final is not None and self.final == place


def _header(node: _Node) -> model.Header:
    values: dict[str, Any] = {}
    unknown: list[model.Unknown] = []
    for child in node:
        name = _NAMES.get(child.tag) or name_of(child)
        reader = _HEADER.get(name)
        if reader is None or reader[0] in values or not _is_plain(child, reader[1]):
            unknown.append(_unknown(child))
        else:
            values[reader[0]] = reader[1](child)
    return model.Header(**values, unknown=tuple(unknown))


def _command(node: _Node, name: str) -> model.Command:
    if name == "Status":
        return _status(node)
    values: dict[str, Any] = {}
    items: list[model.Item] = []
    inner: list[model.Command] = []
    refs: dict[str, list[str]] = {}
    unknown: list[model.Unknown] = []
    fields = _FIELDS.get(name, _COMMON)
    for child in node:
        child_name = _NAMES.get(child.tag) or name_of(child)
        field = fields.get(child_name)
        if child_name == "Item":
            items.append(_item(child))
        elif field is not None and field[0] not in values and _is_plain(child, field[1]):
            values[field[0]] = field[1](child)
        elif name == "Results" and child_name in _REFS and not len(child):
            refs.setdefault(_REFS[child_name], []).append(_id(child))
        elif name in GROUPS and child_name in COMMANDS:
            inner.append(_command(child, child_name))
        else:
            unknown.append(_unknown(child))
    if inner:
        values["commands"] = tuple(inner)
    for field_name, texts in refs.items():
        values[field_name] = tuple(texts)
    return _CLASSES.get(name, model.Command)(name=name, items=tuple(items), unknown=tuple(unknown), **values)


def _status(node: _Node) -> model.Status:
    values: dict[str, Any] = {}
    items: list[model.Item] = []
    refs: dict[str, list[str]] = {}
    unknown: list[model.Unknown] = []
    for child in node:
        name = _NAMES.get(child.tag) or name_of(child)
        field = _STATUS.get(name)
        if field is not None and field not in values and not len(child):
            text = child.text
            values[field] = text.strip(_WHITE_SPACE) if text else ""
            if name == "Data" and (attributes := _attributes(child)):
                values["data_attributes"] = attributes
        elif name == "Item":
            items.append(_item(child))
        elif name in _REFS and not len(child):
            refs.setdefault(_REFS[name], []).append(_id(child))
        elif name == "Chal" and "chal" not in values:
            values["chal"] = _chal(child, unknown)
        elif (reader := _STATUS_PARTS.get(name)) is not None and reader[0] not in values:
            values[reader[0]] = reader[1](child)
        else:
            unknown.append(_unknown(child))
    for field_name, texts in refs.items():
        values[field_name] = tuple(texts)
    return model.Status(name="Status", items=tuple(items), unknown=tuple(unknown), **values)


def _item(node: _Node) -> model.Item:
    target = source = meta = data = None
    attributes: tuple[tuple[str, str], ...] = ()
    embedded: tuple[model.Unknown, ...] = ()
    more_data = False
    unknown: list[model.Unknown] = []
    for child in node:
        name = _NAMES.get(child.tag) or name_of(child)
        if name == "Data" and data is None:
            data = child.text or ""
            attributes = _attributes(child)
            if len(child):
                embedded = tuple(_unknown(inner) for inner in child)
        elif name == "Source" and source is None:
            source = _address(child)
        elif name == "Target" and target is None:
            target = _address(child)
        elif name == "Meta" and meta is None:
            meta = _meta(child)
        elif name == "MoreData" and not more_data:
            more_data = True
        else:
            unknown.append(_unknown(child))
    return model.Item(target, source, meta, data, embedded, attributes, more_data, tuple(unknown))


def _address(node: _Node) -> model.Address:
    uri = name = None
    unknown: list[model.Unknown] = []
    for child in node:
        child_name = _NAMES.get(child.tag) or name_of(child)
        if child_name == "LocURI" and uri is None and not len(child):
            text = child.text
            uri = text.strip(_WHITE_SPACE) if text else ""
        elif child_name == "LocName" and name is None and not len(child):
            name = _id(child)
        else:
            unknown.append(_unknown(child))
    return model.Address(uri, name, tuple(unknown))


def _meta(node: _Node) -> model.Meta:
    values: dict[str, model.Leaf] = {}
    unknown: list[model.Unknown] = []
    for child in node:
        name = _NAMES.get(child.tag) or name_of(child)
        field = _META.get(name.rpartition("}")[2])  # in whatever namespace (UNE004)
        if field is None or field in values or len(child):
            unknown.append(_unknown(child))
        else:
            values[field] = model.Leaf(child.text or "", _namespace(child))
    return model.Meta(**values, unknown=tuple(unknown))


def _cred(node: _Node) -> model.Cred:
    meta = data = None
    unknown: list[model.Unknown] = []
    for child in node:
        name = _NAMES.get(child.tag) or name_of(child)
        if name == "Meta" and meta is None:
            meta = _meta(child)
        elif name == "Data" and data is None and not len(child):
            data = child.text or ""
        else:
            unknown.append(_unknown(child))
    return model.Cred(meta, data, tuple(unknown))


def _chal(node: _Node, unknown: list[model.Unknown]) -> model.Meta:
    """The Meta of a challenge; what else is in it is added to what is `unknown` of its Status."""
    meta = next((child for child in node if name_of(child) == "Meta"), None)
    unknown += [_unknown(child) for child in node if child is not meta]
    return model.Meta() if meta is None else _meta(meta)


def _unknown(node: _Node) -> model.Unknown:
    return model.Unknown(
        name=name_of(node).rpartition("}")[2],
        namespace=_namespace(node),
        text=node.text or "",
        attributes=_attributes(node),
        children=tuple(_unknown(child) for child in node),
        tail=node.tail or "",
    )


def _attributes(node: _Node) -> tuple[tuple[str, str], ...]:
    """An element's attributes, names in Clark notation, sorted: their order means nothing."""
    found = node.items()
    if not found:
        return ()
    return tuple(sorted((_MSFT.sub(_MSFT_NAMESPACE, str(key)), str(value)) for key, value in found))


def _present(_: _Node) -> bool:
    return True


_HEADER: Final = {
    "VerDTD": ("ver_dtd", _id),
    "VerProto": ("ver_proto", _id),
    "SessionID": ("session_id", _id),
    "MsgID": ("msg_id", _id),
    "Target": ("target", _address),
    "Source": ("source", _address),
    "RespURI": ("resp_uri", _id),
    "NoResp": ("no_resp", _present),
    "Cred": ("cred", _cred),
    "Meta": ("meta", _meta),
}
_COMMON: Final = {
    "CmdID": ("cmd_id", _id),
    "NoResp": ("no_resp", _present),
    "Cred": ("cred", _cred),
    "Meta": ("meta", _meta),
}
_FIELDS: Final = {
    "Alert": {**_COMMON, "Data": ("code", _id), "Correlator": ("correlator", _id)},
    "Exec": {**_COMMON, "Correlator": ("correlator", _id)},
    "Results": {**_COMMON, "MsgRef": ("msg_ref", _id), "CmdRef": ("cmd_ref", _id), "Cmd": ("cmd", _id)},
}
#: A Status' texts, and its other parts.
_STATUS: Final = {"CmdID": "cmd_id", "MsgRef": "msg_ref", "CmdRef": "cmd_ref", "Cmd": "cmd", "Data": "code"}
_STATUS_PARTS: Final = {
    "NoResp": ("no_resp", _present),
    "Cred": ("cred", _cred),
    "Meta": ("meta", _meta),
}
_REFS: Final = {"TargetRef": "target_refs", "SourceRef": "source_refs"}
_META: Final = {
    "Type": "type",
    "Format": "format",
    "Mark": "mark",
    "Size": "size",
    "NextNonce": "next_nonce",
    "MaxMsgSize": "max_msg_size",
    "MaxObjSize": "max_obj_size",
    "Version": "version",
}
_CLASSES: Final[dict[str, type[model.Command]]] = {
    "Alert": model.Alert,
    "Exec": model.Exec,
    "Results": model.Results,
    "Atomic": model.Group,
    "Sequence": model.Group,
}
