"""Noise profiles: where noise can be, and which line is about which value."""

import pytest

from replay.normal.leaves import Leaf
from replay.normal.noise import Line, NoiseProfile, can_vary
from replay.normal.varying import Kind

DATA = "SyncBody/Replace[2]/Item[3]/Data"


@pytest.mark.parametrize(
    "path",
    [
        "SyncML", "session", "capture", "SyncHdr/MsgID", "SyncHdr/Target/LocURI", "SyncHdr/VerProto", "SyncHdr/Cred/Data",
        "SyncBody/Alert", "SyncBody/Alert[3]/Data", "SyncBody/Alert/Item/Meta/Type", "SyncBody/Alert/Item/Meta/Format",
        "SyncBody/Alert/Item/Meta/Mark", "SyncBody/Status/Data", "SyncBody/Status[2]/CmdRef", "SyncBody/Final", "SyncBody/Exec",
        "SyncBody/Replace/Item/Target/LocURI", "SyncBody/Replace/Item/MoreData", "HTTP/status", "HTTP/content-type", "HTTP/by",
        "HTTP/end", "HTTP/url", "HTTP/method", "HTTP/order", "HTTP/mdm-genericalert", "HTTP/authorization", "HTTP/gap", "",
    ],
)  # fmt: skip
def test_what_counts_to_the_letter_cannot_vary(path):
    assert not can_vary(path)


@pytest.mark.parametrize(
    "path",
    [
        DATA,
        "SyncBody/Atomic/Add/Item/Data",
        "SyncBody/Add/Item/Data/MgmtTree/VerDTD",
        "SyncHdr/Meta/MaxMsgSize",
        "HTTP/user-agent",
    ],
)
def test_what_can_vary(path):
    assert can_vary(path)


@pytest.mark.parametrize(
    ("line", "speaks"),
    [
        ({"path": "SyncBody/Replace/Item/Data"}, True),
        ({"path": DATA}, True),
        ({"path": "SyncBody/Replace[2]/Item/Data"}, True),
        ({"path": "SyncBody/Replace[1]/Item/Data"}, False),
        ({"path": "SyncBody/Atomic/Replace/Item/Data"}, False),
        ({"path": DATA, "about": "./A"}, True),
        ({"path": DATA, "about": "./B"}, False),
        ({"path": DATA, "side": "request"}, True),
        ({"path": DATA, "side": "response"}, False),
    ],
)
def test_which_line_is_about_a_value(line, speaks):
    made = Line(kind=Kind.TEXT, signed="T", reason="r", **line)
    leaf = Leaf(DATA, "./A", "x")
    assert made.speaks_of(leaf, "request") is speaks
    assert (NoiseProfile("n", (made,)).of(leaf, "request") == [made]) is speaks


def test_no_line_is_about_an_unenrolment():
    line = Line(path="SyncBody/Alert/Item/Data", kind=Kind.TEXT, signed="T", reason="r")
    assert not line.speaks_of(Leaf("SyncBody/Alert[3]/Item/Data", "x", "1", letter=True), "request")


def test_a_line_that_is_not_signed_is_said_and_not_applied():
    line = Line(path=DATA, kind=Kind.TEXT, number=7)
    profile = NoiseProfile("n.toml", (line,))
    assert profile.of(Leaf(DATA, "./A", "x"), "request") == []
    assert profile.notes()[0].startswith("n.toml: 1 of 1 lines are not signed and were not applied (line 7)")
    many = NoiseProfile("n.toml", tuple(Line(path=DATA, kind=Kind.TEXT, number=n) for n in range(20)))
    assert "9, …)" in many.notes()[0]


@pytest.mark.parametrize("path", ["SyncBody/Status/Data", "SyncBody/Alert/Data", "HTTP/status", "SyncHdr/MsgID"])
def test_no_line_is_about_what_counts_to_the_letter(path):
    line = Line(path=path, kind=Kind.TEXT, signed="T", reason="r")
    assert not line.speaks_of(Leaf(path, "", "x"), "request")
    assert NoiseProfile("n", (line,)).of(Leaf(path, "", "x"), "request") == []


def test_a_line_about_an_element_is_not_about_what_is_in_it():
    line = Line(path="SyncBody/Add/Item/Data", kind=Kind.TEXT, signed="T", reason="r")
    inside = Leaf("SyncBody/Add/Item/Data/MgmtTree/VerDTD", "x", "1")
    assert not line.speaks_of(inside, "request")
    assert not Line(path=inside.path, kind=Kind.TEXT).speaks_of(Leaf(line.path, "x", "1"), "request")
    assert Line(path=inside.path, kind=Kind.TEXT).speaks_of(inside, "request")


def test_the_lines_that_are_not_signed_are_named_ten_at_most():
    def notes(signed: int, unsigned: int) -> list[str]:
        lines = [
            Line(path=DATA, kind=Kind.TEXT, number=n, signed="T" * (n <= signed))
            for n in range(1, signed + unsigned + 1)
        ]
        profile = NoiseProfile("n.toml", tuple(lines))
        assert [line.number for line in profile.unsigned] == list(range(signed + 1, signed + unsigned + 1))
        return profile.notes()

    what = "lines are not signed and were not applied (line"
    then = "); look at each, then fill in signed and reason"
    assert notes(3, 0) == notes(0, 0) == []
    assert notes(2, 3) == [f"n.toml: 3 of 5 {what} 3, 4, 5{then}"]
    assert notes(1, 10) == [f"n.toml: 10 of 11 {what} {', '.join(map(str, range(2, 12)))}{then}"]
    assert notes(1, 11) == [f"n.toml: 11 of 12 {what} {', '.join(map(str, range(2, 12)))}, …{then}"]


@pytest.mark.parametrize(
    ("kind", "value", "fits"), [(Kind.COUNTER, "7", True), (Kind.COUNTER, "x", False), (Kind.TEXT, "x", True)]
)
def test_a_value_that_varies_as_a_line_says(kind, value, fits):
    assert Line(path=DATA, kind=kind).fits(value) is fits
