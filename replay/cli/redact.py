"""`omadm redact`: a capture that can be given away."""

import os
from pathlib import Path

import click

from replay.capture.access import cannot_be_read, cannot_be_written
from replay.capture.exchange import Capture, CaptureError
from replay.cli.convert import carry_over, from_one_to_another
from replay.cli.exits import say, stop
from replay.normal.redact import Redactor
from replay.normal.redact_bodies import RedactionError
from replay.normal.redact_map import dumps, loads
from replay.normal.redact_table import Entry


@click.command("redact")
@from_one_to_another
@click.option("--keep", "patterns", multiple=True, metavar="PATTERN", help="Leave what PATTERN matches: what it names (server, "
              "user, address, ...), a place (SyncHdr/Source/LocURI, ./DevDetail/*), or a value; repeatable.")  # fmt: skip
@click.option("--map", "map_file", metavar="FILE", help="Take pseudonyms from FILE, and write the new ones there: captures with "
              "one map can be compared. It holds the secrets: keep it to yourself.")  # fmt: skip
def command(
    source: str, out: str, form: str | None, force: bool, patterns: tuple[str, ...], map_file: str | None
) -> None:
    """Write the capture IN to OUT with secrets and identities replaced by stable pseudonyms.

    The same value has the same pseudonym wherever it stands and however it is coded there, as long as itself: so OUT is judged and
    compared as IN is. Credentials, tokens, nonces, certificates, and what names devices, users, servers and addresses go; the
    nodes of the tree, types, codes and the paths of URLs stay. OUT's ending tells its format, as in `omadm convert`.

    PATTERN is a shell pattern, in either case. A value that is left anywhere is left everywhere.

    Exit codes: 0 written, 2 IN cannot be read or redacted, OUT cannot be written or is there already, or a usage error.
    """
    redactor = Redactor(keep=patterns, known=_known(map_file))

    def redacted(capture: Capture) -> Capture:
        try:
            made = redactor.capture(capture)
        except RedactionError as error:
            raise CaptureError(f"{source}: {error}") from None
        if map_file is not None:
            _write_map(Path(map_file), redactor.entries())
        return made

    carry_over(source, out, form, force=force, change=redacted)
    said = ", ".join(f"{role} {count}" for role, count in sorted(redactor.counts.items()))
    say([f"{out}: replaced: {said or 'nothing'}"])
    if redactor.dropped:
        say(
            [f"{out}: lost: all but method, URL and status of exchanges that are not OMA DM ({redactor.dropped} times)"]
        )
    say([f"--keep {pattern}: matches nothing in {source}" for pattern in redactor.unused])


def _known(map_file: str | None) -> list[Entry]:
    """The entries of a map; none where it is not there yet."""
    if map_file is None:
        return []
    try:
        return loads(Path(map_file).read_bytes())
    except FileNotFoundError:
        return []
    except OSError as error:
        stop(cannot_be_read(map_file, error))
    except ValueError as error:
        stop(f"{map_file}: is no map of a redaction: {error}. Choose another file.")


def _write_map(place: Path, entries: list[Entry]) -> None:
    """Writes a map beside its place and moves it there, for its owner's eyes alone."""
    part = place.with_name(f"{place.name}.part-{os.getpid()}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(dumps(entries))
        part.replace(place)
    except OSError as error:
        raise CaptureError(cannot_be_written(place, error)) from None
    finally:
        part.unlink(missing_ok=True)
