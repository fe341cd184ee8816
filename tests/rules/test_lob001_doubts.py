import base64

import pytest

from tests.rules.talk import GET, OPENED, Talk, alert, header, opening, replace, results, status
from tests.rules.test_lob001 import (
    CONTINUE,
    URI,
    A,
    B,
    add,
    chunk_from_the_middle,
    first,
    item,
    sent_by_device,
    sent_by_server,
)
from tests.story import rules_of


def unanswered_results(answer: list[str], **more) -> Talk:
    """A device sends a chunk in Results (CmdID 7 of message 2), and the server says something else than Status 213."""
    talk = Talk().open(GET)
    request = talk.device(
        header(), status("1/9", "Get"), results("1/9", first(A, 80)).replace("{id}", "7"), final=False
    )
    talk.story.exchange(request, talk.server(*answer), **more)
    return talk


# -- what is said of an object ---------------------------------------------------------------------------------------------


def test_size_may_stand_in_meta_of_the_command():
    meta = '<Meta><Size xmlns="syncml:metinf">80</Size></Meta>'
    assert sent_by_server(add(9, meta, item(A, more=True)), add(9, item(B))).nothing()


@pytest.mark.parametrize("form", ["b64", "bin"])
def test_format_may_stand_in_meta_of_the_command(form):
    meta = f'<Meta><Format xmlns="syncml:metinf">{form}</Format></Meta>'
    chunk = first("MTIz", 6).replace('<Format xmlns="syncml:metinf">chr</Format>', "")
    assert sent_by_server(add(9, meta, chunk), add(9, item("NDU2"))).nothing()


def test_what_is_not_in_base64_stands_for_itself():
    one, other = base64.b64encode(b"12345678").decode(), base64.b64encode(b"9").decode()
    assert len(sent_by_server(add(9, first(one, 9)), add(9, item(other))).of("LOB001")) == 1
    spoilt = sent_by_server(add(9, first("MTIz*", 6, form="b64")), add(9, item("NDU2", form="b64")))
    assert "complete with 9 bytes" in spoilt.only("LOB001").message


def test_base64_may_be_broken_into_lines():
    assert sent_by_server(add(9, first("MTIz\n", 6, form="b64")), add(9, item("ND\nU2", form="b64"))).of("LOB001") == []


@pytest.mark.parametrize("last", ["<Data></Data>", ""])
def test_the_last_chunk_may_be_empty(last):
    end = item("").replace("<Data></Data>", last)
    assert sent_by_server(add(9, first(A, 50)), add(9, end)).nothing()
    assert "complete with 50 bytes" in sent_by_server(add(9, first(A, 80)), add(9, end)).only("LOB001").message


def test_nobody_knows_the_length_of_elements():
    assert sent_by_server(add(9, first("<a>1</a>", 80)), add(9, item(B))).nothing()


def test_an_object_may_name_its_node_as_the_source_alone():
    unnamed = item(A, more=True).replace("<LocURI>./Vendor/MSFT/X</LocURI>", "<LocURI></LocURI>")
    unnamed = unnamed.replace("</Target>", "</Target><Source><LocURI>./here</LocURI></Source>")
    assert (
        "first chunk of ./here has no Size" in sent_by_server(add(9, unnamed), add(9, item(B))).of("LOB001")[0].message
    )


def test_size_in_each_of_several_chunks_is_one_finding():
    finding = sent_by_server(
        add(9, first(A, 130)), add(9, first(A, 130, uri="")), add(9, item(B, size=130, uri=""))
    ).only("LOB001")
    assert (finding.exchange, finding.also) == (2, (3,))
    assert f"a further chunk of {URI} has Size" in finding.message


def test_the_last_of_three_chunks_is_where_the_sizes_are_told():
    finding = sent_by_server(add(9, first(A, 131)), add(9, item(A, more=True)), add(9, item(B))).only("LOB001")
    assert (finding.exchange, "complete with 130 bytes" in finding.message) == (3, True)
    assert "complete with 3 bytes" in sent_by_server(add(9, first("x\n", 9)), add(9, item("y"))).only("LOB001").message


def test_a_later_object_of_a_session_needs_its_size_too():
    finding = sent_by_device(item(A, more=True), item(B)).only("LOB001")
    assert (finding.party, finding.exchange, "has no Size" in finding.message) == ("device", 2, True)


def test_an_object_of_another_command_does_not_go_on_with_it():
    talk = sent_by_server(add(9, first(A, 80)), add(9, item(B)).replace("Add>", "Replace>"))
    assert "Replace (CmdID 9) comes where the next chunk" in talk.of("LOB001")[0].message


def test_status_and_alert_may_come_between_the_chunks():
    talk = Talk().open(GET)
    chunk = results("1/9", first(A, 80)).replace("{id}", "7")
    talk.story.exchange(
        talk.device(header(), status("1/9", "Get"), chunk, final=False),
        talk.server(header(2), status("2/7", "Results", "213"), CONTINUE, replace(8), final=False),
    )
    said = status("2/8", "Replace").replace("</Status>", "<Item><Data>x</Data></Item></Status>")
    talk.say([header(2), status("2/5", "Alert"), said, results("1/9", item(B))], [header(3)])
    assert talk.of("LOB001") == []


def test_an_object_with_something_behind_its_chunk_is_still_followed():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 81)), replace(8), final=False))
    answers = [header(), status("1/9", "Add", "213"), status("1/8", "Replace"), CONTINUE]
    talk.story.exchange(
        talk.device(*answers, final=False), talk.server(header(2), status("2/5", "Alert"), add(9, item(B)))
    )
    behind, sizes = talk.of("LOB001")
    assert "follows an unfinished chunk" in behind.message
    assert "announced 81" in sizes.message


# -- what is not there -----------------------------------------------------------------------------------------------------


def test_a_chunk_that_nobody_took_need_not_be_gone_on_with():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 130)), final=False))
    talk.story.exchange(
        talk.device(header(), status("1/9", "Add", "213"), CONTINUE, final=False),
        talk.server(header(2), status("2/5", "Alert"), add(9, item(A, more=True)), final=False),
    )
    talk.say([header(2)], [header(3), replace(8)])
    talk.say([header(3), status("3/8", "Replace")], [header(4)])
    assert rules_of(talk.judge()) == ["STA001"]


def test_an_object_that_was_refused_may_be_sent_anew():
    for code in ("413", "500"):
        talk = Talk()
        talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), final=False))
        talk.say([header(), status("1/9", "Add", code)], [header(2), add(9, item(A, size=50))])
        talk.say([header(2), status("2/9", "Add")], [header(3)])
        assert talk.of("LOB001") == []


def test_a_late_answer_to_an_earlier_chunk_says_nothing_of_the_last():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 130)), final=False))
    talk.story.exchange(
        talk.device(header(), CONTINUE, final=False),
        talk.server(header(2), status("2/5", "Alert"), add(8, item(A, more=True)), final=False),
    )
    talk.say([header(2), status("2/8", "Add", "213"), status("1/9", "Add", "500")], [header(3), replace(7)])
    assert "where the next chunk" in talk.of("LOB001")[0].message


def test_a_message_that_is_not_there_may_have_held_the_first_chunk():
    assert chunk_from_the_middle(Talk().open(GET), item(A, more=True)).of("LOB001") == []


def test_the_size_of_what_may_be_a_further_chunk_is_not_believed():
    assert chunk_from_the_middle(Talk(), first(A, 180)).of("LOB001") == []


def test_what_follows_a_message_that_is_sent_again_is_judged():
    talk = Talk()
    request = talk.device(*opening())
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, talk.server(*OPENED, add(9, item(A, more=True)), final=False))
    talk.say([header(), status("1/9", "Add", "213"), CONTINUE], [header(2), status("2/5", "Alert"), add(9, item(B))])
    assert "has no Size" in talk.of("LOB001")[0].message


# -- the receiver ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["1223", "1225"])
def test_a_server_that_gives_up_owes_no_213(code):
    assert unanswered_results([header(2), alert(code)]).of("LOB001") == []


def test_an_answer_that_is_not_known_may_be_213():
    talk = Talk().open(GET)
    chunk = results("1/9", first(A, 80)).replace("{id}", "7")
    talk.story.exchange(talk.device(header(), status("1/9", "Get"), chunk, final=False), b"<SyncML")
    assert talk.of("LOB001") == []


def test_an_answer_to_something_else_may_be_meant_for_the_chunk():
    assert rules_of(unanswered_results([header(2), status("2/77", "Results", "213")]).judge()) == ["STA002"]


def test_a_missing_213_is_told_once():
    talk = unanswered_results([header(2), CONTINUE])
    talk.say([header(2), status("2/5", "Alert")], [header(3, "500")])
    assert [(finding.exchange, finding.also) for finding in talk.of("LOB001")] == [(2, ())]


def test_what_the_device_says_next_is_no_answer_to_its_chunk():
    talk = Talk().open(GET)
    chunk = results("1/9", first(A, 80)).replace("{id}", "7")
    talk.story.exchange(talk.device(header(), status("1/9", "Get"), chunk, final=False), b"")
    assert "LOB001" not in rules_of(talk.say([CONTINUE], [header(3)]).judge())


def test_a_chunk_in_an_alert_without_any_status_is_sta001():
    reported = alert("1226", "7").replace("</Alert>", f"{first(A, 80)}</Alert>")
    talk = Talk().say([*opening(), reported], OPENED)
    assert rules_of(talk.judge()) == ["STA001"]


@pytest.mark.parametrize("data", ["<Data></Data>", ""])
def test_a_status_without_a_code_says_nothing_of_the_chunk(data):
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), final=False))
    bare = status("1/9", "Add").replace("<Data>200</Data>", data)
    talk.story.exchange(
        talk.device(header(), bare, CONTINUE, final=False),
        talk.server(header(2), status("2/5", "Alert"), add(9, item(B))),
    )
    talk.say([header(2), status("2/9", "Add")], [header(3)])
    assert rules_of(talk.judge()) == ["STA006"]


def test_a_status_of_another_name_is_not_about_the_chunk():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), replace(8), final=False))
    talk.say([header(), status("1/9", "Add", "213"), status("1/9", "Replace")], [header(2)])
    assert not any("213 was due" in finding.message for finding in talk.of("LOB001"))


def test_what_the_proxy_answers_is_not_the_servers():
    wrong = [header(2), status("2/7", "Results", "200"), status("2/6", "Status", "213")]
    assert unanswered_results(wrong, by="proxy").of("LOB001") == []


def test_what_the_server_would_have_said_to_the_device_is_not_known():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), final=False))
    talk.story.exchange(
        talk.device(header(), status("1/9", "Add", "213"), CONTINUE, final=False), talk.server(header(2)), by="proxy"
    )
    talk.say([header(2)], [header(3), replace(8)])
    assert talk.of("LOB001") == []
