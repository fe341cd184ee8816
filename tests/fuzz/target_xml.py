"""XML messages: the reader, the repairing reader, messages of a known shape, and what is written again."""

from replay.syncml import xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import looks_like_syncml, read
from replay.syncml.shaped import Shapes
from replay.syncml.write import write
from tests.fuzz import seeds as stories

seeds = stories.xml_bodies


def check(data: bytes) -> None:
    """Only UnreadableMessageError comes out; a shape that was learned reads as the parser does; what is written reads the same."""
    looks_like_syncml(data)
    try:
        read(data, lenient=True)
    except UnreadableMessageError as error:
        assert "\n" not in str(error)
    try:
        message = xml.read(data)
    except UnreadableMessageError:
        message = None
    shapes = Shapes()
    for _ in range(35):  # learned at the third time, with a pattern at the thirty-second after that
        by_shape = shapes.read(data)
    if by_shape is not None:
        assert message is not None, "read by its shape, refused by the parser"
        assert by_shape[0] == message
    if message is None:
        return
    try:
        written = write(message)
    except ValueError:  # a character that XML cannot write
        return
    again = xml.read(written)
    assert again.header == message.header
    assert again.commands == message.commands
