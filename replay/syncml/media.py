"""What an exchange gives away about itself before its body is read: content types and URLs of OMA DM and of enrolment."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

#: Types of MDM 2.1, and the older ones that peers write (`application/vnd.syncml+xml`).
_SYNCML: Final = "application/vnd.syncml"
_PKCS7: Final = re.compile(r"application/(x-)?pkcs7", re.IGNORECASE)
#: Windows puts this on the URL of every session (MDM 2.1 notes 7-8).
_WINDOWS_QUERY: Final = re.compile(r"(^|&)mode=(Maintenance|Machine)(&|$)", re.IGNORECASE)
#: Enrolment requests: MDE's and WS-Trust's SOAP actions (contract, "enrolment").
_ENROLMENT_ACTION: Final = re.compile(
    rb"http://schemas\.microsoft\.com/windows/(pki/2009/01/enrollment|management/2012/01/enrollment)"
    rb"|http://docs\.oasis-open\.org/ws-sx/ws-trust/|http://schemas\.xmlsoap\.org/ws/2005/02/trust"
)
_ACTION_ELEMENT: Final = re.compile(rb"<(?:[\w.-]+:)?Action[\s>][^<]{0,300}<")
_SOAP: Final = re.compile(rb"<(?:[\w.-]+:)?Envelope[\s>]")
_HEAD: Final = 4096


@lru_cache(maxsize=256)  # a capture has few, and every message comes with one
def media_type(content_type: str | None) -> str:
    """The type alone, in lower case, without parameters; empty where there is none."""
    return (content_type or "").split(";", 1)[0].strip().lower()


@lru_cache(maxsize=256)
def is_syncml_type(content_type: str | None) -> bool:
    """Whether a content type is one of SyncML's."""
    return media_type(content_type).startswith(_SYNCML)


def is_pkcs7_type(content_type: str | None) -> bool:
    """Whether a content type announces a PKCS#7 signature or envelope."""
    return bool(_PKCS7.match(media_type(content_type)))


def is_management_url(url: str | None) -> bool:
    """Whether a URL is one on which a Windows device runs its sessions, by its query (MDM 2.1)."""
    return bool(url) and bool(_WINDOWS_QUERY.search(_split(url or "")[1]))


def is_enrolment_request(url: str | None, soap_action: str | None, body: bytes | None) -> bool:
    """Whether a request enrols a device: its path contains `/EnrollmentServer/`, or its SOAP action is MDE's or WS-Trust's."""
    if url and "/enrollmentserver/" in _split(url)[0].lower():
        return True
    if soap_action and _ENROLMENT_ACTION.search(soap_action.encode("utf-8", "replace")):
        return True
    head = (body or b"")[:_HEAD]
    if not _SOAP.search(head):
        return False
    return any(_ENROLMENT_ACTION.search(found.group()) for found in _ACTION_ELEMENT.finditer(head))


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, ""
    return parts.path, parts.query
