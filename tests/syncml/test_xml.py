import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.syncml import model, xml
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import read

HEADER = (
    "<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID> 2DF </SessionID><MsgID>1</MsgID>"
    "<Target><LocURI>https://s/</LocURI></Target><Source><LocURI>D</LocURI><LocName>n</LocName></Source></SyncHdr>"
)


def message(body: str, header: str = HEADER) -> model.Message:
    return xml.read(f'<SyncML xmlns="SYNCML:SYNCML1.2">{header}<SyncBody>{body}</SyncBody></SyncML>'.encode())


def test_header_keeps_text_and_drops_white_space_around_identifiers():
    header = message("<Final/>").header
    assert header.session_id == "2DF"
    assert header.msg_id == "1"
    assert header.source == model.Address("D", "n")
    assert header.ver_proto == "DM/1.2"


def test_alert_keeps_type_and_data_to_the_letter():
    alert = message(
        "<Alert><CmdID>4</CmdID><Data>1226</Data><Item><Meta>"
        '<Type xmlns="syncml:metinf"> a b </Type><Format>int</Format></Meta><Data> 1</Data></Item></Alert>'
    ).commands[0]
    assert isinstance(alert, model.Alert)
    assert (alert.code, alert.cmd_id) == ("1226", "4")
    meta = alert.items[0].meta
    assert meta.type == model.Leaf(" a b ", "syncml:metinf")
    assert meta.format == model.Leaf("int", "SYNCML:SYNCML1.2")
    assert alert.items[0].data == " 1"


def test_status_and_results_and_groups():
    found = message(
        "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Chal><Meta>"
        '<NextNonce xmlns="syncml:metinf">bm9uY2U=</NextNonce></Meta></Chal><TargetRef>t</TargetRef><Data>407</Data></Status>'
        "<Results><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>3</CmdRef><Item><Data>x</Data></Item></Results>"
        "<Atomic><CmdID>5</CmdID><Sequence><CmdID>6</CmdID><Get><CmdID>7</CmdID></Get></Sequence></Atomic><Final/>"
    )
    status, results, atomic = found.commands
    assert isinstance(status, model.Status)
    assert (status.code, status.cmd, status.target_refs) == ("407", "SyncHdr", ("t",))
    assert status.chal.next_nonce.text == "bm9uY2U="
    assert isinstance(results, model.Results)
    assert results.cmd_ref == "3"
    assert isinstance(atomic, model.Group)
    assert [(place, command.name) for place, command in found.walk()] == [
        ((0,), "Status"),
        ((1,), "Results"),
        ((2,), "Atomic"),
        ((2, 0), "Sequence"),
        ((2, 0, 0), "Get"),
    ]
    assert found.final
    assert found.final_is_last


def test_unknown_elements_are_kept():
    found = message(
        '<Get><CmdID>1</CmdID><x:Own xmlns:x="urn:x" a="1">text<x:In/>tail</x:Own></Get>'
        '<Mystery/><Exec><CmdID>2</CmdID><Item><Data><a xmlns="urn:y">b</a></Data></Item></Exec>'
    )
    own = found.commands[0].unknown[0]
    assert (own.name, own.namespace, own.attributes, own.text) == ("Own", "urn:x", (("a", "1"),), "text")
    assert own.children[0].tail == "tail"
    assert [each.name for each in found.body_unknown] == ["Mystery"]
    assert found.commands[1].items[0].embedded[0].text == "b"


def test_a_second_element_of_a_kind_is_kept_as_unknown():
    command = message("<Get><CmdID>1</CmdID><CmdID>2</CmdID></Get>").commands[0]
    assert command.cmd_id == "1"
    assert command.unknown[0].text == "2"


@pytest.mark.parametrize("name", ["Status", "Results"])
def test_references_of_any_number_are_kept(name):
    """Quadratic work would take hours here, and the test run's patience would end it."""
    found = message(f"<{name}>{'<TargetRef>t</TargetRef>' * 150_000}<TargetRef>u<x/></TargetRef></{name}>").commands[0]
    assert found.target_refs == ("t",) * 150_000
    assert [each.text for each in found.unknown] == ["u"]


def test_what_else_is_in_a_challenge_is_kept():
    meta = '<Meta><NextNonce xmlns="syncml:metinf">bm9u</NextNonce></Meta>'
    body = f"<Status><Chal><Cred/>{meta}<Meta/></Chal><Data>401</Data></Status>"
    status = message(body).commands[0]
    assert status.chal.next_nonce.text == "bm9u"
    assert [each.name for each in status.unknown] == ["Cred", "Meta"]
    assert message("<Status><Chal/></Status>").commands[0].chal == model.Meta()


def test_prefixes_cdata_comments_and_processing_instructions():
    found = xml.read(
        b'<s:SyncML xmlns:s="SYNCML:SYNCML1.2"><!-- c --><s:SyncBody><?pi x?><s:Alert><s:CmdID>1</s:CmdID>'
        b"<s:Data>12<!-- c -->2<![CDATA[6]]></s:Data></s:Alert></s:SyncBody></s:SyncML>"
    )
    assert found.commands[0].code == "1226"


@pytest.mark.parametrize(
    ("prefix", "declared"),
    [
        (b"", None),
        (b"\xef\xbb\xbf", None),
        (b' \r\n<?xml version="1.0" encoding="UTF-8"?>', "UTF-8"),
        (b'<?xml version="1.0" encoding="utf-16"?>', "utf-16"),  # what Learn's samples declare over UTF-8
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>', "ISO-8859-1"),
    ],
)
def test_declarations(prefix, declared):
    found = xml.read(prefix + b"<SyncML><SyncBody><Final/></SyncBody></SyncML>")
    assert found.declared == declared
    assert found.final


def test_real_utf16():
    text = '<?xml version="1.0" encoding="utf-16"?><SyncML><SyncBody><Final/></SyncBody></SyncML>'
    assert xml.read(text.encode("utf-16")).final


def test_iso_8859_1_is_read_as_it_is_declared():
    body = b'<?xml version="1.0" encoding="ISO-8859-1"?><SyncML><SyncHdr><SessionID>\xe9</SessionID></SyncHdr></SyncML>'
    assert xml.read(body).header.session_id == "é"


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        (b"<SyncML>\n<a>\n</b></SyncML>", 3, "mismatch"),
        (b"\n\n<SyncML>\n<a", 4, "not well-formed"),
        (b"<Other/>", 1, "the root element is Other"),
        (b"just text", 1, "Start tag expected"),
        (b'<!DOCTYPE SyncML SYSTEM "http://evil.test/x.dtd"><SyncML/>', 1, "document type declaration"),
        (
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><SyncML><a>&e;</a></SyncML>',
            1,
            "document type declaration",
        ),
    ],
)
def test_what_is_no_message_says_where_and_why(body, line, what):
    with pytest.raises(UnreadableMessageError) as caught:
        xml.read(body)
    assert caught.value.line == line
    assert what in str(caught.value)


def test_deep_nesting_and_bombs_end_in_an_error():
    deep = b"<SyncML>" + b"<a>" * 100_000
    entities = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 12))
    bomb = b'<!DOCTYPE x [<!ENTITY e0 "ha">' + entities + b"]><SyncML><SyncBody>&e11;</SyncBody></SyncML>"
    for body in (deep, bomb):
        with pytest.raises(UnreadableMessageError):
            xml.read(body)


@given(st.binary(max_size=300))
def test_only_one_kind_of_error_ever_comes_out(body):
    try:
        read(body)
    except UnreadableMessageError as error:
        assert str(error)


@given(st.text(max_size=40))
def test_any_text_that_xml_can_hold_comes_back(text):
    from xml.sax.saxutils import escape

    try:
        found = message(f"<Alert><Data>1226</Data><Item><Data>{escape(text)}</Data></Item></Alert>")
    except UnreadableMessageError:
        return  # XML has no way to write it
    assert found.commands[0].items[0].data == text.replace("\r\n", "\n").replace("\r", "\n")


def test_reads_every_real_message(shared_data):
    read_all = [xml.read(path.read_bytes()) for path in sorted(shared_data.glob("messages/windows11/*.xml"))]
    assert [message.header.msg_id for message in read_all] == ["4", "2", "3", "2", "1"]
    first = read_all[-1]
    assert [command.name for command in first.commands] == ["Alert", "Alert", "Replace"]
    assert first.commands[2].items[0].source.uri == "./DevInfo/DevId"
    session = xml.read((shared_data / "session-windows10" / "01_response.xml").read_bytes())
    assert [c.code for c in session.commands if isinstance(c, model.Status)] == ["200"] * 4


@pytest.mark.parametrize("twice", [b"<SyncBody/>", b"<SyncHdr/>"])
def test_two_bodies_or_headers_are_no_message(twice):
    with pytest.raises(UnreadableMessageError, match="a second Sync"):
        xml.read(b"<SyncML>" + twice + twice + b"</SyncML>")


def test_elements_of_somebody_elses_namespace_are_none_of_syncmls():
    found = message('<Alert xmlns="urn:x"><CmdID>1</CmdID><Data>1226</Data></Alert><Get><CmdID>2</CmdID></Get>')
    assert [command.name for command in found.commands] == ["Get"]
    assert found.body_unknown[0].namespace == "urn:x"


def test_a_leaf_with_elements_in_it_is_kept_whole():
    alert = message("<Alert><CmdID>1</CmdID><Data>1226<b/>9</Data></Alert>").commands[0]
    assert alert.code is None
    assert alert.unknown[0].children[0].tail == "9"


def test_only_white_space_of_xml_is_dropped():
    assert message("<Alert><CmdID>\u00a01 </CmdID></Alert>").commands[0].cmd_id == "\u00a01"


def test_what_is_wrong_is_said_in_one_line():
    """libxml2 ends some of its messages with a line feed; found by fuzzing."""
    with pytest.raises(UnreadableMessageError) as caught:
        read(b"<SyncML><CmdID>\x00</CmdID></SyncML>")
    assert "\n" not in str(caught.value)
    assert "Char 0x0" in str(caught.value)
