"""Keeps mitmweb's page from those who come through the proxy.

The page listens on this machine alone, but the proxy is on this machine too: a device can ask it for the page's address. The API
behind the page shows what was recorded and changes mitmproxy's options; mitmproxy 11.0 asks nobody for a password
(CVE-2025-23217), and is the last for Python 3.11.
"""

import asyncio
import ipaddress
from typing import Any


class Fence:
    """mitmproxy's addon: no connection is made to where mitmweb's page listens."""

    name = "omadm-fence"

    async def server_connect(self, data: Any) -> None:
        """Refuses the connection where any of the address's meanings is the page's, and else holds it to what was looked at."""
        from mitmproxy import ctx

        if data.server.address is None or data.server.address[1] != ctx.options.web_port:
            return
        found = await _addresses(data.server.address[0])
        if not found:
            data.server.error = "nobody knows the address"
        elif any(_leads_to(each, ctx.options.web_host) for each in found):
            data.server.error = "mitmweb's page is not to be had through the proxy"
        else:
            data.server.address = (found[0], data.server.address[1])


async def _addresses(host: str) -> list[str]:
    """The IP addresses that a name stands for; none where nobody knows them."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return []
    return [str(entry[4][0]) for entry in found]


def _leads_to(address: str, page: str) -> bool:
    """Whether a connection to an IP address ends on this machine, as far as the page listens there."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_loopback or ip.is_unspecified or str(ip) == page
