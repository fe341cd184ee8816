"""The map of a redaction: what is written is read again, and what is no map, or one that would mix values up, is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.normal.identities import Role
from replay.normal.redact_map import FORMAT, VERSION, dumps, loads
from replay.normal.redact_table import Entry, Keep, Table

DEVICE = Entry(Role.DEVICE, "desktop-1", "qwertyu-2")
SECRET = Entry(Role.CREDENTIAL, "Tr0ub4dor", "aB3dEfGh1", exact=True)


def of(*values: object, **more: object) -> bytes:
    return json.dumps({"format": FORMAT, "version": VERSION, "values": values} | more).encode()


def value(**more: object) -> dict[str, object]:
    return {"role": "device", "value": "desktop-1", "pseudonym": "qwertyu-2"} | more


@st.composite
def entries(draw) -> list[Entry]:
    made: dict[str, Entry] = {}
    text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
    for each in draw(st.lists(text, max_size=8, unique=True)):
        pseudonym = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=len(each), max_size=len(each)))
        role, exact = draw(st.sampled_from(Role)), draw(st.booleans())
        made.setdefault(pseudonym, Entry(role, each, pseudonym, exact=exact))
    return list(made.values())


@given(entries())
def test_what_is_written_is_read_again(made):
    assert sorted(loads(dumps(made)), key=repr) == sorted(made, key=repr)


@given(entries(), st.randoms())
def test_the_order_of_the_entries_does_not_show(made, rng):
    mixed = list(made)
    rng.shuffle(mixed)
    assert dumps(mixed) == dumps(made)


@given(entries())
def test_each_value_has_a_line_of_its_own(made):
    lines = dumps(made).decode().split("\n")
    assert lines[0] == '{"format": "omadm-redaction-map", "version": 1, "values": ['
    assert lines[-2:] == ["]}", ""]
    assert [json.loads(line.removesuffix(","))["value"] for line in lines[1:-2] if line] == [
        each.value for each in sorted(made, key=lambda entry: (entry.role, entry.value))
    ]


def test_a_map_without_values_is_one():
    assert loads(dumps([])) == []


def test_only_what_is_exact_is_said_to_be():
    members = json.loads(dumps([DEVICE, SECRET]))["values"]
    assert members == [
        {"role": "credential", "value": "Tr0ub4dor", "pseudonym": "aB3dEfGh1", "exact": True},
        {"role": "device", "value": "desktop-1", "pseudonym": "qwertyu-2"},
    ]


def test_a_later_redaction_goes_on_with_the_pseudonyms():
    first = Table(Keep())
    values = [(Role.DEVICE, "DESKTOP-1234567", False), (Role.CREDENTIAL, "Tr0ub4dor&3", True)]
    made = [first.of(role, each, "x", secret=secret) for role, each, secret in values]
    later = Table(Keep(), loads(dumps(list(first.entries()))))
    assert [later.of(role, each, "y", secret=secret) for role, each, secret in values] == made


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "truncated"),
        (b"no map", "malformed"),
        (b"[]", "Expected `object`, got `array`"),
        (b"\xff", "malformed"),
        (dumps([DEVICE])[:-4], "truncated"),
        (dumps([DEVICE]) + b"{}", "trailing"),
        (b"{}", "missing required field `format`"),
        (of(value(role="nobody")), "Invalid enum value 'nobody'"),
        (of(value(value=1)), "Expected `str`, got `int`"),
        (of({"role": "device", "value": "a"}), "missing required field `pseudonym`"),
        (of(value(exact="yes")), "Expected `bool`, got `str`"),
        (of(version="1"), "Expected `int`, got `str`"),
        (of(version=2), "version 2; expected omadm-redaction-map 1"),
        (of(version=0), "version 0; expected omadm-redaction-map 1"),
        (of(format="omadm-journal"), "format 'omadm-journal', version 1; expected"),
        (of(value(value="", pseudonym="")), "of different lengths"),
        (of(value(value="")), "of different lengths"),
        (of(value(pseudonym="")), "of different lengths"),
        (of(value(pseudonym="qwertyu-22")), "of different lengths"),
        (of(value(), value(value="desktop-2")), "two values with the same pseudonym"),
    ],
)
def test_what_is_no_map_says_why(data, why):
    with pytest.raises(ValueError) as caught:
        loads(data)
    assert why in str(caught.value)


def test_an_error_does_not_tell_the_secrets():
    """It is shown at a terminal, and may end in a log."""
    for data in (of(value(value="secret-1", pseudonym="x")), of(value(value="secret-1"), value(value="secret-2"))):
        with pytest.raises(ValueError) as caught:
            loads(data)
        assert "secret" not in str(caught.value)


def test_lengths_are_those_of_characters():
    assert loads(of(value(value="Müller", pseudonym="Qätner"))) == [Entry(Role.DEVICE, "Müller", "Qätner")]
