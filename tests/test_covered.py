"""Which tests are a module's own, and what is counted of it."""

from pathlib import Path

from tests.conftest import ROOT
from tests.covered import folder_of, inner_lines, own_files, rows

SOURCE = '''"""Doc."""
FIRST = 1


def outer(x):
    if x:
        return [
            x,
        ]

    def inner():
        return 2

    return inner
'''


def test_own_tests_are_those_of_the_name_or_all_of_the_folder():
    def names(module: str) -> set[str]:
        return {str(each.relative_to(ROOT / "tests")) for each in own_files(ROOT / "replay" / module)}

    assert names("capture/parts.py") == {"capture/test_parts.py"}
    assert names("expect/rules/une001.py") == {"rules/test_une001.py"}
    assert names("expect/rules/_packages.py") == {"rules/test_packages.py"}
    assert names("compare/keys.py") == {"compare/test_keys.py", "compare/test_keys_parts.py"}
    assert names("normal/redact_looks.py") == {
        f"normal/{each.name}" for each in (ROOT / "tests/normal").glob("test_*.py")
    }


def test_every_module_has_a_folder_of_tests():
    for module in ROOT.glob("replay/*/**/*.py"):
        assert list(folder_of(module).glob("test_*.py")), module


def test_what_stands_in_functions_is_counted():
    assert inner_lines(SOURCE) == {6, 7, 8, 9, 11, 12, 14}
    assert inner_lines("X = 1\n") == set()


def test_lines_belong_to_the_files_that_reached_them(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.covered.ROOT", tmp_path)
    module, constants = tmp_path / "replay/capture/a.py", tmp_path / "replay/capture/b.py"
    for path, text in ((module, SOURCE), (constants, "X = 1\n"), (tmp_path / "tests/capture/test_a.py", "")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    reached = {6: ["tests/capture/test_a.py"], 7: ["tests/capture/test_b.py"], 12: ["tests/cli/test_x.py"], 14: [""]}
    (row,) = rows({module: {2, 5, 6, 7, 11, 12, 14}, constants: {1}}, {module: reached})
    assert row.module == str(Path("replay/capture/a.py"))
    assert (row.lines, row.own, row.folder, row.any) == ({6, 7, 11, 12, 14}, {6}, {6, 7}, {6, 7, 12})
    assert (row.share(row.own), row.share(row.any)) == (20, 60)
