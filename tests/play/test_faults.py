"""Faults: the grammar, which exchanges they apply to, and what is sent instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.lab import messages
from replay.play import faults
from replay.play.faults import Fault, FaultError, Seen, Where, parse
from replay.syncml import credentials
from replay.syncml.errors import UnreadableMessageError
from replay.syncml.read import looks_like_wbxml, read

INFO = messages.DeviceInfo("D")


def request(session: str = "1", msg: int = 1, *, alert: bool = False, device: str = "D") -> bytes:
    commands = messages.package_one(INFO, alert=messages.unenrol_alert() if alert else None)
    return messages.message(messages.Sender(session, "https://mdm.example.test/x?a=1&b=2", device), msg, commands)


def response(*commands: str, msg: int = 1) -> bytes:
    return messages.message(
        messages.Sender("1", "D", "S"), msg, [messages.status(1, "1", "0", "SyncHdr", "200"), *commands]
    )


def seen(body: bytes, known=frozenset()) -> Seen:
    return faults.look(body, known)[0]


# -- the grammar --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("drop-reply", Fault("drop-reply")),
        ("drop-reply@alert", Fault("drop-reply", None, Where("alert"))),
        ("reset@exec", Fault("reset", None, Where("exec"))),
        ("delay=2.5@msg=3", Fault("delay", 2.5, Where("msg", 3))),
        ("delay=.5", Fault("delay", 0.5)),
        ("delay=0", Fault("delay", 0.0)),
        ("status=500@all", Fault("status", 500, Where("all"))),
        ("empty", Fault("empty")),
        ("truncate=0@alert", Fault("truncate", 0, Where("alert"))),
        ("malformed", Fault("malformed")),
        ("challenge@msg=1", Fault("challenge", None, Where("msg", 1))),
        ("busy", Fault("busy")),
    ],
)
def test_what_is_accepted(spec, fault):
    assert parse(spec) == fault


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "no kind of fault"),
        ("explode", "'explode' is no kind of fault"),
        ("Drop-Reply", "no kind of fault"),
        (" empty", "no kind of fault"),
        ("drop-reply=1", "drop-reply has no value"),
        ("empty=", "empty has no value"),
        ("delay", "delay needs a value"),
        ("delay=", "'' is no delay"),
        ("delay=-1", "'-1' is no delay"),
        ("delay=nan", "no delay"),
        ("delay=inf", "no delay"),
        ("delay=1e3", "no delay"),
        ("delay=86401", "from 0 to 86400"),
        ("status=99", "from 200 to 599"),
        ("status=101", "from 200 to 599"),
        ("status=600", "from 200 to 599"),
        ("status=ok", "'ok' is no status"),
        ("truncate=-1", "no number of bytes"),
        ("truncate=1.5", "no number of bytes"),
        ("truncate=" + "9" * 5000, "no number of bytes"),
        ("truncate=\u0663", "no number of bytes"),
        ("empty@", "'' says nowhere"),
        ("empty@reply", "'reply' says nowhere"),
        ("empty@msg", "says nowhere"),
        ("empty@msg=0", "says nowhere"),
        ("empty@msg=x", "says nowhere"),
        ("empty@alert@exec", "says nowhere"),
    ],
)
def test_what_is_refused_says_why_and_what_is_accepted(spec, words):
    with pytest.raises(FaultError) as caught:
        parse(spec)
    assert words in str(caught.value)
    assert "WHERE is" in str(caught.value) or "expected" in str(caught.value)


WHERES = st.one_of(
    st.sampled_from(["alert", "exec", "all"]).map(Where), st.integers(1, 10**15 - 1).map(lambda n: Where("msg", n))
)
FAULTS = st.one_of(
    st.builds(
        Fault, st.sampled_from(["drop-reply", "reset", "empty", "malformed", "challenge", "busy"]), st.none(), WHERES
    ),
    st.builds(Fault, st.just("delay"), st.integers(0, 86_400_000).map(lambda n: n / 1000), WHERES),
    st.builds(Fault, st.just("status"), st.integers(200, 599), WHERES),
    st.builds(Fault, st.just("truncate"), st.integers(0, 10**15 - 1), WHERES),
)


@given(FAULTS)
def test_a_fault_reads_back_as_itself(fault):
    assert parse(str(fault)) == fault


@given(
    st.one_of(
        st.text(max_size=40),
        st.tuples(
            st.sampled_from(["delay", "status", "truncate", "empty", "x"]),
            st.sampled_from(["", "=", "=@", "@", "@msg="]),
            st.text(max_size=8),
        ).map("".join),
    )
)
def test_any_text_is_a_fault_or_a_clear_refusal(spec):
    try:
        fault = parse(spec)
    except FaultError as error:
        assert repr(spec) in str(error)
    else:
        assert parse(str(fault)) == fault


# -- what applies -------------------------------------------------------------------------------------------------------


def test_alert_is_the_session_that_carries_it_from_there_on():
    at_alert, known = parse("empty@alert"), frozenset()
    told = []
    for body in (
        request("1", 1),
        request("1", 2),
        request("2", 1, alert=True),
        request("2", 2),
        request("2", 2, device="E"),
        request("3", 1),
        request("2", 1),  # its SessionID used again: another session
        request("2", 2),
    ):
        found, known = faults.look(body, known)
        told.append(faults.applies(at_alert, found, None))
    assert told == [False, False, True, True, False, False, False, False]


def test_alert_in_a_session_that_is_open_and_sent_again_after_a_challenge():
    at_alert = parse("empty@alert")
    first, known = faults.look(request("1", 1), frozenset())
    second, known = faults.look(request("1", 2, alert=True), known)
    third, known = faults.look(request("1", 3, alert=True), known)
    assert [faults.applies(at_alert, each, None) for each in (first, second, third)] == [False, True, True]


def test_exec_is_told_from_the_response():
    at_exec, found = parse("empty@exec"), seen(request())
    carries = response(messages.unenrol_exec(2, "P"))
    assert faults.applies(at_exec, found, carries)
    assert faults.applies(at_exec, found, messages.to_wbxml(carries))
    assert not faults.applies(at_exec, found, response(messages.get(2, "./DevDetail/SwV")))
    for nothing in (None, b"", b"<html>", carries[:-5]):
        assert not faults.applies(at_exec, found, nothing)


def test_msg_is_the_devices_msgid():
    assert faults.applies(parse("empty@msg=2"), seen(request(msg=2)), None)
    assert not faults.applies(parse("empty@msg=2"), seen(request(msg=1)), response(msg=2))


def test_of_a_request_that_cannot_be_read_only_all_is_true():
    broken = seen(b"<SyncML><oops")
    assert "not well-formed" in broken.unread
    assert [faults.applies(parse(f"empty@{where}"), broken, None) for where in ("all", "alert", "msg=1")] == [
        True,
        False,
        False,
    ]


def test_all_delays_then_the_first_of_the_others():
    given_ = [parse(each) for each in ("status=500@exec", "empty", "delay=1", "drop-reply@msg=1", "delay=2@alert")]
    assert [str(each) for each in faults.due(given_, seen(request(alert=True)), None)] == [
        "delay=1@all",
        "delay=2@alert",
        "empty@all",
    ]
    assert faults.due(given_[:1], seen(request()), None) == []


# -- what is sent instead -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spec", "status"), [("status=418", 418), ("busy", 503), ("empty", 200)])
def test_an_answer_without_a_body(spec, status):
    made = faults.answer(parse(spec), seen(request()), response(), b"")
    assert (made.status, made.content_type, made.body) == (status, None, b"")


@pytest.mark.parametrize("spec", ["drop-reply", "reset", "delay=1", "truncate=1"])
def test_what_replaces_nothing(spec):
    assert faults.answer(parse(spec), seen(request()), response(), b"") is None


@pytest.mark.parametrize("wbxml", [False, True])
def test_a_challenge(wbxml):
    body = request("7", 1, alert=True)
    found = seen(messages.to_wbxml(body) if wbxml else body)
    made = faults.answer(parse("challenge"), found, response(messages.get(2, "./X"), msg=4), b"sixteen bytes ok")
    assert (made.status, made.content_type) == (200, messages.WBXML_TYPE if wbxml else messages.CONTENT_TYPE)
    assert looks_like_wbxml(made.body) is wbxml
    message = read(made.body)
    assert {(each.name, each.code) for each in message.commands} == {("Status", "407")}
    assert [(each.cmd, each.cmd_ref, each.msg_ref) for each in message.commands] == [
        ("SyncHdr", "0", "1"),
        ("Alert", "2", "1"),
        ("Alert", "3", "1"),
        ("Alert", "4", "1"),
        ("Replace", "5", "1"),
    ]
    chal = message.commands[0].chal
    assert (chal.type.text, chal.format.text) == ("syncml:auth-md5", "b64")
    assert credentials.next_nonce(chal) == b"sixteen bytes ok"
    assert (message.header.session_id, message.header.msg_id, message.header.target.uri) == ("7", "4", "D")
    assert message.header.source.uri == "https://mdm.example.test/x?a=1&b=2"
    assert message.final


@pytest.mark.parametrize("theirs", [None, b"", b"<html>"])
def test_a_challenge_where_the_server_said_nothing_readable_counts_as_the_device_does(theirs):
    made = faults.answer(parse("challenge"), seen(request(msg=3)), theirs, b"n")
    assert read(made.body).header.msg_id == "3"


def test_no_challenge_for_what_cannot_be_read():
    assert faults.answer(parse("challenge"), seen(b"<SyncML><oops"), response(), b"n") is None


@pytest.mark.parametrize(
    "body", [request(), messages.to_wbxml(request()), b"<SyncML><oops", messages.to_wbxml(request())[:30]]
)
def test_what_is_malformed_is_so_for_every_parser(body):
    found = seen(body)
    made = faults.answer(parse("malformed"), found, response(), b"")
    assert made.content_type == (messages.WBXML_TYPE if looks_like_wbxml(body) else messages.CONTENT_TYPE)
    assert looks_like_wbxml(made.body) is looks_like_wbxml(body)
    with pytest.raises(UnreadableMessageError):
        read(made.body)
    with pytest.raises(UnreadableMessageError):
        read(made.body, lenient=True)
