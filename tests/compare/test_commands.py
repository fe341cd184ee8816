import pytest

from replay.compare.commands import Anatomy, align_commands, commands_of
from replay.compare.views import view
from replay.lab import messages
from tests.compare.stories import replace, session, traffic
from tests.story import Story

ATOMIC = "<Atomic><CmdID>9</CmdID>{}</Atomic>"


def of(*commands: str):
    """The commands that a server sends, without what it owes."""
    (found,) = view(traffic(session(Story(), "1", *commands))).chains[0].sessions
    return [each for each in commands_of(found.exchanges[0].response) if each.name != "Status"]


def aligned(one: list[str], other: list[str]) -> list[tuple[str | None, str | None, bool, int]]:
    pairs = align_commands(of(*one), of(*other), lambda target, _: target)
    return [
        (
            p.one and p.one.path.rpartition("SyncBody/")[2],
            p.other and p.other.path.rpartition("SyncBody/")[2],
            p.moved,
            p.depth,
        )
        for p in pairs
    ]


def get(*names: str) -> list[str]:
    return [messages.get(9 + place, f"./{name}") for place, name in enumerate(names)]


def test_paths_places_and_keys():
    group = ATOMIC.format(replace(10, "./A", "1") + replace(11, "./B", "2"))
    atomic, single = of(group, replace(12, "./C", "3"))
    assert [each.path for each in (atomic, *atomic.inner, single)] == [
        "SyncBody/Atomic", "SyncBody/Atomic/Replace[1]", "SyncBody/Atomic/Replace[2]", "SyncBody/Replace",
    ]  # fmt: skip
    assert [each.place[1:] for each in atomic.inner] == [(0,), (1,)]
    assert [child.name for child in atomic.own.children] == []
    assert (single.uri, atomic.uri) == ("./C", "")
    assert single.key == of(replace(40, "./C", "other"))[0].key
    assert single.key != of(replace(40, "./D", "3"))[0].key


META = '<Meta><Type xmlns="syncml:metinf">{}</Type></Meta>'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<Alert><CmdID>9</CmdID><Data>1222</Data></Alert>", "<Alert><CmdID>9</CmdID><Data>1223</Data></Alert>"),
        *(
            (form.format(META.format("a")), form.format(META.format("b")))
            for form in (
                "<Alert><CmdID>9</CmdID><Data>1226</Data><Item>{}</Item></Alert>",
                "<Get><CmdID>9</CmdID>{}<Item><Target><LocURI>./A</LocURI></Target></Item></Get>",
            )
        ),
        ("<Get><CmdID>9</CmdID><Item/></Get>", f"<Get><CmdID>9</CmdID>{META.format('')}<Item/></Get>"),
    ],
)
def test_code_and_types_are_in_a_key(one, other):
    assert of(one)[0].key != of(other)[0].key


def test_what_else_is_in_a_command_is_not_in_its_key():
    silent = replace(9, "./A", "1").replace("<Item>", "<NoResp/><Item>")
    assert of(silent)[0].key == of(replace(9, "./A", "1"))[0].key


def test_a_command_is_known_by_its_first_address_and_without_what_it_answers():
    second = "<Item><Data>1</Data></Item><Item><Source><LocURI>./B</LocURI></Source></Item>"
    assert of(f"<Replace><CmdID>9</CmdID>{second}</Replace>")[0].uri == "./B"
    (found,) = view(traffic(session(Story(), "1"))).chains[0].sessions
    status = commands_of(found.exchanges[0].response)[0]
    assert [child.name for child in status.own.children] == ["Cmd", "Data"]


def test_what_is_no_message_has_no_commands():
    story = Story()
    story.exchange(story.package_one("1"), b"<SyncML")
    (found,) = view(traffic(story)).chains[0].sessions
    assert commands_of(found.exchanges[0].response) == []


def test_one_that_is_missing_one_that_came_and_one_that_changed():
    assert aligned(get("a", "b", "c"), get("a", "c")) == [
        ("Get[1]", "Get[1]", False, 0), ("Get[2]", None, False, 0), ("Get[3]", "Get[2]", False, 0),
    ]  # fmt: skip
    assert aligned(get("a", "c"), get("a", "b", "c"))[1] == (None, "Get[2]", False, 0)
    assert aligned([replace(9, "./A", "1")], [replace(9, "./A", "2")]) == [("Replace", "Replace", False, 0)]


def test_of_several_of_one_name_what_is_the_same_is_the_counterpart():
    assert aligned([replace(9, "./A", "1"), replace(10, "./A", "2")], [replace(9, "./A", "2")]) == [
        ("Replace[1]", None, False, 0), ("Replace[2]", "Replace", False, 0),
    ]  # fmt: skip
    assert aligned(get("a"), get("a", "a")) == [("Get", "Get[1]", False, 0), (None, "Get[2]", False, 0)]
    assert aligned(get("a", "a"), get("a")) == [("Get[1]", "Get", False, 0), ("Get[2]", None, False, 0)]


def test_two_that_changed_places_are_one_that_moved():
    found = aligned(get("a", "b", "c"), get("b", "a", "c"))
    assert sum(moved for _, _, moved, _ in found) == 1
    assert all(one and other for one, other, _, _ in found)


def test_groups_are_aligned_within():
    one, other = (ATOMIC.format("".join(get(*names))) for names in ("ab", "b"))
    assert aligned([one], [other]) == [
        ("Atomic", "Atomic", False, 0), ("Atomic/Get[1]", None, False, 1), ("Atomic/Get[2]", "Atomic/Get", False, 1),
    ]  # fmt: skip


def test_a_group_that_is_empty_there_lacks_its_commands():
    full, empty = ATOMIC.format("".join(get("a", "b"))), ATOMIC.format("")
    assert aligned([full], [empty]) == [
        ("Atomic", "Atomic", False, 0), ("Atomic/Get[1]", None, False, 1), ("Atomic/Get[2]", None, False, 1),
    ]  # fmt: skip
    assert aligned([empty], [full])[1:] == [(None, "Atomic/Get[1]", False, 1), (None, "Atomic/Get[2]", False, 1)]


def test_of_several_that_changed_the_most_alike_is_the_counterpart():
    def several(*names: str) -> str:
        items = "".join(f"<Item><Target><LocURI>./{name}</LocURI></Target><Data>{name}</Data></Item>" for name in names)
        return f"<Replace><CmdID>9</CmdID>{items}</Replace>"

    one = [several("A", "B", "C")]
    assert aligned(one, [several("X", "Y"), several("A", "B", "Z")]) == [
        (None, "Replace[1]", False, 0), ("Replace", "Replace[2]", False, 0),
    ]  # fmt: skip
    assert aligned(one, [several("A", "B", "Z"), several("X", "Y")]) == [
        ("Replace", "Replace[1]", False, 0), (None, "Replace[2]", False, 0),
    ]  # fmt: skip
    assert aligned([several("X", "Y"), several("A", "B", "Z")], one)[-1] == ("Replace[2]", "Replace", False, 0)
    assert aligned(one, [f"<Add>{one[0][9:-10]}</Add>"]) == [
        ("Replace", None, False, 0), (None, "Add", False, 0),
    ]  # fmt: skip


def test_how_like_two_are_is_what_they_have_in_common_of_all_that_is_in_them():
    def several(**items: str) -> str:
        inner = "".join(
            f"<Item><Target><LocURI>./{name}</LocURI></Target><Data>{value}</Data></Item>"
            for name, value in items.items()
        )
        return f"<Replace><CmdID>9</CmdID>{inner}</Replace>"

    def counterpart(one: str, *others: str) -> list[str | None]:
        there = [other for here, other, _, _ in aligned([one], list(others)) if here is not None]
        back = [other for other, here, _, _ in aligned(list(others), [one]) if here is not None]
        assert there == back
        return there

    one = several(A="1", B="1", C="1")
    # the same values, beside as many of the same addresses
    assert counterpart(one, several(A="5", B="5", X="5"), several(A="1", B="1", Y="5")) == ["Replace[2]"]
    # three of thirteen are less than two of three
    many = several(A="1", B="1", C="1", **{f"N{n}": "1" for n in range(10)})
    assert counterpart(one, many, several(A="1", B="1", Z="1")) == ["Replace[2]"]
    empty = "<Alert><CmdID>9</CmdID></Alert>"
    assert counterpart(empty, "<Alert><CmdID>9</CmdID><Data>1</Data></Alert>") == ["Alert"]


def test_two_poor_pairs_are_better_than_a_good_one():
    def several(names: str) -> str:
        inner = "".join(f"<Item><Target><LocURI>./{name}</LocURI></Target></Item>" for name in names)
        return f"<Get><CmdID>9</CmdID>{inner}</Get>"

    one, other = [several("xy"), several("abcdefghi")], [several("abcdefghj"), several("uv")]
    assert [each[:2] for each in aligned(one, other)] == [("Get[1]", "Get[1]"), ("Get[2]", "Get[2]")]


def test_what_moved_out_of_a_group_whatever_becomes_of_the_group():
    a, b = messages.get(20, "./a"), messages.get(21, "./b")
    assert ("Atomic/Get[1]", "Get", True, 1) in aligned([ATOMIC.format(a + b)], [a, ATOMIC.format(b)])
    assert aligned([ATOMIC.format(a + b)], [a]) == [("Atomic", None, False, 0), ("Atomic/Get[1]", "Get", True, 1)]
    assert aligned([a], [ATOMIC.format(a + b)]) == [("Get", "Atomic/Get[1]", True, 0), (None, "Atomic", False, 0)]
    nested = f"<Sequence><CmdID>8</CmdID>{ATOMIC.format(a)}</Sequence>"
    assert ("Get", "Sequence/Atomic/Get", True, 0) in aligned([a], [nested])
    # within a group that is missing and one that came: not moved
    assert not any(
        moved for *_, moved, _ in aligned([ATOMIC.format(b)], [ATOMIC.format(b).replace("Atomic", "Sequence")])
    )


def test_what_went_into_a_group_has_moved():
    found = aligned([ATOMIC.format(get("a")[0]), get("x", "b")[1]], [ATOMIC.format("".join(get("a", "b")))])
    assert ("Get", "Atomic/Get[2]", True, 0) in found


def test_a_group_that_moved_takes_along_what_is_in_it():
    a, b = messages.get(20, "./a"), messages.get(21, "./b")
    nested = f"<Sequence><CmdID>8</CmdID>{ATOMIC.format(a + b)}</Sequence>"
    both = [("Atomic/Get[1]", "Sequence/Atomic/Get[1]"), ("Atomic/Get[2]", "Sequence/Atomic/Get[2]")]
    more = messages.get(22, "./b")
    assert aligned([ATOMIC.format(a + b)], [more, nested]) == [
        ("Atomic", "Sequence/Atomic", True, 0),
        *((*each, False, 1) for each in both),
        (None, "Get", False, 0),
        (None, "Sequence", False, 0),
    ]
    assert aligned([more, nested], [ATOMIC.format(a + b)]) == [
        ("Get", None, False, 0),
        ("Sequence", None, False, 0),
        ("Sequence/Atomic", "Atomic", True, 1),
        *((there, here, False, 2) for here, there in both),
    ]


def test_the_parts_of_a_message():
    (found,) = view(traffic(session(Story(), "1"))).chains[0].sessions
    anatomy = Anatomy.of(found.exchanges[0].request)
    assert (anatomy.header.name, anatomy.body.name, anatomy.root.children) == ("SyncHdr", "SyncBody", ())
