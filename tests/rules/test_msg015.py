import pytest

from tests.story import DEVICE, Story, only, rules_of, user


def session(request, story=None):
    story = story or Story()
    story.exchange(request, story.answer(request))
    return story.judge()


def with_devid(text):
    return Story().package_one("1").replace(f"<Data>{DEVICE}</Data>".encode(), text.encode())


def test_passes_where_they_are_the_same():
    assert user().watch(70).judge().findings == []
    assert session(with_devid(f"<Data>\n {DEVICE} </Data>")).findings == []


@pytest.mark.parametrize("other", ["FEDCBA9876543210", DEVICE.lower(), ""])
def test_warns_where_they_differ(other):
    judged = session(with_devid(f"<Data>{other}</Data>"))
    finding = only(judged, "MSG015")
    assert (finding.severity, finding.party) == ("warning", "device")
    assert finding.path == "SyncBody/Replace/Item[1]/Data"
    assert DEVICE in finding.message
    assert repr(other) in finding.message
    assert judged.verdict.word == "pass"


def test_a_message_without_a_devid_is_not_judged():
    assert "MSG015" not in rules_of(session(with_devid("")))


def test_once_a_session():
    story = Story()
    wrong = with_devid("<Data>X</Data>")
    story.exchange(wrong, story.answer(wrong, code="407", header_code="407"))
    again = wrong.replace(b"<MsgID>1<", b"<MsgID>2<")
    story.exchange(again, story.answer(again))
    assert rules_of(story.judge()).count("MSG015") == 1


def test_a_server_that_reads_it_says_nothing_of_itself():
    story = Story()
    request = story.package_one("1")
    replace = "<Replace><CmdID>9</CmdID><Item><Target><LocURI>./DevInfo/DevId</LocURI></Target><Data>X</Data></Item></Replace>"
    story.exchange(request, story.answer(request, replace))
    assert "MSG015" not in rules_of(story.judge())


@pytest.mark.parametrize("source", ["", "<Source/>", "<Source><LocURI/></Source>"])
def test_nothing_is_compared_with_a_source_that_is_missing(source):
    request = Story().package_one("1").replace(f"<Source><LocURI>{DEVICE}</LocURI></Source>".encode(), source.encode())
    story = Story()
    story.exchange(request, b"")
    assert rules_of(story.judge()) == ["MSG004"]
