"""The catalogue's file: its tables, what is stale in it, and what is written. SQLite, one file, format 1."""

import contextlib
import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from replay.capture.times import iso
from replay.catalogue.rows import Rows
from replay.expect.accept import Accepted
from replay.expect.case import Options
from replay.expect.judge import Scope
from replay.report.safe import without_surrogates
from replay.version import __version__

#: By these the file is known: `omdm` in the place that SQLite has for it, and the version of its tables.
_APPLICATION: Final = int.from_bytes(b"omdm")
_VERSION: Final = 1
#: Seconds that another process is waited for which is writing.
_PATIENCE: Final = 30.0

_DEVICE: Final = "device TEXT, manufacturer TEXT, model TEXT, server TEXT"
_VERDICTS: Final = (
    "verdict TEXT NOT NULL, device_verdict TEXT NOT NULL, server_verdict TEXT NOT NULL, proxy_verdict TEXT NOT NULL"
)
_OWNED: Final = "capture INTEGER NOT NULL REFERENCES capture(id) ON DELETE CASCADE, number INTEGER NOT NULL"
#: Times are ISO 8601 in UTC with milliseconds, so that they sort as they are.
_TABLES: Final = f"""
CREATE TABLE capture (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, {_VERDICTS}, exchanges INTEGER NOT NULL, readable INTEGER NOT NULL,
  redacted INTEGER NOT NULL, first_at TEXT, last_at TEXT, error TEXT,
  digest TEXT NOT NULL, judged_with TEXT NOT NULL, tool TEXT NOT NULL, indexed_at TEXT NOT NULL);
CREATE TABLE session (
  {_OWNED}, {_DEVICE}, session_id TEXT, role TEXT NOT NULL, exchanges INTEGER NOT NULL, at TEXT, ended TEXT,
  PRIMARY KEY (capture, number)) WITHOUT ROWID;
CREATE TABLE episode (
  {_OWNED}, {_DEVICE}, scenario TEXT NOT NULL, {_VERDICTS}, at TEXT, trigger_at TEXT, alert_at TEXT, silence TEXT,
  window_seconds REAL, PRIMARY KEY (capture, number)) WITHOUT ROWID;
CREATE TABLE finding (
  {_OWNED}, rule TEXT NOT NULL, name TEXT, severity TEXT NOT NULL, party TEXT NOT NULL, message TEXT NOT NULL, {_DEVICE},
  scenario TEXT, at TEXT, exchange INTEGER, side TEXT, session INTEGER, episode INTEGER, element TEXT, line INTEGER,
  times INTEGER NOT NULL, source TEXT NOT NULL, accepted TEXT, PRIMARY KEY (capture, number)) WITHOUT ROWID;
CREATE INDEX session_model ON session (model, at);
CREATE INDEX session_device ON session (device, at);
CREATE INDEX episode_model ON episode (model, at);
CREATE INDEX finding_rule ON finding (rule, model, at);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
"""


class CatalogueError(Exception):
    """A catalogue that cannot be read or written: names the file, the reason, and what to do."""


@contextlib.contextmanager
def told(path: str) -> Iterator[None]:
    """Says of what SQLite stumbles over in which file it was."""
    try:
        yield
    except sqlite3.Error as error:
        todo = (
            "wait for the one that writes it, and try again"
            if "locked" in str(error)
            else "take another copy of it, or index anew"
        )
        raise CatalogueError(f"{path}: cannot be used as a catalogue: {error}; {todo}") from None


def see_that_it_is_one(connection: sqlite3.Connection, path: str) -> None:
    """Raises CatalogueError where a database is no catalogue, or one of a later version."""
    ((application,),) = connection.execute("PRAGMA application_id")
    ((version,),) = connection.execute("PRAGMA user_version")
    if application != _APPLICATION:
        raise CatalogueError(f"{path}: is a database, and no catalogue of omadm index; name another file")
    if version != _VERSION:
        raise CatalogueError(
            f"{path}: has version {version} of the format, and this program knows {_VERSION}; update it, or index anew"
        )


def fingerprint(options: Options, scope: Scope) -> str:
    """What a judgement depends on besides the capture, as a digest: the version of the tool and how it is told to judge. Of the
    accepted findings those entries count that hold now."""
    holding: list[Any] = []
    if isinstance(scope.accepted, Accepted):
        holding = [entry for entry in scope.accepted.entries if not scope.accepted.expired(entry)]
    said = [__version__, options, msgspec.structs.replace(scope, accepted=None), holding]
    return hashlib.sha256(msgspec.json.encode(said, enc_hook=_plain, order="deterministic")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, re.Pattern):
        return [value.pattern, value.flags]
    raise NotImplementedError(f"{type(value).__name__} in what a judgement depends on")


class Catalogue:
    """A catalogue that is being written. What was put in is kept when the block ends, also by an interruption."""

    def __init__(self, path: str) -> None:
        self.path = path
        with told(path):
            self._db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("BEGIN IMMEDIATE")
        if self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
        see_that_it_is_one(self._db, self.path)

    def __enter__(self) -> "Catalogue":
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.closing(self._db), told(self.path):
            self._db.execute("COMMIT")

    def known(self, judged_with: str) -> dict[str, str]:
        """The digests of captures that were judged in this way, by their paths (`key_of`)."""
        with told(self.path):
            return dict(self._db.execute("SELECT path, digest FROM capture WHERE judged_with = ?", (judged_with,)))

    def put(self, path: str, digest: str, judged_with: str, rows: Rows) -> None:
        """Puts a capture in, in the place of what was known of it; all of it or nothing."""
        now = iso(datetime.now(UTC).timestamp())
        made = {"digest": digest, "judged_with": judged_with, "tool": f"omadm-replay {__version__}", "indexed_at": now}
        with told(self.path):
            self._db.execute("SAVEPOINT one")
            try:
                self._replace({"path": key_of(path), **rows.capture, **made}, rows)
            except BaseException:
                self._db.execute("ROLLBACK TO one")
                raise
            finally:
                self._db.execute("RELEASE one")

    def _replace(self, capture: dict[str, Any], rows: Rows) -> None:
        self._db.execute("DELETE FROM capture WHERE path = ?", (capture["path"],))
        number = self._insert("capture", [capture])
        for table, owned in (("session", rows.sessions), ("episode", rows.episodes), ("finding", rows.findings)):
            self._insert(table, [{"capture": number, **row} for row in owned])

    def keep(self) -> None:
        """Keeps what was put in so far, whatever happens from now on."""
        with told(self.path):
            self._db.execute("COMMIT")
            self._db.execute("BEGIN IMMEDIATE")

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> int | None:
        """Inserts rows of the same columns, whose names are our own. Gives the id of the last."""
        if not rows:
            return None
        columns = list(rows[0])
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
        if len(rows) == 1:
            return self._db.execute(statement, list(rows[0].values())).lastrowid
        self._db.executemany(statement, (list(row.values()) for row in rows))
        return None

    def remove_missing(self, roots: Iterable[str], found: Iterable[str], unseen: Iterable[str]) -> list[str]:
        """Removes the captures at or below `roots` that are not among those that were `found`, but for what is at or below a place
        that could not be looked at (`unseen`). Gives their paths."""
        here, hidden = tuple(map(key_of, roots)), tuple(map(key_of, unseen))
        there = set(map(key_of, found))
        with told(self.path):
            paths = [path for (path,) in self._db.execute("SELECT path FROM capture ORDER BY path")]
            gone = [path for path in paths if path not in there and _below(path, here) and not _below(path, hidden)]
            self._db.executemany("DELETE FROM capture WHERE path = ?", [(path,) for path in gone])
        return gone

    def counts(self) -> dict[str, int]:
        """How many captures have which verdict."""
        with told(self.path):
            return dict(self._db.execute("SELECT verdict, count(*) FROM capture GROUP BY verdict ORDER BY verdict"))


def key_of(path: str) -> str:
    """A path as it stands in the catalogue, which takes no bytes that are no text."""
    return without_surrogates(path)


def _below(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith((f"{root.rstrip('/')}/", f"{root}\\")) for root in roots)


def as_uri(path: str) -> str:
    """A file as SQLite takes it with how it may be used."""
    return Path(path).absolute().as_uri()
