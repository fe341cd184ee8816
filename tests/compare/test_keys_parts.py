"""Every single thing that counts in a session is in its key: two devices that do the same but for that have two keys."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from replay.compare.views import SessionView, view
from replay.lab import messages
from replay.normal.form import Profile
from replay.syncml.names import UNENROL_TYPE
from tests.compare.edits import traffic
from tests.compare.stories import GUIDS
from tests.compare.test_keys import assert_keys_tell_the_form, sessions
from tests.story import Story

ONE, OTHER = "A" * 32, "B" * 32
METINF = 'xmlns="syncml:metinf"'
TYPE, FORMAT = (f"<{name} {METINF}>{{}}</{name}>" for name in ("Type", "Format"))
#: What the server sends in every session, so that there is something to change. {device} is the device's name.
SENT = (
    "<Replace><CmdID>20</CmdID><Item><Target><LocURI>./X</LocURI></Target><Source><LocURI>./S</LocURI></Source><Meta>"
    f"{FORMAT.format('chr')}</Meta><Data>one</Data></Item></Replace>"
    "<Atomic><CmdID>21</CmdID><Add><CmdID>22</CmdID><Item><Target><LocURI>./Y</LocURI></Target><Data>two</Data></Item></Add></Atomic>"
)

Lines = list[dict[str, Any]]


def recorded(device: str) -> Lines:
    """A session of a device, as a line for its request and one for its response."""
    story = Story(device=device)
    request = story.package_one("7")
    headers = [["Content-Type", story.content_type], ["User-Agent", "one"], ["MS-CV", f"{device}.1"]]
    story.exchange(request, story.answer(request, SENT), headers=headers)
    return [line for line in story.lines if isinstance(line, dict) and line["type"] != "open"]


def in_body(old: str, new: str, *, request: bool = False) -> Callable[[Lines], None]:
    """A text of the response's message, or the request's, replaced once; `{device}` is its device's name."""

    def change(lines: Lines) -> None:
        line = next(each for each in lines if each["type"] == ("request" if request else "response"))
        text, device = line["body"]["text"], ONE if ONE in line["body"]["text"] else OTHER
        assert old in text
        line["body"]["text"] = text.replace(old, new.replace("{device}", device), 1)

    return change


def in_line(type_: str, **members: Any) -> Callable[[Lines], None]:
    """Members of the line of the request or response replaced."""

    def change(lines: Lines) -> None:
        next(each for each in lines if each["type"] == type_).update(members)

    return change


def with_header(name: str, value: str) -> Callable[[Lines], None]:
    """Another value of a header of the request."""

    def change(lines: Lines) -> None:
        next(header for header in lines[0]["headers"] if header[0] == name)[1] = value

    return change


def without_answer(lines: Lines) -> None:
    lines[:] = [each for each in lines if each["type"] != "response"]


def cut_off(cause: str) -> Callable[[Lines], None]:
    """The answer missing, for a cause."""

    def change(lines: Lines) -> None:
        without_answer(lines)
        lines.append(lines[-1] | {"type": "failure", "cause": cause, "detail": ""})

    return change


def of_both(*changes: Callable[[Lines], None]) -> tuple[SessionView, SessionView]:
    """The sessions of two devices in one capture, the first with all these changes but the last, the second with all."""
    story = Story()
    for device, wanted in ((ONE, changes[:-1]), (OTHER, changes)):
        lines = recorded(device)
        for change in wanted:
            change(lines)
        story.lines += lines
    for number, line in enumerate(story.lines):
        assert isinstance(line, dict)
        line["t"], line["mono"] = 1.8e9 + number, number
    capture = traffic(story)
    assert_keys_tell_the_form(capture)
    one, other = sessions(view(capture))
    return one, other


ALERT = (
    "<Alert><CmdID>9</CmdID><Data>1226</Data><Item><Meta>"
    + TYPE.format("{type}")
    + "</Meta><Data>{data}</Data></Item></Alert>"
)
UNENROL = (
    "<Exec><CmdID>9</CmdID><Item><Target><LocURI>./Device/Vendor/MSFT/DMClient/Unenroll</LocURI></Target>"
    "<Data>{device}</Data></Item></Exec>"
)
CHANGES = {
    "the SessionID of one message": in_body("<SessionID>7<", "<SessionID>8<"),
    "no SessionID": in_body("<SessionID>7</SessionID>", ""),
    "no SessionID at all": lambda lines: (
        in_body("<SessionID>7</SessionID>", "")(lines), in_body("<SessionID>7</SessionID>", "", request=True)(lines)
    ),
    "MsgID": in_body("<MsgID>1<", "<MsgID>2<", request=True),
    "VerProto": in_body("DM/1.2", "DM/1.1"),
    "VerDTD": in_body("<VerDTD>1.2", "<VerDTD>1.1"),
    "namespace": in_body("SYNCML:SYNCML1.2", "SYNCML:SYNCML1.1"),
    "RespURI": in_body("</Source></SyncHdr>", "</Source><RespURI>https://a.test/x</RespURI></SyncHdr>"),
    "NoResp of a header": in_body("</Source></SyncHdr>", "</Source><NoResp/></SyncHdr>"),
    "Cred": in_body("</Source></SyncHdr>", "</Source><Cred><Data>x</Data></Cred></SyncHdr>"),
    "Meta of a header": in_body("</Source></SyncHdr>", f"</Source><Meta><MaxMsgSize {METINF}>9</MaxMsgSize></Meta></SyncHdr>"),
    "unknown in a header": in_body("</Source></SyncHdr>", "</Source><More>x</More></SyncHdr>"),
    "LocName of the server": in_body("</LocURI></Source></SyncHdr>", "</LocURI><LocName>x</LocName></Source></SyncHdr>"),
    "no Source at all": in_body("<Source><LocURI>https://mdm.example.test/ManagementServer/MDM.svc</LocURI></Source>", ""),
    "no Source": in_body("<Source><LocURI>https://", "<Source><LocName>https://"),
    "Final": in_body("<Final/>", ""),
    "Final before the rest": lambda lines: (
        in_body("<Final/>", "")(lines), in_body("<SyncBody>", "<SyncBody><Final/>")(lines)
    ),
    "unknown in a body": in_body("<Final/>", "<More>x</More><Final/>"),
    "unknown in a message": in_body("</SyncBody>", "</SyncBody><More>x</More>"),
    "CmdID": in_body("<CmdID>20<", "<CmdID>21<"),
    "no CmdID": in_body("<CmdID>20</CmdID>", ""),
    "reference": in_body("<CmdRef>2<", "<CmdRef>3<"),
    "reference to nothing": in_body("<CmdRef>2<", "<CmdRef>99<"),
    "status": in_body("<Data>200<", "<Data>500<"),
    "attribute of a status": in_body("<Data>200<", '<Data xmlns:m="m" m:originalerror="0x8">200<'),
    "Cmd": in_body("<Cmd>Replace<", "<Cmd>Add<"),
    "challenge": in_body("<Data>200<", f"<Chal><Meta><NextNonce {METINF}>QUI=</NextNonce></Meta></Chal><Data>200<"),
    "challenge without a nonce": in_body("<Data>200<", f"<Chal><Meta>{FORMAT.format('b64')}</Meta></Chal><Data>200<"),
    "NoResp": in_body("<CmdID>20</CmdID>", "<CmdID>20</CmdID><NoResp/>"),
    "Cred of a command": in_body("<CmdID>20</CmdID>", "<CmdID>20</CmdID><Cred><Data>x</Data></Cred>"),
    "Meta of a command": in_body("<CmdID>20</CmdID>", f"<CmdID>20</CmdID><Meta>{FORMAT.format('int')}</Meta>"),
    "unknown in a command": in_body("<CmdID>20</CmdID>", "<CmdID>20</CmdID><More>{device}</More>"),
    "name of a command": lambda lines: (
        in_body("<Replace><CmdID>20", "<Add><CmdID>20")(lines), in_body("</Replace><Atomic>", "</Add><Atomic>")(lines)
    ),
    "group": lambda lines: (in_body("<Atomic>", "<Sequence>")(lines), in_body("</Atomic>", "</Sequence>")(lines)),
    "within a group": in_body("<Data>two<", "<Data>three<"),
    "Target": in_body("./X<", "./Z<"),
    "Source": in_body("./S<", "./Z<"),
    "LocName": in_body("./X</LocURI>", "./X</LocURI><LocName>n</LocName>"),
    "format": in_body(">chr<", ">int<"),
    "namespace of a format": in_body(FORMAT.format("chr"), "<Format>chr</Format>"),
    "Data": in_body("<Data>one<", "<Data>1<"),
    "blanks in Data": in_body("<Data>one<", "<Data> one <"),
    "no Data": in_body("<Data>one</Data>", ""),
    "empty Data": in_body("<Data>one</Data>", "<Data/>"),
    "attribute of Data": in_body("<Data>one<", '<Data a="b">one<'),
    "elements in Data": in_body("<Data>one<", "<Data>one<b>{device}</b><"),
    "MoreData": in_body("<Data>one</Data>", "<Data>one</Data><MoreData/>"),
    "unknown in an item": in_body("<Data>one</Data>", "<Data>one</Data><More>x</More>"),
    "a certain node": in_body("./X<", "./DevInfo/DevId<"),
    "not read": in_body("</SyncML>", ""),
    "empty answer": in_line("response", body={"text": ""}),
    "no answer": without_answer,
    "cut off": cut_off("timeout"),
    "HTTP status": in_line("response", status=201),
    "by the proxy": in_line("response", by="proxy"),
    "no header of the answer": in_line("response", headers=[]),
    "header of the answer": in_line("response", headers=[["Retry-After", "1"]]),
    "method": in_line("request", method="PUT"),
    "path": in_line("request", url="https://mdm.example.test/other"),
    "no header of the request": in_line("request", headers=[]),
    "a header of the request": with_header("User-Agent", "two"),
    "kind of content": with_header("Content-Type", "text/xml"),
    "another step of the vector": with_header("MS-CV", "b.2"),
}  # fmt: skip


def test_the_sessions_of_two_devices_have_one_key_before():
    one, other = of_both(lambda lines: None)
    assert one.key.number == other.key.number
    assert one.key.counters[0].since == other.key.counters[0].since


def without_http(lines: Lines) -> None:
    """As a folder of messages has it."""
    lines[0].update(url=None, method=None, http=None, headers=[])
    lines[1].update(http=None, headers=[])


def without_request(lines: Lines) -> None:
    without_http(lines)
    lines[0].update(body=None)


@pytest.mark.parametrize("common", [without_http, without_request])
@pytest.mark.parametrize(
    "change",
    [
        in_line("request", url="https://mdm.example.test/other"),
        in_line("request", headers=[["X-More", "one"]]),
        in_line("request", method="PUT"),
        in_line("response", headers=[["X-More", "one"]]),
        in_line("response", http="HTTP/1.1"),
    ],
)
def test_whether_http_is_there_at_all_is_in_the_key(common, change):
    one, other = of_both(common, change)
    assert one.own_digest != other.own_digest
    assert one.digest != other.digest


def test_a_message_is_there_where_anything_of_it_is():
    for change in (without_http, in_line("request", method="POST"), in_line("request", headers=[["X-More", "one"]])):
        _, other = of_both(without_request, change)
        assert other.exchanges[0].request.there is (change is not without_http)
    one, other = of_both(without_http, without_request)
    assert [each.exchanges[0].request.there for each in (one, other)] == [True, False]
    assert one.digest != other.digest


@pytest.mark.parametrize("code", ["200", "500"])
def test_what_follows_a_message_without_an_answer_is_in_the_key(code):
    story = Story()
    for device, given in ((ONE, "200"), (OTHER, code)):
        story.device = device
        story.exchange(story.package_one("7"), None)
        story.go_on("7", 2, messages.status(3, "1", "2", "Get", given))
    capture = traffic(story)
    assert_keys_tell_the_form(capture)
    one, other = sessions(view(capture))
    assert len(one.session.turns) == 2
    assert (one.digest == other.digest) is (one.own_digest == other.own_digest) is (code == "200")


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_counts_is_in_the_key(change):
    one, other = of_both(change)
    assert one.own_digest != other.own_digest
    assert one.digest != other.digest


RESP_URI = "<RespURI>https://{}</RespURI></SyncHdr>"
IN_HEADER = in_body("</SyncHdr>", "<More>x</More></SyncHdr>")
PAIRS = {
    "two answers that cannot be read": (in_body("</SyncML>", ""), in_body("</SyncBody>", "")),
    "two messages that cannot be read": (in_body("</SyncML>", "", request=True), in_body("</SyncBody>", "", request=True)),
    "two ends": (cut_off("timeout"), in_line("failure", cause="server-reset")),
    "beside what nobody expects in a header": (IN_HEADER, in_body("<Data>one<", "<Data>1<")),
    "beside what nobody expects in a body": (in_body("<Final/>", "<More/><Final/>"), in_body("<Data>one<", "<Data>1<")),
    "in a Cred": (in_body("</SyncHdr>", "<Cred><Data>x</Data><More>x</More></Cred></SyncHdr>"), in_body("<More>x<", "<More>y<")),
    "two RespURIs": (in_body("</SyncHdr>", RESP_URI.format("a.test/x")), in_body("a.test/x", "a.test/y")),
    "beside a RespURI": (in_body("</SyncHdr>", RESP_URI.format("a.test/x")), in_body("<VerDTD>1.2", "<VerDTD>1.1")),
    "a name, or nothing": (in_body("<Data>one<", "<Data>{device}<"), in_body(f"<Data>{OTHER}</Data>", "")),
    "a name, or a GUID": (in_body("<Data>one<", "<Data>{device}<"), in_body(f"<Data>{OTHER}<", f"<Data>{GUIDS[2]}<")),
}  # fmt: skip


@pytest.mark.parametrize(("common", "change"), PAIRS.values(), ids=PAIRS)
def test_two_of_a_kind_are_told_apart(common, change):
    one, other = of_both(common, change)
    assert one.own_digest != other.own_digest
    assert one.digest != other.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Data>one<", "<Data><b>x</b>{device}<"),
        ("./X<", "./X/{device}<"),
        ("<Data>one<", "<Data>a {device}<"),
        ("<Data>200<", "<Data>{device}<"),
        ("<CmdID>20</CmdID>", "<CmdID>20</CmdID><More>{device}</More>"),
        ("<Replace><CmdID>20", ALERT.format(type=UNENROL_TYPE, data="{device}") + "<Replace><CmdID>20"),
        ("<Replace><CmdID>20", f"{UNENROL}<Replace><CmdID>20"),
        ("<Replace><CmdID>20", f"<Sequence><CmdID>8</CmdID>{UNENROL}</Sequence><Replace><CmdID>20"),
        ("<VerDTD>1.2", "<VerDTD>{device}"),
    ],
    ids=[
        "beside elements",
        "address",
        "within a text",
        "code",
        "unknown element",
        "unenrolment alert",
        "unenrolment Exec",
        "within a group",
        "VerDTD",
    ],
)
def test_a_name_where_names_count_to_the_letter_is_in_the_key(old, new):
    """Two devices, each with its own name there: two normal forms."""
    first, second = of_both(in_body(old, new), lambda lines: None)
    assert first.own_digest != second.own_digest
    assert first.digest != second.digest


SIGNS = {
    "Data": ("<Data>one<", "<Data>{device}<"),
    "group": ("<Data>two<", "<Data>{device}<"),
    "item of a group": (
        "<CmdID>21</CmdID>",
        "<CmdID>21</CmdID><Item><Data>{device}</Data></Item><Add><CmdID>31</CmdID><Item><Data>{device}</Data></Item></Add>",
    ),
    "DevId": ("./X</LocURI></Target>", "./DevInfo/DevId</LocURI></Target>"),
    "DevId as Source": (
        "<Target><LocURI>./X</LocURI></Target><Source><LocURI>./S</LocURI></Source>"
        f"<Meta>{FORMAT.format('chr')}</Meta><Data>one",
        "<Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>of {device}",
    ),
    "RespURI": ("</SyncHdr>", RESP_URI.format("{device}.test/x")),
    "NextNonce": ("<Data>200<", f"<Chal><Meta><NextNonce {METINF}>{{device}}</NextNonce></Meta></Chal><Data>200<"),
}
NAMED = f"<Meta><More {METINF}><Item><Data>{{device}}</Data></Item></More></Meta>"
TO_THE_LETTER = {
    "Meta of a header": ("</Source></SyncHdr>", f"</Source>{NAMED}</SyncHdr>"),
    "Meta of a Cred": ("</Source></SyncHdr>", f"</Source><Cred>{NAMED}<Data>x</Data></Cred></SyncHdr>"),
    "other alert": ("<Replace><CmdID>20", ALERT.format(type="com.example:x", data="{device}") + "<Replace><CmdID>20"),
    "other Exec": ("<Replace><CmdID>20", UNENROL.replace("DMClient", "Other") + "<Replace><CmdID>20"),
    "unknown element": ("<CmdID>20</CmdID>", "<CmdID>20</CmdID><More><Item><Data>{device}</Data></Item></More>"),
    "Meta of a command": ("<CmdID>20</CmdID>", f"<CmdID>20</CmdID>{NAMED}"),
    "Cred of a command": ("<CmdID>20</CmdID>", f"<CmdID>20</CmdID><Cred>{NAMED}<Data>x</Data></Cred>"),
    "SourceRef": ("<Cmd>Replace</Cmd>", "<Cmd>Replace</Cmd><SourceRef>{device}</SourceRef>"),
    "TargetRef": ("<Cmd>Replace</Cmd>", "<Cmd>Replace</Cmd><TargetRef>{device}</TargetRef>"),
    "Meta of an item": ("</Meta><Data>one", f"<More {METINF}><Item><Data>{{device}}</Data></Item></More></Meta><Data>one"),
    "Target of an item": ("./X</LocURI>", "./X</LocURI><More><Item><Data>{device}</Data></Item></More>"),
    "Source of an item": ("./S</LocURI>", "./S</LocURI><More><Item><Data>{device}</Data></Item></More>"),
    "header": ("</Source></SyncHdr>", "</Source><More><Item><Data>{device}</Data></Item></More></SyncHdr>"),
    "body": ("<Final/>", "<More><TargetRef>{device}</TargetRef></More><Final/>"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [*SIGNS.values(), *TO_THE_LETTER.values()], ids=[*SIGNS, *TO_THE_LETTER])
def test_a_name_where_names_do_not_count_has_an_alias(old, new):
    first, second = of_both(in_body(old, new), lambda lines: None)
    assert first.own_digest == second.own_digest
    assert first.digest == second.digest
    assert (first.key.number == second.key.number) is ((old, new) in SIGNS.values())
    assert [mark[0] for mark in first.marks] == [mark[0] for mark in second.marks]


@pytest.mark.parametrize("lengths", [False, True])
def test_credentials_are_told_by_their_lengths_alone(lengths):
    story = Story()
    for device, secret in ((ONE, "x"), (OTHER, "y"), ("C" * 32, "zzz")):
        lines = recorded(device)
        in_body("</Source></SyncHdr>", f"</Source><Cred><Data>{secret}</Data></Cred></SyncHdr>")(lines)
        story.lines += json.loads(json.dumps(lines))
    one, same, longer = sessions(view(traffic(story), Profile(lengths=lengths)))
    assert one.digest == same.digest
    assert one.key.number == same.key.number
    assert (one.digest == longer.digest) is not lengths
