"""The values of evidence from the device: events that Windows logged, items of other collectors' lists, and the files they came in.

What an event means is not decided here, nor which clock is right: times are the device's own.
"""

from typing import Final

from msgspec import Struct

from replay.capture.exchange import CaptureError

#: The provider whose events count (facts, E).
PROVIDER: Final = "microsoft-windows-devicemanagement-enterprise-diagnostics-provider"
PROVIDER_GUID: Final = "3da494e4-0fe2-415c-b895-fb5265c5c83b"

#: What the seed document calls the steps of the clean-up, and the two ends of an unenrolment, as lists name them.
STEPS: Final = ("apps", "certificates", "policies", "configuration", "report")
TRIGGER: Final = "trigger"
END: Final = "end"
DONE: Final = "done"
FAILED: Final = "failed"


class EvidenceError(CaptureError):
    """Evidence that is empty or cannot be read: names the file, the place in it, the reason, and what to do."""


class Logged(Struct, frozen=True):
    """One event of the provider. `at` is in seconds since 1970 on the device's clock; `values` are its data in order, with their
    names; `message` is the rendered text where the export has one; `record` is its number in its channel."""

    at: float
    event: int
    values: tuple[tuple[str, str], ...] = ()
    message: str | None = None
    computer: str | None = None
    channel: str | None = None
    record: int | None = None
    place: str = ""


class Stated(Struct, frozen=True):
    """One item of a collector's list: a step (STEPS, TRIGGER or END), its outcome (DONE or FAILED), and its text."""

    at: float
    step: str
    outcome: str
    text: str = ""
    place: str = ""


class EvidenceFile(Struct, frozen=True):
    """One file of evidence. `others` counts the events of other providers, `unread` the records that could not be read; `first` and
    `last` bound everything in it, in seconds since 1970 on the device's clock."""

    path: str
    format: str
    logged: tuple[Logged, ...] = ()
    stated: tuple[Stated, ...] = ()
    others: int = 0
    unread: int = 0
    first: float | None = None
    last: float | None = None


def is_provider(name: str | None, guid: str | None) -> bool:
    """Whether an event's Provider element names the provider, by its id or by its name."""
    if guid and guid.strip("{} ").lower() == PROVIDER_GUID:
        return True
    return (name or "").lower() in (PROVIDER, PROVIDER.removeprefix("microsoft-windows-"))
