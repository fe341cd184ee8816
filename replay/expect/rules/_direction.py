"""Who a message says it goes to: whether Target and Source of SyncHdr are swapped (DMP 8.3 to 8.6)."""

from replay.capture.references import REQUEST
from replay.capture.sessions import same_host
from replay.capture.turns import Turn
from replay.syncml.model import Message


def swapped(turn: Turn, side: str) -> bool:
    """Whether a message names the server where its device belongs: as Source of a device's, as Target of a server's.

    The server is told by its URL. Where neither address, or both, is one, the URL of the request and the DevId that the device
    gives decide; where they do not, nothing is said. An answer that only mirrors a swapped message is none.
    """
    message = turn.request if side == REQUEST else turn.response
    if message is None:
        return False
    target, source = addresses(message)
    if not target or not source:
        return False
    if _is_url(target if side == REQUEST else source) and not _is_url(source if side == REQUEST else target):
        return False  # plainly right
    if side == REQUEST:
        return _is_server(turn, source, other=target) or _says_so_itself(turn, target, source)
    asked = addresses(turn.request) if turn.request is not None else (None, None)
    if asked == (source, target):
        return False  # sent back to where the message said that it came from
    if asked == (target, source) and turn.request_contents is not None:
        own = turn.request_contents.parts.dev_id
        if own is not None and own[2] == source:
            return True
    return _is_server(turn, target, other=source)


def addresses(message: Message) -> tuple[str | None, str | None]:
    """LocURI of Target and of Source."""
    target, source = message.header.target, message.header.source
    return target.uri if target else None, source.uri if source else None


def _is_server(turn: Turn, uri: str, *, other: str) -> bool:
    """Whether the address that should be the device's is the server's."""
    if not _is_url(uri):
        return False
    if not _is_url(other):
        return True
    url = turn.exchange.url
    return url is not None and same_host(uri, url) and (uri == other or not same_host(other, url))


def _says_so_itself(turn: Turn, target: str, source: str) -> bool:
    """Whether a device's message gives as its DevId what stands in Target, not in Source."""
    own = turn.request_contents.parts.dev_id if turn.request_contents is not None else None
    return own is not None and own[2] == target and own[2] != source


def _is_url(uri: str) -> bool:
    return uri[:8].lower().startswith(("http://", "https://"))
