"""`omadm find`: what a catalogue can be asked."""

import json

import pytest

from tests.catalogue.asking import OTHER, found, omadm
from tests.story import T0, Story


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


def test_of_a_rule_that_nobody_broke_it_says_what_else_there_is(indexed):
    """Of UNE014 there is an inconclusive finding, which --rule alone does not ask for."""
    answer = omadm("find", "-c", indexed, "--rule", "UNE014")
    hint = "omadm: with --severity inconclusive --severity info: 1 of the captures\n"
    assert (answer.stdout, answer.stderr) == ("nothing was found\n", hint)
    assert omadm("find", "-c", indexed, "--rule", "UNE014", "--severity", "info").stderr == ""
    assert omadm("find", "-c", indexed, "--rule", "UNE007").stderr == ""


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
    assert "with --accepted: 2 of the captures" in omadm("find", "-c", catalogue, "--rule", "UNE011").stderr
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
    result = omadm(
        "find", "-c", indexed, "--format", "json", "--sql", "SELECT 1 AS a, 2 AS a_3, 3 AS a, 4 AS a, 5 AS a_2"
    )
    assert list(json.loads(result.stdout)["rows"][0].values()) == [1, 2, 3, 4, 5]


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


def test_sql_and_options_together_are_refused(indexed):
    result = omadm("find", "-c", indexed, "--sql", "SELECT 1", "--model", "x")
    assert result.exit_code == 2
    assert "--sql asks by itself" in result.stderr


def test_brackets_stand_for_themselves(tmp_path, catalogue):
    Story(url="https://[::1]:8443/dm").ordinary("1").save(tmp_path / "v6.jsonl")
    omadm("index", tmp_path / "v6.jsonl", "-o", catalogue)
    for address in ("[::1]", "https://[::1]:8443/dm", "[::?]:8443"):
        assert "v6.jsonl" in omadm("find", "-c", catalogue, "--server", address).stdout
    assert omadm("find", "-c", catalogue, "--server", "[:]").stdout == "nothing was found\n"


@pytest.mark.parametrize(("option", "found"), [("--since", False), ("--until", True)])
def test_times_that_no_calendar_has(indexed, option, found):
    for sign, there in (("", found), ("-", not found)):
        out = omadm("find", "-c", indexed, f"{option}={sign}1795400000000").stdout
        assert ("good.jsonl" in out) is there
