"""The fixed names of the language: namespaces, commands, alert codes, and the literals of an unenrolment."""

from typing import Final

SYNCML_12: Final = "SYNCML:SYNCML1.2"
SYNCML_11: Final = "SYNCML:SYNCML1.1"
METINF: Final = "syncml:metinf"

#: Commands that carry commands (DMRP 6.6.3, 6.6.15).
GROUPS: Final = frozenset({"Atomic", "Sequence"})

#: Every element of SyncBody that is a command: it has a CmdID (RP DTD). Those that DM does not use are read too.
COMMANDS: Final = frozenset(
    {
        "Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get", "Map", "Move", "Put", "Replace", "Results",
        "Search", "Sequence", "Status", "Sync",
    }
)  # fmt: skip

#: Alert codes (DMRP 7).
SERVER_INITIATED: Final = "1200"
CLIENT_INITIATED: Final = "1201"
NEXT_MESSAGE: Final = "1222"
SESSION_ABORT: Final = "1223"
CLIENT_EVENT: Final = "1224"
GENERIC_ALERT: Final = "1226"

#: The Type of the unenrolment alert, to the letter (UNENR). It breaks DMP 8.7.1.6 and is right all the same.
UNENROL_TYPE: Final = "com.microsoft:mdm.unenrollment.userrequest"

#: Data of the alert: the device leaves (UNENR); it could not leave the directory, and stays (CODE, facts A1.5).
LEAVES: Final = "1"
UNJOIN_FAILED: Final = "2"
UNJOIN_FAILED_TEXT: Final = "AADJ Unregister Failed"
STAYS: Final = frozenset({UNJOIN_FAILED, UNJOIN_FAILED_TEXT})

#: Status codes that challenge the sender; they refuse nothing (DMP 9).
CHALLENGES: Final = frozenset({"401", "407"})
