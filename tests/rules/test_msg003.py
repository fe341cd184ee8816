import pytest

from tests.story import Story, only, rules_of, user


def answered_by(old, new):
    story = Story()
    request = story.package_one("1")
    answer = story.answer(request)
    assert old in answer
    story.exchange(request, answer.replace(old, new))
    return story.judge()


def test_passes_with_1_2():
    assert user().watch(70).judge().findings == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (b"<VerDTD>1.2", b"<VerDTD>1.1", "SyncHdr/VerDTD"),
        (b"<VerDTD>1.2", b"<VerDTD>1.20", "SyncHdr/VerDTD"),
        (b"<VerDTD>1.2", b"<VerDTD>", "SyncHdr/VerDTD"),
        (b"DM/1.2", b"DM/1.3", "SyncHdr/VerProto"),
        (b"DM/1.2", b"SyncML/1.2", "SyncHdr/VerProto"),
        (b"<VerDTD>1.2</VerDTD>", b"", "SyncHdr"),
        (b"<VerProto>DM/1.2</VerProto>", b"", "SyncHdr"),
    ],
)
def test_fails_with_another(old, new, path):
    finding = only(answered_by(old, new), "MSG003")
    assert (finding.severity, finding.party, finding.path) == ("error", "server", path)


def test_both_are_one_finding():
    finding = only(
        answered_by(b"<VerDTD>1.2</VerDTD><VerProto>DM/1.2", b"<VerDTD>1.1</VerDTD><VerProto>DM/1.1"), "MSG003"
    )
    assert "'1.1'" in finding.message
    assert "'DM/1.1'" in finding.message


def test_white_space_around_it_is_none_of_it():
    assert rules_of(answered_by(b"<VerDTD>1.2<", b"<VerDTD>\n 1.2 <")) == []


def test_a_header_that_is_not_there_is_one_cause():
    story = Story()
    request = story.package_one("1")
    begin, end = request.index(b"<SyncHdr>"), request.index(b"<SyncBody>")
    story.exchange(request[:begin] + request[end:], b"")
    assert rules_of(story.judge()) == ["MSG004"]
