"""Runs tests against mutants, each in a process of its own.

What runs inside of a function is put in place in a process that is forked when the tests are collected: its code is exchanged. What
runs when the module is imported needs a process that has not imported it. The first run has no mutant: it tells which tests reach
which function, what they take, and which fail without any mutant and so say nothing."""

import functools
import gc
import importlib
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import HealthCheck, Phase, settings

from tests.code_mutants.alterations import Altered

#: A mutant may take this many times what its tests take without it and these seconds more, and this memory.
_TIMES, _SECONDS, _BYTES = 4.0, 5.0, 4 << 30
#: A test that takes more than these seconds comes after those that do not.
_LONG = 0.7
#: A process that has to import and collect first may take this many seconds for it.
_COLLECTING = 60.0
_OPTIONS = (
    "-m",
    "not slow",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-s",
    "-q",
    "-W",
    "ignore",
    "--tb=no",
    "--assert=plain",
)

Tell = Callable[..., None]
Items = dict[str, pytest.Item]
Trace = Callable[[FrameType, str, object], Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: `killed` (by which test), `late` (it did not end), `survived`, `untested` (no test reaches it)."""

    word: str
    by: str = ""
    seconds: float = 0.0


@dataclass
class Known:
    """What the run without a mutant told: the seconds of each test, for each line (module:line) the tests that reach it, and the
    tests that fail; `most` is how many seconds of tests a mutant gets, and `killers` the tests that were of use so far."""

    most: float
    seconds: dict[str, float] = field(default_factory=dict)
    reached: dict[str, list[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    killers: list[str] = field(default_factory=list)

    @functools.cached_property
    def worth(self) -> dict[str, float]:
        """How seldom the lines are that a test reaches, for the time that it takes."""
        found = dict.fromkeys(self.seconds, 0.0)
        for tests in self.reached.values():
            for test in tests:
                found[test] += 1 / len(tests)
        return {test: each / (self.seconds[test] + 0.005) for test, each in found.items()}

    def tests(self, altered: Altered) -> list[str]:
        """The tests that may notice a mutant: first what noticed the last ones, the module's own, what goes seldom ways. A table
        may be looked at without a line of its module being run: all tests may notice what stands outside of functions."""
        if altered.function is not None:
            near = {name for line in altered.lines for name in self.reached.get(f"{altered.module}:{line}", ())}
            names = near
        else:
            lines = (line for line in self.reached if line.startswith(f"{altered.module}:"))
            near = {name for line in lines for name in self.reached[line]}
            names = set(self.seconds)
        own = f"test_{altered.module.stem}.py"
        rule = f"[{altered.module.stem.upper()}"
        order = sorted(
            names.difference(self.failed),
            key=lambda name: (
                name not in self.killers[-9:],
                self.seconds[name] > _LONG,
                own not in name,
                rule not in name,
                name not in near,
                -self.worth[name],
                name,
            ),
        )
        spent = accumulate(self.seconds[name] for name in order)
        return [name for name, until in zip(order, spent, strict=True) if until <= self.most] or order[:1]

    def budget(self, tests: Iterable[str]) -> float:
        """The seconds that these tests may take with a mutant."""
        return _TIMES * sum(self.seconds[test] for test in tests) + _SECONDS


def outcomes(altered: Sequence[Altered], tests: Sequence[str], most: float) -> Iterator[tuple[Altered, Outcome]]:
    """Tries each mutant with the tests that reach its line, `most` seconds of them. Raises RuntimeError where there are none."""
    inside = [each for each in altered if each.function is not None]
    modules = sorted({str(each.module) for each in altered})
    with tempfile.TemporaryDirectory(prefix="omadm-mutants-") as folder:
        kept = Path(folder, "known.json")
        for place, *told in _told_by(lambda tell: _try_those_inside(tell, inside, modules, tests, most, kept)):
            yield inside[place], Outcome(*told)
        if not kept.exists():
            raise RuntimeError(f"the tests could not be collected: {' '.join(tests)}")
        known = Known(**json.loads(kept.read_text("utf-8")))
    for each in altered:
        if each.function is None:
            yield each, _outside(each, known)


def _told_by(work: Callable[[Tell], object], most: float = float("inf")) -> Iterator[list[Any]]:
    """Does work in a forked process, and gives what it tells until it ends; `late` where that takes more than so many seconds."""
    until = time.monotonic() + most
    read, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _be_a_child(work, write)
    os.close(write)
    rest = b""
    try:
        while select.select([read], [], [], None if most == float("inf") else max(0.0, until - time.monotonic()))[0]:
            more = os.read(read, 1 << 16)
            if not more:
                return
            *lines, rest = (rest + more).split(b"\n")
            yield from (json.loads(line) for line in lines)
        yield ["late"]
    finally:
        os.close(read)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _be_a_child(work: Callable[[Tell], object], write: int) -> None:
    """Does not return. What the tests print goes nowhere."""
    os.setpgid(0, 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)

    def tell(*what: object) -> None:
        os.write(write, json.dumps(what).encode() + b"\n")

    try:
        work(tell)
    finally:
        os._exit(0)


def _one_told_by(work: Callable[[Tell], object], most: float) -> tuple[str, str, float]:
    """The word for a mutant, the test that killed it, and the seconds. A process that ends without a word is dead too."""
    begun = time.monotonic()
    word, by = [*next(iter(list(_told_by(work, most))), ("killed", "the process")), ""][:2]
    return word, by, round(time.monotonic() - begun, 2)


class _Collected:
    """A plugin that takes over when the tests are collected. No example is refused for its time, none is made smaller."""

    def __init__(self, then: Callable[[Items], object]) -> None:
        self._then = then

    def pytest_configure(self, config: pytest.Config) -> None:
        phases = (Phase.explicit, Phase.generate)
        same = settings.get_profile("same")
        settings.register_profile(
            "mutants", same, deadline=None, suppress_health_check=list(HealthCheck), phases=phases
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not session.testsfailed:
            self._then({item.nodeid: item for item in session.items})
        return True


def _collect(tests: Sequence[str], then: Callable[[Items], object]) -> None:
    with tempfile.TemporaryDirectory(prefix="omadm-mutants-") as folder:
        pytest.main([*_OPTIONS, f"--basetemp={folder}/tests", *tests], plugins=[_Collected(then)])


def _verdict(items: Sequence[pytest.Item]) -> tuple[str, str]:
    """Runs tests until one fails."""
    for item, after in zip(items, [*items[1:], None], strict=True):
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=after)):
            return "killed", item.nodeid
    return "survived", ""


# What runs inside of functions


def _try_those_inside(
    tell: Tell, altered: Sequence[Altered], modules: Sequence[str], tests: Sequence[str], most: float, kept: Path
) -> None:
    def then(items: Items) -> None:
        for module in modules:
            importlib.import_module(_name(module))
        known = Known(most)
        for what, *more in _told_by(lambda told: _learn(told, items, modules)):
            if what == "took":
                known.seconds[more[0]] = more[1]
            elif what == "failed":
                known.failed.append(more[0])
            else:
                known.reached.setdefault(more[0], []).append(more[1])
        kept.write_text(json.dumps(asdict(known)), "utf-8")
        functions, caches = _functions(modules), _caches()
        gc.collect()
        gc.freeze()
        for place, each in enumerate(altered):
            chosen = known.tests(each)
            if not chosen:
                tell(place, "untested", "", 0.0)
                continue
            run = [items[test] for test in chosen]
            work = functools.partial(_try_inside, altered=each, functions=functions, caches=caches, items=run)
            word, by, seconds = _one_told_by(work, known.budget(chosen))
            known.killers += [by] if by in known.seconds else []
            tell(place, word, by, seconds)

    _collect(tests, then)


def _learn(tell: Tell, items: Items, modules: Sequence[str]) -> None:
    """Tells what each test takes, which lines it reaches, and whether it fails."""
    paths = {str(Path(module).resolve()): module for module in modules}
    reached: set[str] = set()

    def lines(frame: FrameType, event: str, _argument: object) -> Trace | None:
        reached.add(f"{paths[frame.f_code.co_filename]}:{frame.f_lineno}")
        return lines

    def calls(frame: FrameType, event: str, _argument: object) -> Trace | None:
        return lines if frame.f_code.co_filename in paths else None

    listed = list(items.values())
    for item, after in zip(listed, [*listed[1:], None], strict=True):
        reached.clear()
        begun = time.monotonic()
        sys.settrace(calls)
        reports = runtestprotocol(item, log=False, nextitem=after)
        sys.settrace(None)
        tell("took", item.nodeid, round(time.monotonic() - begun, 4))
        for line in reached:
            tell("reached", line, item.nodeid)
        if any(report.failed for report in reports):
            tell("failed", item.nodeid)


def _functions(modules: Sequence[str]) -> dict[str, list[FunctionType]]:
    """Every function of the modules, wherever it is held: a property's, a cached property's, a registry's."""
    paths = {str(Path(module).resolve()): module for module in modules}
    found: dict[str, list[FunctionType]] = {}
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename in paths:
            found.setdefault(f"{paths[each.__code__.co_filename]}::{each.__code__.co_qualname}", []).append(each)
    return found


def _caches() -> list[Any]:
    """What was remembered while the tests were collected, which a mutant must not find."""
    found = [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]
    return [each for each in found if str(getattr(each, "__module__", "")).startswith("replay")]


def _try_inside(
    tell: Tell,
    altered: Altered,
    functions: dict[str, list[FunctionType]],
    caches: list[Any],
    items: Sequence[pytest.Item],
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    module = compile(altered.source, str(altered.module.resolve()), "exec")
    code = next(each for each in _codes(module) if each.co_qualname == altered.function)
    for function in functions[f"{altered.module}::{altered.function}"]:
        function.__code__ = code
    for cache in caches:
        cache.cache_clear()
    tell(*_verdict(items))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


# What runs when a module is imported


def _outside(altered: Altered, known: Known) -> Outcome:
    """Tries what stands outside of functions: with the module's own test file first, as fewer files are sooner collected."""
    chosen = known.tests(altered)
    own = [test for test in chosen if f"test_{altered.module.stem}.py" in test]
    found, spent = Outcome("untested"), 0.0
    for tests in (own, [test for test in chosen if test not in own]):
        if tests and found.word in ("untested", "survived"):
            work = functools.partial(_try_outside, altered=altered, chosen=tests)
            found = Outcome(*_one_told_by(work, known.budget(tests) + _COLLECTING))
            spent += found.seconds
    return Outcome(found.word, found.by, spent)


def _try_outside(tell: Tell, altered: Altered, chosen: Sequence[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    sys.meta_path.insert(0, _Finder(altered))
    told = []

    def then(items: Items) -> None:
        lost = [test for test in chosen if test not in items]
        told.append(("killed", lost[0]) if lost else _verdict([items[test] for test in chosen]))

    _collect(sorted({test.partition("::")[0] for test in chosen}), then)
    tell(*(told[0] if told else ("killed", "the collection")))


def _name(module: str) -> str:
    return module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class _Finder(MetaPathFinder):
    """Has one module read otherwise than it is written."""

    def __init__(self, altered: Altered) -> None:
        self._altered = altered

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname != _name(str(self._altered.module)):
            return None
        place = str(self._altered.module.resolve())
        return spec_from_file_location(fullname, place, loader=_Loader(fullname, place, self._altered.source))


class _Loader(SourceFileLoader):
    """Compiles what it is given in place of the file."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.path, "exec")
