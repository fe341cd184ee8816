"""The codec against libwbxml's command line tools: the same tree from both, in both directions.

The tools get sane input only: libwbxml aborts on hostile bytes. What else it does differently, and the tests steer around:

- it writes a DOCTYPE, which our parser refuses; so its XML is parsed here;
- it trims texts unless told not to (`-k`), and writes a line end of a text as it stands, which XML reads as LF;
- it sets Data inside Add and Replace in CDATA, and does not mind `]]>` in there; two texts there become nested CDATA;
- the other way, a line end alone in such Data becomes CR LF;
- Type `...+wbxml` of an embedded document becomes `...+xml`, and back;
- it has no code page 2 within SyncML, and a name of a page's table that it does not know becomes `<unknown>`;
- SyncML 1.1 ends at MoreData (and has SourceParent), DevInf 1.1 at SupportLargeObjs; we read what 1.2 added there too;
- a LITERAL has its parent's namespace, whichever page is in force; as root it crashes;
- ENTITY 0x800 to 0xFFF and from 0x10000 on come out as broken UTF-8;
- extension tokens are skipped without what follows them;
- charset ISO-8859-1 is not built in (Debian), bytes after the root are not looked at, invalid UTF-8 is handed through;
- a NextNonce in an OPAQUE becomes base64 (so do we).
"""

import subprocess
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from replay.syncml import wbxml_tables as tables
from replay.syncml.names import COMMANDS
from replay.syncml.wbxml import (
    Document,
    Element,
    Entity,
    Opaque,
    Reference,
    Tag,
    Text,
    decode,
    encode,
    from_xml,
    to_xml,
)
from tests.conftest import tool
from tests.syncml.binary import real_messages

pytestmark = pytest.mark.slow
EXAMPLES = settings(max_examples=150, deadline=None)


def run(name: str, *options: str, body: bytes) -> bytes:
    program = tool(name, "libwbxml2-utils")
    done = subprocess.run([program, *options, "-o", "-", "-"], input=body, capture_output=True, timeout=30)
    assert done.returncode == 0, (done.stderr, body)
    return done.stdout


def wbxml2xml(body: bytes) -> bytes:
    return run("wbxml2xml", "-k", "-m", "0", body=body)


def xml2wbxml(body: bytes, *options: str) -> bytes:
    return run("xml2wbxml", "-k", *options, body=body)


def tree(body: bytes) -> tuple:
    """An XML document as plain values, without what libwbxml is known to change."""
    return _plain(etree.fromstring(body, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)))


def _plain(node) -> tuple:
    text = (node.text or "").replace(".dmtnds+wbxml", ".dmtnds+xml").replace("-devinf+wbxml", "-devinf+xml")
    return node.tag, text, [(_plain(child), child.tail or "") for child in node]


def agree(body: bytes) -> None:
    assert tree(to_xml(decode(body))) == tree(wbxml2xml(body)), body


# --- messages

#: No line ends, because of CDATA and CR LF; no `]]>`; not blank alone, which libwbxml may take for no text.
CHARACTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters="]")
TEXTS = st.text(CHARACTERS, min_size=1, max_size=12) | st.sampled_from(
    ["1226", "com.microsoft:mdm.unenrollment.userrequest", "./Vendor/MSFT/DMClient", "a & b <c>", " a  b ", "a\tb"]
)
TABLE = "Foo\0./DevInfo/Man\0é €\0".encode()
PLACES = {4: "./DevInfo/Man", 6: "DevInfo/Man", 18: "é €"}
CODES = st.integers(0x21, 0x7E) | st.integers(0xA1, 0x7FF) | st.integers(0x1000, 0xD7FF)
VALUES = st.one_of(
    TEXTS.map(Text),
    TEXTS.map(lambda text: Opaque(text.encode())),
    st.sampled_from(sorted(PLACES)).map(lambda place: Reference(PLACES[place], place)),
    CODES.map(Entity),
)
#: The children of Meta, one by one or within MetInf, Anchor and Mem.
META_LEAVES = sorted(set(tables.METINF.values()) - {"MetInf", "Anchor", "Mem"})


def element(name: str, *content, page: int = 0) -> Element:
    return Element(Tag(name, page), tuple(content) or None)


def leaves(names: list[str], page: int = 0, values=VALUES):
    return st.builds(lambda name, value: element(name, value, page=page), st.sampled_from(names), values)


def metas(values=VALUES):
    leaf = leaves(META_LEAVES, 1, values)
    group = st.builds(
        lambda name, inner: element(name, *inner, page=1),
        st.sampled_from(["MetInf", "Anchor", "Mem"]),
        st.lists(leaf, max_size=3),
    )
    return st.lists(leaf | group, max_size=3).map(lambda inner: element("Meta", *inner))


def items(values=VALUES):
    address = st.builds(
        lambda name, inner: element(name, element("LocURI", inner)), st.sampled_from(["Target", "Source"]), values
    )
    return st.builds(
        lambda parts, data, more: element(
            "Item", *parts, *([data] if data else []), *([element("MoreData")] if more else [])
        ),
        st.lists(address | metas(values), max_size=2),
        st.none() | values.map(lambda value: element("Data", value)),
        st.booleans(),
    )


def commands(values=VALUES):
    parts = st.one_of(
        leaves(["CmdID", "MsgRef", "CmdRef", "Cmd", "TargetRef", "SourceRef", "Correlator", "Data", "Lang"], 0, values),
        st.sampled_from(["NoResp", "NoResults", "Archive", "SftDel"]).map(element),
        metas(values),
        metas(values).map(lambda meta: element("Chal", meta)),
        items(values),
    )
    return st.builds(
        lambda name, inner: element(name, *inner),
        st.sampled_from(sorted(COMMANDS)),
        st.lists(parts, min_size=1, max_size=4),
    )


def messages(values=VALUES, table: bytes = TABLE):
    any_command = commands(values)
    groups = st.builds(
        lambda name, inner: element(name, *inner),
        st.sampled_from(["Atomic", "Sequence", "Sync"]),
        st.lists(any_command, max_size=2),
    )
    header = st.lists(
        leaves(["VerDTD", "VerProto", "SessionID", "MsgID", "RespURI"], 0, values) | metas(values), max_size=4
    )
    return st.builds(
        lambda head, inner, version: Document(
            root=element("SyncML", element("SyncHdr", *head), element("SyncBody", *inner, element("Final"))),
            version=version,
            table=table,
        ),
        header,
        st.lists(any_command | groups, max_size=4),
        st.sampled_from([1, 2, 3]),
    )


# --- both ways


@pytest.mark.mitmproxy
def test_real_messages_give_the_same_tree(shared_data):
    for raw in real_messages(shared_data).values():
        agree(raw)


@pytest.mark.mitmproxy
def test_real_messages_are_encoded_alike(shared_data):
    for raw in real_messages(shared_data).values():
        source = to_xml(decode(raw))
        assert tree(to_xml(decode(xml2wbxml(source)))) == tree(source)
        assert tree(wbxml2xml(encode(from_xml(source)))) == tree(source)


@pytest.mark.parametrize(
    ("language", "page", "last", "more"),
    [
        (tables.SYNCML_LANGUAGE_12, 0, 0x3F, set()),
        (tables.SYNCML_LANGUAGE_12, 1, 0x3F, set()),
        (tables.SYNCML_LANGUAGE_11, 0, 0x34, {"SourceParent"}),
        (tables.SYNCML_LANGUAGE_11, 1, 0x15, set()),
        (tables.DEVINF_LANGUAGE_12, 0, 0x3F, set()),
        (tables.DEVINF_LANGUAGE_11, 0, 0x2A, set()),
    ],
)
def test_every_token(language, page, last, more):
    """`last` is the last token that libwbxml has, `more` are others that it has all the same."""
    known = [name for token, name in language.pages[page].tags.items() if token <= last or name in more]
    root = element(language.root, *(element(name, page=page) for name in known))
    agree(encode(Document(root=root, public_id=language.public_id)))


def test_every_token_of_the_ddf_page():
    every = [element(name, page=2) for name in tables.DDF.values()]
    table = tables.DDF_LANGUAGE_12.identifier.encode()
    agree(
        encode(Document(root=element("MgmtTree", *every, page=2), public_id=0, public_id_index=0, table=table + b"\0"))
    )
    agree(encode(Document(root=element("MgmtTree", *every, page=2), public_id=0, public_id_index=0, table=table)))


@pytest.mark.parametrize(
    ("kind", "inner"),
    [
        (
            "application/vnd.syncml-devinf+wbxml",
            '<DevInf xmlns="syncml:devinf"><VerDTD>1.2</VerDTD><Man>m</Man></DevInf>',
        ),
        ("application/vnd.syncml.dmtnds+wbxml", '<MgmtTree xmlns="syncml:dmddf1.2"><Node><node/></Node></MgmtTree>'),
    ],
)
@pytest.mark.parametrize("meta_outside", [False, True])
def test_documents_within_documents(kind, inner, meta_outside):
    meta = f'<Meta><Type xmlns="syncml:metinf">{kind}</Type></Meta>'
    source = (
        f'<SyncML xmlns="SYNCML:SYNCML1.2"><SyncBody><Results>{meta if meta_outside else ""}<Item>'
        f"{'' if meta_outside else meta}<Data>{inner}</Data></Item></Results></SyncBody></SyncML>"
    ).encode()
    agree(encode(from_xml(source)))
    theirs = xml2wbxml(source)
    assert any(isinstance(node, Opaque) for node in _data(decode(theirs)))
    assert tree(to_xml(decode(theirs))) == tree(source)


def _data(document: Document):
    results = document.root.content[0].content[0]
    return results.content[-1].content[-1].content


def test_names_in_the_string_table():
    spelled = Element(Tag("Foo", 0, 0), (Text("x"),))
    agree(
        encode(
            Document(root=element("SyncML", element("SyncBody", spelled, Element(Tag("Foo", 0, 0)))), table=b"Foo\0")
        )
    )
    source = b'<SyncML xmlns="SYNCML:SYNCML1.2"><SyncBody><Foo>x</Foo><Bar/></SyncBody></SyncML>'
    assert tree(to_xml(decode(xml2wbxml(source)))) == tree(source)


@EXAMPLES
@given(messages())
def test_what_we_encode_they_decode(document):
    agree(encode(document))


def with_nonces(document: Document) -> Document:
    def changed(node):
        if not isinstance(node, Element):
            return node
        if node.tag.name == "NextNonce":
            return element("NextNonce", Text(b64encode(b"nonce").decode()), page=1)
        return Element(node.tag, None if node.content is None else tuple(map(changed, node.content)))

    return Document(root=changed(document.root))


#: In XML, a NextNonce must be base64 (it becomes bytes), and other texts are just texts.
XML_MESSAGES = messages(TEXTS.map(Text), b"").map(with_nonces)


@EXAMPLES
@given(XML_MESSAGES, st.sampled_from([(), ("-n",), ("-v", "1.1"), ("-v", "1.2"), ("-a",)]))
def test_what_they_encode_we_decode(document, options):
    source = to_xml(document)
    theirs = xml2wbxml(source, *options)
    assert tree(to_xml(decode(theirs))) == tree(source)
    assert encode(decode(theirs)) == theirs
    assert tree(wbxml2xml(encode(from_xml(source)))) == tree(source)
