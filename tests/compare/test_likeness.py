from collections import Counter

from replay.compare.likeness import Features, share
from replay.compare.views import view
from replay.lab import messages
from tests.compare.stories import edited, session, traffic
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
