import base64
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture import har, har_writer
from replay.capture.exchange import Capture, CaptureError, Exchange, Response
from replay.capture.readers import read as read_any
from replay.expect.judge import judge
from replay.lab.messages import to_wbxml
from tests.story import Story, user

WBXML = to_wbxml(Story().package_one("1"))


def entry(**more):
    request = {
        "method": "POST",
        "url": "https://h/x",
        "httpVersion": "HTTP/1.1",
        "headers": [{"name": "A", "value": "b"}],
    }
    response = {"status": 200, "statusText": "OK", "headers": [], "content": {"size": 0, "text": ""}}
    return {
        "startedDateTime": "2026-11-23T09:15:00.500Z",
        "time": 250,
        "request": request | more.pop("request", {}),
        "response": response | more.pop("response", {}),
        **more,
    }


def read(*entries, creator: str = "somebody") -> Capture:
    text = json.dumps({"log": {"version": "1.2", "creator": {"name": creator, "version": "1"}, "entries": entries}})
    return har.read(io.BytesIO(text.encode("utf-8", "surrogatepass")), "x.har")


def post(text: str, **more):
    return {"postData": {"mimeType": "application/vnd.syncml.dm+wbxml", "text": text, **more}}


def test_an_entry_is_an_exchange():
    capture = read(entry(request=post("<SyncML/>")))
    exchange = capture.exchanges[0]
    assert (exchange.method, exchange.url, exchange.body, exchange.headers) == (
        "POST", "https://h/x", b"<SyncML/>", (("A", "b"),),
    )  # fmt: skip
    assert exchange.response.at.clock - exchange.at.clock == 0.25
    assert capture.stretches[0].end.clock - capture.stretches[0].start.clock == 0.25
    assert not capture.says_when_watching


def test_bodies():
    both = {"content": {"text": base64.b64encode(WBXML).decode(), "encoding": "base64", "size": 1}}
    surrogates = WBXML.decode("utf-8", "surrogateescape")
    exchange = read(entry(request=post(surrogates), response=both)).exchanges[0]
    assert exchange.body == WBXML
    assert exchange.response.body == WBXML
    by_charset = {"mimeType": "text/plain; charset=ISO-8859-1"}
    assert read(entry(request=post("é", **by_charset))).exchanges[0].body == b"\xe9"
    assert read(entry(request=post("é"))).exchanges[0].body == "é".encode()
    assert read(entry(request=post("\ud83d"))).exchanges[0].body == b"\xed\xa0\xbd"
    assert read(entry()).exchanges[0].body is None
    assert read(entry(request={"bodySize": 0})).exchanges[0].body == b""
    assert read(entry(response={"content": {}})).exchanges[0].response.body is None


def test_status_0_is_no_answer():
    capture = read(
        entry(response={"status": 0, "_error": "Client disconnected."}),
        entry(response={"status": 0, "_error": None}),
        entry(response={"status": 0, "_error": "", "_cause": "server-closed", "_received": 3}),
    )
    assert all(exchange.response is None for exchange in capture.exchanges)
    assert [e.failure and e.failure.cause for e in capture.exchanges] == ["client-closed", None, "server-closed"]


def test_more_bytes_than_there_are_numbers_for_were_not_counted():
    broken = entry(response={"status": 0, "_error": f"connection reset (received {'9' * 5000} bytes)"})
    failure = read(broken).exchanges[0].failure
    assert (failure.cause, failure.received) == ("server-reset", None)


def test_entries_are_put_in_order_of_time():
    later, sooner = entry(), entry(startedDateTime="2026-11-23T10:14:00+01:00", request={"url": "https://h/first"})
    capture = read(later, sooner)
    assert [exchange.url for exchange in capture.exchanges] == ["https://h/first", "https://h/x"]
    assert [exchange.number for exchange in capture.exchanges] == [1, 2]
    # it may be that the clock was set back, and that the second was after the first
    assert [trouble.kind for trouble in capture.troubles] == ["clock"]
    assert (
        "entry 2: it ended 60.500 s before the one written ahead of it, and began before another"
        in capture.troubles[0].text
    )
    assert capture.stretches[0].end == capture.exchanges[1].response.at


def test_entries_in_the_order_in_which_they_began_or_ended_prove_what_is_between():
    def times(*entries) -> list[float]:
        capture = read(*entries)
        assert [trouble.kind for trouble in capture.troubles if "began" in trouble.text] == []
        return [round(stretch.end.clock - capture.exchanges[0].order, 3) for stretch in capture.stretches]

    long, short = entry(time=30_000), entry(startedDateTime="2026-11-23T09:15:10Z", time=1000)
    assert times(long, short) == times(short, long) == [30.0]


def test_a_time_without_a_zone_is_utc_wherever_it_is_read(monkeypatch):
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        capture = read(entry(startedDateTime="2026-11-01T06:00:00"), entry(startedDateTime="2026-11-01T06:30:00+00:00"))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [exchange.at.clock - capture.exchanges[0].at.clock for exchange in capture.exchanges] == [0.0, 1800.0]


def test_where_one_has_no_time_none_is_used():
    capture = read(entry(), entry(startedDateTime="yesterday"))
    assert [exchange.at for exchange in capture.exchanges] == [None, None]
    assert capture.stretches == []
    assert [trouble.kind for trouble in capture.troubles] == ["clock"]
    assert read(entry(startedDateTime=None)).troubles == []


@pytest.mark.parametrize(
    "bad",
    [
        7, None, [], {}, {"request": 1}, entry(request={"headers": 7}),
        entry(response={"status": "200", "headers": [[], ["a", 1], {}]}),
        entry(time=10**400), entry(time=-1), entry(time=True), entry(response={"content": {"text": "!", "encoding": "base64"}}),
        entry(startedDateTime="9999-12-31T23:59:59.999999-23:00"), entry(request={"url": 5, "method": ["\ud800"]}),
        entry(request={"headers": [{"name": "\ud800", "value": "\udc80"}]}, _madeUp=5, _received="x", connection=[1]),
    ],
)  # fmt: skip
def test_an_entry_that_is_none_hides_no_other(bad):
    capture = read(entry(), bad, entry())
    assert len(capture.exchanges) >= 2
    assert len(capture.exchanges) + len([t for t in capture.troubles if t.kind == "cut"]) == 3
    judge(capture)
    har_writer.write(capture, io.BytesIO())


@pytest.mark.parametrize("text", ['{"log": {"version": 1}}', '{"log": {"entries": {}}}'])
def test_what_is_no_har(tmp_path, text):
    (tmp_path / "x.har").write_text(text)
    with pytest.raises(CaptureError, match=r"log\.entries"):
        read_any(str(tmp_path / "x.har"))


def test_cut_off_anywhere_what_came_before_is_read(tmp_path):
    file = io.BytesIO()
    story = user()
    (tmp_path / "j.jsonl").write_bytes(story.text())
    har_writer.write(read_any(str(tmp_path / "j.jsonl")), file)
    content, path = file.getvalue(), tmp_path / "x.har"
    for size in range(1, len(content) - 3, 11):
        path.write_bytes(content[:size])
        try:
            capture = read_any(str(path))
        except CaptureError:
            continue
        assert [trouble.kind for trouble in capture.troubles] == ["cut"]
        judge(capture)
    path.write_bytes(content[:-4])
    assert len(read_any(str(path)).exchanges) == 2


@given(body=st.one_of(st.none(), st.binary()), reply=st.one_of(st.none(), st.binary()), kind=st.sampled_from(
    ["", "text/xml; charset=latin-1", "application/vnd.syncml.dm+wbxml", "text/plain; charset=utf-16"]))  # fmt: skip
@settings(deadline=None)
def test_every_body_comes_back(body, reply, kind):
    headers = (("Content-Type", kind),)
    exchange = Exchange(1, "1", 1.0, method="PUT", url="https://h/", headers=headers, body=body)
    exchange.response = Response(200, 2.0, headers=headers, body=reply)
    file = io.BytesIO()
    har_writer.write(Capture("x", "x", exchanges=[exchange]), file)
    file.seek(0)
    found = har.read(file, "x").exchanges[0]
    assert (found.body, found.response.body) == (body, reply)


def test_nested_without_end(tmp_path):
    path = tmp_path / "x.har"
    path.write_text('{"log": {"version": "1.2", "entries": [' + "[" * 200_000)
    with pytest.raises(CaptureError, match="nested too deep"):
        read_any(str(path))


@pytest.mark.mitmproxy
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what mitmproxy's addons import
def test_what_mitmproxy_writes_is_read(shared_data):
    from mitmproxy.addons.savehar import SaveHar
    from mitmproxy.io import FlowReader

    for path in sorted((shared_data / "peers").glob("*.mitm")):
        with path.open("rb") as file:
            made = SaveHar().make_har(list(FlowReader(file).stream()))
        copy = har.read(io.BytesIO(json.dumps(made, indent=4).encode()), "x.har")
        capture = read_any(str(path))
        assert [exchange.body for exchange in copy.exchanges] == [exchange.body for exchange in capture.exchanges]
        if any(exchange.failure for exchange in capture.exchanges):
            continue  # of an answer that broke off, mitmproxy's HAR has what came and not that it broke off
        assert [e.response.body for e in copy.exchanges] == [e.response.body for e in capture.exchanges]
        found = [[(each.rule, each.message) for each in judge(which).findings] for which in (capture, copy)]
        assert found[0] == found[1]
