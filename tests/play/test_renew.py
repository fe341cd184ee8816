"""Identities made anew: of the form of the old ones, and nothing else in a message."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.lab import messages
from replay.play.body import take_apart
from replay.play.renew import Addresses, Correlations, Renewals, SessionIds, device_like, renew, renew_headers
from replay.syncml.read import read
from tests.story import DEVICE, Story


@given(st.sampled_from(["1", "12", "2DF", "2df", "0", "98765", "ABCD"]), st.integers(0, 1000))
def test_session_ids_keep_their_form_and_are_never_the_same(old, seed):
    ids = SessionIds(random.Random(seed))
    new = [ids.like(old) for _ in range(50)]
    assert len({*new, old}) == 51
    for each in new:
        assert len(each) == max(len(old), 4)
        assert each.isdecimal() == old.isdecimal()
        assert re.fullmatch("[0-9a-f]+" if old.islower() else "[0-9A-F]+", each)


def test_session_ids_never_run_out():
    ids = SessionIds(random.Random(1))
    assert len({ids.like("7") for _ in range(6000)}) == 6000


def test_a_session_id_that_is_no_number_is_kept():
    assert SessionIds(random.Random(1)).like("{a b}") == "{a b}"


@given(
    st.sampled_from([DEVICE, DEVICE.lower(), "{0A1B2C3D-0011-2233-4455-66778899AABB}", "IMEI:19001", "urn:uuid:1-22"]),
    st.integers(),
)
def test_device_ids_keep_their_form(old, seed):
    new = device_like(old, random.Random(seed))
    assert len(new) == len(old)
    assert [char.isalnum() for char in new] == [char.isalnum() for char in old]
    assert new.isupper() == old.isupper()


def test_correlation_vectors_keep_their_counters():
    vectors = Correlations(random.Random(1))
    first, second, other = (
        vectors.like(each) for each in ("abcdEFGH12345678.0", "abcdEFGH12345678.1", "zzzzEFGH12345678.0")
    )
    assert (first[-2:], second[-2:]) == (".0", ".1")
    assert first[:-2] == second[:-2] != other[:-2]
    assert len(first) == 18


@pytest.mark.parametrize(
    ("live", "recorded", "to"),
    [
        ("http://127.0.0.1:8000", "https://a.test/x?mode=1", "http://127.0.0.1:8000/x?mode=1"),
        ("http://127.0.0.1:8000/", "https://a.test", "http://127.0.0.1:8000/"),
        ("https://[::1]:1/y/z?q=2", "https://a.test/x?mode=1", "https://[::1]:1/y/z?q=2"),
        ("https://[::1]:1/y", "https://a.test/x?mode=1", "https://[::1]:1/y"),
        ("http://127.0.0.1:8000", None, "http://127.0.0.1:8000/"),
        ("http://127.0.0.1:8000", "http://[x/y", "http://127.0.0.1:8000/"),
        ("http://127.0.0.1", ".evil.test/x?y", "http://127.0.0.1/.evil.test/x?y"),
        ("http://127.0.0.1", "@evil.test/x", "http://127.0.0.1/@evil.test/x"),
        ("http://127.0.0.1:8", "0::::", "http://127.0.0.1:8/0::::"),
    ],
)
def test_where_a_request_goes(live, recorded, to):
    assert Addresses(live, {"https://a.test/x"}).url(recorded) == to


def test_addresses_in_messages():
    addresses = Addresses("http://127.0.0.1:8000", {"https://a.test/x", "https://b.test:8443/"})
    assert addresses.address("https://A.test:443/deep?y") == "http://127.0.0.1:8000/deep?y"
    assert addresses.address("https://b.test:8443") == "http://127.0.0.1:8000"
    for text in ("https://other.test/", "./DevInfo/DevId", "http://[", "urn:a.test"):
        assert addresses.address(text) == text


def story_message() -> bytes:
    """Package 1 with the device's id and the server's address in more places than one."""
    story = Story()
    results = messages.results(7, "1", "9", "./Vendor/MSFT/DMClient/EntDMID", DEVICE)
    where = messages.results(8, "1", "9", "./Vendor/MSFT/X", story.url)
    status = messages.status(9, "1", "0", "SyncHdr", "200").replace(
        "<Data>", f"<TargetRef>{DEVICE}</TargetRef><SourceRef>{story.url.split('?')[0]}</SourceRef><Data>"
    )
    longer = messages.results(10, "1", "9", "./Vendor/MSFT/Y", f"id {DEVICE}")
    return story.to_server(
        "12", 2, [*messages.package_one(messages.DeviceInfo(DEVICE)), results, where, status, longer]
    )


def test_the_table_says_what_becomes_new():
    body = take_apart(story_message())
    chosen = Renewals(
        session=lambda old: f"{old}9",
        message=lambda old: str(int(old) + 5),
        names={DEVICE: "NEW"},
        address=Addresses("http://127.0.0.1:1", {Story().url}).address,
    )
    renew(body.root, "device", chosen)
    old, new = story_message().decode(), body.written().decode()
    expected = (
        old.replace("<SessionID>12<", "<SessionID>129<")
        .replace("<MsgID>2<", "<MsgID>7<")
        .replace(f">{DEVICE}<", ">NEW<")
        .replace("https://mdm.example.test/", "http://127.0.0.1:1/")
    )
    assert new == expected
    assert f"id {DEVICE}" in new  # a longer text is content, not a name


def test_a_message_of_the_server_has_the_device_in_its_target():
    story = Story()
    body = take_apart(story.to_device("12", 2, [messages.get(1, "./DevInfo/DevId")]))
    renew(body.root, "server", Renewals(names={DEVICE: "NEW"}, address=lambda _: "http://127.0.0.1:1/"))
    head = read(body.written()).header
    assert (head.target.uri, head.source.uri, head.session_id) == ("NEW", "http://127.0.0.1:1/", "12")


def test_a_user_is_renewed_where_a_user_stands():
    raw = (
        Story()
        .package_one("1")
        .replace(b"</LocURI></Source></SyncHdr>", b"</LocURI><LocName>user</LocName></Source></SyncHdr>")
    )
    body = take_apart(raw)
    renew(body.root, "device", Renewals(users={"user": "other"}))
    assert body.written() == raw.replace(b"<LocName>user<", b"<LocName>other<")
    assert b"<Data>user</Data>" in body.written()


def test_headers():
    given_headers = (
        ("MS-CV", "base.1"),
        ("client-request-id", "x"),
        ("Authorization", "Bearer t"),
        ("User-Agent", "u"),
    )
    renewed = renew_headers(given_headers, "device", Renewals(correlation=lambda old: old.upper()))
    assert renewed == (("MS-CV", "BASE.1"), *given_headers[1:])
