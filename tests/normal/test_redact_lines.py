"""Lines redacted one by one: the protocol stays, nobody is named, and of what cannot be redacted nothing is written."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.lab import messages
from replay.normal.redact_bodies import RedactionError
from replay.normal.redact_lines import LineRedactor
from tests.story import DEVICE, Story, user

HOST = "mdm.example.test"
Told = list[tuple[Exception, str | None]]


def redactor() -> tuple[LineRedactor, Told]:
    told: Told = []
    return LineRedactor(lambda error, conn: told.append((error, conn))), told


def lines(story: Story) -> list[dict[str, Any]]:
    return [dict(line) for line in story.lines if isinstance(line, dict)]


def one(type_: str, **more: Any) -> dict[str, Any]:
    made, told = redactor()
    out = made(type_, more)
    assert told == []
    return out


def request(**more: Any) -> dict[str, Any]:
    return next(line for line in lines(user()) if line["type"] == "request") | more


def test_a_whole_story_names_nobody():
    redact, told = redactor()
    story = user()
    out = [redact(line["type"], line) for line in lines(story)]
    assert told == []
    for name in (DEVICE, HOST, "10.0.0.5"):
        assert name.lower() in json.dumps(lines(story)).lower()
        assert name.lower() not in json.dumps(out).lower()
    assert [list(line) for line in out] == [list(line) for line in lines(story)]


def test_the_same_value_has_the_same_pseudonym_in_every_line():
    redact, _ = redactor()
    connected = redact("connected", {"conn": "c1", "sni": HOST, "client": "10.0.0.5:50000"})
    asked = redact("request", request())
    assert connected["sni"] != HOST
    assert connected["sni"] in asked["url"]
    assert connected["client"] == asked["client"]
    assert redact("connected", {"sni": HOST})["sni"] == connected["sni"]


@pytest.mark.parametrize("key", ["client", "sni", "host", "server"])
def test_hosts_keep_their_ports(key):
    made = one("connected", **{key: f"{HOST}:8443"})[key]
    assert made.endswith(":8443")
    assert HOST not in made
    assert len(made) == len(f"{HOST}:8443")


@pytest.mark.parametrize("key", ["client_cert", "server_saw", "saw"])
def test_certificates(key):
    said = {"subject": f"CN={DEVICE}", "sha256": "ab" * 32}
    made = one("tls", **{key: said})[key]
    assert made.keys() == said.keys()
    assert made["subject"].startswith("CN=")
    assert not set(made.values()) & set(said.values())
    assert one("tls", **{key: None}) == {key: None}
    assert one("tls", **{key: "no certificate"}) == {key: None}


def test_what_says_nothing_of_anybody_stays():
    plain = {"type": "open", "format": "omadm-journal", "version": 1, "redacted": True, "interval": 5.0, "t": 1.5}
    assert one("open", **plain) == plain
    assert one("failure", id="1", conn="c1", cause="reset", received=None) == {
        "id": "1", "conn": "c1", "cause": "reset", "received": None
    }  # fmt: skip
    assert one("watching") == {}


def test_words_lose_the_names_that_are_known():
    redact, _ = redactor()
    name = redact("connected", {"host": HOST})["host"]
    assert redact("failure", {"detail": f"no answer from {HOST}"})["detail"] == f"no answer from {name}"


def test_what_a_request_says_of_the_protocol_stays():
    body = request()["body"]["text"]
    made = one("request", **request(method="POST"))
    assert (made["method"], made["http"], made["id"]) == ("POST", "HTTP/1.1", "1")
    assert made["headers"] == (("Content-Type", messages.CONTENT_TYPE),)
    assert made["url"].startswith("https://")
    assert len(made["body"]["text"]) == len(body)
    assert made["body"]["text"].count("<CmdID>") == body.count("<CmdID>")
    assert DEVICE not in made["body"]["text"]


def test_a_body_in_base64_is_redacted_as_one_in_text():
    text = request()["body"]["text"]
    for encoding in ("utf-8", "utf-16"):
        body = {"base64": base64.b64encode(text.encode(encoding)).decode()}
        made = one("request", **request(body=body))["body"]
        again = made["text"] if "text" in made else base64.b64decode(made["base64"]).decode("utf-16")
        assert DEVICE not in again
        assert "SyncHdr" in again


def test_a_response():
    story = lines(user())
    redact, told = redactor()
    redact("request", next(line for line in story if line["type"] == "request"))
    answer = next(line for line in story if line["type"] == "response")
    made = redact("response", answer)
    assert told == []
    assert (made["status"], made["by"]) == (200, "server")
    assert DEVICE in answer["body"]["text"]
    assert DEVICE not in made["body"]["text"]


def test_what_is_absent_stays_absent():
    made = one("request", id="1", method="GET")
    assert [made[key] for key in ("client", "url", "body", "client_cert", "server_saw")] == [None] * 5
    assert made["headers"] == ()
    assert one("response", id="1") == {"id": "1", "reason": "", "headers": (), "body": None}
    assert one("response", body={"text": ""})["body"] == {"text": ""}


def test_the_line_that_was_given_is_not_changed():
    given_line = request()
    before = json.dumps(given_line)
    one("request", **given_line)
    redact, _ = redactor()
    redact("request", given_line)
    assert json.dumps(given_line) == before


# -- what cannot be redacted ------------------------------------------------------------------------------------------------

BROKEN = {"base64": "anna@example.test"}  # no base64 at all


def test_what_cannot_be_redacted_is_left_without_what_it_says():
    redact, told = redactor()
    line = request(body=BROKEN, conn="c7", method="POST", t=1.0)
    line["headers"] = [["Content-Type", messages.CONTENT_TYPE], ["Authorization", "Basic c2VjcmV0"]]
    made = redact("request", line)
    assert made == {
        "id": "1", "conn": "c7", "http": "HTTP/1.1", "method": "POST",
        "headers": [("Content-Type", messages.CONTENT_TYPE)], "body": None,
    }  # fmt: skip
    [(error, conn)] = told
    assert (type(error), conn) == (RedactionError, "c7")
    assert str(error).startswith("a 'request' line could not be redacted, and says nothing (")
    assert "anna" not in str(error)


def test_a_method_or_a_type_of_somebodys_own_is_not_written():
    redact, _ = redactor()
    made = redact("request", request(body=BROKEN, method="ANNA", headers=[["content-type", f"text/{DEVICE}"]]))
    assert (made["method"], made["headers"]) == (None, [])


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD"])
def test_methods_that_everybody_uses_are(method):
    redact, _ = redactor()
    assert redact("request", request(body=BROKEN, method=method))["method"] == method


def test_a_line_without_headers_gets_none():
    redact, told = redactor()
    assert redact("response", {"id": "1", "status": 200, "body": BROKEN, "reason": DEVICE}) == {
        "id": "1",
        "status": 200,
    }
    assert [conn for _, conn in told] == [None]


def test_after_a_line_that_failed_others_are_redacted():
    redact, told = redactor()
    redact("request", request(body=BROKEN))
    assert DEVICE not in json.dumps(redact("request", request()))
    redact("request", request(body=BROKEN))
    assert len(told) == 2


def test_who_is_told_may_write_a_line_of_it():
    """Even one that cannot be redacted: it is told of only once."""
    told: list[str] = []
    written: list[dict[str, Any]] = []

    def failed(error: Exception, conn: str | None) -> None:
        told.append(str(error))
        written.append(redact("failure", {"conn": conn, "cause": "redact", "detail": "could not be redacted"}))
        written.append(redact("response", {"id": "2", "body": BROKEN}))

    redact = LineRedactor(failed)
    redact("request", request(body=BROKEN))
    assert len(told) == 1
    assert [line.get("id") for line in written] == [None, "2"]
    redact("request", request(body=BROKEN))
    assert len(told) == 2


def test_who_is_told_and_fails_is_told_of_the_next_all_the_same():
    told: Told = []

    def failed(error: Exception, conn: str | None) -> None:
        told.append((error, conn))
        raise OSError("no room")

    redact = LineRedactor(failed)
    for _ in range(2):
        with pytest.raises(OSError, match="no room"):
            redact("request", request(body=BROKEN))
    assert len(told) == 2


@given(st.dictionaries(st.sampled_from(["body", "client_cert", "url", "reason"]), st.from_type(int)))
def test_whatever_is_wrong_with_a_line_is_no_error_of_the_recorder(wrong):
    redact, told = redactor()
    for type_ in ("request", "response"):
        made = redact(type_, {"id": "1", "conn": "c1", **wrong})
        assert made["id"] == "1"
    assert all(isinstance(error, RedactionError) for error, _ in told)
