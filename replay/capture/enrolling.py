"""Who enrols: to which device an enrolment request belongs (contract, "enrolment")."""

import re
from collections.abc import Mapping
from typing import Final

from replay.capture.exchange import address_host
from replay.capture.turns import Turn

_WORD: Final = re.compile(r"[\w.:-]+")
#: The DeviceID of an enrolment request ([MS-MDE2], ContextItem), with something in it.
_DEVICE_ID: Final = re.compile(
    r"""(?:Name\s*=\s*["']DeviceID["'][^>]{0,999}>\s*+<[^<>]{0,999}Value|<(?:[\w.-]{1,99}:)?DeviceID)[^<>]{0,999}>\s*+[^<\s]"""
)


def devices_of(
    turn: Turn, known: set[str], addresses: Mapping[str, set[str]], certificates: Mapping[str, set[str]]
) -> set[str] | None:
    """The device that an enrolment request comes from: by the DeviceID in its body, its certificate, or its address where no other
    enrolment uses that. None where it cannot be told; empty where it is a device that has no enrolment in this capture.

    `known` are the devices that are enrolled; `addresses` and `certificates` say which devices were seen with each.
    """
    body = (turn.exchange.body or b"").decode("utf-8", "replace")
    words = {word.lower() for word in _WORD.findall(body)}
    named = {device for device in known if _is_named(device, body, words)}
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


def _is_named(device: str, body: str, words: set[str]) -> bool:
    """Whether a device's id stands in a body as a word of its own."""
    if _WORD.fullmatch(device):
        return device.lower() in words
    return f">{device.lower()}<" in body.lower()  # an id with other characters: the whole text of an element
