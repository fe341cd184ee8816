"""One thing wrong at a time: messages."""

from lxml import etree

from replay.lab import messages
from tests.generated import Conversation, World, cmd, target
from tests.mutations.change import (
    METINF,
    bodies,
    edit,
    first,
    is_last_response,
    lives,
    ordinary,
    owed_for,
    q,
    says_good_bye,
)
from tests.story import Story


@edit("MSG001", "ordinary")
def cut_off(story: Story) -> None:
    body = first(story, "response", is_last_response(story))
    raw = etree.tostring(body.root)
    body.line["body"] = {"text": raw[: len(raw) * 2 // 3].decode()}
    body.line["headers"] = [["Content-Type", messages.CONTENT_TYPE]]


@edit("MSG002", "ordinary")
def another_namespace(story: Story) -> None:
    body = ordinary(story, "response", lambda b: not b.wbxml)
    body.put_raw(etree.tostring(body.root).replace(b"SYNCML:SYNCML1.2", b"SYNCML:SYNCML1.3"))


@edit("MSG003", "ordinary")
def another_version(story: Story) -> None:
    body = ordinary(story, "request")
    body.header.find(q("VerProto")).text = "DM/1.3"
    body.put()


@edit("MSG004", "ordinary")
def no_session_id_in_an_answer(story: Story) -> None:
    body = ordinary(story, "response")
    body.header.remove(body.header.find(q("SessionID")))
    body.put()


@edit("MSG005", "ordinary")
def swapped(story: Story) -> None:
    body = ordinary(story, "response")
    one, other = (body.header.find(f"{q(name)}/{q('LocURI')}") for name in ("Target", "Source"))
    one.text, other.text = other.text, one.text
    body.put()


@edit("MSG006", "ordinary")
def long_session_id(story: Story) -> None:
    known = ordinary(story, "request").header.findtext(q("SessionID"))
    for type_ in ("request", "response"):
        for body in bodies(story, type_):
            if body.header.findtext(q("SessionID")) == known:
                body.header.find(q("SessionID")).text = f"{known}-long"
                body.put()


@edit("MSG007", "ordinary")
def a_number_is_left_out(story: Story) -> None:
    is_last_one = is_last_response(story)
    body = ordinary(story, "response", is_last_one)
    number = body.header.find(q("MsgID"))
    number.text = str(int(number.text) + 3)
    body.put()


@edit("MSG008", "ordinary")
def cmdid_of_zero(story: Story) -> None:
    body = ordinary(story, "response")
    body.all("Status")[-1].find(q("CmdID")).text = "0"
    body.put()


@edit("MSG009", "ordinary")
def one_cmdid_twice(story: Story) -> None:
    body = ordinary(story, "response", lambda b: len(b.all("Status")) > 1)
    one, other = body.all("Status")[:2]
    other.find(q("CmdID")).text = one.findtext(q("CmdID"))
    body.put()


@edit("MSG010", "ordinary")
def no_final(story: Story) -> None:
    body = ordinary(story, "response", is_last_response(story))
    body.body.remove(body.body.find(q("Final")))
    body.put()


@lives("MSG011")
def the_device_asks(world: World) -> None:
    talk = Conversation(world.peer)
    answer = talk.open([cmd("Delete", f"<Item>{target('./X')}</Item>")])
    deleted = next(each for each in answer.commands if each.name == "Delete")
    asked = cmd("Delete", f"<Item>{target('./Y')}</Item>")
    talk.reply(talk.message([*owed_for(answer, deleted), asked]), [])
    says_good_bye(world)


@edit("MSG012", "ordinary")
def format_in_no_namespace(story: Story) -> None:
    body = ordinary(story, "request", lambda b: not b.wbxml and b.root.find(f".//{q('Type', METINF)}") is not None)
    body.root.find(f".//{q('Type', METINF)}").tag = q("Type")
    body.put()


@lives("MSG013")
def no_devinfo(world: World) -> None:
    talk = Conversation(world.peer)
    whole = talk.package_one
    talk.package_one = lambda: whole()[:-1]
    talk.open([])
    world.story.watch(3)
    says_good_bye(world)


@lives("MSG014")
def a_slash_in_front(world: World) -> None:
    Conversation(world.peer).ordinary(last=[])
    talk = Conversation(world.peer)
    talk.reply(talk.answer_to(talk.open([cmd("Delete", f"<Item>{target('/Vendor/MSFT/X')}</Item>")])), [])
    world.story.watch(3)
    says_good_bye(world)


@edit("MSG015", "ordinary")
def another_device_id(story: Story) -> None:
    body = ordinary(story, "request")
    item = next(
        each for each in body.root.iter(q("Item")) if (each.findtext(f".//{q('LocURI')}") or "").endswith("/DevId")
    )
    item.find(q("Data")).text = "somebody-else"
    body.put()


@edit("MSG016", "ordinary")
def a_reserved_alert(story: Story) -> None:
    body = ordinary(story, "request", lambda b: any(a.findtext(q("Data")) == "1224" for a in b.all("Alert")))
    next(a for a in body.all("Alert") if a.findtext(q("Data")) == "1224").find(q("Data")).text = "1210"
    body.put()


@edit("MSG017", "ordinary")
def another_encoding_declared(story: Story) -> None:
    body = ordinary(story, "response", lambda b: not b.wbxml)
    body.put_raw(b'<?xml version="1.0" encoding="UTF-16"?>' + etree.tostring(body.root))
