"""How like two exchanges or sessions are, by the commands in them: what tells which belongs to which when none is equal."""

from collections import Counter
from collections.abc import Hashable, Iterator

from replay.compare.views import ExchangeView, MessageView, SessionView
from replay.syncml.model import Alert, Command, Item, Message, Status

#: Exchanges less alike than this are not the same one changed.
_EXCHANGE = 0.25
#: Sessions of one role less alike than this are not the same one changed; of two roles.
_SESSION, _OTHER_ROLE = 0.2, 0.3


class Features:
    """What exchanges and sessions consist of, worked out once each, and only where they are not equal to another."""

    def __init__(self) -> None:
        self._of: dict[int, Counter[Hashable]] = {}

    def of_exchange(self, view: ExchangeView) -> "Counter[Hashable]":
        """The commands of both sides, by name, targets, alert code and type."""
        key = id(view)
        if key not in self._of:
            self._of[key] = Counter(feature for side in view.sides for feature in _of_message(side))
        return self._of[key]

    def of_session(self, view: SessionView) -> "Counter[Hashable]":
        """The same of all of its exchanges."""
        key = id(view)
        if key not in self._of:
            self._of[key] = sum((self.of_exchange(each) for each in view.exchanges), Counter())
        return self._of[key]

    def sketch(self, view: ExchangeView | SessionView) -> Hashable:
        """What is the same for two that consist of the same commands, whatever is in them."""
        if isinstance(view, SessionView):
            return view.role, frozenset(self.of_session(view).items())
        return frozenset(self.of_exchange(view).items())

    def exchanges(self, one: ExchangeView, other: ExchangeView) -> float:
        """How like two exchanges are; 0 where they are not the same one changed."""
        found = share(self.of_exchange(one), self.of_exchange(other))
        return found if found >= _EXCHANGE else 0.0

    def sessions(self, one: SessionView, other: SessionView) -> float:
        """How like two sessions are; 0 where they are not the same one changed. Those of one role go before others."""
        found = share(self.of_session(one), self.of_session(other))
        if one.role == other.role:
            return (found + 1) / 2 if found >= _SESSION else 0.0
        return found / 2 if found >= _OTHER_ROLE else 0.0


def share(one: "Counter[Hashable]", other: "Counter[Hashable]") -> float:
    """How much of two countings is the same, from 0 to 1."""
    both = sum((one & other).values())
    return 2 * both / max(1, sum(one.values()) + sum(other.values()))


def _of_message(side: MessageView) -> Iterator[Hashable]:
    if not side.there:
        return
    yield side.side
    if side.problem is not None:
        yield side.side, "unreadable"
    if side.message is not None:
        for feature in _of_commands(side.message):
            yield side.side, feature


def _of_commands(message: Message) -> Iterator[Hashable]:
    for place, command in message.walk():
        yield len(place), command.name, _about(command), tuple(map(_of_item, command.items))


def _about(command: Command) -> Hashable:
    if isinstance(command, Alert):
        return command.code
    return command.cmd if isinstance(command, Status) else None


def _of_item(item: Item) -> Hashable:
    address = item.target or item.source
    return address.uri if address else None, item.meta.type.text if item.meta and item.meta.type else None
