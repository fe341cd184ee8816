"""The comparison: one command missing among 1,000 against plain DeepDiff on the same trees, and two captures that are equal."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deepdiff import DeepDiff

from benchmarks import captures
from benchmarks.timing import best, row_of
from replay.capture.journal_reader import read as read_journal
from replay.capture.sessions import Traffic, assemble
from replay.compare.compare import compare
from replay.lab import messages
from replay.normal.form import normal_form
from replay.normal.nodes import Node
from tests.story import Story

_COMMANDS = 1_000


def rows(folder: Path, sessions: int) -> list[dict[str, object]]:
    """The rows on the comparison; the equal captures have so many sessions."""
    whole, short = _with_commands(None), _with_commands(_COMMANDS // 2)
    one, other = _tree(whole), _tree(short)
    ours, theirs = (
        best([run], rounds=rounds)[0]
        for run, rounds in ((_one_change(whole, short), 3), (lambda: DeepDiff(one, other), 1))
    )
    what = f"diff: one of {_COMMANDS:,} commands is missing"
    return [row_of(what, "plain DeepDiff, same trees", (ours, theirs), 0.05), _equal(folder, sessions)]


def _one_change(whole: Traffic, short: Traffic) -> Callable[[], object]:
    def run() -> None:
        found = [each.kind for each in compare(whole, short).changes]
        if found != ["removed"]:
            raise RuntimeError(f"expected one change, the missing command, and found {found}")

    return run


def _with_commands(missing: int | None) -> Traffic:
    """A capture of one session whose answer has so many commands, one of them missing."""
    story = Story()
    request = story.package_one("1")
    gets = [messages.get(9 + number, f"./Vendor/MSFT/Policy/Result/Node{number}") for number in range(_COMMANDS)]
    if missing is not None:
        del gets[missing]
    story.exchange(request, story.answer(request, *gets))
    return assemble(read_journal(io.BytesIO(story.text()), "bench"))


def _tree(traffic: Traffic) -> object:
    """The answer's normal form as dictionaries and lists."""
    return _plain(normal_form(traffic)[0].sessions[0].exchanges[0][1].message)


def _plain(node: Node | None) -> object:
    if node is None:
        raise RuntimeError("the answer could not be read")
    inside = [_plain(child) for child in node.children]
    return {"name": node.name, "namespace": node.namespace, "text": node.sign or node.text, "children": inside}


def _equal(folder: Path, sessions: int) -> dict[str, object]:
    """Two recordings of the same at servers of two names compared, against checking the two: whole commands."""
    one, other = (captures.journal(folder / f"equal-{number}.jsonl", sessions) for number in (1, 2))
    other.write_text(other.read_text().replace("mdm.example.test", "mdm.elsewhere.test"))

    def command(*arguments: str) -> None:
        done = subprocess.run([sys.executable, "-m", "replay", *arguments], stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"omadm {' '.join(arguments)} ended with {done.returncode}")

    def comparing() -> None:
        command("diff", str(one), str(other))

    def checking() -> None:
        for path in (one, other):
            command("check", str(path))

    measured = best([comparing, checking], rounds=2)
    return row_of(f"diff of two equal journals, {sessions:,} sessions each", "two checks", measured, 1.2)
