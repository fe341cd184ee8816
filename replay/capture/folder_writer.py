"""A capture as a folder of messages: `NN_request.xml`, `NN_response.wbxml`, and `.headers` with first line and headers beside
them.

A folder has the messages and nothing else: no times (silence is unobservable in it), no connections, no failures, and not who
made a response.
"""

from pathlib import Path

from replay.capture.exchange import Capture, CaptureError, Exchange, Headers
from replay.capture.losses import Losses
from replay.capture.single import message_files
from replay.syncml.read import looks_like_wbxml


def check_place(folder: Path, *, force: bool = False) -> None:
    """Raises CaptureError where the folder is there, is not empty, and may not be replaced."""
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise CaptureError(f"{folder}: is there already and is not empty; choose another folder, or give --force")


def write(capture: Capture, folder: Path, *, force: bool = False) -> list[str]:
    """Writes a folder, two files a message. Gives what it does not carry, in words. With `force` the messages of a folder that
    is there already are replaced, and its other files are left alone.

    Raises CaptureError where the folder is there, is not empty, and may not be replaced; OSError where something cannot be
    written.
    """
    losses = Losses(capture)
    losses.of_recording("a folder of messages")
    check_place(folder, force=force)
    folder.mkdir(parents=True, exist_ok=True)
    for file in message_files(folder):
        file.unlink()
    width = max(2, len(str(len(capture.exchanges))))
    for number, exchange in enumerate(capture.exchanges, 1):
        _write_exchange(exchange, folder, f"{number:0{width}}", losses)
    if capture.stretches:
        losses.count("all times, and so whether there was silence")
    return losses.said()


def _write_exchange(exchange: Exchange, folder: Path, key: str, losses: Losses) -> None:
    failure, response = exchange.failure, exchange.response
    known = (exchange.body, exchange.method, exchange.url, exchange.headers or None)
    bare = response is not None and all(each is None for each in known)
    if not bare:  # a response alone has no request
        words = (exchange.method or "POST", exchange.url, exchange.http)
        _write(
            folder / f"{key}_request",
            " ".join(_line(word) for word in words if word),
            exchange.headers,
            exchange.body,
            losses,
        )
    if response is not None:
        http = _line(response.http) if response.http.startswith("HTTP/") else "HTTP/1.1"
        first = f"{http} {response.status:03} {_line(response.reason)}".rstrip()
        _write(folder / f"{key}_response", first, response.headers, response.body, losses)
        losses.count("that a response was made by the proxy: it looks like the server's", response.by != "server")
    if failure is not None:
        losses.count(f"failures of the cause {failure.cause}")


def _write(place: Path, first: str, headers: Headers, body: bytes | None, losses: Losses) -> None:
    lines = [first]
    for name, value in headers:
        if ":" in name or (_line(name), _line(value)) != (name, value):
            losses.count("line ends and colons in headers, where they cannot stand")
        lines.append(f"{_line(name).replace(':', '')}: {_line(value)}")
    place.with_suffix(".headers").write_bytes("".join(f"{line}\n" for line in lines).encode())
    if body is not None:
        place.with_suffix(".wbxml" if looks_like_wbxml(body) else ".xml").write_bytes(body)


def _line(text: str) -> str:
    """Text that keeps to its line."""
    return text.replace("\r", " ").replace("\n", " ").strip()
