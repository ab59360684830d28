"""Fuzzes the template engine; the README beside it says what must hold."""

import json
import sys
import time
from contextlib import suppress
from typing import Any

import atheris

with atheris.instrument_imports(include=["whenflow.templating", "jinja2"]):
    from whenflow.templating import CaseInsensitive, TemplateError, evaluate, is_lone_expression, render
    from whenflow.templating.drafts import NotRendered, render_draft

LIMIT = 1024 * 1024
SECONDS = 1.0
INSIDE = ("<class ", "object at 0x", "<built-in", "<function")
WEBHOOK = """{
  "event": "user.{{ body.a }}.seen", "resource": {"prefect.resource.id": "{{ body.b }}"}, "payload": {{ body | tojson }}
}"""
PIECES = (
    *("{{ ", " }}", "{% if ", "{% for a in ", "{% set a = ", " %}", "{% endif %}", "{% endfor %}", "{% else %}"),
    *(
        "body",
        ".a",
        ".b",
        "['a']",
        "[0]",
        "[1:]",
        " | ",
        "tojson",
        "upper",
        "join(",
        "replace(",
        "map('",
        "', ",
        ")",
        "(",
    ),
    *(
        "namespace(a=",
        "a.a",
        " ~ ",
        " + ",
        " * ",
        "range(",
        "loop.index",
        ".items()",
        ".__class__",
        ".format(",
        "attr('",
    ),
    *(
        "'x'",
        "100",
        "1.5",
        "none",
        " in ",
        " is ",
        " and ",
        " not ",
        ",",
        "{",
        "}",
        ": ",
        '"',
        "\\",
        "\n",
        "{# ",
        " #}",
    ),
)


def _data(provider: Any) -> Any:
    text = provider.ConsumeUnicodeNoSurrogates(40)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {"a": text, "b": provider.ConsumeUnicodeNoSurrogates(20), "c": [1, {"d": None}]}


def _source(provider: Any) -> str:
    if provider.ConsumeBool():
        return str(provider.ConsumeUnicodeNoSurrogates(2_000))
    return "".join(
        PIECES[provider.ConsumeIntInRange(0, len(PIECES) - 1)] for _ in range(provider.ConsumeIntInRange(1, 60))
    )


def _stays_inside(source: str, context: dict[str, Any]) -> None:
    for for_json in (False, True):
        try:
            text = render(source, context, for_json=for_json)
        except TemplateError as error:
            text = error.message
        _hold(len(text) <= LIMIT, f"{len(text)} characters of {source!r}")
        shows = [word for word in INSIDE if word in text and word not in source and word not in str(context)]
        _hold(not shows, f"{shows} of {source!r}")
    if is_lone_expression(source):
        with suppress(TemplateError):
            json.dumps(evaluate(source, context))


def _keeps_its_fields(context: dict[str, Any]) -> None:
    try:
        document = render_draft(WEBHOOK, context)
    except NotRendered:
        return
    _hold(document.keys() == {"event", "resource", "payload"}, f"the names {list(document)}")
    _hold(document["event"].startswith("user.") and document["event"].endswith(".seen"), document["event"])
    _hold(document["payload"] == context["body"], f"another payload than {context['body']!r}")


def _hold(law: bool, found: str) -> None:
    if not law:
        raise AssertionError(found)


def one(data: bytes) -> None:
    """Try one template on one body."""
    provider = atheris.FuzzedDataProvider(data)
    body = _data(provider)
    source = _source(provider)
    context = {"body": body, "headers": CaseInsensitive({"X-A": str(body)[:20]}), "query": {}, "method": "POST"}
    began = time.process_time()
    _stays_inside(source, context)
    _keeps_its_fields(context)
    _hold(time.process_time() - began < SECONDS, f"slow: {source!r}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
