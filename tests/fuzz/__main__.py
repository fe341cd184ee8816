"""Runs targets under atheris: `python -m tests.fuzz [TARGET…] [--seconds N | --runs N] [--seed N] [--found FOLDER]`.

Each target runs in a process of its own, one after the other. The corpus is built anew in a temporary folder. An input that
fails is left in FOLDER (default: the current one) as `TARGET-crash-…`; `--input FILE` tries it again.
"""

import argparse
import importlib
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from tests.fuzz import TARGETS
from tests.fuzz.mutate import mutated

#: Bounds on one input: its size, the seconds that it may take, and the memory of the whole process. A reader that needs more for so
#: little is broken; atheris' instrumentation makes all of it several times slower.
_MOST_BYTES, _MOST_SECONDS, _MOST_MEGABYTES = 1 << 16, 25, 2048


def main() -> int:
    """Gives the exit code: 0 where no target failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="*", metavar="TARGET", help=f"one of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=int, default=60, help="how long each is run (60)")
    parser.add_argument("--runs", type=int, help="how many inputs each is given, instead")
    parser.add_argument("--seed", type=int, default=0, help="0 takes another one each time")
    parser.add_argument("--found", type=Path, default=Path(), help="where inputs that fail are left")
    parser.add_argument("--input", type=Path, help="one input, for one target")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)  # the process of one target, which fuzzes
    given = parser.parse_args()
    names = given.target or list(TARGETS)
    if unknown := [name for name in names if name not in TARGETS]:
        parser.error(f"no target {unknown[0]!r}; there are {', '.join(TARGETS)}")
    if given.input is not None:
        importlib.import_module(f"tests.fuzz.target_{names[0]}").check(given.input.read_bytes())
        return 0
    if given.corpus is not None:
        _fuzz(names[0], given)
    common = [f"--seconds={given.seconds}", f"--seed={given.seed}", f"--found={given.found}"]
    common += [] if given.runs is None else [f"--runs={given.runs}"]
    failed = []
    for name in names:
        print(f"== {name}", flush=True)
        # libFuzzer leaves its process at once, so that nothing there could remove the folder
        with tempfile.TemporaryDirectory(prefix="omadm-corpus-") as corpus:
            own = [sys.executable, "-m", "tests.fuzz", name, f"--corpus={corpus}"]
            if subprocess.run([*own, *common], check=False).returncode:
                failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else f"{len(names)} targets, nothing failed")
    return 1 if failed else 0


def _fuzz(name: str, given: argparse.Namespace) -> None:
    """Runs one target; does not return."""
    try:
        import atheris
    except ImportError:
        sys.exit("tests.fuzz: atheris is not installed: pip install 'omadm-replay[fuzz]'")
    with atheris.instrument_imports(include=["replay"]):
        target = importlib.import_module(f"tests.fuzz.target_{name}")
    samples = tuple(target.seeds())

    def change(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        return mutated(data, samples, rng, most) if rng.random() < 0.6 else atheris.Mutate(data, most)

    given.found.mkdir(parents=True, exist_ok=True)
    _fill(given.corpus, samples)
    bound = f"-max_total_time={given.seconds}" if given.runs is None else f"-runs={given.runs}"
    options = [
        f"-max_len={_MOST_BYTES}",
        f"-timeout={_MOST_SECONDS}",
        f"-rss_limit_mb={_MOST_MEGABYTES}",
        "-print_final_stats=1",
    ]
    options += [bound, f"-seed={given.seed}", f"-artifact_prefix={given.found}/{name}-", str(given.corpus)]
    atheris.Setup([name, *options], target.check, custom_mutator=change)
    atheris.Fuzz()


def _fill(folder: Path, samples: tuple[bytes, ...]) -> None:
    for number, each in enumerate(samples):
        Path(folder, f"seed-{number:03}").write_bytes(each[:_MOST_BYTES])


def target_of(name: str) -> ModuleType:
    """The module of a target."""
    return importlib.import_module(f"tests.fuzz.target_{name}")


if __name__ == "__main__":
    sys.exit(main())
