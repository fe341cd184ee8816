"""The rows of a sequence, in order of time: what a drawing shows, without any geometry."""

from typing import Final

from msgspec import Struct

from replay.report.html.marks import Mark

DEVICE: Final = "device"
PROXY: Final = "proxy"
SERVER: Final = "server"


class Row(Struct, kw_only=True):
    """One row. `kind` says how it is drawn; `label` is always shown, `detail` where there is room. An arrow goes from lane `begin`
    to lane `end`, a mark stands on `begin`; `weight` is what is special about it. `clock` is when, on the steady clock (None in
    a capture without one), `until` where a stretch of time ends."""

    kind: str
    clock: float | None = None
    label: str = ""
    detail: str = ""
    begin: str = DEVICE
    end: str = SERVER
    weight: str = ""
    exchange: int | None = None
    side: str = ""
    marks: tuple[Mark, ...] = ()
    until: float | None = None
