import pytest

from replay.syncml.errors import UnreadableMessageError
from replay.syncml.lenient import repair
from replay.syncml.unenrol import alerts
from replay.syncml.xml import read
from tests.conftest import SHARED_DATA

SEED = SHARED_DATA.parent / "seed" / "unenrollment.de.md"


def test_the_seed_documents_sample_is_read_leniently_and_says_what_was_repaired():
    if not SEED.is_file():
        pytest.skip("needs ../shared/seed, which is not here")
    sample = SEED.read_text("utf-8").split("```")[1].strip().encode()
    with pytest.raises(UnreadableMessageError) as caught:
        read(sample)
    assert caught.value.line == 1
    message = read(sample, lenient=True)
    assert [repair.split(":")[0] for repair in message.repairs] == ["line 1", "line 20", "line 21"]
    assert message.namespace == "SYNCML:SYNCML1.2"
    alert = next(alerts(message))
    assert (alert.type.text[0], alert.type.namespace, alert.format.text) == (" ", "syncml:metinfo", "int")
    assert message.raw == sample


def test_what_is_well_formed_is_not_touched():
    body = "<SyncML><SyncBody><Alert><Data>“quoted”</Data></Alert></SyncBody></SyncML>".encode()
    assert repair(body) == (body, ())
    assert read(body, lenient=True).repairs == ()


def test_text_outside_of_tags_is_not_touched():
    body = "<SyncML xmlns=“a”><Data>“x” &#39;y&#39;</Data></SyncML>".encode()
    mended, repairs = repair(body)
    assert mended == '<SyncML xmlns="a"><Data>“x” &#39;y&#39;</Data></SyncML>'.encode()
    assert len(repairs) == 1


def test_what_cannot_be_repaired_stays_unreadable():
    with pytest.raises(UnreadableMessageError):
        read(b"<SyncML><SyncBody></SyncML>", lenient=True)
    with pytest.raises(UnreadableMessageError):
        read("<SyncML a=“1”><b></SyncML>".encode(), lenient=True)


def test_a_prefix_that_nobody_declared_is_no_repair():
    body = b'<SyncML><SyncBody><Status><Data msft:originalerror="0x8">500</Data></Status></SyncBody></SyncML>'
    declared = body.replace(b"<SyncBody>", b'<SyncBody xmlns:msft="http://schemas.microsoft.com/MobileDevice/MDM">')
    attributes = (("{http://schemas.microsoft.com/MobileDevice/MDM}originalerror", "0x8"),)
    for each in (body, declared):
        assert read(each).commands[0].data_attributes == attributes
        assert read(each).commands[0].code == "500"


@pytest.mark.parametrize("many", ["<a/>" * 100_000 + "<b c=“1”/>", "<a " + "=&quot;x" * 100_000 + ">"])
def test_a_large_body_is_no_more_than_a_large_body(many):
    """Quadratic work would take many minutes here, and the test run's patience would end it."""
    mended, repairs = repair(many.encode())
    assert len(repairs) == ("“" in many)
    assert b'<b c="1"/>' in mended or mended == many.encode()
