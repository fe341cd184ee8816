from replay.compare.aliases import Aliases

D1, D2, D3 = ("D", 1), ("D", 2), ("D", 3)
G1, G2 = ("guid ", 1), ("guid ", 2)


def counted(*votes, **options) -> Aliases:
    aliases = Aliases(**options)
    for one, other in votes:
        aliases.vote([one], [other])
    aliases.count()
    return aliases


def test_most_places_in_common_decide():
    aliases = counted((D1, D2), (D1, D2), (D1, D3), (D2, D3))
    assert aliases.same([D1, D2], [D2, D3])
    assert not aliases.same([D1], [D3])
    assert aliases.doubtful


def test_each_has_one_counterpart():
    aliases = counted((D1, D1), (D1, D1), (D2, D1))
    assert aliases.same([D1], [D1])
    assert not aliases.same([D2], [D1])


def test_kinds_are_not_mixed():
    aliases = counted((D1, G1))
    assert not aliases.doubtful
    assert not aliases.same([D1], [G1])


def test_of_as_many_votes_those_of_the_first_go_first_whichever_was_given_first():
    for votes in (((D1, D1), (D1, D2)), ((D1, D2), (D1, D1)), ((D2, D1), (D1, D1))):
        assert counted(*votes).same([D1], [D1])
    assert counted((D1, D2), (D1, D1), (D1, D2)).same([D1], [D2])


def test_what_is_certain_goes_before_all_votes():
    aliases = Aliases()
    for _ in range(50):
        aliases.vote([D1], [D2])
    aliases.certain(D1, D1)
    aliases.count()
    assert aliases.same([D1], [D1])


def test_what_is_certain_more_often_goes_first():
    """A device at two servers, and at a third one beside another."""
    aliases = Aliases()
    for one, other in ((D1, D2), (D1, D2), (D1, D1)):
        aliases.certain(one, other)
    aliases.count()
    assert aliases.same([D1], [D2])


def test_whose_names_they_are_may_be_found_out_later():
    for by_second in (False, True):
        asked = counted((G1, G2), by_second=lambda by_second=by_second: by_second)
        assert asked.name(G1, second=False) == asked.name(G2, second=True) == ("{guid 2}" if by_second else "{guid 1}")


def test_names_are_those_of_one_side_and_those_without_a_counterpart_are_new():
    first, second = (counted((G1, G2), by_second=by_second) for by_second in (False, True))
    assert counted((G1, G2)).name(G1, second=False) == "{guid 1}"
    assert (first.name(G1, second=False), first.name(G2, second=True)) == ("{guid 1}", "{guid 1}")
    assert (second.name(G1, second=False), second.name(G2, second=True)) == ("{guid 2}", "{guid 2}")
    assert first.name(("guid ", 7), second=True) == "{guid 8}"


def test_a_number_that_is_not_taken_is_found_among_those_of_its_kind():
    votes = ((G1, G2), (D3, D1), (("guid ", 4), ("guid ", 3)))
    first, second = (counted(*votes, by_second=by_second) for by_second in (False, True))
    assert first.name(("guid ", 7), second=True) == "{guid 11}"
    assert second.name(("guid ", 7), second=False) == "{guid 10}"
    assert first.name(("CV", 2), second=True) == "{CV2}"
    assert first.name(("guid ", 7), second=False) == second.name(("guid ", 7), second=True) == "{guid 7}"
