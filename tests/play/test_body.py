"""Messages taken apart and put together: nothing changes but what is changed."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.journal_reader import read as read_journal
from replay.capture.sessions import assemble
from replay.lab.messages import to_wbxml
from replay.play.body import child, in_form, leaves, take_apart
from replay.syncml import wbxml, xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.model import Status, Unknown
from replay.syncml.names import METINF
from replay.syncml.read import read
from tests.generated import SCENARIOS, World
from tests.story import Story

PLAIN = Story().package_one("1")
ODD = (
    b'\xef\xbb\xbf<?xml version="1.0"?><!-- before -->\n<s:SyncML xmlns:s="SYNCML:SYNCML1.2" xmlns:m=\'syncml:metinf\'>\r\n'
    b"<s:SyncHdr ><s:VerDTD>1.2</s:VerDTD><s:VerProto>DM/1.2</s:VerProto><s:SessionID>\n  1&#x31; </s:SessionID>"
    b"<s:MsgID>1</s:MsgID>"
    b"<s:Target><s:LocURI><![CDATA[http://s/?a&b]]></s:LocURI></s:Target><s:Source><s:LocURI>d<!-- c -->e</s:LocURI></s:Source>"
    b'</s:SyncHdr><s:SyncBody><s:Alert x="a>b"><s:CmdID>1</s:CmdID><s:Data>1226</s:Data><s:Item><s:Meta>'
    b"<m:Type> com.microsoft:mdm.unenrollment.userrequest</m:Type></s:Meta><s:Data/></s:Item></s:Alert><s:Final/></s:SyncBody>"
    b"</s:SyncML>\n<!-- behind -->"
)


def shape(node) -> list:
    return [(str(each.tag).rpartition("}")[2], shape(each)) for each in node]


def shape_of_parts(part) -> list:
    return [(each.name, shape_of_parts(each)) for each in part.children]


def messages(seed: int, *, in_wbxml: bool) -> list[bytes]:
    world = World(seed, SCENARIOS[seed % len(SCENARIOS)], wbxml=in_wbxml)
    traffic = assemble(read_journal(io.BytesIO(world.story.text()), "world.jsonl"))
    return [each.raw for turn in traffic.turns for each in (turn.request, turn.response) if each is not None]


@given(st.integers(0, 100_000), st.booleans())
@settings(max_examples=25, deadline=None)
def test_what_is_not_changed_stays_to_the_byte(seed, in_wbxml):
    for raw in messages(seed, in_wbxml=in_wbxml):
        body = take_apart(raw)
        assert body.written() == raw
        root = xml.parse(wbxml.to_xml(wbxml.decode(raw)) if in_wbxml else raw)
        assert shape_of_parts(body.root) == shape(root)


@given(
    st.integers(0, 100_000),
    st.booleans(),
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1),
    st.data(),
)
@settings(max_examples=25, deadline=None)
def test_one_text_is_said_and_the_others_stay(seed, in_wbxml, text, data):
    text = text.strip()
    raw = data.draw(st.sampled_from(messages(seed, in_wbxml=in_wbxml)))
    body = take_apart(raw)
    found = [part for part, path, _ in leaves(body.root) if part.text and part.name != "NextNonce"]
    before = [part.text for part in found]
    place = data.draw(st.integers(0, len(found) - 1))
    found[place].say(text)
    again = [
        part.text for part, path, _ in leaves(take_apart(body.written()).root) if part.text and part.name != "NextNonce"
    ]
    assert again == [text.strip(" \t\r\n") if at == place else old for at, old in enumerate(before)]
    read(body.written())


@pytest.mark.parametrize("raw", [PLAIN, ODD], ids=["plain", "odd"])
def test_odd_xml_keeps_its_oddities(raw):
    body = take_apart(raw)
    assert body.written() == raw
    assert read(body.written()).header == read(raw).header


def test_white_space_around_a_text_stays_and_a_blank_in_a_type_is_never_touched():
    body = take_apart(ODD)
    head = child(body.root, "SyncHdr")
    assert child(head, "SessionID").text == "11"
    child(head, "SessionID").say("7<&")
    child(head, "Source", "LocURI").say("other")
    child(head, "Target", "LocURI").say("http://t/?x&y")
    written = body.written()
    assert b"<s:SessionID>\n  7&lt;&amp; </s:SessionID>" in written
    assert b"<m:Type> com.microsoft:mdm" in written
    again = read(written)
    assert (again.header.session_id, again.header.source.uri, again.header.target.uri) == (
        "7<&",
        "other",
        "http://t/?x&y",
    )


def test_an_empty_element_can_get_a_text():
    body = take_apart(ODD)
    child(body.root, "SyncBody", "Alert", "Item", "Data").say("1")
    assert b"<s:Data>1</s:Data></s:Item>" in body.written()


@pytest.mark.parametrize("raw", [PLAIN, to_wbxml(PLAIN), ODD], ids=["xml", "wbxml", "prefixed"])
def test_elements_are_taken_out_and_put_in(raw):
    body = take_apart(raw)
    below = child(body.root, "SyncBody")
    old = read(raw)
    below.remove(below.children[0])
    meta = Unknown("Meta", "", children=(Unknown("Type", METINF, "a<b"),))
    item = Unknown("Item", "", children=(meta,))
    texts = (("CmdID", "90"), ("MsgRef", "1"), ("CmdRef", "0"), ("Cmd", "SyncHdr"), ("Data", "200"))
    below.insert(0, Unknown("Status", "", children=(*(Unknown(n, "", t) for n, t in texts), item)))
    new = read(body.written())
    assert new.commands[1:] == old.commands[1:]
    status = new.commands[0]
    assert isinstance(status, Status)
    assert (status.cmd_id, status.cmd_ref, status.cmd, status.code) == ("90", "0", "SyncHdr", "200")
    assert (status.items[0].meta.type.text, status.items[0].meta.type.namespace) == ("a<b", METINF)
    below.insert(len(below.children), Unknown("Final", ""))
    assert [part.name for part in take_apart(body.written()).root.children] == ["SyncHdr", "SyncBody"]


def test_other_encodings_are_kept():
    text = PLAIN.decode().replace("omadm-replay", "Größe")
    for codec, mark in (("utf-16-le", b"\xff\xfe"), ("latin-1", b"")):
        declaration = '<?xml version="1.0" encoding="ISO-8859-1"?>' if codec == "latin-1" else ""
        raw = mark + (declaration + text).encode(codec)
        body = take_apart(raw)
        assert body.written() == raw
        child(body.root, "SyncHdr", "SessionID").say("ß→")
        assert read(body.written()).header.session_id == "ß→"


def test_what_is_no_message_is_refused():
    for raw in (b"<SyncML><a></SyncML>", b"\x02\xa4\x01\x6a\x00\x6d", b"<a/><b/>", b"\xff\xff"):
        with pytest.raises(UnreadableMessageError):
            take_apart(raw).written()


@pytest.mark.parametrize("depth", [256, 257, 100_000])
def test_what_is_deeper_than_any_parser_reads_is_refused(depth):
    raw = b"<a>" * depth + b"x" + b"</a>" * depth
    if depth > 256:
        with pytest.raises(UnreadableMessageError, match="more than 256 elements"):
            take_apart(raw)
    else:
        xml.parse(raw)
        assert [(part.text, len(path.split("/"))) for part, path, _ in leaves(take_apart(raw).root)] == [
            ("x", depth - 1)
        ]


def test_an_entity_of_nobody_has_no_text():
    part = take_apart(b"<a>&who;</a>").root
    with pytest.raises(UnreadableMessageError, match="who"):
        assert part.text


def test_forms():
    assert in_form(PLAIN, "xml") is PLAIN
    packed = in_form(PLAIN, "wbxml")
    assert packed == to_wbxml(PLAIN)
    assert in_form(packed, "wbxml") is packed
    assert read(in_form(packed, "xml")).commands == read(PLAIN).commands
    with pytest.raises(UnreadableMessageError, match="attribute"):
        in_form(ODD, "wbxml")
