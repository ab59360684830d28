"""The differences that are meant to be, beside those faults of Prefect's that `mending` takes away."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError as JinjaError

from whenflow.actions.hydration import KIND
from whenflow.automations.names import ACTION_LISTS
from whenflow.events.durations import LONGEST
from whenflow.templating.environment import environment
from whenflow.templating.errors import Forbidden
from whenflow.templating.policy import check_source, check_tree


@dataclass(frozen=True)
class Answers:
    """A case, and what both say to it."""

    case: Mapping[str, Any]
    reference: Any
    ours: Any
    mended: Any = None
    python: tuple[int, int] = (3, 13)

    @property
    def refused_by_us_alone(self) -> bool:
        """Whether only Whenflow refuses, or fails."""
        return self.ours.get("result") in ("refused", "failed") and self.reference.get("result") != "refused"


def _metric(answers: Answers) -> bool:
    """Metric triggers: Prefect's open source engine has none."""
    return any(one.get("type") == "metric" for one in _objects(answers.case)) or any(
        "type" not in one and one.get("posture") == "Metric" for one in _objects(answers.case)
    )


def _longest(answers: Answers) -> bool:
    """Durations over ten years: a mistake, and they would lead out of the calendar."""
    durations = (one.get(name) for one in _objects(answers.case) for name in ("within", "schedule_after"))
    return answers.refused_by_us_alone and any(isinstance(one, int | float) and abs(one) > LONGEST for one in durations)


def _compound(answers: Answers) -> bool:
    """A trigger without a type that has `require` is compound; Prefect takes it for a sequence if that is of no use."""
    return answers.refused_by_us_alone and any(
        "type" not in one and "require" in one and "triggers" in one for one in _objects(answers.case)
    )


def _untyped_crash(answers: Answers) -> bool:
    """An action without a type, of which Prefect breaks: to Whenflow it is what it can be, at least `do-nothing`."""
    return answers.reference.get("result") == "crash" and any(
        "type" not in one for name in ACTION_LISTS for one in _objects(answers.case["document"].get(name))
    )


def _empty_id(answers: Answers) -> bool:
    """The id of a trigger that is left empty is left out: ids are given anew."""
    return any(one.get("id") == "" for one in _objects(answers.case["document"]))


def _empty_window(answers: Answers) -> bool:
    """The window of a proactive trigger that is left empty is left out; Prefect refuses it from 3.9 on."""
    return any(one.get("posture") == "Proactive" and one.get("within") == "" for one in _objects(answers.case))


def _outside_of_the_calendar(answers: Answers) -> bool:
    """Moments that no calendar has in UTC: before the year 1, after 9999."""
    occurred = answers.case["document"].get("occurred")
    return answers.refused_by_us_alone and str(occurred)[:5] in ("0001-", "9999-")


def _other_library(answers: Answers) -> bool:
    """Before Python 3.13, Prefect reads moments by a library that knows `now`, `12:00` and weeks besides."""
    return answers.python < (3, 13) and answers.refused_by_us_alone and answers.ours.get("fields") == ["/occurred"]


def _policy(answers: Answers) -> bool:
    """What our template policy does not let through; see docs/templates.md."""
    return answers.refused_by_us_alone and any(map(_is_forbidden, _texts(answers.case["action"])))


def _numbers_only(answers: Answers) -> bool:
    """`*` and `%` work on numbers only: of texts and lists they make memory."""
    return answers.refused_by_us_alone and any(map(TIMES.search, _texts(answers.case["action"])))


def _models_as_text(answers: Answers) -> bool:
    """Prefect writes its own objects as Python does; with us they are plain data."""
    return MODEL.search(json.dumps([answers.reference, answers.mended])) is not None


def _ids_as_text(answers: Answers) -> bool:
    """Ids are texts, and can be worked on as such; Prefect's are objects that cannot."""
    return answers.ours.get("result") in ("ok", "accepted") and any(map(ID.search, _texts(answers.case["action"])))


def _generators(answers: Answers) -> bool:
    """What is not made yet has no text: it lacks a `| list`. Prefect writes where it is in memory."""
    return any(map(GENERATOR.search, _texts(answers.case["action"])))


def _own_filters(answers: Answers) -> bool:
    """Filters that Prefect does not have."""
    return any(map(OWN.search, _texts(answers.case["action"])))


def _strict_json(answers: Answers) -> bool:
    """`NaN` and numbers beyond all bounds are no JSON."""
    return answers.refused_by_us_alone and any(one in ("NaN", "1E400") for one in _texts(answers.case["action"]))


def _long_numbers(answers: Answers) -> bool:
    """Texts of more than 64 characters are not written as numbers for people."""
    return answers.refused_by_us_alone and any("humanize_" in one for one in _texts(answers.case["action"]))


def _closed_twice(answers: Answers) -> bool:
    """A text with one `{{` and more `}}`: both fail, for reasons of their own."""
    both = answers.reference.get("result") == answers.ours.get("result") == "failed"
    return both and any(one.count("}}") > one.count("{{") for one in _texts(answers.case["action"]))


def _methods_as_values(answers: Answers) -> bool:
    """`a.items` is the key `items` or nothing, never a method."""
    return any(map(METHOD.search, _texts(answers.case["action"])))


def _labels_with_others_below(answers: Answers) -> bool:
    """Of the labels `a` and `a.b`, `labels.a` is text that has methods; and so is what `labels` gives."""
    return any(map(BRANCH.search, _texts(answers.case["action"])))


def _whole_objects(answers: Answers) -> bool:
    """Objects of the API are what the API shows of them."""
    return any(map(OBJECT.search, _texts(answers.case["action"])))


def _conveniences(answers: Answers) -> bool:
    """`event.name` and `event.involved` are ours alone."""
    return any("event.name" in one for one in _texts(answers.case["action"]))


def _resources_as_labels(answers: Answers) -> bool:
    """A resource is its labels: a loop over it gives pairs, and so do filters."""
    return any(map(RESOURCE.search, _texts(answers.case["action"])))


def _top_level_kind(answers: Answers) -> bool:
    """Parameters that are of a kind which gives no object: Prefect breaks, or fails later."""
    return KIND in (answers.case["action"].get("parameters") or {}) and answers.reference["result"] in (
        "crash",
        "refused",
    )


RESOURCE = re.compile(
    r"(event\.resource|related\[-?\d+\]|in_role(\[[^\]]*\])+|involved(_resources)?)(?![\w.\[])|[ie]vents?\.related(?![\w.\[])"
)
METHOD = re.compile(
    r"\.(items|keys|values|get|copy|pop|update|title|upper|lower|count|index|format|strip)\b(?!\()|\['(keys|items|values|get)'\]"
)
BRANCH = re.compile(r"labels\.[\w.]+\(\)|labels(\.a(\.b)?|\.x|\.prefect(\.resource)?|\.zone)?\b(?!\.\w|\[')")
OBJECT = re.compile(
    r"\.(expect|after|for_each|within|trigger_states)\b|(flow_run(\.state)?|\bflow|deployment|automation(\.trigger)?|firings?(\[-?\d\])?|events?(\[-?\d\])?|triggering_(event|firings)|triggers\[\d\])(?![\w.\[])"
)
TIMES = re.compile(r"[^{]( \*|\* | % )")
ID = re.compile(r"\b(flow_|deployment_)?id\b")
MAKES_LIST = r" *\| *(list|join|sort|first|sum|map|select|reject|max|min|length|unique)"
LAZY = r"\b(map|select|selectattr|reject|rejectattr|unique|items|reverse)\b(\([^()]*\))?"
GENERATOR = re.compile(f"{LAZY}(?!{MAKES_LIST})")
OWN = re.compile(r"\b(from_json|from_cloud_event|uuid|items)\b")
MODEL = re.compile(
    r"root=|UUID\('|datetime\.|<Posture|TriggerState|ReceivedEvent|Resource\(|LabelDiver|timedelta|frozenset|EventTrigger|<StateType|prefect\.|(Running|Failed)\(|<generator|dict_(keys|values|items)\(|<function|Markup\("
)
REASONS: dict[str, dict[str, Callable[[Answers], bool]]] = {
    "event_schema": {"no such moment in UTC": _outside_of_the_calendar, "more ways to write a moment": _other_library},
    "templating": {
        "the template policy": _policy,
        "operators on numbers only": _numbers_only,
        "objects as text": _models_as_text,
        "a resource is its labels": _resources_as_labels,
        "methods are no values": _methods_as_values,
        "labels are texts": _labels_with_others_below,
        "objects as the API has them": _whole_objects,
        "names of our own": _conveniences,
        "ids are texts": _ids_as_text,
        "generators as text": _generators,
        "filters of our own": _own_filters,
        "long numbers": _long_numbers,
        "strict JSON": _strict_json,
        "closed more than once": _closed_twice,
        "a kind for all parameters": _top_level_kind,
    },
    "validation": {
        "metric triggers": _metric,
        "durations over ten years": _longest,
        "compound by its `require`": _compound,
        "an empty window": _empty_window,
        "an empty id": _empty_id,
        "crash of an action without type": _untyped_crash,
    },
}


def reason_for(name: str, answers: Answers) -> str:
    """Return why Whenflow is to differ from Prefect here; empty where it is not."""
    return next((reason for reason, holds in REASONS.get(name, {}).items() if holds(answers)), "")


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """Return all objects in a tree."""
    if isinstance(value, Mapping):
        return [value, *(one for item in value.values() for one in _objects(item))]
    return [one for item in value for one in _objects(item)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    """Return all texts in a tree."""
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text for item in inside for text in _texts(item)]


def _is_forbidden(template: str) -> bool:
    try:
        check_source(template)
        check_tree(environment(False).parse(template), unknown_later=True)
    except Forbidden:
        return True
    except JinjaError:
        return False
    return False
