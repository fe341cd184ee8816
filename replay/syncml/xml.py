"""XML messages into values.

The parser is hardened: no entities are replaced, no DTD and nothing over the network is loaded, depth and text sizes
have libxml2's limits, and a document type declaration is refused outright, because no DM peer writes one.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from lxml import etree

from replay.syncml import model
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.lenient import repair
from replay.syncml.names import COMMANDS, GROUPS

_DECLARATION: Final = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_EXCERPT: Final = 24
#: The prefix that Windows puts on an attribute of Data, whether it is declared or not (MDM 2.2.5.1).
_MSFT: Final = re.compile(r"^msft:")
_MSFT_NAMESPACE: Final = "{http://schemas.microsoft.com/MobileDevice/MDM}"
# lxml's stubs do not know iteration with a tag, sourceline on every node and others; elements are Any in this module.
_Node = Any


def _prefixes_alone(parser: etree.XMLParser) -> bool:
    """Whether nothing is wrong but prefixes that nobody declared: well-formed XML all the same. Windows' `msft:originalerror`
    is found that way."""
    log: Any = parser.error_log
    return bool(log) and all(entry.type_name == "NS_ERR_UNDEFINED_NAMESPACE" for entry in log)


def _parser(encoding: str | None = None, *, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        encoding=encoding,
    )


def declared_encoding(body: bytes) -> str | None:
    """The encoding that the XML declaration names, or None; of a body in UTF-16 the declaration is not looked at."""
    found = _DECLARATION.match(body.removeprefix(b"\xef\xbb\xbf")[:200])
    return found.group(1).decode("ascii") if found else None


def parse(body: bytes) -> _Node:
    """The root element of an XML document.

    White space before the declaration is passed over. A declaration of UTF-16 over a body that is not UTF-16 is what some servers
    write (Learn's samples): the body is read as UTF-8, and `Message.declared` keeps what was declared.

    Raises UnreadableMessageError, with line and column, for anything that is not well-formed or carries a DTD.
    """
    text = body.lstrip(b" \t\r\n")
    declared = declared_encoding(text)
    override = (
        "utf-8" if declared and declared.lower().startswith(("utf-16", "utf16")) and b"\0" not in text[:64] else None
    )
    parser = _parser(override)
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        if not _prefixes_alone(parser):
            raise _unreadable(body, error, skipped=body[: len(body) - len(text)]) from None
        root = etree.fromstring(text, _parser(override, recover=True))
    except (ValueError, LookupError) as error:
        raise UnreadableMessageError(str(error), line=1, column=1, excerpt=body[:_EXCERPT]) from None
    if root is None:
        raise UnreadableMessageError("no XML element at all", line=1, column=1, excerpt=body[:_EXCERPT])
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise UnreadableMessageError(
            "a document type declaration, which no OMA DM message has; it is not read",
            line=1,
            column=1,
            excerpt=text[:_EXCERPT],
        )
    return root


def _unreadable(body: bytes, error: etree.XMLSyntaxError, skipped: bytes) -> UnreadableMessageError:
    line, column = (error.position or (1, 1)) if hasattr(error, "position") else (1, 1)
    line, column = max(line or 1, 1), max(column or 1, 1)
    lines = body[len(skipped) :].split(b"\n")
    there = lines[line - 1] if line <= len(lines) else b""
    start = max(0, column - 1 - _EXCERPT // 2)
    reason = f"not well-formed XML: {(error.msg or 'unknown error').rsplit(', line ', 1)[0]}"
    return UnreadableMessageError(
        reason, line=line + skipped.count(b"\n"), column=column, excerpt=there[start : start + _EXCERPT].strip(b"\r")
    )


def read(body: bytes, *, lenient: bool = False) -> model.Message:
    """An XML message as a value; `lenient` repairs what document samples get wrong, and says so in `repairs`.

    Raises UnreadableMessageError where the body is not well-formed or its root is not SyncML.
    """
    repairs: tuple[str, ...] = ()
    try:
        root = parse(body)
    except UnreadableMessageError:
        mended, repairs = repair(body) if lenient else (body, ())
        if not repairs:
            raise
        root = parse(mended)
    return from_root(root, body, repairs)


def from_root(root: _Node, body: bytes, repairs: tuple[str, ...] = ()) -> model.Message:
    """A message from the root element of its XML. `body` is what it was read from.

    Raises UnreadableMessageError where the root is not SyncML, or has two headers or bodies.
    """
    namespace, name = _qualified(root)
    if name != "SyncML":
        raise UnreadableMessageError(
            f"the root element is {name}, not SyncML", line=root.sourceline, column=1, excerpt=body.lstrip()[:_EXCERPT]
        )
    header: model.Header | None = None
    commands: tuple[model.Command, ...] = ()
    others: list[model.Unknown] = []
    has_body = final = final_is_last = False
    unknown: list[model.Unknown] = []
    for child in root:
        _, child_name = _qualified(child)
        if child_name == "SyncHdr" and header is None:
            header = _header(child)
        elif (child_name == "SyncBody" and has_body) or child_name == "SyncHdr":
            raise UnreadableMessageError(
                f"a second {child_name}: which of the two counts cannot be told (RP DTD)",
                line=child.sourceline,
                column=1,
            )
        elif child_name == "SyncBody":
            has_body = True
            commands, finals, others = _commands(child)
            final = bool(finals)
            final_is_last = final and finals[-1] == len(child) - 1
        else:
            unknown.append(_unknown(child))
    return model.Message(
        namespace=namespace,
        header=header or model.Header(),
        commands=commands,
        final=final,
        final_is_last=final_is_last,
        raw=body,
        declared=declared_encoding(body.lstrip()),
        has_header=header is not None,
        has_body=has_body,
        unknown=tuple(unknown),
        body_unknown=tuple(others),
        repairs=repairs,
    )


def _qualified(node: _Node) -> tuple[str, str]:
    tag = node.tag
    if not isinstance(tag, str):  # an entity reference that was not replaced: lxml gives a function for its tag
        raise UnreadableMessageError(
            f"an entity reference ({node.text}), which is not replaced", line=node.sourceline, column=1
        )
    if tag[0] == "{":
        namespace, _, name = tag[1:].rpartition("}")
        return namespace, name
    return "", tag


def _text(node: _Node) -> str:
    for child in node:
        _qualified(child)
    return node.text or ""


def _id(node: _Node) -> str:
    return _text(node).strip()


def _header(node: _Node) -> model.Header:
    values: dict[str, Any] = {}
    unknown: list[model.Unknown] = []
    for child in node:
        _, name = _qualified(child)
        reader = _HEADER.get(name)
        if reader is None or reader[0] in values:
            unknown.append(_unknown(child))
        else:
            values[reader[0]] = reader[1](child)
    return model.Header(**values, unknown=tuple(unknown))


def _commands(node: _Node) -> tuple[tuple[model.Command, ...], list[int], list[model.Unknown]]:
    """The commands among a node's children, the places of its Final elements, and what is neither."""
    commands: list[model.Command] = []
    finals: list[int] = []
    others: list[model.Unknown] = []
    for place, child in enumerate(node):
        _, name = _qualified(child)
        if name in COMMANDS:
            commands.append(_command(child, name))
        elif name == "Final":
            finals.append(place)
        else:
            others.append(_unknown(child))
    return tuple(commands), finals, others


def _command(node: _Node, name: str) -> model.Command:
    values: dict[str, Any] = {}
    items: list[model.Item] = []
    targets: list[str] = []
    sources: list[str] = []
    inner: list[model.Command] = []
    unknown: list[model.Unknown] = []
    fields = _FIELDS.get(name, _COMMON)
    for child in node:
        _, child_name = _qualified(child)
        field = fields.get(child_name)
        if child_name == "Item":
            items.append(_item(child))
        elif field is not None and field[0] not in values:
            values[field[0]] = field[1](child)
            if child_name == "Data" and child.attrib and name == "Status":
                values["data_attributes"] = _attributes(child)
        elif child_name == "TargetRef" and name in _ANSWERS:
            targets.append(_id(child))
        elif child_name == "SourceRef" and name in _ANSWERS:
            sources.append(_id(child))
        elif name in GROUPS and child_name in COMMANDS:
            inner.append(_command(child, child_name))
        else:
            unknown.append(_unknown(child))
    if name in _ANSWERS:
        values["target_refs"], values["source_refs"] = tuple(targets), tuple(sources)
    if name in GROUPS:
        values["commands"] = tuple(inner)
    return _CLASSES.get(name, model.Command)(name=name, items=tuple(items), unknown=tuple(unknown), **values)


def _item(node: _Node) -> model.Item:
    values: dict[str, Any] = {}
    unknown: list[model.Unknown] = []
    for child in node:
        _, name = _qualified(child)
        if name == "Data" and "data" not in values:
            values["data"] = _text(child)
            values["data_attributes"] = _attributes(child)
            if len(child):
                values["embedded"] = tuple(_unknown(inner) for inner in child)
        elif (reader := _ITEM.get(name)) is not None and reader[0] not in values:
            values[reader[0]] = reader[1](child)
        else:
            unknown.append(_unknown(child))
    return model.Item(**values, unknown=tuple(unknown))


def _address(node: _Node) -> model.Address:
    uri = name = None
    unknown: list[model.Unknown] = []
    for child in node:
        _, child_name = _qualified(child)
        if child_name == "LocURI" and uri is None:
            uri = _id(child)
        elif child_name == "LocName" and name is None:
            name = _id(child)
        else:
            unknown.append(_unknown(child))
    return model.Address(uri, name, tuple(unknown))


def _meta(node: _Node) -> model.Meta:
    values: dict[str, model.Leaf] = {}
    unknown: list[model.Unknown] = []
    for child in node:
        namespace, name = _qualified(child)
        field = _META.get(name)
        if field is None or field in values or len(child):
            unknown.append(_unknown(child))
        else:
            values[field] = model.Leaf(_text(child), namespace)
    return model.Meta(**values, unknown=tuple(unknown))


def _cred(node: _Node) -> model.Cred:
    meta = data = None
    unknown: list[model.Unknown] = []
    for child in node:
        _, name = _qualified(child)
        if name == "Meta" and meta is None:
            meta = _meta(child)
        elif name == "Data" and data is None:
            data = _text(child)
        else:
            unknown.append(_unknown(child))
    return model.Cred(meta, data, tuple(unknown))


def _chal(node: _Node) -> model.Meta:
    for child in node:
        if _qualified(child)[1] == "Meta":
            return _meta(child)
    return model.Meta()


def _unknown(node: _Node) -> model.Unknown:
    namespace, name = _qualified(node)
    return model.Unknown(
        name=name,
        namespace=namespace,
        text=node.text or "",
        attributes=_attributes(node),
        children=tuple(_unknown(child) for child in node),
        tail=node.tail or "",
    )


def _attributes(node: _Node) -> tuple[tuple[str, str], ...]:
    """An element's attributes, names in Clark notation, sorted: their order means nothing."""
    if not node.attrib:
        return ()
    return tuple(sorted((_MSFT.sub(_MSFT_NAMESPACE, str(key)), str(value)) for key, value in node.attrib.items()))


def _present(_: _Node) -> bool:
    return True


_Reader = Callable[[_Node], Any]
_Fields = dict[str, tuple[str, _Reader]]

_HEADER: Final[_Fields] = {
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
_COMMON: Final[_Fields] = {
    "CmdID": ("cmd_id", _id),
    "NoResp": ("no_resp", _present),
    "Cred": ("cred", _cred),
    "Meta": ("meta", _meta),
}
_REFERENCES: Final[_Fields] = {
    **_COMMON,
    "MsgRef": ("msg_ref", _id),
    "CmdRef": ("cmd_ref", _id),
    "Cmd": ("cmd", _id),
}
_FIELDS: Final[dict[str, _Fields]] = {
    "Alert": {**_COMMON, "Data": ("code", _id), "Correlator": ("correlator", _id)},
    "Exec": {**_COMMON, "Correlator": ("correlator", _id)},
    "Results": _REFERENCES,
    "Status": {**_REFERENCES, "Data": ("code", _id), "Chal": ("chal", _chal)},
}
_ITEM: Final[_Fields] = {
    "Target": ("target", _address),
    "Source": ("source", _address),
    "Meta": ("meta", _meta),
    "MoreData": ("more_data", _present),
}
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
_ANSWERS: Final = frozenset({"Status", "Results"})
_CLASSES: Final[dict[str, type[model.Command]]] = {
    "Alert": model.Alert,
    "Exec": model.Exec,
    "Results": model.Results,
    "Status": model.Status,
    "Atomic": model.Group,
    "Sequence": model.Group,
}
