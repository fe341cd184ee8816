"""The tokens of WBXML: which number stands for which element, per code page.

The rows follow the numbers, four to a row. Source: wbxml_tables.c of libwbxml, xlttags.c of the SyncML Reference Toolkit and
Wireshark's packet-wbxml.c, which agree on pages 0 and 1; the first two agree on DevInf (facts D).
"""

from typing import Final

from msgspec import Struct

from replay.syncml.names import METINF as METINF_NAMESPACE
from replay.syncml.names import SYNCML_11, SYNCML_12

#: Token (0x05 to 0x3F, without the bits for content and attributes) to element name.
Tags = dict[int, str]

DEVINF_NAMESPACE: Final = "syncml:devinf"
DDF_NAMESPACE: Final = "syncml:dmddf1.2"

# Global tokens: they mean the same on every code page (WBXML 1.3, 7.1).
SWITCH_PAGE: Final = 0x00
END: Final = 0x01
ENTITY: Final = 0x02
STR_I: Final = 0x03
LITERAL: Final = 0x04
EXT_I: Final = (0x40, 0x41, 0x42)
PI: Final = 0x43
LITERAL_C: Final = 0x44
EXT_T: Final = (0x80, 0x81, 0x82)
STR_T: Final = 0x83
LITERAL_A: Final = 0x84
EXT: Final = (0xC0, 0xC1, 0xC2)
OPAQUE: Final = 0xC3
LITERAL_AC: Final = 0xC4
#: The bits of a tag's byte that say: attributes follow, content follows.
HAS_ATTRIBUTES: Final = 0x80
HAS_CONTENT: Final = 0x40

#: Code page 0 of SyncML; 0x30 is reserved. SyncML 1.1 ends at MoreData (and libwbxml adds SourceParent), but messages
#: of DM 1.2 do carry the public id of 1.1, and the tokens that both have are the same: 1.1 is read with this table too.
SYNCML: Final[Tags] = {
    0x05: "Add", 0x06: "Alert", 0x07: "Archive",
    0x08: "Atomic", 0x09: "Chal", 0x0A: "Cmd", 0x0B: "CmdID",
    0x0C: "CmdRef", 0x0D: "Copy", 0x0E: "Cred", 0x0F: "Data",
    0x10: "Delete", 0x11: "Exec", 0x12: "Final", 0x13: "Get",
    0x14: "Item", 0x15: "Lang", 0x16: "LocName", 0x17: "LocURI",
    0x18: "Map", 0x19: "MapItem", 0x1A: "Meta", 0x1B: "MsgID",
    0x1C: "MsgRef", 0x1D: "NoResp", 0x1E: "NoResults", 0x1F: "Put",
    0x20: "Replace", 0x21: "RespURI", 0x22: "Results", 0x23: "Search",
    0x24: "Sequence", 0x25: "SessionID", 0x26: "SftDel", 0x27: "Source",
    0x28: "SourceRef", 0x29: "Status", 0x2A: "Sync", 0x2B: "SyncBody",
    0x2C: "SyncHdr", 0x2D: "SyncML", 0x2E: "Target", 0x2F: "TargetRef",
    0x31: "VerDTD", 0x32: "VerProto", 0x33: "NumberOfChanges",
    0x34: "MoreData", 0x35: "Field", 0x36: "Filter", 0x37: "Record",
    0x38: "FilterType", 0x39: "SourceParent", 0x3A: "TargetParent", 0x3B: "Move",
    0x3C: "Correlator",
}  # fmt: skip

#: Code page 1 of SyncML: the children of Meta. Some devices are said to use 0x17 to 0x1A (FP, ID, IDContainer, IDPair),
#: which no OMA document has: they are not here.
METINF: Final[Tags] = {
    0x05: "Anchor", 0x06: "EMI", 0x07: "Format",
    0x08: "FreeID", 0x09: "FreeMem", 0x0A: "Last", 0x0B: "Mark",
    0x0C: "MaxMsgSize", 0x0D: "Mem", 0x0E: "MetInf", 0x0F: "Next",
    0x10: "NextNonce", 0x11: "SharedMem", 0x12: "Size", 0x13: "Type",
    0x14: "Version", 0x15: "MaxObjSize", 0x16: "FieldLevel",
}  # fmt: skip

#: Code page 2 of SyncML, and of documents of their own: the DM tree and device description (OMA TND). Only libwbxml has it.
DDF: Final[Tags] = {
    0x05: "AccessType", 0x06: "ACL", 0x07: "Add",
    0x08: "b64", 0x09: "bin", 0x0A: "bool", 0x0B: "chr",
    0x0C: "CaseSense", 0x0D: "CIS", 0x0E: "Copy", 0x0F: "CS",
    0x10: "date", 0x11: "DDFName", 0x12: "DefaultValue", 0x13: "Delete",
    0x14: "Description", 0x15: "DFFormat", 0x16: "DFProperties", 0x17: "DFTitle",
    0x18: "DFType", 0x19: "Dynamic", 0x1A: "Exec", 0x1B: "float",
    0x1C: "Format", 0x1D: "Get", 0x1E: "int", 0x1F: "Man",
    0x20: "MgmtTree", 0x21: "MIME", 0x22: "Mod", 0x23: "Name",
    0x24: "Node", 0x25: "node", 0x26: "NodeName", 0x27: "null",
    0x28: "Occurrence", 0x29: "One", 0x2A: "OneOrMore", 0x2B: "OneOrN",
    0x2C: "Path", 0x2D: "Permanent", 0x2E: "Replace", 0x2F: "RTProperties",
    0x30: "Scope", 0x31: "Size", 0x32: "time", 0x33: "Title",
    0x34: "TStamp", 0x35: "Type", 0x36: "Value", 0x37: "VerDTD",
    0x38: "VerNo", 0x39: "xml", 0x3A: "ZeroOrMore", 0x3B: "ZeroOrN",
    0x3C: "ZeroOrOne",
}  # fmt: skip

#: DevInf 1.2; 0x2F is not assigned.
DEVINF_12: Final[Tags] = {
    0x05: "CTCap", 0x06: "CTType", 0x07: "DataStore",
    0x08: "DataType", 0x09: "DevID", 0x0A: "DevInf", 0x0B: "DevTyp",
    0x0C: "DisplayName", 0x0D: "DSMem", 0x0E: "Ext", 0x0F: "FwV",
    0x10: "HwV", 0x11: "Man", 0x12: "MaxGUIDSize", 0x13: "MaxID",
    0x14: "MaxMem", 0x15: "Mod", 0x16: "OEM", 0x17: "ParamName",
    0x18: "PropName", 0x19: "Rx", 0x1A: "Rx-Pref", 0x1B: "SharedMem",
    0x1C: "MaxSize", 0x1D: "SourceRef", 0x1E: "SwV", 0x1F: "SyncCap",
    0x20: "SyncType", 0x21: "Tx", 0x22: "Tx-Pref", 0x23: "ValEnum",
    0x24: "VerCT", 0x25: "VerDTD", 0x26: "XNam", 0x27: "XVal",
    0x28: "UTC", 0x29: "SupportNumberOfChanges", 0x2A: "SupportLargeObjs", 0x2B: "Property",
    0x2C: "PropParam", 0x2D: "MaxOccur", 0x2E: "NoTruncate",
    0x30: "Filter-Rx", 0x31: "FilterCap", 0x32: "FilterKeyword", 0x33: "FieldLevel",
    0x34: "SupportHierarchicalSync",
}  # fmt: skip

#: DevInf 1.1: 0x1C had another name, what 1.2 added is read as well.
DEVINF_11: Final[Tags] = {**DEVINF_12, 0x1C: "Size"}


class Page(Struct, frozen=True):
    """A code page: the XML namespace it stands for, and its tags."""

    namespace: str
    tags: Tags


class Language(Struct, frozen=True):
    """A document type: its formal public identifier, the number WBXML has for it (0: none), its code pages, its root."""

    identifier: str
    public_id: int
    pages: dict[int, Page]
    root: str


_METINF: Final = Page(METINF_NAMESPACE, METINF)
_DDF: Final = Page(DDF_NAMESPACE, DDF)

SYNCML_LANGUAGE_12: Final = Language(
    "-//SYNCML//DTD SyncML 1.2//EN", 0x1201, {0: Page(SYNCML_12, SYNCML), 1: _METINF, 2: _DDF}, "SyncML"
)
SYNCML_LANGUAGE_11: Final = Language(
    "-//SYNCML//DTD SyncML 1.1//EN", 0x0FD3, {0: Page(SYNCML_11, SYNCML), 1: _METINF, 2: _DDF}, "SyncML"
)
DEVINF_LANGUAGE_12: Final = Language(
    "-//SYNCML//DTD DevInf 1.2//EN", 0x1203, {0: Page(DEVINF_NAMESPACE, DEVINF_12)}, "DevInf"
)
DEVINF_LANGUAGE_11: Final = Language(
    "-//SYNCML//DTD DevInf 1.1//EN", 0x0FD4, {0: Page(DEVINF_NAMESPACE, DEVINF_11)}, "DevInf"
)
METINF_LANGUAGE_12: Final = Language("-//SYNCML//DTD MetInf 1.2//EN", 0x1202, {1: _METINF}, "MetInf")
#: Documents of the DM tree have no number; they begin on page 0, which is empty, and switch to page 2.
DDF_LANGUAGE_12: Final = Language("-//OMA//DTD-DM-DDF 1.2//EN", 0, {2: _DDF}, "MgmtTree")

LANGUAGES: Final = (
    SYNCML_LANGUAGE_12,
    SYNCML_LANGUAGE_11,
    DEVINF_LANGUAGE_12,
    DEVINF_LANGUAGE_11,
    METINF_LANGUAGE_12,
    DDF_LANGUAGE_12,
)
#: The languages by the number in a document's head, and by their identifier, lower case.
BY_NUMBER: Final = {language.public_id: language for language in LANGUAGES if language.public_id}
BY_IDENTIFIER: Final = {language.identifier.lower(): language for language in LANGUAGES}

#: Character sets by their MIBenum (IANA), as Python calls them. 0, "unknown", is read as UTF-8, which every DM peer writes.
CODECS: Final = {0: "utf-8", 3: "ascii", 4: "latin-1", 106: "utf-8"}
