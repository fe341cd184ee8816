from replay.lab import messages
from tests.story import Story, only, rules_of

SWV = "./DevDetail/SwV"


def answered_with(*commands):
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request, *commands))
    return story.judge()


def test_passes_with_one_for_each_command():
    assert answered_with(messages.get(9, SWV), messages.get(10, SWV), messages.get("09", SWV)).findings == []


def test_fails_with_one_on_two():
    finding = only(answered_with(messages.get(9, SWV), messages.get(9, SWV)), "MSG009")
    assert (finding.severity, finding.party, finding.path) == ("error", "server", "SyncBody/Get[2]/CmdID")
    assert "'9'" in finding.message


def test_status_counts_and_so_does_a_group():
    replace = "<Replace><CmdID>{}</CmdID><Item><Target><LocURI>./A</LocURI></Target><Data>1</Data></Item></Replace>"
    group = f"<Atomic><CmdID>9</CmdID>{replace.format(9)}{replace.format(1)}</Atomic>"
    finding = only(answered_with(group), "MSG009")
    assert "CmdID '9' stands on 2 commands (Atomic and Replace)" in finding.message
    assert "CmdID '1' stands on 2 commands (Status and Replace)" in finding.message
    assert finding.path == "SyncBody/Atomic/Replace[1]/CmdID"


def test_none_at_all_is_msg008s():
    wrong = messages.get(9, SWV).replace("<CmdID>9</CmdID>", "")
    assert rules_of(answered_with(wrong, wrong)) == ["MSG008"]
    assert rules_of(answered_with(*[messages.get(0, SWV)] * 2)) == ["MSG008"]
    assert rules_of(answered_with(wrong, *[messages.get(9, SWV)] * 2)) == ["MSG008", "MSG009"]


def test_the_same_in_two_messages_is_right():
    assert Story().get_session("1").ordinary("2").judge().findings == []
