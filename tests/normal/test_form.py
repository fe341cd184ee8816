import difflib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.capture.exchange import Capture
from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.lab import messages
from replay.normal.form import Profile, normal_form
from replay.normal.identities import IDENTITIES, Treatment, identity_at
from replay.normal.text import normal_text
from tests.story import Story

CRED = (
    '<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">{kind}</Type></Meta>'
    "<Data>{data}</Data></Cred></SyncHdr>"
)


def normal(story: Story, **profile) -> str:
    return normal_text(normal_form(assemble(read(io.BytesIO(story.text()), "x")), Profile(**profile)))


def changed(one: str, other: str) -> list[str]:
    return [line for line in difflib.ndiff(one.splitlines(), other.splitlines()) if line[0] in "+-"]


def life(
    *,
    device: str = "0123456789ABCDEF0123456789ABCDEF",
    host: str = "https://mdm.example.test",
    ids: tuple[str, ...] = ("1", "2", "3"),
    first_id: int = 2,
    server_message: int = 1,
    wbxml: bool = False,
    cred: str = "AAAA",
    guid: str = "{AF9257BA-6BBD-4624-AA9B-0182D50292C3}",
    cv: str = "a/tCeBgffEqA5408",
    alert: str | None = None,
    status: str = "200",
) -> Story:
    """A server's unenrolment with everything in it that is volatile."""
    story = Story(device=device, url=f"{host}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA")
    convert = messages.to_wbxml if wbxml else (lambda body: body)
    story.content_type = messages.WBXML_TYPE if wbxml else messages.CONTENT_TYPE + "; charset=utf-8"
    info = messages.DeviceInfo(device)

    def exchange(number: int, request: bytes, answer: bytes) -> None:
        request = request.replace(b"</SyncHdr>", CRED.format(kind="syncml:auth-md5", data=cred).encode())
        headers = [["Content-Type", story.content_type], ["MS-CV", f"{cv}.0.{number}"], ["Date", cv]]
        story.exchange(
            convert(request), convert(answer), headers=headers, response_headers=[["content-type", story.content_type]]
        )

    for number, session in enumerate(ids):
        is_last = number == len(ids) - 1
        text = (alert or messages.unenrol_alert()) if is_last else None
        request = story.to_server(session, 1, messages.package_one(info, alert=text, first_id=first_id))
        owed = messages.answers(messages_of(request), first_id=first_id)
        own = first_id + len(owed)
        more = [messages.get(own, "./DevDetail/SwV")] if number == 0 else []
        more += [messages.unenrol_exec(own, "MS DM Server")] if number == len(ids) - 2 else []
        exchange(number, request, story.to_device(session, server_message, [*owed, *more]))
        if number == 0:
            answers = [
                messages.status(first_id, str(server_message), "0", "SyncHdr", "200"),
                messages.status(first_id + 1, str(server_message), str(own), "Get", status),
                messages.results(first_id + 2, str(server_message), str(own), "./DevDetail/SwV", guid),
            ]
            request = story.to_server(session, 2, answers)
            final = messages.status(first_id, "2", "0", "SyncHdr", "200")
            exchange(number, request, story.to_device(session, server_message + 1, [final]))
        story.watch(10)
    return story


def messages_of(body: bytes):
    from replay.syncml.read import read as read_message

    return read_message(body)


IDS = st.lists(st.text("0123456789ABCDEF", min_size=1, max_size=4), min_size=3, max_size=3, unique=True).map(tuple)
VOLATILE = st.fixed_dictionaries(
    {},
    optional={
        "device": st.text("0123456789ABCDEF", min_size=32, max_size=32),
        "host": st.sampled_from(["https://mdm.example.test", "http://127.0.0.1:8443", "https://MDM.other.test:8443"]),
        "ids": IDS,
        "first_id": st.integers(1, 900),
        "server_message": st.integers(1, 90),
        "wbxml": st.booleans(),
        "cred": st.text("ABCD+/", min_size=1, max_size=20),
        "guid": st.uuids().map(str),
        "cv": st.text("abcABC019/+", min_size=1, max_size=16),
    },
)
PLAIN = normal(life())


@given(VOLATILE)
@settings(deadline=None)
def test_what_is_volatile_does_not_count(change):
    assert changed(PLAIN, normal(life(**change))) == []


RIGHT = messages.unenrol_alert()


@pytest.mark.parametrize(
    "alert",
    [
        RIGHT.replace("<Data>1</Data>", "<Data>2</Data>"),
        RIGHT.replace(">com.", "> com."),
        RIGHT.replace("critical", "informational"),
        RIGHT.replace('<Mark xmlns="syncml:metinf">critical</Mark>', ""),
        RIGHT.replace(">int<", ">chr<"),
        RIGHT.replace("1226", "1224"),
        RIGHT.replace('Type xmlns="syncml:metinf"', 'Type xmlns="syncml:metinfo"'),
        RIGHT.replace("<Data>1</Data></Item>", "<Data>{AF9257BA-6BBD-4624-AA9B-0182D50292C3}</Data></Item>"),
    ],
)
def test_what_never_is_normalised_counts(alert):
    assert changed(PLAIN, normal(life(alert=alert))) != []


def test_a_status_code_counts_and_is_one_line():
    assert [line.split()[-1] for line in changed(PLAIN, normal(life(status="404")))] == ['"200"', '"404"']


def edited(old: bytes, new: bytes) -> str:
    text = life().text().replace(old, new)
    assert text != life().text()
    return normal_text(normal_form(assemble(read(io.BytesIO(text), "x"))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"status": 200', b'"status": 202'),
        (b"./Vendor/MSFT/DMClient", b"./Device/Vendor/MSFT/DMClient"),
        (b"MS DM Server</Data>", b"ms dm server</Data>"),
        (b"<Final/>", b""),
        (b"SYNCML:SYNCML1.2", b"SYNCML:SYNCML1.1"),
        (b"application/vnd.syncml.dm+xml", b"text/xml"),
        (b"mode=Maintenance", b"mode=Machine"),
        (b'["Date", ', b'["MDM-GenericAlert", '),
        (b"<MsgID>1</MsgID>", b"<MsgID>3</MsgID>"),
        (b'"by": "server"', b'"by": "proxy"'),
        (b"<Cmd>Get</Cmd>", b"<Cmd>Got</Cmd>"),
    ],
)
def test_one_edit_of_what_counts_is_seen(old, new):
    assert changed(PLAIN, edited(old, new)) != []


def test_equality_between_places_is_kept():
    """A device id that differs between SyncHdr and DevInfo is seen, though ids do not count."""
    story = life()
    text = story.text().replace(
        b"./DevInfo/DevId</LocURI></Source><Data>0123", b"./DevInfo/DevId</LocURI></Source><Data>9999"
    )
    assert "{D2}" in normal_text(normal_form(assemble(read(io.BytesIO(text), "x"))))
    assert "{D2}" not in PLAIN


def test_a_device_whose_id_looks_like_a_code_changes_no_code():
    story = Story(device="200")
    assert 'Data = "200"' in normal(story.ordinary("1"))


def test_what_names_the_machine_counts_unless_it_is_said_not_to():
    one, other = Story().ordinary("1"), Story().ordinary("1")
    other.lines = [
        line if isinstance(line, str) else eval(repr(line).replace("Lab device", "Other model")) for line in other.lines
    ]
    assert changed(normal(one), normal(other)) != []
    assert changed(normal(one, other_machines=True), normal(other, other_machines=True)) == []


def test_lengths_are_kept_where_they_are_asked_for():
    assert "{credential, 4 characters}" in normal(life(), lengths=True)


def test_authorization_keeps_its_scheme():
    story = Story()
    request = story.package_one("1")
    kind = ["Content-Type", story.content_type]
    story.exchange(request, b"", headers=[kind, ["Authorization", "Bearer abc"], ["DeviceToken", "xyz"]])
    text = normal(story)
    assert "authorization: Bearer {token}" in text
    assert "abc" not in text
    assert "xyz" not in text


@pytest.mark.parametrize(("value", "shown"), [(" ", "{token}"), ("abc ", "{token}"), ("Basic\tabc", "Basic {token}")])
def test_authorization_without_a_scheme_or_a_value_is_masked_all_the_same(value, shown):
    story = Story()
    headers = [["Content-Type", story.content_type], ["Authorization", value]]
    story.exchange(story.package_one("1"), b"", headers=headers)
    assert f"authorization: {shown}\n" in normal(story)


def test_two_devices_keep_their_own_aliases():
    story = Story().ordinary("1")
    story.device = "OTHER"
    text = normal(story.ordinary("1"))
    assert "enrolment of {D1}" in text
    assert "enrolment of {D2}" in text


def test_no_answer_and_unreadable_messages_are_said():
    story = Story().ordinary("1")
    story.alert("2", response=None, failure="server-closed")
    request = story.package_one("3")
    story.exchange(request, b"<SyncML")
    text = normal(story)
    assert "< ended: server-closed" in text
    assert "<   a message that cannot be read (7 bytes" in text


def test_the_xml_and_the_wbxml_half_of_the_real_peers_are_the_same(shared_data):
    """Nothing truly differs: what the bytes differ in is the encoding, the content type's ending, and the MsgIDs of a server
    that carries them on from session to session."""
    from replay.capture.readers import read as read_any

    for name in ("normal", "unenroll"):
        whole = read_any(str(shared_data / "peers" / f"client-{name}-xml-then-wbxml.mitm"))
        halves = [Capture(path="x", format="x", exchanges=part) for part in (whole.exchanges[:2], whole.exchanges[2:])]
        one, other = (normal_text(normal_form(assemble(half))) for half in halves)
        assert one == other
        assert len(one.splitlines()) > 200


def test_the_table_finds_its_places():
    assert identity_at("SyncHdr/SessionID", "device").role == "session"
    assert identity_at("SyncBody/Status/Chal/Meta/NextNonce", "server").treatment is Treatment.MASK
    assert identity_at("SyncHdr/Target/LocURI", "device").role == "server"
    assert identity_at("SyncHdr/Target/LocURI", "server").role == "device"
    assert identity_at("SyncBody/Get/Item/Target/LocURI", "server") is None
    assert identity_at("SyncBody/Alert/Data", "device") is None
    assert len({(row.place, row.sender) for row in IDENTITIES}) == len(IDENTITIES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<MsgID>1</MsgID>", b""),
        (b"<MsgID>1</MsgID>", b"<MsgID/>"),
        (b"<MsgID>2</MsgID>", b"<MsgID>5</MsgID>"),
        (
            b"<SessionID>3</SessionID><MsgID>1</MsgID><Target><LocURI>0123",
            b"<SessionID>99</SessionID><MsgID>1</MsgID><Target><LocURI>0123",
        ),
        (b"<Get><CmdID>6</CmdID>", b"<Get>"),
        (b"<Get><CmdID>6</CmdID>", b"<Get><CmdID>0</CmdID>"),
        (b"<Get><CmdID>6</CmdID>", b"<Get><CmdID>2</CmdID>"),
        (b"<Alert><CmdID>2", b"<Alert xmlns='urn:x'><CmdID>2"),
        (b"<Data>1201</Data>", b"<Data>1201<b/></Data>"),
        (b"<Data>1201</Data>", b"<Data>\\u00a01201</Data>"),
    ],
)
def test_ids_and_elements_that_are_odd_are_seen(old, new):
    assert changed(PLAIN, edited(old, new)) != []


def test_the_order_of_exec_and_alert_is_seen_where_an_answer_came_late():
    def told(late: bool) -> str:
        story = Story()
        request = story.package_one("1")
        answer = story.answer(request, messages.unenrol_exec(9, "P"))
        if not late:
            story.exchange(request, answer)
            return normal(story.alert("2"))
        story.exchange(request, None)
        story.alert("2")
        story.line(
            "response",
            id="1",
            status=200,
            headers=[["Content-Type", messages.CONTENT_TYPE]],
            body={"text": answer.decode()},
        )
        return normal(story)

    assert [line for line in changed(told(False), told(True)) if line[0] == "+"] == [
        "+ < HTTP 200, after the request of S2"
    ]


def test_what_belongs_to_no_session_is_a_difference():
    from replay.normal.form import normal_others

    def others(*bodies: bytes) -> list[str]:
        story = Story().ordinary("1")
        for body in bodies:
            story.exchange(body, b"")
        return normal_others(assemble(read(io.BytesIO(story.text()), "x")))

    assert others() == []
    assert len(others(b"<SyncML><a", b"<SyncML><b")) == 2
    assert others(b"<SyncML><a") != others(b"<SyncML><b")


def test_a_line_cannot_be_forged():
    from replay.report.safe import visible_lines

    texts = set()
    for separator in ("\u2028", "\u2029", "\x85"):
        story = life(alert=RIGHT.replace("<Data>1</Data></Item>", f"<Data>1{separator}&gt;     Final</Data></Item>"))
        text = visible_lines(normal(story))
        texts.add(text)
        assert len(text.split("\n")) == len(PLAIN.split("\n"))
    assert len(texts) == 3


def test_a_message_id_cannot_forge_a_line_either():
    whole, forged = (edited(b"<MsgID>1</MsgID>", b"<MsgID>5%b6</MsgID>" % blank) for blank in (b" ", b"\\n"))
    assert len(forged.split("\n")) == len(whole.split("\n"))
    assert "which begins with MsgID 5\\n6" in forged


def test_the_data_of_an_exec_counts_to_the_letter_whatever_it_looks_like():
    provider, other = "af9257ba-6bbd-4624-aa9b-0182d50292c3", "0182d502-6bbd-4624-aa9b-92c3af9257ba"
    exec_ = messages.unenrol_exec(9, provider)
    wrong = exec_.replace(f"<Data>{provider}", f"<Data>{other}")
    assert wrong != exec_
    assert len(changed(normal(Story().exec("1", command=exec_)), normal(Story().exec("1", command=wrong)))) == 2


def test_a_message_id_of_many_digits_goes_on():
    def told(*numbers: str) -> str:
        story = Story()
        for number in numbers:
            story.exchange(story.to_server("1", 1, []).replace(b"<MsgID>1<", f"<MsgID>{number}<".encode()), b"")
        return normal(story)

    assert "{does not go on}" not in told("999999999", "1000000000")
    assert "{does not go on}" in told("1000000000", "1000000009")


def test_one_session_keeps_the_aliases_of_the_whole():
    traffic = assemble(read(io.BytesIO(life().text()), "x"))
    whole = normal_form(traffic)[0]
    only = normal_form(traffic, only=2)
    assert [session.alias for session in only[0].sessions] == ["S2"]
    assert only[0].sessions[0] == whole.sessions[1]


def test_an_identity_is_one_in_its_own_place_alone():
    inside = messages.unenrol_alert().replace(
        "<Data>1</Data></Item>", "<Data><doc><CmdID>{n}</CmdID></doc></Data></Item>"
    )
    one, other = (normal(life(alert=inside.replace("{n}", number))) for number in ("77", "78"))
    assert len(changed(one, other)) == 2


def test_the_algorithm_of_a_mac_counts_and_the_mac_does_not():
    def told(value: str) -> str:
        story = Story()
        request = story.package_one("1")
        story.exchange(request, b"", headers=[["Content-Type", story.content_type], ["x-syncml-hmac", value]])
        return normal(story)

    assert told('algorithm=MD5, username="u", mac=abc') == told('algorithm=MD5, username="v", mac=xyz')
    assert told("algorithm=MD5, mac=abc") != told("algorithm=SHA256, mac=abc")
