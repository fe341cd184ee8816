import pytest

from replay.lab import messages
from tests.rules.talk import by_device
from tests.story import Story, only, rules_of, user

METINF = ' xmlns="syncml:metinf"'


def replace(meta, tag="Item"):
    inner = f"<Meta>{meta}</Meta>"
    item = f"<Item><Target><LocURI>./A</LocURI></Target>{inner if tag == 'Item' else ''}<Data>1</Data></Item>"
    return f"<Replace><CmdID>9</CmdID>{inner if tag == 'Replace' else ''}{item}</Replace>"


def by_server(text, change=lambda body: body):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, change(story.answer(request, text)))
    return story.judge()


@pytest.mark.parametrize("tag", ["Item", "Replace"])
def test_passes_in_metinf(tag):
    meta = f"<Format{METINF}>chr</Format><Type{METINF}>text/plain</Type><Anchor{METINF}/>"
    assert by_server(replace(meta, tag)).findings == []


@pytest.mark.parametrize("tag", ["Item", "Replace"])
def test_warns_of_type_and_format_of_a_server(tag):
    judged = by_server(replace("<Format>chr</Format><Type>text/plain</Type>", tag))
    finding = only(judged, "MSG012")
    assert (finding.severity, finding.party) == ("warning", "server")
    assert judged.verdict.word == "pass"
    assert finding.path.endswith("Meta/Type")
    assert "SYNCML:SYNCML1.2" in finding.message


def test_fails_with_anything_else_of_a_server_and_tells_the_two_apart():
    judged = by_server(replace("<Format>chr</Format><Size>7</Size>"))
    assert [(f.rule, f.severity) for f in judged.findings if f.rule == "MSG012"] == [
        ("MSG012", "error"),
        ("MSG012", "warning"),
    ]


@pytest.mark.parametrize("namespace", ["", ' xmlns="syncml:metinfo"', ' xmlns=""', ' xmlns="SYNCML:METINF"'])
def test_fails_in_a_devices_message(namespace):
    text = f"<Alert><CmdID>9</CmdID><Data>1224</Data><Item><Meta><Type{namespace}>x</Type></Meta><Data>1</Data></Item></Alert>"
    finding = only(by_device(text), "MSG012")
    assert (finding.severity, finding.party) == ("error", "device")
    assert finding.path == "SyncBody/Alert[3]/Item/Meta/Type"


def test_fails_in_a_challenge():
    def challenged(body):
        chal = b"<Data>407</Data><Chal><Meta><Format>b64</Format><Type>syncml:auth-md5</Type></Meta></Chal>"
        return body.replace(b"<Data>200</Data>", chal, 1)

    found = next(f for f in by_server("", challenged).findings if f.rule == "MSG012")
    assert (found.severity, found.path) == ("error", "SyncBody/Status[1]/Chal/Meta/Type")


@pytest.mark.parametrize(
    "header", ["<Meta><MaxMsgSize>5000</MaxMsgSize></Meta>", "<Cred><Meta><Type>x</Type></Meta></Cred>"]
)
def test_fails_in_the_header(header):
    story = Story()
    request = story.package_one("1").replace(b"</SyncHdr>", header.encode() + b"</SyncHdr>")
    story.exchange(request, story.answer(request))
    finding = next(f for f in story.judge().findings if f.rule == "MSG012")
    assert (finding.severity, finding.path.split("/")[0]) == ("error", "SyncHdr")


def test_the_type_of_the_unenrolment_alert_is_une004s():
    right = messages.unenrol_alert()
    wrong = right.replace(f"<Type{METINF}>", '<Type xmlns="syncml:metinfo">')
    assert rules_of(Story().ordinary("1").alert("2", text=wrong).watch(70).judge()) == ["UNE004"]
    both = wrong.replace(f"<Format{METINF}>", '<Format xmlns="syncml:metinfo">')
    judged = Story().ordinary("1").alert("2", text=both).watch(70).judge()
    assert sorted(rules_of(judged)) == ["MSG012", "UNE004"]
    finding = next(f for f in judged.findings if f.rule == "MSG012")
    assert "Format" in finding.message
    assert "Type" not in finding.message


def test_the_same_child_in_many_places_is_one_finding():
    story = Story()
    request = story.package_one("1")
    commands = [replace("<Type>text/plain</Type>").replace(">9<", f">{20 + n}<") for n in range(7)]
    story.exchange(request, story.answer(request, *commands))
    assert "(7 times)" in only(story.judge(), "MSG012").message


def test_in_wbxml_the_code_page_decides():
    story = Story()
    request = story.to_server(
        "1", 1, [*messages.package_one(messages.DeviceInfo(story.device)), replace(f"<Format{METINF}>chr</Format>")]
    )
    headers = [["Content-Type", messages.WBXML_TYPE]]
    binary = messages.to_wbxml(request)
    assert b"\x00\x01G\x03chr" in binary  # SWITCH_PAGE 1, Format
    answer = messages.to_wbxml(story.answer(request))
    story.exchange(binary, answer, headers=headers, response_headers=headers)
    assert rules_of(story.judge()) == []
    story.exchange(
        binary.replace(b"\x00\x01G\x03chr\x00", b"\x00\x00G\x03chr\x00"),
        answer,
        headers=headers,
        response_headers=headers,
    )
    assert "MSG012" in rules_of(story.judge())


def test_passes_in_an_unenrolment():
    assert user().watch(70).judge().findings == []


# -- where a child is, and what it is called ------------------------------------------------------------------------------------

PLAIN = "<Meta><{0}>1</{0}></Meta>"


def paths(judged):
    return [(f.severity, f.path) for f in judged.findings if f.rule == "MSG012"]


@pytest.mark.parametrize(
    "name", ["Mark", "Size", "NextNonce", "MaxMsgSize", "MaxObjSize", "Version", "Type", "Format", "Anchor"]
)
@pytest.mark.parametrize(("above", "path"), [("{}", "SyncHdr/Meta"), ("<Cred>{}</Cred>", "SyncHdr/Cred/Meta")])
def test_fails_with_any_child_in_the_header(name, above, path):
    story = Story()
    request = story.package_one("1")
    inside = above.format(PLAIN.format(name)).encode()
    story.exchange(request, story.answer(request).replace(b"</SyncHdr>", inside + b"</SyncHdr>"))
    assert paths(story.judge()) == [("error", f"{path}/{name}")]


def test_fails_in_credentials_of_a_command():
    judged = by_server(replace("", "Replace").replace("<Meta></Meta>", f"<Cred>{PLAIN.format('Type')}</Cred>"))
    assert paths(judged) == [("error", "SyncBody/Replace/Cred/Meta/Type")]


def test_windows_accepts_no_other_child_of_a_server():
    assert paths(by_server(replace("<Anchor/>"))) == [("error", "SyncBody/Replace/Item/Meta/Anchor")]


def test_what_is_right_beside_it_is_not_named():
    finding = only(
        by_server(replace(f'<Size xmlns="">7</Size><Format{METINF}>chr</Format><Anchor{METINF}/>')), "MSG012"
    )
    assert finding.message.endswith(": Size is in no namespace; expected 'syncml:metinf'")


def test_twice_is_said():
    twice = "<Size>1</Size>"
    judged = by_server(replace(twice) + replace(twice).replace(">9<", ">10<"))
    assert "(2 times)" in only(judged, "MSG012").message


def test_une004_does_not_speak_of_a_server():
    wrong = messages.unenrol_alert().replace(f"<Type{METINF}>", "<Type>").replace("{id}", "9")
    judged = by_server(wrong)
    assert paths(judged) == [("warning", "SyncBody/Alert/Item/Meta/Type")]
