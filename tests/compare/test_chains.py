from replay.compare import chains as module
from replay.compare.chains import pair_chains
from replay.compare.likeness import Features
from replay.compare.views import view
from replay.lab import messages
from tests.compare.stories import session, traffic
from tests.story import Story

OTHER_URL = "https://other.example.test/omadm/x"


def several(*devices: tuple[str, str]) -> Story:
    """For each device a session in which its node is asked for."""
    story = Story()
    for device, node in devices:
        story.device = device
        session(story, "1", messages.get(9, f"./{node}"), messages.get(10, f"./{node}/more"))
    return story


def pairs(one: Story, other: Story) -> list[tuple[str | None, str | None]]:
    chains = (view(traffic(each)).chains for each in (one, other))
    return [
        (pair.one and pair.one.names[0], pair.other and pair.other.names[0])
        for pair in pair_chains(*chains, Features())
    ]


def test_equal_content_goes_before_names():
    assert pairs(several(("A", "x"), ("B", "y")), several(("A", "y"), ("B", "x"))) == [("A", "B"), ("B", "A")]


def test_of_equals_those_of_the_same_name():
    assert pairs(several(("A", "x"), ("B", "x")), several(("B", "x"), ("A", "x"))) == [("A", "A"), ("B", "B")]


def test_names_go_before_likeness():
    assert pairs(several(("A", "x"), ("B", "y")), several(("B", "z"), ("A", "w"))) == [("A", "A"), ("B", "B")]


def test_the_most_alike_of_other_names():
    one = several(("A", "x"), ("B", "y"))
    other = session(several(("C", "y")), "2", messages.get(9, "./more"))
    other.device = "D"
    session(other, "1", messages.get(9, "./x"), messages.get(10, "./x/other"))
    assert pairs(one, other) == [("A", "D"), ("B", "C")]


def test_what_only_one_side_has():
    assert pairs(several(("A", "x")), several(("A", "x"), ("B", "y"))) == [("A", "A"), (None, "B")]
    assert pairs(several(("A", "x"), ("B", "y")), several(("B", "y"))) == [("A", None), ("B", "B")]
    assert pairs(Story().watch(5), Story().watch(5)) == []


def test_a_device_at_two_servers_is_two():
    story = several(("A", "x"))
    story.url = OTHER_URL
    session(story, "1", messages.get(9, "./y"))
    assert pairs(story, story) == [("A", "A"), ("A", "A")]


def at_servers(*devices: tuple[str, str, str]) -> Story:
    """For each device its server's path, and a session in which its node is asked for."""
    story = Story()
    for device, path, node in devices:
        story.device, story.url = device, f"https://mdm.example.test{path}"
        session(story, "1", messages.get(9, f"./{node}"), messages.get(10, f"./{node}/more"))
    return story


def test_too_many_to_weigh_go_by_server_and_then_in_order(monkeypatch):
    one = at_servers(("A", "/p", "a"), ("B", "/q", "b"), ("E", "/r", "e"))
    other = at_servers(("C", "/q", "a"), ("D", "/p", "b"), ("F", "/s", "f"))
    assert pairs(one, other) == [("A", "C"), ("B", "D"), ("E", "F")]
    monkeypatch.setattr(module, "_MOST", 9)
    assert pairs(one, other) == [("A", "C"), ("B", "D"), ("E", "F")]
    monkeypatch.setattr(module, "_MOST", 8)
    assert pairs(one, other) == [("A", "D"), ("B", "C"), ("E", "F")]
    assert pairs(other, one) == [("C", "B"), ("D", "A"), ("F", "E")]


def test_of_chains_that_are_as_like_those_of_one_server_go_first():
    one = at_servers(("A", "/p", "a"))
    assert pairs(one, at_servers(("C", "/q", "b"), ("D", "/p", "c"))) == [("A", "D"), (None, "C")]
    assert pairs(at_servers(("C", "/q", "b"), ("D", "/p", "c")), one) == [("C", None), ("D", "A")]


def test_each_chain_has_one_counterpart_though_several_are_like_it():
    one, other = at_servers(("A", "/p", "a")), at_servers(("C", "/p", "b"), ("D", "/p", "b"), ("E", "/p", "b"))
    assert pairs(one, other) == [("A", "C"), (None, "D"), (None, "E")]
    assert pairs(other, one) == [("C", "A"), ("D", None), ("E", None)]
