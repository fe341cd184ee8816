"""Content codings undone (HTTP 8.4: gzip, deflate, br, zstd), within bounds.

A few bytes can stand for any number of others. What comes out is counted while it comes, and no more than MOST is ever made of a
body; beyond that, and where a body is not coded as it says, it is kept as it came.
"""

import importlib
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Final

#: Bytes that may come out of one body: devices take messages of some hundred kilobytes (MaxMsgSize).
MOST: Final = 64 << 20
#: Bytes that the Brotli decoder may make at a time.
_STEP_OF_BROTLI: Final = 1 << 20
#: Coded bytes that are given to zlib at a time: it copies what is left of them behind each member, of which there may be many. They
#: become 4 MiB at the very most.
_BITE_OF_GZIP: Final = 4096
#: Coded bytes that are given to the Zstandard decoder at a time, which cannot be told how much it may make: at the very most
#: 128 KiB of four.
_BITE_OF_ZSTD: Final = 1024
_GZIP, _ZLIB, _BARE = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS


class CodingError(ValueError):
    """A body whose coding cannot be undone: says why."""


class TooLargeError(CodingError):
    """A body of which more comes out than may."""


def undone(content: bytes, coding: str) -> bytes:
    """A body without its content coding.

    Raises CodingError where the coding is unknown, or the body is not coded so or breaks off; TooLargeError where it grows too
    large.
    """
    name = coding.strip().lower()
    undo = _CODINGS.get(name)
    if undo is None:
        raise CodingError(f"the content coding {name[:40]!r}, which is not known here")
    return undo(content) if content else content


def undone_up_to_the_cut(content: bytes, coding: str) -> bytes:
    """What came of a body that broke off, as far as gzip and deflate can be undone; else, and beyond MOST, as it came."""
    if coding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return content
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: by its head, as gzip or as zlib
    try:
        made = decoder.decompress(content, MOST)
    except zlib.error:
        return content
    return content if decoder.unconsumed_tail else made


def _joined(pieces: Iterable[bytes]) -> bytes:
    """The pieces as one, as long as they are no more than may be."""
    made, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > MOST:
            raise TooLargeError(f"a body that grows to more than {MOST >> 20} MiB, which no OMA DM message is")
        made.append(piece)
    return b"".join(made)


def _inflated(content: bytes, form: int) -> Iterable[bytes]:
    """What is in the members, one after the other; what follows the last one is passed over."""
    at = 0
    while True:
        decoder = zlib.decompressobj(form)
        while not decoder.eof:
            if at == len(content):
                raise CodingError("it breaks off")
            bite = content[at : at + _BITE_OF_GZIP]
            at += len(bite)
            yield decoder.decompress(bite)
        at -= len(decoder.unused_data)
        if form != _GZIP or not content.startswith(b"\x1f\x8b", at):
            return


def _gzip(content: bytes) -> bytes:
    try:
        return _joined(_inflated(content, _GZIP))
    except zlib.error as error:
        raise CodingError(str(error)) from None


def _deflate(content: bytes) -> bytes:
    """With a head, as it should be, or bare, as some servers send it."""
    for form in (_ZLIB, _BARE):
        try:
            return _joined(_inflated(content, form))
        except zlib.error as error:
            said = str(error)
    raise CodingError(said)


def _brotli(content: bytes) -> bytes:
    # not `brotli`: every release that mitmproxy allows can be made to write past its buffer (CVE-2026-111497)
    brotli: Any = importlib.import_module("brotlicffi")  # without types
    decoder = brotli.Decompressor()
    try:
        made = _joined(_unpacked(content, decoder))
    except brotli.error as error:
        raise CodingError(f"no Brotli: {error}") from None
    if not decoder.is_finished():
        raise CodingError("it breaks off")
    return made


def _unpacked(content: bytes, decoder: Any) -> Iterable[bytes]:
    """What a Brotli decoder makes of a body, a step at a time."""
    yield decoder.process(content, output_buffer_limit=_STEP_OF_BROTLI)
    while not decoder.can_accept_more_data():
        yield decoder.process(b"", output_buffer_limit=_STEP_OF_BROTLI)


def _zstd(content: bytes) -> bytes:
    import zstandard

    try:
        return _joined(_frames(content, zstandard.ZstdDecompressor().decompressobj))
    except zstandard.ZstdError as error:
        raise CodingError(str(error)) from None


def _frames(content: bytes, new: Callable[[], Any]) -> Iterable[bytes]:
    """What is in the frames, one after the other."""
    frame, begun = new(), False
    for at in range(0, len(content), _BITE_OF_ZSTD):
        bite = content[at : at + _BITE_OF_ZSTD]
        while bite:
            yield frame.decompress(bite)
            bite, begun = b"", True
            if frame.eof:
                bite, frame, begun = frame.unused_data, new(), False
    if begun:
        raise CodingError("it breaks off")


def _as_it_is(content: bytes) -> bytes:
    return content


_CODINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": _as_it_is,
    "identity": _as_it_is,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
