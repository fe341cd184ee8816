"""How much of each module its own tests reach: `python -m tests.covered [FOLDER…]`, or `make coverage`.

Each test file runs by itself under coverage, with the processes that it starts, so that a line is known by the files that reach
it. Counted are statements within functions: what stands outside of them runs wherever the module is imported. A module's own test
files are those of its name in the folder that mirrors its own, such as `tests/capture/test_parts.py`; where it has none, it is one
of several behind one door, and the folder's tests are its own.
"""

import argparse
import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
_SETTINGS = """
[run]
source = replay
parallel = true
patch = subprocess
sigterm = true
context = ${{COVERAGE_CONTEXT}}
data_file = {data}
"""


class Row(NamedTuple):
    """A module: the lines of the statements in its functions, and those of them that its own test files, the tests of its folder
    and any tests that ran have reached."""

    module: str
    lines: frozenset[int]
    own: frozenset[int]
    folder: frozenset[int]
    any: frozenset[int]

    def share(self, reached: frozenset[int]) -> int:
        """A share of its statements in percent."""
        return 100 * len(reached) // len(self.lines)


def folder_of(module: Path) -> Path:
    """The folder of the tests that mirrors a module's."""
    parts = module.relative_to(ROOT / "replay").parent.parts if module.is_relative_to(ROOT / "replay") else ()
    return ROOT / "tests" / ("rules" if parts[:2] == ("expect", "rules") else Path(*parts[:1]))


def own_files(module: Path) -> list[Path]:
    """The test files of a module's own name; those of the folder where it has none."""
    folder, name = folder_of(module), module.stem.strip("_")
    files = sorted(folder.glob("test_*.py"))
    return [each for each in files if each.stem == f"test_{name}" or each.stem.startswith(f"test_{name}_")] or files


def inner_lines(text: str) -> set[int]:
    """The lines of a module that stand within functions."""
    functions = (
        node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    return {line for node in functions for each in node.body for line in range(each.lineno, (each.end_lineno or 0) + 1)}


def rows(statements: Mapping[Path, set[int]], contexts: Mapping[Path, Mapping[int, list[str]]]) -> Iterator[Row]:
    """The modules that have functions. `contexts` has the test files, as paths from the root, by which each line was reached."""
    for module, lines in statements.items():
        wanted = lines & inner_lines(module.read_text("utf-8"))
        if not wanted:
            continue
        by = contexts.get(module, {})
        own = {str(each.relative_to(ROOT)) for each in own_files(module)}
        folder = f"{folder_of(module).relative_to(ROOT)}/"
        yield Row(
            str(module.relative_to(ROOT)),
            frozenset(wanted),
            frozenset(line for line in wanted if own & set(by.get(line, ()))),
            frozenset(line for line in wanted if any(each.startswith(folder) for each in by.get(line, ()))),
            frozenset(line for line in wanted if any(by.get(line, ()))),
        )


def run(folders: list[str], data: Path, more: list[str]) -> tuple[Any, list[str]]:
    """Runs every test file of some folders by itself, as many at a time as there are processors; gives coverage's data, and the
    files that failed: of them it is not known what they reach. Needs the extra `coverage`."""
    import coverage

    settings = data.with_name("settings")
    settings.write_text(_SETTINGS.format(data=data))

    def reach(name: str) -> bool:
        command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}"]
        done = subprocess.run(
            [*command, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more, name],
            cwd=ROOT,
            env={**os.environ, "COVERAGE_CONTEXT": name},
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode in (0, 5):  # 5: none of its tests was asked for
            return True
        print(f"{name} fails, and what it reaches is not known:\n{done.stdout}", file=sys.stderr, flush=True)
        return False

    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("test_*.py"))
    names = [str(file.relative_to(ROOT)) for file in files]
    with ThreadPoolExecutor(os.cpu_count()) as several:
        failed = [name for name, passed in zip(names, several.map(reach, names), strict=True) if not passed]
    found = coverage.Coverage(data_file=str(data), config_file=str(settings))
    found.combine([str(data.parent)])
    return found, failed


def main() -> int:
    """Prints a line for each module, those that their own tests reach least first. Gives the exit code: 1 where a test failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", default=["tests"], help="of tests; all of them where none is named")
    parser.add_argument("--fast", action="store_true", help="without the tests that are marked as slow")
    parser.add_argument("--lines", action="store_true", help="the lines as well that no test of the folder reaches")
    given = parser.parse_args()
    # A process that a test had to kill may still write what it reached.
    with tempfile.TemporaryDirectory(prefix="omadm-coverage-", ignore_cleanup_errors=True) as made:
        found, failed = run(given.folders, Path(made) / "data", ["-m", "not slow"] if given.fast else [])
        asked = [(ROOT / folder).resolve() for folder in given.folders]
        modules = [
            module
            for module in sorted((ROOT / "replay").rglob("*.py"))
            if any(folder_of(module).is_relative_to(folder) for folder in asked)
        ]
        statements = {module: set(found.analysis2(str(module))[1]) for module in modules}
        contexts = {module: found.get_data().contexts_by_lineno(str(module)) for module in modules}
    print("own folder any statements module")
    for row in sorted(rows(statements, contexts), key=lambda row: (row.share(row.own), row.module)):
        print(
            f"{row.share(row.own):3} {row.share(row.folder):6} {row.share(row.any):3} {len(row.lines):10} {row.module}"
        )
        if given.lines and (missed := sorted(row.lines - row.folder)):
            print(f"{'':26}{', '.join(map(str, missed))}")
    for name in failed:
        print(f"{name} failed: what it reaches is not counted in full", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
