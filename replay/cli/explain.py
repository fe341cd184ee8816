"""`omadm explain`: what a rule checks, why, and where it is written."""

import click

from replay.cli.options import output_option, rule_id, write_result
from replay.expect.rules import registry
from replay.report.as_json import as_json
from replay.report.rule_pages import page, page_markdown, page_text, rows, rows_markdown, rows_text


@click.command("explain")
@click.argument("rule", type=rule_id, required=False, metavar="[RULE]")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@output_option
def command(rule: str | None, form: str, output: str | None) -> None:
    """Explain a rule: what it checks, why it matters, its known exceptions, a good and a bad example, and its source.

    RULE is an id such as UNE007, or a name such as alert-repeated. Without it the rules are listed.
    """
    if rule is None:
        listed = rows()
        text = {"text": rows_text, "markdown": rows_markdown, "json": as_json}[form](listed)
    else:
        shown = page(registry()[rule])
        text = {"text": page_text, "markdown": page_markdown, "json": as_json}[form](shown)
    write_result(text, output)
