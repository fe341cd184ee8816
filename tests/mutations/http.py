"""One thing wrong at a time: credentials, large objects, HTTP."""

from replay.syncml.read import read as read_message
from tests.generated import Conversation, World, cmd, meta, target
from tests.mutations.change import METINF, edit, lives, ordinary, owed_for, q, response_line, says_good_bye, status
from tests.story import Story


@edit("AUT001", "ordinary")
def a_mac_in_cred(story: Story) -> None:
    body = ordinary(story, "request", lambda b: b.header.find(q("Cred")) is not None)
    body.header.find(f"{q('Cred')}/{q('Meta')}/{q('Type', METINF)}").text = "syncml:auth-MAC"
    body.put()


@lives("AUT002")
def a_challenge_is_not_answered(world: World) -> None:
    world.peer.auth = "basic"
    talk = Conversation(world.peer)
    talk.challenge(talk.message(talk.package_one()))
    world.peer.auth = None
    world.story.watch(3)
    says_good_bye(world)


@lives("LOB001")
def a_chunk_without_a_size(world: World) -> None:
    talk = Conversation(world.peer)
    answer = talk.open([cmd("Get", f"<Item>{target('./X')}</Item>")])
    get = next(each for each in answer.commands if each.name == "Get")
    owed = owed_for(answer, get)
    refs = f"<MsgRef>{answer.header.msg_id}</MsgRef><CmdRef>{get.cmd_id}</CmdRef>"

    def chunk(data: str, more: str) -> str:
        item = f"<Item><Source><LocURI>./X</LocURI></Source>{meta(None, 'chr')}<Data>{data}</Data>{more}</Item>"
        return cmd("Results", f"{refs}<Cmd>Get</Cmd>{item}")

    request = talk.message([*owed, chunk("a", "<MoreData/>")], final=False)
    sent = read_message(request)
    ref, number = sent.header.msg_id, sent.commands[-1].cmd_id
    goon = [status(ref, "0", "SyncHdr"), status(ref, number, "Results", "213"), cmd("Alert", "<Data>1222</Data>")]
    response = talk.message(goon, final=False, from_device=False)
    talk.exchange(request, response)
    talk.reply(
        talk.message([*owed_for(read_message(response), read_message(response).commands[-1]), chunk("b", "")]), []
    )
    world.story.watch(3)
    says_good_bye(world)


@edit("HTP001", "ordinary")
def another_content_type(story: Story) -> None:
    line = response_line(story)
    line["headers"] = [["Content-Type", "text/html"]]


@edit("HTP002", "ordinary")
def another_method(story: Story) -> None:
    ordinary(story, "request").line["method"] = "PUT"


@edit("HTP003", "ordinary")
def an_http_error(story: Story) -> None:
    line = response_line(story)
    line.update(status=503, headers=[["Content-Type", "text/plain"]], body={"text": "busy"})


@edit("HTP004", "ordinary")
def a_body_that_is_cut(story: Story) -> None:
    line = response_line(story)
    line["headers"].append(["Content-Length", "99999"])
    end = {
        "type": "failure",
        "t": line["t"],
        "mono": line["mono"],
        "id": line["id"],
        "conn": None,
        "cause": "truncated",
        "detail": "",
    }
    story.lines.insert(story.lines.index(line) + 1, end)


@edit("HTP005", "ordinary")
def an_empty_answer(story: Story) -> None:
    line = response_line(story)
    line.update(body={"text": ""}, headers=[])


@edit("HTP006", "ordinary")
def no_answer(story: Story) -> None:
    line = response_line(story)
    place = story.lines.index(line)
    conn = next(each["conn"] for each in story.lines if each["type"] == "request" and each["id"] == line["id"])
    end = {"type": "failure", "id": line["id"], "conn": conn, "cause": "server-closed", "detail": ""}
    story.lines[place] = {**end, "t": line["t"], "mono": line["mono"]}
