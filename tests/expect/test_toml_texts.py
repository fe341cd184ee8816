"""Texts in TOML that look like something else: what follows them has its line all the same."""

import pytest

from replay.expect.toml_lines import parse


@pytest.mark.parametrize(
    "text",
    [
        "'a, b'",
        "'a # b'",
        "'[a]'",
        "'{a = 1}'",
        "'a \" b'",
        "''",
        '"a, # ] }"',
        '"a \\" b"',
        '""',
        "'''a, # ] }'''",
        "'''a ' b '' c'''",
        "'''a'''''",
        "'''\n[not]\nkey = 1\n'''",
        '"""a, # ] }"""',
        '"""a " b "" c"""',
        '"""a"""""',
        '"""\\""" """',
        '"""\n[not]\nkey = 1\n"""',
    ],
)
@pytest.mark.parametrize(
    ("holder", "inside"),
    [
        ("{}", []),
        ("[{}, {}]", [("first", 0), ("first", 1)]),
        ("{{ inner = {}, other = {} }}", [("first", "inner"), ("first", "other")]),
    ],
)
def test_what_follows_a_text_has_its_line(text, holder, inside):
    value = holder.format(text, text)
    document = parse("f.toml", f"first = {value}\nsecond = 1\n".encode())
    assert document.data["second"] == 1
    assert document.lines[("second",)] == 2 + value.count("\n")
    assert list(document.lines) == [("first",), *inside, ("second",)]
