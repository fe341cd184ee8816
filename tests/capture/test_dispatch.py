"""Quick events: what is called, in which order and with which faults, is what mitmproxy itself would call."""

import asyncio
import logging
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import exceptions, hooks, options
from mitmproxy.addonmanager import AddonManager

from replay.capture import dispatch
from replay.capture.dispatch import Dispatch

pytestmark = pytest.mark.mitmproxy
KINDS = ("none", "plain", "waits", "raises", "halts", "module")
TREES = st.recursive(
    st.sampled_from(KINDS), lambda inner: st.tuples(st.sampled_from(KINDS), st.lists(inner, max_size=3)), max_leaves=12
)


class Addon:
    """An addon that notes that it was called."""

    def __init__(self, name, kind, said, addons=()):
        self.name, self.said = name, said
        if addons:
            self.addons = list(addons)
        hook = {
            "plain": self.plain,
            "waits": self.waits,
            "raises": self.raises,
            "halts": self.halts,
            "module": ModuleType("update"),
        }.get(kind)
        if hook is not None:
            self.update = hook

    def plain(self, flows):
        self.said.append((self.name, tuple(flows)))

    async def waits(self, flows):
        await asyncio.sleep(0)
        self.plain(flows)

    def raises(self, flows):
        self.plain(flows)
        raise LookupError(self.name)

    def halts(self, flows):
        self.plain(flows)
        raise exceptions.AddonHalt


def built(tree, said, name="a"):
    kind, inner = tree if isinstance(tree, tuple) else (tree, [])
    return Addon(name, kind, said, [built(each, said, f"{name}.{number}") for number, each in enumerate(inner)])


def update(number=1):
    return hooks.UpdateHook([number])


class Logged(logging.Handler):
    """The texts that were logged as errors."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def with_manager(run):
    """Runs something with an addon manager, in a loop, and gives the errors that were logged."""
    logged = Logged()
    master = SimpleNamespace(options=options.Options(), commands=SimpleNamespace(collect_commands=lambda addon: None))
    logging.getLogger("mitmproxy.addonmanager").addHandler(logged)
    try:
        asyncio.run(run(AddonManager(master)))
    finally:
        logging.getLogger("mitmproxy.addonmanager").removeHandler(logged)
    return logged.texts


@given(st.lists(TREES, max_size=5))
def test_the_same_hooks_in_the_same_order_with_the_same_faults(trees):
    def called(quick):
        said = []

        async def run(manager):
            if quick:
                Dispatch(manager).start()
            manager.add(*(built(tree, said, str(number)) for number, tree in enumerate(trees)))
            for number in range(3):
                await manager.trigger_event(update(number))

        return said, with_manager(run)

    assert called(quick=True) == called(quick=False)


def test_addons_that_come_and_go_are_seen_at_once():
    said = []

    async def run(manager):
        Dispatch(manager).start()
        first, second, third = (Addon(name, "plain", said) for name in ("first", "second", "third"))
        manager.add(first)
        await manager.trigger_event(update(1))
        manager.add(second)
        await manager.trigger_event(update(2))
        manager.remove(first)
        await manager.trigger_event(update(3))
        manager.chain = [third, *manager.chain]
        await manager.trigger_event(update(4))

    assert with_manager(run) == []
    assert said == [
        ("first", (1,)),
        ("first", (2,)),
        ("second", (2,)),
        ("second", (3,)),
        ("third", (4,)),
        ("second", (4,)),
    ]


def test_an_addon_that_is_configured_may_have_changed():
    said = []

    async def run(manager):
        Dispatch(manager).start()
        parent = SimpleNamespace(name="parent", addons=[])
        manager.add(parent)
        await manager.trigger_event(update(1))
        parent.addons.append(Addon("child", "plain", said))
        manager.trigger(hooks.ConfigureHook(set()))
        await manager.trigger_event(update(2))

    assert with_manager(run) == []
    assert said == [("child", (2,))]


def test_an_addon_that_changes_by_itself_is_seen_within_a_second(monkeypatch):
    said, now = [], [100.0]
    monkeypatch.setattr(dispatch, "time", SimpleNamespace(monotonic=lambda: now[0]))

    async def run(manager):
        Dispatch(manager).start()
        parent = SimpleNamespace(name="parent", addons=[])
        manager.add(parent)
        await manager.trigger_event(update(1))
        parent.addons.append(Addon("child", "plain", said))
        await manager.trigger_event(update(2))
        now[0] += 1.01
        await manager.trigger_event(update(3))

    assert with_manager(run) == []
    assert said == [("child", (3,))]


def test_it_can_be_undone():
    async def run(manager):
        quick = Dispatch(manager)
        quick.start()
        assert manager.trigger_event == quick.trigger_event
        quick.stop()
        assert not {"trigger_event", "register", "remove", "trigger"} & set(vars(manager))

    assert with_manager(run) == []


def test_a_mitmproxy_that_is_built_otherwise_is_left_alone():
    other = SimpleNamespace(chain=[], trigger_event=None)
    with pytest.raises(AttributeError):
        Dispatch(other).start()
    assert vars(other) == {"chain": [], "trigger_event": None}
