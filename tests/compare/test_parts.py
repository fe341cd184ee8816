import pytest

from replay.compare.aliases import Aliases
from replay.compare.parts import Side, aliases_in, changes_in, markup, pair_up
from replay.normal.nodes import Node


def element(name: str, *children: Node, **more) -> Node:
    return Node(name, children=children, **more)


def text(name: str, value: str) -> Node:
    return Node(name, text=value)


def item(uri: str, data: str) -> Node:
    return element("Item", element("Target", text("LocURI", uri)), text("Data", data))


def changes(one: Node, other: Node):
    aliases = Aliases()
    part = pair_up(Side(one, "X", "SYNCML:SYNCML1.2"), Side(other, "X", "SYNCML:SYNCML1.2"))
    for mine, theirs in aliases_in(part):
        aliases.vote([mine], [theirs])
    aliases.count()
    return [
        (str(each.kind), str(each.of), each.expected_path, each.actual_path, each.expected, each.actual)
        for each in changes_in(part, aliases)
    ]


def test_a_value():
    assert changes(element("Add", text("Data", "1")), element("Add", text("Data", "2"))) == [
        ("changed", "value", "X/Data", "X/Data", "1", "2")
    ]
    same = element("Add", text("Data", "1"))
    assert changes(same, same) == []


def test_what_differs_in_one_element_has_an_order():
    """First its text, then its namespace and its attributes by name, in every process the same."""
    names = "bcadef"
    mine, theirs = (
        Node("Type", text=value, namespace=value, attributes=tuple((name, value) for name in names)) for value in "12"
    )
    paths = [change[2] for change in changes(element("Add", mine), element("Add", theirs))]
    assert paths == ["X/Type", *(f"X/Type/@{name}" for name in [*sorted(names), "xmlns"])]


def test_items_are_paired_by_uri():
    one, other = element("Add", item("./A", "1"), item("./B", "2")), element("Add", item("./B", "3"))
    removed = "<Item><Target><LocURI>./A</LocURI></Target><Data>1</Data></Item>"
    assert changes(one, other) == [
        ("removed", "structure", "X/Item[1]", None, removed, None),
        ("changed", "value", "X/Item[2]/Data", "X/Item/Data", "2", "3"),
    ]


def test_an_element_that_is_empty_is_seen_to_be_one():
    found = changes(element("Item", text("Data", "1"), element("MoreData")), element("Item", text("Data", "1")))
    assert found == [("removed", "structure", "X/MoreData", None, "<MoreData/>", None)]
    found = changes(element("Item", text("Data", "1")), element("Item", text("Data", "1"), element("MoreData")))
    assert found == [("added", "structure", None, "X/MoreData", None, "<MoreData/>")]


def test_an_attribute_and_a_namespace():
    one = element("Item", element("Data", attributes=(("a", "1"),)), text("B", "x"))
    other = element("Item", element("Data", attributes=(("a", "2"),)), Node("B", namespace="urn:x", text="x"))
    assert changes(one, other) == [
        ("changed", "value", "X/Data/@a", "X/Data/@a", "1", "2"),
        ("changed", "structure", "X/B/@xmlns", "X/B/@xmlns", "SYNCML:SYNCML1.2", "urn:x"),
    ]


def test_items_in_another_order_have_moved():
    one, other = (element("Get", *(item(f"./{name}", "") for name in names)) for names in ("abc", "bca"))
    ((kind, of, path, there, *_),) = changes(one, other)
    assert (kind, of, path, there) == ("moved", "sequence", "X/Item[1]", "X/Item[3]")


def test_aliases_are_compared_by_their_counterparts():
    one, other = (element("Item", Node("Data", sign=sign)) for sign in ("{guid 1}", "{guid 5}"))
    assert changes(one, other) == []
    assert changes(one, element("Item", text("Data", "{guid 1}"))) == [
        ("changed", "value", "X/Data", "X/Data", "{guid 1}", "{guid 1}")
    ]


@pytest.mark.parametrize("value", ["x" * 5000, "a\nb\nc", ""])
def test_long_texts_and_lines(value):
    one, other = element("Item", text("Data", value)), element("Item", text("Data", f"{value}!"))
    assert changes(one, other) == [("changed", "value", "X/Data", "X/Data", value, f"{value}!")]


def test_what_is_too_deep_stays_whole():
    def deep(value: str) -> Node:
        node = text("Data", value)
        for _ in range(40):
            node = element("Data", node)
        return node

    ((kind, _, path, _, expected, actual),) = changes(deep("1"), deep("2"))
    assert kind == "changed"
    assert path.count("/") == 16
    assert expected.count("<Data>") == actual.count("<Data>") > 20


def test_aliases_too_deep_to_be_looked_at_one_by_one_are_compared_by_their_counterparts():
    def deep(*signs: str) -> Node:
        node = element("Data", *(Node("Id", sign=sign) for sign in signs))
        for _ in range(20):
            node = element("a", node)
        return element("Item", node, text("Data", signs[0]))

    assert [each[2] for each in changes(deep("{guid 1}", "{guid 2}"), deep("{guid 5}", "{guid 3}"))] == ["X/Data"]
    found = changes(deep("{guid 1}", "{guid 1}"), deep("{guid 1}", "{guid 3}"))
    assert [each[2].split("/")[:3] for each in found] == [["X", "a", "a"]]


def test_what_is_too_deep_is_not_taken_for_a_text_that_is_written_like_it():
    one, other = element("Data", element("b")), text("Data", "<b/>")
    for _ in range(20):
        one, other = element("a", one), element("a", other)
    assert [each[:2] for each in changes(one, other)] == [("changed", "value")]
    assert changes(one, one) == changes(other, other) == []


def test_markup():
    node = element("Item", Node("Meta", namespace="urn:x", attributes=(("a", "b"), ("c", "d"))), text("Data", "1"))
    assert markup(node) == '<Item><Meta xmlns="urn:x" a="b" c="d"/><Data>1</Data></Item>'
    assert markup(element("Item", Node("Data", sign="{time}"))) == "<Item><Data>{time}</Data></Item>"
    assert markup(Node("answers", sign="{nothing}")) == "<CmdRef>{nothing}</CmdRef>"


def within(name: str, one: Node, other: Node):
    """What differs in an element of this path."""
    part = pair_up(Side(one, name, "SYNCML:SYNCML1.2"), Side(other, name, "SYNCML:SYNCML1.2"))
    aliases = Aliases()
    aliases.count()
    return [(str(each.kind), str(each.of), each.path, each.expected, each.actual) for each in changes_in(part, aliases)]


@pytest.mark.parametrize(
    ("path", "name", "of"),
    [
        ("SyncBody/Status", "Data", "status"),
        ("SyncBody/Status[3]", "Data", "status"),
        ("SyncBody/Status", "Cmd", "value"),
        ("SyncBody/Alert", "Data", "value"),
        ("SyncBody/Status/Item", "Data", "value"),
        ("SyncBody/Alert", "CmdID", "reference"),
        ("SyncHdr", "MsgID", "reference"),
        ("SyncHdr", "SessionID", "reference"),
        ("SyncBody/Status", "MsgRef", "reference"),
        ("SyncBody/Status", "CmdRef", "reference"),
    ],
)
def test_the_class_of_a_value_follows_from_its_place(path, name, of):
    one, other = element("X", text(name, "1")), element("X", text(name, "2"))
    assert within(path, one, other) == [("changed", of, f"{path}/{name}", "1", "2")]
    gone = within(path, one, element("X"))
    assert [each[:3] for each in gone] == [
        ("removed", of if of in ("reference", "status") else "structure", f"{path}/{name}"),
    ]


def test_an_attribute_of_a_status_is_a_value():
    one, other = (element("Status", Node("Data", text="200", attributes=more)) for more in ((("a", "1"),), ()))
    assert within("Status", one, other) == [("removed", "value", "Status/Data/@a", "1", None)]
    assert within("Status", other, one) == [("added", "value", "Status/Data/@a", None, "1")]
    assert changes(one, other) == [("removed", "value", "X/Data/@a", None, "1", None)]
    assert changes(other, one) == [("added", "value", None, "X/Data/@a", None, "1")]


def test_each_attribute_is_a_change_however_many_there_are():
    one, other = (
        element("Item", Node("Data", text="1", attributes=more))
        for more in (tuple(zip("abcdefgh", "12345678", strict=True)), ())
    )
    assert [each[2:] for each in within("Item", one, other)] == [
        (f"Item/Data/@{name}", value, None) for name, value in zip("abcdefgh", "12345678", strict=True)
    ]


def test_a_text_and_its_attribute_are_two_changes():
    one, other = (element("Item", Node("Data", text=value, attributes=(("a", value),))) for value in "12")
    assert [each[:3] for each in within("Item", one, other)] == [
        ("changed", "value", "Item/Data"),
        ("changed", "value", "Item/Data/@a"),
    ]


def test_the_namespace_that_an_element_is_in_is_that_around_it():
    def meta(namespace: str | None, around: str | None = None) -> Node:
        kind = Node("Type", namespace=namespace, text="x")
        return element(
            "Item", Node("Meta", namespace=around, children=(kind, text("Format", "chr"))), text("Data", "1")
        )

    assert within("Item", meta(None), meta("urn:x")) == [
        ("changed", "structure", "Item/Meta/Type/@xmlns", "syncml:metinf", "urn:x"),
    ]
    assert within("Item", meta("urn:x"), meta(None)) == [
        ("changed", "structure", "Item/Meta/Type/@xmlns", "urn:x", "syncml:metinf"),
    ]
    assert within("Item", meta(None, "urn:y"), meta("urn:x", "urn:y")) == [
        ("changed", "structure", "Item/Meta/Type/@xmlns", "urn:y", "urn:x"),
    ]
    assert within("Item", meta(None), meta(None, "urn:y")) == [
        ("changed", "structure", "Item/Meta/@xmlns", "SYNCML:SYNCML1.2", "urn:y"),
    ]


@pytest.mark.parametrize("length", [199, 200, 201, 5000])
def test_texts_of_every_length(length):
    one, other = (element("Item", text("Data", "x" * (length - 1) + end)) for end in "ab")
    ((*_, expected, actual),) = within("Item", one, other)
    assert (len(expected), len(actual)) == (length, length)
    assert within("Item", one, one) == []


def test_a_text_beside_elements_is_another_value():
    plain, nested = element("Item", text("Data", "<a>1</a>")), element("Item", element("Data", text("a", "1")))
    assert within("Item", plain, nested) == [
        ("changed", "value", "Item/Data", "<a>1</a>", ""),
        ("added", "structure", "Item/Data/a", None, "1"),
    ]
    assert within("Item", nested, plain) == [
        ("changed", "value", "Item/Data", "", "<a>1</a>"),
        ("removed", "structure", "Item/Data/a", "1", None),
    ]


def test_changes_stand_in_the_order_of_the_element():
    one = element("Add", item("./A", "1"), item("./B", "1"), item("./C", "1"), text("Lang", "de"))
    other = element("Add", item("./A", "2"), item("./C", "2"), item("./B", "2"), text("Lang", "en"))
    paths = [path for _, _, path, _, _ in within("Add", one, other)]
    assert [path for path in paths if path.endswith("Data")] == [f"Add/Item[{n}]/Data" for n in (1, 2, 3)]
    assert paths[-1] == "Add/Lang"
    assert sum(kind == "moved" for kind, *_ in within("Add", one, other)) == 1


def test_aliases_deep_inside_are_looked_at_though_nothing_else_differs():
    def deep(first: str, second: str) -> Node:
        items = (element("Item", element("Data", Node("Id", sign=sign))) for sign in (first, second))
        return element("Add", *items, text("Lang", "de"))

    assert changes(deep("{guid 1}", "{guid 2}"), deep("{guid 5}", "{guid 3}")) == []
    found = changes(deep("{guid 1}", "{guid 1}"), deep("{guid 5}", "{guid 3}"))
    assert [each[:3] for each in found] == [("changed", "value", "X/Item[1]/Data/Id")]


def test_aliases_belong_together_by_the_items_that_do():
    def aliased(uri: str, sign: str) -> Node:
        return element("Item", element("Target", text("LocURI", uri)), Node("Data", sign=sign))

    one = element("Add", aliased("./A", "{guid 1}"), text("Lang", "de"))
    other = element("Add", aliased("./N", "{guid 2}"), aliased("./A", "{guid 5}"), text("Lang", "de"))
    for _ in range(6):  # seen from around them, the first of each side would belong together
        assert [each[:3] for each in changes(one, other)] == [("added", "structure", None)]
        one, other = element("Sequence", one), element("Sequence", other)


def names(value: str, *given: str) -> Node:
    return element("Item", *(text(name, value) for name in given))


def test_one_element_of_another_name_is_one_missing_and_one_more():
    """Also where the text in it is the same."""
    assert within("Item", names("1", "Data"), names("1", "MoreData")) == [
        ("removed", "structure", "Item/Data", "1", None),
        ("added", "structure", "Item/MoreData", None, "1"),
    ]


def test_an_item_between_the_same_neighbours_is_the_same_with_another_uri():
    one, other = (element("Add", item(uri, "1"), text("Lang", "de")) for uri in ("./A", "./B"))
    assert within("Add", one, other) == [("changed", "value", "Add/Item/Target/LocURI", "./A", "./B")]


def test_each_element_is_missing_or_more_by_itself_however_little_is_left():
    assert within("Item", names("1", "A", "B", "C"), names("1", "D", "E")) == [
        *(("removed", "structure", f"Item/{name}", "1", None) for name in "ABC"),
        *(("added", "structure", f"Item/{name}", None, "1") for name in "DE"),
    ]


def test_what_is_missing_what_changed_and_what_came_stand_in_their_order():
    one = element("Item", text("A", "1"), text("B", "1"), text("C", "1"))
    other = element("Item", text("B", "2"), text("C", "1"), text("D", "1"))
    assert [each[:3] for each in within("Item", one, other)] == [
        ("removed", "structure", "Item/A"),
        ("changed", "value", "Item/B"),
        ("added", "structure", "Item/D"),
    ]


def test_of_items_of_one_address_those_that_are_equal_belong_together():
    one, other = element("Add", item("./A", "1"), item("./A", "2")), element("Add", item("./A", "2"))
    assert [each[:3] for each in within("Add", one, other)] == [("removed", "structure", "Add/Item[1]")]
    assert [each[:3] for each in within("Add", other, one)] == [("added", "structure", "Add/Item[1]")]


def test_what_moved_within_an_element():
    one, other = (element("Item", element("Meta", *(text(name, "1") for name in order))) for order in ("AB", "BA"))
    assert [each[:2] for each in within("Item", one, other)] == [("moved", "sequence")]


@pytest.mark.parametrize("turned", ["dcab", "bacd"])
def test_items_that_moved_are_the_same_ones_the_other_way_round(turned):
    one, other = (element("Get", *(item(f"./{name}", "") for name in order)) for order in ("abcd", turned))
    there, back = changes(one, other), changes(other, one)
    assert sorted(there) == sorted((k, of, theirs, mine, b, a) for k, of, mine, theirs, a, b in back)


def test_what_is_too_deep_stays_whole_among_others():
    def deep(value: str) -> Node:
        node = text("Data", value)
        for _ in range(40):
            node = element("Data", node, text("B", "x"))
        return node

    ((kind, _, path, expected, _),) = within("X", deep("1"), deep("2"))
    assert (kind, path.count("/")) == ("changed", 16)
    assert expected.count("<Data>") > 20


def test_the_path_of_what_stands_at_the_root():
    one, other = (element("SyncML", text("New", value), text("Old", "x")) for value in "12")
    assert within("", one, other) == [("changed", "value", "New", "1", "2")]
    spaces = [Node("SyncML", namespace=namespace, children=(text("Old", "x"),)) for namespace in ("urn:a", "urn:b")]
    parts = [Side(each, "", each.namespace) for each in spaces]
    aliases = Aliases()
    assert [each.path for each in changes_in(pair_up(*parts), aliases)] == ["@xmlns"]
