import json
import string
import tomllib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from replay.expect.toml_lines import LARGEST, Keys, TomlError, load, parse
from tests.conftest import ROOT

TEXT = '''\
# A comment with [brackets] and = signs
title = "a # no comment"

[[accept]]
rule = "UNE007"
reason = """
[not.a.header]
rule = 1
"""

[[accept]]
"rule" = 'UNE011'   # a quoted key
devices = [
    "A",   # the first
    "B, with a comma",
    { name = "C", until = 2026-11-23 10:00:00 },
]
[accept.more]
a.b = 1

[accept.more.deep]
x = []
'''


def paths(value: object, keys: Keys = ()) -> list[Keys]:
    """Every path into a value."""
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    else:
        inside = []
    return [each for key, below in inside for each in [(*keys, key), *paths(below, (*keys, key))]]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("title",), 2),
        (("accept",), 4),
        (("accept", 0), 4),
        (("accept", 0, "rule"), 5),
        (("accept", 0, "reason"), 6),
        (("accept", 1), 11),
        (("accept", 1, "rule"), 12),
        (("accept", 1, "devices", 1), 15),
        (("accept", 1, "devices", 2, "until"), 16),
        (("accept", 1, "more"), 18),
        (("accept", 1, "more", "a", "b"), 19),
        (("accept", 1, "more", "deep", "x"), 22),
    ],
)
def test_the_line_of_a_key(keys, line):
    assert parse("f.toml", TEXT.encode()).line_of(*keys) == line


def test_a_key_that_is_missing_is_shown_where_it_was_expected():
    document = parse("f.toml", TEXT.encode())
    assert document.line_of("accept", 1, "until") == 11
    assert document.line_of("nothing") == 1
    assert document.mistake(("accept", 0, "rule"), "no") == "f.toml, line 5: no"


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        (ROOT / "pyproject.toml").read_text("utf-8"),
        "",
        "a=1",
        "a = {}\r\nb=[[1],[2]]",
        "[a]#b=1\nc=1\n[[ d ]]#e=1\nf=1\n[[d]]#g=1\n[d.h]",
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_key_has_its_line(text, mark):
    document = parse("f.toml", mark + text.encode())
    assert document.data == tomllib.loads(text)
    assert sorted(map(repr, document.lines)) == sorted(map(repr, paths(document.data)))
    shown = text.splitlines()
    for keys, line in document.lines.items():
        if isinstance(keys[-1], str):
            assert keys[-1] in shown[line - 1]


NAMES = st.text(string.ascii_letters + " .\"#=[]'é\\", min_size=1, max_size=6)
VALUES = st.recursive(
    st.integers(0, 9) | st.booleans() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(NAMES, inside, max_size=3),
    max_leaves=8,
)


def text_of(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def written(value: object) -> str:
    """A value as TOML, in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text_of(key)} = {written(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", # one\n ".join(map(written, value)) + "]"
    return text_of(value) if isinstance(value, str) else json.dumps(value)


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.lists(st.dictionaries(NAMES, VALUES, max_size=3), max_size=3))
def test_what_tomllib_reads_is_walked_whole(head, tables):
    lines = [f"{text_of(key)} = {written(value)}" for key, value in head.items()]
    for table in tables:
        lines += [
            "[[ 'table' ]] # with a comment",
            *(f"{text_of(key)} = {written(value)}" for key, value in table.items()),
        ]
    text = "\n".join(lines)
    assume(not (tables and "table" in head))
    data = tomllib.loads(text)
    document = parse("f.toml", text.encode())
    assert document.data == data
    assert set(document.lines) == set(paths(data))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = 1\nb == 2\n", "f.toml, line 2, column 4: Invalid value"),
        (b"a = 1\na = 2\n", "f.toml, line 2, column 6: Cannot overwrite a value"),
        (b"a = [1,\n2", "f.toml, line 2: Unclosed array, at the end of the file"),
        (b"a = 1\nb = '\xff'", "f.toml, line 2: is not UTF-8"),
        (b"\n\xff", "f.toml, line 2: is not UTF-8"),
        (b"\n" + b".".join([b"a"] * 65) + b" = 1", "f.toml, line 2: a key of more than 64 parts"),
        (b"#" * (LARGEST + 1), "f.toml: is larger than 1048576 bytes"),
        (b"a = " + b"[" * 5000, "f.toml: is nested too deeply"),
    ],
)
def test_what_is_no_toml_is_said_with_its_line(content, message):
    with pytest.raises(TomlError) as raised:
        parse("f.toml", content)
    assert message in str(raised.value)


def test_what_is_as_large_as_it_may_be_is_read():
    assert parse("f.toml", b".".join([b"a"] * 64) + b" = 1").line_of(*"a" * 64) == 1
    assert parse("f.toml", b"#" * LARGEST).data == {}


def test_a_file_that_is_too_large_is_not_read_in_part(tmp_path):
    path = tmp_path / "f.toml"
    path.write_bytes(b"a = 1\n".ljust(LARGEST, b"#") + b"\nb = 2\n")
    with pytest.raises(TomlError, match="is larger than"):
        load(str(path))
    path.write_bytes(b"#\n".ljust(LARGEST - 5, b"#") + b"\na=1\n")
    assert load(str(path)).lines == {("a",): 3}


def test_mistakes_are_said_on_lines_of_their_own():
    assert str(TomlError("one", "other")) == "one\nother"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(TomlError, match=r"none\.toml: cannot be read: No such file or directory"):
        load(str(tmp_path / "none.toml"))
