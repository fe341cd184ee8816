"""`omadm index` and `omadm find`: a catalogue of many captures, and what it can be asked."""

import json
import shutil
import sqlite3

import pytest
from click.testing import CliRunner

from replay.catalogue import store
from replay.catalogue.store import fingerprint
from replay.cli import main
from replay.expect.accept import read_accepted
from replay.expect.case import Options
from replay.expect.judge import Scope
from replay.expect.scenarios import SHIPPED, shipped
from replay.lab import messages
from tests.story import T0, Story, server, user

OTHER = "F" * 32


def omadm(*args: object):
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


class Machine(Story):
    """A device of a model of its own, whose clock begins at another time."""

    model = "Kiosk \x9b31m7\u202e"

    def package_one(self, session: str, *, alert: str | None = None, number: int = 1) -> bytes:
        info = messages.DeviceInfo(self.device, model=self.model)
        return self.to_server(session, number, messages.package_one(info, alert=alert))

    def line(self, type_: str, **members: object) -> None:
        super().line(type_, **members)
        self.lines[-1]["t"] += 86_400.0


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "captures"
    (folder / "lab").mkdir(parents=True)
    user().watch(70).save(folder / "good.jsonl")
    user().watch(5).ordinary("3").watch(70).save(folder / "goes-on.jsonl")
    Machine(device=OTHER).ordinary("1").alert("2").watch(5).ordinary("3").watch(70).save(folder / "lab" / "kiosk.jsonl")
    server().watch(5).save(folder / "lab" / "short.jsonl")
    (folder / "lost.jsonl").write_bytes(b"")
    (folder / "README").write_text("no capture")
    return folder


@pytest.fixture
def catalogue(tmp_path):
    return tmp_path / "catalogue \x1b#?.sqlite"


@pytest.fixture
def indexed(folder, catalogue):
    result = omadm("index", folder, "-o", catalogue)
    assert result.exit_code == 0
    assert "5 judged, 0 unchanged, 0 removed; now 1 error, 2 fail, 1 inconclusive, 1 pass" in result.stdout
    return catalogue


def found(catalogue, *args: object) -> list[str]:
    """The captures that are found, by the last parts of their names."""
    result = omadm("find", "-c", catalogue, "--format", "json", *args)
    assert (result.exit_code, result.stderr) == (0, "")
    report = json.loads(result.stdout)
    assert (report["format"], report["version"]) == ("omadm-find", 1)
    return [row["path"].rpartition("/")[2].removesuffix(".jsonl") for row in report["rows"]]


def dump(catalogue) -> list[str]:
    """All that a catalogue says, but for when it was made and the numbers of captures."""
    with sqlite3.connect(catalogue) as connection:
        return [
            str(row)
            for table in ("session", "episode", "finding")
            for row in connection.execute(
                f"SELECT c.path, c.verdict, t.* FROM {table} t JOIN capture c ON c.id = t.capture"
            )
        ]


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


def test_which_captures_of_that_model_broke_that_rule_since_then(indexed):
    day = T0 + 86_400 - 3600
    assert found(indexed, "--rule", "UNE011") == ["goes-on", "kiosk"]
    assert found(indexed, "--rule", "une011", "--model", "Kiosk*") == ["kiosk"]
    assert found(indexed, "--rule", "UNE011", "--model", "Kiosk*", "--since", day) == ["kiosk"]
    assert found(indexed, "--rule", "UNE011", "--model", "Kiosk*", "--until", day) == []
    assert found(indexed, "--rule", "UNE011", "--since", day) == ["kiosk"]
    assert found(indexed, "--rule", "UNE007", "--model", "Kiosk*") == []
    answer = omadm(
        "find", "-c", indexed, "--format", "json", "--sql",
        "SELECT DISTINCT path FROM capture JOIN finding ON capture = id "
        "WHERE rule = 'UNE011' AND model LIKE 'Kiosk%' AND at >= '2027-01-16'",
    )  # fmt: skip
    assert [row["path"].rpartition("/")[2] for row in json.loads(answer.stdout)["rows"]] == ["kiosk.jsonl"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ([], ["goes-on", "good", "kiosk", "short", "lost"]),
        (["--verdict", "error"], ["lost"]),
        (["--verdict", "inconclusive"], ["short"]),
        (["--scenario", "server"], ["short"]),
        (["--scenario", "user", "--device", OTHER], ["kiosk"]),
        (["--device", "F*"], ["kiosk"]),
        (["--device", "f*"], []),
        (["--server", "mdm.example.test"], ["goes-on", "good", "kiosk", "short"]),
        (["--server", "*.example.test", "--scenario", "server"], ["short"]),
        (["--server", "example.test"], []),
        (["--manufacturer", "nobody"], []),
        (["--since", str(T0 + 3600)], ["kiosk"]),
        (["--until", str(T0 + 3600)], ["goes-on", "good", "short"]),
        (["--severity", "inconclusive"], ["short"]),
        (["--rule", "UNE014"], []),
        (["--rule", "UNE014", "--severity", "inconclusive"], ["short"]),
    ],
)
def test_captures(indexed, options, names):
    assert sorted(found(indexed, *options)) == sorted(names)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["sessions", "--device", OTHER], ["kiosk"] * 3),
        (["sessions", "--rule", "UNE011"], ["goes-on", "kiosk"]),
        (["sessions", "--scenario", "server"], ["short"] * 3),
        (["episodes"], ["goes-on", "good", "kiosk", "short"]),
        (["episodes", "--verdict", "fail"], ["goes-on", "kiosk"]),
        (["episodes", "--rule", "UNE011", "--model", "Kiosk*"], ["kiosk"]),
        (["findings", "--rule", "UNE011"], ["goes-on", "kiosk"]),
        (["findings", "--severity", "inconclusive", "--scenario", "server"], ["short"]),
        (["findings", "--verdict", "inconclusive", "--severity", "inconclusive"], ["short"]),
    ],
)
def test_lists(indexed, options, names):
    assert found(indexed, "--list", *options) == names


def test_accepted_findings_count_only_when_asked_for(folder, catalogue, tmp_path):
    (tmp_path / "accept.toml").write_text('[[accept]]\nrule = "UNE011"\nreason = "r"\n')
    omadm("index", folder, "-o", catalogue, "--accept", tmp_path / "accept.toml")
    assert found(catalogue, "--rule", "UNE011") == []
    assert found(catalogue, "--rule", "UNE011", "--accepted") == ["goes-on", "kiosk"]


def test_no_byte_of_a_capture_reaches_the_terminal(indexed):
    for args in (
        ["--list", "sessions"],
        ["--list", "findings"],
        ["--sql", "SELECT model, x'1b5b' b, CAST(x'ff1b' AS TEXT) c FROM session"],
    ):
        for form in ("text", "json"):
            result = omadm("find", "-c", indexed, "--format", form, *args)
            assert result.exit_code == 0
            assert "Kiosk" in result.stdout or "findings" in args
            assert not set("\x1b\x9b\u202e") & set(result.stdout + result.stderr)


def test_columns_of_one_name_are_all_there(indexed):
    result = omadm("find", "-c", indexed, "--format", "json", "--sql", "SELECT 1 AS a, 2 AS a, 3 AS a, 4 AS b")
    assert json.loads(result.stdout)["rows"] == [{"a": 1, "a_2": 2, "a_3": 3, "b": 4}]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM capture",
        "UPDATE finding SET rule = 'X'",
        "INSERT INTO capture DEFAULT VALUES",
        "DROP TABLE finding",
        "CREATE TABLE mine (x)",
        "CREATE TEMP TABLE mine (x)",
        "WITH a AS (SELECT 1) DELETE FROM capture",
        "ATTACH 'mine.sqlite' AS mine",
        "ATTACH 'file:mine.sqlite?mode=rwc' AS mine",
        "VACUUM",
        "VACUUM INTO 'mine.sqlite'",
        "PRAGMA writable_schema = ON",
        "PRAGMA query_only = OFF",
        "SELECT load_extension('mine')",
        "SELECT writefile('mine', 'x')",
        "BEGIN",
        "SELECT 1; DELETE FROM capture",
        "REINDEX",
        "ANALYZE",
    ],
)
def test_a_query_only_reads(indexed, query, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before, bytes_before = set(tmp_path.iterdir()), indexed.read_bytes()
    result = omadm("find", "-c", indexed, "--sql", query)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the query cannot be answered" in result.stderr
    assert (set(tmp_path.iterdir()), indexed.read_bytes()) == (before, bytes_before)


def test_values_are_never_read_as_sql(indexed):
    for value in ("' OR 1=1 --", "x'; DROP TABLE capture; --", "%", '"'):
        for option in ("--device", "--model", "--manufacturer", "--server"):
            assert found(indexed, option, value) == []


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


def test_sql_and_options_together_are_refused(indexed):
    result = omadm("find", "-c", indexed, "--sql", "SELECT 1", "--model", "x")
    assert result.exit_code == 2
    assert "--sql asks by itself" in result.stderr


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
