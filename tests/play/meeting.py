"""A device of the tests' own that meets a played server, message by message."""

from replay.lab import messages
from replay.lab.messages import DeviceInfo, Sender

FORMS = ["xml", "wbxml"]
HERE = "https://10.9.8.7:4443/ManagementServer/MDM.svc"


class Live:
    """A device of another id, whose numbers are its own."""

    def __init__(self, device: str = "LIVE", url: str = HERE) -> None:
        self.device, self.url = device, url

    def message(
        self, session: str, number: int, commands: list[str], *, final: bool = True, wbxml: bool = False
    ) -> bytes:
        body = messages.message(Sender(session, self.url, self.device), number, commands)
        body = body if final else body.replace(b"<Final/>", b"")
        return messages.to_wbxml(body) if wbxml else body

    def package_one(self, session: str = "77", *, alert: bool = False, number: int = 1, wbxml: bool = False) -> bytes:
        commands = messages.package_one(
            DeviceInfo(self.device), alert=messages.unenrol_alert() if alert else None, first_id=20
        )
        return self.message(session, number, commands, wbxml=wbxml)


def ok(number: str = "1") -> str:
    """The device's Status for a server's header."""
    return messages.status(1, number, "0", "SyncHdr", "200")
