import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.capture.sessions import assemble
from replay.expect.judge import judge
from replay.lab.messages import status
from tests.story import Story, rules_of

MARK = b"<!-- ignore this line, closing SyncML tag added to support parsing of truncated xml data --></SyncML>"
START, COMPLETE = b"<!-- OmaDmSessionStart -->\r\n", b"\r\n<!-- OmaDmSessionComplete -->\r\n"
OLD_START, OLD_COMPLETE = b"<!--- OmaDmSessionStart --->\r\n", b"\r\n<!--- OmaDmSessionComplete --->\r\n"


def stream(*messages: bytes, dates: bool = True, start: bytes = START, complete: bytes = COMPLETE) -> bytes:
    """One session as the viewer saves it."""
    stamp = b"<!-- 11/23/2026 2:47:10 AM -->\r\n" if dates else b""
    return start + b"\r\n".join(stamp + message + b"\r\n" for message in messages) + complete


def session(number: str, device: str = "D1") -> list[bytes]:
    story = Story(device=device)
    one = story.package_one(number)
    two = story.to_server(number, 2, [status(1, "1", "0", "SyncHdr", "200")])
    return [one, story.answer(one), two, story.to_device(number, 2, [])]


@pytest.fixture
def saved(tmp_path):
    def save(content: bytes):
        (tmp_path / "stream.xml").write_bytes(content)
        return read(str(tmp_path / "stream.xml"))

    return save


def sides(capture):
    return [
        (exchange.body is not None, exchange.response is not None and exchange.response.body is not None)
        for exchange in capture.exchanges
    ]


def test_the_real_sample(shared_data):
    capture = read(str(next((shared_data / "viewer").glob("*.xml"))))
    assert capture.format == "syncml-viewer"
    assert sides(capture) == [(True, True), (True, False)]
    assert [trouble.kind for trouble in capture.troubles] == ["cut"]
    assert "server's message" in capture.troubles[0].text
    assert all(exchange.at is None and exchange.url is None for exchange in capture.exchanges)
    traffic = assemble(capture)
    assert [len(each.turns) for each in traffic.sessions] == [2]
    assert rules_of(judge(capture)) == ["CAP002", "MSG012"]


@pytest.mark.parametrize("dates", [True, False])
@pytest.mark.parametrize(("start", "complete"), [(START, COMPLETE), (OLD_START, OLD_COMPLETE), (b"", b"")])
def test_messages_are_paired_whatever_the_comments(saved, dates, start, complete):
    content = stream(*session("1"), dates=dates, start=start, complete=complete)
    capture = saved(content + stream(*session("2"), dates=dates, start=start, complete=complete))
    assert capture.format == "syncml-viewer"
    assert sides(capture) == [(True, True)] * 4
    assert capture.troubles == []
    assert [each.session_id for each in assemble(capture).sessions] == ["1", "2"]


def test_sessions_that_run_at_the_same_time_are_told_apart(saved):
    first, second = session("1", "D1"), session("1", "D2")
    mixed = [message for pair in zip(first, second, strict=True) for message in pair]
    capture = saved(stream(*mixed))
    assert sides(capture) == [(True, True)] * 4
    assert sorted(each.device for each in assemble(capture).sessions) == ["D1", "D2"]


def test_an_answer_that_left_nothing_is_no_finding(saved):
    capture = saved(stream(*session("1")[:3]) + stream(*session("2")[:3]))
    assert sides(capture) == [(True, True), (True, False)] * 2
    assert rules_of(judge(capture)) == []


def test_a_server_message_alone_is_a_trouble(saved):
    capture = saved(stream(session("1")[1]))
    assert sides(capture) == [(False, True)]
    assert "without the device's before it" in capture.troubles[0].text


@pytest.mark.parametrize("ending", [b"\r\n" + MARK, b""])
@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_truncated_message_hides_no_other(saved, ending, cut):
    messages = session("1")
    body = messages[cut].replace(b"<Final/>", b"<Alert><CmdID>9</CmdID><Data><![CDATA[<SyncML>")
    messages[cut] = body[: body.index(b"<![CDATA[") + 12] + ending
    capture = saved(stream(*messages))
    assert [trouble.kind for trouble in capture.troubles] == ["cut"]
    expected = [True] * 4
    expected[cut] = False
    assert [side for pair in sides(capture) for side in pair] == expected


def test_a_message_in_a_message_is_text(saved):
    inner = b"<Alert><CmdID>9</CmdID><Data><![CDATA[\r\n<SyncML>\r\n</SyncML>\r\n]]></Data></Alert><Final/>"
    messages = session("1")
    messages[0] = messages[0].replace(b"<Final/>", inner)
    capture = saved(stream(*messages))
    assert sides(capture) == [(True, True)] * 2
    assert capture.exchanges[0].body == messages[0]


def test_one_message_in_a_file_stays_one(saved):
    inner = b"<Alert><CmdID>9</CmdID><Data><![CDATA[\n<SyncML>\n</SyncML>]]></Data></Alert><Final/>"
    body = session("1")[0].replace(b"<Final/>", inner)
    assert saved(body).format == "message"
    assert saved(b"<!-- my notes -->\n" + session("1")[0]).format == "message"


def test_event_names_are_passed_over_and_pieces_are_not(saved):
    messages = session("1")
    assert saved(stream(*messages) + b"OmaDmClientExeStart SomethingElse \r\n").troubles == []
    capture = saved(stream(*messages) + b"<Status>a piece</Status>\r\n")
    assert "no whole message" in capture.troubles[0].text


def test_comments_alone(saved):
    with pytest.raises(CaptureError, match="no message"):
        saved(START + COMPLETE)


def test_cut_off_anywhere_what_came_before_is_read(saved):
    content = stream(*session("1"))
    ends = [content.index(message) + len(message) for message in session("1")]
    for size in range(1, len(content), 7):
        whole = sum(end <= size for end in ends)
        try:
            capture = saved(content[:size])
        except CaptureError:
            assert whole == 0
            continue
        judge(capture)
        if capture.format == "syncml-viewer":
            assert sum(side for pair in sides(capture) for side in pair) == whole
            assert capture.troubles or size >= ends[0]


@given(
    st.lists(
        st.sampled_from(
            [b"\n<SyncML>", b"</SyncML>", b"<![CDATA[", b"]]>", MARK, START, OLD_COMPLETE, b"<SyncHdr>", b"x"]
        )
    )
)
@settings(max_examples=200, deadline=None)
def test_nothing_crashes_it(pieces):
    import io

    from replay.capture import viewer

    judge(viewer.read(io.BytesIO(START + b"".join(pieces)), "x"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [b"\n<SyncML>", b"<![CDATA[\n<SyncML>", b"\n<SyncML><SyncHdr>", b"<!-- 1", b"</SyncML>", START]
)
def test_hostile_input_costs_bounded_time(piece):
    import io
    import time

    from replay.capture import viewer

    began = time.monotonic()
    viewer.read(io.BytesIO(START + piece * (1_000_000 // len(piece))), "x")
    assert time.monotonic() - began < 20
