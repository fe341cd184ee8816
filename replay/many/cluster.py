"""A cluster as a place where captures are judged: a scheduler of dask.distributed, through its interface of an executor."""

import contextlib
import re
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Final

from replay.capture.remote import EXTRA
from replay.version import __version__

if TYPE_CHECKING:
    from types import TracebackType

_ADDRESS: Final = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx)://)?[^/\s]+:[0-9]{1,5}")
#: Captures in hand at a time: enough for a scheduler to keep its workers busy, also those that come later.
_WIDTH: Final = 512
#: Seconds that a scheduler, and then its first worker, is waited for.
_PATIENCE: Final = 30


class ClusterError(Exception):
    """A cluster that cannot be used: says what is wrong, and what to do."""


class Cluster:
    """A scheduler at an address (`tcp://host:8786`). Raises ClusterError where nothing can be judged there."""

    width = _WIDTH

    def __init__(self, address: str) -> None:
        if not _ADDRESS.fullmatch(address):
            raise ClusterError(f"{address}: is no address of a scheduler, such as tcp://host:8786")
        try:
            from distributed import Client, KilledWorker
        except ImportError:
            raise ClusterError(f"dask.distributed, which --dask needs, is not installed: {EXTRA}") from None
        try:
            self._client: Any = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                f"{address}: there is no scheduler: {error}; start one with dask scheduler, and name the address that it prints"
            ) from None
        try:
            self._see_to_workers(address)
        except BaseException:
            self._client.close()
            raise
        self.died: tuple[type[Exception], ...] = (
            KilledWorker,
        )  # after several attempts; its neighbours may be blamed too
        self._executor: Executor = self._client.get_executor(pure=False)

    def _see_to_workers(self, address: str) -> None:
        """Waits for a worker, and looks that all of them are of this version: two versions would judge differently."""
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise ClusterError(
                f"{address}: the scheduler has no workers; start them with dask worker {address}"
            ) from None
        try:
            versions = self._client.run(version)
        except Exception as error:  # noqa: BLE001 - whatever a worker without this package says
            raise ClusterError(
                f"{address}: a worker cannot do the work: {type(error).__name__}: {error}; install omadm-replay {__version__} there"
            ) from None
        other = {where: what for where, what in versions.items() if what != __version__}
        if other:
            told = ", ".join(f"{where} has {what}" for where, what in sorted(other.items()))
            raise ClusterError(f"{address}: {told}; install omadm-replay {__version__} there")

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self._executor.shutdown(wait=False)
        self._client.close()

    def executor(self) -> Executor:
        """The executor."""
        return self._executor

    def broke(self) -> None:
        """Nothing is to be done: a scheduler gives what a dead worker had in hand to another one by itself."""

    def alone(self) -> contextlib.AbstractContextManager[Executor]:
        """The same: whether a capture has a process to itself, the scheduler decides."""
        return contextlib.nullcontext(self._executor)


def version() -> str:
    """The version of this package, asked of every worker."""
    return __version__
