"""The mutants of one module: mutmut's operators and a few more, on all of the module but its texts and annotations."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import libcst as cst
import libcst.matchers as m
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper
from mutmut.mutation import mutators

#: Not taken from mutmut: None in the place of every argument and of every value that is assigned, which is mypy's to find, and what
#: alters a string in three ways.
_LEFT_OUT = {mutators.operator_arg_removal, mutators.operator_assignment, mutators.operator_string}


@dataclass(frozen=True)
class Altered:
    """One mutant: where it is, what it changes, and the module's source with it. `lines` are those of the
    statement (of one that has others inside: what stands before them), `function` the qualified name of the
    outermost function whose code changes, None for what runs when the module is imported."""

    module: Path
    line: int
    lines: range
    function: str | None
    before: str
    after: str
    source: str

    @property
    def change(self) -> tuple[str, str, str, str]:
        """What the mutant is, whatever its line."""
        return str(self.module), self.function or "", self.before, self.after

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.function or '(module)'}\n    - {self.before}\n    + {self.after}"


def alterations(module: Path) -> list[Altered]:
    """Every mutant of a module, in the order of its lines."""
    source = module.read_bytes()
    places = _Places()
    MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True).visit(places)
    found: dict[bytes, Altered] = {}
    statements = [_extent(each) for each in ast.walk(ast.parse(source)) if isinstance(each, ast.stmt)]
    for begin, end, text, function in places.found:
        code = source[:begin] + text.encode() + source[end:]
        if code == source or code in found:
            continue
        try:
            compile(code, str(module), "exec")
        except SyntaxError:
            continue
        line, before, after = _difference(source.decode(), code.decode())
        found[code] = Altered(module, line, _innermost(statements, line), function, before, after, code.decode())
    return sorted(found.values(), key=lambda each: each.line)


def _extent(statement: ast.stmt) -> range:
    inside = getattr(statement, "body", None)
    return range(statement.lineno, inside[0].lineno if inside else (statement.end_lineno or statement.lineno) + 1)


def _innermost(statements: list[range], line: int) -> range:
    around = [each for each in statements if line in each]
    return min(around, key=len) if around else range(line, line + 1)


def _difference(source: str, code: str) -> tuple[int, str, str]:
    """The first line that differs, and what stood there and stands there now."""
    old, new = source.splitlines(), code.splitlines()
    same = next(n for n, (a, b) in enumerate(zip_longest(old, new)) if a != b)
    alike = next(n for n, (a, b) in enumerate(zip_longest(reversed(old), reversed(new))) if a != b)
    alike = min(alike, len(old) - same - 1, len(new) - same - 1)
    before, after = (" ".join(" ".join(lines[same : len(lines) - alike]).split()) for lines in (old, new))
    return same + 1, before, after


class _Places(cst.CSTVisitor):
    """Walks a module and notes everything that can be altered: from which byte to which, and the text that takes its place."""

    METADATA_DEPENDENCIES = (ByteSpanPositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, int, str, str | None]] = []
        self._names: list[str] = []
        self._bodies = 0
        self._function: str | None = None
        self._keywords = False

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom | cst.Raise):
            return False
        for place, altered in _instead_of(node) if not self._keywords else ():
            span = self.get_metadata(ByteSpanPositionProvider, place)
            text = cst.Module([]).code_for_node(altered)
            self.found.append((span.start, span.start + span.length, text, self._function))
        return super().on_visit(node)

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._names.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self._names.pop()

    def visit_ClassDef_keywords(self, node: cst.ClassDef) -> None:
        self._keywords = True

    def leave_ClassDef_keywords(self, node: cst.ClassDef) -> None:
        self._keywords = False

    def visit_FunctionDef_body(self, node: cst.FunctionDef) -> None:
        if not self._bodies:
            self._function = ".".join([*self._names, node.name.value])
        self._bodies += 1

    def leave_FunctionDef_body(self, node: cst.FunctionDef) -> None:
        self._bodies -= 1
        if not self._bodies:
            self._function = None


def _instead_of(node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    for kind, operator in mutators.mutation_operators:
        if isinstance(node, kind) and operator not in _LEFT_OUT:
            for altered in operator(node):
                yield node, altered
    yield from _more(node)


def _more(node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    """What mutmut has not: conditions that always or never hold, halves of conditions; arguments, results, statements left out."""
    match node:
        case cst.If() | cst.CompIf():
            yield node.test, _forced(node.test, cst.And(), "False")
            yield node.test, _forced(node.test, cst.Or(), "True")
        case cst.While():
            yield node.test, _forced(node.test, cst.And(), "False")
        case cst.BooleanOperation():
            yield node, _enclosed(node.left)
            yield node, _enclosed(node.right)
        case cst.Call() if len(node.args) > 1:
            for place in (place for place, each in enumerate(node.args) if each.keyword is not None):
                yield node, node.with_changes(args=[*node.args[:place], *node.args[place + 1 :]])
        case cst.Dict() | cst.Set() if len(node.elements) > 1:
            for place in range(len(node.elements)):
                yield node, node.with_changes(elements=[*node.elements[:place], *node.elements[place + 1 :]])
        case cst.ComparisonTarget(comparator=cst.Tuple() as among) if len(among.elements) > 1:
            for place in range(len(among.elements)):
                yield among, among.with_changes(elements=[*among.elements[:place], *among.elements[place + 1 :]])
        case cst.Return() if node.value is not None and not m.matches(node.value, m.Name("None")):
            yield node, node.with_changes(value=cst.Name("None"), whitespace_after_return=cst.SimpleWhitespace(" "))
        case cst.Expr() if not isinstance(node.value, cst.BaseString):
            yield node, cst.Pass()
        case cst.SimpleString() if node.quote in ("'", '"') and " " not in node.value:
            yield node, node.with_changes(value=f"{node.prefix}{node.quote}XX{node.raw_value}{node.quote}")


def _forced(test: cst.BaseExpression, operator: cst.BaseBooleanOp, value: str) -> cst.BooleanOperation:
    return cst.BooleanOperation(left=_enclosed(test), operator=operator, right=cst.Name(value))


def _enclosed(expression: cst.BaseExpression) -> cst.BaseExpression:
    return expression.with_changes(lpar=[*expression.lpar, cst.LeftParen()], rpar=[*expression.rpar, cst.RightParen()])
