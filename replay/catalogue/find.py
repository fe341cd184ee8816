"""Questions to a catalogue: those that options ask, and SQL of one's own. The file is opened for reading, and nothing else."""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from replay.capture.access import cannot_be_read
from replay.capture.times import iso
from replay.catalogue.store import CatalogueError, as_uri, see_that_it_is_one, told
from replay.report.safe import without_surrogates

#: What can be listed, the table it stands in, and the columns that are shown.
LISTS: Final = {
    "captures": ("capture", "verdict, path, first_at, device_verdict, server_verdict, proxy_verdict"),
    "sessions": ("session", "at, device, manufacturer, model, server, session_id, role, exchanges"),
    "episodes": ("episode", "verdict, at, device, manufacturer, model, server, scenario, silence, window_seconds"),
    "findings": ("finding", "rule, severity, party, at, device, model, server, exchange, message"),
}
#: The years 1 to 9999, in seconds since 1970.
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC).timestamp(), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
#: So many steps of SQLite's machine go by before Ctrl-C is looked for.
_STEPS: Final = 100_000
_READING: Final = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
#: Functions that do more than compute.
_FORBIDDEN: Final = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})


class Answer(Struct, frozen=True):
    """The rows that were found, with the names of their columns."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


class Question(Struct, frozen=True, kw_only=True):
    """What is asked for. Texts are patterns (`*`, `?`), times seconds since 1970. `severities` are those of findings; accepted
    findings count only where `accepted` is true."""

    of: str = "captures"
    rules: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    accepted: bool = False
    device: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    server: str | None = None
    scenario: str | None = None
    verdict: str | None = None
    since: float | None = None
    until: float | None = None


class _Conditions:
    """Conditions of a query, with their values apart, so that no value is ever read as SQL."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.values: list[Any] = []

    def add(self, text: str, *values: Any) -> None:
        self.texts.append(text)
        self.values += values

    def __str__(self) -> str:
        return " AND ".join(self.texts) or "1"


def query_of(question: Question) -> tuple[str, list[Any]]:
    """The query that a question is, and its values."""
    table, columns = LISTS[question.of]
    conditions = _Conditions()
    shown = ", ".join(f"it.{name}" for name in columns.split(", "))
    if question.of == "captures":
        _of_captures(question, conditions)
        tables, order = f"{table} AS it", "it.path"
    else:
        _own(question, table, "it", conditions)
        if question.of != "findings" and _asks_findings(question):
            _exists("finding", question, f"AND some.{table} = it.number", conditions)
        if question.of == "sessions" and question.scenario:
            _exists("episode", question, "AND some.device IS it.device AND some.server IS it.server", conditions)
        shown += ", capture.path"
        tables, order = f"{table} AS it JOIN capture ON capture.id = it.capture", "capture.path, it.number"
    if question.verdict:
        whose = "it" if question.of in ("captures", "episodes") else "capture"
        conditions.add(f"{whose}.verdict = ?", question.verdict)
    return f"SELECT {shown} FROM {tables} WHERE {conditions} ORDER BY {order}", conditions.values  # noqa: S608 - names of ours


def _of_captures(question: Question, conditions: _Conditions) -> None:
    """A capture is meant where one row of it is all that is asked for: one finding, else one episode, else one session."""
    if _asks_findings(question):
        _exists("finding", question, "", conditions)
    elif question.scenario:
        _exists("episode", question, "", conditions)
    elif any((question.device, question.manufacturer, question.model, question.server)):
        _exists("session", question, "", conditions)
    else:
        _when(question, "coalesce(it.last_at, it.first_at)", "it.first_at", conditions)


def _asks_findings(question: Question) -> bool:
    return bool(question.rules or question.severities)


def _exists(table: str, question: Question, more: str, conditions: _Conditions) -> None:
    inner = _Conditions()
    _own(question, table, "some", inner)
    owner = "it.id" if question.of == "captures" else "it.capture"
    where = f"some.capture = {owner} {more} AND {inner}"
    conditions.add(f"EXISTS (SELECT 1 FROM {table} AS some WHERE {where})", *inner.values)  # noqa: S608 - names of ours


def _own(question: Question, table: str, name: str, conditions: _Conditions) -> None:
    """The conditions on a row of its own."""
    for column in ("device", "manufacturer", "model"):
        pattern = getattr(question, column)
        if pattern is not None:
            conditions.add(f"{name}.{column} GLOB ?", _pattern(pattern))
    if question.server is not None:  # the whole of it, or its host with or without its port
        server = _pattern(question.server)
        conditions.add(
            f"({name}.server GLOB ? OR {name}.server GLOB ? OR {name}.server GLOB ?)",
            server, f"*://{server}/*", f"*://{server}:*",
        )  # fmt: skip
    if question.scenario and table in ("episode", "finding"):
        conditions.add(f"{name}.scenario = ?", question.scenario)
    if table == "finding":
        _of_findings(question, name, conditions)
    _when(question, f"{name}.ended" if table == "session" else f"{name}.at", f"{name}.at", conditions)


def _pattern(text: str) -> str:
    """A pattern of ours (`*`, `?`) as SQLite's, to which brackets mean something too, and they stand in addresses."""
    return text.replace("[", "[[]")


def _of_findings(question: Question, name: str, conditions: _Conditions) -> None:
    for column, values in (("rule", question.rules), ("severity", question.severities)):
        if values:
            conditions.add(f"{name}.{column} IN ({', '.join('?' * len(values))})", *values)
    if not question.accepted:
        conditions.add(f"{name}.accepted IS NULL")


def _when(question: Question, end: str, begin: str, conditions: _Conditions) -> None:
    """What has no time is in no span of time."""
    if question.since is not None:
        conditions.add(f"{end} >= ?", _sortable(question.since))
    if question.until is not None:
        conditions.add(f"{begin} <= ?", _sortable(question.until))


def _sortable(seconds: float) -> str:
    """A time as it stands in the catalogue, where times are compared as texts; one that no calendar has as its first or last."""
    return iso(min(max(seconds, _FIRST), _LAST))


def ask(path: str, query: str, values: list[Any] | None = None) -> Answer:
    """The answer to a query in SQL. Raises CatalogueError where the catalogue cannot be read or the query is none, or one that does
    more than reading."""
    with _reading(path) as connection:
        connection.set_authorizer(_allowed)
        connection.set_progress_handler(lambda: 0, _STEPS)  # Python hears Ctrl-C only while it runs itself
        try:
            given = [without_surrogates(value) if isinstance(value, str) else value for value in values or ()]
            cursor = connection.execute(without_surrogates(query), given)
            return Answer(_names(cursor), cursor.fetchall())
        except (sqlite3.Error, sqlite3.Warning) as error:
            if str(error) == "interrupted":
                raise KeyboardInterrupt from None
            why = "a catalogue is only read: ask with SELECT" if "not authorized" in str(error) else str(error)
            raise CatalogueError(f"{path}: the query cannot be answered: {why}") from None


def _names(cursor: sqlite3.Cursor) -> list[str]:
    """The names of the columns, each once, so that they can name members of an object."""
    names: list[str] = []
    for name, *_ in cursor.description or ():
        further = (f"{name}_{again}" for again in itertools.count(2))
        names.append(next(each for each in itertools.chain([name], further) if each not in names))
    return names


def _allowed(action: int, *about: str | None) -> int:
    """Reading, and nothing else: no writing, no PRAGMA, no ATTACH of another file, no function that reaches out."""
    if action in _READING and not (action == sqlite3.SQLITE_FUNCTION and (about[1] or "").lower() in _FORBIDDEN):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


@contextlib.contextmanager
def _reading(path: str) -> Iterator[sqlite3.Connection]:
    """A catalogue, opened for reading."""
    try:
        with Path(path).open("rb"):
            connection = sqlite3.connect(f"{as_uri(path)}?mode=ro", uri=True)
    except OSError as error:
        raise CatalogueError(f"{cannot_be_read(path, error)}; omadm index makes a catalogue") from None
    except sqlite3.Error as error:
        raise CatalogueError(f"{path}: cannot be opened: {error}") from None
    with contextlib.closing(connection):
        connection.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
        with told(path):
            see_that_it_is_one(connection, path)
        yield connection
