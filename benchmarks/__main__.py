"""`make bench`: ratios, measured side by side in one run. Figures in seconds depend on the machine; ratios hardly do.

python -m benchmarks [--sessions N] [--only large|many|messages|recorder|compare|replay|soak] [-o FILE]
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks import captures, compare, large, many, messages, recorder, replay, soak
from benchmarks.timing import best, row_of


def command(*args: str) -> Callable[[], object]:
    """A whole command, whatever its exit code says of the capture."""
    return lambda: subprocess.run(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def keep_compiled(folder: Path) -> None:
    """Has every process that is measured keep what it compiles, as an installation does, in a folder of its own: in a round after
    the first nothing is compiled any more."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")


def bare(journal: Path) -> Callable[[], object]:
    """What cannot be done without: decoding the same lines with msgspec and parsing the same bodies with bare lxml."""
    import msgspec
    from lxml import etree

    class Body(msgspec.Struct):
        text: str | None = None

    class Line(msgspec.Struct):
        type: str
        body: Body | None = None

    def run() -> None:
        decode = msgspec.json.Decoder(Line).decode
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        with journal.open("rb") as file:
            for raw in file:
                line = decode(raw)
                if line.body is not None and line.body.text:
                    etree.fromstring(line.body.text.encode(), parser)

    return run


def rows(folder: Path, sessions: int) -> list[dict[str, object]]:
    """Every row: what, against what, the ratio and its aim."""
    python, scripts = sys.executable, Path(sys.executable).parent
    journal = captures.journal(folder / "bench.jsonl", sessions)
    flows = captures.flow_file(folder / "bench.mitm", sessions)
    check = command(python, "-m", "replay", "check", str(journal))
    found = []

    def row(what: str, against: str, ours: Callable[[], object], theirs: Callable[[], object], aim: float) -> None:
        found.append(row_of(what, against, best([ours, theirs], rounds=3), aim))

    row(f"check a journal of {sessions} sessions", "msgspec and bare lxml", check, bare(journal), 4)
    row(
        f"check a flow file of {sessions} exchanges",
        "mitmdump -n -q -r",
        command(python, "-m", "replay", "check", str(flows)),
        command(str(scripts / "mitmdump"), "-n", "-q", "-r", str(flows)),
        0.3,
    )
    found += messages.rows()
    row(
        "omadm --version",
        'python -c "import click"',
        command(python, "-m", "replay", "--version"),
        command(python, "-c", "import click"),
        1.5,
    )
    found += compare.rows(folder, sessions) + large.rows(folder) + many.rows(folder)
    return found + recorder.rows(folder) + replay.rows(folder) + soak.rows(folder)


def main() -> None:
    """Runs all rows and prints one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--only", choices=["large", "many", "messages", "recorder", "compare", "replay", "soak"])
    parser.add_argument("-o", "--output", default="bench-results.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="omadm-bench-") as folder:
        place = Path(folder)
        keep_compiled(place)
        only: dict[str, Callable[[], list[dict[str, object]]]] = {
            "compare": lambda: compare.rows(place, given.sessions),
            "large": lambda: large.rows(place),
            "many": lambda: many.rows(place),
            "messages": messages.rows,
            "recorder": lambda: recorder.rows(place),
            "replay": lambda: replay.rows(place),
            "soak": lambda: soak.rows(place),
        }
        found = only[given.only]() if given.only else rows(place, given.sessions)
    versions = {name: version(name) for name in ("mitmproxy", "lxml", "msgspec", "click", "deepdiff")}
    versions["python"] = platform.python_version()
    print(f"{'row':<44} {'against':<30} {'ratio':>7} {'between':>12} {'aim':>7} {'s':>8}")
    for each in found:
        aim = f"{'>=' if each.get('better') == 'more' else '<='} {each['aim']}" if each["aim"] is not None else ""
        between = "{} to {}".format(*each["between"]) if "between" in each else ""
        print(f"{each['row']:<44} {each['against']:<30} {each['ratio']:>7} {between:>12} {aim:>7} {each['s']:>8.3g}")
    print(", ".join(f"{name} {number}" for name, number in versions.items()))
    Path(given.output).write_text(json.dumps({"versions": versions, "rows": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
