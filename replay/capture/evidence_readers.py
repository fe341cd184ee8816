"""One way in for evidence from the device: which kind a file is, told by its content, and its reader.

A log is `.evtx`, or the XML that `wevtutil qe /f:xml`, `wevtutil qe /f:RenderedXml` and Event Viewer write; a list is JSON. Of a
log only the events of one provider are kept; others are counted, and bound the time that the log speaks of.
"""

import io
import json
import struct
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from replay.capture.access import cannot_be_read
from replay.capture.evidence import DONE, END, FAILED, STEPS, TRIGGER, EvidenceError, EvidenceFile, Stated
from replay.capture.evidence_xml import LogReader, begins_like_xml, decoded, read_xml
from replay.capture.times import seconds_of
from replay.syncml.errors import show_bytes

_EVTX: Final = b"ElfFile\0"
_EVTX_HEAD: Final = 128
_EVTX_CHUNK: Final = 0x10000
_INSTALL: Final = "pip install 'omadm-replay[evtx]'"
_NAMES: Final = ("at", "step", "outcome", "text")
_EXPECTED: Final = f"expected a list of objects with {', '.join(_NAMES)}"


def read_evidence(path: str) -> EvidenceFile:
    """A file of evidence, or standard input (`-`).

    Raises EvidenceError where it is empty, of no known kind, or damaged, and where an extra is missing.
    """
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise EvidenceError(cannot_be_read(path, error)) from None
    if not data.strip(b"\0 \t\r\n"):
        raise EvidenceError(f"{path}: is empty; export the log again, or give a list of steps")
    return _reader_of(path, data)(path, data)


def _reader_of(path: str, data: bytes) -> Callable[[str, bytes], EvidenceFile]:
    if data.startswith(_EVTX):
        return _read_evtx
    text = decoded(data[:64]).lstrip("\ufeff \t\r\n")
    if begins_like_xml(text):
        return read_xml
    if text[:1] in ("[", "{"):
        return _read_list
    raise EvidenceError(
        f"{path}: byte 0: no known kind of evidence, it begins {show_bytes(data[:24])}; readable are Windows event logs (.evtx, "
        "the XML of wevtutil and of Event Viewer) and a JSON list of objects with at, step, outcome and text"
    )


def _read_evtx(path: str, data: bytes) -> EvidenceFile:
    """An `.evtx` file, by the library of the extra; records that it cannot read are counted."""
    try:
        from evtx import PyEvtxParser
    except ImportError:
        raise EvidenceError(
            f"{path}: is a binary event log, and the library that reads it is not installed: {_INSTALL}. Or export the log as XML "
            "on the device: wevtutil qe LOG /f:RenderedXml"
        ) from None
    _whole(path, data)
    log = LogReader(path)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            records: Iterable[Any] = PyEvtxParser(io.BytesIO(data), skip_errors=True).records()
            for record in records:
                log.record(record["data"], f"record {record['event_record_id']}")
        except (RuntimeError, OSError, ValueError) as error:
            raise EvidenceError(f"{path}: after {log.seen} records: no event log can be read there: {error}") from None
    log.unread += sum(issubclass(each.category, RuntimeWarning) for each in said)
    if not log.seen:
        why = f"not one of its {log.unread} records can be read" if log.unread else "holds no record"
        raise EvidenceError(f"{path}: {why}; export the log again")
    return log.result("evtx")


def _whole(path: str, data: bytes) -> None:
    """Refuses an `.evtx` that is shorter than its head says: the library would pass over what is missing, which may be the end of
    the unenrolment. A log copied while it was in use says too little, never too much."""
    head = struct.unpack_from("<HH", data, 40) if len(data) >= _EVTX_HEAD else None
    chunks = (len(data) - head[0]) // _EVTX_CHUNK if head else 0
    if head is None or chunks < head[1]:
        said = f"its head speaks of {head[1]} chunks, {max(chunks, 0)} are there" if head else "its head is not whole"
        raise EvidenceError(f"{path}: byte {len(data)}: the file is cut: {said}; export the log again")


def _read_list(path: str, data: bytes) -> EvidenceFile:
    """A JSON list of objects with `at`, `step`, `outcome` and `text`; other members are passed over."""
    try:
        items = json.loads(decoded(data).removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise EvidenceError(
            f"{path}: line {error.lineno}, column {error.colno}: no JSON: {error.msg}; {_EXPECTED}"
        ) from None
    except (RecursionError, ValueError) as error:
        raise EvidenceError(f"{path}: no JSON that can be read: {error}; {_EXPECTED}") from None
    if not isinstance(items, list) or not items:
        what = "an empty list" if isinstance(items, list) else "no list"
        raise EvidenceError(f"{path}: line 1: {what}; {_EXPECTED}")
    stated = tuple(_item(path, number, item) for number, item in enumerate(items, 1))
    times = [each.at for each in stated]
    return EvidenceFile(path, "json", stated=stated, first=min(times), last=max(times))


def _item(path: str, number: int, item: Any) -> Stated:
    """One item of a list, checked."""

    def wrong(what: str) -> EvidenceError:
        return EvidenceError(f"{path}: item {number}: {what}")

    if not isinstance(item, dict):
        raise wrong(f"expected an object with {', '.join(_NAMES)}")
    step, outcome, text = item.get("step"), item.get("outcome"), item.get("text", "")
    if step not in (*STEPS, TRIGGER, END):
        raise wrong(f"step is {step!r}; expected {', '.join(STEPS)}, {TRIGGER} or {END}")
    if outcome not in (DONE, FAILED):
        raise wrong(f"outcome is {outcome!r}; expected {DONE} or {FAILED}")
    if not isinstance(text, str):
        raise wrong(f"text is {text!r}; expected a string")
    at = seconds_of(item.get("at"))
    if at is None:
        raise wrong(f"at is {item.get('at')!r}; write 2026-11-23T09:15:00Z, or seconds since 1970")
    return Stated(at, str(step), str(outcome), text, f"{path}, item {number}")
