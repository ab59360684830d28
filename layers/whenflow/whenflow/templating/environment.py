"""Jinja2, with every step counted and nothing but plain data in sight."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Undefined, nodes
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer

from whenflow.templating.errors import Misused
from whenflow.templating.filters import FILTERS, FILTERS_FOR_JSON, TESTS, is_number
from whenflow.templating.inserting import inserted
from whenflow.templating.meter import NODE, allow, made, read, spend, stepped, text_of
from whenflow.templating.methods import call_method
from whenflow.templating.views import View

MAX_RANGE = 100
ACCESS = 3 * NODE
LOOP_NAMES = frozenset({"first", "index", "index0", "last", "length", "nextitem", "previtem", "revindex", "revindex0"})


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        raise Misused(f"range() gives at most {MAX_RANGE} numbers")
    return numbers


class Environment(ImmutableSandboxedEnvironment):
    """Templates see plain data only: keys of objects, items of lists, never an attribute of anything but a loop's.

    The methods without a word of their own are what `counted_tree` has templates call.
    """

    intercepted_binops = frozenset(["+", "*", "%", "-", "/", "//"])

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what `obj.attribute` means in a template."""
        spend(ACCESS)
        if isinstance(obj, Undefined):
            return obj
        try:
            if isinstance(obj, View):
                return obj.look_up(attribute)
            if isinstance(obj, Mapping):
                return obj[attribute]
            if isinstance(obj, LoopContext) and attribute in LOOP_NAMES:
                return getattr(obj, attribute)
            if isinstance(obj, Namespace) and not attribute.startswith("_"):
                return getattr(obj, attribute)
        except (KeyError, AttributeError):
            pass
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return what `obj[argument]` means in a template."""
        spend(ACCESS)
        if not isinstance(obj, Mapping | list | tuple | str | range):
            return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=argument)
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=argument)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call a function: there are no others than those that the policy has let through."""
        for name in ("_loop_vars", "_block_vars"):  # what Jinja2 tells its own functions about the scope
            kwargs.pop(name, None)
        return __obj(*args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 - as Jinja2 calls it
        """Return what an operator gives, no larger than values may be."""
        if operator in "*%" and not (is_number(left) and is_number(right)):
            raise Misused(f"'{operator}' works on numbers only")
        if isinstance(left, str) and isinstance(right, str):
            allow(len(left) + len(right))
        elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
            allow(NODE * (len(left) + len(right)))
        return made(self.binop_table[operator](left, right))

    def concatenated(self, *parts: Any) -> str:
        """Return what `~` gives."""
        texts, size = [], 0
        for part in parts:
            texts.append(text_of(part))
            size += len(texts[-1])
            allow(size)
        return str(made("".join(texts)))

    def sliced(self, value: Any, *bounds: Any) -> Any:
        """Return what `value[start:stop:step]` gives."""
        if isinstance(value, Undefined):
            return value
        if not isinstance(value, str | list | tuple | range):
            raise Misused(f"a {type(value).__name__} has no parts")
        spend(len(value))
        return made(value[slice(*bounds)])

    def written(self, value: Any) -> Any:
        """Return a list or an object that a template writes down."""
        return made(value)

    def compared(self, value: Any) -> Any:
        """Return a value that is compared."""
        return read(value)

    def stepped(self, values: Iterable[Any], cost: int) -> Iterable[Any]:
        """Return what a loop goes over."""
        return stepped(values, cost)

    def method(self, name: str, value: Any, *args: Any) -> Any:
        """Return what `value.name(…)` gives."""
        return call_method(name, value, *args)

    def namespace(self, **values: Any) -> Namespace:
        """Return a namespace, whose values a loop may set for what comes after it."""
        spend(NODE * (1 + len(values)))
        return Namespace(**values)

    def dict(self, **values: Any) -> Any:
        """Return an object of these values."""
        return made(values)


class _Counting(NodeTransformer):
    """Puts the counting calls into a tree that the policy has passed."""

    def visit_List(self, node: nodes.List) -> nodes.Node:
        return _call("written", self.generic_visit(node))

    visit_Dict = visit_List

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        visited = self.generic_visit(node)
        return visited if node.ctx == "store" else _call("written", visited)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _call("compared", node.expr)
        for operand in node.ops:
            operand.expr = _call("compared", operand.expr)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call("concatenated", *node.nodes)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        bounds = (node.arg.start, node.arg.stop, node.arg.step)
        return _call("sliced", node.node, *(bound or nodes.Const(None, lineno=node.lineno) for bound in bounds))

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        called = node.node
        if isinstance(called, nodes.Getattr):
            return _call("method", nodes.Const(called.attr, lineno=node.lineno), called.node, *node.args)
        if isinstance(called, nodes.Name) and called.name != "range":
            node.node = _attribute(called.name, node)
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:
        cost = NODE * sum(1 for _ in node.find_all(nodes.Node))
        self.generic_visit(node)
        node.iter = _call("stepped", node.iter, nodes.Const(cost, lineno=node.lineno))
        return node


def _call(name: str, *args: Any) -> nodes.Call:
    return nodes.Call(_attribute(name, args[0]), list(args), [], None, None, lineno=args[0].lineno)


def _attribute(name: str, at: nodes.Node) -> nodes.EnvironmentAttribute:
    return nodes.EnvironmentAttribute(name, lineno=at.lineno)


def counted_tree(tree: nodes.Template, of: Environment) -> nodes.Template:
    """Return a tree that the policy has passed, with the counting calls in it."""
    counted: nodes.Template = _Counting().visit(tree)
    counted.set_environment(of)
    return counted


@lru_cache(maxsize=2)
def environment(for_json: bool) -> Environment:
    """Return the environment of templates whose result is JSON, or any text."""
    made_once = Environment(
        undefined=ChainableUndefined,
        finalize=inserted if for_json else text_of,
        autoescape=False,
        extensions=(),
        cache_size=0,
    )
    made_once.globals = {"range": _range}
    # No more than the lists say is there at all: `map('format')` names a filter as well, and no check would see it.
    made_once.filters = dict(FILTERS_FOR_JSON if for_json else FILTERS)
    made_once.tests = dict(TESTS)
    return made_once
