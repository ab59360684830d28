"""Checks, compiles and renders templates."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from jinja2 import Template, TemplateSyntaxError, nodes

from whenflow.templating.clock import TimeUp, within_time
from whenflow.templating.context import Context
from whenflow.templating.environment import counted_tree, environment
from whenflow.templating.errors import Forbidden, Misused, TemplateError
from whenflow.templating.filters import tojson
from whenflow.templating.inserting import placed
from whenflow.templating.meter import Meter, metering, under_way
from whenflow.templating.policy import check_source, check_tree

__all__ = ["TemplateError", "check", "evaluate", "is_lone_expression", "is_template", "render"]

T = TypeVar("T")
MAX_OUTPUT_CHARS = 1024 * 1024
RESULT = "result"


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A template that is ready, and the names that it mentions."""

    template: Template
    names: frozenset[str]

    def begin(self, context: Mapping[str, Any]) -> Any:
        """Return Jinja2's context, with no more of ours than is mentioned: the rest may cost something to look up."""
        return self.template.new_context({name: context[name] for name in self.names if name in context})


def is_template(text: str) -> bool:
    """Tell whether a text has anything to render."""
    return "{{" in text or "{%" in text


def is_lone_expression(text: str) -> bool:
    """Tell whether a text is one `{{ expression }}` and nothing else, so that it keeps its type."""
    stripped = text.strip()
    return stripped.startswith("{{") and stripped.endswith("}}") and stripped.count("{{") == 1


def check(source: str, *, unknown_later: bool = False) -> None:
    """Check a template without rendering it.

    Args:
        source: The template.
        unknown_later: Filters and tests that nobody knows pass here, and fail when the template is rendered. So it is
            with the actions of automations, as with Prefect's.

    Raises:
        TemplateError: It is not valid, or says something that is not allowed.
    """
    _guarded(lambda: _parse(source, for_json=False, unknown_later=unknown_later), {})


def render(source: str, context: Mapping[str, Any], *, for_json: bool = False) -> str:
    """Render a template to text.

    Args:
        source: The template.
        context: Plain data by name; a `Context` also says what time it is, and where the UI is.
        for_json: The text is JSON; what is inserted is escaped so that it cannot change the structure.

    Raises:
        TemplateError: It is not allowed, not valid, or fails on this data.
    """
    compiled = _guarded(lambda: _compile(source, for_json), context)
    at_work = compiled.begin(context)  # outside of the guard: looking things up is no work of the template's
    return _guarded(lambda: _capped(_run(compiled.template, at_work), for_json), context)


def evaluate(source: str, context: Mapping[str, Any]) -> Any:
    """Return the value of a lone expression, with its JSON type.

    Raises:
        TemplateError: As `render`; also where the value is not there or has no JSON form.
    """
    compiled = _guarded(lambda: _compile_expression(source.strip()), context)
    at_work = compiled.begin(context)

    def value() -> Any:
        for _ in _run(compiled.template, at_work):
            pass
        return json.loads(tojson(at_work.vars[RESULT]))

    return _guarded(value, context)


def mentioned(source: str) -> frozenset[str]:
    """Return the names of a template that a context might answer to.

    Raises:
        TemplateError: It is not allowed, or not valid.
    """
    return _guarded(lambda: _names(_parse(source, for_json=False)), {})


def _guarded(work: Callable[[], T], context: Mapping[str, Any]) -> T:
    try:
        with metering(under_way() or meter_for(context)):
            return within_time(work)
    except TemplateError:
        raise
    except Forbidden as error:
        raise TemplateError(error.message, error.line) from None
    except TemplateSyntaxError as error:
        raise TemplateError(error.message or "not a valid template", error.lineno) from None
    except _Failed as failure:
        raise TemplateError(failure.message, failure.line) from None
    except Misused as error:
        raise TemplateError(str(error)) from None
    except TimeUp:
        raise TemplateError("rendering takes too long: fewer or shorter loops, or less data") from None
    except RecursionError:
        raise TemplateError("the template, or the data, is nested too deeply") from None
    except Exception as error:  # whatever a user's template does wrong on its data is the template's fault, never ours
        raise TemplateError(f"{type(error).__name__}: {error}") from None


def meter_for(context: Mapping[str, Any]) -> Meter:
    """Return a fresh meter for rendering with this context; under `metering`, all renderings share it."""
    return Meter(context.now, context.site) if isinstance(context, Context) else Meter()


@contextmanager
def sharing(context: Mapping[str, Any]) -> Iterator[None]:
    """Have all renderings within share what work there may be for one."""
    with metering(under_way() or meter_for(context)):
        yield


class _Failed(Exception):
    """A template failed on its data, at this line."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def _run(template: Template, context: Any) -> Iterable[str]:
    """Yield what a template gives; Jinja2's own way would build a trace-back of the template's source first."""
    try:
        yield from template.root_render_func(context)
    except (TemplateError, RecursionError):
        raise
    except Misused as error:
        raise _Failed(str(error), _line(template, error)) from None
    except Exception as error:
        raise _Failed(f"{type(error).__name__}: {error}", _line(template, error)) from None


def _line(template: Template, error: Exception) -> int | None:
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


def _parse(source: str, *, for_json: bool, unknown_later: bool = False) -> nodes.Template:
    check_source(source)
    tree = environment(for_json).parse(source)
    check_tree(tree, unknown_later=unknown_later)
    return tree


def _names(tree: nodes.Template) -> frozenset[str]:
    return frozenset(name.name for name in tree.find_all(nodes.Name))


@lru_cache(maxsize=512)
def _compile(source: str, for_json: bool) -> _Compiled:
    tree = _parse(source, for_json=for_json, unknown_later=True)
    names = _names(tree)
    made_for = environment(for_json)
    return _Compiled(made_for.from_string(counted_tree(tree, made_for)), names)


@lru_cache(maxsize=512)
def _compile_expression(source: str) -> _Compiled:
    tree = _parse(source, for_json=False, unknown_later=True)
    outputs = [node for output in tree.body if isinstance(output, nodes.Output) for node in output.nodes]
    if len(outputs) != 1 or len(tree.body) != 1 or isinstance(outputs[0], nodes.TemplateData):
        raise TemplateError("this is more than one expression", 1)
    target = nodes.Name(RESULT, "store", lineno=1)
    whole = nodes.Template([nodes.Assign(target, outputs[0], lineno=1)], lineno=1)
    made_for = environment(for_json=False)
    return _Compiled(made_for.from_string(counted_tree(whole, made_for)), _names(tree))


def _capped(rendered: Iterable[str], for_json: bool) -> str:
    parts: list[str] = []
    size = 0
    for part in placed(rendered) if for_json else rendered:
        size += len(part)
        if size > MAX_OUTPUT_CHARS:
            raise TemplateError(f"the rendered text is over {MAX_OUTPUT_CHARS:,} characters")
        parts.append(part)
    return "".join(parts)
