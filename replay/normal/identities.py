"""The identity table: which values name something, where they stand, and how each is treated and renewed (facts C).

One table for four users: normalisation takes `treatment`; replay and the comparison of a replay take `renewal`; redaction takes
`redaction`. What is not in it, and is no volatile value (`masks.py`), counts to the letter: alert codes, Type with its blanks,
Format, Data, Mark, commands with their order and nesting, Final, MoreData, Status codes, LocURIs, namespaces, HTTP status, who
sends.
"""

import enum
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from msgspec import Struct


class Role(enum.StrEnum):
    """What a value names."""

    SESSION = "session"
    MESSAGE = "message"
    COMMAND = "command"
    DEVICE = "device"
    SERVER = "server"
    MACHINE = "machine"
    USER = "user"
    ADDRESS = "address"
    CERTIFICATE = "certificate"
    CHANNEL = "channel"
    NONCE = "nonce"
    CREDENTIAL = "credential"
    MAC = "mac"
    TOKEN = "token"  # noqa: S105 - a role, no secret
    SIGNATURE = "signature"
    CORRELATION = "correlation"
    REQUEST = "request"


class Treatment(enum.StrEnum):
    """What the normal form makes of a value."""

    #: the same alias for the same value, numbered by first use
    ALIAS = "alias"
    #: left out: the place in the order says it
    ORDINAL = "ordinal"
    #: replaced by what it refers to
    REFERENCE = "reference"
    #: scheme, host and port replaced; path and query kept
    HOST = "host"
    #: only that it is there is kept
    MASK = "mask"
    #: a base with a counter behind it: the base gets an alias, the counter is kept
    COUNTER = "counter"
    #: kept, unless the captures come from different machines
    MACHINE = "machine"
    #: counts to the letter: it is in the table for others than the normal form
    LETTER = "letter"


class Renewal(enum.StrEnum):
    """How a replay makes the value anew."""

    PER_SESSION = "a new one for each session"
    COUNTED = "counted by its sender, from 1"
    LIVE_REFERENCE = "what the live peer really sent"
    GIVEN = "the one that the user gives, else the recorded one"
    LIVE_ADDRESS = "the address of the live peer"
    FROM_PEER = "what the live peer last challenged with"
    MADE = "made from the secret and the nonce in force"
    PER_MESSAGE = "made anew for each message"
    KEPT = "kept"


class Redaction(enum.StrEnum):
    """What a redaction makes of a value."""

    #: it names nobody, or rules read it
    KEPT = "kept"
    #: a pseudonym of the same form, which has the same equals, in either case
    NAME = "name"
    #: a pseudonym of which only the length is the value's
    SECRET = "secret"  # noqa: S105 - a treatment, no secret
    #: of an address in a network only the host is replaced: scheme, port, path and query keep their shape
    HOST = "host"


class Identity(Struct, frozen=True):
    """One row: the role, the place, whose message it stands in (None for both), treatment, renewal and redaction.

    A place is a path below SyncML of which the end is given (`SyncHdr/SessionID`, `CmdID`), a node (`./DevInfo/DevId`), a header
    (`HTTP/ms-cv`), or a name (`*/UPN`): of a node under whatever root, of a parameter in a query or in a document that a
    message carries, or of an element there, in either case, with or without `-` and `_`.
    """

    role: Role
    place: str
    treatment: Treatment
    renewal: Renewal
    sender: str | None = None
    redaction: Redaction = Redaction.KEPT


_R, _T, _N, _D = Role, Treatment, Renewal, Redaction

IDENTITIES: Final[tuple[Identity, ...]] = (
    Identity(_R.SESSION, "SyncHdr/SessionID", _T.ALIAS, _N.PER_SESSION),
    Identity(_R.MESSAGE, "SyncHdr/MsgID", _T.ORDINAL, _N.COUNTED),
    Identity(_R.MESSAGE, "MsgRef", _T.REFERENCE, _N.LIVE_REFERENCE),
    Identity(_R.COMMAND, "CmdID", _T.ORDINAL, _N.COUNTED),
    Identity(_R.COMMAND, "CmdRef", _T.REFERENCE, _N.LIVE_REFERENCE),
    Identity(_R.DEVICE, "SyncHdr/Source/LocURI", _T.ALIAS, _N.GIVEN, "device", redaction=_D.NAME),
    Identity(_R.DEVICE, "SyncHdr/Source/LocName", _T.ALIAS, _N.GIVEN, "device", redaction=_D.NAME),
    Identity(_R.DEVICE, "SyncHdr/Target/LocURI", _T.ALIAS, _N.GIVEN, "server", redaction=_D.NAME),
    Identity(_R.DEVICE, "SyncHdr/Target/LocName", _T.ALIAS, _N.GIVEN, "server", redaction=_D.NAME),
    Identity(_R.DEVICE, "./DevInfo/DevId", _T.ALIAS, _N.GIVEN, redaction=_D.NAME),
    Identity(_R.SERVER, "SyncHdr/Target/LocURI", _T.HOST, _N.LIVE_ADDRESS, "device", redaction=_D.HOST),
    Identity(_R.SERVER, "SyncHdr/Source/LocURI", _T.HOST, _N.LIVE_ADDRESS, "server", redaction=_D.HOST),
    Identity(_R.SERVER, "SyncHdr/RespURI", _T.HOST, _N.LIVE_ADDRESS, "server", redaction=_D.HOST),
    Identity(_R.SERVER, "HTTP/url", _T.HOST, _N.LIVE_ADDRESS, "device", redaction=_D.HOST),
    Identity(_R.MACHINE, "./DevInfo/Man", _T.MACHINE, _N.KEPT),
    Identity(_R.MACHINE, "./DevInfo/Mod", _T.MACHINE, _N.KEPT),
    Identity(_R.MACHINE, "./DevInfo/Lang", _T.MACHINE, _N.KEPT),
    Identity(_R.MACHINE, "./DevDetail/SwV", _T.MACHINE, _N.KEPT),
    Identity(_R.MACHINE, "./DevDetail/Ext/WLANMACAddress", _T.MACHINE, _N.KEPT, redaction=_D.NAME),
    Identity(_R.NONCE, "NextNonce", _T.MASK, _N.FROM_PEER, redaction=_D.SECRET),
    Identity(_R.CREDENTIAL, "Cred/Data", _T.MASK, _N.MADE, redaction=_D.SECRET),
    Identity(_R.MAC, "HTTP/x-syncml-hmac", _T.MASK, _N.MADE, redaction=_D.SECRET),
    Identity(_R.SIGNATURE, "HTTP/ms-signature", _T.MASK, _N.MADE, redaction=_D.SECRET),
    Identity(_R.TOKEN, "HTTP/authorization", _T.MASK, _N.GIVEN, redaction=_D.SECRET),
    Identity(_R.TOKEN, "HTTP/devicetoken", _T.MASK, _N.GIVEN, redaction=_D.SECRET),
    Identity(_R.CORRELATION, "HTTP/ms-cv", _T.COUNTER, _N.PER_MESSAGE, redaction=_D.SECRET),
    Identity(_R.REQUEST, "HTTP/client-request-id", _T.ALIAS, _N.KEPT, redaction=_D.NAME),
    *(
        Identity(role, place, _T.LETTER, _N.KEPT, redaction=redaction)
        for role, redaction, places in (
            (_R.TOKEN, _D.SECRET, "HTTP/proxy-authorization HTTP/cookie HTTP/set-cookie HTTP/www-authenticate "
                                  "HTTP/proxy-authenticate HTTP/authentication-info"),
            (_R.SERVER, _D.HOST, "HTTP/host HTTP/location HTTP/content-location HTTP/referer HTTP/origin "
                                 "HTTP/x-forwarded-host HTTP/access-control-allow-origin"),
            (_R.ADDRESS, _D.NAME, "HTTP/x-forwarded-for HTTP/forwarded HTTP/x-real-ip HTTP/x-client-ip HTTP/via"),
            (_R.CERTIFICATE, _D.SECRET, "HTTP/client-cert HTTP/client-cert-chain HTTP/x-arr-clientcert HTTP/x-client-cert "
                                        "HTTP/x-ssl-cert HTTP/x-forwarded-client-cert"),
            (_R.DEVICE, _D.NAME, "*/DevID */DeviceID */DeviceName */EntDMID */EntDeviceName */DNSComputerName */ComputerName "
                                 "*/MachineName */AADDeviceID */HWDevID */PublisherDeviceID */ExchangeID */DeviceIdentifier"),
            (_R.USER, _D.NAME, "*/UPN */UserPrincipalName */User */UserName */UserID */UserSID */SID */LoginName */LoginHint "
                               "*/Email */EmailAddress */Mail */HelpEmailAddress */AAuthName */AuthName */RegisteredOwner "
                               "*/SamAccountName */GivenName */Surname */PreferredUserName */UniqueName"),
            (_R.MACHINE, _D.NAME, "*/IMEI */IMEISV */MEID */ESN */IMSI */ICCID */MobileID */MSISDN */PhoneNumber "
                                  "*/HelpPhoneNumber */SerialNumber */SMBIOSSerialNumber */MAC */MACAddress */WLANMACAddress "
                                  "*/UDID */HardwareID */AssetTag */CellularIdentities */NetworkIdentifiers"),
            (_R.ADDRESS, _D.NAME, "*/WlanIPv4Address */WlanIPv6Address */IPAddressV4 */IPAddressV6 */IPAddress */ClientIP"),
            (_R.SERVER, _D.NAME, "*/TenantID */AADTenantID */TenantName */Organization */OrganizationName */CompanyName"),
            (_R.SERVER, _D.HOST, "*/ManagementServiceAddress */HelpWebsite */AADResourceID */EnrollmentServiceUrl "
                                 "*/EnrollmentPolicyServiceUrl */AuthenticationServiceUrl */DiscoveryServiceFullURL */ServerUrl "
                                 "*/ServerAddress */Addr */To */WlanDnsSuffix */Domain */DomainName */TenantDomain"),
            (_R.CHANNEL, _D.SECRET, "*/ChannelURI */PushChannelURI"),
            (_R.CERTIFICATE, _D.SECRET, "*/Certificate */EncodedCertificate */X509Certificate */ClientCert */PFXCertBlob "
                                        "*/CertificateRequest */CSR */DeviceHardwareData */SignedEntDMID"),
            (_R.CERTIFICATE, _D.NAME, "*/Thumbprint */CertThumbprint */CertificateThumbprint */PFXCertThumbprint */CAThumbprint "
                                      "*/Subject */SubjectName */Issuer */IssuedTo */IssuedBy"),
            (_R.CREDENTIAL, _D.SECRET, "*/Password */Passwd */Pwd */Passphrase */PFXCertPassword */DevicePassword */AdminPassword "
                                       "*/RecoveryPassword */RecoveryKey */AAuthSecret */AAuthData */AuthSecret */Secret "
                                       "*/ClientSecret */SharedSecret */SharedKey */PresharedKey */KeyMaterial */PrivateKey "
                                       "*/Challenge */ApiKey */AccessKey */SubscriptionKey"),
            (_R.TOKEN, _D.SECRET, "*/Token */DeviceToken */AccessToken */RefreshToken */IDToken */AuthToken */AppToken "
                                  "*/SessionToken */SecurityToken */BinarySecurityToken */AADUserToken */AADDeviceToken */Ticket "
                                  "*/SAMLResponse */Assertion */ClientAssertion */Signature */SignatureValue */Sig"),
            (_R.NONCE, _D.SECRET, "*/Nonce"),
        )
        for place in places.split()
    ),
)  # fmt: skip

#: Answers that are remembered: the same few places come in every message.
_REMEMBERED: Final = 4096
_BY_END: Final[dict[str, list[Identity]]] = {}
_BY_NAME: Final[dict[str, Identity]] = {}
for _identity in IDENTITIES:
    if _identity.place.startswith("*/"):
        _BY_NAME[_identity.place[2:].lower()] = _identity
    else:
        _BY_END.setdefault(_identity.place.rpartition("/")[2], []).append(_identity)


@lru_cache(_REMEMBERED)
def identity_at(path: str, sender: str) -> Identity | None:
    """The row for an element, by its path below SyncML without numbers (`SyncBody/Status/MsgRef`). What is inside an item's Data
    is content, and has no identities."""
    if "/Item/Data/" in path:
        return None
    return _row(path, sender, lambda place: not place.startswith(("HTTP/", "./")))


@lru_cache(_REMEMBERED)
def header_identity(name: str, sender: str) -> Identity | None:
    """The row for a header, by its name in lower case."""
    return _row(f"HTTP/{name}", sender, lambda place: place.startswith("HTTP/"))


@lru_cache(_REMEMBERED)
def node_identity(uri: str, sender: str) -> Identity | None:
    """The row for the Data of a node, by its LocURI."""
    return _row(uri, sender, lambda place: place.startswith("./"))


def named_identity(name: str) -> Identity | None:
    """The row for what has a telling name: a node under whatever root, a parameter, an element (`*/UPN`)."""
    return _BY_NAME.get(name.lower().replace("-", "").replace("_", ""))


def _row(path: str, sender: str, fits: Callable[[str], bool]) -> Identity | None:
    for identity in _BY_END.get(path.rpartition("/")[2], ()):
        ends = path == identity.place or path.endswith("/" + identity.place)
        if ends and identity.sender in (None, sender) and fits(identity.place):
            return identity
    return None
