"""Parameters as documents (SPEC 4.4): templates, and objects that say with `__prefect_kind` what they stand for."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from whenflow.documents import parse_json
from whenflow.errors import Fault, Rejected
from whenflow.templating import TemplateError, check, evaluate, is_lone_expression, is_template, render

KIND = "__prefect_kind"
Path: TypeAlias = tuple[str | int, ...]


class InvalidJson(TemplateError):
    """A text that is to be JSON is none."""


class NotText(TemplateError):
    """What is to be a template is no text."""


class VariableNotFound(TemplateError):
    """A variable is asked for that is not there."""


class _Removed:
    """Stands for an entry that vanishes: an explicit kind without what it is of."""


_REMOVED = _Removed()


def check_parameters(document: object) -> list[Fault]:
    """Check the templates and the JSON in a tree of parameters, without rendering anything.

    Returns:
        Every fault, with the path to it.
    """
    faults = [Fault(path, message, "invalid_template") for path, message in _faults(document, (), templates=True)]
    if isinstance(document, dict) and document.get(KIND) == "json" and isinstance(document.get("value"), str):
        faults += [] if faults or isinstance(parse_json(document["value"]), dict) else [_NO_OBJECT]
    return faults


_NO_OBJECT = Fault(("value",), "parameters are an object, and this is something else", "invalid_template")


def _faults(value: Any, path: Path, *, templates: bool) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str) and templates and is_template(value):
        yield from _template_faults(value, path)
    elif isinstance(value, dict) and KIND in value:
        yield from _kind_faults(value, path)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _faults(item, (*path, str(name)), templates=templates)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(item, (*path, index), templates=templates)


def _template_faults(text: str, path: Path) -> Iterator[tuple[Path, str]]:
    try:
        check(text, unknown_later=True)
    except TemplateError as error:
        yield path, str(error)


def _kind_faults(value: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    kind = value[KIND]
    if isinstance(kind, dict | list):
        yield (*path, KIND), "a kind is a word"
        return
    field = {"none": "value", "json": "value", "jinja": "template", "workspace_variable": "variable_name"}.get(
        kind if isinstance(kind, str) else ""
    )
    if field is None:
        return
    if field not in value:
        if kind in ("none", "jinja"):
            yield path, f"what is of kind '{kind}' needs a '{field}'"
        return
    given = value[field]
    if kind == "none" or isinstance(given, dict):
        faults = list(_faults(given, (*path, field), templates=False))
        yield from faults
        given = _REMOVED if faults else _known(given)
    if kind == "json" and isinstance(given, str):
        yield from _json_faults(given, (*path, field))
    elif kind == "jinja" and isinstance(given, str):
        yield from _template_faults(given, (*path, field))


def _known(value: Any) -> Any:
    """Return what a value that may be of a kind stands for, as far as that is known before anything is rendered."""
    if not isinstance(value, dict) or KIND not in value:
        return value
    match value[KIND]:
        case "none" | "json" as kind:
            inner = _known(value.get("value", _REMOVED))
            return parse_json(inner) if kind == "json" and isinstance(inner, str) else inner
        case "jinja" | "workspace_variable":
            return _REMOVED
    return value.get("value")


def _json_faults(text: str, path: Path) -> Iterator[tuple[Path, str]]:
    try:
        parse_json(text, "It")
    except Rejected as error:
        yield path, error.reason


def hydrate(document: Any, context: Mapping[str, Any]) -> Any:
    """Render every template in a tree, and put in what explicit kinds stand for, once: what comes out stays data.

    Raises:
        TemplateError: A template fails; `InvalidJson`, `VariableNotFound`: what the class says. With the path.
    """
    result = _Hydration(context).of(document, (), templates=True)
    if isinstance(result, _Removed):
        return {}
    if isinstance(document, dict) and not isinstance(result, dict):
        raise TemplateError("parameters are an object, and this gives something else")
    return result


class _Hydration:
    """One pass over a tree."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._context = context

    def of(self, value: Any, path: Path, *, templates: bool) -> Any:
        if isinstance(value, str):
            return self._text(value, path) if templates and is_template(value) else value
        if isinstance(value, dict) and KIND in value:
            return self._kind(value, path)
        if isinstance(value, dict):
            items = ((name, self.of(item, (*path, str(name)), templates=templates)) for name, item in value.items())
            return {name: item for name, item in items if item is not _REMOVED}
        if isinstance(value, list):
            each = (self.of(item, (*path, index), templates=templates) for index, item in enumerate(value))
            return [item for item in each if item is not _REMOVED]
        return value

    def _text(self, text: str, path: Path) -> Any:
        try:
            return evaluate(text, self._context) if is_lone_expression(text) else render(text, self._context)
        except TemplateError as error:
            raise TemplateError(_placed(path, error.message), error.line) from None

    def _kind(self, value: dict[str, Any], path: Path) -> Any:
        match value[KIND]:
            case "none":
                return self.of(value.get("value"), (*path, "value"), templates=False)
            case "json":
                return self._json(self._inner(value, "value", path, _REMOVED), path)
            case "jinja":
                return self._jinja(self._inner(value, "template", path), path)
            case "workspace_variable":
                return self._variable(self._inner(value, "variable_name", path, _REMOVED), path)
            case _:
                return value.get("value")

    def _inner(self, value: dict[str, Any], field: str, path: Path, default: Any = None) -> Any:
        """Return what a field holds; of a kind itself, that is looked into, but not the items of a list."""
        given = value.get(field, default)
        return self.of(given, (*path, field), templates=False) if isinstance(given, dict) else given

    def _json(self, text: Any, path: Path) -> Any:
        if not isinstance(text, str):
            return text
        try:
            return parse_json(text, "It")
        except Rejected as error:
            raise InvalidJson(_placed(path, error.reason)) from None

    def _jinja(self, template: Any, path: Path) -> Any:
        if isinstance(template, dict | list):
            return template
        if not isinstance(template, str):
            raise NotText(_placed(path, "the template is no text"))
        try:
            if not is_template(template):
                check(template, unknown_later=True)
                return template
            return render(template, self._context)
        except TemplateError as error:
            raise TemplateError(_placed(path, error.message), error.line) from None

    def _variable(self, name: Any, path: Path) -> Any:
        if name is _REMOVED:
            return _REMOVED
        variables = self._context.get("variables") or {}
        if not isinstance(name, str) or name not in variables:
            raise VariableNotFound(_placed(path, f"there is no variable '{name}'"))
        return variables[name]


def _placed(path: Path, message: str) -> str:
    return f"{'.'.join(map(str, path))}: {message}" if path else message
