import pytest

from replay.compare.changes import Change, Class, Kind
from replay.compare.ignore import Pattern


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("SyncBody/Alert[3]/Item/Data", "SyncBody/Alert[3]/Item/Data", True),
        ("SyncBody/Alert[3]/Item/Data", "SyncBody/Alert[2]/Item/Data", False),
        ("SyncBody/Alert[3]/Item/Data", "SyncBody/Alert3/Item/Data", False),
        ("SyncBody/Alert/Item/Data", "SyncBody/Alert[3]/Item[12]/Data", True),
        ("SyncBody/Alert/Item/Data", "SyncBody/Alert/Item/Data", True),
        ("SyncBody/Alert", "SyncBody/Alert[3]/Item/Data", False),
        ("SyncBody/Alert*", "SyncBody/Alert[3]/Item/Data", True),
        ("*/Data", "SyncBody/Status[2]/Data", True),
        ("*", "SyncML", True),
        ("HTTP/*", "HTTP/user-agent", True),
        ("HTTP/?s-cv", "HTTP/ms-cv", True),
        ("HTTP/ms.cv", "HTTP/ms-cv", False),
        ("syncml", "SyncML", False),
        ("SyncBody/Get[1*", "SyncBody/Get[12]", True),
        ("*/@x", "SyncBody/Alert/Item/Data/@x\ny", False),
        ("*/@*", "SyncBody/Alert/Item/Data/@x\ny", True),
    ],
)
def test_patterns(pattern, path, fits):
    for paths in ({"expected_path": path}, {"actual_path": path}, {"expected_path": "SyncHdr", "actual_path": path}):
        assert Pattern(pattern).fits(Change(kind=Kind.CHANGED, of=Class.VALUE, **paths)) is fits
