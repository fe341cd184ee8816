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


def test_markup():
    node = element("Item", Node("Meta", namespace="urn:x", attributes=(("a", "b"),)), text("Data", "1"))
    assert markup(node) == '<Item><Meta xmlns="urn:x" a="b"/><Data>1</Data></Item>'
    assert markup(Node("answers", sign="{nothing}")) == "<CmdRef>{nothing}</CmdRef>"
