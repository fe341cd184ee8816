import pytest

from replay.lab import messages
from tests.story import DEVICE, URL, Story, only, rules_of, user

SERVER = URL.split("?", 1)[0]


def swap(body):
    """The same message with Target and Source of its header swapped."""
    text = body.decode()
    header, mark, rest = text.partition("</SyncHdr>")
    swapped = header.replace("<Target>", "<@>").replace("</Target>", "</@>")
    swapped = swapped.replace("<Source>", "<Target>").replace("</Source>", "</Target>")
    return (swapped.replace("<@>", "<Source>").replace("</@>", "</Source>") + mark + rest).encode()


def session(request=None, answer=None, **more):
    story = Story(**more)
    asked = request or story.package_one("1")
    story.exchange(asked, answer if answer is not None else story.answer(asked))
    return story.judge()


def test_passes_the_right_way_round():
    assert user().watch(70).judge().findings == []


def test_fails_on_the_devices_side():
    story = Story()
    request = story.package_one("1")
    story.exchange(swap(request), story.answer(request))
    finding = only(story.judge(), "MSG005")
    assert (finding.severity, finding.party, finding.path) == ("error", "device", "SyncHdr/Source/LocURI")
    assert DEVICE in finding.message
    assert SERVER in finding.message


def test_fails_on_the_servers_side():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, swap(story.answer(request)))
    finding = only(story.judge(), "MSG005")
    assert (finding.severity, finding.party, finding.path) == ("error", "server", "SyncHdr/Target/LocURI")
    assert f"Target is the server ({SERVER!r}), and Source {DEVICE!r}" in finding.message


def test_an_answer_to_where_the_message_said_it_came_from_follows_from_it():
    story = Story()
    request = swap(story.package_one("1"))
    story.exchange(request, swap(story.answer(story.package_one("1"))))
    finding = only(story.judge(), "MSG005")
    assert finding.party == "device"


def test_names_that_are_no_urls_are_told_by_the_devid():
    story = Story()
    named = [body.replace(SERVER.encode(), b"mdm-server") for body in (story.package_one("1"),)]
    answer = story.answer(named[0]).replace(SERVER.encode(), b"mdm-server")
    assert session(named[0], answer).findings == []
    assert only(session(swap(named[0]), answer), "MSG005").party == "device"
    assert only(session(named[0], swap(answer)), "MSG005").party == "server"


def test_names_of_which_nothing_is_known_are_not_judged():
    story = Story()
    request = story.to_server("1", 2, []).replace(SERVER.encode(), b"one").replace(DEVICE.encode(), b"another")
    assert "MSG005" not in rules_of(session(swap(request), b""))
    assert "MSG005" not in rules_of(session(request, b""))


def test_a_device_that_names_the_server_twice():
    story = Story()
    request = story.package_one("1").decode()
    wrong = request.replace(f"<Source><LocURI>{DEVICE}<", f"<Source><LocURI>{SERVER}<").encode()
    assert "MSG005" in rules_of(session(wrong, b""))


def test_a_device_whose_name_is_a_url_of_its_own():
    device = "https://device-7.example.test/"
    story = Story(device=device)
    request = story.package_one("1")
    assert session(request, story.answer(request), device=device).findings == []


def test_a_proxy_on_another_port_is_not_the_server_that_the_message_names():
    story = Story(url="http://127.0.0.1:18081/omadm")
    request = story.package_one("1").replace(b":18081", b":18080")
    story.exchange(request, story.answer(request))
    assert story.judge().findings == []


@pytest.mark.parametrize("missing", [b"<Target><LocURI>", b"<Source><LocURI>"])
def test_an_address_that_is_missing_is_not_judged(missing):
    story = Story()
    body = story.package_one("1")
    begin = body.index(missing) + len(missing)
    end = body.index(b"<", begin)
    assert rules_of(session(body[:begin] + body[end:], b"")) == ["MSG004"]


def test_the_devid_of_a_swapped_message_is_no_second_finding():
    story = Story()
    assert rules_of(session(swap(story.package_one("1")), story.answer(story.package_one("1")))) == ["MSG005"]


def test_a_message_that_is_swapped_stays_in_its_session():
    story = Story().get_session("1")
    for number in (2, 3):
        refs = [messages.status(1, str(number - 1), "0", "SyncHdr", "200")]
        request = story.to_server("1", number, [*refs, messages.status(2, str(number - 1), "9", "Get", "404")])
        answer = story.answer(request, messages.get(9, "./DevDetail/SwV"))
        story.exchange(swap(request) if number == 2 else request, answer)
    judged = story.judge()
    assert rules_of(judged) == ["MSG005"]
    assert [session.device for session in judged.traffic.sessions] == [DEVICE]


def test_the_documents_own_sample_is_a_devices(tmp_path):
    from replay.capture.readers import read
    from replay.expect.judge import judge

    sample = tmp_path / "sample.xml"
    sample.write_bytes(swap(Story().package_one("1", alert=messages.unenrol_alert())))
    judged = judge(read(str(sample)))
    assert rules_of(judged) == ["MSG005"]
    assert [(each.episode.enrolment.device, each.episode.scenario) for each in judged.episodes] == [(DEVICE, "user")]
