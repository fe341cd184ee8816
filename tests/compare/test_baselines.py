from replay.compare.baselines import against_all
from replay.compare.compare import compare
from replay.lab import messages
from tests.compare.stories import changes, edited, replace, session, told, traffic
from tests.story import Story, user


def against(new, *baselines):
    actual = traffic(new)
    return against_all([compare(traffic(each), actual) for each in baselines])


def found(new, *baselines):
    return changes(against(new, *baselines).comparison)


def with_values(*values: str) -> Story:
    return session(Story(), "1", *(replace(9 + place, f"./V{place}", value) for place, value in enumerate(values)))


def test_what_one_baseline_has_is_no_change():
    a, b = with_values("1", "x"), with_values("2", "x")
    assert found(with_values("2", "x"), a, b) == []
    assert found(with_values("1", "x"), a, b) == []


def test_what_differs_from_all_is_one():
    a, b = with_values("1", "x"), with_values("2", "x")
    result = against(with_values("3", "x"), a, b)
    assert changes(result.comparison) == [("changed", "value", "SyncBody/Replace[1]/Item/Data")]
    assert (result.nearest, result.explained) == (0, 0)


def test_each_place_is_explained_by_itself():
    """The first value is that of one baseline, the second that of the other, and the third that of neither."""
    a, b = with_values("1", "x", "p"), with_values("2", "y", "q")
    result = against(with_values("1", "y", "r"), a, b)
    assert [each.path for each in result.comparison.changes] == ["SyncBody/Replace[3]/Item/Data"]
    assert result.explained == 1


def test_the_nearest_baseline_is_shown():
    far, near = with_values("1", "2", "3"), with_values("9", "9", "3")
    result = against(with_values("9", "9", "4"), far, near)
    assert result.nearest == 1
    assert [(each.expected, each.actual) for each in result.comparison.changes] == [("3", "4")]


def test_a_command_that_one_baseline_lacks_as_well():
    a = session(Story(), "1", messages.get(9, "./A"), messages.get(10, "./B"))
    b = session(Story(), "1", messages.get(9, "./B"))
    neither = session(Story(), "1", messages.get(9, "./C"))
    assert found(session(Story(), "1", messages.get(9, "./B")), a, b) == []
    assert ("removed", "sequence", "SyncBody/Get[1]") not in found(neither, a, b)
    assert [told(each)[0] for each in against(neither, a, b).comparison.changes] != []


def test_a_command_that_all_have_and_the_new_one_lacks():
    a = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "1"))
    b = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "2"))
    assert found(session(Story(), "1", messages.get(9, "./A")), a, b) == [("removed", "sequence", "SyncBody/Replace")]


def test_a_command_that_is_new_and_one_baseline_has_in_another_way():
    a = session(Story(), "1", messages.get(9, "./A"))
    b = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "1"))
    assert found(session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "1")), a, b) == []
    other = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "2"))
    assert [told(each)[2] for each in against(other, a, b).comparison.changes] in (
        ["SyncBody/Replace"],
        ["SyncBody/Replace/Item/Data"],
    )


def test_sessions_and_messages():
    plain, more = user(), Story().ordinary("9").get_session("10").watch(30).alert("2")
    assert found(more, plain, more) == []
    assert found(plain, plain, more) == []
    new = Story().ordinary("9").get_session("10").get_session("11").watch(30).alert("2")
    assert found(new, plain, more) == [("added", "sequence", "session")]
    unanswered = Story().ordinary("1").watch(30).alert("2", response=None)
    assert found(unanswered, plain, more) == [("removed", "sequence", "SyncML")]
    assert found(unanswered, plain, more, unanswered) == []


def test_a_new_session_that_one_baseline_has_in_another_way_counts():
    plain, more = Story().ordinary("1"), Story().ordinary("1").get_session("2")
    new = edited(more, "./DevDetail/SwV", "./DevDetail/HwV")
    assert len(found(new, plain, more)) == 1


def test_order_is_explained_by_order_alone():
    inner = messages.get(9, "./A"), messages.get(10, "./B")
    plain = session(Story(), "1", *inner)
    turned = session(Story(), "1", *inner[::-1])
    assert found(turned, plain, turned) == []
    other = edited(plain, "./A", "./X")
    assert [told(each)[0] for each in against(turned, plain, other).comparison.changes] == ["moved"]


def test_what_was_ignored_stays_ignored():
    a, b = with_values("1", "x"), with_values("2", "x")
    actual = traffic(with_values("3", "y"))
    comparisons = [
        compare(traffic(each), actual, noise=lambda change: "Replace[2]" not in change.path) for each in (a, b)
    ]
    result = against_all(comparisons)
    assert (result.comparison.ignored, result.explained, len(changes(result.comparison))) == (1, 0, 1)
