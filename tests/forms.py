"""The ways in which one and the same message is written: all are right, and mean the same."""

import random
import re

from lxml import etree

NS = "SYNCML:SYNCML1.2"
METINF = "syncml:metinf"
MSFT = "http://schemas.microsoft.com/MobileDevice/MDM"
_DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def written(message: str, pick: random.Random, *, plain: bool = False) -> bytes:
    """A message (in SYNCML1.2 as the default namespace) in one of the forms that XML allows; `plain` in the usual two or three."""
    if plain or pick.random() < 0.5:
        return pick.choice([b"", _DECLARED, b'<?xml version="1.0"?>']) + message.encode()
    return pick.choice(FORMS)(message)


def with_prefixes(message: str) -> bytes:
    """Every element with a prefix, the namespaces declared once at the root."""
    root = etree.fromstring(message.encode())
    new = etree.Element(root.tag, nsmap={"s": NS, "m": METINF})

    def copy(old, to):
        to.text = old.text
        for child in old:
            copy(child, etree.SubElement(to, child.tag, dict(child.attrib)))

    copy(root, new)
    return etree.tostring(new)


def with_metinf_at_the_root(message: str) -> bytes:
    """MetInf under a prefix that the root declares, as some servers write it."""
    message = re.sub(r'<(\w+) xmlns="syncml:metinf">([^<]*)</\1>', r"<m:\1>\2</m:\1>", message)
    return message.replace(f'xmlns="{NS}"', f'xmlns="{NS}" xmlns:m="{METINF}" xmlns:msft="{MSFT}"', 1).encode()


def indented(message: str) -> bytes:
    """White space between the elements, and around the ids."""
    root = etree.fromstring(message.encode())
    etree.indent(root, "\t")
    text = etree.tostring(root, encoding="unicode")
    return _DECLARED + re.sub(r"<(CmdID|MsgRef|CmdRef|Cmd|LocURI)>([^<]*)<", r"<\1>\n  \2\r\n<", text).encode()


def with_comments(message: str) -> bytes:
    """Comments and processing instructions between elements, and a comment in a text."""
    message = message.replace("<SyncBody>", "<!-- <Alert> --><SyncBody><?x y?>", 1)
    return message.replace("</CmdID>", "<!--1--></CmdID><!-- -->").encode() + b"\n<!-- end -->\n"


def with_references(message: str) -> bytes:
    """Characters as references, and texts as CDATA sections."""
    message = re.sub(r"<Cmd>(\w)(\w*)</Cmd>", lambda found: f"<Cmd>&#{ord(found[1])};{found[2]}</Cmd>", message)
    return re.sub(r"<MsgID>(\d+)</MsgID>", r"<MsgID><![CDATA[\1]]></MsgID>", message).encode(
        "ascii", "xmlcharrefreplace"
    )


def with_a_byte_order_mark(message: str) -> bytes:
    """UTF-8 with its mark."""
    return b"\xef\xbb\xbf" + _DECLARED + message.encode()


def in_utf_16(message: str) -> bytes:
    """UTF-16, with its mark and declared."""
    return f'<?xml version="1.0" encoding="utf-16"?>{message}'.encode("utf-16")


def on_lines_of_its_own(message: str) -> bytes:
    """White space around the document, single quotes, and attributes in another order."""
    return b"\r\n" + message.replace('"', "'").encode() + b"\r\n\r\n"


FORMS = (
    with_prefixes,
    with_metinf_at_the_root,
    indented,
    with_comments,
    with_references,
    with_a_byte_order_mark,
    in_utf_16,
    on_lines_of_its_own,
)
