from collections import Counter

import pytest

from replay.compare.likeness import Features, share
from replay.compare.views import view
from replay.lab import messages
from tests.compare.stories import edited, replace, session, traffic
from tests.story import Story, user


def sessions(story):
    return [each for chain in view(traffic(story)).chains for each in chain.sessions]


def test_share():
    assert share(Counter("aab"), Counter("aab")) == 1
    assert share(Counter("ab"), Counter("cd")) == 0
    assert share(Counter("ab"), Counter("bc")) == 0.5
    assert share(Counter(), Counter()) == 0


def test_the_same_commands_are_alike_whatever_is_in_them():
    (one,) = sessions(session(Story(), "1", messages.get(9, "./A")))
    (other,) = sessions(edited(session(Story(), "1", messages.get(9, "./A")), "Lab device", "Another"))
    features = Features()
    assert features.sketch(one) == features.sketch(other)
    assert features.sessions(one, other) == features.exchanges(one.exchanges[0], other.exchanges[0]) == 1


def test_sessions_of_one_role_go_before_others():
    ordinary, alert = sessions(user())
    features = Features()
    assert features.sessions(ordinary, ordinary) > features.sessions(ordinary, alert) > 0


def test_what_has_nothing_in_common_is_not_the_same_changed():
    story = Story()
    story.exchange(story.to_server("1", 1, [messages.status(1, "1", "1", "Get", "200")]), None)
    story.exchange(
        story.to_server("2", 1, [messages.get(1, f"./{n}").replace(">1<", f">{n}<", 1) for n in range(1, 9)]), None
    )
    one, other = sessions(story)
    assert Features().exchanges(one.exchanges[0], other.exchanges[0]) == 0
    assert Features().sessions(one, other) == 0


GENERIC = (
    '<Alert><CmdID>9</CmdID><Data>1226</Data><Item><Source><LocURI>./S</LocURI></Source><Meta><Type xmlns="syncml:metinf">t</Type>'
    "</Meta><Data>v</Data></Item></Alert>"
)


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        ("<Data>v</Data>", "<Data>w</Data>", True),
        ("<Data>one</Data>", "<Data>two</Data>", True),
        ("<Data>1226</Data><Item><Source><LocURI>./S", "<Data>1224</Data><Item><Source><LocURI>./S", False),
        ("<LocURI>./S<", "<LocURI>./T<", False),
        ("<LocURI>./A<", "<LocURI>./B<", False),
        (">t</Type>", ">u</Type>", False),
        ("<Cmd>Alert</Cmd>", "<Cmd>Get</Cmd>", False),
        ("<Data>200</Data>", "<Data>500</Data>", True),
        ("Replace>", "Add>", False),
        ("<Final/>", "", True),
    ],
)
def test_what_makes_exchanges_and_sessions_alike(old, new, alike):
    story = session(Story(), "1", GENERIC, replace(10, "./A", "one"))
    (one,), (other,) = sessions(story), sessions(edited(story, old, new))
    features = Features()
    assert (features.sketch(one) == features.sketch(other)) is alike
    assert (features.sketch(one.exchanges[0]) == features.sketch(other.exchanges[0])) is alike
    assert (features.sessions(one, other) == 1) is alike
    assert (features.exchanges(one.exchanges[0], other.exchanges[0]) == 1) is alike


def test_answers_without_a_command_are_told_apart():
    """No answer, one without a message, one that cannot be read, one without a command."""
    found = []
    for answer in (None, b"", b"<SyncML", b"full"):
        story = Story()
        request = story.package_one("1")
        whole = story.to_device("1", 1, [])
        story.exchange(request, whole if answer == b"full" else answer)
        (one,) = sessions(story)
        found.append(Features().sketch(one.exchanges[0]))
    none, empty, unread, bare = found
    assert len({none, empty, unread}) == 3
    assert bare == empty


def test_how_like_sessions_are():
    ordinary, alert = sessions(user())
    features = Features()
    both = share(features.of_session(ordinary), features.of_session(alert))
    assert 0.3 < both < 1
    assert features.sessions(ordinary, alert) == both / 2
    (more,) = sessions(session(Story(), "1", replace(9, "./A", "1")))
    assert (
        features.sessions(ordinary, more) == (1 + share(features.of_session(ordinary), features.of_session(more))) / 2
    )
    story = Story()
    request = story.to_server("1", 1, [messages.unenrol_alert("1", "int")])
    story.exchange(request, None)
    (short,) = sessions(story)
    assert short.role != ordinary.role
    assert features.sessions(ordinary, short) == 0


def asking(common: int, own: int, alert: str = "", whose: str = "one") -> Story:
    """One request with so many commands that the other has too, and so many of its own."""
    names = [f"both{n}" for n in range(common)] + [f"{whose}{n}" for n in range(own)]
    story = Story()
    alerts = [messages.unenrol_alert(alert, "int")] if alert else []
    story.exchange(
        story.to_server("1", 1, alerts + [messages.get(9 + n, f"./{name}") for n, name in enumerate(names)]), None
    )
    return story


@pytest.mark.parametrize(
    ("more", "exchanges", "whole"), [(0, 0.25, 0.625), (1, 0, (1 + 2 / 9) / 2), (2, 0, 0.6), (3, 0, 0)]
)
def test_from_where_on_two_are_one_that_changed(more, exchanges, whole):
    """Nothing but that both are requests is common to them."""
    (one,), (other,) = sessions(asking(0, 3)), sessions(asking(0, 3 + more, whose="other"))
    features = Features()
    assert features.exchanges(one.exchanges[0], other.exchanges[0]) == exchanges
    assert features.sessions(one, other) == whole


@pytest.mark.parametrize(("more", "whole"), [(0, 0.15), (1, 0)])
def test_from_where_on_two_of_other_roles_are_one_that_changed(more, whole):
    (one,), (other,) = sessions(asking(2, 7)), sessions(asking(2, 6 + more, alert="1", whose="other"))
    assert one.role != other.role
    assert Features().sessions(one, other) == whole
