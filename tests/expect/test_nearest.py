"""What is offered where a name is unknown."""

from replay.expect.nearest import nearest, unknown


def test_the_nearest_come_first_and_are_three():
    names = ["alert", "alerts", "alarm", "alder", "salert", "xyz"]
    assert nearest("alert", names) == ["alert", "alerts", "salert"]
    assert nearest("alert", ["alepo", "alpha"]) == ["alepo"]
    assert nearest("ALERTS", ["xyz", "Alerts"]) == ["Alerts"]


def test_names_that_are_equally_near_are_all_there_up_to_twelve():
    names = [f"UNE00{number}" for number in range(1, 8)]
    assert nearest("UNE009", names) == names
    assert nearest("UNE001", names) == ["UNE001", "UNE002", "UNE003"]
    assert nearest("a", [f"a{letter}" for letter in "bcdefghijklmnop"]) == [f"a{letter}" for letter in "bcdefghijklm"]


def test_one_name_is_one_however_often_it_is_given():
    assert nearest("rul", ["rule", "rule", "rules"]) == ["rule", "rules"]


def test_where_none_is_near_all_are_named():
    assert nearest("zzz", ["rule", "party"]) == []
    assert nearest("rule", []) == []
    assert unknown("key", "zzz", iter(["rule", "party"])) == "there is no key 'zzz'; there are rule, party"
    assert unknown("key", "zzz", ["rule"]) == "there is no key 'zzz'; there is rule"


def test_those_that_are_near_are_named():
    assert unknown("key", "rul", ["rule", "party"]) == "there is no key 'rul'; near it is rule"
    assert unknown("key", "rul", iter(["rule", "rules"])) == "there is no key 'rul'; near it are rule, rules"
