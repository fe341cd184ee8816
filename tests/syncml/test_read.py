import pytest

from replay.syncml.read import is_enveloped, looks_like_syncml, looks_like_wbxml


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'<?xml version="1.0"?>\n<SyncML xmlns="SYNCML:SYNCML1.2">', True),
        (b"<x:SyncML>", True),
        ("<SyncML>".encode("utf-16"), True),
        ("<SyncML>".encode("utf-16-le"), True),
        ("<SyncML>".encode("utf-16-be"), True),
        (b" \r\n" * 2000 + b"<SyncML>", True),
        (b"\x02\xa4\x01\x6a\x00", True),
        (b"\x03\x9f\x53\x6a\x00", True),
        (b"\x03\x00\x00\x6a\x1d-//SYNCML//DTD SyncML 1.2//EN", True),
        (b"<SyncMLx>", False),
        (b"<html>SyncML</html>", False),
        (b"\x03\x01\x6a\x00", False),
        (b"", False),
    ],
)
def test_what_looks_like_syncml(body, expected):
    assert looks_like_syncml(body) is expected


def test_wbxml_is_told_by_its_head():
    assert looks_like_wbxml(b"\x02\xa4\x01\x6a\x00mlq")
    assert not looks_like_wbxml(b"\x04\xa4\x01\x6a")


def test_an_envelope_is_told_by_its_object_identifier():
    assert is_enveloped(b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0")
    assert not is_enveloped(b"0 some text")
