import pytest

from replay.capture.exchange import CaptureError
from replay.capture.readers import read


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b" \n\t", "nothing but white space"),
        (bytes(range(256)) * 10, "no known capture format"),
        (b"<html><body>hi</body></html>", "no known capture format"),
        (b'{"log": {}}', "no known capture format"),
        (b"\x1b[31mred", r"\\x1b\[31mred"),
    ],
)
def test_what_cannot_be_read_is_named_with_place_and_reason(tmp_path, content, what):
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=what) as caught:
        read(str(path))
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CaptureError, match="No such file"):
        read(str(tmp_path / "none"))


def test_the_content_tells_the_format_not_the_ending(tmp_path):
    from tests.story import user

    path = user().save(tmp_path / "journal.mitm")
    assert read(str(path)).format == "omadm-journal"
