"""What the events of the provider say about an unenrolment: the table that maps them to the steps of the clean-up.

The steps are the document's five (`apps`, `certificates`, `policies`, `configuration`, `report`; UNENR); `TRIGGER` and `END` are
where the unenrolment begins and ends. An event that speaks of unenrolment is `own`; every other one is written in ordinary
management too, and `also` says as what. The builds whose texts are known are 10.0.10586 to 10.0.22000.

Sources: *text* is the message of the event (message tables of twelve builds, libyal's winevt-kb), *fields* its data and level
(jdu2600's dump of the manifest), *CODE* the behaviour of the shipped client (facts), *Learn* Microsoft's troubleshooting pages.
"""

from typing import Final

from msgspec import Struct

from replay.capture.evidence import DONE, END, FAILED, TRIGGER

#: The alert was handed over to be sent: the moment by which clocks are reconciled.
ALERT_HANDED_OVER: Final = 48
#: The engine began for a cause other than the user; before it, that the server's Exec was accepted.
NOT_BY_USER: Final = 60
BY_USER: Final = 61
EXEC_ACCEPTED: Final = 1600
#: The removal of an app begins, and how it ends; the number is the place of the product code in the data.
UNINSTALLS: Final = {1921: 0, 1923: 0, 1925: 2}
UNINSTALL_BEGINS: Final = 1921
#: In 10586 these two said "MDM Unenroll"; that build has neither 73 nor 74.
SAID_UNENROL_IN_10586: Final = frozenset({53, 54})


class Known(Struct, frozen=True):
    """What an event says: the step (or TRIGGER or END) and its outcome, in words, and where that is from.

    `own` where only an unenrolment writes it. `also` is another reading, where there is one. `first` is the first build known to
    write it. `enrolment` is the place of the enrolment's id among its data. `cleans` is false where it removes nothing, so that it
    may come before the alert. `goes_on` says that a failure of it does not end the unenrolment. Where it is a removal that may fail
    because there is nothing to remove, its data has the result (`removes`).
    """

    step: str
    outcome: str
    meaning: str
    source: str
    own: bool = False
    also: str = ""
    first: int = 10586
    enrolment: int | None = None
    cleans: bool = True
    goes_on: bool = False
    removes: bool = False


_APPS, _CERTIFICATES, _POLICIES, _CONFIGURATION, _REPORT = "apps", "certificates", "policies", "configuration", "report"
_DELETE: Final = "a server's Delete in an ordinary session is logged alike"

EVENTS: Final[dict[int, Known]] = {
    # -- the trigger
    60: Known(TRIGGER, DONE, "unenrolment initiated, not by the user (server or device)", "text; CODE", own=True, cleans=False),
    61: Known(TRIGGER, DONE, "unenrolment initiated by the user in Settings", "text", own=True, cleans=False),
    86: Known(TRIGGER, DONE, "origin of the unenrolment", "text", own=True, first=19041, cleans=False),
    92: Known(TRIGGER, DONE, "the user who enrolled was deleted from the device", "text", own=True, first=22000, cleans=False),
    1600: Known(
        TRIGGER, DONE, "the server's Exec was accepted", "text", own=True, first=14393, enrolment=0, cleans=False
    ),
    1601: Known(
        TRIGGER, FAILED, "the server's Exec could not be carried out", "text", own=True, first=14393, enrolment=0, cleans=False
    ),
    # -- 1: the app token and line-of-business apps; nothing names the token
    1903: Known(
        _APPS, DONE, "an app that had been installed is gone", "text", first=14393,
        also="anybody may have removed the app",
    ),
    1921: Known(_APPS, DONE, "uninstall of an app begun", "text", first=14393, also=_DELETE),
    1923: Known(_APPS, DONE, "uninstall of an app done", "text", first=14393, also=_DELETE),
    1925: Known(_APPS, FAILED, "uninstall of an app failed", "text", first=14393, also=_DELETE, removes=True),
    # -- 2: certificates have no event of their own; 601 with a certificate's URI is the nearest (step_of)
    601: Known(_CONFIGURATION, DONE, "a tracked resource deleted", "text; fields", first=17763, enrolment=0, also=_DELETE),
    # -- 3: policies
    818: Known(_POLICIES, FAILED, "a policy could not be deleted", "text; fields", enrolment=2, also=_DELETE, removes=True),
    819: Known(_POLICIES, DONE, "a policy deleted", "text; fields", enrolment=2, also=_DELETE),
    844: Known(
        _POLICIES, DONE, "policies of a bad enrolment are deleted", "text", first=14393,
        also="a leftover of an earlier enrolment is logged alike",
    ),
    845: Known(
        _POLICIES, FAILED, "the policies of a bad enrolment could not be deleted", "text", first=14393,
        also="a leftover of an earlier enrolment is logged alike", removes=True,
    ),
    915: Known(
        _POLICIES, DONE, "the enrolment is made dormant, its policies removed", "text", first=16299, enrolment=0,
        also="an enrolment may become dormant and stay",
    ),
    2216: Known(
        _POLICIES, DONE, "group policies that MDM had blocked are in force again", "text", first=17134,
        also="a server that lifts the policy causes it too",
    ),
    # -- 4: the client's configuration; nothing names the scheduled task
    20: Known(
        _CONFIGURATION, DONE, "a session was refused, the enrolment is dormant", "text; CODE", first=15063, enrolment=0,
        also="an enrolment may be dormant and stay", cleans=False,
    ),
    64: Known(
        _CONFIGURATION, DONE, "dmwappushservice starts on demand again", "text", own=True, first=14393,
        also="a failed enrolment that is undone writes it too",
    ),
    65: Known(
        _CONFIGURATION, FAILED, "the start type of dmwappushservice could not be changed back", "text; Learn", own=True,
        first=14393, also="a failed enrolment that is undone writes it too", removes=True,
    ),
    67: Known(
        _CONFIGURATION, FAILED, "the work account could not be deleted", "text; CODE", own=True, first=14393,
        also="logged and not fatal: the unenrolment goes on", cleans=False, goes_on=True,
    ),
    1120: Known(_CONFIGURATION, DONE, "device management account deleted", "text", first=14393, enrolment=1, also=_DELETE),
    1121: Known(
        _CONFIGURATION, FAILED, "device management account could not be deleted", "text", first=14393, enrolment=1,
        also=_DELETE, removes=True,
    ),
    1122: Known(_CONFIGURATION, FAILED, "device management account could not be cleared", "text", first=14393, also=_DELETE),
    # -- 5: the report
    48: Known(
        _REPORT, DONE, "the alert was handed over to be sent", "text; CODE", own=True, cleans=False,
        also="its session is requested and watched; that the server has it only the traffic shows",
    ),
    49: Known(
        _REPORT, FAILED, "the session for the alert could not be started", "text; CODE; Learn", own=True, cleans=False,
        also="result 1 stands for a file that was not found, as where dmwappushservice is missing",
    ),
    216: Known(_REPORT, DONE, "the alert is named in the HTTP header", "text", own=True, first=17763, cleans=False),
    256: Known(_REPORT, DONE, "a session was asked for, with the alert first", "text", own=True, first=22000, cleans=False),
    # -- the end
    73: Known(END, DONE, "the device-wide part of the unenrolment is finished", "text", own=True, first=14393, cleans=False),
    74: Known(END, DONE, "the unenrolment succeeded", "text", own=True, first=14393, cleans=False),
}  # fmt: skip

#: Events that stand near an unenrolment and are no step of it: what they say, in the docs.
CONTEXT: Final[dict[int, str]] = {
    42: "no push channel",
    47: "push channel upgraded",
    53: "enrolment: no token from the STS; in 10586 the text said unenrolment",
    54: "enrolment: token from the STS; in 10586 the text said unenrolment",
    200: "message sent",
    201: "message not sent",
    202: "message of the server read",
    203: "message of the server not read",
    204: "no connection to the server",
    207: "LoginStatus alert",
    208: "session started: enrolment, server, SessionID",
    209: "session ended",
    210: "client stopped",
    247: "unenrolment of a container triggered",
    257: "session started: SessionID, server",
    404: "command failed",
    406: "push router cannot start: dmwappushservice is disabled",
    600: "tracked resource and result: set or deleted, the event does not say which",
    700: "unenrolment asked for by a program, with its result",
    916: "enrolment made current again",
    2003: "a partnership removed: not an MDM server's enrolment",
    2436: "lock of declared configuration could not be made",
    2437: "lock of declared configuration made",
    2438: "lock of declared configuration taken",
    2439: "lock of declared configuration released",
    2529: "declared configuration met an enrolment that is leaving",
}

#: Which step the deletion of a tracked resource belongs to, by what its URI contains (601).
_BY_URI: Final = (
    ("/clientcertificateinstall", _CERTIFICATES),
    ("/rootcatrustedcertificates", _CERTIFICATES),
    ("/certificatestore", _CERTIFICATES),
    ("/policy/", _POLICIES),
    ("/enterprisedesktopappmanagement", _APPS),
    ("/enterprisemodernappmanagement", _APPS),
    ("/enterpriseappmanagement", _APPS),
)


def step_of(event: int, values: tuple[str, ...]) -> str:
    """The step that an event of EVENTS is about, which the resource's URI tells where one is deleted (601)."""
    if event == 601 and values:
        uri = values[-1].lower()
        return next((step for part, step in _BY_URI if part in uri), EVENTS[event].step)
    return EVENTS[event].step
