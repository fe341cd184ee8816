import pytest

from tests.rules.talk import GET, OPENED, Talk, header, opening, results, status


@pytest.mark.parametrize("code", ["200", "202", "216", "404", "418", "425", "428", "500", "516", "517"])
def test_passes_with_a_code_that_is_defined(code):
    assert Talk().open(GET).say([header(), status("1/9", "Get", code)], [header(2)]).nothing()


@pytest.mark.parametrize("code", ["101", "200", "216", "300", "305", "400", "428", "500", "514", "516", "517"])
def test_the_first_and_the_last_of_those_that_are_defined(code):
    assert Talk().open(GET).say([header(), status("1/9", "Get", code)], [header(2)]).of("STA006") == []


@pytest.mark.parametrize("code", ["0", "100", "217", "306", "429", "515", "518", "600", "0200", "OK"])
def test_warns_of_another(code):
    finding = Talk().open(GET).say([header(), status("1/9", "Get", code), results("1/9")], [header(2)]).only("STA006")
    assert (finding.severity, finding.party, finding.exchange) == ("warning", "device", 2)
    assert finding.path == "SyncBody/Status[2]/Data"
    assert f"the undefined code '{code}'" in finding.message


@pytest.mark.parametrize("data", ["<Data></Data>", ""])
def test_warns_where_there_is_none(data):
    bare = status("1/9", "Get").replace("<Data>200</Data>", data)
    assert "with no code" in Talk().open(GET).say([header(), bare], [header(2)]).only("STA006").message


def test_warns_in_a_session_after_one_without():
    story = Talk().open(GET).say([header()], [header(2)]).story
    assert len(Talk("2", story).open(GET).say([header(), status("1/9", "Get", "0")], [header(2)]).of("STA006")) == 1


def test_no_code_and_an_empty_one_are_the_same():
    answers = [text.replace("<Data>200</Data>", data) for text, data in zip(OPENED[2:], ("", "<Data/>"), strict=True)]
    finding = Talk().say(opening(), [*OPENED[:2], *answers]).only("STA006")
    assert "Status (CmdID 3) and Status (CmdID 4) with no code" in finding.message


def test_one_message_gives_one_finding():
    finding = Talk().say(opening(), [text.replace(">200<", ">0<") for text in OPENED]).only("STA006")
    assert finding.message.count("undefined code '0'") == 1
    assert "Status (CmdID 1), Status (CmdID 2), Status (CmdID 3) and Status (CmdID 4)" in finding.message


def test_a_message_that_is_sent_again_is_reported_once():
    talk = Talk().open(GET)
    request = talk.device(header(), status("1/9", "Get", "0"))
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, talk.server(header(2)))
    assert len(talk.of("STA006")) == 1


def test_the_real_peers_device_says_0(shared_data):
    from replay.capture.readers import read
    from replay.expect.judge import judge

    judgement = judge(read(str(shared_data / "peers" / "client-normal-xml-then-wbxml.mitm")))
    found = [(f.rule, f.party, f.exchange, f.also) for f in judgement.findings if f.rule[:3] in ("STA", "AUT", "LOB")]
    assert found == [("STA006", "device", 2, (4,))]  # in XML and in WBXML: <Data>0</Data> for SyncHdr and for Get
