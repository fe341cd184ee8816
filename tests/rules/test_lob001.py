import base64

import pytest

from tests.rules.talk import GET, OPENED, SWV, Talk, alert, header, opening, replace, results, status
from tests.story import rules_of

URI = "./Vendor/MSFT/X"
CONTINUE = alert("1222", "5")


def item(
    data: str, *, size: object = None, more: bool = False, form: str = "chr", uri: str = URI, side: str = "Target"
):
    """An item, or a chunk of one."""
    sized = "" if size is None else f'<Size xmlns="syncml:metinf">{size}</Size>'
    meta = f'<Meta><Format xmlns="syncml:metinf">{form}</Format>{sized}</Meta>'
    address = f"<{side}><LocURI>{uri}</LocURI></{side}>" if uri else ""
    return f"<Item>{address}{meta}<Data>{data}</Data>{'<MoreData/>' if more else ''}</Item>"


def add(number: int, *items: str) -> str:
    return f"<Add><CmdID>{number}</CmdID>{''.join(items)}</Add>"


def sent_by_server(*chunks: str, codes: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> Talk:
    """A server sends an object in chunks (Add with CmdID 9), each taken with 213 and the last with 200."""
    talk = Talk()
    request = talk.device(*opening())
    owed = OPENED
    codes = codes or ("213",) * (len(chunks) - 1) + ("200",)
    for place, (chunk, code) in enumerate(zip(chunks, codes, strict=True), 1):
        last = place == len(chunks)
        talk.story.exchange(request, talk.server(*owed, chunk, final=last))
        answers = [header(place), status(f"{place}/9", "Add", code)]
        request = talk.device(*answers, *([] if last else [CONTINUE]), final=last)
        owed = [header(place + 1), *([] if last else [status(f"{place + 1}/5", "Alert")])]
    talk.story.exchange(request, talk.server(*owed, *more))
    return talk


def sent_by_device(*chunks: str, code: str | None = "213", whole: bool = True) -> Talk:
    """A device answers a Get with Results in chunks; the last one is not there unless the object is `whole`."""
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, GET))
    owed = [header(), status("1/9", "Get")]
    for place, chunk in enumerate(chunks, 2):
        last = whole and place == len(chunks) + 1
        request = talk.device(*owed, results("1/9", chunk).replace("{id}", "7"), final=last)
        taken = [status(f"{place}/7", "Results", code)] if code is not None and not last else []
        answers = [header(place), *taken, *([] if last else [CONTINUE])]
        talk.story.exchange(request, talk.server(*answers, final=last))
        owed = [header(place), status(f"{place}/5", "Alert")]
    return talk


def chunk_from_the_middle(talk: Talk, chunk: str) -> Talk:
    """A device sends a chunk (CmdID 7 of its message 4), which the server takes, and then another one in Results."""
    talk.sent = talk.heard = 3
    sent = results("1/9", chunk).replace("{id}", "7")
    talk.story.exchange(
        talk.device(header(3), sent, final=False),
        talk.server(header(4), status("4/7", "Results", "213"), CONTINUE, final=False),
    )
    return talk.say([header(4), status("4/5", "Alert"), results("1/9", item(B))], [header(5)])


def first(data: str, size: object, **more) -> str:
    return item(data, size=size, more=True, **more)


A, B = "a" * 50, "b" * 30


def test_passes_in_two_and_in_three_chunks():
    assert sent_by_server(add(9, first(A, 80)), add(9, item(B))).nothing()
    assert sent_by_server(add(9, first(A, 130)), add(9, item(A, more=True)), add(9, item(B))).nothing()
    assert sent_by_device(first(A, 80, uri=SWV, side="Source"), item(B, uri=SWV, side="Source")).nothing()


def test_a_further_chunk_need_not_name_its_node():
    assert sent_by_server(add(9, first(A, 80)), add(9, item(B, uri=""))).nothing()


def test_an_object_in_one_message_may_have_a_size():
    assert sent_by_server(add(9, item(A, size=50))).nothing()


def test_several_items_of_which_the_last_is_a_chunk():
    assert sent_by_server(add(9, item("x", uri="./a"), first(A, 80)), add(9, item(B), item("y", uri="./b"))).nothing()


def test_fails_without_size():
    finding = sent_by_server(add(9, item(A, more=True)), add(9, item(B))).only("LOB001")
    assert (finding.severity, finding.party, finding.exchange, finding.side) == ("error", "server", 1, "response")
    assert finding.path == "SyncBody/Add/Item"
    assert f"the first chunk of {URI} has no Size" in finding.message


@pytest.mark.parametrize("size", ["-1", "80 bytes", "", "\u0668\u0660"])
def test_fails_with_a_size_that_is_no_number(size):
    assert "is no number" in sent_by_server(add(9, first(A, size)), add(9, item(B))).only("LOB001").message


def test_fails_with_size_again():
    finding = sent_by_server(add(9, first(A, 80)), add(9, item(B, size=80))).only("LOB001")
    assert finding.exchange == 2
    assert "belongs into the first alone" in finding.message


@pytest.mark.parametrize("size", [79, 81, 0, pytest.param("9" * 5000, id="long")])
def test_fails_where_the_chunks_do_not_come_to_size(size):
    finding = sent_by_server(add(9, first(A, size)), add(9, item(B))).only("LOB001")
    assert finding.exchange == 2
    assert f"complete with 80 bytes; its first chunk announced {str(size)[:50]}" in finding.message


@pytest.mark.parametrize(
    ("one", "other", "form", "sizes"),
    [
        ("ä" * 4, "ö", "chr", [5, 10]),
        ("x\n", "y", "chr", [3, 4, 6]),
        (base64.b64encode(b"12345").decode(), base64.b64encode(b"678").decode(), "b64", [8, 12]),
        ("MTIzN", "DU2Nzg=", "b64", [8, 12]),
    ],
)
def test_nobody_says_which_bytes_size_counts(one, other, form, sizes):
    for size in sizes:
        assert sent_by_server(add(9, first(one, size, form=form)), add(9, item(other, form=form))).of("LOB001") == []
    assert len(sent_by_server(add(9, first(one, 99, form=form)), add(9, item(other, form=form))).of("LOB001")) == 1


def test_fails_where_another_command_comes_between():
    finding = sent_by_server(add(9, first(A, 80)), add(9, item("x", uri="./other"))).only("LOB001")
    assert "comes where the next chunk" in finding.message
    assert finding.exchange == 2


def test_fails_where_the_next_message_has_nothing_of_it():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), final=False))
    talk.story.exchange(
        talk.device(header(), status("1/9", "Add", "213"), CONTINUE, final=False),
        talk.server(header(2), status("2/5", "Alert")),
    )
    finding = talk.only("LOB001")
    assert "nothing of it comes" in finding.message
    assert (finding.exchange, finding.path) == (2, "SyncBody")


def test_fails_where_something_follows_in_the_same_message():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), replace(8), final=False))
    answers = [header(), status("1/9", "Add", "213"), status("1/8", "Replace"), CONTINUE]
    talk.story.exchange(
        talk.device(*answers, final=False), talk.server(header(2), status("2/5", "Alert"), add(9, item(B)))
    )
    talk.say([header(2), status("2/9", "Add")], [header(3)])
    finding = talk.only("LOB001")
    assert "Replace (CmdID 8) follows an unfinished chunk" in finding.message


@pytest.mark.parametrize("code", ["200", "202"])
def test_fails_on_the_receiver_without_213(code):
    finding = sent_by_server(add(9, first(A, 80)), add(9, item(B)), codes=(code, "200")).of("LOB001")[0]
    assert (finding.party, finding.exchange, finding.side) == ("device", 2, "request")
    assert f"Status {code} for the chunk in Add (CmdID 9) of message 1; 213 was due" in finding.message
    assert finding.path == "SyncBody/Status[2]/Data"


def test_fails_on_the_receiver_with_213_for_a_whole_object():
    finding = sent_by_server(add(9, item(A)), codes=("213",)).only("LOB001")
    assert (finding.party, "which has no MoreData" in finding.message) == ("device", True)


def test_fails_on_a_server_that_says_nothing_of_a_chunk_of_results():
    finding = sent_by_device(first(A, 80), item(B), code=None).only("LOB001")
    assert (finding.party, finding.exchange, finding.side) == ("server", 2, "response")
    assert "no Status 213 for the chunk in Results (CmdID 7) of message 2" in finding.message


def test_a_chunk_in_a_command_without_any_status_is_sta001():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), final=False))
    talk.story.exchange(talk.device(header()), talk.server(header(2), add(9, item(B))))
    talk.say([header(2), status("2/9", "Add")], [header(3)])
    assert rules_of(talk.judge()) == ["STA001"]


@pytest.mark.parametrize("code", ["413", "424", "500"])
def test_an_object_that_was_refused_is_given_up(code):
    assert sent_by_device(first(A, 80), code=code, whole=False).of("LOB001") == []
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), final=False))
    talk.say([header(), status("1/9", "Add", code)], [header(2), replace(8)])
    talk.say([header(2), status("2/8", "Replace")], [header(3)])
    assert talk.of("LOB001") == []


@pytest.mark.parametrize("code", ["1223", "1225"])
def test_an_object_may_be_given_up_by_an_alert(code):
    for by_sender in (True, False):
        talk = Talk()
        talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, add(9, first(A, 80)), final=False))
        taken = [header(), status("1/9", "Add", "213")]
        said = [*taken, alert("1222", "5")] if by_sender else [*taken, alert(code, "5")]
        more = [alert(code, "6")] if by_sender else [replace(8)]
        talk.say(said, [header(2), status("2/5", "Alert"), *more])
        assert talk.of("LOB001") == []


def test_the_session_may_end_before_the_object():
    assert sent_by_device(first(A, 80), item(A, more=True), whole=False).of("LOB001") == []


def test_a_chunk_that_was_challenged_is_sent_again():
    cred = '<Cred><Meta><Type xmlns="syncml:metinf">syncml:auth-basic</Type></Meta><Data>YTpi</Data></Cred>'
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, GET))
    chunk = results("1/9", first(A, 80)).replace("{id}", "7")
    talk.story.exchange(
        talk.device(header(), status("1/9", "Get"), chunk, final=False), talk.server(header(2, "407"), final=False)
    )
    talk.story.exchange(
        talk.device(header(2), status("1/9", "Get"), chunk, final=False, cred=cred),
        talk.server(header(3, "212"), status("3/7", "Results", "213"), CONTINUE, final=False),
    )
    talk.say([header(3), status("3/5", "Alert"), results("1/9", item(B))], [header(4)])
    assert talk.of("LOB001") == []


def test_a_chunk_that_is_sent_again_byte_for_byte_counts_once():
    talk = Talk()
    talk.story.exchange(talk.device(*opening()), talk.server(*OPENED, GET))
    chunk = results("1/9", first(A, 80)).replace("{id}", "7")
    request = talk.device(header(), status("1/9", "Get"), chunk, final=False)
    talk.story.exchange(request, None, failure="timeout")
    talk.story.exchange(request, talk.server(header(2), status("2/7", "Results", "213"), CONTINUE, final=False))
    talk.say([header(2), status("2/5", "Alert"), results("1/9", item(B))], [header(3)])
    assert talk.of("LOB001") == []


def test_a_capture_from_the_middle_may_lack_the_first_chunk():
    assert chunk_from_the_middle(Talk(), item(A, more=True)).of("LOB001") == []


def test_a_message_that_is_not_there_may_have_held_a_chunk():
    talk = sent_by_device(first(A, 180), whole=False)
    talk.sent, talk.heard = 3, 3
    talk.say([header(3), results("1/9", item(B))], [header(4)])
    assert talk.of("LOB001") == []


def test_an_undefined_code_for_a_chunk_is_sta006():
    talk = sent_by_server(add(9, first(A, 80)), add(9, item(B)), codes=("299", "200"))
    assert rules_of(talk.judge()) == ["STA006"]


def test_the_real_abort_of_a_large_result_is_none(shared_data):
    from replay.capture.readers import read
    from replay.expect.judge import judge

    path = shared_data / "messages" / "windows11" / "windows-26200.9278-large-result-abort-8192.xml"
    assert [f.rule for f in judge(read(str(path))).findings if f.rule[:3] in ("STA", "AUT", "LOB")] == []


def test_many_wrong_answers_in_one_message_are_one_finding():
    talk = Talk().open(*(replace(number, URI) for number in (9, 10, 11)))
    talk.say([header(), *(status(f"1/{number}", "Replace", "213") for number in (9, 10, 11))], [header(2)])
    (finding,) = talk.of("LOB001")
    assert finding.message.count("Status 213 for Replace") == 3


def test_a_chunk_that_names_no_node_is_named_by_its_command():
    talk = Talk().say(
        [
            *opening()[:-1],
            alert("1226", "7").replace("</Alert>", "<Item><Data>1</Data><MoreData/></Item></Alert>"),
            opening()[-1],
        ],
        None,
    )
    assert "the first chunk of Alert (CmdID 7) has no Size" in talk.of("LOB001")[0].message
