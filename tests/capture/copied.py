"""Captures to be written, and what must be the same after they were read again."""

import io

from replay.capture.exchange import Capture
from replay.capture.journal_reader import read as read_journal
from replay.capture.writers import write_journal
from replay.expect.case import Options
from replay.expect.judge import judge
from replay.lab.messages import to_wbxml
from tests.story import Story, rules_of, server, user


def captured(story: Story) -> Capture:
    return read_journal(io.BytesIO(story.text()), "story.jsonl")


def again(capture: Capture) -> Capture:
    file = io.BytesIO()
    write_journal(capture, file)
    file.seek(0)
    return read_journal(file, capture.path)


def verdict(capture: Capture, **options):
    judged = judge(capture, Options(**options))
    return judged.verdict, judged.verdicts, rules_of(judged)


def gist(capture: Capture, *, clock: bool = True, who: bool = True):
    """What an exchange carries, without what only says where it stands in its file."""
    found = []
    for each in capture.exchanges:
        response, failure = each.response, each.failure
        found.append(
            (
                (
                    each.method,
                    each.url,
                    each.headers,
                    each.body,
                    round(each.at.clock, 5) if clock and each.at else None,
                ),
                response
                and (response.status, response.reason, response.headers, response.body, response.by if who else None),
                (failure.cause, failure.received) if failure and who else None,
            )
        )
    return found


def windows(capture: Capture):
    return [(round(s.start.clock, 5), round(s.end.clock, 5)) for s in capture.stretches], capture.ended_by


def same(one: Capture, other: Capture) -> None:
    assert gist(one) == gist(other)
    assert windows(one) == windows(other)
    assert [round(a.wall - a.clock, 3) for a in one.anchors] == [round(a.wall - a.clock, 3) for a in other.anchors]
    assert [(n.text, n.name) for n in one.notes] == [(n.text, n.name) for n in other.notes]
    assert [(c.conn, c.client, c.sni, c.host) for c in one.connections] == [
        (c.conn, c.client, c.sni, c.host) for c in other.connections
    ]
    assert [b.failure.cause for b in one.broken_off] == [b.failure.cause for b in other.broken_off]
    assert [t.kind for t in one.troubles].count("cut") == [t.kind for t in other.troubles].count("cut")
    assert verdict(one) == verdict(other)


def gap() -> Story:
    story = user().watch(10).wait(40)
    story.line("watching")
    return story.watch(60).close()


def gap_with_traffic_on_both_sides() -> Story:
    return user().watch(20).wait(60).ordinary("3").watch(7).close()


def appended() -> Story:
    story = user().watch(20).close().wait(3)
    story.line("note", text="after the end", name="push")
    story.wait(1).line("open", format="omadm-journal", version=1, tool="t", mode="reverse", redacted=False, interval=2)
    story.exchanges = 0  # ids begin anew
    return story.watch(10).ordinary("7").watch(70)


def killed_and_appended_at_once() -> Story:
    story = user().watch(20)
    story.line("open", format="omadm-journal", version=1, tool="t", mode="regular", redacted=False, interval=5)
    story.exchanges = 0
    return story.ordinary("9").watch(70)


def silent_connections() -> Story:
    story = user()
    story.line("connect", conn="x", client="10.0.0.9:1", sni="mdm.example.test", host="mdm.example.test")
    story.line("failure", id=None, conn="x", cause="tls-failed", detail="refused", received=None)
    story.line("connect", conn="y", client="10.0.0.9:2", sni=None, host=None)
    story.line("failure", id=None, conn="unknown", cause="client-closed", detail="", received=3)
    story.line("note", text="Disconnect pressed", name=None)
    story.line("disconnect", conn="x", side="client")
    return story.watch(80).close()


def broken_lines() -> Story:
    story = user().watch(70)
    story.lines.insert(3, '{"type": "request", "t"')
    return story


def wall_clock_set() -> Story:
    story = user().watch(20)
    for line in story.watch(50).lines[-6:]:
        line["t"] += 3600
    return story


def ended() -> Story:
    story = user(interval=7).wait(1)
    story.exchange(story.package_one("5"), None, failure="server-closed")
    story.exchange(story.package_one("6"), b"half", failure="truncated", received=4)
    story.exchange(story.package_one("6"), b"no", status=502, by="proxy", failure="connect-failed")
    return story


def unanswered() -> Story:
    story = ended()
    story.exchange(story.package_one("7"), None)
    return story


def no_clock() -> Story:
    story = user().close()
    for line in story.lines:
        line["t"] = line["mono"] = None
    return story


def not_syncml() -> Story:
    story = server().watch(3)
    story.exchange(None, b"", method="GET", url="http://h/x", headers=[], response_headers=[], light=True)
    story.exchange(to_wbxml(story.package_one("8")), b"\xff\x00", headers=[["Content-Encoding", "gzip"]])
    return story.watch(61)


STORIES = [
    gap, gap_with_traffic_on_both_sides, appended, killed_and_appended_at_once, silent_connections, broken_lines, wall_clock_set,
    unanswered, no_clock, not_syncml, user, server,
]  # fmt: skip
