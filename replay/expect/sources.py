"""What the short names in a rule's source stand for: the documents, and the facts that were drawn from them."""

import re
from typing import Final

from msgspec import Struct

#: Documents by the short names that rules cite.
DOCUMENTS: Final[dict[str, str]] = {
    "UNENR": 'Microsoft, "Disconnecting from the management infrastructure (unenrollment)"',
    "OMADM": 'Microsoft, "OMA DM protocol support"',
    "DMC": 'Microsoft, "DMClient CSP"',
    "DDF": 'Microsoft, "DMClient DDF file" (device description)',
    "MDM": "Microsoft, [MS-MDM] Mobile Device Management Protocol, v15.0",
    "DMP": "OMA Device Management Protocol 1.2",
    "DMRP": "OMA Device Management Representation Protocol 1.2",
    "DMS": "OMA Device Management Security 1.2",
    "RP": "SyncML Representation Protocol 1.2.2",
    "HTTP": "RFC 9110, HTTP Semantics",
    "XML": "W3C, Extensible Markup Language (XML) 1.0",
    "contract": "what omadm-replay promises: formats, words and exit codes",
    "rules": "the catalogue of the rules of omadm-replay",
    "facts": "what the documents, and devices and servers that were watched, say together",
}

#: Where a fact comes from, other than a document: what was watched or taken from shipped software.
_SEEN: Final[dict[str, str]] = {
    "CAP": "a Windows session of December 2022",
    "CAP11": "messages of a Windows 11 25H2 device",
    "CODE": "behaviour of the shipped Windows client",
    "SRV": "behaviour of open-source MDM servers",
}

#: The facts that rules cite: one statement each, and whose it is.
FACTS: Final[dict[str, str]] = {
    "A1.1": "the alert session opens once the user has confirmed, before enterprise data is removed (UNENR)",
    "A1.2": "active sessions end first; the alert is in package 1 of a new session, MsgID 1 (UNENR; MDM 2.2.3.6)",
    "A1.3": "the alert is best effort, without a retry; clean-up begins once it has been sent (UNENR)",
    "A1.4": "Alert 1226, Type com.microsoft:mdm.unenrollment.userrequest, Format int, Data 1 (UNENR)",
    "A1.5": "Data 2, or the text AADJ Unregister Failed, says that the directory unjoin failed and the enrolment stays (CODE)",
    "A1.6": "the alert is marked critical, and MDM-GenericAlert may be on every message of its session (CAP11; MDM 2.1, Note 5)",
    "A1.7": "the order of package 1 is Alert 1201, Alert 1224 LoginStatus, Alert 1226, Replace of DevInfo, Final (CAP11)",
    "A1.10": "the client can wait a while for the session that it started; clean-up does not depend on the reply (CODE)",
    "A1.20": "a server answers every package, with a Status for SyncHdr and for each Alert (DMP 8, 8.4)",
    "A1.21": "the Status for a generic alert is 200 or 202, else one of 401, 406, 407, 412, 415, 500 (DMP 8.7; DMRP 6.6.2)",
    "A1.22": "the Replace of DevInfo is owed a Status too; a sample of Microsoft's leaves it out (MDM 2.2.6.1, 4)",
    "A1.23": "an answer to the alert brings no new commands (SRV)",
    "A1.24": "Windows takes 200 without a body for the end of a session (CAP); by DMP 8 a server always answers with a message",
    "A1.25": "the same alert delivered twice does nothing twice (SRV)",
    "A2.1": "the Unenroll node is below ./Vendor/MSFT/DMClient or ./Device/Vendor/MSFT/DMClient; ./User has none (DMC; DDF)",
    "A2.2": "the ProviderID is URI-encoded in the path and plain in Data (DMC)",
    "A2.3": "Data is the provisioned ProviderID, Format chr; Windows 10 and later ignore it (UNENR; DMC)",
    "A2.4": "an Exec stands in SyncBody or Sequence; Microsoft's document allows it in Atomic (DMRP 6.6.6; MDM 2.2.7.3)",
    "A2.5": "all sessions end at once; no Status for the Exec, but Alert 1226 in a new session with MsgID 1 (UNENR)",
    "A2.6": "a directory unjoin comes first, for 300 s at most; then the device gives its other sessions up to 10 s (CODE)",
    "A2.7": "a directory-joined device with a pending account conversion refuses, and cleans up nothing (CODE)",
    "A2.8": "an administrator's removal happens at the next session or push (UNENR)",
    "A3": "a directory-joined device cannot be disconnected in Settings; removed remotely it leaves the directory too, on mobile "
    "devices that fails (UNENR)",
    "B": "rules for any session (MDM; DMP; DMRP)",
    "B1": "the root is SyncML in SYNCML:SYNCML1.2, well-formed, in the order of the DTD (MDM 2.2.2, 2.2.4.1)",
    "B2": "SyncHdr has VerDTD, VerProto, SessionID, MsgID, Target and Source (RP)",
    "B3": "VerDTD is 1.2, VerProto DM/1.2 (MDM 2.2.3.13, 2.2.3.14; DMP 8.3)",
    "B4": "a device's Target is the server and its Source the device; a server's the reverse (DMP 8.3)",
    "B5": "SessionID is opaque, constant in a session, and at most 4 bytes (MDM 2.2.3.8)",
    "B6": "MsgID starts at 1 and grows by 1 for each sender (MDM 2.2.3.6)",
    "B7": "CmdID is there, is not 0, and is unique in its message (MDM 2.2.3.2)",
    "B8": "the LocURI of a command does not begin with / (OMADM)",
    "B9": "a device ignores Meta in the server's SyncHdr (OMADM)",
    "B10": "one Status for each command, the one for SyncHdr first; for several items one each (MDM 2.2.6.1)",
    "B11": "Status elements come in the order of the commands (MDM 2.2.6.1)",
    "B12": "no Status for a Status, nor for Results that are taken (MDM 2.2.6.1; DMRP 6.5.1)",
    "B13": "MsgRef is the peer's MsgID, CmdRef its CmdID, Cmd its name (MDM 2.2.3.3, 2.2.3.7, 2.2.7.8)",
    "B14": "the last message of a session is the server's: a device sends none that has only a Status for SyncHdr (MDM 2.2.6.1)",
    "B15": "Results only for a Get with 200, after its Status (MDM 3.1.5.1.6; DMRP 6.6.12)",
    "B16": "NoResp, Archive, Lang, SftDel, Map, Put, Search and others are not used in DM (DMRP)",
    "B17": "what Microsoft's document says against the rest of itself is not enforced (MDM 1.3.1, 2.2.3.1, 2.2.4.3)",
    "B20": "packages: 1 client, 2 server, 3 client's answer, 4 server's further commands, then 3 and 4 again (DMP 8; OMADM)",
    "B21": "package 1 has Alert 1200 or 1201, Replace of DevInfo, and Final (DMP 8.3; MDM 3.1.5.1.2)",
    "B22": "a client sends Replace of DevInfo, Results, Alert and Status only (DMP 8)",
    "B23": "a generic alert goes from client to server only; its Mark is one of seven values (DMP 8.7.1)",
    "B24": "a Type is a URN; the one of Windows' unenrolment breaks this, and is right (DMP 8.7.1.6)",
    "B25": "Final is in the last message of a package, and only there (MDM 2.2.3.4; DMP 6.2)",
    "B26": "a command, with all that is in an Atomic or Sequence, fits in one message (DMP 6)",
    "B27": "while the client has not finished its package, the server answers with Alert 1222 or 1223, and no commands (DMP 6.2)",
    "B28": "Alert 1223 ends a session; sessions may also end without it (DMP 8.1)",
    "B29": "no time-outs are defined (DMP 8)",
    "B30": "Atomic rolls back as a whole; no Atomic or Get inside it (OMADM; DMRP 6.6.3)",
    "Status codes": "101, 200 to 216, 300 to 305, 400 to 428, 500 to 514, 516, 517 (RP 10)",
    "Large objects": "MoreData on all chunks but the last, Size on the first, 213 for each, nothing between them (DMP 7)",
    "Authentication": "Cred in SyncHdr only, Chal in a Status 401 or 407, digests over user, password and nonce (DMP 9; DMS 5)",
    "HTTP": "POST, with application/vnd.syncml.dm+xml or +wbxml on either side (MDM 2.1)",
    "C": "values that differ from run to run, and what never counts as such",
    "D": "WBXML: tokens, public ids and character sets (DMRP 5.2)",
    "E": "events that Windows logs of an unenrolment",
    "mitmproxy": "what mitmproxy shows of traffic, and what it does not",
    "Endings": "how the ends of exchanges look to it",
    "F": "other alerts of devices, such as firmware updates",
}


class Cited(Struct, frozen=True):
    """One thing that a source cites: as the rule has it, and spelled out; twice the same where the tables lack it."""

    short: str
    text: str


def spelled_out(source: str) -> list[Cited]:
    """What a rule's source cites: `UNENR; facts A1.3, A2.5` is a document and two facts."""
    return [cited for part in source.split(";") for cited in _part(part.strip())]


def _part(part: str) -> list[Cited]:
    name, _, place = part.partition(" ")
    name, place = name.rstrip(","), place.strip()
    if name == "facts":
        return [_fact(each.strip()) for each in place.split(",")]
    if name not in DOCUMENTS:
        return [Cited(part, part)]
    return [Cited(part, f"{DOCUMENTS[name]}{', ' if place else ''}{place}")]


def _fact(short: str) -> Cited:
    return Cited(short, _with_names(FACTS.get(short, short)))


def _with_names(fact: str) -> str:
    """A fact in which what was watched is said in words."""
    return re.sub(r"\b(" + "|".join(_SEEN) + r")\b(?=[;)])", lambda found: _SEEN[found[1]], fact)
