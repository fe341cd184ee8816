"""Evidence from devices: event logs in XML and (where its library is installed) in binary, and lists of steps."""

import importlib.util
import json
import tempfile
from pathlib import Path

from replay.capture.evidence import EvidenceError
from replay.capture.evidence_readers import read_evidence
from replay.expect.case import Options
from replay.expect.evidence import log_of
from replay.expect.judge import judge
from tests import eventlog
from tests.fuzz import seeds as stories
from tests.story import T0


def seeds() -> list[bytes]:
    """Logs of one unenrolment in every form, and lists."""
    events = eventlog.unenrolment(T0 + 31)
    forms = [
        eventlog.xml(events),
        eventlog.xml(events, rendered=True),
        eventlog.xml(events, root=True, declared="UTF-16"),
    ]
    listed = [
        {"at": T0 + 32 + place, "step": step, "outcome": "done", "text": "x"}
        for place, step in enumerate(("apps", "policies"))
    ]
    found = [form.encode() for form in forms] + [forms[0].encode("utf-16"), json.dumps(listed).encode()]
    return [*found, eventlog.evtx(events)] if importlib.util.find_spec("evtx") else found


def check(data: bytes) -> None:
    """Only EvidenceError comes out; a capture can be judged by what was read, in whatever relation its clock stands."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(data)
        try:
            log = log_of([read_evidence(str(path))])
        except EvidenceError as error:
            assert str(path) in str(error)
            return
        for offset in (None, 0.0):
            judged = judge(stories.captures()[0], Options(evidence=log, evidence_offset=offset))
            assert not [each for each in judged.errors if "crashed" in each], judged.errors
