"""The commands of two messages that belong together, aligned on their keys: name, targets, alert code and type, and reference."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct, structs

from replay.compare.sequence import Alignment, align, rows
from replay.compare.shapes import Mark, digest_of, is_answer, leaf, shape_of
from replay.compare.views import MessageView, Target
from replay.normal.leaves import steps
from replay.normal.nodes import Node
from replay.syncml.model import Command, Group, Results, Status
from replay.syncml.names import COMMANDS

#: What two commands of one name are alike at least: between two neighbours they are one that changed (contract).
_SAME_NAME: Final = 0.01


class CommandView(Struct, dict=True):
    """A command: its element, the element without the commands in it, where it stands, and what it answers where it is a Status
    or Results. `answered` is how it is answered itself: how many turns later, and with which status (None: Results); of commands
    that are the same to the letter that tells which is which."""

    node: Node
    own: Node
    path: str
    place: tuple[int, ...]
    answers: bool
    target: Target | None
    inner: "list[CommandView]"
    answered: tuple[tuple[int, str | None], ...] = ()

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.name

    @cached_property
    def shaped(self) -> tuple[bytes, tuple[Mark, ...]]:
        """Its digest, apart from aliases and references, and the aliases in it."""
        return shape_of(self.node)

    @cached_property
    def key(self) -> Hashable:
        """Its name, and the targets, alert code and types by which people tell one from the other."""
        code = leaf(self.node, "Data") if self.name == "Alert" else None
        return (
            self.name,
            code,
            leaf(self.node, "Cmd"),
            tuple(_keys_of_items(self.node)),
            tuple(each.key for each in self.inner),
        )

    @cached_property
    def features(self) -> frozenset[Hashable]:
        """What makes it like another of its name."""
        return frozenset((*_keys_of_items(self.node), *(shape_of(child)[0] for child in self.node.children)))

    @property
    def uri(self) -> str:
        """The LocURI of its first item, empty where there is none."""
        return next(filter(None, map(uri_of, self.node.children)), "")


class CommandPair(Struct, frozen=True):
    """A command beside its counterpart; `moved` where it stands elsewhere there. `depth` is how deep it is in groups."""

    one: CommandView | None
    other: CommandView | None
    moved: bool
    depth: int


class Anatomy(Struct, frozen=True):
    """A message: its root without header and body, these, and its commands."""

    root: Node
    header: Node | None
    body: Node | None
    commands: tuple[Command, ...]

    @classmethod
    def of(cls, side: MessageView) -> "Anatomy | None":
        """The parts of a message, which stand in this order before anything unknown; None where there is none."""
        if side.node is None or side.message is None:
            return None
        children = list(side.node.children)
        header = children.pop(0) if side.message.has_header else None
        body = children.pop(0) if side.message.has_body else None
        return cls(structs.replace(side.node, children=tuple(children)), header, body, side.message.commands)


#: What stands for the command that an answer refers to, the same for counterparts of both sides. The second argument says
#: whether the answer is the second side's.
Identify = Callable[[Target | None, bool], Hashable]


def commands_of(view: MessageView) -> list[CommandView]:
    """The commands of a message, those in groups within them."""
    anatomy = Anatomy.of(view)
    if anatomy is None or anatomy.body is None:
        return []
    return list(_commands(anatomy.body, anatomy.commands, "SyncBody", (), iter(view.targets)))


def _commands(
    parent: Node, commands: Sequence[Command], path: str, above: tuple[int, ...], targets: Iterator[Target | None]
) -> Iterator[CommandView]:
    """Elements and values side by side: both have the commands in the same order, before anything unknown."""
    children = [(child, step) for child, step in zip(parent.children, steps(parent.children), strict=True)]
    elements = [pair for pair in children if pair[0].name in COMMANDS]
    for number, (command, (node, step)) in enumerate(zip(commands, elements, strict=False)):
        place, here = (*above, number), f"{path}/{step}"
        answers = isinstance(command, (Status, Results))
        target = next(targets, None) if answers else None
        inner = list(_commands(node, command.commands, here, place, targets)) if isinstance(command, Group) else []
        inside = {id(each.node) for each in inner}
        own = structs.replace(
            node, children=tuple(child for child in node.children if not is_answer(child) and id(child) not in inside)
        )
        yield CommandView(node, own, here, place, answers, target, inner)


def align_commands(one: list[CommandView], other: list[CommandView], identify: Identify) -> list[CommandPair]:
    """The commands of two messages beside each other, in the order of the first; those in groups follow their group."""
    pairs = list(_aligned(one, other, identify, 0))
    return _between_levels(pairs, identify)


def _aligned(one: list[CommandView], other: list[CommandView], identify: Identify, depth: int) -> Iterator[CommandPair]:
    alignment = _align(one, other, identify)
    moved = set(alignment.moved)
    for here, there in rows(alignment, (len(one), len(other))):
        first = one[here] if here is not None else None
        second = other[there] if there is not None else None
        yield CommandPair(first, second, (here, there) in moved, depth)
        if first is not None and second is not None and (first.inner or second.inner):
            yield from _aligned(first.inner, second.inner, identify, depth + 1)


def _align(one: list[CommandView], other: list[CommandView], identify: Identify) -> Alignment:
    ids = [[identify(each.target, second) for each in side] for side, second in ((one, False), (other, True))]

    def likeness(here: int, there: int) -> float:
        first, second = one[here], other[there]
        if first.name != second.name:
            return 0.0
        same = len(first.features & second.features) + (first.answers and ids[0][here] == ids[1][there])
        return _SAME_NAME + 0.9 * same / (len(first.features | second.features) + 1)

    exact = lambda place: (one[place].shaped[0], ids[0][place]), lambda place: (other[place].shaped[0], ids[1][place])
    answered = (
        lambda place: (*exact[0](place), one[place].answered),
        lambda place: (*exact[1](place), other[place].answered),
    )
    loose = lambda place: (one[place].key, ids[0][place]), lambda place: (other[place].key, ids[1][place])
    mine, theirs = (
        digest_of(*((each.shaped[0], each.target, each.answered) for each in side)) for side in (one, other)
    )
    return align([answered, exact, loose], (len(one), len(other)), likeness, order=(mine, theirs))


def _between_levels(pairs: list[CommandPair], identify: Identify) -> list[CommandPair]:
    """Commands that went into a group, or out of one: moved, whatever becomes of the group. What is in a group that is missing, and
    in one that came, has moved with none."""
    removed = _left_over([pair.one for pair in pairs if pair.other is None], identify, second=False)
    added = _left_over([pair.other for pair in pairs if pair.one is None], identify, second=True)
    beside = [(removed[key], added[key]) for key in removed if key in added]
    went = [(each, there) for (each, inside), (there, inside_there) in beside if not (inside and inside_there)]
    along = {id(each) for pair in went for group in pair for each in _within(group)}
    moved = {id(each): (each, there) for each, there in went if not along & {id(each), id(there)}}
    arrived = {id(there) for _, there in moved.values()}
    found: list[CommandPair] = []
    for pair in pairs:
        if id(pair.one) in moved:
            found += _moved(*moved.pop(id(pair.one)), identify, pair.depth)
        elif id(pair.other) not in arrived:
            found.append(pair)
    return found + [pair for each in moved.values() for pair in _moved(*each, identify, 1)]


def _moved(one: CommandView, other: CommandView, identify: Identify, depth: int) -> Iterator[CommandPair]:
    """A command that moved, and behind it what is in it."""
    yield CommandPair(one, other, True, depth)
    yield from _aligned(one.inner, other.inner, identify, depth + 1)


def _left_over(
    alone: Iterable[CommandView | None], identify: Identify, *, second: bool
) -> dict[Hashable, tuple[CommandView, bool]]:
    """What is alone on one side, and what is in it, by digest and what it answers; and whether it is inside."""
    found: dict[Hashable, tuple[CommandView, bool]] = {}
    for command in filter(None, alone):
        for each in (command, *_within(command)):
            found.setdefault((each.shaped[0], identify(each.target, second)), (each, each is not command))
    return found


def _within(command: CommandView) -> Iterator[CommandView]:
    for each in command.inner:
        yield each
        yield from _within(each)


def _keys_of_items(node: Node) -> Iterator[Hashable]:
    """The LocURI and type of a command and of each item."""
    if (kind := leaf(node, "Meta", "Type")) is not None:
        yield "", kind
    for child in node.children:
        if child.name == "Item":
            yield uri_of(child), leaf(child, "Meta", "Type")


def uri_of(item: Node) -> str | None:
    """The LocURI of an item: its Target's, else its Source's; None where it has none."""
    for side in ("Target", "Source"):
        uri = leaf(item, side, "LocURI")
        if uri is not None:
            return uri
    return None
