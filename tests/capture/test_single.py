import pytest

from replay.capture.exchange import CaptureError
from replay.capture.readers import read
from replay.expect.judge import judge
from tests.story import Story

BLANK = " " * 200_000


def test_who_sent_a_message_is_told_from_it(tmp_path):
    story = Story()
    request = story.package_one("1")
    for name, body, is_request in (("device.xml", request, True), ("server.xml", story.answer(request), False)):
        (tmp_path / name).write_bytes(body)
        exchange = read(str(tmp_path / name)).exchanges[0]
        assert (exchange.body is not None) is is_request
        assert (exchange.response is not None) is not is_request


def test_a_message_has_no_clock_so_silence_is_unobservable(tmp_path):
    story = Story()
    from replay.lab import messages

    (tmp_path / "alert.xml").write_bytes(story.package_one("1", alert=messages.unenrol_alert()))
    judged = judge(read(str(tmp_path / "alert.xml")))
    assert judged.findings == []
    assert judged.episodes[0].case.window is None
    assert judged.episodes[0].case.silence.status == "unobservable"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("POST https://h/x HTTP/1.1", ("POST", "https://h/x", "HTTP/1.1")),
        ("POST https://h/a b  c HTTP/2", ("POST", "https://h/a b  c", "HTTP/2")),
        ("POST HTTP/1.1", ("POST", None, "HTTP/1.1")),
        ("POST", ("POST", None, None)),
        pytest.param(
            f"POST https://h/{BLANK}x", ("POST", f"https://h/{BLANK}x", None), id="quadratic work would take hours"
        ),
    ],
)
def test_a_request_line(tmp_path, line, told):
    (tmp_path / "1_request.xml").write_bytes(Story().package_one("1"))
    (tmp_path / "1_request.headers").write_text(f"{line}\nContent-Type: text/xml\n")
    exchange = read(str(tmp_path)).exchanges[0]
    assert (exchange.method, exchange.url, exchange.http) == told


def test_a_folder_of_messages(tmp_path):
    story = Story()
    request = story.package_one("1")
    (tmp_path / "1_request.xml").write_bytes(request)
    (tmp_path / "1_response.xml").write_bytes(story.answer(request))
    (tmp_path / "10_request.xml").write_bytes(story.package_one("2"))
    (tmp_path / "10_response.headers").write_text("HTTP/1.1 503 Busy\nRetry-After: 5\n")
    (tmp_path / "10_response.xml").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("mine")
    capture = read(str(tmp_path))
    assert [exchange.id for exchange in capture.exchanges] == ["1", "10"]
    assert capture.exchanges[1].response.status == 503


def test_headers_beside_a_body_are_read(shared_data):
    capture = read(str(shared_data / "session-windows10"))
    first, second = capture.exchanges
    assert first.url == "https://pocmdmserver.com/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert (first.method, first.http) == ("POST", "HTTP/2.0")
    assert (second.response.status, second.response.body) == (200, b"")


def test_a_folder_without_messages(tmp_path):
    with pytest.raises(CaptureError, match="expected files named"):
        read(str(tmp_path))
