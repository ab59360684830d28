"""`whenflow lineage`: what caused something, and what it caused, as a tree."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from whenflow.cli.client import Api, connect
from whenflow.cli.errors import NotFound, UsageError
from whenflow.cli.event_lookup import event_id
from whenflow.cli.lookup import as_id
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import clock_time, print_json, say
from whenflow.cli.run_lookup import find_run

Kind = Literal["event", "firing", "flow-run"]
Graph = dict[str, Any]
Links = Mapping[str, list[tuple[str, str]]]
MAX_PAGES = 20
KINDS: tuple[Kind, ...] = ("event", "firing", "flow-run")


def lineage(
    id_: Annotated[str, Parameter(name="ID")],
    /,
    *,
    kind: Annotated[Kind | None, Parameter(alias="-k")] = None,
    depth: Annotated[int, Parameter(alias="-d", validator=Number(gte=1, lte=16))] = 4,
    options: Options = DEFAULTS,
) -> None:
    """Show what caused an event, a firing or a flow run, and what it caused.

    Args:
        id_: Id of the event, the firing or the flow run; the name of a flow run, or the first characters of its id;
            with --kind event the end of an event's.
        kind: What it is the id of; by default whatever there is.
        depth: How many hops to go, each way.
        options: Common to all commands.
    """
    with connect(options) as api:
        if not as_id(id_):
            kind, id_ = _meant(api, kind, id_)
        graph = _first(api, [kind] if kind else KINDS, id_, depth)
        complete = _complete(api, graph)
    if options.json:
        print_json(graph)
        return
    say(*_text(graph))
    if not complete:
        say("", "There is more: ask for the lineage of one of these.")


def _meant(api: Api, kind: Kind | None, wanted: str) -> tuple[Kind, str]:
    """Return the id of what is named otherwise."""
    if kind == "event":
        return kind, event_id(api, wanted)
    if kind == "firing":
        raise UsageError(f"{wanted!r} is no id of a firing: those are UUIDs.")
    return "flow-run", str(find_run(api, wanted)["id"])


def _first(api: Api, kinds: tuple[Kind, ...] | list[Kind], id_: str, depth: int) -> Graph:
    for kind in kinds:
        try:
            found: Graph = api.get(f"/lineage/{kind}/{id_}", {"depth": depth})
        except NotFound:
            continue
        return found
    raise NotFound(f"There is no {' and no '.join(kind.replace('-', ' ') for kind in kinds)} {id_}.")


def _complete(api: Api, graph: Graph) -> bool:
    """Add the pages that follow; tell whether that is all there is."""
    nodes = {node["key"]: node for node in graph["nodes"]}
    edges = {(edge["cause"], edge["effect"]): edge for edge in graph["edges"]}
    kind, _, id_ = str(graph["root"]).partition(":")
    for _ in range(MAX_PAGES):
        token = graph.pop("next_page", None)
        if not token:
            break
        page = api.get(f"/lineage/{kind}/{id_}", {"page_token": token})
        nodes |= {node["key"]: node for node in page["nodes"]}
        edges |= {(edge["cause"], edge["effect"]): edge for edge in page["edges"]}
        graph["next_page"] = page.get("next_page")
    graph["nodes"], graph["edges"] = list(nodes.values()), list(edges.values())
    return not graph.get("next_page")


def _text(graph: Graph) -> Iterator[str]:
    nodes = {node["key"]: node for node in graph["nodes"]}
    root = str(graph["root"])
    effects: dict[str, list[tuple[str, str]]] = {}
    causes: dict[str, list[tuple[str, str]]] = {}
    for edge in graph["edges"]:
        effects.setdefault(edge["cause"], []).append((edge["effect"], edge["how"]))
        causes.setdefault(edge["effect"], []).append((edge["cause"], edge["how"]))
    upwards, downwards = set[str](), set[str]()
    above = list(_branches(root, causes, nodes, upwards, ""))
    if above:
        yield from ("Causes", *above, "")
    yield _line(nodes[root])
    downwards.add(root)
    yield from _branches(root, effects, nodes, downwards, "")


def _branches(key: str, links: Links, nodes: Mapping[str, Any], seen: set[str], indent: str) -> Iterator[str]:
    """Yield what hangs on a node, oldest first; what was shown before is only named."""
    below = sorted(links.get(key, ()), key=lambda link: str(nodes[link[0]]["at"]))
    for number, (other, how) in enumerate(below):
        last = number == len(below) - 1 and not nodes[key].get("more")
        known = other in seen
        seen.add(other)
        line = _line(nodes[other], nodes[key])
        yield f"{indent}{'└─' if last else '├─'} {how}: {line}{'  (above)' if known else ''}"
        if not known:
            yield from _branches(other, links, nodes, seen, indent + ("   " if last else "│  "))
    if below and nodes[key].get("more"):
        yield f"{indent}└─ …"


def _line(node: Mapping[str, Any], beside: Mapping[str, Any] | None = None) -> str:
    """Return what a node is; on what an event happened is left out where that is the node it hangs on."""
    what = {"event": "event", "firing": "firing of", "flow-run": "flow run"}[node["kind"]]
    more = {"event": f"on {node.get('resource')}", "flow-run": f"{node.get('flow_name')}, {node.get('state_name')}"}
    extra = more.get(node["kind"], "")
    if node["kind"] == "event" and beside and str(node.get("resource")).endswith(str(beside["id"])):
        extra = ""
    words = [what, str(node["name"]), f"({extra})" if extra else "", clock_time(node["at"]), str(node["id"])]
    return "  ".join((" ".join(word for word in words[:3] if word), *words[3:]))
