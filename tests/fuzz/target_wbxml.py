"""WBXML: bytes to a tree and back, the tree as XML and back, and the message in it."""

from replay.syncml import wbxml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import looks_like_wbxml, read
from tests.fuzz import seeds as stories

seeds = stories.wbxml_bodies


def check(data: bytes) -> None:
    """Only UnreadableMessageError comes out; what was decoded is encoded to the same bytes; its XML can be encoded again."""
    looks_like_wbxml(data)
    try:
        document = wbxml.decode(data)
    except UnreadableMessageError:
        return
    assert wbxml.encode(document) == data
    text = wbxml.to_xml(document)
    try:
        again = wbxml.from_xml(text)
    except UnreadableMessageError:  # names and namespaces of other document types
        again = None
    if again is not None:
        assert wbxml.decode(wbxml.encode(again)) == again
    try:
        read(data)
    except UnreadableMessageError:
        return
