"""Pseudonyms: as long as their values, of the same form, as equal and as different; and found again wherever they stand."""

import base64
import ipaddress
import random
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.normal.identities import Role
from replay.normal.redact_draw import bare_hex, draw_domain, folded, is_base64, is_hex, names_nobody
from replay.normal.redact_escapes import ESCAPES, Coded, through
from replay.normal.redact_find import Bounds, Finder, Form
from replay.normal.redact_sweep import Sweep
from replay.normal.redact_table import Entry, Keep, Table
from replay.normal.redact_torn import Torn
from replay.normal.redact_values import Values
from replay.normal.redact_words import is_protocol
from replay.syncml.names import UNENROL_TYPE


def table(**more) -> Table:
    return Table(Keep(more.pop("keep", ())), rng=random.Random(5), **more)


def of(value: str, *, secret: bool = False, role: Role = Role.DEVICE) -> str:
    return table().of(role, value, "x", secret=secret)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("1A46804F094CBB466BD03DB2E253F4C1", r"[0-9A-F]{32}"),
        ("1a46804f094cbb466bd03db2e253f4c1", r"[0-9a-f]{32}"),
        ("AF9257BA-6BBD-4624-AA9B-0182D50292C3", r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}"),
        ("{af9257ba-6bbd-4624-aa9b-0182d50292c3}", r"\{[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}"),
        ("00:1A:2B:3C:4D:5E", r"([0-9A-F]{2}:){5}[0-9A-F]{2}"),
        ("490123456789012", r"[1-9][0-9]{14}"),
        ("012345", r"0[0-9]{5}"),
        ("DESKTOP-7Q2", r"[A-Z]{7}-[0-9][A-Z][0-9]"),
        ("anna.Müller", r"[a-z]{4}\.[A-Z][À-ÿ][a-z]{4}"),
        (
            "S-1-5-21-1004336348-1177238915-682003330-512",
            r"S-1-5-21-[1-3][0-9]{9}-[1-3][0-9]{9}-[1-9][0-9]{8}-[1-9][0-9]{2}",
        ),
        ("---", r"[a-z]{3}"),
        ("文件", r"[一-鿿]{2}"),
    ],
)
def test_a_name_keeps_its_form(value, form):
    made = of(value)
    assert re.fullmatch(form, made)
    assert made != value
    assert len(made.encode()) == len(value.encode())


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("Tr0ub4dor&3", r"[A-Za-z0-9]{11}"),
        ("!!!!", r"[A-Za-z0-9]{4}"),
        ("20261123", r"[1-9][0-9]{7}"),
        ("deadbeef00112233", r"[0-9a-f]{16}"),
        ("AAAAAAAAAAAAAAAAAAAAAA==", r"[A-Za-z0-9]{22}=="),
        ("QUJDREVGRw==", r"[A-Za-z0-9]{10}=="),
    ],
)
def test_of_a_secret_only_the_length_is_kept(value, form):
    made = of(value, secret=True, role=Role.CREDENTIAL)
    assert re.fullmatch(form, made)
    assert is_base64(made) == is_base64(value) or is_base64(value) is None


VALUES = st.one_of(
    st.text(min_size=1, max_size=30),
    st.text(string.hexdigits, min_size=12, max_size=32),
    st.from_regex(r"[0-9]{1,17}|[A-Z]{3}-[0-9]{5}|([0-9A-F]{2}:){5}[0-9A-F]{2}", fullmatch=True),
    st.binary(min_size=3, max_size=24).map(lambda data: base64.b64encode(data).decode()),
)


@given(st.lists(st.tuples(VALUES, st.booleans()), max_size=12), st.integers())
def test_pseudonyms_are_as_long_and_as_different_as_values(values, seed):
    made = Table(Keep(), rng=random.Random(seed))
    pairs = {value: made.of(Role.DEVICE, value, "x", secret=secret) for value, secret in values}
    assert {value: made.of(Role.DEVICE, value, "x") for value in pairs} == pairs
    assert len(set(pairs.values())) == len(pairs)
    for value, pseudonym in pairs.items():
        assert len(pseudonym) == len(value)
    for value, secret in values:
        if not secret and made.known(value) is not None and not made.known(value).exact:
            spelled = {
                made.of(Role.DEVICE, other, "x")
                for other in (folded(value), folded(value).upper())
                if folded(other) == folded(value)
            }
            assert len({folded(each) for each in (*spelled, pairs[value])}) == 1


def test_spellings_of_a_hexadecimal_number_are_those_of_its_pseudonym():
    made = table()
    plain = made.of(Role.MACHINE, "001a2b3c4d5e", "x")
    assert made.of(Role.MACHINE, "00:1A:2B:3C:4D:5E", "x") == ":".join(re.findall("..", plain)).upper()
    assert made.of(Role.MACHINE, "00-1a-2b-3c-4d-5e", "x") == "-".join(re.findall("..", plain))
    mixed = made.of(Role.MACHINE, "001A2b3c4d5e", "x")
    assert mixed.lower() == plain
    assert made.of(Role.MACHINE, "001a2B3c4d5e", "x") != mixed


def test_when_all_numbers_of_a_form_are_taken_another_form_is():
    made = table()
    pairs = {value: made.of(Role.DEVICE, value, "x") for value in [str(number) for number in range(100)]}
    assert len(set(pairs.values())) == 100
    assert {len(each) for each in pairs.values()} == {1, 2}


def test_what_is_a_pseudonym_already_stays():
    first = table()
    pseudonym = first.of(Role.DEVICE, "DESKTOP-1234567", "x")
    again = table(known=list(first.entries()))
    assert again.of(Role.DEVICE, pseudonym, "x") == pseudonym
    assert again.of(Role.DEVICE, "DESKTOP-1234567", "x") == pseudonym
    assert again.take_fresh() != []


def test_a_pseudonym_does_not_follow_from_its_value():
    assert len({Table(Keep()).of(Role.DEVICE, "DESKTOP-1234567", "x") for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("device", True),
        ("DEV*", True),
        ("SyncHdr/Source/*", True),
        ("desktop-*", True),
        ("server", False),
        ("SyncHdr", False),
    ],
)
def test_what_is_kept(pattern, kept):
    keep = Keep([pattern])
    made = Table(keep)
    assert (made.of(Role.DEVICE, "DESKTOP-1", "SyncHdr/Source/LocURI") == "DESKTOP-1") is kept
    assert (made.of(Role.DEVICE, "Desktop-1", "elsewhere") == "Desktop-1") is (kept or pattern == "desktop-*")
    assert keep.unused == ([] if kept else [pattern])
    assert made.counts == ({} if kept else {"device": 1})


@given(st.text(string.ascii_lowercase + string.digits + ".-", min_size=1, max_size=40), st.integers())
def test_a_domain_is_nobodys(value, seed):
    made = draw_domain(random.Random(seed), value)
    assert len(made) == len(value)
    if len(value) > 5:
        assert re.fullmatch(r"[a-z0-9](.*[a-z0-9])?\.test", made)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(lambda address: not address.is_unspecified))
def test_an_address_is_nobodys(address):
    text = str(address)
    made = of(text, role=Role.ADDRESS)
    assert len(made) == len(text)
    if ipaddress.ip_address(text).version == 4:
        assert made.startswith(("10.", "0.", "240."))
        assert ipaddress.ip_address(made)
    else:
        assert ipaddress.ip_address(made).version == 6


def test_this_machine_is_nobody():
    assert all(names_nobody(each) for each in ("localhost", "127.0.0.1", "::1", "127.8.7.6", "0.0.0.0", ""))
    assert not any(names_nobody(each) for each in ("10.0.0.1", "localhost.example", "mdm"))


def test_forms_are_told_apart():
    assert is_hex("0123456789ab")
    assert not is_hex("012345678901")
    assert not is_hex("0123456789aB")
    assert bare_hex("{00:AA-bb}") == "00aabb"
    assert is_base64("QUJDREVGRw==") == 2
    assert is_base64("QUJDREVGRx==") is None
    assert is_protocol(UNENROL_TYPE)
    assert is_protocol("unenroll")
    assert not is_protocol("contoso")


# -- found wherever they stand ----------------------------------------------------------------------------------------


def naive(text: str, forms: list[str]) -> str:
    """What `Finder` does, done in the plainest way."""
    out, place = "", 0
    while place < len(text):
        there = [form for form in forms if folded(text).startswith(form, place)]
        if there:
            longest = max(there, key=len)
            out += f"[{text[place : place + len(longest)]}]"
            place += len(longest)
        else:
            out += text[place]
            place += 1
    return out


@given(
    st.lists(st.lists(st.text("ab", min_size=1, max_size=9), min_size=1, max_size=5), max_size=5),
    st.lists(st.text("abAB.", max_size=60), max_size=5),
)
def test_the_finder_finds_the_longest_from_left_to_right(batches, texts):
    finder, known = Finder(), []
    for batch in batches:
        for each in batch:
            finder.add(Form(each, False, Bounds.ANY, lambda there: f"[{there}]"))
        known += batch
        for text in texts:
            assert finder.replaced(text) == naive(text, known)


@pytest.mark.parametrize(
    ("bounds", "found", "not_found"),
    [
        (Bounds.WORD, ["anna", "(anna)", "x_anna.y", "anna"], ["annas", "1anna", "hanna"]),
        (Bounds.HOST, ["a.de", "www.a.de", "@a.de:443", "a.de."], ["aa.de", "a.de.com", "a.den", "x-a.de"]),
        (
            Bounds.ADDRESS,
            ["1.2.3.4", "(1.2.3.4)", "1.2.3.4:80", "x=1.2.3.4."],
            ["11.2.3.4", "1.2.3.45", "1.2.3.4.5", "0.1.2.3.4"],
        ),
    ],
)
def test_what_may_stand_around_a_short_value(bounds, found, not_found):
    finder = Finder()
    finder.add(Form(found[0], False, bounds, lambda there: "*" * len(there)))
    assert all("*" in finder.replaced(text) for text in found)
    assert not any("*" in finder.replaced(text) for text in not_found)


@pytest.mark.parametrize(
    "text",
    [
        "a%20b",
        "%C3%A4%c3%a4",
        "%FF%41",
        "&#65;&#x42;&amp;",
        "\\u00e4\\n\\\\",
        "&#99999999;",
        "%",
        "&unknown;",
        "100%25 &lt;",
    ],
)
def test_escapes_that_are_not_changed_stay(text):
    assert through(text, str) == text
    assert through(text, lambda plain: plain.replace("\0", "x")) == text


@given(st.text(max_size=20), st.integers(0, 3))
def test_what_is_changed_behind_escapes_says_the_new_text(text, style):
    coded = [
        lambda char: "".join(f"%{byte:02x}" for byte in char.encode()),
        lambda char: f"&#{ord(char)};",
        lambda char: f"&#x{ord(char):X};",
        lambda char: f"\\u{ord(char):04x}" if ord(char) < 0x10000 else char,
    ][style]
    written = "".join(coded(char) if char != "q" else char for char in text)
    assert Coded(written, ESCAPES).chars == text
    new = text.replace("a", "Z").replace("é", "ü")
    assert Coded(through(written, lambda plain: plain.replace("a", "Z").replace("é", "ü")), ESCAPES).chars == new


def test_a_short_value_is_replaced_in_its_own_places_alone():
    made = table()
    for value in ("abc", "1234", "unenroll", "Alert", "user"):
        made.of(Role.DEVICE, value, "x")
    sweep = Sweep(made)
    sweep.refresh()
    text = "abc 1234 unenroll Alert user"
    assert sweep.text(text) == text
    made.of(Role.DEVICE, "abcd", "x")
    sweep.refresh()
    assert sweep.text("abcde abcd").startswith("abcde ")
    assert "abcd" not in sweep.text("an abcd")


@given(st.integers(1, 15), st.booleans())
def test_a_value_that_is_torn_apart(place, upper):
    value = "DESKTOP-7Q2PKX91"
    made = table()
    pseudonym = made.of(Role.DEVICE, value, "x")
    torn = Torn()
    for entry in made.take_fresh():
        torn.add(entry)
    spelled = value if upper else value.lower()
    first, second = torn.ends(f"… {spelled[:place]}", more=True), torn.ends(f"{spelled[place:]} …", more=False)
    expected = pseudonym if upper else pseudonym.lower()
    assert first == (f"… {expected[:place]}" if place >= 6 else f"… {spelled[:place]}")
    assert second == (f"{expected[place:]} …" if len(value) - place >= 6 else f"{spelled[place:]} …")


# -- values with parts ------------------------------------------------------------------------------------------------


def values() -> Values:
    return Values(table(), lambda text, _: text)


def test_hosts_of_one_domain_share_its_pseudonym():
    made = values()
    one, other, mail = (
        made.host("mdm.contoso.com", "x"),
        made.host("WWW.contoso.com", "x"),
        made.user("anna@contoso.com", "x"),
    )
    domain = made.host("contoso.com", "x")
    assert domain.endswith(".test")
    assert one.endswith(f".{domain}")
    assert other.lower().endswith(f".{domain}")
    assert mail.endswith(f"@{domain}")
    assert made.host("MDM.CONTOSO.COM", "x") == one.upper()
    assert made.host("a.contoso.co.uk", "x")[2:] == made.host("b.contoso.co.uk", "x")[2:]


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://mdm.contoso.com/EnrollmentServer/Discovery.svc", r"https://\w{3}\.\w{6}\.test/EnrollmentServer/Discovery\.svc"),
        ("https://mdm.contoso.com:8443/m?mode=Maintenance&Platform=WoA", r"https://[\w.]+\.test:8443/m\?mode=Maintenance&Platform=WoA"),
        ("HTTP://10.1.2.3", r"HTTP://10\.[0-9.]{5}"),
        ("https://[2001:db8::7]:443/", r"https://\[fd[0-9a-f]{2}:[0-9a-f]{3}::[0-9a-f]\]:443/"),
        ("http://127.0.0.1:8080/m", r"http://127\.0\.0\.1:8080/m"),
        ("https://anna:pw1@h/p?upn=anna%40contoso.com#f", r"https://[a-z]{4}:[A-Za-z0-9]{3}@[a-z]/p\?upn=[a-z]{4}%40[a-z]+\.test#f"),
        ("https://h/0a1b2c3d-0000-4000-8000-000000000000/x", r"https://[a-z]/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/x"),
    ],
)  # fmt: skip
def test_of_a_url_the_shape_stays(url, form):
    made = values().url(url, "x")
    assert re.fullmatch(form, made), made
    assert len(made) == len(url)
    assert (made == url) is ("127.0.0.1" in url)


def test_no_urls():
    assert values().url("contoso.com", "x") is None
    assert values().url("./Vendor/MSFT", "x") is None


def test_a_basic_credential_is_made_of_the_pseudonyms_of_its_parts():
    made = values()
    coded = base64.b64encode(b"anna:Secret#1").decode()
    new = made.credential(coded, "x")
    user, password = base64.b64decode(new).decode().split(":")
    assert (user, password) == (made.user("anna", "x"), made.secret(Role.CREDENTIAL, "Secret#1", "x"))
    assert len(new) == len(coded)
    assert made.credential(coded, "x") == new


def test_subjects_and_certificates():
    made = values()
    subject = made.subject("CN=anna\\, Ltd,O=Contoso,C=DE", "x")
    assert re.fullmatch(r"CN=[a-z]{4}\\, [A-Z][a-z]{2},O=[A-Z][a-z]{6},C=DE", subject)
    der = base64.b64encode(b"\x30\x82\x01\x2c" + bytes(300)).decode()
    new = base64.b64decode(made.certificate(der, "x"))
    assert new[:4] == b"\x30\x82\x01\x2c"
    assert len(new) == 304
    pem = f"-----BEGIN CERTIFICATE-----\n{der[:64]}\n{der[64:]}\n-----END CERTIFICATE-----\n"
    assert re.sub(r"[A-Za-z0-9+/=]", "", made.certificate(pem, "x")) == re.sub(r"[A-Za-z0-9+/=]", "", pem)
    assert made.certificate(f":{der}:", "x") == f":{made.certificate(der, 'x')}:"


def test_users():
    made = values()
    assert re.fullmatch(r"[A-Z]{7}\\[a-z]{4}", made.user("CONTOSO\\anna", "x"))
    assert made.device("IMEI:490123456789012", "x").startswith("IMEI:")
    assert made.device("https://mdm.contoso.com/m", "x").endswith(".test/m")


def test_entries_say_what_became_of_what():
    made = table()
    pseudonym = made.of(Role.DEVICE, "DESKTOP-1", "x")
    assert list(made.entries()) == [Entry(Role.DEVICE, "desktop-1", pseudonym.lower())]
