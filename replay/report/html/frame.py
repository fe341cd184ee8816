"""What every HTML report shares: one self-contained file, its style and script named by their digests in its policy.

Two things hold for whatever a template puts out, so that no template has to think of them: a text is made visible
(`replay.report.safe`) and then escaped. The file is pure ASCII, so no reader can take it for another encoding.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from replay.report.safe import visible, visible_lines
from replay.version import __version__

#: What every report is made with: the style, and the script that fills in what is shown on demand.
STYLE: Final = "style.css"
SCRIPT: Final = "report.js"
#: What `name="generator"` says, by which a report of this project is known.
GENERATOR: Final = "omadm-replay"
#: Characters of one text that are shown, where it stands in a line.
_LONGEST: Final = 4_000


def render(template: str, *, styles: tuple[str, ...] = (), **context: Any) -> str:
    """A report: `template` extends `base.html.j2`; `styles` are the files of its own style, after the shared one."""
    style = "".join(_file(name) for name in (STYLE, *styles))
    script = _file(SCRIPT)
    text = (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            policy=policy(style, script),
            generator=f"{GENERATOR} {__version__}",
            **context,
        )
    )
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def policy(style: str, script: str) -> str:
    """The content security policy of a report: nothing but this style and this script, nothing from anywhere."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def is_ours(beginning: bytes) -> bool:
    """Whether a file that begins so is a report of this project, which a new one may take the place of."""
    return f'<meta name="generator" content="{GENERATOR} '.encode() in beginning


def _digest(text: str) -> str:
    """The digest of an element's text as a policy writes it (CSP 3, "hash-source")."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _file(name: str) -> str:
    """A file beside the templates."""
    return (files(__package__ or "") / "templates" / name).read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["lines"] = _lines
    return environment


def _shown(value: Any) -> Any:
    """What a template puts out: texts with their control characters made visible and of a length that can be read; everything
    else as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return visible(value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({len(value):,} characters)")


def _lines(text: str) -> Markup:
    """A text of several lines, for `<pre>`."""
    return escape(visible_lines(text))
