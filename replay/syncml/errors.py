"""What goes wrong when bytes are no message."""


class UnreadableMessageError(ValueError):
    """A body that is not a SyncML message.

    `reason` says what was wrong and what was expected; `line` and `column` (from 1) or `offset` (bytes, from 0) say where;
    `excerpt` is the bytes there.
    """

    def __init__(
        self,
        reason: str,
        *,
        line: int | None = None,
        column: int | None = None,
        offset: int | None = None,
        excerpt: bytes = b"",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column
        self.offset = offset
        self.excerpt = excerpt

    def __str__(self) -> str:
        where = ""
        if self.line is not None:
            where = f"line {self.line}, column {self.column}: "
        elif self.offset is not None:
            where = f"byte {self.offset}: "
        there = f" (there: {show_bytes(self.excerpt)})" if self.excerpt else ""
        return f"{where}{self.reason}{there}"


def show_bytes(data: bytes) -> str:
    """Bytes as a text that is safe to print: what is not printable ASCII as \\xNN, within quotes."""
    return '"' + "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in data) + '"'
