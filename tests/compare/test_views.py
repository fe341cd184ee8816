from replay.compare.views import CaptureView, view
from replay.lab import messages
from tests.compare.stories import edited, session, traffic, with_header
from tests.compare.test_compare import enrol
from tests.story import DEVICE, URL, Story, server, user


def of(story):
    return view(traffic(story))


def test_names_are_in_no_digest_and_what_counts_is():
    elsewhere = URL.replace("mdm.example.test", "elsewhere.test:8")
    assert of(user()).digest == of(user(device="X", url=elsewhere)).digest
    assert of(user()).digest != of(edited(user(), "<Data>1</Data>", "<Data>2</Data>")).digest
    assert of(user()).digest != of(Story().ordinary("1").watch(30).alert("2", status=202)).digest


def test_a_chain_is_a_device_at_a_server():
    story = user()
    story.device = "OTHER"
    story.ordinary("1")
    assert [len(chain.sessions) for chain in of(story).chains] == [2, 1]
    assert [session.role for session in of(story).chains[0].sessions] == ["ordinary", "alert"]
    assert [session.number for chain in of(story).chains for session in chain.sessions] == [1, 2, 3]
    assert [chain.device for chain in of(story).chains] == [("D", 1), ("D", 2)]


def test_a_device_without_a_name_is_a_chain():
    (chain,) = of(edited(user(), DEVICE, "")).chains
    assert (chain.names[0], chain.device, len(chain.sessions)) == (None, None, 2)


def test_enrolments_are_counted_within_their_chain():
    story = Story().ordinary("1").ordinary("2")
    for number in (3, 4):
        enrol(story)
        story.ordinary(str(number))
    (chain,) = of(story).chains
    assert [session.enrolment for session in chain.sessions] == [1, 1, 2, 3]
    assert [each.enrols for each in of(story).others] == [True, True]
    cut = of(story.text()[:-30]).others
    assert [each.enrols for each in cut] == [True, True, False]


def test_what_is_in_both_roles():
    story = Story().exec("1")
    owed = [messages.status(1, "1", "0", "SyncHdr", "200")]
    request = story.to_server("1", 2, [*owed, messages.unenrol_alert("1", "int")])
    story.exchange(request, story.answer(request))
    assert [session.role for session in of(story).chains[0].sessions] == ["alert+exec"]


def test_an_answer_that_came_late():
    story = Story()
    first = story.package_one("1")
    story.exchange(first, None, id="1")
    story.ordinary("2")
    story.line("response", id="1", status=200, reason="", http="HTTP/1.1", headers=[], body=None, by="server")
    story.ordinary("3")
    one, other, third = of(story).chains[0].sessions
    assert [each.has_late_answers for each in (one, other, third)] == [True, False, False]
    assert one.exchanges[0].response.late is other
    assert other.exchanges[0].response.late is third.exchanges[0].response.late is None
    assert not any(each.has_late_answers for each in of(user()).chains[0].sessions)


def bare(*, request: bool = True, url: str | None = None, headers: bool = False, http: bool = False) -> CaptureView:
    """A session as a folder has it, with the HTTP that is wanted."""
    story = Story().ordinary("1")
    asked, answered = story.lines[1:]
    asked.update(url=url, method=None, http=None, headers=[])
    answered.update(http="HTTP/1.1" if http else None, headers=[["X-More", "one"]] if headers else [])
    if not request:
        asked["body"] = None
    return of(story)


def test_whether_http_is_carried():
    nothing = of(Story())
    assert (nothing.carried, nothing.carried_throughout) == (False, True)
    for found in (bare(), bare(request=False)):
        assert (found.carried, found.carried_throughout) == (False, False)
    for found in (bare(headers=True), bare(http=True)):
        assert (found.carried, found.carried_throughout) == (True, False)
    for found in (bare(url=URL), bare(request=False, http=True), of(user())):
        assert (found.carried, found.carried_throughout) == (True, True)
    silent = Story()
    silent.exchange(silent.package_one("1"), None, url=None, method=None, http=None, headers=[])
    assert not of(silent).carried
    assert [side.there for side in of(silent).messages()] == [True, False]
    unanswered = Story()
    unanswered.exchange(unanswered.package_one("1"), None)
    assert of(unanswered).carried_throughout


def test_roles_and_targets():
    exec_, alert = of(server()).chains[0].sessions[1:]
    assert (exec_.role, alert.role) == ("exec", "alert")
    response = alert.exchanges[0].response
    assert response.targets[0] == (0, "request", ())  # SyncHdr
    assert response.targets[1] == (0, "request", (0,))


def test_what_was_heard_before():
    (session,) = of(Story().get_session("1").go_on("1", 2)).chains[0].sessions
    assert [(each.request.heard, each.response.heard) for each in session.exchanges] == [(None, 0), (0, 1)]


def test_an_answer_that_says_nothing_is_not_heard():
    story = Story().get_session("1")
    story.exchange(story.to_server("1", 2, [messages.status(1, "1", "0", "SyncHdr", "200")]), b"")
    (session,) = of(story.go_on("1", 3, server_number="1")).chains[0].sessions
    assert [(each.request.heard, each.response.heard) for each in session.exchanges] == [(None, 0), (0, 1), (0, 2)]


def test_an_alert_that_answers_an_exec_is_no_target_of_a_message():
    exec_ = "<Exec><CmdID>9</CmdID><Correlator>c</Correlator><Item><Target><LocURI>./X</LocURI></Target></Item></Exec>"
    story = session(Story(), "1", exec_)
    alert = "<Alert><CmdID>2</CmdID><Data>1226</Data><Correlator>c</Correlator></Alert>"
    story.exchange(story.to_server("2", 1, [alert, messages.status(3, "1", "7", "Get", "200")]), b"")
    request = of(story).chains[0].sessions[1].exchanges[0].request
    assert request.targets == (None,)


def test_how_an_exchange_ended_is_said_of_its_last_side():
    story = Story()
    for number, (answer, failure) in enumerate([(b"", None), (None, "timeout"), (b"<cut", "truncated")], 1):
        story.exchange(story.package_one(str(number)), answer, failure=failure)
    (whole,), (none,), (cut,) = ([*each.exchanges] for each in of(story).chains[0].sessions)
    assert [(each.request.end, each.response.there, each.response.end) for each in (whole, none, cut)] == [
        (None, True, None),
        ("ended: timeout", False, None),
        (None, True, "ended: truncated"),
    ]
    assert [side.number for side in (*whole.sides, *none.sides)] == [1, 1, 2, 2]
    assert [each.order for each in (whole, none, cut)] == [each.turn.exchange.order for each in (whole, none, cut)]


def test_correlation_vectors_count_in_steps():
    sessions = of(with_header("MS-CV", "abc.0.4", "abc.0.5", "xyz.1", "abc.0.9")).chains[0].sessions
    counters = [session.exchanges[0].request.counter for session in sessions]
    assert [counter.since for counter in counters] == [".0.4", ".0.+1", ".1", ".0.+4"]
    assert [counter.base for counter in counters] == [1, 1, 2, 1]


def test_what_is_no_number_is_no_step():
    long = "9" * 5000
    sessions = (
        of(with_header("MS-CV", "abc", "abc.x", f"abc.{long}", f"abc.{long}", "abc.x", "abc.1", "abc.2"))
        .chains[0]
        .sessions
    )
    counters = [session.exchanges[0].request.counter for session in sessions]
    assert [counter.since for counter in counters] == ["", ".x", f".{long}", f".{long}", ".x", ".1", ".+1"]
    assert [counter.text for counter in counters] == ["", ".x", f".{long}", f".{long}", ".x", ".1", ".2"]


def test_what_http_says_of_both_sides():
    story = Story()
    request = story.package_one("1")
    story.exchange(request, story.answer(request), status=202, by="proxy", url=f"{story.url.partition('?')[0]}?x")
    story.exchange(story.package_one("2"), None, url=None, method=None)
    (one,), (other,) = ([*each.exchanges] for each in of(story).chains[0].sessions)
    kind = ("HTTP/content-type", "application/vnd.syncml.dm+xml|+wbxml")
    assert one.request.http == (("HTTP/method", "POST"), ("HTTP/url", "{server}/ManagementServer/MDM.svc?x"), kind)
    assert one.response.http == (("HTTP/status", "202"), ("HTTP/by", "proxy"), kind)
    assert (other.request.http, other.response.http) == ((("HTTP/method", "POST"), kind), ())
    assert one.request.message is one.turn.request
    assert one.response.message is one.turn.response


def test_what_belongs_to_no_session():
    story = user()
    story.exchange(b"<SyncML><broken", None)
    (other,) = of(story).others
    assert other.head == "POST {server}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert "15 bytes" in other.line
    assert not other.enrols


def test_each_of_what_belongs_to_no_session_has_its_exchange():
    story = Story()
    for url, body, kind in (
        ("https://mdm.example.test/page", b"<html/>", "text/html"),
        (URL, b"\x30\x80 a signed message", "application/pkcs7-mime"),
        (URL, b"<SyncML><broken", "application/vnd.syncml.dm+xml"),
    ):
        story.exchange(body, b"", url=url, headers=[["Content-Type", kind]], response_headers=[])
    enrol(story.ordinary("1"))
    found = [(each.turn.number, each.line.partition(": ")[2][:12]) for each in of(story).others]
    assert found == [(2, "an envelope;"), (3, "a message th"), (5, "an enrolment")]
