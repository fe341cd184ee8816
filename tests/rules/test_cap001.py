from tests.story import Story, user


def test_passes_where_the_server_answered():
    assert user().watch(70).judge().findings == []


def test_reports_a_response_of_the_proxy_as_an_info():
    story = Story().ordinary("1")
    request = story.package_one("2")
    story.exchange(request, b"<html>Bad Gateway</html>", status=502, by="proxy", failure="server-closed")
    judged = story.judge()
    found = {finding.rule: finding for finding in judged.findings}
    assert found["CAP001"].severity == "info"
    assert found["CAP001"].party == "proxy"
    assert set(found) == {"CAP001", "HTP006"}  # and the server did not answer


def test_what_the_server_said_is_not_known_where_the_proxy_answered_in_its_place():
    story = Story().ordinary("1")
    story.exchange(story.package_one("2"), b"busy", status=503, by="proxy")
    assert {finding.rule for finding in story.judge().findings} == {"CAP001"}


def test_is_never_judged_as_the_servers():
    story = user()
    story.exchange(story.package_one("3"), b"not xml", by="proxy")
    assert not [f for f in story.judge().findings if f.rule in ("MSG001", "HTP003")]


def test_leaves_other_traffic_alone():
    story = user()
    story.exchange(None, b"x", by="proxy", url="https://elsewhere.test/", headers=[], response_headers=[])
    assert story.judge(quiet=0).findings == []
