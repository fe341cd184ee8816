"""A noise profile as the file that a person reads, edits and signs off (`omadm learn`)."""

from collections.abc import Iterator, Sequence
from typing import Final

from replay.compare.learn import Learned, LearnedLine, Warned
from replay.normal.varying import Kind
from replay.report.safe import visible
from replay.version import __version__

_SAYS: Final = {
    Kind.CONSTANT: "one value everywhere",
    Kind.ALIAS: "another name for the same thing in each capture, at the same places",
    Kind.COUNTER: "a whole number that never falls for one device within a capture",
    Kind.TIME: "a point in time",
    Kind.RANDOM: "as many characters of one alphabet",
    Kind.TEXT: "anything: look twice before you sign it",
}
_HEAD: Final = """\
# A noise profile, learned by omadm-replay {version} from {count} captures:
{paths}
#
# Each [[noise]] below is a place at which good runs differ, and how. Nothing is applied that is not signed: look at each, delete
# what should not differ, narrow what should differ less, then fill in `signed` (who, when) and `reason` (why it may vary).
#     omadm diff --noise FILE EXPECTED ACTUAL    leaves out changes that a signed line explains; what drifts outside of it stays
#     omadm check --noise FILE CAPTURE           accepts warnings about such values; errors never
# A step of `path` without a number fits any number. `about` is the LocURI of the item ("": it has none), of an alert its Type;
# without `about` it may be any.
# `captures`, `values` and `distinct` say in how many captures the place is, and how many values were seen there.
"""
#: Of a value so many characters are shown.
_LONGEST: Final = 60


def profile_text(learned: Learned, paths: Sequence[str], *, constants: bool = False) -> str:
    """What was learned from the captures of these paths, as TOML. `constants` writes what was the same everywhere too."""
    head = _HEAD.format(
        version=__version__, count=len(paths), paths="\n".join(f"#     {visible(each)}" for each in paths)
    )
    out = [head]
    if not learned.lines:
        out.append("# No value differs that can be noise: there is nothing to sign.\n")
    out += [_entry(each) for each in learned.lines]
    if constants:
        out += [_entry(each) for each in learned.constants]
    elif learned.constants:
        count = len(learned.constants)
        places = "place that can be noise has" if count == 1 else "places that can be noise have"
        out.append(f"# {count} more {places} one value everywhere; --constants writes them too.\n")
    if learned.warnings:
        out.append("".join(f"{line}\n" for line in _warnings(learned.warnings)))
    return "\n".join(out)


def _entry(learned: LearnedLine) -> str:
    line = learned.line
    such = ", ".join(_value(value) for value in learned.examples)
    lines = [f"# {line.kind.value}: {_SAYS[line.kind]}; such as {such}", "[[noise]]", f"path = {quoted(line.path)}"]
    if line.about is not None:
        lines.append(f"about = {quoted(line.about)}")
    lines += [f"side = {quoted(line.side or '')}", f"kind = {quoted(line.kind.value)}"]
    if line.form is not None:
        lines += [f"alphabet = {quoted(line.form.alphabet)}", f"length = [{line.form.least}, {line.form.most}]"]
    lines += [
        f"captures = {learned.captures}",
        f"values = {learned.values}",
        f"distinct = {learned.distinct}",
        'signed = ""',
        'reason = ""',
    ]
    return "".join(f"{each}\n" for each in lines)


def _warnings(warnings: Sequence[Warned]) -> Iterator[str]:
    """What differs and never is noise. It is shown, and can be neither learned nor signed."""
    yield "# WARNING: these differ too, and count to the letter. They are not learned, and no line can make noise of them. Either"
    yield "# the captures are not of one scenario, or a run of them was not a good one. What you know of can be left out, and is"
    yield "# counted, by `omadm diff --ignore PATTERN`."
    for each in warnings:
        about = f", {_shown(each.about)}" if each.about else ""
        times = "once" if each.times == 1 else f"{each.times} times"
        values = f"{_value(each.expected)} → {_value(each.actual)}"
        yield f"#   {_shown(each.path)} ({each.of}{about}) {each.kind} {times}: {values}"


def _value(value: str | None) -> str:
    return "nothing" if value is None else f'"{_shown(value)}"'


def _shown(text: str) -> str:
    """A text from a capture in a comment: on one line, not too long."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def quoted(text: str) -> str:
    """A text as a basic string of TOML, whatever is in it, safe to print. Half a character, which WBXML can carry and TOML cannot,
    becomes `?`."""
    out = []
    for character in text:
        code = ord(character)
        if character in '"\\':
            out.append(f"\\{character}")
        elif 0xD800 <= code <= 0xDFFF:
            out.append("?")
        elif visible(character) != character:
            out.append(f"\\u{code:04X}")
        else:
            out.append(character)
    return f'"{"".join(out)}"'
