from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from replay.syncml import model
from replay.syncml.names import COMMANDS, METINF, SYNCML_12
from replay.syncml.write import write
from replay.syncml.xml import read

XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n"),
    max_size=20,
)
IDS = XML_TEXT.map(str.strip)
MAYBE_ID = st.none() | IDS
NAMES = st.sampled_from(["Own", "Thing", "x-1", "Ünicode"])
UNKNOWN = st.recursive(
    st.builds(model.Unknown, name=NAMES, namespace=st.sampled_from(["urn:x", SYNCML_12]), text=XML_TEXT),
    lambda inner: st.builds(
        model.Unknown,
        name=NAMES,
        namespace=st.sampled_from(["urn:x", ""]),
        text=XML_TEXT,
        attributes=st.sampled_from([(), (("a", "1"), ("{urn:y}b", "<&'\""))]),
        children=st.lists(inner, max_size=2).map(tuple),
        tail=XML_TEXT,
    ),
    max_leaves=4,
)
UNKNOWNS = st.lists(UNKNOWN, max_size=2).map(tuple)
LEAF = st.none() | st.builds(model.Leaf, text=XML_TEXT, namespace=st.sampled_from([METINF, SYNCML_12, ""]))
META = st.none() | st.builds(
    model.Meta,
    type=LEAF, format=LEAF, mark=LEAF, size=LEAF, next_nonce=LEAF, max_msg_size=LEAF, max_obj_size=LEAF, version=LEAF,
    unknown=UNKNOWNS,
)  # fmt: skip
ADDRESS = st.none() | st.builds(model.Address, uri=MAYBE_ID, name=MAYBE_ID, unknown=UNKNOWNS)
CRED = st.none() | st.builds(model.Cred, meta=META, data=st.none() | XML_TEXT)
ORIGINAL_ERROR = (("{http://schemas.microsoft.com/MobileDevice/MDM}originalerror", "0x86000002"),)


@st.composite
def items(draw):
    data = draw(st.none() | XML_TEXT)
    return model.Item(
        target=draw(ADDRESS),
        source=draw(ADDRESS),
        meta=draw(META),
        data=data,
        embedded=draw(UNKNOWNS) if data is not None else (),
        more_data=draw(st.booleans()),
        unknown=draw(UNKNOWNS),
    )


COMMON = {
    "cmd_id": MAYBE_ID,
    "no_resp": st.booleans(),
    "cred": CRED,
    "meta": META,
    "items": st.lists(items(), max_size=2).map(tuple),
    "unknown": UNKNOWNS,
}
REFERENCES = {
    "msg_ref": MAYBE_ID,
    "cmd_ref": MAYBE_ID,
    "cmd": MAYBE_ID,
    "target_refs": st.lists(IDS, max_size=2).map(tuple),
    "source_refs": st.lists(IDS, max_size=2).map(tuple),
}
PLAIN = sorted(COMMANDS - {"Alert", "Exec", "Results", "Status", "Atomic", "Sequence"})


@st.composite
def statuses(draw):
    code = draw(MAYBE_ID)
    values = {name: draw(strategy) for name, strategy in {**COMMON, **REFERENCES, "chal": META}.items()}
    attributes = draw(st.sampled_from([(), ORIGINAL_ERROR])) if code is not None else ()
    return model.Status(name="Status", code=code, data_attributes=attributes, **values)


SINGLE = st.one_of(
    st.builds(model.Command, name=st.sampled_from(PLAIN), **COMMON),
    st.builds(model.Alert, name=st.just("Alert"), code=MAYBE_ID, correlator=MAYBE_ID, **COMMON),
    st.builds(model.Exec, name=st.just("Exec"), correlator=MAYBE_ID, **COMMON),
    st.builds(model.Results, name=st.just("Results"), **COMMON, **REFERENCES),
    statuses(),
)
ALL = st.recursive(
    SINGLE,
    lambda inner: st.builds(
        model.Group,
        name=st.sampled_from(["Atomic", "Sequence"]),
        commands=st.lists(inner, max_size=3).map(tuple),
        **COMMON,
    ),
    max_leaves=4,
)
HEADER = st.builds(
    model.Header,
    ver_dtd=MAYBE_ID, ver_proto=MAYBE_ID, session_id=MAYBE_ID, msg_id=MAYBE_ID, target=ADDRESS, source=ADDRESS,
    resp_uri=MAYBE_ID, no_resp=st.booleans(), cred=CRED, meta=META, unknown=UNKNOWNS,
)  # fmt: skip
MESSAGES = st.builds(
    model.Message,
    namespace=st.sampled_from([SYNCML_12, "SYNCML:SYNCML1.1", ""]),
    header=HEADER,
    commands=st.lists(ALL, max_size=4).map(tuple),
    final=st.booleans(),
    final_is_last=st.just(True),
    raw=st.just(b""),
    unknown=UNKNOWNS,
)


def same(message: model.Message) -> model.Message:
    """The message without what it was read from."""
    import msgspec

    return msgspec.structs.replace(
        message, raw=b"", declared=None, form="xml", final_is_last=message.final_is_last and message.final
    )


@given(MESSAGES)
@settings(deadline=None)
def test_what_is_written_reads_back_as_the_same_value(message):
    assert same(read(write(message))) == same(message)


def test_real_messages_are_the_same_after_a_round_trip(shared_data):
    read_any = 0
    for path in sorted(shared_data.glob("messages/*/*.xml")) + sorted(shared_data.glob("session-windows10/*.xml")):
        body = path.read_bytes()
        if b"<SyncML" not in body:
            continue
        message = read(body)
        assert same(read(write(message))) == same(message), path
        read_any += 1
    assert read_any > 10


def test_meta_children_bear_their_namespace():
    text = write(
        read(
            b'<SyncML xmlns="SYNCML:SYNCML1.2"><SyncBody><Get><Meta><Type xmlns="syncml:metinf">t</Type></Meta></Get>'
            b"</SyncBody></SyncML>"
        )
    )
    assert b'<Type xmlns="syncml:metinf">t</Type>' in text
    assert etree.fromstring(text) is not None


def test_attributes_of_several_namespaces():
    body = (
        b'<SyncML xmlns="SYNCML:SYNCML1.2" xmlns:msft="http://schemas.microsoft.com/a" xmlns:b="http://schemas.microsoft.com/b">'
        b'<SyncBody><Status><Data msft:x="1" b:y="2" xml:lang="en">500</Data></Status></SyncBody></SyncML>'
    )
    assert same(read(write(read(body)))) == same(read(body))
