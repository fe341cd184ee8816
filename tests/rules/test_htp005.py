from tests.story import Story, user


def test_passes_with_a_message():
    assert user().watch(70).judge().findings == []


def test_reports_an_empty_reply_as_an_info():
    story = Story()
    story.exchange(story.package_one("1"), b"")
    judged = story.judge()
    assert [(f.rule, f.severity, f.party) for f in judged.findings] == [("HTP005", "info", "server")]
    assert judged.verdict.word == "pass"


def found(request: bytes | None, body: bytes = b"", **more) -> list[int | None]:
    story = Story().ordinary("1")
    story.exchange(request, body, **more)
    story.exchange(story.package_one("9"), b"")
    return [
        number for each in story.judge().findings if each.rule == "HTP005" for number in (each.exchange, *each.also)
    ]


def test_only_the_servers_own_whole_200_without_a_body_is_one():
    request = Story().package_one("2")
    assert found(request) == [2, 3]
    assert found(request, by="proxy") == [3]
    assert found(request, failure="server-closed") == [3]
    assert found(request, status=204) == [3]
    assert found(request, b"<SyncML") == [3]
    assert found(b"<SyncML") == [3]
    assert found(None, url="https://mdm.example.test/logo.png", headers=[], response_headers=[]) == [3]
