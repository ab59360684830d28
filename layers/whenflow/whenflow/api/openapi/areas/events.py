"""Events, firings, explanations."""

from whenflow.api.openapi.operation import Operation, Schema, listing, ref
from whenflow.api.openapi.schemas import TEXT, maybe, record

EVENTS = "Events"
LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": 200}
FILTERED = record({}, filter=maybe(ref("EventFilter")), limit=maybe(LIMIT))
UNITS: Schema = {"type": "string", "enum": ["week", "day", "hour", "minute", "second"]}
COUNTED = record(
    {}, filter=maybe(ref("EventFilter")), time_unit=UNITS, time_interval={"type": "number", "minimum": 0.01}
)
WAITED = record(
    {},
    filter=maybe(ref("EventFilter")),
    cursor=maybe(TEXT),
    wait=maybe({"type": "number", "minimum": 0, "maximum": 20, "description": "Seconds to wait for an event."}),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "post",
        "/events",
        EVENTS,
        "Store events: one, or a list of at most 500. Bad ones are refused by their index, all others are stored.",
        {204: None},
        {"anyOf": [ref("EventInput"), {**listing(ref("EventInput")), "maxItems": 500}]},
        needs_body=True,
    ),
    Operation(
        "get",
        "/events",
        EVENTS,
        "List events, newest first.",
        {200: ref("EventPage")},
        query={"limit": LIMIT, "page_token": TEXT},
        errors=(422,),
    ),
    Operation(
        "post",
        "/events/filter",
        EVENTS,
        "List the events that a filter lets through.",
        {200: ref("EventPage")},
        FILTERED,
    ),
    Operation(
        "get",
        "/events/filter/next",
        EVENTS,
        "Go on with such a list.",
        {200: ref("EventPage")},
        query={"page-token!": TEXT},
        errors=(422,),
    ),
    Operation(
        "post",
        "/events/count-by/{countable}",
        EVENTS,
        "Count events by `day`, `time`, `event` or `resource`.",
        {200: listing(ref("EventCount"))},
        COUNTED,
    ),
    Operation(
        "post",
        "/events/tail",
        EVENTS,
        "Follow events in the order in which they come in.",
        {200: ref("EventTail")},
        WAITED,
    ),
    Operation("get", "/events/{id}", EVENTS, "Get an event.", {200: ref("Event")}),
    Operation("get", "/firings/{id}", EVENTS, "Get a firing of an automation.", {200: ref("Firing")}),
    Operation(
        "get",
        "/explain",
        EVENTS,
        "Say why an automation fired on an event, or why not.",
        {200: ref("Explanation")},
        query={"automation!": TEXT, "event!": TEXT},
        errors=(404, 422),
    ),
)
