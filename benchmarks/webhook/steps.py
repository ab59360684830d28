"""The steps between request and stored event, each by the product's own function."""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

from benchmarks.webhook.world import World
from whenflow.aws.http import request_of, response_of
from whenflow.documents import parse_json
from whenflow.events import event_from_document
from whenflow.templating import render
from whenflow.webhooks.interpret import interpret_all
from whenflow.webhooks.redact import scrubbed_event
from whenflow.webhooks.request import template_context
from whenflow.webhooks.verify import verify

INTERPRET = "interpret"
PARTS = ("context", "render", "parse_json", "validate")


@dataclass
class Seconds:
    """Processor time of one round, for so many requests.

    Attributes:
        whole: Of the handler from invocation to response.
        steps: Of each step by itself.
    """

    requests: int
    whole: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)


def measure(world: World, count: int) -> Seconds:
    """Return what `count` requests take: as a whole, and step by step."""
    invocations = [world.invocation() for _ in range(count)]
    found = Seconds(count)
    before = world.client.puts
    found.whole, answers = _timed(
        lambda one: response_of(world.receiver.receive(one["pathParameters"]["slug"], request_of(one))), invocations
    )
    assert all(answer["statusCode"] == 204 for answer in answers), answers[0]
    assert world.client.puts - before >= count
    for name, step, inputs in _chain(world, invocations):
        found.steps[name], _ = _timed(step, inputs)
    found.steps["ids, related"] = found.steps.pop(INTERPRET) - sum(found.steps[name] for name in PARTS)
    return found


def _chain(world: World, invocations: Sequence[Mapping[str, Any]]) -> list[tuple[str, Callable[..., Any], list[Any]]]:
    """Return each step with what it works on: what the step before it gave."""
    now, webhook, template = world.clock.now(), world.webhook, str(world.webhook.template)
    secrets = [world.secrets.get(reference) for reference in webhook.secrets.good_at(now)] if webhook.secrets else []
    requests = [request_of(one) for one in invocations]
    assert all(verify(webhook.auth, one, secrets, now) is None for one in requests)
    contexts = [template_context(one) for one in requests]
    texts = [render(template, one, for_json=True) for one in contexts]
    events = [interpret_all(webhook, one, world.ids, now)[0] for one in requests]
    documents = [event.as_document() for event in events]
    hidden = (world.slug, *secrets)
    return [
        ("parse_request", request_of, list(invocations)),
        ("find_webhook", lambda _: world.directory.find(world.slug), list(invocations)),
        ("verify", lambda one: verify(webhook.auth, one, secrets, now), requests),
        ("context", template_context, requests),
        ("render", lambda one: render(template, one, for_json=True), contexts),
        ("parse_json", parse_json, texts),
        ("validate", lambda one: event_from_document(one, now), documents),
        (INTERPRET, lambda one: interpret_all(webhook, one, world.ids, now), requests),
        ("remove_secrets", lambda one: scrubbed_event(one, hidden), events),
        ("store", world.events.put, events),
    ]


def _timed(step: Callable[[Any], Any], inputs: Sequence[Any]) -> tuple[float, list[Any]]:
    gc.collect()
    started = thread_time()
    given = [step(one) for one in inputs]
    return thread_time() - started, given
