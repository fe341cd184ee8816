"""The documentation: every code block is run or read (`tests/documents.py`), every link leads somewhere, and what is generated is
current."""

import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from replay.expect.accept import read_accepted
from replay.expect.noise import read_noise
from replay.expect.scenarios.read import load_scenario
from replay.report.schemas import schema
from tests.conftest import ROOT
from tests.documents import (
    PROGRAMS,
    SHELL,
    blocks,
    commands,
    prepared,
    run_to_its_end,
    run_until_a_device_has_left,
    run_until_interrupted,
    run_with_a_lab_server,
    unknown_options,
)

DOCS = ROOT / "docs"
GENERATED = ("rules", "reference")
#: Every page that somebody wrote.
PAGES = [
    ROOT / "CONTRIBUTING.md",
    *(page for page in sorted(DOCS.rglob("*.md")) if page.relative_to(DOCS).parts[0] not in GENERATED),
]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
KINDS = {*SHELL, "powershell", "text", "toml", "json", "yaml", "python", "mermaid"}
#: What a command for the Windows device may begin with.
WINDOWS = ("netsh", "certutil", "wevtutil", "Test-NetConnection")
every_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def with_kind(*kinds: str) -> Any:
    """The pages that have blocks of one of these kinds."""
    having = [page for page in PAGES if any(block.kind in kinds for block in blocks(page))]
    return pytest.mark.parametrize("page", having, ids=[page.relative_to(ROOT).as_posix() for page in having])


def each(kind: str) -> Any:
    """The commands of one kind, with the name of their page."""
    found = {line: page for page in PAGES for line in commands(page, kind)}
    return pytest.mark.parametrize(
        "line", list(found), ids=[f"{page.stem}: {line[:60]}" for line, page in found.items()]
    )


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A working folder with the files that the pages speak of, those among them that a page shows as TOML."""
    return prepared(tmp_path, monkeypatch)


# -- what is run --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.mitmproxy
@with_kind("sh", "yaml", "python")
def test_a_page_from_top_to_bottom(folder, page, monkeypatch):
    """A page is a story: its commands run in one folder, in order, and find the files that earlier ones wrote."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    for name, text in files_of(page).items():
        (folder / name).write_text(text)
    for block in blocks(page):
        if block.kind == "sh":
            for line in shell_lines(block.body):
                run_to_its_end(line, folder)
        elif block.kind == "yaml":
            for line in steps(YAML(typ="safe").load(block.body)):
                run_to_its_end(line, folder)
        elif block.kind == "python" and "def test_" not in block.body:  # those of docs/pytest.md run in tests/testing
            subprocess.run([sys.executable, "-c", block.body], cwd=folder, check=True, timeout=60)


@pytest.mark.slow
@pytest.mark.mitmproxy
@each("sh background")
def test_a_command_that_goes_on_until_it_is_interrupted(folder, line):
    run_until_interrupted(line, folder)


@pytest.mark.slow
@pytest.mark.mitmproxy
@each("sh lab")
def test_a_command_that_needs_the_lab_server(folder, line):
    run_with_a_lab_server(line, folder)


@pytest.mark.slow
@pytest.mark.mitmproxy
@each("sh wait")
def test_a_command_that_waits_for_an_unenrolment(folder, line):
    run_until_a_device_has_left(line, folder)


@pytest.mark.parametrize(
    "line",
    [
        "omadm check nothing.jsonl",
        "omadm check captures/user.jsonl  # exit code 1",
        "pip install '.[nothing]'",
        "make tea",
    ],
)
def test_a_command_that_ends_otherwise_than_the_page_says_is_noticed(folder, line):
    with pytest.raises(AssertionError):
        run_to_its_end(line, folder)


def shell_lines(body: str) -> list[str]:
    lines = body.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def files_of(page: Path) -> dict[str, str]:
    """The files that a page shows as TOML, under the names by which its commands call them."""
    named = re.findall(r"(?:--accept|--expect|scenario:|--noise)[ :]?(\w+\.toml)", page.read_text("utf-8"))
    made = re.findall(r"-o (\w+\.toml)", page.read_text("utf-8"))
    shown = [block.body for block in blocks(page) if block.kind == "toml"]
    wanted = [name for name in dict.fromkeys(named) if name not in made]
    return dict(zip(wanted, shown, strict=False))


def steps(value: Any) -> list[str]:
    """The commands of a CI file: the texts under the names that such files have for them."""
    if isinstance(value, dict):
        own = [text for name in ("run", "script", "after_script") for text in listed(value.get(name))]
        return own + [line for name, each in value.items() if name not in ("run", "script") for line in steps(each)]
    return [line for each in value for line in steps(each)] if isinstance(value, list) else []


def listed(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return [line for text in texts for line in text.splitlines()]


# -- what is read -------------------------------------------------------------------------------------------------------


@every_page
def test_the_blocks_are_of_known_kinds(page):
    assert {block.kind for block in blocks(page)} <= KINDS
    for kind in SHELL:
        assert [line for line in commands(page, kind) if line.split()[0] not in PROGRAMS] == []
    assert [line for line in commands(page, "powershell") if line.split()[0] not in WINDOWS] == []


@every_page
def test_no_command_is_shown_that_does_not_exist(page):
    """Also in what is not run: in `text`, in indented code, and in the middle of a sentence."""
    shown = re.findall(
        r"(?:^ {4,}|^|`|&& |run: |script: |- |sh ')(omadm [^`'\n]*)", page.read_text("utf-8"), re.MULTILINE
    )
    assert [(line, wrong) for line in shown if (wrong := unknown_options(line))] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("omadm check --quiet 60 -q run.jsonl", []),
        ("omadm lab device --to URL --wbxml", []),
        ("omadm find --rule UNE007 | grep --count x", []),
        ("omadm chekc run.jsonl", ["chekc"]),
        ("omadm lab devise --to URL", ["devise"]),
        ("omadm check --quiet 60 --loud run.jsonl", ["--loud"]),
    ],
)
def test_what_does_not_exist_is_noticed(line, wrong):
    assert unknown_options(line) == wrong


@with_kind("toml")
def test_toml_is_what_the_tool_reads(page, tmp_path):
    for number, block in enumerate(block for block in blocks(page) if block.kind == "toml"):
        path = tmp_path / f"{number}.toml"
        path.write_text(block.body)
        tables = tomllib.loads(block.body)
        match sorted(tables)[0] if len(tables) == 1 else "step":
            case "accept":
                assert read_accepted(str(path), datetime(2026, 12, 1, tzinfo=UTC)).entries
            case "noise":
                assert read_noise(str(path)).lines
            case _:
                assert load_scenario(str(path)).steps


@with_kind("json")
def test_json_is_valid(page):
    for block in blocks(page):
        if block.kind == "json":
            value = json.loads(block.body)
            name = "evidence" if isinstance(value, list) else value["format"].removeprefix("omadm-")
            Draft202012Validator(schema(name)).validate(value)


@with_kind("python")
def test_python_compiles(page):
    for block in blocks(page):
        if block.kind == "python":
            compile(block.body, str(page), "exec")


# -- links --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *PAGES, *(page for part in GENERATED for page in sorted((DOCS / part).rglob("*.md")))],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)  # fmt: skip
def test_every_link_leads_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(((?!https?:)[^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        if anchor:
            assert anchor in anchors(other), target


def anchors(page: Path) -> set[str]:
    """The names by which headings can be linked, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_leads_to_every_page():
    linked = re.findall(r"\]\(([^)#]+)\)", (DOCS / "README.md").read_text("utf-8"))
    assert {page.relative_to(DOCS).as_posix() for page in PAGES if page.is_relative_to(DOCS)} - {"README.md"} <= set(
        linked
    )


# -- what is generated --------------------------------------------------------------------------------------------------


def test_the_reference_is_current(tmp_path):
    """`make docs` writes it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, str(DOCS / "generate.py"), str(tmp_path)], check=True, env=environment, timeout=60)
    made, kept = ({path.relative_to(at): path.read_text("utf-8") for path in at.rglob("*") if path.is_file()}
                  for at in (tmp_path, DOCS / "reference"))  # fmt: skip
    assert set(made) == set(kept)
    assert [name for name in made if made[name] != kept[name]] == []


def test_the_generator_takes_away_what_is_left_over(tmp_path):
    (tmp_path / "old.md").write_text("left over")
    subprocess.run([sys.executable, str(DOCS / "generate.py"), str(tmp_path)], check=True, cwd=tmp_path, timeout=60)
    assert not (tmp_path / "old.md").exists()
