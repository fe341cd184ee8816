import pytest

from replay.lab import messages
from tests.story import Story, only, rules_of, user


def session(asked=messages.CONTENT_TYPE, answered=messages.CONTENT_TYPE, *, as_wbxml=False):
    """A session of one exchange with these content types; without headers at all where one is None."""
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request)
    if as_wbxml:
        request, answer = messages.to_wbxml(request), messages.to_wbxml(answer)
    story.exchange(
        request,
        answer,
        headers=[] if asked is None else [["Content-Type", asked]],
        response_headers=[] if answered is None else [["Content-Type", answered]],
    )
    return story.judge()


@pytest.mark.parametrize(
    "kind", [messages.CONTENT_TYPE, "Application/VND.SyncML.DM+XML", f"{messages.CONTENT_TYPE}; charset=utf-8"]
)
def test_passes_with_the_type_of_dm(kind):
    assert session(kind, kind).findings == []


def test_passes_in_wbxml_with_its_own():
    assert session(messages.WBXML_TYPE, messages.WBXML_TYPE, as_wbxml=True).findings == []


@pytest.mark.parametrize(
    "kind", ["text/xml", "application/xml", "application/vnd.syncml.ds+xml", "", "text/html; charset=utf-8"]
)
def test_fails_with_another(kind):
    finding = only(session(answered=kind), "HTP001")
    assert (finding.severity, finding.party, finding.side) == ("error", "server", "response")
    assert repr(kind) in finding.message
    assert only(session(asked=kind), "HTP001").party == "device"


@pytest.mark.parametrize("kind", ["application/vnd.syncml+xml", "application/vnd.syncml+wbxml"])
def test_warns_of_the_older_ones(kind):
    for judged in (session(asked=kind), session(answered=kind)):
        assert only(judged, "HTP001").severity == "warning"
        assert judged.verdict.word == "pass"


def test_warns_of_bytes_in_a_response_and_fails_in_a_request():
    assert only(session(answered="application/octet-stream"), "HTP001").severity == "warning"
    assert only(session(asked="application/octet-stream"), "HTP001").severity == "error"


def test_warns_of_the_type_of_the_other_form():
    assert only(session(answered=messages.WBXML_TYPE), "HTP001").severity == "warning"
    judged = session(messages.CONTENT_TYPE, messages.WBXML_TYPE, as_wbxml=True)
    assert only(judged, "HTP001").party == "device"


def test_fails_where_there_are_headers_and_none_of_them_is_it():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request), response_headers=[["Server", "x"]])
    assert "is missing" in only(story.judge(), "HTP001").message


def test_where_the_source_has_no_headers_nothing_is_said():
    assert session(None, None).findings == []


def test_once_for_each_type():
    story = Story()
    first = story.package_one("1")
    old = {"response_headers": [["Content-Type", "application/vnd.syncml+xml"]]}
    story.exchange(first, story.answer(first, messages.get(9, "./DevDetail/SwV")), **old)
    second = story.to_server(
        "1", 2, [messages.status(1, "1", "0", "SyncHdr", "200"), messages.status(2, "1", "9", "Get", "404")]
    )
    story.exchange(second, story.answer(second), **old)
    finding = only(story.judge(), "HTP001")
    assert finding.exchange == 1
    assert finding.also == (2,)


@pytest.mark.parametrize(("body", "status"), [(b"", 200), (b"<html/>", 500), (b"", 302)])
def test_empty_answers_and_http_errors_are_not_judged(body, status):
    story = Story()
    story.exchange(story.package_one("1"), body, status=status, response_headers=[["Content-Type", "text/html"]])
    assert "HTP001" not in rules_of(story.judge())


def test_a_page_in_place_of_an_answer_is_msg001s():
    story = Story()
    story.exchange(story.package_one("1"), b"<html/>", response_headers=[["Content-Type", "text/html"]])
    assert rules_of(story.judge()) == ["MSG001"]


def test_what_the_proxy_made_is_not_judged():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request), by="proxy", response_headers=[["Content-Type", "text/plain"]])
    assert "HTP001" not in rules_of(story.judge())


def test_passes_in_an_unenrolment():
    assert user().watch(70).judge().findings == []
