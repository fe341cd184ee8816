"""Captures judged both ways, as a whole and in parts."""

import io
from typing import Any

from msgspec import structs

from replay.capture import flow_writer, flows, journal_reader
from replay.capture.parts import Span, TogetherError, anchors_of, flow_anchors_of, read_flow_parts, read_parts
from replay.expect.case import Options
from replay.expect.judge import Scope, judge
from replay.many.large import Large
from replay.report.annotations import annotations_from, annotations_of
from replay.report.markdown import drawing_of
from replay.report.shapes import CaptureShape, capture


def alike(
    content: bytes, scope: Scope | None = None, options: Options | None = None, *, count: int = 5, flow: bool = False
) -> bool:
    """Whether a journal (or flow file) could be judged in parts; then the report is the same, with the lines of its findings and
    the drawings of its episodes."""
    scope, options = scope or Scope(), options or Options()
    format_: Any = flows if flow else journal_reader
    whole = judge(format_.read(io.BytesIO(content), "c.jsonl"), options, scope)
    span = None
    if scope.since is not None or options.until is not None:
        anchors = (flow_anchors_of if flow else anchors_of)(io.BytesIO(content), "c.jsonl")
        span = Span(scope.since, options.until, anchors)
    try:
        parts = (read_flow_parts if flow else read_parts)(io.BytesIO(content), "c.jsonl", count=count, span=span)
    except TogetherError:
        return False
    with parts:
        try:
            found = Large("c.jsonl", parts, options, scope, with_sessions=True, draw=drawing_of)
        except TogetherError:
            return False
    assert read_back(found) == capture(whole)
    assert found.matched == whole.matched
    assert found.findings.severities == {each.severity for each in whole.findings if each.accepted is None}
    assert list(annotations_from(found.told)) == list(annotations_of(whole))
    assert list(found.told.drawings) == [[tuple(line) for line in drawing_of(each)] for each in whole.episodes]
    return True


def read_back(found: Large) -> CaptureShape:
    """The report's shape of a large capture, with everything in it."""
    shape = found.told.shape
    return structs.replace(
        shape, sessions=list(shape.sessions), episodes=list(shape.episodes), findings=list(shape.findings)
    )


def flow_file(journal: bytes) -> bytes:
    """A journal as a flow file."""
    file = io.BytesIO()
    flow_writer.write(journal_reader.read(io.BytesIO(journal), "c.jsonl"), file)
    return file.getvalue()
