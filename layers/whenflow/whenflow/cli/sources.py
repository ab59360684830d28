"""`whenflow source`: what becomes of the notifications that AWS sends."""

import json
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from whenflow.cli.by_name import remove
from whenflow.cli.client import connect
from whenflow.cli.confirm import Yes
from whenflow.cli.documents import check_json_object, parse_json, text_or_file
from whenflow.cli.errors import UsageError
from whenflow.cli.lookup import SOURCE, find
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, print_json, say
from whenflow.cli.source_presets import PRESETS
from whenflow.cli.source_text import describe, outcome
from whenflow.cli.tables import Column, print_table

app = group("source", "What becomes of notifications of AWS: S3, EventBridge, Kafka.")

MAX_SHOWN = 1000
MADE_BY_WHENFLOW = frozenset({"id", "created", "updated"})
Preset = Literal["s3", "rule", "kafka"]
Pattern = Annotated[str | None, Parameter(alias="-P")]
Template = Annotated[str | None, Parameter(alias="-t")]
Description = Annotated[str | None, Parameter(alias="-d")]


@app.command
def create(
    name: str,
    /,
    *,
    pattern: Pattern = None,
    template: Template = None,
    preset: Annotated[Preset | None, Parameter(alias="-p")] = None,
    drop: bool = False,
    description: Description = None,
    disabled: bool = False,
    options: Options = DEFAULTS,
) -> None:
    """Make a source: notifications that match its pattern become the event of its template.

    Args:
        name: What to call it. Sources are asked in the order of their names; the first that matches decides.
        pattern: An EventBridge event pattern, as JSON or @FILE: {"source": ["aws.s3"]}
        template: A JSON object whose texts are Jinja2 templates, Jinja2 text that makes JSON, or @FILE with either.
            Without one, a notification becomes the event that it would be anyway.
        preset: Begin with the pattern and the template for this kind; what else is given, replaces them.
        drop: Nothing becomes of these notifications.
        description: What it is for.
        disabled: Do not use it yet.
        options: Common to all commands.
    """
    document = dict(PRESETS[preset]) if preset else {}
    document |= {"name": name, "enabled": not disabled} | _given(pattern, template, description)
    if drop:
        _drops(template)
        document |= {"drop": True, "template": None}
    if "pattern" not in document:
        raise UsageError("Give a --pattern, or a --preset that has one.", hint=f"For example:\n\n  {_EXAMPLE}")
    with connect(options) as api:
        source = api.create("sources", document)
    if options.json:
        print_json(source)
        return
    say(f"Made the source {source.get('name')} ({source.get('id')}). It is used within a second.")
    say("See what it makes of a notification with `whenflow source test`.")


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the sources, in the order in which they are asked."""
    with connect(options) as api:
        sources = api.newest("sources", MAX_SHOWN)
    if options.json:
        print_json(sources)
    elif not sources:
        say("No sources yet: every notification becomes an event by itself. Make one:", "", f"  {_EXAMPLE}")
    else:
        columns = (
            Column("NAME", elastic=True),
            Column("ENABLED"),
            Column("PATTERN", elastic=True),
            Column("MAKES"),
            Column("CREATED"),
            Column("ID"),
        )
        print_table(columns, (_row(source) for source in sources))


@app.command
def inspect(source: str, /, *, options: Options = DEFAULTS) -> None:
    """Show a source.

    Args:
        source: Its name or its id.
        options: Common to all commands.
    """
    with connect(options) as api:
        found = find(api, SOURCE, source)
    if options.json:
        print_json(found)
    else:
        say(*describe(found))


@app.command
def update(
    source: str,
    /,
    *,
    name: str | None = None,
    pattern: Pattern = None,
    template: Template = None,
    drop: Annotated[bool | None, Parameter(negative="--keep")] = None,
    description: Description = None,
    options: Options = DEFAULTS,
) -> None:
    """Change a source; what is not given stays.

    Args:
        source: Its name or its id.
        name: What to call it from now on.
        pattern: An EventBridge event pattern, as JSON or @FILE.
        template: As at `create`.
        drop: Nothing becomes of these notifications; with --keep, events become of them again.
        description: What it is for.
        options: Common to all commands.
    """
    changes = _given(pattern, template, description)
    changes |= {key: value for key, value in (("name", name), ("drop", drop)) if value is not None}
    if drop:
        _drops(template)
        changes["template"] = None
    if not changes:
        raise UsageError("Nothing is to change.", hint="`whenflow source update --help` shows what can.")
    with connect(options) as api:
        before = find(api, SOURCE, source)
        kept = {key: value for key, value in before.items() if key not in MADE_BY_WHENFLOW}
        after = api.put(f"/sources/{before['id']}", kept | changes)
    _changed(after, options)


@app.command
def toggle(source: str, /, *, options: Options = DEFAULTS) -> None:
    """Switch a source off, or on again.

    Args:
        source: Its name or its id.
        options: Common to all commands.
    """
    with connect(options) as api:
        before = find(api, SOURCE, source)
        after = api.patch(f"/sources/{before['id']}", {"enabled": not before.get("enabled", True)})
    if options.json:
        print_json(after)
    else:
        say(f"The source {after.get('name')} is switched {'on' if after.get('enabled') else 'off'}.")


@app.command
def delete(source: str, /, *more: str, yes: Yes = False, options: Options = DEFAULTS) -> None:
    """Remove sources; their notifications become events by themselves again.

    Args:
        source: Its name or its id.
        more: Further ones.
        yes: Do not ask.
        options: Common to all commands.
    """
    remove(SOURCE, (source, *more), options, yes=yes)


@app.command
def test(
    source: str | None = None,
    /,
    *,
    notification: Annotated[str, Parameter(alias="-n")],
    pattern: Pattern = None,
    template: Template = None,
    options: Options = DEFAULTS,
) -> int:
    """Show what would become of a notification; nothing is stored.

    Args:
        source: Its name or its id. Without one, all sources are asked as they are.
        notification: What AWS sends, as JSON or @FILE: an EventBridge event, or what S3 or Kafka hand to a function.
        pattern: A pattern to try instead of the source's own.
        template: A template to try instead of the source's own.
        options: Common to all commands.
    """
    request: dict[str, Any] = {"notification": _json_object(notification, "--notification")}
    draft = _given(pattern, template, None)
    with connect(options) as api:
        found = find(api, SOURCE, source) if source is not None else None
        if draft and found is not None:
            request["source"] = {key: found[key] for key in found if key not in MADE_BY_WHENFLOW} | draft
        elif draft:
            request["source"] = {"pattern": {"source": [{"exists": True}]}} | draft
        elif found is not None:
            request["source_id"] = found["id"]
        answer = api.post("/sources/test", request)
    results = answer.get("results") or []
    if options.json:
        print_json(answer)
    else:
        for result in results:
            say(*outcome(result, str(found["name"]) if found else None))
    return 1 if any(result.get("error") for result in results) else 0


def _given(pattern: str | None, template: str | None, description: str | None) -> dict[str, Any]:
    """Return the fields of a source that the command line gives."""
    document: dict[str, Any] = {}
    if pattern is not None:
        document["pattern"] = _json_object(pattern, "--pattern")
    if template is not None:
        text, _ = text_or_file(template)
        document["template"] = _object_or_text(text)
    if description is not None:
        document["description"] = description
    return document


def _drops(template: str | None) -> None:
    if template is not None:
        raise UsageError("A source that drops its notifications has no template.", hint="Give --drop or --template.")


def _object_or_text(text: str) -> Any:
    """Return a template that is a JSON object as one: so its texts need no escaping."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return document if isinstance(document, dict) else text


def _json_object(value: str, option: str) -> dict[str, Any]:
    text, file = text_or_file(value)
    return check_json_object(parse_json(text, file or option), file or option)


def _changed(source: dict[str, Any], options: Options) -> None:
    if options.json:
        print_json(source)
    else:
        say(f"Changed the source {source.get('name')} ({source.get('id')}).")


def _row(source: dict[str, Any]) -> tuple[str, ...]:
    makes = "nothing" if source.get("drop") else "its template" if source.get("template") else "the default"
    return (
        str(source.get("name", "-")),
        "yes" if source.get("enabled", True) else "no",
        json.dumps(source.get("pattern"), ensure_ascii=False),
        makes,
        ago(source.get("created")),
        str(source.get("id", "-")),
    )


_EXAMPLE = 'whenflow source create orders --preset rule --pattern \'{"source": ["shop.orders"]}\''
