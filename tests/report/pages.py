"""The HTML report, made of stories and read back: by lxml in the fast tests, and by what a browser would do with it."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import lxml.html

from replay.capture.readers import read
from replay.expect.case import Options
from replay.expect.judge import Judgement, Scope, judge
from replay.report.html.check import check_html
from replay.report.shapes import report
from tests.story import Story

#: Texts that want to be something else than text: markup, attributes, addresses, ends of elements, style, encodings.
HOSTILE = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=2</script>",
    "</template></pre></style></title></textarea><img src=x onerror=window.pwned=3>",
    "\"><svg onload=window.pwned=4><a href='javascript:window.pwned=5' autofocus onfocus=window.pwned=6>",
    "javascript:window.pwned=7",
    "' style='background:url(http://127.0.0.1:9/leak)' onmouseover='window.pwned=8",
    "<style>*{background:url(http://127.0.0.1:9/leak)}</style>}*{color:red}/*",
    "{{ 7 * 7 }}{% include 'check.css' %}{# x #}${7*7}",
    "<!--<script>--><![CDATA[<iframe srcdoc='<script>parent.pwned=9</script>'>]]>",
    "+ADw-script+AD4-window.pwned=10+ADw-/script+AD4-",
    "&lt;script&gt;window.pwned=11&lt;/script&gt;&#x3c;script&#x3e;",
    "\u2028window.pwned=12\u2029//\u202egnp.exe\u2066\u200b\ufeff",
    "<base href=http://127.0.0.1:9/><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<noscript><p title='</noscript><img src=x onerror=window.pwned=13>'>",
    "\ufffd\ufffe\uffff\U000e0041\u0301\u00ad \uff1cscript\uff1e",
)


class Report:
    """A report, parsed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root: Any = lxml.html.document_fromstring(text)

    def all(self, path: str) -> list[Any]:
        return self.root.xpath(path)

    def words(self, path: str) -> list[str]:
        return [" ".join(each.text_content().split()) for each in self.all(path)]

    @property
    def arrows(self) -> list[tuple[str, int, str]]:
        """Every arrow: whose message it is, the exchange, and where it points."""
        found = []
        for line in self.all("//*[local-name()='line' and contains(@class, 'arrow')]"):
            x1, x2 = (int(line.get(name).rstrip("%")) for name in ("x1", "x2"))
            found.append((line.get("class").split()[1], int(line.get("data-exchange")), ">" if x2 > x1 else "<"))
        return found

    @property
    def marks(self) -> list[str]:
        """The rules that stand in drawings, in order."""
        return [each.text_content().split()[0] for each in self.all("//figure//a[contains(@href, '-finding-')]")]

    def closed(self) -> None:
        """The file needs nothing else, and all that it links to is in it; nothing in it is code but its own script."""
        ids = self.all("//@id")
        assert len(ids) == len(set(ids)), [each for each in ids if ids.count(each) > 1][:3]
        for link in self.all("//@href"):
            assert link.startswith("#") and link[1:] in ids, link
        attributes = {name for each in self.root.iter("*") for name in each.attrib}
        assert not {name for name in attributes if name.startswith("on")} | attributes & {
            "style",
            "src",
            "srcdoc",
            "action",
        }
        scripts, styles = self.all("//script"), self.all("//style")
        assert (len(scripts), len(styles), len(self.all("//base | //iframe | //img | //link | //object"))) == (1, 1, 0)
        (rules,) = self.all("//meta[@http-equiv]/@content")
        assert rules.startswith("default-src 'none'; ")
        for name, element in (("script-src", scripts[0]), ("style-src", styles[0])):
            digest = base64.b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
            assert f"{name} 'sha256-{digest}';" in rules
        assert "unsafe" not in rules
        assert self.text.isascii()
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", self.text)


def report_on(*judgements: Judgement, **more: Any) -> Report:
    return Report(check_html(list(judgements), report(list(judgements), **more)))


def judged(
    story: Story, folder: Path, *, name: str = "run.jsonl", scope: Scope | None = None, **options: Any
) -> Judgement:
    """A story as a file, judged as `omadm check` does."""
    found = judge(read(str(story.save(folder / name))), Options(**options), scope)
    found.path = name
    return found


def hostile_story() -> Story:
    """A capture in which everything that anybody can choose is hostile."""
    from xml.sax.saxutils import escape

    from replay.lab import messages

    def xml(text: str) -> str:
        return escape(re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text))

    story = Story(device=xml(HOSTILE[2]), url=f"https://mdm.example.test/{HOSTILE[5]}")
    for text in HOSTILE:
        command = (
            f"<Replace><CmdID>{xml(text)}</CmdID><Item><Target><LocURI>{xml(text)}</LocURI></Target>"
            f'<Meta><Type xmlns="syncml:metinf">{xml(text)}</Type></Meta><Data a="{xml(text).replace(chr(34), "&quot;")}">'
            f"{xml(text)}</Data></Item></Replace>"
        )
        request = story.to_server(xml(text), 1, [f"<Alert><CmdID>1</CmdID><Data>{xml(text)}</Data></Alert>", command])
        story.line("note", name=text, text=text)
        headers = [["Content-Type", messages.CONTENT_TYPE], [text, text]]
        answer = story.to_device(xml(text), 1, [command])
        story.exchange(request, answer, headers=headers, client=text, response_headers=headers, method=text, http=text)
    story.exchange(HOSTILE[2].encode(), HOSTILE[1].encode() + b"\xff\x00<script>")
    story.exchange(b"\x02\xa4\x01\x6a\x00<script>window.pwned=14</script>", None, failure=HOSTILE[0])
    story.alert("98", data=xml(HOSTILE[0]), data_format=xml(HOSTILE[3])).watch(30).ordinary("99").watch(70).close()
    return story
