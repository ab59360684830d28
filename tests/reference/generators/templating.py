"""Random templates in parameters, messages and payloads: expressions, filters, tests, statements, kinds, and what is wrong."""

# ruff: noqa: E501 - values, as many to a line as there may be

from random import Random
from typing import Any

from tests.reference.generators.pools import DEPLOYMENT
from tests.reference.generators.scenes import FIXTURES, PAYLOAD

BLOCK = "00000000-0000-4000-8000-00000000b001"
PATHS = [
    "event.event", "event.resource.name", "event.resource.id", "event.resource['zone']", "event.resource['zone.floor']", "event.resource.zone",
    "event.resource.labels.zone", "event.resource.labels.zone.floor", "event.resource.labels['zone.floor']", "event.resource.labels", "event.resource",
    "event.related", "event.related[0].name", "event.related[1].role", "event.related[9].name", "event.related[-1].name", "event.related[0]['prefect.resource.id']",
    "event.resource_in_role['owner'].name", "event.resource_in_role.site.name", "event.resource_in_role['no'].name", "event.resources_in_role['owner'][1].id",
    "event.resources_in_role['owner']", "event.resources_in_role['no']", "event.involved_resources", "event.payload", "event.follows", "event.id", "event.occurred",
    "event.received", "event.url", "event.nosuch", "event", "event.name", "event.resource.nosuch", "event.resource['no']", "event.resource.labels.no.such", "event['event']",
    "event['payload']['count']", "labels", "labels.zone", "labels['zone']", "labels.a", "labels.a.b", "labels.a.b.c", "labels['a.b']", "labels.x", "labels.x.y",
    "labels.no", "labels['no']", "labels.prefect.resource.id", "automation.name", "automation.id", "automation.description", "automation.enabled", "automation.tags",
    "automation.trigger", "automation.trigger.type", "automation.trigger.within", "automation.trigger.posture", "automation.trigger.posture.value",
    "automation.trigger.expect", "automation.trigger.threshold", "automation.trigger.id", "automation.trigger.match", "automation.trigger.triggers[0].type",
    "automation.actions", "automation.created", "automation.nosuch", "automation", "firing.triggered", "firing.triggering_labels", "firing.triggering_event.event",
    "firing.trigger.id", "firing.trigger.type", "firing.trigger_states", "firing.triggering_firings", "firing.triggering_value", "firings", "firings[0].triggering_event.id",
    "firings[1].trigger.id", "events", "events[0].event", "events[1].payload.n", "events[-1].id", "flow_run", "flow_run.name", "flow_run.id", "flow_run.state",
    "flow_run.state.name", "flow_run.state.type", "flow_run.state.type.value", "flow_run.state.message", "flow_run.state.timestamp", "flow_run.parameters", "flow_run.parameters.n",
    "flow_run.tags", "flow_run.run_count", "flow_run.flow_id", "flow_run.nosuch", "flow.name", "flow.tags", "flow.id", "deployment.name", "deployment.parameters.n",
    "deployment.paused", "work_pool.name", "work_queue", "task_run.name", "concurrency_limit.tag", "variables.city", "variables.limit", "variables.flags", "variables['hosts'][0]",
    "variables.no", "variables", "nosuch", "nosuch.a.b", "nosuch['a']", "loop.index", "payload", "range(3)", "range(101)",
]  # fmt: skip
CONSTANTS = [
    "1", "0", "-1", "1.5", "2.0", "1e3", "''", "'x'", "\"it's\"", "'a b'", "true", "false", "none", "[]", "{}", "[1, 'a', none]", "{'a': 1}", "{'a': {'b': [1]}}",
    "(1, 2)", "()", "(1,)", "'☃'", "'a\\nb'", "[[1, 2], [3]]", "'<&>'", "'{{'", "1_000", "0x1f", "10 ** 2", "'a' 'b'", "[3, 1, 2]", "['b', 'A', 'c']", "'{% x'", "[true, none]",
]  # fmt: skip
FILTERS = [
    "upper", "lower", "title", "capitalize", "trim", "trim('x')", "length", "count", "first", "last", "int", "int(7)", "int(0, 16)", "float", "float(1.5)", "round", "round(1)", "round(-1)",
    "round(0, 'floor')", "round(1, 'ceil')", "abs", "string", "list", "join", "join(', ')", "join('-', attribute='name')", "join(attribute='name')", "sort", "sort(reverse=true)", "sort(attribute='age')", "sort(attribute='name')",
    "sort(case_sensitive=true)", "sort(attribute='age,name')", "unique | list", "unique(attribute='age') | list", "unique(case_sensitive=true) | list", "unique", "map('upper') | list", "map('upper')", "map(attribute='name') | list",
    "map(attribute='age') | list", "map(attribute='city', default='-') | list", "map('int') | list", "map('string') | join", "map('replace', 'a', 'b') | list", "map('nosuch') | list", "select | list",
    "select('number') | list", "select('string') | list", "select('gt', 1) | list", "select('defined') | list", "reject('none') | list", "reject | list", "reject('equalto', 1) | list", "selectattr('city') | list",
    "selectattr('age', 'gt', 10) | list", "selectattr('age', 'equalto', 30) | map(attribute='name') | list", "rejectattr('city') | list", "rejectattr('age', '>', 10) | map(attribute='name') | join(',')", "max", "min", "max(attribute='age')",
    "min(case_sensitive=true)", "sum", "sum(attribute='age')", "sum(start=1)", "reverse", "reverse | list", "dictsort", "dictsort(by='value')", "dictsort(true)", "dictsort(reverse=true)", "items | list", "items", "tojson", "tojson(2)",
    "tojson(indent=1)", "replace('a', 'o')", "replace('n', 'm', 1)", "replace('', '-')", "default('d')", "default('d', true)", "d(0)", "default", "default(none)", "default([])", "truncate(5)", "truncate(5, true)", "truncate(8, true, '..', 0)", "truncate",
    "truncate(9, false, '')", "wordcount", "urlencode", "striptags", "e", "escape", "forceescape", "e | upper", "filesizeformat", "filesizeformat(true)", "groupby('age') | list", "groupby('city', default='-') | length", "groupby('age') | map('first') | list",
    "groupby('age') | map(attribute='list') | map('length') | list", "nosuch", "from_json", "fromjson", "flow_run_id", "ui_url", "ui_resource_events_url", "humanize_intcomma", "humanize_intcomma(2)", "humanize_naturalsize",
    "humanize_naturalsize(true)", "humanize_naturalsize(binary=true)", "humanize_naturalsize(gnu=true)", "humanize_naturalsize(format='%.2f')", "humanize_ordinal", "humanize_apnumber", "humanize_intword", "humanize_intword('%.2f')", "humanize_fractional",
    "humanize_scientific", "humanize_scientific(3)", "humanize_metric", "humanize_metric('V')", "humanize_precisedelta", "humanize_precisedelta(minimum_unit='hours')", "humanize_naturaldelta", "humanize_naturaldelta(months=false)", "string | length",
    "list | length", "first | upper", "last | string", "upper | lower", "string | upper | replace('A', 'b')", "lower | title", "sort | first", "int + 1", "length > 2",
]  # fmt: skip
TESTS = [
    "defined", "undefined", "none", "number", "integer", "float", "string", "mapping", "sequence", "iterable", "boolean", "true", "false", "even", "odd", "divisibleby 3", "divisibleby(2)", "eq 3", "equalto('Ann')", "ne 3", "gt 1", "lt 1",
    "ge 3", "le 3", "in [1, 3]", "in 'Annie'", "lower", "upper", "sameas none", "nosuch", "not defined", "not none", "callable", "escaped", "filter", "lessthan 2", "greaterthan 2", "== 3",
]  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", "<=", ">", ">=", "and", "or", "in", "not in"]
METHODS = [
    ".upper()", ".lower()", ".strip()", ".title()", ".split()", ".split(' ')", ".startswith('A')", ".endswith('n')", ".replace('n', 'm')", ".get('a')", ".get('no', 'd')", ".items()", ".keys()", ".values()",
    ".isoformat()", ".strftime('%Y-%m-%d')", ".items() | list", ".capitalize()",
]  # fmt: skip
SUFFIXES = [
    "[0]",
    "[-1]",
    "[1:]",
    "[:2]",
    "[::-1]",
    "[9]",
    "['a']",
    ".a",
    ".a.b",
    ".name",
    "[1:2]",
    "['no']",
    ".0",
    "[0][0]",
    "[none]",
    "[true]",
    "[:0]",
    "['a b']",
    "[1.0]",
]
TEXTS = [
    "x",
    "",
    "Hello ",
    "\n",
    "☃",
    " a b ",
    "<p>",
    "%",
    "#",
    "{",
    "}",
    "\\",
    '"',
    "'",
    "}}",
    "{ {",
    "\t",
    "\r\n",
    "$",
    "\n\n",
]
BROKEN = [
    "{{", "{{ }", "{{ }}", "{% if x %}", "{% endif %}", "{{ 1 + }}", "{% nosuch %}", "{% for a in %}x{% endfor %}", "{{ a b }}", "{% for a in [1] %}{% for b in [1] %}{% for c in [1] %}{% endfor %}{% endfor %}{% endfor %}", "{{ 'x }}", "{{ x | }}",
    "{% for %}{% endfor %}", "{{ x", "{% set %}", "{{ [1, }}", "{% raw %}{{ x }}", "{{ a.1b }}", "{% if %}x{% endif %}", "{{ x is }}", "{{ {{ x }} }}", "{{ x }} }} {{", "{#", "{# a #}{{ 1 }}", "{{ x if }}", "{% else %}", "{{ @ }}", "{{ a..b }}",
    "{{ 1 / 0 }} x", "{{ 'a' + 1 }} x", "{{ none.x }} x", "{{ [] | first }} x", "{{ [] | max }} x", "{{ none | length }} x", "{{ none + 1 }} x", "{{ event.payload.name.nosuch() }} x", "{{ nosuch() }} x", "{{ x.y.z | int }} x", "{{ nosuch | upper }} x", "{{ [1, 'a'] | sort }} x",
    "{{ nosuch + 1 }} x", "{{ nosuch | sort }} x", "{{ nosuch == 1 }} x", "{{ nosuch | list }} x", "{{ 5 | list }} x", "{% for a in 5 %}{% endfor %} x", "{% for a in nosuch %}{% endfor %} x", "{{ 5 | join }} x", "{% for a, b in [1] %}{% endfor %} x", "{{ nosuch < 1 }} x",
    "{{ 'x' | int }} x", "{{ none | int }} x", "{{ [1] | int }} x", "{{ 'x' | float }} x", "{{ none | default('d') }} x", "{{ none | upper }} x", "{{ none ~ 1 }} x", "{{ nosuch ~ 1 }} x", "{{ -none }} x", "{{ +'a' }} x", "{{ not nosuch }} x", "{{ 1 in 5 }} x", "{{ 'a' < 1 }} x",
]  # fmt: skip


def case(random: Random) -> dict[str, Any]:
    """Return a random case."""
    firing = random.choice(["boiler"] * 9 + list(FIXTURES["firing"]))
    chosen: dict[str, Any] = {
        "automation": "both" if firing == "both" else "plain",
        "firing": firing,
        "action": _action(random),
    }
    if random.random() < 0.6:
        chosen["variables"] = random.choice(["some", "some", "none"])
    if random.random() < 0.6 or firing in ("run", "stateless", "half", "odd"):
        chosen["objects"] = random.choice(["all", "all", "all", "none"])
    return chosen


def _action(random: Random) -> dict[str, Any]:
    match random.randrange(10):
        case 0 | 1:
            return {
                "type": "send-notification",
                "block_document_id": BLOCK,
                "body": _template(random),
                **({"subject": _template(random)} if random.random() < 0.3 else {}),
            }
        case 2:
            return {
                "type": "call-webhook",
                "block_document_id": BLOCK,
                "payload": random.choice(
                    [
                        _template(random),
                        {"m": _template(random), "n": [1, _template(random)]},
                        [_template(random)],
                        {},
                        1.5,
                    ]
                ),
            }
        case _:
            return {
                "type": "run-deployment",
                "source": "selected",
                "deployment_id": DEPLOYMENT,
                "parameters": _parameters(random),
            }


def _parameters(random: Random) -> dict[str, Any]:
    if random.random() < 0.03:
        return _kind(random, 0)
    return {
        random.choice(["p", "q", "{{ x }}", "a b", ""]): _value(random, 0) for _ in range(random.choice([1, 1, 1, 2]))
    }


def _value(random: Random, depth: int) -> Any:
    chance = random.random()
    if chance < 0.7 or depth > 2:
        return _template(random)
    if chance < 0.75:
        return random.choice([1, 1.5, None, True, "plain", "", [], {}, "}} %}", "{# c #}", -0.0, 10**20, "{ {", "☃"])
    if chance < 0.82:
        return [_value(random, depth + 1) for _ in range(random.randrange(4))]
    if chance < 0.88:
        return {
            random.choice(["a", "b", "value", "template", "{{ k }}"]): _value(random, depth + 1)
            for _ in range(random.randrange(3))
        }
    return _kind(random, depth)


def _kind(random: Random, depth: int) -> dict[str, Any]:
    inner: Any = _kind(random, depth + 1) if random.random() < 0.3 and depth < 3 else None
    tree = random.choice(
        [
            1,
            None,
            [1],
            {"a": 1},
            "x",
            True,
            [{"__prefect_kind": "json", "value": "1"}],
            {"a": {"__prefect_kind": "json"}},
            ["{{ event.event }}"],
            {"b": "{{ event.event }}"},
        ]
    )
    match random.choice(["none", "json", "jinja", "workspace_variable", "what"]):
        case "none":
            given = {"value": inner or random.choice([tree, tree, "{{ event.event }}"])}
        case "json":
            given = {
                "value": inner
                or random.choice(
                    [
                        "1",
                        "1.50",
                        "-0",
                        "1e2",
                        "true",
                        "null",
                        '"x"',
                        "[1, 2]",
                        '{"a": {"b": null}}',
                        "",
                        " ",
                        "{",
                        "nul",
                        " [1] ",
                        "1 2",
                        "01",
                        "'x'",
                        '{"a": 1, "a": 2}',
                        "{{ event.event }}",
                        "\u00a01",
                        '"\\u2603"',
                        '"a\nb"',
                        "[1,]",
                        "9007199254740993",
                        "1E400",
                        "NaN",
                        tree,
                    ]
                )
            }
        case "jinja":
            given = {"template": inner or random.choice([_template(random), _template(random), "plain", "", "x\n"])}
        case "workspace_variable":
            given = {"variable_name": inner or random.choice([*FIXTURES["variables"]["some"], "missing", "", "City"])}
        case other:
            given = {"value": random.choice([inner, tree, "{{ event.event }}"])}
            return {
                "__prefect_kind": random.choice([other, "JSON", "", " json", None, 1, True]),
                **random.choice([given, {}]),
            }
    kind = {"value": "json", "template": "jinja", "variable_name": "workspace_variable"}[next(iter(given))]
    if "value" in given and random.random() < 0.3:
        kind = "none"
    return {
        "__prefect_kind": kind,
        **(given if random.random() < 0.9 else random.choice([{}, {"value": 1}, {"template": "x"}])),
    }


def _template(random: Random) -> str:
    chance = random.random()
    if chance < 0.45:
        left, right = random.choice(["", "", "", " ", "\n", "\t"]), random.choice(["", "", "", " ", "\n"])
        opening, closing = (
            random.choice(["{{ ", "{{ ", "{{ ", "{{", "{{- ", "{{+ "]),
            random.choice([" }}", " }}", " }}", "}}", " -}}"]),
        )
        return left + opening + _expression(random, 0) + closing + right
    if chance < 0.52:
        return random.choice(BROKEN)
    return "".join(
        random.choice([_text, _output, _output, _statement])(random) for _ in range(random.choice([1, 2, 2, 3]))
    )


def _text(random: Random) -> str:
    return random.choice(TEXTS)


def _output(random: Random) -> str:
    return (
        "{{"
        + random.choice(["", "-", " ", " "])
        + " "
        + _expression(random, 0)
        + " "
        + random.choice(["", "-", "", ""])
        + "}}"
    )


def _name(random: Random) -> str:
    if random.random() < 0.45:
        key = random.choice(list(PAYLOAD))
        return f"event.payload.{key}" if key.isidentifier() and random.random() < 0.85 else f"event.payload['{key}']"
    return random.choice(PATHS)


def _expression(random: Random, depth: int) -> str:
    chance = random.random()
    if depth > 2 or chance < 0.25:
        return _name(random) if random.random() < 0.7 else random.choice(CONSTANTS)
    inside = _expression(random, depth + 1)
    forms = {
        0.62: f"{inside} | {random.choice(FILTERS)}",
        0.70: f"{inside} {random.choice(OPERATORS)} {_expression(random, depth + 1)}",
        0.76: f"({inside})",
        0.82: f"{_name(random)} is {random.choice(TESTS)}",
        0.87: f"{_name(random)}{random.choice(SUFFIXES)}",
        0.91: f"{inside} if {_expression(random, depth + 1)}"
        + random.choice(["", f" else {random.choice(CONSTANTS)}"]),
        0.94: f"{_name(random)}{random.choice(METHODS)}",
        0.97: random.choice([f"not {inside}", f"-{inside}", f"({inside}) | {random.choice(FILTERS)}"]),
        1.00: random.choice([f"[{inside}, 1]", f"{{'k': {inside}}}", f"({inside}, 1)"]),
    }
    return next(form for most, form in forms.items() if chance < most)


def _statement(random: Random) -> str:
    trim, end = random.choice(["", "", "-", "+"]), random.choice(["", "", "-"])
    inside = random.choice(["x", "\ny\n", _output(random), _text(random)])
    condition = _expression(random, 1)
    match random.randrange(7):
        case 0 | 1:
            more = random.choice(["", "{% else %}no", "{% elif event.payload.ok %}yes{% else %}no"])
            return f"{{%{trim} if {condition} {end}%}}{inside}{more}{{%{trim} endif {end}%}}"
        case 2 | 3:
            body = random.choice(
                [
                    "{{ i }},",
                    "{{ loop.index }}{% if not loop.last %};{% endif %}",
                    "{{ loop.index0 }}{{ loop.first }}{{ loop.length }}",
                    "{{ i.name }} ",
                    "{{ loop.revindex }}{{ loop.previtem }}",
                    inside,
                    "{{ i | upper }}",
                ]
            )
            over = random.choice(
                [
                    "event.payload.names",
                    "event.payload.numbers",
                    "event.payload.people",
                    "event.related",
                    "firings",
                    "range(4)",
                    "event.payload.nested",
                    "labels",
                    "'abc'",
                    condition,
                ]
            )
            return f"{{%{trim} for i in {over}{random.choice(['', '', ' if i', ' if loop.index > 1'])} {end}%}}{body}{random.choice(['', '{% else %}none'])}{{% endfor %}}"
        case 4:
            return f"{{% set v = {condition} %}}" + random.choice(["{{ v }}", "{{ v | string }}", "[{{ v }}]", ""])
        case 5:
            return random.choice(
                [
                    "{% raw %}{{ x }}{% endraw %}",
                    "{# note #}",
                    "{%- raw -%} {{ x }} {%- endraw -%}",
                    "{% with w = 1 %}{{ w }}{% endwith %}{{ w }}",
                    "{% set ns = namespace(n=0) %}{% for i in [1, 2] %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
                ]
            )
        case _:
            return random.choice(
                [
                    "{% for k, v in event.payload.d | dictsort %}{{ k }}={{ v }};{% endfor %}",
                    "{% for k, v in event.resource.labels | sort %}{{ k }}={{ v }};{% endfor %}",
                    "{% for k, v in event.payload.pairs %}{{ k }}{{ v }}{% endfor %}",
                    "{% for k, v in labels | sort %}{{ k }}{% endfor %}",
                    "{% for k in event.payload.d %}{{ k }}{% endfor %}",
                    "{% for a in [1, 2] %}{% for b in [3, 4] %}{{ a * b }} {% endfor %}{% endfor %}",
                    "{% for g, l in event.payload.people | groupby('age') %}{{ g }}:{{ l | length }} {% endfor %}",
                ]
            )
