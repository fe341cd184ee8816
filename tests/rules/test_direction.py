"""Which addresses of a request and its response are taken for swapped (MSG005), whatever they are."""

import re

import pytest

from replay.capture.readers import read
from replay.expect.judge import judge
from replay.lab import messages
from replay.lab.messages import DeviceInfo
from tests.story import URL, Story, rules_of

#: The server and another address of it; a device by a name, by a URL of its own, and by one at the server's host.
S, S2 = URL.split("?", 1)[0], "https://mdm.example.test/other"
D, U, H = "0123456789ABCDEF", "https://device-7.example.test/", "https://mdm.example.test/devices/7"


def addressed(body: bytes, target: str, source: str) -> bytes:
    """A message with other addresses in its header."""
    text = re.sub("<Target><LocURI>[^<]*<", f"<Target><LocURI>{target}<", body.decode(), count=1)
    return re.sub("<Source><LocURI>[^<]*<", f"<Source><LocURI>{source}<", text, count=1).encode()


def package_one(dev_id: str | None) -> bytes:
    info = messages.package_one(DeviceInfo(dev_id or ""))
    return Story().to_server("1", 1, info if dev_id else info[:2])


@pytest.mark.parametrize(
    ("asked", "dev_id", "answered", "parties"),
    [
        ((S, D), D, (D, S), []),
        ((S, D), None, (S, D), ["server"]),
        ((S, D), D, (S, S), ["server"]),
        ((D, S), D, (D, S), ["device"]),
        ((D, S), D, (S, D), ["device"]),  # it went to where the message said that it came from
        ((D, S), D, (S2, D), ["device", "server"]),
        (("SRV", D), D, (D, "SRV"), []),
        (("SRV", D), D, ("SRV", D), ["server"]),
        (("SRV", D), D, ("OTHER", D), []),
        (("SRV", D), "Z", ("SRV", D), []),
        (("SRV", D), None, ("SRV", D), []),
        ((D, "SRV"), D, (D, "SRV"), ["device"]),
        ((D, "SRV"), D, ("SRV", D), ["device"]),
        ((D, D), D, (D, D), []),
        ((D, S2), None, (S2, D), ["device"]),
        ((D, "https://a.test/"), D, ("https://a.test/", D), ["device"]),
        ((S, D), D, ("https://a.test/", D), ["server"]),
        ((S, S), None, (S, S), ["device"]),
        ((S, U), U, (U, S), []),
        ((S, U), U, (S, U), ["server"]),
        ((U, S), U, (U, S), ["device"]),
        ((S, H), H, (H, S), []),
        ((H, S), H, (H, S), ["device"]),
        (("https://a.test/", "https://b.test/"), "Z", ("https://b.test/", "https://a.test/"), []),
        (("https://a.test/", "https://b.test/"), "Z", ("https://a.test/", "https://b.test/"), []),
    ],
)
def test_who_has_swapped_them(asked, dev_id, answered, parties):
    story = Story()
    answer = story.answer(package_one(dev_id))
    story.exchange(addressed(package_one(dev_id), *asked), addressed(answer, *answered))
    judged = story.judge()
    assert judged.errors == []
    assert [str(each.party) for each in judged.findings if each.rule == "MSG005"] == parties


def test_a_server_without_tls_is_one():
    story = Story(url="http://127.0.0.1:8080/omadm")
    story.exchange(addressed(package_one(D), D, "http://127.0.0.1:8080/omadm"), b"")
    assert [str(each.party) for each in story.judge().findings if each.rule == "MSG005"] == ["device"]


@pytest.mark.parametrize("side", ["Target", "Source"])
def test_a_message_without_an_address_has_none_swapped(side):
    for address in ("", f"<{side}/>", f"<{side}><LocURI/></{side}>"):
        request = re.sub(f"<{side}>.*?</{side}>", address, package_one(D).decode(), count=1).encode()
        answer = Story().answer(package_one(D))
        for asked, answered in (
            (request, answer),
            (package_one(D), re.sub(f"<{side}>.*?</{side}>", address, answer.decode(), count=1).encode()),
        ):
            story = Story()
            story.exchange(asked, answered)
            judged = story.judge()
            assert (judged.errors, "MSG005" in rules_of(judged)) == ([], False)


def test_two_urls_of_a_message_that_was_sent_nowhere(tmp_path):
    path = tmp_path / "message.xml"
    path.write_bytes(addressed(package_one(None), S, U))
    judged = judge(read(str(path)))
    assert (judged.errors, "MSG005" in rules_of(judged)) == ([], False)
