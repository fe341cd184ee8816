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
