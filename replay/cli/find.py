"""`omadm find`: what a catalogue holds."""

import click
from msgspec import structs

from replay.catalogue.find import LISTS, Answer, Question, ask, query_of
from replay.catalogue.store import CatalogueError
from replay.cli.exits import stop
from replay.cli.index import DEFAULT
from replay.cli.options import output_option, rule_id, time, write_result
from replay.expect.finding import Severity, Verdict
from replay.expect.scenarios import SHIPPED
from replay.report.table import table_json, table_text

#: The severities that --rule asks for: those of a rule that was broken.
_BROKEN = ("error", "warning")


@click.command("find")
@click.option(
    "-c", "--catalogue", metavar="FILE", default=DEFAULT, show_default=True, help="The catalogue of omadm index."
)
@click.option(
    "--list", "of", type=click.Choice(list(LISTS)), default="captures", show_default=True, help="What is listed."
)
@click.option(
    "--rule", "rules", type=rule_id, metavar="RULE", multiple=True, help="With a finding of this rule; repeatable."
)
@click.option(
    "--severity",
    "severities",
    type=click.Choice([each.value for each in Severity]),
    multiple=True,
    help="With a finding of this severity; repeatable. With --rule alone it is error and warning.",
)
@click.option("--accepted", is_flag=True, help="Let findings count that were accepted, too.")
@click.option("--device", metavar="ID", help="Of this device. Here and below * and ? stand for characters.")
@click.option("--manufacturer", metavar="NAME", help="Of devices of this manufacturer (DevInfo Man).")
@click.option("--model", metavar="NAME", help="Of devices of this model (DevInfo Mod).")
@click.option("--server", metavar="HOST|URL", help="At this server.")
@click.option("--scenario", type=click.Choice(list(SHIPPED)), help="With such an unenrolment.")
@click.option(
    "--verdict",
    type=click.Choice([each.word for each in Verdict]),
    help="With this verdict: the unenrolment's where these are listed, else the capture's.",
)
@click.option("--since", type=time, metavar="TIME", help="What came from TIME on.")
@click.option("--until", type=time, metavar="TIME", help="What came until TIME.")
@click.option("--sql", metavar="QUERY", help="Ask in SQL instead. The catalogue is only read.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@output_option
@click.pass_context
def command(
    context: click.Context,
    catalogue: str,
    of: str,
    rules: tuple[str, ...],
    severities: tuple[str, ...],
    accepted: bool,
    device: str | None,
    manufacturer: str | None,
    model: str | None,
    server: str | None,
    scenario: str | None,
    verdict: str | None,
    since: float | None,
    until: float | None,
    sql: str | None,
    form: str,
    output: str | None,
) -> None:
    """Find captures, sessions, unenrolments or findings in a catalogue that omadm index made.

    All that is asked for must be true of one finding, unenrolment or session. What has no time is in no span of time.

    Exit codes: 0 answered, also with nothing; 2 no catalogue, or a query that cannot be answered.
    """
    try:
        if sql is None:
            broken = _BROKEN if rules and not severities else severities
            question = Question(
                of=of,
                rules=rules,
                severities=broken,
                accepted=accepted,
                device=device,
                manufacturer=manufacturer,
                model=model,
                server=server,
                scenario=scenario,
                verdict=verdict,
                since=since,
                until=until,
            )
            answer = ask(catalogue, *query_of(question))
            if form == "text" and not answer.rows and broken != severities:
                _hint_at_others(catalogue, question)
        else:
            _alone(context)
            answer = ask(catalogue, sql)
    except CatalogueError as error:
        stop(str(error))
    write_result(table_json(answer.columns, answer.rows) if form == "json" else _text(answer), output, prose=False)


def _text(answer: Answer) -> str:
    if not answer.rows:
        return "nothing was found\n"
    return table_text(answer.columns, answer.rows)


def _hint_at_others(catalogue: str, question: Question) -> None:
    """Says what would be found of rules that nobody broke, so that "nothing" is not taken for more than it is."""
    left = tuple(each.value for each in Severity if each.value not in _BROKEN)
    wider = {
        " ".join(f"--severity {each}" for each in left): structs.replace(question, severities=left),
        "--accepted": structs.replace(question, accepted=True),
    }
    for options, asked in wider.items():
        count = len(ask(catalogue, *query_of(asked)).rows)
        if count:
            click.echo(f"omadm: with {options}: {count} of the {question.of}", err=True)


def _alone(context: click.Context) -> None:
    """Ends the command where a query of one's own and options are given together: the query would not heed them."""
    others = (
        "rules",
        "severities",
        "accepted",
        "device",
        "manufacturer",
        "model",
        "server",
        "scenario",
        "verdict",
        "since",
        "until",
        "of",
    )
    given = [name for name in others if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    if given:
        raise click.UsageError("--sql asks by itself; say in the query what else you ask for")
