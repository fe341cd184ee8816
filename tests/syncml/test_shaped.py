"""A message whose shape is known is read as the parser reads it, or not at all."""

import base64
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from replay.lab.messages import to_wbxml
from replay.syncml import xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import read
from replay.syncml.shaped import Shapes
from tests.generated import SCENARIOS, World

HEAD = (
    '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><SessionID>{}</SessionID><MsgID> 1 </MsgID></SyncHdr>'
    "<SyncBody>"
)
BODY = "<Alert><CmdID>2</CmdID><Data>1226</Data><Item><Data a=\"x\" b='y'>{}</Data></Item></Alert><Final/></SyncBody></SyncML>"
TEXT = HEAD + BODY


def learned(text: str = TEXT, times: int = 4) -> Shapes:
    """Shapes that have seen a text often enough to know it; forty times is enough for a pattern."""
    shapes = Shapes()
    for number in range(times):
        shapes.read(text.format(number, "1").encode())
    assert shapes.read(text.format("9", "1").encode()) is not None
    return shapes


@pytest.fixture(params=[4, 40], ids=["known", "frequent"])
def known(request) -> Shapes:
    """Shapes that know `TEXT`."""
    return learned(times=request.param)


def by_parser(body: bytes):
    """What the parser makes of it; None where it refuses it."""
    try:
        return xml.read(body)
    except UnreadableMessageError:
        return None


def check(shapes: Shapes, body: bytes) -> bool:
    """Whether it was read by its shape; then the parser must say the same."""
    found = shapes.read(body)
    if found is not None:
        assert found[0] == by_parser(body)
    return found is not None


def test_a_shape_is_learned_when_it_came_several_times():
    shapes = Shapes()
    found = [shapes.read(TEXT.format(number, "x").encode()) for number in range(5)]
    assert [each is not None for each in found] == [False, False, True, True, True]
    assert found[4][0].header.session_id == "4"
    assert found[4][0].raw == TEXT.format(4, "x").encode()


@pytest.mark.parametrize("value", ["\ue0003\ue000", "\ue000999\ue000", "\ue000\u0663\ue000"])
def test_an_attribute_is_never_taken_for_a_text(value):
    shapes = Shapes()
    for number in range(40):
        assert not check(shapes, TEXT.replace('a="x"', f'a="{value}"').format(number, "1").encode())


@pytest.mark.parametrize("value", ["", " 1 ", "\t1\n", "größe", "😀", "a'b\"c", "\x7f", "\x85", "0"])
def test_texts_come_out_to_the_letter(known, value):
    assert check(known, TEXT.format(value, value).encode())


@pytest.mark.parametrize(
    "value",
    ["&amp;", "&#x41;", "\r\n", "\r", "\0", "\x01", "\x1b", "]]>", "a>b", ">", "\ufffe", "\uffff", "\ufeff", "<!-- -->",
     "<![CDATA[x]]>", "<?pi?>", "<x/>", "<", "&nbsp;", "< >", "<\x01"],
)  # fmt: skip
def test_what_xml_reads_in_its_own_way_is_left_to_the_parser(known, value):
    assert not check(known, TEXT.format("1", value).encode())
    assert not check(known, TEXT.format("1", f"a{value}b").encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"\xff" + TEXT.format(1, 1).encode(),
        TEXT.format(1, 1).encode().replace(b"1226", b"\xff\xfe"),
        b"\xef\xbb\xbf" + TEXT.format(1, 1).encode(),
        b"text" + TEXT.format(1, 1).encode(),
        TEXT.format(1, 1).encode() + b"text",
        TEXT.format(1, 1).encode("utf-16"),
        TEXT.format(1, 1).replace("<Final/>", "><Final/<").encode(),
        TEXT.format(1, 1).replace("<CmdID>2", "<CmdID>>2").replace("</CmdID>", "/CmdID>").encode(),
        TEXT.format(1, "x" * (1 << 20)).encode(),
    ],
)
def test_other_bytes_are_left_to_the_parser(known, body):
    assert not check(known, body)


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE SyncML>" + TEXT,
        '<?xml version="1.0" encoding="latin-1"?>' + TEXT,
        '<?xml version="1.1"?>' + TEXT,
        TEXT.replace("<Final/>", "<!--x--><Final/>"),
        TEXT.replace("<Final/>", "<?x y?><Final/>"),
        TEXT.replace('a="x"', 'a="x>y"'),
        TEXT.replace('a="x"', 'a="x" a="x"'),
        TEXT.replace("</Alert>", "</alert>"),
        TEXT.replace("SyncML", "syncml"),
        TEXT.replace("<Final/>", "<u:x/><Final/>" + "<a>" * 2000 + "</a>" * 2000),
    ],
)
def test_shapes_that_cannot_be_learned(text):
    shapes = Shapes()
    assert not any(check(shapes, text.format(number, "1").encode()) for number in range(6))


@pytest.mark.parametrize(
    "head",
    [
        "",
        " ",
        '<?xml version="1.0"?>',
        "<?xml version='1.0' encoding='UTF-8'?>\n",
        '<?xml version="1.0" encoding="utf-16"?>',
    ],
)
@pytest.mark.parametrize("times", [4, 40])
def test_declarations(head, times):
    shapes = learned(head + TEXT, times)
    assert check(shapes, (head + TEXT).format(7, "v").encode())
    if head.startswith("<?"):
        assert not check(shapes, (head + "text" + TEXT).format(7, "v").encode())


def test_what_is_not_in_the_model_is_kept_as_the_parser_keeps_it():
    text = TEXT.replace("<Final/>", '<Odd xmlns="urn:x" z="1">{}<b>c</b>tail</Odd><Final/>')
    shapes = Shapes()
    for number in range(40):
        check(shapes, text.format("1", "2", f" {number} ").encode())
    assert check(shapes, text.format("1", "2", " other ").encode())


def test_there_is_an_end_to_what_is_remembered():
    shapes = Shapes()
    for number in range(600):
        for _ in range(3):
            shapes.read(TEXT.replace('a="x"', f'a="{number}"').format(1, 1).encode())
    assert check(shapes, TEXT.replace('a="x"', 'a="5"').format(2, 2).encode())
    assert not check(shapes, TEXT.replace('a="x"', 'a="599"').format(2, 2).encode())


@given(st.integers(0, 10_000), st.sampled_from(SCENARIOS))
@settings(max_examples=25, deadline=None)
def test_made_up_sessions_are_read_alike(seed, scenario):
    """Every message of a capture and, of each, one with another letter somewhere."""
    draw = random.Random(seed)
    shapes = Shapes()
    texts = []
    for line in World(seed, scenario, wbxml=False).story.lines:
        body = line.get("body") or {}
        texts.append(body["text"].encode() if "text" in body else base64.b64decode(body.get("base64", "")))
    read_so = 0
    for body in [each for each in texts for _ in range(40)]:
        read_so += check(shapes, body)
        changed = bytearray(body)
        if changed:
            changed[draw.randrange(len(changed))] = draw.choice(b"<>&\r\n\0\x01 ax\xef\xff]\"'/?!-")
            check(shapes, bytes(changed))
    assert read_so


FREQUENT = learned(times=40)


@given(st.text(st.sampled_from("<>&/a \n\x01\"'!?]-="), max_size=12), st.text(st.sampled_from("<>a/ "), max_size=8))
@example("b/<", ">")
@settings(max_examples=300, deadline=None)
def test_no_bytes_are_taken_for_a_message_that_they_are_not(one, other):
    shapes = FREQUENT
    for text in (one, other, one + other, f"{one}</Data>{other}", f"<Data a=\"x\" b='y'>{one}"):
        check(shapes, TEXT.replace("{}</Data>", text + "</Data>", 1).replace("{}", other).encode())


def test_other_white_space_between_tags_is_read_by_the_tags(known):
    """A pattern has it as it was in one message."""
    for gap in ("", "\n  ", "\t"):
        assert check(known, TEXT.format(1, 2).replace("><", f">{gap}<").encode())


def test_many_frequent_shapes_of_as_many_tags():
    """More than are tried by their patterns: each is read all the same, and what came last is tried first."""
    shapes = Shapes()
    texts = [TEXT.replace('a="x"', f'a="{number}"') for number in range(8)]
    for number in range(50):
        for text in texts:
            assert check(shapes, text.format(number, "v").encode()) is (number > 1)
    for text in (texts[0], texts[0], texts[7], texts[0]):
        assert check(shapes, text.format(1, "w").encode())


def test_a_shape_too_long_for_a_pattern_is_read_by_its_tags():
    text = TEXT.replace("<Final/>", "<Get><CmdID>7</CmdID></Get>" * 700 + "<Final/>").replace("{}", "x")
    shapes = Shapes()
    assert [check(shapes, text.encode()) for _ in range(40)][-1] is False  # more tags than are learned
    text = TEXT.replace('a="x"', f'a="{"long" * 5000}"')
    shapes = learned(text, 40)
    assert check(shapes, text.format(5, "y").encode())


def test_wbxml_is_read_alike():
    bodies = [to_wbxml(TEXT.format(number, "v").replace(" a=\"x\" b='y'", "").encode()) for number in range(6)]
    first, last = read(bodies[0]), read(bodies[5])
    assert (last.form, last.raw, last.header.session_id) == ("wbxml", bodies[5], "5")
    assert first.commands == last.commands


@pytest.mark.parametrize("depth", [5, 20, 25, 70, 120, 250])
def test_what_is_too_deep_is_left_to_the_parser(depth):
    groups = "".join(f"<Atomic><CmdID>{number}</CmdID>" for number in range(1, depth + 1)) + "</Atomic>" * depth
    body = TEXT.format("1", "x").replace("</SyncBody>", f"{groups}</SyncBody>").encode()
    shapes = Shapes()
    assert {check(shapes, body) for _ in range(40)} == ({False, True} if depth <= 20 else {False})
