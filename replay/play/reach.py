"""Whom a replay may call: this machine and private networks; anybody else only by name (contract: `--yes-this-server`)."""

import ipaddress
import socket
from urllib.parse import urlsplit

from replay.capture.turns import host_of


class Reach:
    """Which URLs may be called. `named` are the servers that the user has named, by their URLs."""

    def __init__(self, named: tuple[str, ...] = ()) -> None:
        self._named = {host_of(url) for url in named}
        self._known: dict[str, bool] = {}

    def may_call(self, url: str) -> bool:
        """Whether a URL is of a server that was named, or of a host all of whose addresses are loopback or private."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        if parts.scheme.lower() not in ("http", "https") or not host:
            return False
        if host_of(url) in self._named:
            return True
        if host not in self._known:
            self._known[host] = is_near(host)
        return self._known[host]


def is_near(host: str) -> bool:
    """Whether a host is on this machine or in a private network: every address that its name has. A name without one is not."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    return bool(addresses) and all(_is_private(address) for address in addresses)


def _is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, ipaddress.IPv4Address) and address.is_link_local:
        return False  # what answers there is as a rule a cloud's own service, not a server of the user's
    return address.is_loopback or address.is_private or address.is_link_local
