"""What the recorder keeps of mitmproxy's messages: which are kept whole, their headers and bodies as the journal has them, and
whether an answer is still what the server sent.
"""

import functools
import logging
from typing import TYPE_CHECKING, Any, Final

from replay.capture.coding import CodingError, TooLargeError, undone, undone_up_to_the_cut
from replay.capture.exchange import LIGHT_HEADERS
from replay.capture.wire import is_http1, text_of
from replay.syncml.media import is_enrolment_request, is_management_url, is_pkcs7_type, is_syncml_type
from replay.syncml.read import looks_like_syncml

if TYPE_CHECKING:
    from mitmproxy import http

logger = logging.getLogger(__name__)
_LIGHT_HEADERS: Final = tuple(name.encode() for name in LIGHT_HEADERS)


def is_oma_dm(request: "http.Request", body: bytes) -> bool:
    """Whether a request is to be kept whole: OMA DM by its content type, URL or body, or an enrolment request."""
    content_type = header_of(request, b"content-type")
    return (
        is_syncml(content_type, body)
        or is_management_url(request.url)
        or is_pkcs7_type(content_type)
        or is_enrolment_request(request.url, request.headers.get("soapaction"), body)
    )


def is_syncml(content_type: str | None, body: bytes | None) -> bool:
    """Whether a message is SyncML, by its content type or by how it begins."""
    return is_syncml_type(content_type) or looks_like_syncml(body or b"")


def body_of(message: "http.Message") -> bytes | None:
    """A body, its content coding undone where that can be done; one that would grow too large is kept as it came, and that is
    logged."""
    coding = header_of(message, b"content-encoding")
    content = message.raw_content
    if coding is None or not content:
        return content
    try:
        return undone(content, coding)
    except CodingError as error:  # whoever reads it will say what is wrong with it
        if isinstance(error, TooLargeError):
            logger.warning("omadm: %s; it is kept as it came, in %s", error, coding)
        return content


def part_of(message: "http.Message", part: bytes) -> bytes:
    """What came of a body that broke off, its content coding undone as far as it goes."""
    return undone_up_to_the_cut(part, header_of(message, b"content-encoding") or "")


def goes_on_until_closed(request: "http.Request", response: "http.Response") -> bool:
    """Whether nothing but the end of the connection ends the body of an answer (RFC 9112, 6.3)."""
    if (
        not is_http1(response.http_version)
        or response.status_code in (204, 304)
        or request.method.upper() in ("HEAD", "CONNECT")
    ):
        return False
    return header_of(response, b"content-length") is None and header_of(response, b"transfer-encoding") is None


def header_of(message: "http.Message", name: bytes) -> str | None:
    """The first header of that name. mitmproxy's own look-up decodes them all, which is most of what a hook would cost."""
    return next((text_of(value) for key, value in message.headers.fields if key.lower() == name), None)


def headers_of(message: "http.Message", whole: bool) -> list[tuple[str, str]]:
    """The headers in order, repeated ones too; of a message that is not kept whole, what says of which kind and size it is."""
    return [_field(*field) for field in message.headers.fields if whole or field[0].lower() in _LIGHT_HEADERS]


@functools.lru_cache(maxsize=512)
def _field(name: bytes, value: bytes) -> tuple[str, str]:
    """A header as text: devices send the same ones again and again."""
    return text_of(name), text_of(value)


class FirstLook:
    """mitmproxy's addon: sees the answers before any other has altered them."""

    name = "omadm-first-look"

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Any, ...]] = {}

    def response(self, flow: "http.HTTPFlow") -> None:
        """Remembers an answer as it came."""
        self._seen[flow.id] = self._look(flow)

    def pop(self, flow: "http.HTTPFlow") -> bool:
        """Whether an answer is now as it was; what was remembered of it is forgotten."""
        return self._seen.pop(flow.id, None) == self._look(flow)

    @staticmethod
    def _look(flow: "http.HTTPFlow") -> tuple[Any, ...]:
        response = flow.response
        if response is None:
            return ()
        return response.status_code, header_of(response, b"content-type"), response.raw_content
