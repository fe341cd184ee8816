"""Makes mitmproxy's events cheap while the recorder runs, by more than the recorder itself costs.

At every event mitmproxy asks each of its forty addons, and whatever these hold, for a hook of that name; that is about half of
all it does for an exchange. `Dispatch` keeps what was found. It looks again whenever mitmproxy loads, removes or configures an
addon, and every second, so that one that changes by itself is seen too.
"""

import inspect
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mitmproxy.addonmanager import AddonManager
    from mitmproxy.hooks import Hook

_AGAIN_AFTER: Final = 1.0
#: What changes an addon manager's addons or their options.
_CHANGES: Final = ("register", "remove", "trigger")


class Dispatch:
    """Stands in for `trigger_event` of an addon manager: the same hooks, in the same order, with the same faults."""

    def __init__(self, manager: "AddonManager") -> None:
        self._manager = manager
        self._found: dict[str, list[list[Callable[..., Any]]]] = {}
        self._chain: list[Any] = []
        self._since = 0.0

    def start(self) -> None:
        """From now on events go this way. Raises AttributeError where this mitmproxy is built otherwise."""
        _ = self._manager._iter_hooks, self._manager.chain, self._manager.trigger_event
        for name in _CHANGES:
            setattr(self._manager, name, self._and_look_again(getattr(self._manager, name)))
        setattr(self._manager, "trigger_event", self.trigger_event)  # noqa: B010 - mypy knows it for a method

    def stop(self) -> None:
        """Events go mitmproxy's own way again."""
        for name in (*_CHANGES, "trigger_event"):
            self._manager.__dict__.pop(name, None)

    async def trigger_event(self, event: "Hook") -> None:
        """What `AddonManager.trigger_event` does."""
        from mitmproxy.addonmanager import safecall
        from mitmproxy.exceptions import AddonHalt

        found = self._hooks(event)
        args = event.args() if found else ()
        for hooks in found:
            try:
                with safecall():
                    for hook in hooks:
                        result = hook(*args)
                        if result is not None and inspect.isawaitable(result):
                            await result
            except AddonHalt:
                return

    def _hooks(self, event: "Hook") -> list[list[Callable[..., Any]]]:
        """The hooks for an event, addon by addon; addons without any are left out."""
        chain, now = self._manager.chain, time.monotonic()
        if chain is not self._chain or now - self._since > _AGAIN_AFTER:
            self._found, self._chain, self._since = {}, chain, now
        found = self._found.get(event.name)
        if found is None:
            every = ([hook for _, hook in self._manager._iter_hooks(addon, event)] for addon in chain)
            found = self._found[event.name] = [hooks for hooks in every if hooks]
        return found

    def _and_look_again(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any) -> Any:
            try:
                return change(*args)
            finally:
                self._found = {}

        return changed
