"""`omadm index`: what is put into a catalogue, and what is kept up to date there."""

import contextlib
import os
import shutil
import sqlite3

import pytest

from replay.catalogue import store
from replay.catalogue.store import fingerprint
from replay.expect.accept import read_accepted
from replay.expect.case import Options
from replay.expect.judge import Scope
from replay.expect.scenarios import SHIPPED, shipped
from tests.catalogue.asking import dump, found, omadm
from tests.story import user


def test_nothing_is_judged_twice(indexed, folder):
    before = dump(indexed)
    result = omadm("index", folder, "-o", indexed)
    assert "0 judged, 5 unchanged, 0 removed" in result.stdout
    assert dump(indexed) == before


def test_what_changed_is_replaced_and_what_vanished_is_removed(indexed, folder):
    shutil.copy(folder / "good.jsonl", folder / "goes-on.jsonl")
    (folder / "lab" / "kiosk.jsonl").unlink()
    user().watch(70).save(folder / "new.jsonl")
    result = omadm("index", folder, "-o", indexed)
    assert "2 judged, 3 unchanged, 1 removed; now 1 error, 1 inconclusive, 3 pass" in result.stdout
    assert f"omadm: {folder}/lab/kiosk.jsonl: is gone, and was removed" in result.stderr
    assert found(indexed, "--verdict", "fail") == []
    assert not [row for row in dump(indexed) if "kiosk" in row]


def test_an_appended_journal_is_another_one(indexed, folder):
    user().watch(70).close().save(folder / "good.jsonl")
    assert "1 judged, 4 unchanged" in omadm("index", folder, "-o", indexed).stdout


def test_what_is_elsewhere_stays(indexed, folder, tmp_path):
    (tmp_path / "captures-2").mkdir()
    user().watch(70).save(tmp_path / "captures-2" / "one.jsonl")
    result = omadm("index", tmp_path / "captures-2", "-o", indexed)
    assert "1 judged, 0 unchanged, 0 removed; now 1 error, 2 fail, 1 inconclusive, 2 pass" in result.stdout
    assert "0 removed" in omadm("index", folder, "-o", indexed).stdout


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_folder_that_is_not_mounted_removes_nothing(indexed, folder, left):
    before = dump(indexed)
    shutil.rmtree(folder)
    if left != "nothing":
        folder.mkdir()
    result = omadm("index", folder, "-o", indexed)
    assert result.exit_code == 2
    assert str(folder) in result.stderr
    assert "0 judged, 0 unchanged, 0 removed; now 1 error, 2 fail" in result.stdout
    assert dump(indexed) == before


@pytest.mark.parametrize("options", [["--quiet", "5"], ["--expect", "user"], ["--ignore", "UNE011"], ["--lenient"]])
def test_other_options_judge_anew(indexed, folder, options):
    assert "5 judged, 0 unchanged" in omadm("index", folder, "-o", indexed, *options).stdout
    assert "0 judged, 5 unchanged" in omadm("index", folder, "-o", indexed, *options).stdout


def test_another_version_judges_anew(indexed, folder, monkeypatch):
    monkeypatch.setattr(store, "__version__", "999")
    assert "5 judged, 0 unchanged" in omadm("index", folder, "-o", indexed).stdout


def test_an_accepted_finding_that_expires_judges_anew(tmp_path):
    path = tmp_path / "accept.toml"
    path.write_text('[[accept]]\nrule = "UNE011"\nreason = "r"\nuntil = 2027-01-31\n')
    from datetime import UTC, datetime

    def at(year: int, month: int) -> str:
        return fingerprint(Options(), Scope(accepted=read_accepted(str(path), datetime(year, month, 1, tzinfo=UTC))))

    assert at(2026, 11) == at(2026, 12) != at(2027, 3) == fingerprint(Options(), Scope())


def test_every_shipped_scenario_has_a_fingerprint():
    prints = {fingerprint(Options(expect=shipped(name)), Scope()) for name in SHIPPED}
    assert len(prints | {fingerprint(Options(), Scope(ignore=frozenset({"UNE001", "UNE002"})))}) == len(SHIPPED) + 1


@pytest.mark.slow
def test_jobs_make_the_same_catalogue(indexed, folder, tmp_path):
    other = tmp_path / "other.sqlite"
    assert omadm("index", folder, "-o", other, "--jobs", "2").exit_code == 0
    assert dump(other) == dump(indexed)


def test_urls_are_indexed_as_folders_are(folder, tmp_path):
    catalogue, url = tmp_path / "c.sqlite", f"file://{folder}"
    (folder / "messages").mkdir()
    message = user().package_one("1")
    for name in ("01_request.xml", "02_request.xml"):
        (folder / "messages" / name).write_bytes(message)
    assert "6 judged, 0 unchanged, 0 removed" in omadm("index", url, "-o", catalogue).stdout
    (folder / "messages" / "02_request.xml").unlink()
    (folder / "good.jsonl").unlink()
    result = omadm("index", f"{url}/", "-o", catalogue)
    assert "1 judged, 4 unchanged, 1 removed" in result.stdout
    assert f"{url}/good.jsonl: is gone" in result.stderr
    shutil.rmtree(folder)
    result = omadm("index", url, "-o", catalogue)
    assert (result.exit_code, "0 judged, 0 unchanged, 0 removed" in result.stdout) == (2, True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"no database " * 100, "not a database"),
        (b"", "no catalogue of omadm index"),
    ],
)
def test_what_is_no_catalogue(tmp_path, content, why):
    path = tmp_path / "c.sqlite"
    if content is not None:
        path.write_bytes(content)
    result = omadm("find", "-c", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert why in result.stderr
    assert str(path) in result.stderr


def test_a_database_of_somebody_else_is_left_alone(tmp_path, folder):
    path = tmp_path / "theirs.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    result = omadm("index", folder, "-o", path)
    assert result.exit_code == 2
    assert "is a database, and no catalogue of omadm index" in result.stderr
    assert path.read_bytes() == before


def test_a_catalogue_that_cannot_be_written(tmp_path, folder):
    result = omadm("index", folder, "-o", tmp_path / "none" / "c.sqlite")
    assert result.exit_code == 2
    assert "unable to open database file" in result.stderr


def test_stdin_has_no_name(tmp_path):
    assert omadm("index", "-", "-o", tmp_path / "c.sqlite").exit_code == 2


def test_an_interruption_keeps_what_is_there(folder, catalogue, monkeypatch):
    from replay.cli import index

    judged = index.parts_of

    def interrupted(*args):
        parts = judged(*args)
        yield next(parts)
        yield next(parts)
        raise KeyboardInterrupt

    monkeypatch.setattr(index, "parts_of", interrupted)
    result = omadm("index", folder, "-o", catalogue)
    assert (result.exit_code, result.stderr) == (
        2, "omadm: interrupted: 2 of 5 captures were judged; these are in the catalogue\n"
    )  # fmt: skip
    monkeypatch.undo()
    assert found(catalogue) == ["goes-on", "good"]
    assert "3 judged, 2 unchanged" in omadm("index", folder, "-o", catalogue).stdout


def test_a_capture_is_put_in_whole_or_not_at_all(indexed, folder, monkeypatch):
    before = dump(indexed)
    user().watch(70).close().save(folder / "good.jsonl")
    insert = store.Catalogue._insert

    def interrupted(self, table, rows):
        if table == "episode":
            raise KeyboardInterrupt
        return insert(self, table, rows)

    monkeypatch.setattr(store.Catalogue, "_insert", interrupted)
    result = omadm("index", folder, "-o", indexed)
    assert result.exit_code == 2
    assert dump(indexed) == before
    monkeypatch.undo()
    assert "1 judged, 4 unchanged" in omadm("index", folder, "-o", indexed).stdout


def test_folders_in_folders_and_a_catalogue_among_the_captures(folder):
    catalogue = folder / "catalogue.sqlite"
    result = omadm("index", folder, folder / "lab", "-o", catalogue)
    assert "5 judged, 0 unchanged, 0 removed" in result.stdout
    result = omadm("index", folder / "lab", folder, "-o", catalogue)
    assert "0 judged, 5 unchanged, 0 removed" in result.stdout
    assert "catalogue.sqlite" not in result.stderr
    (folder / "catalogue.sqlite.old").write_text("no capture")
    assert "catalogue.sqlite.old: skipped" in omadm("index", folder, "-o", catalogue).stderr


def test_a_name_that_is_no_text(folder, catalogue):
    name = os.fsdecode(b"caf\xe9.jsonl")
    user().watch(70).save(folder / name)
    assert omadm("index", folder, "-o", catalogue).stdout.endswith(
        "6 judged, 0 unchanged, 0 removed; now 1 error, 2 fail, 1 inconclusive, 2 pass\n"
    )
    assert omadm("index", folder, "-o", catalogue).stdout.endswith(
        "0 judged, 6 unchanged, 0 removed; now 1 error, 2 fail, 1 inconclusive, 2 pass\n"
    )
    found = omadm("find", "-c", catalogue, "--sql", f"SELECT verdict FROM capture WHERE path GLOB '*{name}'").stdout
    assert found == "verdict\npass\n"
    (folder / name).unlink()
    done = omadm("index", folder, "-o", catalogue)
    assert "caf\\udce9.jsonl: is gone, and was removed" in done.stderr
    assert omadm("find", "-c", catalogue, "--device", name).stdout == "nothing was found\n"


def test_a_catalogue_without_its_tables(tmp_path, folder):
    path = tmp_path / "half.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA application_id = 1869440109; PRAGMA user_version = 1; CREATE TABLE other (a);")
    for line in (("index", folder, "-o", path), ("find", "-c", path)):
        done = omadm(*line)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "half.sqlite: " in done.stderr
        assert "no such table: capture" in done.stderr
