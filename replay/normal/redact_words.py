"""The words of the protocol, which name nobody: a value that is one of them is replaced where it stands as an identity, and
nowhere else, because rules read these words."""

from typing import Final

from replay.syncml.names import COMMANDS, METINF, SYNCML_11, SYNCML_12, UNENROL_TYPE, UNJOIN_FAILED_TEXT
from replay.syncml.wbxml_tables import LANGUAGES

#: Namespaces, media types, nodes, headers and values that are the same in everybody's captures.
_LITERALS: Final = f"""
{UNENROL_TYPE} {UNJOIN_FAILED_TEXT} {METINF} {SYNCML_11} {SYNCML_12} {" ".join(sorted(COMMANDS))}
application/vnd.syncml.dm+xml application/vnd.syncml.dm+wbxml application/vnd.syncml+xml application/octet-stream
application/soap+xml application/x-pkcs7-signature application/json application/x-www-form-urlencoded multipart text/plain text/html
charset utf-8 utf-16 iso-8859-1 windows-1252 DM/1.2 SyncML/1.2 OMA/1.2 HTTP/1.1 HTTP/2.0 version encoding standalone
./Vendor/MSFT/DMClient/Provider/Unenroll ./Device/Vendor/MSFT ./User/Vendor/MSFT LinkedEnrollment Policy Config Result
./DevInfo/DevId ./DevInfo/Man ./DevInfo/Mod ./DevInfo/DmV ./DevInfo/Lang ./DevDetail/SwV ./DevDetail/Ext/Microsoft ./SyncML/DMAcc
com.microsoft/MDM/LoginStatus com.microsoft/MDM/AADUserToken com.microsoft:mdm.refresh Reversed-Domain-Name:com.microsoft.mdm
/ManagementServer/MDM.svc /EnrollmentServer/ /Discovery.svc /Enrollment.svc mode=Maintenance mode=Machine Platform=WoA
MSFT OMA DM Client Microsoft Windows Intune enrollment enrolment unenrollment management managed device devices userrequest
schemas.microsoft.com schemas.xmlsoap.org docs.oasis-open.org www.w3.org notify.windows.com manage.microsoft.com login.live.com
syncml:auth-basic syncml:auth-md5 syncml:auth-MAC algorithm username basic digest bearer negotiate b64 bin bool chr int
node null xml fatal critical minor warning informational harmless indeterminate user users admin administrator guest test
none others system local localhost domain true false server client proxy mdm default unknown password secret token name value
type data item online root
Content-Type Content-Length Content-Encoding Transfer-Encoding Connection keep-alive gzip deflate identity chunked Accept-Charset
MDM-GenericAlert User-Agent UserAgentOrigin x-syncml-hmac MS-Signature DeviceToken MS-CV client-request-id Retry-After Cache-Control
server-closed server-reset truncated client-closed timeout connect-failed tls-failed proxy-stopped recorder-failed certificate
BEGIN CERTIFICATE REQUEST PRIVATE PUBLIC END IMEI Bearer Basic urn:uuid: urn:imei: info support office contact postmaster
"""
_TAGS: Final = " ".join(
    tag for language in LANGUAGES for page in language.pages.values() for tag in (page.namespace, *page.tags.values())
)
_TEXT: Final = f"{_LITERALS} {_TAGS}".lower()


def is_protocol(value: str) -> bool:
    """Whether a value is a word of the protocol, or a piece of what the protocol says."""
    return value.lower() in _TEXT
