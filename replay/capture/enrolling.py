"""Who enrols: to which device an enrolment request belongs (contract, "enrolment")."""

import re
from collections.abc import Mapping
from typing import Final

from replay.capture.exchange import address_host
from replay.capture.turns import Turn

_WORD: Final = re.compile(r"[\w.:-]+")
#: The DeviceID of an enrolment request ([MS-MDE2], ContextItem), with something in it.
_DEVICE_ID: Final = re.compile(
    r"""(?:Name\s*=\s*["']DeviceID["'][^>]{0,999}>\s*+<[^<>]{0,999}Value|<(?:[\w.-]{1,99}:)?DeviceID)[^<>]{0,999}>\s*+([^<\s][^<]{0,999})"""
)
#: Characters of an id that stands in a body by chance too: it counts as a DeviceID alone.
_SHORT: Final = 6


def devices_of(
    turn: Turn, known: "Devices", addresses: Mapping[str, set[str]], certificates: Mapping[str, set[str]]
) -> set[str] | None:
    """The device that an enrolment request comes from: by the DeviceID in its body, its certificate, or its address where no other
    enrolment uses that. None where it cannot be told; empty where it is a device that has no enrolment in this capture.

    `known` are the devices that are enrolled; `addresses` and `certificates` say which devices were seen with each.
    """
    body = (turn.exchange.body or b"").decode("utf-8", "replace")
    named = known.named_in(body)
    if named or _DEVICE_ID.search(body):  # a DeviceID that is nobody's here is a new device's
        return named
    cert = turn.exchange.client_cert
    if cert is not None and cert.sha256 is not None and cert.sha256 in certificates:
        same = certificates[cert.sha256]
        return same if len(same) == 1 else None
    same = addresses.get(address_host(turn.exchange.client) or "", set())
    if cert is not None and any(same & owners for owners in certificates.values()):
        return None  # the device at this address shows another certificate: it may be somebody else
    return same if len(same) == 1 else None


class Devices:
    """The devices that are enrolled, kept so that those whose id stands in a body are found without asking for each of them."""

    def __init__(self) -> None:
        self._by_word: dict[str, set[str]] = {}
        self._others: set[str] = set()
        self._short: set[str] = set()

    def add(self, device: str) -> None:
        """A device that is enrolled now."""
        if len(device) < _SHORT:
            self._short.add(device)
        elif _WORD.fullmatch(device):
            self._by_word.setdefault(device.lower(), set()).add(device)
        else:
            self._others.add(device)

    def discard(self, device: str) -> None:
        """A device that is not enrolled any more."""
        self._others.discard(device)
        self._short.discard(device)
        self._by_word.get(device.lower(), set()).discard(device)

    def named_in(self, body: str) -> set[str]:
        """The devices whose id stands in a body: as a word of its own, or, with other characters in it, as the whole text of an
        element; a short one as its DeviceID."""
        words = {word.lower() for word in _WORD.findall(body)}
        named = {device for word in words for device in self._by_word.get(word, ())}
        if self._others:
            lower = body.lower()
            named |= {device for device in self._others if f">{device.lower()}<" in lower}
        if self._short:
            ids = {found.group(1).strip().lower() for found in _DEVICE_ID.finditer(body)}
            named |= {device for device in self._short if device.lower() in ids}
        return named
