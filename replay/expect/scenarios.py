"""The expected sequences by name (rules, "The expected sequence"), and which phases belong to each."""

from typing import Final

USER: Final = "user"
SERVER: Final = "server"
UNJOIN_FAILED: Final = "unjoin-failed"

#: Every scenario that ships, with the phases that its report names.
PHASES: Final[dict[str, tuple[str, ...]]] = {
    USER: ("alert", "reply", "cleanup", "silence"),
    SERVER: ("trigger", "alert", "reply", "cleanup", "silence"),
    # nothing is cleaned up and the enrolment stays; the trigger may have been sent before the capture began
    UNJOIN_FAILED: ("trigger", "alert", "reply"),
}
