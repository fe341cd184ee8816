"""Redaction: journals full of secrets, changed."""

import functools
import io
import random

from replay.capture.exchange import Capture
from replay.capture.journal_reader import read
from replay.capture.sessions import assemble
from replay.expect.case import Options
from replay.expect.finding import Verdict
from replay.expect.judge import judge
from replay.normal.redact import Redactor
from replay.normal.redact_bodies import RedactionError
from tests.normal.leaks import journal_of, leaks
from tests.normal.test_redact_secrets import CODINGS, ELSEWHERE, IN_MESSAGES, made_of, secrets_of

_SECRETS = secrets_of(11)
#: Those that are looked for: of every kind one, since the search is what takes the time.
_NAMES = ("device", "mail", "password", "token", "host", "serial", "address")


@functools.cache
def _whole() -> Capture:
    """What tells, of every secret, what it is."""
    return made_of(_SECRETS, [], "xml")


@functools.cache
def seeds() -> tuple[bytes, ...]:
    """Journals in each of which secrets stand in their own places, and some in others."""
    rng = random.Random("seeds")
    places = [*sorted(IN_MESSAGES), *ELSEWHERE]
    scattered = [
        [(rng.choice(_NAMES), rng.choice(sorted(CODINGS)), rng.choice(places)) for _ in range(6)] for _ in range(6)
    ]
    forms = ("xml", "wbxml", "utf-16")
    return tuple(journal_of(made_of(_SECRETS, each, forms[number % 3])) for number, each in enumerate(scattered))


def check(data: bytes) -> None:
    """Beside messages that tell what is secret nothing of it is left in others, however they are broken; what comes out is read as
    what went in, and passes no more easily. Only RedactionError comes out, without a secret in it."""
    capture = read(io.BytesIO(data), "fuzzed")
    beside = read(io.BytesIO(data), "fuzzed")
    beside.exchanges = [*beside.exchanges, *_whole().exchanges]
    beside.connections = [*beside.connections, *_whole().connections]
    try:
        found = leaks(_redacted(beside), {name: _SECRETS[name] for name in _NAMES})
        assert found == [], found[0]
        made = read(io.BytesIO(journal_of(_redacted(capture))), "redacted")
    except RedactionError as error:
        assert not any(secret in str(error) for secret in _SECRETS.values()), "an error with a secret in it"
        return
    assert [turn.readable for turn in assemble(made).turns] == [turn.readable for turn in assemble(capture).turns]
    before, after = (judge(each, Options(quiet=60.0)) for each in (capture, made))
    assert not after.errors, after.errors
    assert not (after.verdict is Verdict.PASS and before.verdict > Verdict.PASS), f"{before.verdict} became a pass"


def _redacted(capture: Capture) -> Capture:
    return Redactor(rng=random.Random("pseudonyms")).capture(capture)
