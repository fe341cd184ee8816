"""The property: of no secret of a capture anything is left in what is written, in whatever coding and wherever it stood."""

import base64
import io
import json
import random
import string
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.capture.exchange import Capture
from replay.capture.journal_reader import read
from replay.lab import messages
from replay.normal.redact import Redactor
from tests.normal.leaks import leaks
from tests.story import Story

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
_PUNCTUATION = string.punctuation


class Draw:
    """Secrets drawn with a seed, and not by hypothesis: that would take words from the source, which are no secrets."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def word(self, alphabet: str, least: int, most: int) -> str:
        return "".join(self.rng.choice(alphabet) for _ in range(self.rng.randint(least, most)))

    def name(self) -> str:
        return self.word(LOWER + UPPER + "äöüéłЖ", 8, 12)

    def host(self) -> str:
        ending = self.rng.choice(["com", "co.uk", "example", "de"])
        return f"{self.word(LOWER, 3, 6)}.{self.word(LOWER, 6, 10)}.{ending}"

    def device(self) -> str:
        number = self.word("0123456789ABCDEF", 32, 32)
        return self.rng.choice(
            [
                number,
                f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:]}",
                f"IMEI:{self.word(DIGITS, 15, 15)}",
                f"{self.word(UPPER, 6, 8)}-{self.word(UPPER + DIGITS, 7, 7)}",
            ]
        )

    def base64(self, head: bytes, length: int) -> str:
        return base64.b64encode(head + self.rng.randbytes(length)).decode()


def secrets_of(seed: int) -> dict[str, str]:
    """The secrets of a capture."""
    draw = Draw(seed)
    pairs = [draw.word("0123456789ABCDEF", 2, 2) for _ in range(6)]
    return {
        "device": draw.device(),
        "user": draw.name(),
        "mail": f"{draw.name()}.{draw.name()}@{draw.host()}",
        "password": draw.word(LOWER + UPPER + DIGITS + 2 * _PUNCTUATION + "äЖ文", 9, 14),
        "token": draw.word(LOWER + UPPER + DIGITS + "._-", 20, 40),
        "cookie": draw.word(LOWER + UPPER + DIGITS, 16, 30),
        "nonce": draw.base64(b"", 16),
        "digest": draw.base64(b"", 16),
        "host": draw.host(),
        "address": f"{draw.rng.randint(11, 99)}." + ".".join(str(draw.rng.randint(11, 250)) for _ in range(3)),
        "mac": ":".join(pairs),
        "serial": draw.word(UPPER + DIGITS, 10, 12),
        "subject": draw.name(),
        "fingerprint": draw.word("0123456789abcdef", 64, 64),
        "channel": draw.word(LOWER + UPPER + DIGITS, 30, 40),
        "certificate": draw.base64(b"\x30\x82\x01\x2c", 300),
    }


SECRETS = st.integers(0, 2**64).map(secrets_of)


def references(text: str) -> str:
    return "".join(f"&#{ord(char)};" if place % 2 else f"&#x{ord(char):x};" for place, char in enumerate(text))


#: How a text may be coded where it stands; what is not ASCII or markup is escaped by the carrier.
CODINGS = {
    "plain": lambda text: text,
    "within a text": lambda text: f"before {text} behind",
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one before": lambda text: base64.b64encode(b"!" + text.encode() + b"?").decode(),
    "base64, two before": lambda text: base64.b64encode(b"(=" + text.encode() + b"=)").decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(f"<{text}>".encode("utf-16-le")).decode(),
    "base64 of base64": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64 in lines": lambda text: base64.encodebytes(f"{text} {text} {text} {text}".encode()).decode(),
    "URL-coded": lambda text: quote(text, safe=""),
    "every character URL-coded": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "hexadecimal": lambda text: text.encode().hex(),
    "JSON": lambda text: json.dumps({"x": text}),
    "XML": lambda text: f"<doc><x>{escape(text)}</x></doc>",
    "XML references": references,
}


def data(text: str) -> str:
    return f"<Data>{escape(text)}</Data>"


def results(inner: str, uri: str = "./Vendor/MSFT/Other/Node") -> str:
    return f"<Results><CmdID>77</CmdID><MsgRef>1</MsgRef><CmdRef>9</CmdRef><Item><Source><LocURI>{uri}</LocURI></Source>{inner}</Item></Results>"  # noqa: E501


#: Where a coded text may stand besides its own place: inside a command of a message.
IN_MESSAGES = {
    "Data": lambda text: results(data(text)),
    "CDATA": lambda text: results(f"<Data><![CDATA[{text.replace(']]>', '')}]]></Data>") if "]]>" not in text else results(data(text)),  # noqa: E501
    "text and CDATA": lambda text: results(f"<Data>{escape(text[:4])}<![CDATA[{text[4:]}]]></Data>") if "]]>" not in text else "",
    "character references": lambda text: results(f"<Data>{references(text)}</Data>"),
    "an attribute": lambda text: results(f'<Data note="{escape(text, {chr(34): "&quot;"})}">1</Data>'),
    "a comment": lambda text: f"<!-- {text.replace('-', '')} -->" if "-" not in text else "",
    "an element of others": lambda text: results(f'<Data><z:note xmlns:z="urn:z">{escape(text)}</z:note></Data>'),
    "a LocURI": lambda text: results("<Data>1</Data>", f"./Vendor/MSFT/Other/{quote(text, safe='')}"),
    "a reference": lambda text: f"<Status><CmdID>78</CmdID><MsgRef>1</MsgRef><CmdRef>9</CmdRef><Cmd>Get</Cmd><TargetRef>{escape(text)}</TargetRef><Data>200</Data></Status>",  # noqa: E501
}  # fmt: skip
#: And outside of one.
ELSEWHERE = ("note", "header", "query", "detail", "error page", "broken message", "no SyncML")


def made_of(secrets: dict[str, str], scattered: list[tuple[str, str, str]], form: str) -> Capture:
    """A capture with every secret in its own place, and some elsewhere: (secret, coding, where)."""
    url = f"https://{secrets['host']}/ManagementServer/MDM.svc?mode=Maintenance&Platform=WoA"
    story = Story(device=secrets["device"], url=url, client=f"{secrets['address']}:50123")
    story.line("connect", conn="c1", client=story.client, sni=secrets["host"], host=secrets["host"])
    story.line("note", text=f"{secrets['mail']} pressed Disconnect")
    package = story.package_one("1").decode()
    cred = messages.CONTENT_TYPE and (
        '<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">{}</Type></Meta><Data>{}</Data></Cred>'
    )
    basic = base64.b64encode(f"{secrets['user']}:{secrets['password']}".encode()).decode()
    inside = "".join(
        IN_MESSAGES[where](CODINGS[coding](secrets[name])) for name, coding, where in scattered if where in IN_MESSAGES
    )
    if form == "wbxml":
        inside = "".join(
            results(data(CODINGS[coding](secrets[name]))) for name, coding, where in scattered if where in IN_MESSAGES
        )
    own = (
        results(data(secrets["mac"]), "./DevDetail/Ext/WLANMACAddress")
        + results(data(secrets["serial"]), "./DevDetail/Ext/Microsoft/SMBIOSSerialNumber")
        + results(data(f"https://db5p.notify.windows.com/?token={secrets['channel']}"),
                  "./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Push/ChannelURI")
        + results(data(secrets["certificate"]), "./Vendor/MSFT/CertificateStore/My/System/X/EncodedCertificate")
    )  # fmt: skip
    request = package.replace("</SyncHdr>", cred.format("syncml:auth-basic", basic) + "</SyncHdr>")
    request = request.replace("<Final/>", own + inside + "<Final/>")
    second = package.replace("</SyncHdr>", cred.format("syncml:auth-md5", secrets["digest"]) + "</SyncHdr>")
    challenge = (
        '<Status><CmdID>9</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Chal><Meta><Format xmlns="syncml:metinf">b64</Format>'  # noqa: E501
        f'<Type xmlns="syncml:metinf">syncml:auth-md5</Type><NextNonce xmlns="syncml:metinf">{secrets["nonce"]}</NextNonce></Meta></Chal>'  # noqa: E501
        "<Data>401</Data></Status>"
    )
    headers = [
        ["Content-Type", story.content_type], ["Host", secrets["host"]], ["Authorization", f"Bearer {secrets['token']}"],
        ["Cookie", f"sid={secrets['cookie']}; path=/"],
    ]  # fmt: skip
    more = {"url": url, "details": "", "page": "", "broken": "", "other": ""}
    for name, coding, where in scattered:
        text = CODINGS[coding](secrets[name])
        if where == "note":
            story.line("note", text=text)
        elif where == "header":
            headers.append(["X-Debug", text.replace("\n", "")])
        elif where == "query":
            more["url"] += f"&x={quote(text)}"
        elif where == "detail":
            more["details"] += f" {text}"
        elif where == "error page":
            more["page"] += f"<p>{escape(text)}</p>"
        elif where == "broken message":
            more["broken"] += f"<Item><Data>{escape(text)}</Data></Item>"
        elif where == "no SyncML":
            more["other"] += text
    answer = story.to_device("1", 1, [challenge])
    coded = {
        "xml": lambda body: body,
        "wbxml": messages.to_wbxml,
        "utf-16": lambda body: body.decode().encode("utf-16"),
    }[form]
    story.exchange(
        coded(request.encode()), coded(answer), url=more["url"], headers=headers,
        client_cert={"subject": f"CN={secrets['subject']},O=Somebody", "sha256": secrets["fingerprint"]},
    )  # fmt: skip
    story.exchange(coded(second.encode()), f"<html>{more['page']}</html>".encode(), status=500, headers=headers)
    story.exchange(f"<SyncML><SyncHdr><Source>{more['broken']}".encode(), b"", headers=headers)
    story.exchange(more["other"].encode() or b"x", b"", headers=headers)
    story.exchange(second.encode(), None, failure="connect-failed", headers=headers)
    story.lines[-1]["detail"] = f"Connect call failed ('{secrets['address']}', 443) {more['details']}"
    return read(io.BytesIO(story.text()), "made.jsonl")


NAMES = ("device", "user", "mail", "password", "token", "cookie", "nonce", "digest", "host", "address", "mac", "serial", "subject",
         "fingerprint", "channel")  # fmt: skip
SCATTERED = st.lists(
    st.tuples(
        st.sampled_from(NAMES), st.sampled_from(sorted(CODINGS)), st.sampled_from([*sorted(IN_MESSAGES), *ELSEWHERE])
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(secrets=SECRETS, scattered=SCATTERED, form=st.sampled_from(["xml", "wbxml", "utf-16"]), seed=st.integers())
def test_nothing_is_left_of_any_secret(secrets, scattered, form, seed):
    capture = made_of(secrets, scattered, form)
    out = Redactor(rng=random.Random(f"pseudonyms {seed}")).capture(capture)
    assert leaks(out, secrets) == []
    assert len(out.exchanges) == len(capture.exchanges)


@pytest.mark.parametrize("where", [*sorted(IN_MESSAGES), *ELSEWHERE])
@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_the_search_is_not_blind(coding, where):
    """In the original it finds a secret in every coding and place: one that stands nowhere else."""
    secrets = secrets_of(1) | {"lone": "Zq7rTxPw3kLm"}
    capture = made_of(secrets, [("lone", coding, where)], "xml")
    assert leaks(capture, {"lone": secrets["lone"]})
