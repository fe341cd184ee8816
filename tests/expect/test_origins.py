"""Where things came from, and whose they may be."""

from hypothesis import given
from hypothesis import strategies as st

from replay.capture.exchange import Capture, Identity
from replay.capture.sessions import Traffic
from replay.expect.origins import ByOrigin, Origins

HOSTS, CERTS = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::1"), ("aa", "bb", "cc")
DEVICES = ("", "A", "B", "C", "D")


def traffic(addresses: dict[str, set[str]], certificates: dict[str, set[str]]) -> Traffic:
    found = Traffic(Capture("x", "omadm-journal"), [])
    found.addresses, found.certificates = addresses, certificates
    return found


def may_be(found: Traffic, device: str | None, host: str | None, cert: str | None) -> bool:
    """A certificate that is known decides; else an address that is."""
    known = found.certificates.get(cert or "") or found.addresses.get(host or "")
    return not known or device in known


devices = st.sets(st.sampled_from(DEVICES))


@given(
    st.dictionaries(st.sampled_from(HOSTS), devices),
    st.dictionaries(st.sampled_from(CERTS), devices),
    st.lists(st.tuples(st.sampled_from([None, *HOSTS]), st.sampled_from([None, *CERTS]))),
)
def test_what_may_be_a_devices_is_found_as_if_all_were_looked_at(addresses, certificates, things):
    found = traffic(addresses, certificates)
    origins = Origins(found)
    clients = [None if host is None else f"[{host}]:1" if ":" in host else f"{host}:1" for host, _ in things]
    shown = [None if cert is None else Identity("CN=x", cert) for _, cert in things]
    places = [origins.place(client, cert) for client, cert in zip(clients, shown, strict=True)]
    numbered = enumerate(places)
    placed = ByOrigin(origins, (((), place, number) for number, place in numbered), list)
    for device in (None, "unknown", *DEVICES):
        expected = [number for number, (host, cert) in enumerate(things) if may_be(found, device, host, cert)]
        assert sorted(number for part in placed.of("", device) for number in part) == expected


def test_devices_of_one_place_share_what_is_made_for_them():
    origins = Origins(traffic({"10.0.0.1": {"A", "B"}, "10.0.0.2": {"C"}}, {}))
    made = ByOrigin(origins, [((), "address 10.0.0.1", 1), ((), None, 2)], list)
    assert (made.of("", "A"), made.of("", "C")) == ([[2], [1]], [[2]])
    assert all(one is other for one, other in zip(made.of("", "A"), made.of("", "B"), strict=True))


def test_what_may_have_gone_to_any_host_is_found_for_each():
    made = ByOrigin(Origins(traffic({}, {})), [(("a", "b"), None, 1), ((), None, 2), (("b",), None, 3)], list)
    assert [made.of(host, "A") for host in ("", "a", "b", "c")] == [[[2]], [[2], [1]], [[2], [1, 3]], [[2]]]
