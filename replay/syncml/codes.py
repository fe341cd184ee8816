"""What the codes of Status and Alert mean, in a few words each (RP 10; DMRP 7)."""

from typing import Final

from replay.syncml.model import Alert, Command, Status

STATUS_MEANINGS: Final = {
    "101": "in progress",
    "200": "OK", "201": "item added", "202": "accepted for processing", "203": "not from the source itself",
    "204": "no content", "205": "reset content", "206": "partial content", "207": "conflict resolved by merging",
    "208": "conflict, the client wins", "209": "conflict resolved by duplicating", "210": "deleted without archive",
    "211": "item not deleted", "212": "authentication accepted", "213": "chunk accepted", "214": "operation cancelled",
    "215": "not executed", "216": "atomic rolled back",
    "300": "multiple choices", "301": "moved permanently", "302": "found", "303": "see another URI", "304": "not modified",
    "305": "use the proxy",
    "400": "bad request", "401": "invalid credentials", "402": "payment required", "403": "forbidden", "404": "not found",
    "405": "command not allowed", "406": "optional feature not supported", "407": "credentials missing",
    "408": "request timeout", "409": "conflict", "410": "gone", "411": "size required", "412": "incomplete command",
    "413": "request too large", "414": "URI too long", "415": "unsupported type or format", "416": "requested size too big",
    "417": "retry later", "418": "already exists", "419": "conflict, the server wins", "420": "device full",
    "421": "unknown search grammar", "422": "bad CGI script", "423": "soft-delete conflict", "424": "size mismatch",
    "425": "permission denied", "426": "partial item not accepted", "427": "item not empty", "428": "move failed",
    "500": "command failed", "501": "command not implemented", "502": "bad gateway", "503": "service unavailable",
    "504": "gateway timeout", "505": "DTD version not supported", "506": "processing error", "507": "atomic failed",
    "508": "refresh required", "510": "data store failure", "511": "server failure", "512": "synchronization failed",
    "513": "protocol version not supported", "514": "operation cancelled", "516": "atomic not rolled back",
    "517": "atomic response too large",
}  # fmt: skip
ALERT_MEANINGS: Final = {
    "1100": "display", "1101": "confirmation", "1102": "text input", "1103": "single choice", "1104": "multiple choice",
    "1200": "server-initiated session", "1201": "client-initiated session", "1222": "next message", "1223": "session abort",
    "1224": "client event", "1225": "no end of data", "1226": "generic alert",
}  # fmt: skip


def meaning_of(command: Command) -> str | None:
    """What the code of a Status or an Alert means; None for another command, or a code that is not defined."""
    if isinstance(command, Status):
        return STATUS_MEANINGS.get(command.code or "")
    return ALERT_MEANINGS.get(command.code or "") if isinstance(command, Alert) else None
