"""What a template may say.

The check reads the parsed tree, before anything is compiled: compiling folds constants, and `'a' * 30000000` would cost
its memory there already. What is not on the lists is refused, with the line and the lists' own words.
"""

from collections.abc import Iterator

from jinja2 import nodes

from whenflow.templating.errors import Forbidden
from whenflow.templating.filters import DENIED_FILTERS, DENIED_TESTS, FILTERS, TESTS
from whenflow.templating.methods import METHODS

MAX_SOURCE_CHARS = 16 * 1024
MAX_NESTING = 20
MAX_DEPTH = 60
MAX_NODES = 5_000
MAX_LOOPS = 10
MAX_LOOP_DEPTH = 2

ALLOWED_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.NSRef,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.CondExpr,
    nodes.For,
    nodes.Assign,
    nodes.With,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
    nodes.Concat,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Keyword,
    nodes.Slice,
)
FUNCTIONS = ("range", "namespace", "dict")
ALLOWED_FILTERS = frozenset(FILTERS)
ALLOWED_TESTS = frozenset(TESTS)
WORDS = {
    "Pow": "raising to a power (**)",
    "FilterBlock": "a filter block",
    "AssignBlock": "a set block",
    "CallBlock": "a call block",
    "ScopedEvalContextModifier": "autoescape",
    "FromImport": "import",
}


def check_source(source: str) -> None:
    """Refuse a source that is too long or too deeply nested to be parsed safely."""
    if len(source) > MAX_SOURCE_CHARS:
        raise Forbidden(f"a template has at most {MAX_SOURCE_CHARS:,} characters, this one has {len(source):,}", 1)
    depth = 0
    for line, text in enumerate(source.split("\n"), 1):
        for character in text:
            if character in "([{":
                depth += 1
                if depth > MAX_NESTING * 2:
                    raise Forbidden("brackets are nested too deeply", line)
            elif character in ")]}":
                depth = max(0, depth - 1)


def check_tree(tree: nodes.Template, *, unknown_later: bool = False) -> None:
    """Refuse a parsed template that says anything not on the lists.

    Args:
        tree: As parsed.
        unknown_later: Filters and tests that nobody knows are not refused here; using them fails.

    Raises:
        Forbidden: With the first such thing and its line.
    """
    loops = 0
    for count, (node, depth, loop_depth) in enumerate(_walk(tree, 0, 0)):
        if count >= MAX_NODES:
            raise Forbidden(f"a template has at most {MAX_NODES:,} names, values and operators", node.lineno)
        if depth > MAX_DEPTH:
            raise Forbidden("expressions or blocks are nested too deeply", node.lineno)
        _check_node(node, unknown_later)
        if isinstance(node, nodes.For):
            loops += 1
            if loops > MAX_LOOPS:
                raise Forbidden(f"a template has at most {MAX_LOOPS} for loops", node.lineno)
            if loop_depth > MAX_LOOP_DEPTH:
                raise Forbidden(f"for loops are nested at most {MAX_LOOP_DEPTH} deep", node.lineno)


def _walk(node: nodes.Node, depth: int, loop_depth: int) -> Iterator[tuple[nodes.Node, int, int]]:
    loop_depth += isinstance(node, nodes.For)
    yield node, depth, loop_depth
    for child in node.iter_child_nodes():
        yield from _walk(child, depth + 1, loop_depth)


def _check_node(node: nodes.Node, unknown_later: bool) -> None:
    if isinstance(node, nodes.Call):
        _check_call(node)
        return
    if not isinstance(node, ALLOWED_NODES):
        raise Forbidden(f"{_word(node)} is not allowed in a template; {_ALLOWED}", node.lineno)
    if isinstance(node, nodes.For) and node.recursive:
        raise Forbidden("recursive loops are not allowed", node.lineno)
    if isinstance(node, nodes.Filter | nodes.Test):
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise Forbidden("arguments are written one by one, without * and **", node.lineno)
        _check_name(node, unknown_later)


def _check_name(node: nodes.Filter | nodes.Test, unknown_later: bool) -> None:
    kind, allowed, denied = (
        ("filter", ALLOWED_FILTERS, DENIED_FILTERS)
        if isinstance(node, nodes.Filter)
        else ("test", ALLOWED_TESTS, DENIED_TESTS)
    )
    if node.name not in allowed and (node.name in denied or not unknown_later):
        raise Forbidden(f"there is no {kind} '{node.name}' here; there are {', '.join(sorted(allowed))}", node.lineno)


def _check_call(node: nodes.Call) -> None:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise Forbidden("arguments are written one by one, without * and **", node.lineno)
    called = node.node
    if isinstance(called, nodes.Getattr) and called.attr in METHODS and not node.kwargs:
        return
    if isinstance(called, nodes.Name) and called.name in FUNCTIONS:
        if called.name != "range" and node.args:
            raise Forbidden(f"{called.name}() takes names with values: {called.name}(total=0)", node.lineno)
        return
    methods = ", ".join(f".{name}()" for name in sorted(METHODS))
    raise Forbidden(
        f"nothing can be called but range(), namespace(), dict() and {methods}; use a filter: {{{{ value | items }}}}",
        node.lineno,
    )


_ALLOWED = "there are {{ expressions }}, if, for, set, with and raw"


def _word(node: nodes.Node) -> str:
    name = type(node).__name__
    return WORDS.get(name, f"'{name.lower()}'")
