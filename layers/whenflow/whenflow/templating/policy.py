"""What a template may say.

The check reads the parsed tree, before anything is compiled: compiling folds constants, and `'a' * 30000000` would cost
its memory there already. What is not on the lists is refused, with the line and the lists' own words.
"""

from collections.abc import Iterator

from jinja2 import nodes

MAX_SOURCE_CHARS = 16 * 1024
MAX_NESTING = 20
MAX_LOOPS = 10
MAX_LOOP_DEPTH = 2

ALLOWED_NODES: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.CondExpr,
    nodes.For,
    nodes.Assign,
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

_FILTERS = (
    "abs capitalize default d dictsort first float from_json int items join last length list lower map max min "
    "reject rejectattr replace reverse round select selectattr sort string sum title tojson trim truncate unique "
    "upper urlencode uuid wordcount"
)
_TESTS = (
    "boolean defined divisibleby eq equalto even false float ge greaterthan gt in integer iterable le lessthan "
    "lower lt mapping ne none number odd sameas sequence string true undefined upper"
)
ALLOWED_FILTERS = frozenset(_FILTERS.split())
ALLOWED_TESTS = frozenset(_TESTS.split())


class Forbidden(Exception):
    """The template says something that is not allowed."""

    def __init__(self, message: str, line: int) -> None:
        """Keep what is wrong and where."""
        super().__init__(message)
        self.message = message
        self.line = line


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


def check_tree(tree: nodes.Template) -> None:
    """Refuse a parsed template that says anything not on the lists.

    Raises:
        Forbidden: With the first such thing and its line.
    """
    loops = 0
    for node, loop_depth in _walk(tree, 0):
        _check_node(node)
        if isinstance(node, nodes.For):
            loops += 1
            if loops > MAX_LOOPS:
                raise Forbidden(f"a template has at most {MAX_LOOPS} for loops", node.lineno)
            if loop_depth > MAX_LOOP_DEPTH:
                raise Forbidden(f"for loops are nested at most {MAX_LOOP_DEPTH} deep", node.lineno)


def _walk(node: nodes.Node, loop_depth: int) -> Iterator[tuple[nodes.Node, int]]:
    loop_depth += isinstance(node, nodes.For)
    yield node, loop_depth
    for child in node.iter_child_nodes():
        yield from _walk(child, loop_depth)


def _check_node(node: nodes.Node) -> None:
    if isinstance(node, nodes.Call):
        if not (isinstance(node.node, nodes.Name) and node.node.name == "range"):
            raise Forbidden("nothing can be called but range(); use a filter, such as {{ value | items }}", node.lineno)
        return
    if not isinstance(node, ALLOWED_NODES):
        raise Forbidden(f"'{_word(node)}' is not allowed in a template", node.lineno)
    if isinstance(node, nodes.For) and node.recursive:
        raise Forbidden("recursive loops are not allowed", node.lineno)
    if isinstance(node, nodes.Filter) and node.name not in ALLOWED_FILTERS:
        raise Forbidden(f"there is no filter '{node.name}' here; there are {_list(ALLOWED_FILTERS)}", node.lineno)
    if isinstance(node, nodes.Test) and node.name not in ALLOWED_TESTS:
        raise Forbidden(f"there is no test '{node.name}' here; there are {_list(ALLOWED_TESTS)}", node.lineno)


def _word(node: nodes.Node) -> str:
    return type(node).__name__.lower()


def _list(words: frozenset[str]) -> str:
    return ", ".join(sorted(words))
