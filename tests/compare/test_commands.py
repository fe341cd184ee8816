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


def test_an_alerts_code_and_type_are_in_its_key():
    one, other = (of(f"<Alert><CmdID>9</CmdID><Data>{code}</Data></Alert>")[0] for code in ("1222", "1223"))
    assert one.key != other.key


def test_one_that_is_missing_one_that_came_and_one_that_changed():
    assert aligned(get("a", "b", "c"), get("a", "c")) == [
        ("Get[1]", "Get[1]", False, 0), ("Get[2]", None, False, 0), ("Get[3]", "Get[2]", False, 0),
    ]  # fmt: skip
    assert aligned(get("a", "c"), get("a", "b", "c"))[1] == (None, "Get[2]", False, 0)
    assert aligned([replace(9, "./A", "1")], [replace(9, "./A", "2")]) == [("Replace", "Replace", False, 0)]


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


def test_what_moved_out_of_a_group_whatever_becomes_of_the_group():
    a, b = messages.get(20, "./a"), messages.get(21, "./b")
    assert ("Atomic/Get[1]", "Get", True, 1) in aligned([ATOMIC.format(a + b)], [a, ATOMIC.format(b)])
    assert aligned([ATOMIC.format(a + b)], [a]) == [("Atomic", None, False, 0), ("Atomic/Get[1]", "Get", True, 1)]
    assert aligned([a], [ATOMIC.format(a + b)]) == [("Get", "Atomic/Get[1]", True, 0), (None, "Atomic", False, 0)]
    # within a group that is missing and one that came: not moved
    assert not any(
        moved for *_, moved, _ in aligned([ATOMIC.format(b)], [ATOMIC.format(b).replace("Atomic", "Sequence")])
    )


def test_what_went_into_a_group_has_moved():
    found = aligned([ATOMIC.format(get("a")[0]), get("x", "b")[1]], [ATOMIC.format("".join(get("a", "b")))])
    assert ("Get", "Atomic/Get[2]", True, 0) in found


def test_the_parts_of_a_message():
    (found,) = view(traffic(session(Story(), "1"))).chains[0].sessions
    anatomy = Anatomy.of(found.exchanges[0].request)
    assert (anatomy.header.name, anatomy.body.name, anatomy.root.children) == ("SyncHdr", "SyncBody", ())
