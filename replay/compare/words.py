"""Commands and messages of the normal form in one line each, as people speak of them."""

from replay.compare.commands import CommandView
from replay.compare.views import MessageView, SessionView
from replay.normal.leaves import text_at
from replay.normal.nodes import Node
from replay.syncml.model import Command, Header, Message, Unknown
from replay.syncml.names import COMMANDS, GROUPS
from replay.syncml.write import tree


def of_command(command: CommandView, answered: CommandView | None = None) -> str:
    """A command: `Alert 1226 com.microsoft:… = 1`, `Status 200 for Get ./DevDetail/SwV`; `answered` is what a Status answers."""
    uri = f" {answered.uri}" if command.name == "Status" and answered is not None and answered.uri else ""
    return f"{of_element(command.node)}{uri}"


def of_element(node: Node) -> str:
    """The same of an element alone, without what it refers to."""
    if node.name == "Status":
        return f"Status {text_at(node, 'Data')} for {text_at(node, 'Cmd')}"
    parts = [node.name]
    if node.name == "Alert":
        parts.append(text_at(node, "Data"))
    elif node.name == "Results":
        parts.append(f"of {text_at(node, 'Cmd') or 'Get'}:")
    inner = [of_element(child) for child in node.children if node.name in GROUPS and child.name in COMMANDS]
    if inner:
        return f"{node.name} of {', '.join(inner)}"
    items = [_item(child) for child in node.children if child.name == "Item"]
    parts.append("; ".join(item for item in items if item))
    return " ".join(part for part in parts if part)


def of_message(view: MessageView) -> str:
    """A whole message: which side's it is, and its commands."""
    response = view.exchange.response
    sender = "request" if view.side == "request" else f"response (HTTP {response.status if response else ''})"
    if view.problem is not None:
        return f"{sender}: {view.problem}"
    if view.node is None:
        return f"{sender} without a message"
    commands = lines_of_message(view)
    return f"{sender}: {', '.join(commands)}" if commands else f"{sender} without commands"


def lines_of_message(view: MessageView) -> list[str]:
    """The commands of a message, a line each; of one that cannot be read what is known of it."""
    if view.problem is not None:
        return [view.problem]
    body = next((child for child in view.node.children if child.name == "SyncBody"), None) if view.node else None
    return [of_element(child) for child in body.children if child.name in COMMANDS] if body else []


def of_session(view: SessionView) -> str:
    """A whole session: what it is, and how long."""
    count = len(view.exchanges)
    return f"{view.role} session of {count} exchange{'' if count == 1 else 's'}"


def _item(item: Node) -> str:
    uri = text_at(item, "Target", "LocURI") or text_at(item, "Source", "LocURI")
    parts = [uri, text_at(item, "Meta", "Type")]
    head = " ".join(part for part in parts if part)
    data = next((child for child in item.children if child.name == "Data"), None)
    if data is None:
        return head
    value = data.sign or data.text or ("…" if data.children else "")
    return f"{head} = {value}" if head else f"= {value}"


def of_model(command: Command) -> str:
    """The same of a command as it was sent."""
    root = tree(Message("", Header(), (command,), final=False, final_is_last=False, raw=b""))
    return of_element(_as_node(root.children[-1].children[0]))


def _as_node(element: Unknown) -> Node:
    return Node(element.name, text=element.text, children=tuple(_as_node(child) for child in element.children))
