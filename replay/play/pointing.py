"""What a recorded message answers, pointed at what the live peer really sent.

The peer's live message is laid beside its recorded one, command by command (name, targets, alert code and types; numbers mean
nothing). A recorded Status or Results then gets the MsgID and CmdID of the live counterpart of what it answered; one whose command
did not come is left out; a live command that nothing was recorded for gets a Status of the player's choice, in the place where the
order of commands has it (MDM 2.2.6.1). Both sides use it: to the device's player the peer is the server, to the server's player
the device.
"""

import difflib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from msgspec import Struct, field

from replay.compare.sequence import align
from replay.play.body import Part, child
from replay.syncml.model import Alert, Command, Exec, Item, Message, Status, Unknown
from replay.syncml.names import COMMANDS

#: Where a command stands in its message (`Message.walk`); SyncHdr where it is empty.
Place = tuple[int, ...]


class Answer(Struct, frozen=True):
    """A recorded answer: the command of that name at `place` in its message answers the one at `to` in the peer's message of
    `exchange`."""

    name: str
    place: Place
    exchange: int
    to: Place


class Heard(Struct):
    """A live message of the peer beside its recorded one: `counterparts` gives the live place of a recorded command; `order` counts
    the peer's messages, so that commands of several have one order. `answered` are the live places that have an answer by now."""

    message: Message
    order: int
    counterparts: dict[Place, Place] = field(default_factory=dict)
    answered: set[Place] = field(default_factory=set)

    def unknown(self) -> list[tuple[Place, Command]]:
        """The live commands that nothing was recorded for, those excepted that have an answer, in order."""
        known = set(self.counterparts.values()) | self.answered
        return [
            (place, each) for place, each in self.message.walk() if place not in known and not isinstance(each, Status)
        ]


class Pointed(Struct):
    """What became of a message's answers: those left out because their command did not come, and what was answered besides."""

    unused: list[Answer] = field(default_factory=list)
    added: list[Command] = field(default_factory=list)


def beside(recorded: Message | None, live: Message, order: int) -> Heard:
    """A live message beside the recorded one."""
    heard = Heard(live, order)
    if recorded is None:
        return heard
    one, other = list(_commands(recorded)), list(_commands(live))
    levels = [_level(key_of, one, other) for key_of in (_exact_key, command_key)]
    found = align(levels, (len(one), len(other)))
    for here, there in (*found.kept, *found.moved):
        heard.counterparts[one[here][0]] = other[there][0]
    return heard


def command_key(command: Command) -> Hashable:
    """What tells a command from others of its message: name, alert code, and targets and types of its items."""
    code = command.code if isinstance(command, Alert) else None
    return command.name, code, tuple(_item_key(item) for item in command.items)


def described(command: Command) -> str:
    """A command in words: its name, and what it addresses."""
    code = f" {command.code}" if isinstance(command, Alert) and command.code else ""
    uris = [uri for item in command.items if (uri := _uri(item))]
    more = f" and {len(uris) - 1} more" if len(uris) > 1 else ""
    return f"{command.name}{code}{' ' + uris[0] if uris else ''}{more}"


class Known:
    """The commands of a recording, each in words once, with the exchange that has it first: what a live command is most like."""

    def __init__(self, commands: Iterable[tuple[int, Command]]) -> None:
        self._commands: dict[str, tuple[int, Command]] = {}
        self._nearest: dict[str, tuple[str | None, int | None]] = {}
        for exchange, command in commands:
            self._commands.setdefault(described(command), (exchange, command))

    def nearest(self, command: Command) -> tuple[str | None, int | None]:
        """The recorded command that is most like a live one, in words, and its exchange: one of its name, else one of its target;
        None where there is neither."""
        wanted = described(command)
        if wanted not in self._nearest:
            self._nearest[wanted] = self._look(command, wanted)
        return self._nearest[wanted]

    def _look(self, command: Command, wanted: str) -> tuple[str | None, int | None]:
        matcher = difflib.SequenceMatcher(autojunk=False)
        matcher.set_seq2(wanted)
        best: tuple[tuple[bool, float], str, int] | None = None
        for words, (exchange, each) in self._commands.items():
            if each.name != command.name and not _uris(each) & _uris(command):
                continue
            matcher.set_seq1(words)
            weight = (each.name == command.name, matcher.ratio())
            if best is None or weight > best[0]:
                best = (weight, words, exchange)
        return (None, None) if best is None else best[1:]


def point(
    root: Part,
    answers: Sequence[Answer],
    heard: Mapping[int, Heard],
    *,
    unknown: str | None = None,
    owes_to: Heard | None,
) -> Pointed:
    """Points a recorded message's answers at the live commands in `heard` (by the number of the recorded exchange).

    With `unknown` (a Status code) every command of `owes_to`, the live message that this one answers, gets that Status where
    nothing was recorded for it.
    """
    body = child(root, "SyncBody")
    done = Pointed()
    if body is None:
        return done
    parts = [part for part in body.children if part.name in COMMANDS]
    kept: list[tuple[tuple[int, Place], Part]] = []
    for answer in answers:
        if len(answer.place) != 1 or answer.place[0] >= len(parts):
            continue  # an answer inside of Atomic, which no peer looks at: it is played as it was
        part = parts[answer.place[0]]
        live = heard.get(answer.exchange)
        place = () if not answer.to else live.counterparts.get(answer.to) if live else None
        if live is None or place is None:
            body.remove(part)
            done.unused.append(answer)
            continue
        _refer(part, live, place)
        live.answered.add(place)
        kept.append(((live.order, place), part))
    if unknown is not None and owes_to is not None:
        done.added = _answer_unknown(body, kept, owes_to, unknown)
    return done


def answers_of(message: Message, places: Mapping[Place, tuple[int, Place]]) -> list[Answer]:
    """The answers of a recorded message, from where each points to: the number of the exchange, and the place there."""
    return [Answer(command.name, place, *places[place]) for place, command in message.walk() if place in places]


def _commands(message: Message) -> Iterable[tuple[Place, Command]]:
    """Everything in a message that can be answered: all but Status."""
    return ((place, each) for place, each in message.walk() if not isinstance(each, Status))


_Commands = Sequence[tuple[Place, Command]]
_Key = Callable[[int], Hashable]


def _level(key_of: Callable[[Command], Hashable], one: _Commands, other: _Commands) -> tuple[_Key, _Key]:
    """Keys of both sides by their places."""
    return lambda place: key_of(one[place][1]), lambda place: key_of(other[place][1])


def _exact_key(command: Command) -> Hashable:
    return command_key(command), tuple((item.data, item.embedded) for item in command.items)


def _item_key(item: Item) -> Hashable:
    kind = item.meta.type.text.strip() if item.meta and item.meta.type else None
    return item.target.uri if item.target else None, item.source.uri if item.source else None, kind


def _uri(item: Item) -> str | None:
    return (item.target.uri if item.target else None) or (item.source.uri if item.source else None)


def _uris(command: Command) -> set[str]:
    return {uri for item in command.items if (uri := _uri(item))}


def _refer(part: Part, live: Heard, place: Place) -> None:
    """Writes the numbers of a live command into an answer."""
    command = next((each for where, each in live.message.walk() if where == place), None)
    numbers = {"MsgRef": live.message.header.msg_id or "", "CmdRef": "0" if not place else _cmd_id(command)}
    if part.name == "Alert":  # an asynchronous answer names the Exec's Correlator (DMRP 6.6.2)
        numbers = {"Correlator": command.correlator or ""} if isinstance(command, Exec) else {}
    for name, number in numbers.items():
        found = child(part, name)
        if found is not None:
            if found.text != number:
                found.say(number)
        elif (
            name == "MsgRef" and part.name == "Results" and number != "1"
        ):  # without it message 1 is meant (DMRP 6.6.12)
            part.insert(1, Unknown(name, "", number))


def _cmd_id(command: Command | None) -> str:
    return (command.cmd_id if command else None) or ""


def _answer_unknown(body: Part, kept: list[tuple[tuple[int, Place], Part]], owes_to: Heard, code: str) -> list[Command]:
    """Gives the unknown commands of a live message their Status, each behind the answer to the command before it."""
    added = []
    next_id = _free_id(body)
    for place, command in owes_to.unknown():
        mine = (owes_to.order, place)
        status = status_of(str(next_id), owes_to.message.header.msg_id or "", command, code)
        next_id += 1
        before = [part for order, part in kept if order < mine]
        parts = list(body.children)
        position = max((parts.index(part) for part in before), default=-1) + 1
        body.insert(position, status)
        kept.append((mine, list(body.children)[position]))
        owes_to.answered.add(place)
        added.append(command)
    return added


def status_of(cmd_id: str, msg_ref: str, command: Command, code: str) -> Unknown:
    """A Status for a command, as an element."""
    texts = (
        ("CmdID", cmd_id),
        ("MsgRef", msg_ref),
        ("CmdRef", command.cmd_id or ""),
        ("Cmd", command.name),
        ("Data", code),
    )
    return Unknown("Status", "", children=tuple(Unknown(name, "", text) for name, text in texts))


def _free_id(body: Part) -> int:
    """A CmdID that no command of the message has, nor any number above it."""
    used = [0]
    waiting = [part for part in body.children if part.name in COMMANDS]
    while waiting:
        part = waiting.pop()
        given = child(part, "CmdID")
        if given is not None and given.text.isdecimal() and len(given.text) < 10:
            used.append(int(given.text))
        waiting += [each for each in part.children if each.name in COMMANDS]
    return max(used) + 1
