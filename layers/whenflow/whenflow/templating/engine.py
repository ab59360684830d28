"""Checks, compiles and renders templates."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from jinja2 import ChainableUndefined, Template, TemplateSyntaxError, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from whenflow.templating import filters
from whenflow.templating.inserting import inserted, placed
from whenflow.templating.policy import ALLOWED_FILTERS, ALLOWED_TESTS, Forbidden, check_source, check_tree
from whenflow.templating.views import View

T = TypeVar("T")

MAX_OUTPUT_CHARS = 1024 * 1024
MAX_PRODUCT_CHARS = 256 * 1024
MAX_NUMBER_BITS = 4096
MAX_RANGE = 100
LOOP_NAMES = frozenset({"first", "index", "index0", "last", "length", "nextitem", "previtem", "revindex", "revindex0"})
TRIM_MARKS = re.compile(r"\A[-+]|[-+]\Z")


class TemplateError(Exception):
    """A template is not allowed, not valid, or fails on this data.

    Attributes:
        message: What is wrong, for people.
        line: Where, counted from 1, or None where the place is not known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        """Keep what is wrong and where."""
        super().__init__(f"line {line}: {message}" if line else message)
        self.message = message
        self.line = line


class _CodeGenerator(CodeGenerator):
    """Has `~` metered like the other operators, for which Jinja2 itself provides."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.concatenate((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class _Environment(ImmutableSandboxedEnvironment):
    """Templates see plain data only: keys of objects, items of lists, never an attribute of anything but a loop's."""

    code_generator_class = _CodeGenerator
    intercepted_binops = frozenset(["+", "*", "%", "-", "/", "//"])

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Undefined):
            return obj
        try:
            if isinstance(obj, View):
                return obj.look_up(attribute)
            if isinstance(obj, Mapping):
                return obj[attribute]
            if isinstance(obj, LoopContext) and attribute in LOOP_NAMES:
                return getattr(obj, attribute)
        except KeyError:
            pass
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument]
        except (LookupError, TypeError, AttributeError):
            return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator in "*%" and not (_is_number(left) and _is_number(right)):
            raise TemplateError(f"'{operator}' works on numbers only")
        return _metered(super().call_binop(context, operator, _unmarked(left), _unmarked(right)))

    def concatenate(self, parts: Iterable[Any]) -> str:
        return str(_metered("".join(map(str, parts))))


def _metered(value: Any) -> Any:
    if isinstance(value, str | list | tuple) and len(value) > MAX_PRODUCT_CHARS:
        raise TemplateError(f"a value grew over {MAX_PRODUCT_CHARS:,} characters")
    if isinstance(value, int) and value.bit_length() > MAX_NUMBER_BITS:
        raise TemplateError(f"a number grew over {MAX_NUMBER_BITS:,} bits")
    return value


def _unmarked(value: Any) -> Any:
    """Take the mark of being JSON from what other text is added to."""
    return str(value) if isinstance(value, Markup) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, Undefined)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        raise TemplateError(f"range() gives at most {MAX_RANGE} numbers")
    return numbers


@lru_cache(maxsize=2)
def _environment(for_json: bool) -> _Environment:
    environment = _Environment(
        undefined=ChainableUndefined,
        finalize=inserted if for_json else None,
        autoescape=False,
        extensions=(),
        cache_size=0,
    )
    environment.globals = {"range": _range}
    # No more than the lists say is there at all: `map('format')` names a filter as well, and no check would see it.
    known = environment.filters | filters.OWN
    environment.filters = {name: known[name] for name in ALLOWED_FILTERS}
    environment.tests = {name: environment.tests[name] for name in ALLOWED_TESTS}
    return environment


def is_template(text: str) -> bool:
    """Tell whether a text has anything to render."""
    return "{{" in text or "{%" in text


def is_lone_expression(text: str) -> bool:
    """Tell whether a text is one `{{ expression }}` and nothing else, so that it keeps its type."""
    stripped = text.strip()
    return stripped.startswith("{{") and stripped.endswith("}}") and stripped.count("{{") == 1


def check(source: str) -> None:
    """Check a template without rendering it.

    Raises:
        TemplateError: It is not valid, or says something that is not allowed.
    """
    _guarded(lambda: _parse(source, for_json=False))


def render(source: str, context: Mapping[str, Any], *, for_json: bool = False) -> str:
    """Render a template to text.

    Args:
        source: The template.
        context: Plain data by name.
        for_json: The text is JSON; what is inserted is escaped so that it cannot change the structure.

    Raises:
        TemplateError: It is not allowed, not valid, or fails on this data.
    """
    return _guarded(lambda: _capped(_compile(source, for_json).generate(**context), for_json))


def evaluate(source: str, context: Mapping[str, Any]) -> Any:
    """Return the value of a lone expression, with its JSON type.

    Raises:
        TemplateError: As `render`; also where the value is not there or has no JSON form.
    """

    def value_of() -> Any:
        result = _compile_expression(TRIM_MARKS.sub("", source.strip()[2:-2]).strip())(context)
        return json.loads(filters.tojson(result))

    return _guarded(value_of)


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except TemplateError:
        raise
    except Forbidden as error:
        raise TemplateError(error.message, error.line) from None
    except TemplateSyntaxError as error:
        raise TemplateError(error.message or "not a valid template", error.lineno) from None
    except filters.UndefinedValue as error:
        raise TemplateError(f"'{error}' is undefined") from None
    except filters.Misused as error:
        raise TemplateError(str(error)) from None
    except RecursionError:
        raise TemplateError("the template is nested too deeply") from None
    except Exception as error:  # whatever a user's template does wrong on its data is the template's fault, never ours
        raise TemplateError(f"{type(error).__name__}: {error}") from None


def _parse(source: str, *, for_json: bool) -> Any:
    check_source(source)
    tree = _environment(for_json).parse(source)
    check_tree(tree)
    return tree


@lru_cache(maxsize=512)
def _compile(source: str, for_json: bool) -> Template:
    _parse(source, for_json=for_json)
    return _environment(for_json).from_string(source)


@lru_cache(maxsize=512)
def _compile_expression(expression: str) -> Callable[[Mapping[str, Any]], Any]:
    _parse("{{" + expression + "}}", for_json=False)
    compiled = _environment(for_json=False).compile_expression(expression, undefined_to_none=False)
    return lambda context: compiled(**context)


def _capped(rendered: Iterable[str], for_json: bool) -> str:
    parts: list[str] = []
    size = 0
    for part in placed(rendered) if for_json else rendered:
        size += len(part)
        if size > MAX_OUTPUT_CHARS:
            raise TemplateError(f"the rendered text is over {MAX_OUTPUT_CHARS:,} characters")
        parts.append(part)
    return "".join(parts)
