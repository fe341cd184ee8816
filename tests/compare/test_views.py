from replay.compare.views import view
from tests.compare.stories import edited, traffic, with_header
from tests.story import URL, Story, server, user


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


def test_roles_and_targets():
    exec_, alert = of(server()).chains[0].sessions[1:]
    assert (exec_.role, alert.role) == ("exec", "alert")
    response = alert.exchanges[0].response
    assert response.targets[0] == (0, "request", ())  # SyncHdr
    assert response.targets[1] == (0, "request", (0,))


def test_what_was_heard_before():
    (session,) = of(Story().get_session("1").go_on("1", 2)).chains[0].sessions
    assert [(each.request.heard, each.response.heard) for each in session.exchanges] == [(None, 0), (0, 1)]


def test_correlation_vectors_count_in_steps():
    sessions = of(with_header("MS-CV", "abc.0.4", "abc.0.5", "xyz.1", "abc.0.9")).chains[0].sessions
    counters = [session.exchanges[0].request.counter for session in sessions]
    assert [counter.since for counter in counters] == [".0.4", ".0.+1", ".1", ".0.+4"]
    assert [counter.base for counter in counters] == [1, 1, 2, 1]


def test_what_belongs_to_no_session():
    story = user()
    story.exchange(b"<SyncML><broken", None)
    (other,) = of(story).others
    assert other.head == "POST {server}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    assert "15 bytes" in other.line
    assert not other.enrols
