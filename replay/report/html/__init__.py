"""Pages that need nothing else: templates beside this module, everything from a capture escaped and made visible.

`page` puts one together. `check` is the report of `omadm check`.
"""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from replay.report.safe import visible


def page(template: str, **context: Any) -> str:
    """A page from a template beside this module, which extends `page.html`; `context` is what the template speaks of."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("replay.report", "html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: Any) -> Any:
    """What a template puts out: a text without anything that moves a cursor or turns the direction of writing."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
