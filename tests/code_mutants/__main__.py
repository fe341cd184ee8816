"""Says which mutants of a module no test notices: `python -m tests.code_mutants MODULE…`, from the top of the tree.

A mutant that survives is shown with the line that it changes. Those that `equivalent.tsv` has were looked at before. The exit code
is 1 where there are others."""

import argparse
import sys
from collections import Counter
from pathlib import Path

import hypothesis.strategies  # noqa: F401 (so that no forked process has to; nothing of the project may be imported here)
import lxml.etree  # noqa: F401
import msgspec  # noqa: F401

from tests.code_mutants.alterations import Altered, alterations
from tests.code_mutants.running import outcomes

TESTS = {
    "replay/expect/": ("tests/expect", "tests/rules"),
    "replay/compare/": ("tests/compare",),
}
#: What was looked at and can be noticed by no test: module, function, the line before and after, and why; with tabs between.
EQUIVALENT = Path(__file__).with_name("equivalent.tsv")
WORDS = ("killed", "late", "survived", "untested", "equivalent")


def main() -> int:
    """Gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.code_mutants", description=__doc__)
    parser.add_argument("module", nargs="+", type=Path, help=f"a file or folder in {' or '.join(TESTS)}")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="the tests; those of the package by default")
    parser.add_argument("--function", metavar="NAME", help="the mutants of this function (Class.method) alone")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--inside", action="store_true", help="what is inside of functions alone: a tenth of the time")
    where.add_argument("--outside", action="store_true", help="what is outside of functions alone: tables and fields")
    parser.add_argument(
        "--most", type=float, default=float("inf"), metavar="SECONDS", help="of tests for one mutant (all)"
    )
    parser.add_argument("--list", action="store_true", help="say what the mutants are, and try none")
    given = parser.parse_args()
    files = [file for each in given.module for file in (sorted(each.rglob("*.py")) if each.is_dir() else [each])]
    mutants = [each for file in files for each in alterations(file)]
    mutants = [each for each in mutants if not (given.outside if each.function else given.inside)]
    mutants = [each for each in mutants if given.function in (None, each.function)]
    if given.list:
        print(*mutants, sep="\n")
        return 0
    return _try(mutants, given.tests or sorted({test for file in files for test in _tests_of(file)}), given.most)


def _try(mutants: list[Altered], tests: list[str], most: float) -> int:
    known = _equivalent()
    counts = {str(each.module): Counter[str]() for each in mutants}
    for altered, outcome in outcomes(mutants, tests, most):
        word = "equivalent" if outcome.word in ("survived", "untested") and altered.change in known else outcome.word
        counts[str(altered.module)][word] += 1
        if word in ("survived", "untested"):
            print(f"{word}: {altered}", flush=True)
    rows = [("module", "mutants", *WORDS)]
    rows += [(name, str(count.total()), *(str(count[word]) for word in WORDS)) for name, count in counts.items()]
    for name, *figures in rows:
        print(f"{name:<36}" + "".join(f"{each:>11}" for each in figures))
    return int(any(count["survived"] or count["untested"] for count in counts.values()))


def _tests_of(module: Path) -> tuple[str, ...]:
    for package, tests in TESTS.items():
        if str(module).startswith(package) or f"{module}/" == package:
            return tests
    sys.exit(f"code_mutants: {module} is not in {' or '.join(TESTS)}; say which tests with --tests")


def _equivalent() -> set[tuple[str, ...]]:
    lines = EQUIVALENT.read_text("utf-8").splitlines()
    return {tuple(line.split("\t")[:4]) for line in lines if line and not line.startswith("#")}


if __name__ == "__main__":
    sys.exit(main())
