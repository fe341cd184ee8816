"""Where things came from, client address or certificate, and which devices were seen there (contract, "window").

What came from a place at which other devices were seen alone is none of this device's; from a place that nobody is known at it may
be anybody's. A capture may have as many devices as unread requests, so what may be one device's is never looked for among all.
"""

from collections.abc import Callable, Iterable
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
        self._of: dict[str, set[str]] = {}
        for place, devices in self._at.items():
            for device in devices:
                self._of.setdefault(device, set()).add(place)

    def place(self, client: str | None, cert: Identity | None) -> str | None:
        """The place that shows whose something is: the certificate's where that is known, else the address's; None where neither
        is any device's."""
        by_cert = f"certificate {cert.sha256}" if cert is not None else ""
        by_address = f"address {address_host(client)}"
        return next((each for each in (by_cert, by_address) if each in self._at), None)

    def may_be(self, device: str | None, place: str | None) -> bool:
        """Whether something from a place may be a device's."""
        return place is None or device in self._at[place]

    def of(self, device: str | None) -> set[str]:
        """The places at which a device was seen."""
        return self._of.get(device or "", set())


class ByOrigin(Generic[_Thing, _Made]):
    """Things with their places, and what is made of those that may be a device's: once for all that were seen at the same ones."""

    def __init__(
        self, origins: Origins, things: Iterable[tuple[str | None, _Thing]], make: Callable[[list[_Thing]], _Made]
    ) -> None:
        self._origins = origins
        self._make = make
        self._at: dict[str | None, list[_Thing]] = {}
        for place, thing in things:
            self._at.setdefault(place, []).append(thing)
        self._made: dict[frozenset[str | None], _Made] = {}
        self._of: dict[str | None, _Made] = {}

    def of(self, device: str | None) -> _Made:
        """What is made of the things that may be a device's."""
        if device not in self._of:
            places = frozenset({None} | (self._at.keys() & self._origins.of(device)))
            if places not in self._made:
                self._made[places] = self._make([thing for place in places for thing in self._at.get(place, ())])
            self._of[device] = self._made[places]
        return self._of[device]
