"""What every capture must bear, however it came to be read: it is judged, shown, normalised and copied, and nothing raises; what
could not be read is never a pass; what is shown has no escape sequence in it."""

import io
import re
from collections.abc import Callable
from typing import BinaryIO

from replay.capture import flow_writer, flows, har, har_writer
from replay.capture.exchange import Capture, CaptureError
from replay.capture.journal_reader import read as read_journal
from replay.capture.readers import _read as read_file
from replay.capture.writers import write_journal
from replay.expect.case import Options
from replay.expect.finding import Verdict
from replay.expect.judge import Judgement, Scope, judge
from replay.normal.form import normal_form, normal_others
from replay.normal.text import normal_text
from replay.report.as_json import as_json
from replay.report.shapes import report
from replay.report.text import check_text
from replay.report.tree import show_text, tree

#: What a report may hold of control characters: line feeds, and the colours that it puts in itself.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def read_any(data: bytes) -> Capture | None:
    """A file of any format; None where it is refused as it should be."""
    try:
        return read_file(io.BytesIO(data), "fuzzed", None)
    except CaptureError as error:
        assert str(error).startswith("fuzzed: "), error
        return None


def check_read(data: bytes, read: Callable[[BinaryIO, str], Capture]) -> None:
    """What a format's reader can read of some bytes is judged; only CaptureError comes out of it."""
    try:
        capture = read(io.BytesIO(data), "fuzzed")
    except CaptureError as error:
        assert str(error).startswith("fuzzed: ")
        return
    check_capture(capture)


def check_capture(capture: Capture, *, copied: bool = True) -> Judgement:
    """Fails where a capture does not bear what it must."""
    judged = _judged(capture)
    check_shown(check_text(report([judged]), detail=1))
    if judged.traffic is not None:
        check_shown(show_text(tree(judged.traffic, raw=True, whole=True), detail=1).replace("\t", ""))
        normal_text(normal_form(judged.traffic), normal_others(judged.traffic)).encode()
    as_json(report([judged])).encode()
    if copied:
        _check_copy(capture, judged)
    return judged


def check_shown(text: str) -> None:
    """Fails where a text for a terminal has more in it than colours."""
    found = _CONTROL.search(_COLOUR.sub("", text))
    assert found is None, f"a control character is shown: {found[0]!r}"


def _judged(capture: Capture) -> Judgement:
    judged = judge(capture, Options(quiet=60.0), Scope())
    assert not judged.errors, judged.errors
    if any(trouble.kind == "cut" for trouble in capture.troubles):
        assert judged.verdict is not Verdict.PASS, "what could not be read passed"
    if not any(turn.readable for turn in judged.traffic.turns):
        assert judged.verdict is not Verdict.PASS, "nothing passed"
    return judged


def _check_copy(capture: Capture, judged: Judgement) -> None:
    """A copy as a journal is no better than what it was made from; other formats can be written and read."""
    out = io.BytesIO()
    write_journal(capture, out)
    out.seek(0)
    again = judge(read_journal(out, "copy"), Options(quiet=60.0), Scope())
    assert not (again.verdict is Verdict.PASS and judged.verdict > Verdict.PASS), f"{judged.verdict} became a pass"
    for writer, reader in ((flow_writer, flows), (har_writer, har)):
        out = io.BytesIO()
        writer.write(capture, out)
        out.seek(0)
        copy = reader.read(out, "copy")
        assert len(copy.exchanges) == len(capture.exchanges)
    assert not again.errors, again.errors
