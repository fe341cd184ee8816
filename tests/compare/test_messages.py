from replay.compare.messages import alone, http_row
from replay.compare.views import view
from replay.lab import messages
from tests.compare.stories import diff, edited, replace, session, traffic
from tests.story import Story, user


def rows(one, other):
    (found,) = [m for s in diff(one, other).sessions for m in s.messages if m.rows]
    return [(row.expected, row.actual, len(row.changes), row.depth) for row in found.rows]


def test_every_part_stands_beside_its_counterpart():
    one = session(Story(), "1", messages.get(9, "./A"), replace(10, "./B", "1"))
    found = rows(one, session(Story(), "1", replace(10, "./B", "2")))
    assert found[0] == ("HTTP 200", "HTTP 200", 0, 0)
    assert found[1][:2] == ("SyncHdr", "SyncHdr")
    assert found[-2:] == [("Get ./A", None, 1, 0), ("Replace ./B = 1", "Replace ./B = 2", 1, 0)]


def test_messages_that_are_equal_have_no_rows():
    assert all(m.rows == () for s in diff(user(), user(device="X")).sessions for m in s.messages)


def test_what_is_in_a_group_is_deeper():
    atomic = f"<Atomic><CmdID>9</CmdID>{replace(10, './A', '1')}</Atomic>"
    one = session(Story(), "1", atomic)
    assert rows(one, edited(one, "./A", "./B"))[-1][3] == 1


def test_what_http_says():
    request, response = view(traffic(user())).chains[0].sessions[0].exchanges[0].sides
    assert http_row(request) == "POST {server}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert http_row(response) == "HTTP 200"
    proxy = Story()
    proxy.exchange(proxy.package_one("1"), b"", status=502, by="proxy")
    assert http_row(view(traffic(proxy)).chains[0].sessions[0].exchanges[0].response) == "HTTP 502 made by the proxy"


def test_a_message_that_only_one_side_has():
    request = view(traffic(user())).chains[0].sessions[0].exchanges[0].request
    row = alone(request, second=True)
    assert (row.expected, row.actual is None) == (None, False)
    assert [(each.kind, each.of, each.path) for each in row.changes] == [("added", "sequence", "SyncML")]
    assert [each.kind for each in alone(request, second=False).changes] == ["removed"]
