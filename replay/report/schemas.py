"""JSON schemas of everything in JSON that commands write or read: made from the shapes themselves, with the words that each member
can have. docs/reference/schemas has them as files (`make docs`); tests hold every JSON output against them.

The schemas let unknown members pass, because the contract may grow.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, inspect

from replay.capture.evidence import DONE, END, FAILED, STEPS, TRIGGER
from replay.capture.exchange import CAUSES
from replay.capture.journal import FORMAT as JOURNAL
from replay.compare.changes import Class, Kind
from replay.compare.replayed import Outcome
from replay.expect.finding import Party, Severity, Verdict
from replay.expect.scenarios import SHIPPED
from replay.normal import redact_map
from replay.normal.nodes import NormalEnrolment
from replay.report import diff_shapes, replay_shapes, shapes, suite_text, tree
from replay.report.journal_shapes import TYPES
from replay.report.rule_pages import Page, Row
from replay.report.table import FORMAT as FIND

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_VERDICTS: Final = [verdict.word for verdict in Verdict]
_PHASES: Final = ["observed", "inferred", "absent", "contradicted", "unobservable"]
_SIDES: Final = ["request", "response"]
_ROLES: Final = ["alert", "exec", "ordinary"]
_STEPS: Final = [*STEPS, TRIGGER, END]
#: What a text can be, by the shape and member that it is; of a list, what each of its texts can be.
WORDS: Final[dict[str, list[str]]] = {
    "CaptureShape.verdict": _VERDICTS,
    "ChangeShape.class": list(Class),
    "ChangeShape.kind": list(Kind),
    "ClockShape.kind": ["given", "estimated", "assumed"],
    "AdviceShape.kind": ["unexpected", "advice"],
    "EpisodeShape.scenario": list(SHIPPED),
    "EpisodeShape.verdict": _VERDICTS,
    "EvidenceShape.outcome": [DONE, FAILED],
    "EvidenceShape.step": list(STEPS),
    "ExchangeShape.by": ["server", "proxy"],
    "ExchangeShape.outcome": list(Outcome),
    "Failure.cause": sorted(CAUSES),
    "FindingShape.party": list(Party),
    "FindingShape.severity": list(Severity),
    "FindingShape.side": _SIDES,
    "PhaseShape.name": ["trigger", "alert", "reply", "cleanup", "silence"],
    "PhaseShape.status": _PHASES,
    "Page.party": [*Party, "sender"],
    "Page.severity": list(Severity),
    "PlaceShape.side": _SIDES,
    "ReportShape.verdict": _VERDICTS,
    "Response.by": ["server", "proxy"],
    "Row.party": [*Party, "sender"],
    "Row.severity": list(Severity),
    "RowShape.silence": _PHASES,
    "RowShape.verdict": _VERDICTS,
    "SessionShape.role": _ROLES,
    "SuiteShape.verdict": _VERDICTS,
    "Unused.answer": ["Status", "Results"],
    "WindowShape.ended_by": ["watching", "close", "last-traffic", "until", "enrolled-again"],
}
_BY_PARTY: Final[Schema] = {
    "type": "object",
    "properties": {party.value: {"enum": _VERDICTS} for party in Party},
    "required": [party.value for party in Party],
}


class Published(Struct, frozen=True):
    """A schema and what it is of, in words that go into Markdown."""

    about: str
    make: Callable[[], Schema]


def _of(shape: Any, format_: str = "", version: int = 1) -> Schema:
    """The schema of a shape, and the word by which its outputs are known."""
    made = msgspec.json.schema(shape)
    known = {cls.__name__: cls for cls in _structs(inspect.type_info(shape), set())}
    for name, definition in made.get("$defs", {}).items():
        _tell(name, definition, known[name])
    if format_:
        top = made["$defs"][made["$ref"].rpartition("/")[2]]
        top["properties"] |= {"format": {"const": format_}, "version": {"const": version}}
    return made


def _structs(of: inspect.Type, seen: set[type[Struct]]) -> Iterable[type[Struct]]:
    """Every Struct that a type is made of."""
    if isinstance(of, inspect.StructType):
        if of.cls in seen:
            return
        seen.add(of.cls)
        yield of.cls
        for member in of.fields:
            yield from _structs(member.type, seen)
    elif isinstance(of, inspect.UnionType):
        for each in of.types:
            yield from _structs(each, seen)
    elif isinstance(of, inspect.TupleType):
        for each in of.item_types:
            yield from _structs(each, seen)
    elif isinstance(of, inspect.CollectionType):
        yield from _structs(of.item_type, seen)


def _tell(name: str, definition: Schema, cls: type[Struct]) -> None:
    """Says in the schema of a shape what its type alone does not: the words of its texts, and that everything is always written
    but what can be UNSET."""
    members = {member.encode_name: member for member in msgspec.structs.fields(cls)}
    for member, schema in definition["properties"].items():
        schema.pop("default", None)
        if words := WORDS.get(f"{name}.{member}"):
            _narrow(schema, words)
        elif member == "verdicts":
            schema.clear()
            schema.update(_BY_PARTY)
    definition["required"] = [member for member, each in members.items() if each.default is not UNSET]
    definition["description"] = " ".join((cls.__doc__ or "").split())


def _narrow(schema: Schema, words: list[str]) -> None:
    """Lets a text be one of these words, wherever it stands in the member."""
    for each in (schema, *schema.get("anyOf", ())):
        if each.get("type") == "string":
            del each["type"]
            each["enum"] = [str(word) for word in words]
        elif each.get("type") == "array":
            _narrow(each["items"], words)


def _journal_line() -> Schema:
    """A line of a journal; of a type that is not known, what every line has."""
    (_, definitions) = msgspec.json.schema_components(TYPES.values())
    for cls in (*TYPES.values(), *_structs(inspect.type_info(TYPES["request"]), set())):
        _tell(cls.__name__, definitions[cls.__name__], cls)
    definitions["Open"]["properties"] |= {"format": {"const": JOURNAL}, "version": {"const": 1}}
    definitions["Body"] |= {"minProperties": 1, "maxProperties": 1}
    text = msgspec.json.encode(definitions).replace(b"#/components/schemas/", b"#/$defs/")
    return {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "t": {"type": ["number", "null"]},
            "mono": {"type": ["number", "null"]},
        },
        "required": ["type", "t", "mono"],
        "allOf": [
            {
                "if": {"properties": {"type": {"const": type_}}},
                "then": {"$ref": f"#/$defs/{cls.__name__}"},
            }
            for type_, cls in TYPES.items()
        ],
        "$defs": msgspec.json.decode(text),
    }


def _find() -> Schema:
    value = {"type": ["string", "integer", "number", "null"]}
    return {
        "type": "object",
        "properties": {
            "format": {"const": FIND},
            "version": {"const": 1},
            "rows": {"type": "array", "items": {"type": "object", "additionalProperties": value}},
        },
        "required": ["format", "version", "rows"],
    }


def _evidence() -> Schema:
    item = {
        "type": "object",
        "properties": {
            "at": {
                "type": ["string", "number"],
                "description": "ISO 8601, without an offset UTC; or seconds since 1970",
            },
            "step": {"enum": _STEPS},
            "outcome": {"enum": [DONE, FAILED]},
            "text": {"type": "string"},
        },
        "required": ["at", "step", "outcome"],
    }
    return {"type": "array", "items": item, "minItems": 1}


def _redaction_map() -> Schema:
    value = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in ("role", "value", "pseudonym")},
        "required": ["role", "value", "pseudonym"],
    }
    return {
        "type": "object",
        "properties": {
            "format": {"const": redact_map.FORMAT},
            "version": {"const": redact_map.VERSION},
            "values": {"type": "array", "items": value},
        },
        "required": ["format", "version", "values"],
    }


#: Every schema by the beginning of its file's name.
PUBLISHED: Final[dict[str, Published]] = {
    "report": Published("`omadm check --format json`", lambda: _of(shapes.ReportShape, shapes.FORMAT)),
    "diff": Published("`omadm diff --format json`", lambda: _of(diff_shapes.DiffShape, diff_shapes.FORMAT)),
    "replay": Published("`omadm replay --format json`", lambda: _of(replay_shapes.ReplayShape, replay_shapes.FORMAT)),
    "suite": Published("`omadm lab suite --format json`", lambda: _of(suite_text.SuiteShape, "omadm-suite")),
    "tree": Published("`omadm show --format json`", lambda: _of(tree.TreeShape, "omadm-tree")),
    "normal-form": Published("`omadm show --normalized --format json`", lambda: _of(list[NormalEnrolment])),
    "find": Published("`omadm find --format json`", _find),
    "rules": Published("`omadm explain --format json`", lambda: _of(list[Row])),
    "rule": Published("`omadm explain RULE --format json`", lambda: _of(Page)),
    "journal-line": Published("one line of a journal", _journal_line),
    "evidence": Published("a list of evidence (`omadm check --evidence`)", _evidence),
    "redaction-map": Published("the file of `omadm redact --map`, which holds the secrets", _redaction_map),
}


def schema(name: str) -> Schema:
    """The schema of that name (a key of PUBLISHED)."""
    published = PUBLISHED[name]
    return {"$schema": DIALECT, "title": published.about.replace("`", ""), **published.make()}


def files() -> dict[str, str]:
    """The files of docs/reference/schemas by their names: an index, and each schema."""
    rows = [f"| [{name}.schema.json]({name}.schema.json) | {each.about} |" for name, each in PUBLISHED.items()]
    made = {f"{name}.schema.json": _text(schema(name)) for name in PUBLISHED}
    return {"README.md": "\n".join([_INTRO, *rows]) + "\n", **made}


def _text(value: Schema) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


_INTRO: Final = """\
# JSON schemas

Of everything in JSON that commands write or read (JSON Schema 2020-12). Members that are not named here may be added; those that
are keep their meaning. The tests hold what the commands write against these files. `omadm check --format sarif` writes SARIF 2.1.0,
which has [a schema of its own](https://docs.oasis-open.org/sarif/sarif/v2.1.0/).

These files are generated: `make docs` writes them from the shapes in [replay/report](../../../replay/report).

| schema | of |
| --- | --- |"""
