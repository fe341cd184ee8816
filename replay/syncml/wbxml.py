"""WBXML, the binary form of SyncML messages (WBXML 1.1 to 1.3, SyncML RepPro 1.1 and 1.2): the way in and out.

`decode` and `encode` are exact to the byte; `to_xml` and `from_xml` lead to the form that the rest of this package reads.
"""

from replay.syncml.wbxml_decode import decode
from replay.syncml.wbxml_encode import (
    DEPTH,
    Document,
    Element,
    Entity,
    Extension,
    Node,
    Opaque,
    Reference,
    Switch,
    Tag,
    Text,
    encode,
)
from replay.syncml.wbxml_xml import OWN, from_xml, to_xml

__all__ = [
    "DEPTH",
    "OWN",
    "Document",
    "Element",
    "Entity",
    "Extension",
    "Node",
    "Opaque",
    "Reference",
    "Switch",
    "Tag",
    "Text",
    "decode",
    "encode",
    "from_xml",
    "to_xml",
]
