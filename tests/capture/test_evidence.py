"""Evidence files: every kind is read alike, and a bad one is refused with its place."""

import json
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.capture.evidence import EvidenceError
from replay.capture.evidence_readers import read_evidence
from tests.eventlog import CHANNEL, ENROLMENT, OTHER_GUID, Event, evtx, xml

AT = 1_800_000_000.25
EVENTS = [
    Event(AT, 48, message="MDM Unenroll: Unenroll alert sent to server."),
    Event(AT + 1, 819, (("Message1", "A & B <C>"), ("Message3", ENROLMENT)), "Policy (Gerät)\n deleted."),
    Event(AT + 2, 7036, guid=OTHER_GUID, name="Service Control Manager"),
]


@pytest.fixture
def reading(tmp_path):
    def read(content: bytes):
        path = tmp_path / "evidence"
        path.write_bytes(content)
        return read_evidence(str(path))

    return read


def refused(reading, content: bytes) -> str:
    with pytest.raises(EvidenceError) as refusal:
        reading(content)
    return str(refusal.value)


FORMS = {
    "wevtutil in a console": xml(EVENTS).encode("cp1252"),
    "wevtutil, RenderedXml": xml(EVENTS, rendered=True).encode("utf-8"),
    "a console's code page": xml(EVENTS, rendered=True).encode("cp1252"),
    "PowerShell": xml(EVENTS, rendered=True).encode("utf-16"),
    "UTF-16 without a mark": xml(EVENTS).encode("utf-16-le"),
    "UTF-16, big end first": xml(EVENTS).encode("utf-16-be"),
    "Event Viewer": xml(EVENTS, rendered=True, root=True, declared="utf-8").encode("utf-8-sig"),
    "Event Viewer in UTF-16": xml(EVENTS, rendered=True, root=True, declared="utf-16").encode("utf-16"),
    "two exports in one file": (xml(EVENTS[:1], root=True, declared="utf-8") + xml(EVENTS[1:], root=True)).encode(),
    "Event Viewer's view": ("- " + xml(EVENTS).replace("<System>", "\n- <System>")).encode(),
    "evtx": evtx(EVENTS),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_log_has_the_same_events(reading, form):
    if form == "evtx":
        pytest.importorskip("evtx", reason="needs the extra evtx")
    file = reading(FORMS[form])
    assert [(each.at, each.event) for each in file.logged] == [(AT, 48), (AT + 1, 819)]
    assert file.logged[1].values == (("Message1", "A & B <C>"), ("Message3", ENROLMENT))
    assert {(each.computer, each.channel) for each in file.logged} == {("DESKTOP-1", CHANNEL)}
    assert (file.others, file.unread, file.first, file.last) == (1, 0, AT, AT + 2)


def test_the_rendered_text_is_kept_in_one_line(reading):
    file = reading(FORMS["PowerShell"])
    assert [each.message for each in file.logged] == [
        "MDM Unenroll: Unenroll alert sent to server.", "Policy (Gerät) deleted."
    ]  # fmt: skip
    assert reading(FORMS["wevtutil in a console"]).logged[0].message is None


def test_an_event_names_its_place(reading, tmp_path):
    lines = reading(FORMS["wevtutil in a console"]).logged
    assert lines[1].place == f"{tmp_path / 'evidence'}, line 2"


@pytest.mark.parametrize(
    ("name", "guid", "counts"),
    [
        ("DeviceManagement-Enterprise-Diagnostics-Provider", "", True),
        ("", "3DA494E4-0FE2-415C-B895-FB5265C5C83B", True),
        ("microsoft-windows-devicemanagement-enterprise-diagnostics-provider", OTHER_GUID, True),
        ("Microsoft-Windows-DeviceManagement-Pushrouter", "f1201b5a-e170-42b6-8d20-b57ac57e6416", False),
    ],
)
def test_the_provider_is_known_by_id_or_by_name(reading, name, guid, counts):
    file = reading(xml([Event(AT, 48, name=name, guid=guid)]).encode())
    assert (len(file.logged), file.others) == ((1, 0) if counts else (0, 1))


def test_an_event_id_with_qualifiers_and_events_without_time_or_id(reading):
    text = xml(EVENTS[:1]).replace("<EventID>48", "<EventID Qualifiers='45056'>2952790064")  # 0xb0000030
    assert reading(text.encode()).logged[0].event == 48
    odd = text + xml(EVENTS[:1]).replace("SystemTime", "Other") + xml(EVENTS[:1]).replace(">48<", ">x<")
    assert reading(odd.encode()).unread == 2


def test_what_xml_does_not_allow_does_not_hide_the_rest(reading):
    assert len(reading(xml(EVENTS, rendered=True).replace("Gerät", "Ger\x01t").encode()).logged) == 2


# -- bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "no known kind of evidence"),
        (b"\0\1\2", "byte 0: no known kind of evidence"),
        (b"12:00 all gone", "no known kind of evidence"),
        (b"<html><body/></html>", "holds no Windows event"),
        (xml(EVENTS).encode()[:-30], "line 3, column"),
        (b"<Events><Event>&x;</Event></Events>", "not well-formed XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><Events/>', "line 1, column"),
        (b"<a>" * 5000, "depth"),
        pytest.param(b"<?xml " * 200_000, "not well-formed XML", id="quadratic work would take hours"),
        (b"{}", "no list"),
        (b"[]", "an empty list"),
        (b"[1]", "item 1: expected an object"),
        (b"[" * 100_000, "no JSON"),
        (b"[" + b"1" * 5000 + b"]", "no JSON"),
        (b'[{"at": 1, "step": "apps", "outcome": "done"},\n nonsense]', "line 2, column 2"),
        (b'[{"at": 1, "step": "app", "outcome": "done"}]', "item 1: step is 'app'; expected apps, certificates"),
        (b'[{"at": 1, "step": "apps", "outcome": "ok"}]', "item 1: outcome is 'ok'; expected done or failed"),
        (b'[{"at": true, "step": "apps", "outcome": "done"}]', "item 1: at is True"),
        (b'[{"at": "soon", "step": "apps", "outcome": "done"}]', "item 1: at is 'soon'"),
        (b'[{"at": NaN, "step": "apps", "outcome": "done"}]', "item 1: at is nan"),
        (b'[{"at": 1%s, "step": "apps", "outcome": "done"}]' % (b"0" * 400), "item 1: at is 10"),
        (b'[{"at": 1, "step": "apps", "outcome": "done", "text": 5}]', "item 1: text is 5"),
        (b'[{"at": 1, "step": ["apps"], "outcome": "done"}]', "item 1: step is"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(reading, tmp_path, content, said):
    message = refused(reading, content)
    assert message.startswith(str(tmp_path / "evidence"))
    assert said in message


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(EvidenceError, match="cannot be read: No such file"):
        read_evidence(str(tmp_path / "none.xml"))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            read_evidence(file.name)
        except EvidenceError as refusal:
            assert file.name in str(refusal)


# -- lists ----------------------------------------------------------------------------------------------------------------


def test_a_list_of_another_collector(reading):
    items = [
        {"at": "2027-01-15T08:00:00.25Z", "step": "apps", "outcome": "done", "text": "no app left", "who": "me"},
        {"at": "2027-01-15T09:00:01.25+01:00", "step": "end", "outcome": "failed"},
        {"at": "2027-01-15T08:00:02", "step": "report", "outcome": "done"},
    ]
    file = reading(json.dumps(items).encode("utf-8-sig"))
    assert [(each.at, each.step, each.outcome, each.text) for each in file.stated] == [
        (AT, "apps", "done", "no app left"),
        (AT + 1, "end", "failed", ""),
        (AT + 1.75, "report", "done", ""),
    ]
    assert (file.first, file.last) == (AT, AT + 1.75)
    assert file.stated[1].place.endswith("evidence, item 2")


# -- evtx -----------------------------------------------------------------------------------------------------------------


def test_without_the_extra_the_error_says_how_to_install_it(reading, monkeypatch):
    monkeypatch.setitem(sys.modules, "evtx", None)
    assert "pip install 'omadm-replay[evtx]'" in refused(reading, FORMS["evtx"])


def test_the_checksums_of_the_log_that_is_made_here_are_right(tmp_path):
    library = pytest.importorskip("evtx", reason="needs the extra evtx")
    path = tmp_path / "a.evtx"
    path.write_bytes(FORMS["evtx"])
    assert len(list(library.PyEvtxParser(str(path), validate_checksums=True).records())) == 3


def test_a_damaged_record_is_counted_and_the_others_are_read(reading):
    pytest.importorskip("evtx", reason="needs the extra evtx")
    damaged = bytearray(FORMS["evtx"])
    damaged[4096 + 0x200 + 60] ^= 0xFF
    file = reading(bytes(damaged))
    assert ([each.event for each in file.logged], file.unread) == ([819], 1)


@pytest.mark.parametrize("size", [8, 2000, 5000, 69_000])
def test_a_log_that_is_cut_is_refused(reading, size):
    pytest.importorskip("evtx", reason="needs the extra evtx")
    assert f"byte {size}: the file is cut" in refused(reading, FORMS["evtx"][:size])


def test_a_log_without_one_record_that_can_be_read(reading):
    pytest.importorskip("evtx", reason="needs the extra evtx")
    damaged = bytearray(FORMS["evtx"])
    damaged[4096:4104] = b"garbage!"
    assert "can be read" in refused(reading, bytes(damaged))
    head = bytearray(FORMS["evtx"][:4096])
    struct.pack_into("<H", head, 42, 0)
    assert "holds no record" in refused(reading, bytes(head))
