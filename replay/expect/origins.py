"""Where things came from, client address or certificate, and which devices were seen there (contract, "window").

What came from a place at which other devices were seen alone is none of this device's; from a place that nobody is known at it may
be anybody's. A capture may have as many devices as unread requests, so what may be one device's is never looked for among all.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from replay.capture.exchange import Identity, address_host
from replay.capture.sessions import Traffic

_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")


class Origins:
    """The places at which the devices of a capture were seen."""

    def __init__(self, traffic: Traffic) -> None:
        self._at: dict[str, set[str]] = {f"address {host}": found for host, found in traffic.addresses.items() if found}
        self._at |= {f"certificate {sha256}": found for sha256, found in traffic.certificates.items() if found}
        self._of: dict[str | None, set[str]] = {}
        for place, devices in self._at.items():
            for device in devices:
                self._of.setdefault(device, set()).add(place)

    def place(self, client: str | None, cert: Identity | None) -> str | None:
        """The place that shows whose something is: the certificate's where that is known, else the address's; None where neither
        is any device's."""
        by_cert = f"certificate {cert.sha256}" if cert is not None else ""
        by_address = f"address {address_host(client)}"
        return next((each for each in (by_cert, by_address) if each in self._at), None)

    def of(self, device: str | None) -> set[str]:
        """The places at which a device was seen."""
        return self._of.get(device, set())


class ByOrigin(Generic[_Thing, _Made]):
    """Things with the hosts that they may have gone to and the place that they came from, and what is made of those that may be
    a device's: once for all devices that were seen at the same places."""

    def __init__(
        self,
        origins: Origins,
        things: Iterable[tuple[Iterable[str], str | None, _Thing]],
        make: Callable[[list[_Thing]], _Made],
    ) -> None:
        """The hosts of a thing are none where that is not known: it may have gone to any."""
        self._origins = origins
        self._make = make
        self._at: dict[str, dict[str | None, list[_Thing]]] = {}
        for hosts, place, thing in things:
            for host in set(hosts) or ("",):
                self._at.setdefault(host, {}).setdefault(place, []).append(thing)
        self._made: dict[tuple[str, frozenset[str | None]], _Made] = {}
        self._of: dict[tuple[str, str | None], list[_Made]] = {}

    def of(self, host: str, device: str | None) -> list[_Made]:
        """What is made of the things that may have gone to a host ("": one that is not known) and may be a device's. Those of
        which the host is not known, or the place is nobody's, are parts of their own, so that no device's needs them anew."""
        key = (host, device)
        if key not in self._of:
            self._of[key] = [
                self._part(each, places) for each in dict.fromkeys(("", host)) for places in self._places(each, device)
            ]
        return self._of[key]

    def _places(self, host: str, device: str | None) -> Iterator[frozenset[str | None]]:
        at = self._at.get(host, {})
        if None in at:
            yield frozenset({None})
        own = at.keys() & self._origins.of(device)
        if own:
            yield frozenset(own)

    def _part(self, host: str, places: frozenset[str | None]) -> _Made:
        key = (host, places)
        if key not in self._made:
            self._made[key] = self._make([thing for place in places for thing in self._at[host][place]])
        return self._made[key]
