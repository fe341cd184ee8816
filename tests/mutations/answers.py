"""One thing wrong at a time: Status and Results."""

from collections.abc import Callable

from lxml import etree

from tests.generated import Conversation, World, cmd, meta, target
from tests.mutations.change import (
    METINF,
    Body,
    CannotBeError,
    _another,
    _data,
    edit,
    first,
    lives,
    ordinary,
    q,
    says_good_bye,
)
from tests.story import Story


def asks(world: World, command: str, change: Callable[[list[str]], list[str]]) -> None:
    """A session in which the server sends one command; what the device answers is changed. Then the device leaves as it should."""
    talk = Conversation(world.peer)
    answer = talk.open([command])
    sent = talk.answer_to(answer)
    talk.sent -= 1
    tree = Body({}, sent, world.wbxml)
    owed = [etree.tostring(each).decode() for each in tree.body if etree.QName(each).localname != "Final"]
    talk.reply(talk.message(change(owed)), [])
    world.story.watch(3)
    says_good_bye(world)


DELETE = cmd("Delete", f"<Item>{target('./X')}</Item>")


@lives("STA001")
def a_status_is_missing(world: World) -> None:
    asks(world, DELETE, lambda owed: owed[:1])


@lives("STA002")
def a_reference_to_nothing(world: World) -> None:
    asks(world, DELETE, lambda owed: [*owed, _another(owed[1], "CmdRef", "999")])


@lives("STA003")
def another_name(world: World) -> None:
    asks(world, DELETE, lambda owed: [owed[0], owed[1].replace(">Delete</", ">Replace</")])


@lives("STA004")
def another_order(world: World) -> None:
    asks(world, DELETE, lambda owed: owed[::-1])


@lives("STA005")
def answered_twice(world: World) -> None:
    asks(world, DELETE, lambda owed: [*owed, _another(owed[1], "Cmd", "Delete")])


@lives("STA006")
def unknown_code(world: World) -> None:
    asks(world, DELETE, lambda owed: [owed[0], _data(owed[1], "299")])


@edit("STA007", "ordinary")
def a_strange_status_for_a_generic_alert(story: Story) -> None:
    request = ordinary(story, "request", lambda b: any(a.findtext(q("Data")) == "1224" for a in b.all("Alert")))
    alert = next(a for a in request.all("Alert") if a.findtext(q("Data")) == "1224")
    response = first(story, "response", lambda b: b.line["id"] == request.line["id"])
    if request.header.find(q("Cred")) is None and response.status_of("SyncHdr")[0].findtext(q("Data")) == "407":
        raise CannotBeError
    alert.find(q("Data")).text = "1226"
    alert.find(f".//{q('Type', METINF)}").text = "com.microsoft:mdm.refresh"
    etree.SubElement(alert.find(f".//{q('Meta')}"), q("Format", METINF)).text = "int"
    request.put()
    number = alert.findtext(q("CmdID"))
    next(s for s in response.status_of("Alert") if s.findtext(q("CmdRef")) == number).find(q("Data")).text = "404"
    response.put()


@lives("STA008")
def results_of_nothing(world: World) -> None:
    def change(owed: list[str]) -> list[str]:
        tree = etree.fromstring(owed[1])
        refs = f"<MsgRef>{tree.findtext(q('MsgRef'))}</MsgRef><CmdRef>{tree.findtext(q('CmdRef'))}</CmdRef>"
        item = f"<Item><Source><LocURI>./X</LocURI></Source>{meta(None, 'chr')}<Data>v</Data></Item>"
        return [*owed, f"<Results><CmdID>901</CmdID>{refs}<Cmd>Delete</Cmd>{item}</Results>"]

    asks(world, DELETE, change)
