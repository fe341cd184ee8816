"""What several rules ask of the server's Exec Unenroll: every one that it sent, the ProviderID in its target, and one finding for
what it does wrong again and again."""

import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote

import msgspec

from replay.capture.references import RESPONSE
from replay.expect.case import Case, Rule, Said
from replay.expect.finding import Finding
from replay.syncml.model import Item
from replay.syncml.unenrol import is_unenroll_node

_PROVIDER: Final = re.compile(r"(?:^|/)DMClient/Provider/([^/]*)/Unenroll/?$")
#: What documents and samples write where a ProviderID belongs: ProviderID, {ProviderID}, <provider-id>, %PROVIDER_ID%, {id}, ...
_PLACEHOLDER: Final = re.compile(
    r"[\W_]*(?:your|the)?[\W_]*provider[\W_]*(?:id|name)[\W_]*|\W+(?:id|name|provider|server)\W+|\.{2,}|…",
    re.IGNORECASE,
)


class ExecSent(msgspec.Struct, frozen=True):
    """An Exec Unenroll as a server sent it: where, and the item (numbered from 1) that addresses the node."""

    said: Said
    place: tuple[int, ...]
    item: Item
    number: int
    target: str

    @property
    def provider(self) -> str | None:
        """The ProviderID in the target as it is written there; None for `DMClient/Unenroll`, which names none."""
        found = _PROVIDER.search(self.target)
        return found[1] if found else None

    @property
    def has_placeholder(self) -> bool:
        """Whether the ProviderID in the target, encoded or not, is what documents write in its place."""
        return self.provider is not None and bool(_PLACEHOLDER.fullmatch(unquote(self.provider)))


def on_every_exec(
    case: Case, rule: Rule, mistake: Callable[[ExecSent], str | None], *below_item: str
) -> Iterator[Finding]:
    """A rule's findings on every Exec Unenroll that a server sent, one in its answer to the alert too. What is wrong in the same
    way again, in the same enrolment, is one finding, on the first. They show what is `below_item`, or the Exec where nothing is."""
    alike: dict[tuple[int | None, str], list[ExecSent]] = {}
    for sent in _sent(case):
        message = mistake(sent)
        if message is not None:
            session = sent.said.session
            alike.setdefault((session.enrolment.number if session else None, message), []).append(sent)
    for (_, message), all_sent in alike.items():
        sent = all_sent[0]
        tail: tuple[str | tuple[str, int], ...] = (("Item", sent.number), *below_item) if below_item else ()
        again = f"; {len(all_sent)} times in all" if len(all_sent) > 1 else ""
        yield sent.said.finding(rule, message + again, places=sent.place, tail=tail)


def _sent(case: Case) -> Iterator[ExecSent]:
    for said in case.said:
        if said.side != RESPONSE:
            continue
        for place, command in said.contents.execs:
            for number, item in enumerate(command.items, 1):
                target = item.target.uri if item.target else None
                if target is not None and is_unenroll_node(target):
                    yield ExecSent(said, place, item, number, target)
