"""imitune, an OMA DM client that this project did not write, run once against a server on this machine.

Runs under `.venv-peer`, where imitune is installed; nothing of it is imported anywhere else. Its address is that of a cloud service
and cannot be given, so it is replaced before anything is sent, and never by one that is not loopback. Whatever it does, this
process looks up no name and connects to nothing but this machine.

    python imitune_device.py URL CA.pem DEVICE.pfx PASSWORD FOLDER DEVICE_ID
"""

import ipaddress
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from imitune import oma_dm_client


def stay_here(event: str, args: tuple) -> None:
    """An audit hook, which nobody can take away again."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host or "127.0.0.1"
    if not ipaddress.ip_address(host).is_loopback:
        raise PermissionError(f"{event} {host}: is not on this machine")


def main(url: str, ca: str, pfx: str, password: str, folder: str, name: str) -> None:
    if not ipaddress.ip_address(urlsplit(url).hostname or "").is_loopback:
        raise SystemExit(f"{url}: is not on this machine")
    sys.addaudithook(stay_here)
    oma_dm_client.INTUNE_HOST = url
    oma_dm_client.INTUNE_TARGET = url
    oma_dm_client.INTUNE_ENDPOINT = f"{url}?mode=Maintenance&Platform=WoA"
    os.environ["REQUESTS_CA_BUNDLE"] = ca
    os.chdir(folder)
    own = Path(name)
    own.mkdir()
    tree = {
        "./DevInfo/DevId": name,
        "./DevInfo/Man": "Independent",
        "./DevInfo/Mod": "imitune",
        "./DevInfo/DmV": "1.3",
        "./DevInfo/Lang": "en-US",
        "./Vendor/MSFT/DMClient/HWDevID": "0011223344556677",
    }
    (own / "managementTree.json").write_text(json.dumps(tree))
    oma_dm_client.OMADMClient(name, pfx, password, name).intuneInit()


if __name__ == "__main__":
    main(*sys.argv[1:])
