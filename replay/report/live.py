"""What goes on while it is recorded: lines for a pipe, a table for a terminal. Texts from captures are made safe to print."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from replay.capture.times import iso
from replay.expect.live import PENDING, EpisodeState, Look, SessionState
from replay.expect.phases import Phase
from replay.report.safe import visible

if TYPE_CHECKING:
    from rich.table import Table

#: The table shows the newest sessions only.
_SESSIONS_SHOWN: Final = 12
_COLOURS: Final = {"pass": "green", "fail": "red", "error": "red", "inconclusive": "yellow", PENDING: "cyan"}
#: In a pipe the silence is said again when so many parts of the quiet time have passed.
_PARTS: Final = 4


class LiveLines:
    """The lines for a pipe: each says something that the lines before it did not."""

    def __init__(self) -> None:
        self._sessions: dict[int, tuple[str, ...]] = {}
        self._episodes: dict[float, tuple[object, ...]] = {}

    def changes(self, look: Look) -> Iterator[str]:
        """What has changed since the last look: new sessions and roles, and episodes that went on."""
        for session in look.sessions:
            if self._sessions.get(session.key) != session.roles:
                self._sessions[session.key] = session.roles
                yield f"{_clock(session.at.wall if session.at else None)} {session_line(session)}"
        for episode in look.episodes:
            part = int(_PARTS * (episode.silent or 0.0) / episode.quiet) if episode.quiet else 0
            now = (
                episode.state,
                episode.failed,
                episode.answered,
                episode.alert and episode.alert.status,
                min(part, _PARTS),
            )
            if self._episodes.get(episode.key) != now:
                self._episodes[episode.key] = now
                yield f"unenrolment of {visible(str(episode.device))} ({episode.scenario}): {episode_line(episode)}"
        self._forget(look)

    def _forget(self, look: Look) -> None:
        """Lets go of what is long past, and so in no look any more."""
        sessions, episodes = {each.key for each in look.sessions}, {each.key for each in look.episodes}
        self._sessions = {key: said for key, said in self._sessions.items() if key in sessions}
        self._episodes = {key: said for key, said in self._episodes.items() if key in episodes}


def session_line(session: SessionState) -> str:
    """A session in one line."""
    what = f"SessionID {visible(str(session.session_id))}: {'+'.join(session.roles)}"
    return f"{what}, device {visible(str(session.device))} at {visible(session.server)}"


def episode_line(episode: EpisodeState) -> str:
    """An episode's state in one line, such as `alert sent 12:03:01, answered 200, silent for 43 of 60 s, pending`."""
    parts = []
    if episode.trigger is not None and episode.trigger.at is not None:
        parts.append(f"Exec sent {_at(episode.trigger)}")
    if episode.alert is not None and episode.alert.status == "observed":
        parts.append(f"alert sent {_at(episode.alert)}")
        parts.append(_answer(episode))
    else:
        parts.append("no alert yet" if not episode.decided else "no alert came")
    if episode.silent is not None:
        parts.append(f"silent for {min(episode.silent, episode.quiet):.0f} of {episode.quiet:g} s")
    elif episode.scenario == "unjoin-failed":
        parts.append("the enrolment stays, no silence is due")
    else:
        parts.append("the silence was broken")
    if episode.failed:
        parts.append(f"breaks {', '.join(episode.failed)}")
    return ", ".join([*parts, episode.state])


def _answer(episode: EpisodeState) -> str:
    if episode.answered is not None:
        return f"answered {episode.answered}"
    reply = episode.reply.detail.partition(";")[0] if episode.reply else ""
    return f"no answer ({visible(reply)})" if reply else "no answer"


def _at(phase: Phase) -> str:
    return _clock(phase.at.wall if phase.at else None)


def _clock(wall: float | None) -> str:
    """The time of day in UTC, as the report writes it, to the second."""
    return iso(wall).partition("T")[2].partition(".")[0] + "Z" if wall is not None else "--:--:--"


def live_table(look: Look, journal: str) -> "Table":
    """The table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{look.exchanges} exchanges into {visible(journal)}"), title_justify="left", expand=True)
    for name in ("time", "session", "device", "exchanges", "what"):
        table.add_column(name, overflow="fold" if name in ("device", "what") else "ellipsis")
    hidden = len(look.sessions) - _SESSIONS_SHOWN
    if hidden > 0:
        table.add_row("", Text(f"({hidden} more before)"), "", "", "")
    for session in look.sessions[-_SESSIONS_SHOWN:]:
        at = _clock(session.at.wall if session.at else None)
        cells = (at, str(session.session_id), str(session.device), str(session.exchanges), "+".join(session.roles))
        table.add_row(*(Text(visible(cell)) for cell in cells))
    for episode in look.episodes:
        style = "red" if episode.failed else _COLOURS.get(episode.state, "")
        what = Text(episode_line(episode), style=style)
        table.add_row("", Text("unenrolment"), Text(visible(str(episode.device))), Text(episode.scenario), what)
    return table
