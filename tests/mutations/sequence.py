"""One thing wrong at a time: the sequence."""

from lxml import etree

from replay.syncml.names import UNENROL_TYPE
from tests.generated import Conversation, World, cmd, target
from tests.mutations.change import (
    METINF,
    CannotBeError,
    alert_of,
    del_header,
    edit,
    exec_of,
    first,
    lives,
    owed_for,
    q,
    says_good_bye,
    the_alert,
    the_exec,
)
from tests.story import Story


@lives("UNE001", "server")
def no_alert(world: World) -> None:
    Conversation(world.peer).ordinary(last=[the_exec()])
    world.story.watch(20)
    Conversation(world.peer).ordinary()


@lives("UNE002")
def alert_in_message_two(world: World) -> None:
    talk = Conversation(world.peer)
    answer = talk.open(
        [cmd("Alert", "<Data>1100</Data><Item><Data>MINDT=10</Data></Item><Item><Data>Bye</Data></Item>")]
    )
    talk.reply(talk.message([*owed_for(answer, answer.commands[-1]), the_alert()]), [])


@lives("UNE003")
def alert_in_old_session(world: World) -> None:
    talk = Conversation(world.peer)
    answer = talk.open([cmd("Delete", f"<Item>{target('./X')}</Item>")])
    deleted = next(each for each in answer.commands if each.name == "Delete")
    talk.reply(talk.message([*owed_for(answer, deleted), the_alert()]), [])


@edit("UNE004")
def type_with_a_blank(story: Story) -> None:
    body, alert = alert_of(story)
    alert.find(f".//{q('Type', METINF)}").text = f" {UNENROL_TYPE}"
    del_header(body.line, "MDM-GenericAlert")
    body.put()


@edit("UNE005")
def no_format(story: Story) -> None:
    body, alert = alert_of(story)
    described = alert.find(f".//{q('Meta')}")
    described.remove(described.find(q("Format", METINF)))
    body.put()


@edit("UNE006")
def data_of_seven(story: Story) -> None:
    body, alert = alert_of(story)
    alert.find(f"{q('Item')}/{q('Data')}").text = "7"
    body.put()


@lives("UNE007")
def alert_twice(world: World) -> None:
    says_good_bye(world)
    world.story.watch(5)
    says_good_bye(world)


@lives("UNE008")
def an_old_session_goes_on(world: World) -> None:
    old = Conversation(world.peer)
    answer = old.open([cmd("Delete", f"<Item>{target('./X')}</Item>")])
    says_good_bye(world)
    old.reply(old.answer_to(answer), [])


@lives("UNE009", "server")
def the_exec_is_answered(world: World) -> None:
    talk = Conversation(world.peer)
    talk.reply(talk.answer_to(talk.open([the_exec()])), [])
    says_good_bye(world)


@lives("UNE010", "server")
def unjoin_failed(world: World) -> None:
    Conversation(world.peer).ordinary(last=[the_exec()])
    Conversation(world.peer, alert=the_alert("2")).open([])


@lives("UNE011")
def not_silent(world: World) -> None:
    says_good_bye(world)
    world.story.watch(20)
    Conversation(world.peer).ordinary()


@edit("UNE014", quiet=3600.0)
def too_short(story: Story) -> None:
    """The quiet time is an hour."""


@edit("UNE015", "server")
def other_provider(story: Story) -> None:
    body, command = exec_of(story)
    command.find(f"{q('Item')}/{q('Data')}").text = "Somebody else"
    body.put()


@edit("UNE016", "server")
def for_the_user(story: Story) -> None:
    body, command = exec_of(story)
    uri = command.find(f".//{q('LocURI')}")
    uri.text = "./User/Vendor/MSFT/" + uri.text.partition("/MSFT/")[2]
    body.put()


@edit("UNE017", "server")
def exec_in_atomic(story: Story) -> None:
    body, command = exec_of(story)
    atomic = etree.Element(q("Atomic"))
    command.addprevious(atomic)
    etree.SubElement(atomic, q("CmdID")).text = "77"
    atomic.append(command)
    body.put()


@lives("UNE018")
def commands_in_the_reply(world: World) -> None:
    Conversation(world.peer, alert=the_alert()).open([cmd("Get", f"<Item>{target('./DevDetail/SwV')}</Item>")])


@edit("UNE019")
def another_mark(story: Story) -> None:
    body, alert = alert_of(story)
    described = alert.find(f".//{q('Meta')}")
    for old in described.findall(q("Mark", METINF)):
        described.remove(old)
    etree.SubElement(described, q("Mark", METINF)).text = "informational"
    body.put()


@edit("UNE020")
def the_alert_is_refused(story: Story) -> None:
    body, alert = alert_of(story)
    response = first(story, "response", lambda b: b.line["id"] == body.line["id"])
    number = alert.findtext(q("CmdID"))
    status = [each for each in response.status_of("Alert") if each.findtext(q("CmdRef")) == number]
    if not status:
        raise CannotBeError
    status[0].find(q("Data")).text = "415"
    response.put()


@edit("UNE021", "ordinary", expect="server")
def nobody_leaves(story: Story) -> None:
    """The capture has no unenrolment."""


@edit("UNE023")
def another_alert_in_the_header(story: Story) -> None:
    body, _ = alert_of(story)
    del_header(body.line, "MDM-GenericAlert")
    body.line["headers"].append(["MDM-GenericAlert", "<com.microsoft:mdm.refresh>"])
