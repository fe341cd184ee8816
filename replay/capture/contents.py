"""What a message holds, found in one walk and kept: its commands with their places, and what there is in them at all.

Most messages are ordinary. Whoever looks for something rare (a chunk, an address that begins with a slash, credentials in a
command) asks here first whether a message can have it; what is wrong there, and where, it finds out itself.
"""

from typing import Final

from replay.syncml.model import Alert, Command, Exec, Group, Message, Meta, Results, Status
from replay.syncml.names import METINF

#: The place of a command (`Message.walk`).
Place = tuple[int, ...]
#: Places of the first commands of SyncBody: nearly all messages need no others.
_PLACES: Final = tuple((number,) for number in range(64))
_DEV_INFO: Final = "DevInfo"
_DEV_ID: Final = "DevInfo/DevId"


class Contents:
    """What a message holds. `commands` are all of them with their places, those inside Atomic and Sequence too (`Message.walk`);
    `alerts`, `execs` and `answers` those of them that are Alerts, Execs, and Status or Results or Alerts with a Correlator."""

    __slots__ = ("_by_id", "_parts", "alerts", "answers", "commands", "execs", "message")

    def __init__(self, message: Message) -> None:
        self.message = message
        self.commands: list[tuple[Place, Command]] = []
        self.alerts: list[tuple[Place, Alert]] = []
        self.execs: list[tuple[Place, Exec]] = []
        self.answers: list[tuple[Place, Status | Results | Alert]] = []
        self._by_id: dict[str | None, tuple[Place, Command]] | None = None
        self._parts: Parts | None = None
        self._walk(message.commands, ())

    def _walk(self, commands: tuple[Command, ...], above: Place) -> None:
        places = _PLACES if not above and len(commands) <= len(_PLACES) else None
        for number, command in enumerate(commands):
            place = places[number] if places is not None else (*above, number)
            self.commands.append((place, command))
            if isinstance(command, (Status, Results)):
                self.answers.append((place, command))
            elif isinstance(command, Alert):
                self.alerts.append((place, command))
                if command.correlator:
                    self.answers.append((place, command))
            elif isinstance(command, Exec):
                self.execs.append((place, command))
            elif isinstance(command, Group):
                self._walk(command.commands, place)

    @property
    def by_id(self) -> dict[str | None, tuple[Place, Command]]:
        """The commands by their CmdID, found once; of several with one CmdID the last."""
        if self._by_id is None:
            self._by_id = {each[1].cmd_id: each for each in self.commands}
        return self._by_id

    @property
    def parts(self) -> "Parts":
        """What there is inside of the commands, looked at once."""
        if self._parts is None:
            self._parts = Parts(self)
        return self._parts

    def has_alert(self, codes: frozenset[str]) -> bool:
        """Whether there is an Alert of one of these codes, in a group too."""
        for _, alert in self.alerts:  # noqa: SIM110 - a plain loop: every message is asked, and a generator costs as much again
            if alert.code in codes:
                return True
        return False

    def has_outer_alert(self, code: str) -> bool:
        """Whether there is an Alert of this code among the commands of SyncBody itself."""
        for place, alert in self.alerts:  # noqa: SIM110
            if alert.code == code and len(place) == 1:
                return True
        return False


class Parts:
    """What there is inside of a message's commands and its header.

    `own_ids`: each command has a CmdID, not 0, and no two the same. `extras`: a command has NoResp, or elements that the model does
    not know. `more_data`: an item is a chunk of which more is to come. `slash`: an address of an item begins with `/`. `cred`:
    there may be a Cred outside of SyncHdr. `wrong_meta`: a child of some Meta is not in `syncml:metinf`. `dev_info`: it sets
    DevInfo, with whatever command. `dev_id` is the DevId in that: place, number of the item (from 1), and the text without the
    blanks around it.
    """

    __slots__ = ("cred", "dev_id", "dev_info", "extras", "more_data", "own_ids", "slash", "wrong_meta")

    def __init__(self, contents: Contents) -> None:
        message, commands = contents.message, contents.commands
        header = message.header
        ids = {command.cmd_id for _, command in commands}
        self.own_ids = len(ids) == len(commands) and not (None in ids or "" in ids or "0" in ids)
        self.extras = self.more_data = self.slash = self.dev_info = False
        self.dev_id: tuple[Place, int, str] | None = None
        self.cred = bool(message.unknown or message.body_unknown)
        self.wrong_meta = _is_wrong(header.meta) or (header.cred is not None and _is_wrong(header.cred.meta))
        for place, command in commands:
            if command.unknown or command.no_resp:
                self.extras = True
                self.cred = self.cred or bool(command.unknown)
            if command.cred is not None:
                self.cred = True
                self.wrong_meta = self.wrong_meta or _is_wrong(command.cred.meta)
            if command.meta is not None:
                self.wrong_meta = self.wrong_meta or _is_wrong(command.meta)
            if isinstance(command, Status) and command.chal is not None:
                self.wrong_meta = self.wrong_meta or _is_wrong(command.chal)
            if command.items:
                self._look_into(place, command)

    def _look_into(self, place: Place, command: Command) -> None:
        """What there is in the items of a command."""
        for number, item in enumerate(command.items, 1):
            if item.more_data:
                self.more_data = True
            if item.unknown:
                self.cred = True
            if item.meta is not None and not self.wrong_meta:
                self.wrong_meta = _is_wrong(item.meta)
            target, source = item.target, item.source
            uri = source.uri if source is not None else None
            if uri and uri[0] == "/":
                self.slash = True
            if target is not None and target.uri:
                uri = uri or target.uri
                if target.uri[0] == "/":
                    self.slash = True
            if uri and _DEV_INFO in uri and not isinstance(command, (Status, Results)):
                self._note_dev_info(place, number, uri, item.data)

    def _note_dev_info(self, place: Place, number: int, uri: str, data: str | None) -> None:
        node = dev_info_node(uri)
        if node is not None:
            self.dev_info = True
            if node == _DEV_ID and data is not None and self.dev_id is None:
                self.dev_id = (place, number, data.strip())


def dev_info_node(uri: str) -> str | None:
    """The node of DevInfo that an address names, written without what leads to it (`./`), so that a leading `/` (MSG014) does not
    hide it; None where it names another."""
    node = uri.lstrip("./")
    return node if node == _DEV_INFO or node.startswith("DevInfo/") else None


def _is_wrong(meta: Meta | None) -> bool:
    """Whether a child of Meta is in another namespace than `syncml:metinf`."""
    if meta is None:
        return False
    leaves = (
        meta.type, meta.format, meta.mark, meta.size, meta.next_nonce, meta.max_msg_size, meta.max_obj_size, meta.version
    )  # fmt: skip
    for leaf in leaves:
        if leaf is not None and leaf.namespace != METINF:
            return True
    return any(unknown.namespace != METINF for unknown in meta.unknown) if meta.unknown else False
