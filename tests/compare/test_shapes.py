from hypothesis import given
from hypothesis import strategies as st

from replay.compare.shapes import digest_of, is_answer, leaf, mark_of, shape_of
from replay.normal.nodes import Node


def item(*children: Node) -> Node:
    return Node("Item", children=children)


def test_marks_are_signs_with_a_number():
    assert mark_of("{D1}") == ("D", 1)
    assert mark_of("{guid 12}") == ("guid ", 12)
    assert [mark_of(sign) for sign in (None, "{nonce}", "D1", "{D1} ")] == [None] * 4


def test_numbers_of_aliases_are_not_in_a_shape():
    one, other = (item(Node("Data", sign=sign)) for sign in ("{D1}", "{D7}"))
    assert shape_of(one)[0] == shape_of(other)[0]
    assert (shape_of(one)[1], shape_of(other)[1]) == ((("D", 1),), (("D", 7),))


def test_a_text_that_looks_like_an_alias_counts():
    assert shape_of(Node("Data", text="{D1}"))[1] == ()
    assert shape_of(Node("Data", text="{D1}"))[0] != shape_of(Node("Data", text="{D2}"))[0]
    assert shape_of(Node("Data", text='"sign":"{D1}"'))[1] == ()


def test_what_an_answer_refers_to_is_not_in_a_shape():
    one, other = (
        Node("Status", children=(Node("answers", sign=sign), Node("Data", text="200"))) for sign in ("{a}", "{b}")
    )
    assert shape_of(one) == shape_of(other)
    assert is_answer(one.children[0])
    assert not is_answer(Node("answers", text="an element of the message"))
    assert not is_answer(Node("Data", sign="{D1}"))


@given(st.text(), st.text())
def test_different_texts_have_different_shapes(one, other):
    assert (shape_of(Node("Data", text=one)) == shape_of(Node("Data", text=other))) is (one == other)


def test_half_a_character_has_a_shape():
    assert shape_of(Node("Data", text="\ud800"))[0] != shape_of(Node("Data", text="\ud801"))[0]
    assert digest_of("\ud800") != digest_of("\ud801")
    assert digest_of("\ud800") != digest_of("\\ud800")


def test_beside_half_a_character_aliases_and_answers_are_what_they_are():
    def status(refers: str, alias: str) -> Node:
        data, name = Node("Data", text='\ud800"é'), Node("TargetRef", sign=alias)
        return Node("Status", children=(Node("answers", sign=refers), data, name))

    one, other = shape_of(status("{a}", "{D1}")), shape_of(status('{"b"}', "{D12}"))
    assert one[0] == other[0]
    assert (one[1], other[1]) == ((("D", 1),), (("D", 12),))


def test_leaf():
    node = item(Node("Target", children=(Node("LocURI", text="./A"),)), Node("Data", sign="{guid 3}"))
    assert leaf(node, "Target", "LocURI") == "./A"
    assert leaf(node, "Data") == "{guid }"
    assert leaf(node, "Source", "LocURI") is None
    assert leaf(item(Node("Data", sign="{time}")), "Data") == "{time}"
    assert leaf(item(Node("Data")), "Data") == ""
