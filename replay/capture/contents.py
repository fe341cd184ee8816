"""What a message holds, found in one walk and kept: its commands with their places, and what there is in them at all.

Most messages are ordinary. Whoever looks for something rare (a chunk, an address that begins with a slash, credentials in a
command) asks here first whether a message can have it; what is wrong there, and where, it finds out itself.

Messages of one shape have the same tags, to the letter, and so most of that in common: it is kept with the shape (`Outline`).
"""

from typing import Final, cast

from msgspec import Struct

from replay.syncml.model import Alert, Command, Exec, Group, Item, Message, Meta, Results, Status
from replay.syncml.names import METINF
from replay.syncml.shaped import Shape

#: The place of a command (`Message.walk`).
Place = tuple[int, ...]
#: Places of the first commands of SyncBody: nearly all messages need no others.
_PLACES: Final = tuple((number,) for number in range(64))
#: Of a shape whose messages have no outline.
_NO_OUTLINE: Final = object()
_DEV_INFO: Final = "DevInfo"
_DEV_ID: Final = "DevInfo/DevId"


class Contents:
    """What a message holds. `commands` are all of them with their places, those inside Atomic and Sequence too (`Message.walk`);
    `alerts`, `execs` and `answers` those of them that are Alerts, Execs, and Status or Results or Alerts with a Correlator. Of a
    message whose `shape` came before most of that is known."""

    __slots__ = ("_by_id", "_outline", "_parts", "alerts", "answers", "commands", "execs", "message")

    def __init__(self, message: Message, shape: Shape | None = None) -> None:
        self.message = message
        self._by_id: dict[str | None, tuple[Place, Command]] | None = None
        self._parts: Insides | None = None
        known = shape.kept if shape is not None else None
        self._outline = known if isinstance(known, Outline) else None
        if self._outline is not None:
            self._fill(self._outline)
        else:
            self.commands: list[tuple[Place, Command]] = []
            self.alerts: list[tuple[Place, Alert]] = []
            self.execs: list[tuple[Place, Exec]] = []
            self.answers: list[tuple[Place, Status | Results | Alert]] = []
            self._walk(message.commands, ())
            if shape is not None and known is None:
                shape.kept = outline_of(self) or _NO_OUTLINE

    def _fill(self, outline: "Outline") -> None:
        self.commands = found = list(zip(outline.places, self.message.commands, strict=True))
        # what is an Alert there is one here: it is the same tag
        self.alerts = cast("list[tuple[Place, Alert]]", [found[at] for at in outline.alerts])
        self.execs = cast("list[tuple[Place, Exec]]", [found[at] for at in outline.execs] if outline.execs else [])
        answers = found if len(outline.answers) == len(found) else [found[at] for at in outline.answers]
        self.answers = cast("list[tuple[Place, Status | Results | Alert]]", answers)

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
    def names(self) -> frozenset[str]:
        """The names of the commands."""
        if self._outline is not None:
            return self._outline.names
        return frozenset(command.name for _, command in self.commands)

    @property
    def parts(self) -> "Insides":
        """What there is inside of the commands, looked at once."""
        if self._parts is None:
            self._parts = Insides(self, self._outline)
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


class Insides:
    """What there is inside of a message's commands and its header.

    `own_ids`: each command has a CmdID, not 0, and no two the same. `extras`: a command has NoResp, or elements that the model does
    not know. `more_data`: an item is a chunk of which more is to come. `slash`: an address of an item begins with `/`. `cred`:
    there may be a Cred outside of SyncHdr. `wrong_meta`: a child of some Meta is not in `syncml:metinf`. `dev_info`: it sets
    DevInfo, with whatever command. `dev_id` is the DevId in that: place, number of the item (from 1), and the text without the
    blanks around it.
    """

    __slots__ = ("cred", "dev_id", "dev_info", "extras", "more_data", "own_ids", "slash", "wrong_meta")

    def __init__(self, contents: Contents, outline: "Outline | None" = None) -> None:
        commands = contents.commands
        ids = {command.cmd_id for _, command in commands}
        self.own_ids = len(ids) == len(commands) and not (None in ids or "" in ids or "0" in ids)
        self.slash = self.dev_info = False
        self.dev_id: tuple[Place, int, str] | None = None
        if outline is not None:
            self.extras, self.more_data, self.cred, self.wrong_meta = outline.insides
            for at, number in outline.addressed:
                place, command = commands[at]
                self._look_at_addresses(place, number, command, command.items[number - 1])
            return
        message, header = contents.message, contents.message.header
        self.extras = self.more_data = False
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
            for number, item in enumerate(command.items, 1):
                self._look_into(item)
                self._look_at_addresses(place, number, command, item)

    def _look_into(self, item: Item) -> None:
        """What there is in an item beside its addresses."""
        if item.more_data:
            self.more_data = True
        if item.unknown:
            self.cred = True
        if item.meta is not None and not self.wrong_meta:
            self.wrong_meta = _is_wrong(item.meta)

    def _look_at_addresses(self, place: Place, number: int, command: Command, item: Item) -> None:
        target, source = item.target, item.source
        uri = source.uri if source is not None else None
        if uri and uri[0] == "/":
            self.slash = True
        if target is not None and target.uri:
            uri = uri or target.uri
            if target.uri[0] == "/":
                self.slash = True
        if not uri or (self.dev_info and self.dev_id is not None):
            return
        if _DEV_INFO in uri and not isinstance(command, (Status, Results)):
            self._note_dev_info(place, number, uri, item.data)

    def _note_dev_info(self, place: Place, number: int, uri: str, data: str | None) -> None:
        node = dev_info_node(uri)
        if node is not None:
            self.dev_info = True
            if node == _DEV_ID and data is not None and self.dev_id is None:
                self.dev_id = (place, number, data.strip())


class Outline(Struct, frozen=True):
    """What is the same in all messages of a shape: the places of the commands and their names, which of them (from 0) are Alerts,
    Execs and answers, what there is inside of them (`extras`, `more_data`, `cred` and `wrong_meta` of `Insides`), and which items,
    by command and number, have an address."""

    places: tuple[Place, ...]
    names: frozenset[str]
    alerts: tuple[int, ...]
    execs: tuple[int, ...]
    answers: tuple[int, ...]
    insides: tuple[bool, bool, bool, bool]
    addressed: tuple[tuple[int, int], ...]


def outline_of(contents: Contents) -> Outline | None:
    """The outline of a message's shape. None where commands stand in others, or an answer is one by its text: a shape is tags."""
    commands = contents.commands
    if len(commands) > len(_PLACES) or any(isinstance(each, Group) for _, each in commands):
        return None
    if any(alert.correlator is not None for _, alert in contents.alerts):
        return None
    insides = Insides(contents)
    return Outline(
        places=_PLACES[: len(commands)],
        names=contents.names,
        alerts=tuple(place[0] for place, _ in contents.alerts),
        execs=tuple(place[0] for place, _ in contents.execs),
        answers=tuple(place[0] for place, _ in contents.answers),
        insides=(insides.extras, insides.more_data, insides.cred, insides.wrong_meta),
        addressed=tuple(
            (at, number)
            for at, (_, command) in enumerate(commands)
            for number, item in enumerate(command.items, 1)
            if item.target is not None or item.source is not None
        ),
    )


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
