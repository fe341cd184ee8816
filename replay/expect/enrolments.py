"""What the seed document says of the kinds of enrolment, and the advice that follows from it (UNENR, "Unenrollment from Work
Access settings page" and "Unenrollment from Azure Active Directory Join"; facts A3).

Nothing here is seen on the wire, so nothing here changes a verdict: it says what was to be expected of such a device, and
what to look at."""

import enum
from typing import Final

from msgspec import Struct

from replay.capture.episodes import Episode

#: Kinds of advice.
ADVICE: Final = "advice"
UNEXPECTED: Final = "unexpected"
_SETTINGS: Final = 'UNENR, "Unenrollment from Work Access settings page"'
_JOIN: Final = 'UNENR, "Unenrollment from Azure Active Directory Join"'


class EnrolmentKind(enum.StrEnum):
    """How a device was enrolled."""

    BULK = "bulk"
    WORK_ACCESS = "work-access"
    ENTRA_JOINED = "entra-joined"
    WORK_ACCOUNT = "work-account"
    MOBILE_ENTRA_JOINED = "mobile-entra-joined"


class Advice(Struct, frozen=True):
    """Something to look at; its kind is `unexpected` where the episode is not what such an enrolment should show, else `advice`.
    `source` is where the document says it."""

    kind: str
    text: str
    source: str


#: Kinds whose device is registered with a directory: Settings cannot disconnect them.
_DIRECTORY: Final = frozenset(
    {EnrolmentKind.ENTRA_JOINED, EnrolmentKind.WORK_ACCOUNT, EnrolmentKind.MOBILE_ENTRA_JOINED}
)
#: Kinds whose device is joined to a directory, so that there is a join that can fail to be undone.
_JOINED: Final = frozenset({EnrolmentKind.ENTRA_JOINED, EnrolmentKind.MOBILE_ENTRA_JOINED})


def expects_failure(kind: EnrolmentKind | None, episode: Episode) -> bool:
    """Whether a failed directory unjoin is what such an enrolment is expected to show: remote unenrolment of a
    directory-joined mobile device fails (UNENR)."""
    return kind is EnrolmentKind.MOBILE_ENTRA_JOINED and bool(episode.execs)


def advice_on(kind: EnrolmentKind | None, episode: Episode) -> list[Advice]:
    """What the document has to say of an episode of a device that was enrolled in a way, None where it is not known."""
    return [
        Advice(row.kind, row.text, row.source) for row in _TABLE if row.scenario == episode.scenario and kind in row.of
    ]


class _Row(Struct, frozen=True):
    """One row of the table: to which kinds of enrolment (None: not known) and which scenario it applies, and what it says."""

    of: frozenset[EnrolmentKind | None]
    scenario: str
    kind: str
    text: str
    source: str


_ENTRA: Final = frozenset({EnrolmentKind.ENTRA_JOINED})
_MOBILE: Final = frozenset({EnrolmentKind.MOBILE_ENTRA_JOINED})
_NOT_JOINED: Final = frozenset(EnrolmentKind) - _JOINED

_TABLE: Final = (
    _Row(
        _DIRECTORY,
        "user",
        UNEXPECTED,
        "the user cannot have disconnected this device in Settings, where the button is disabled for what is registered with "
        "a directory: the link to the directory was removed, or the device was enrolled in another way",
        _SETTINGS,
    ),
    _Row(
        _ENTRA,
        "user",
        ADVICE,
        "the user is not told that data under Windows Information Protection is lost: the prompt says nothing of it",
        _JOIN,
    ),
    _Row(
        _ENTRA,
        "server",
        ADVICE,
        "remote unenrolment removes the directory join as well. Make sure that an enabled local administrator is left who is "
        "not part of the tenant; else nobody can administer the device, and it may have to be imaged again",
        _JOIN,
    ),
    _Row(
        _MOBILE,
        "server",
        UNEXPECTED,
        "remote unenrolment of a directory-joined mobile device fails by the document; this one says that it leaves",
        _JOIN,
    ),
    _Row(
        _NOT_JOINED,
        "unjoin-failed",
        UNEXPECTED,
        "the device says that its directory unjoin failed, and a device that is enrolled so is joined to none",
        "facts A1.5, A2.6",
    ),
    _Row(
        frozenset({None}) | _JOINED,
        "unjoin-failed",
        ADVICE,
        "the device stays enrolled and keeps what the organisation put on it. On a mobile device remote unenrolment of a "
        "directory-joined device always ends so: to remove the content, wipe it remotely",
        _JOIN,
    ),
)
