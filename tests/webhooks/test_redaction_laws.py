"""Laws of what is taken out: wherever a secret stands, and however it is written."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st
from tests.webhooks.conftest import Hooks
from tests.world import World

from whenflow.webhooks.redact import REMOVED, is_secret_name, scrubbed, scrubbed_bytes

secrets = st.text(st.characters(codec="utf-8"), min_size=8, max_size=30).filter(
    lambda one: not set(one) & set(REMOVED) and not set(quote(one, "")) & set(REMOVED)
)
SECRET = "wh5-%\"\\/+ 'ä"
around = st.text("xyz ", max_size=5)
pieces = st.builds(lambda before, after: f"{before}{SECRET}{after}", around, around) | around
trees = st.recursive(
    pieces | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(pieces, inner, max_size=3),
    max_leaves=8,
)
TEMPLATES = [
    '{"event": "e", "resource": {"prefect.resource.id": "r"}, "payload": {"all": {{ body | tojson }}}}',
    '{"event": "e", "resource": {"prefect.resource.id": "r"}}',
    '{"event": "e{{ body }}", "resource": {"prefect.resource.id": "r{{ body }}"}}',
    "{{ body }}",
    "{{ body | tojson }}",
    "{{ headers | tojson }}{{ 1 / 0 }}",
]


FORMS = {SECRET, json.dumps(SECRET)[1:-1], json.dumps(SECRET, ensure_ascii=False)[1:-1]}
FORMS |= {form.replace("'", "\\u0027") for form in FORMS}


def texts(value: Any) -> Iterator[str]:
    """Yield every text and key in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


@given(tree=trees, template=st.sampled_from(TEMPLATES), wherever=st.sampled_from(["x-copy", "user-agent"]))
def test_a_secret_of_a_webhook_is_in_nothing_that_it_stores(tree, template, wherever):
    hooks = Hooks(World())
    auth = {"type": "basic", "username": "ann"}
    hooks.guard(auth, SECRET, template=template, log_requests=True, keep_bodies=True)
    proof = base64.b64encode(f"ann:{SECRET}".encode()).decode()

    answer = hooks.call(tree, authorization=f"Basic {proof}", query={"q": SECRET}, **{wherever: SECRET})

    assert answer.status in (204, 400, 413)
    assert hooks.events()
    stored = [event.as_document() for event in hooks.events()]
    stored += [entry.as_document() for entry in hooks.world.requests.entries]
    shown = [answer.reason, *texts(stored)]
    for written in (*FORMS, proof):
        assert not any(written in text for text in shown)


@given(secret=secrets, before=around, after=around)
def test_a_secret_is_taken_out_however_it_is_written(secret, before, after):
    for form in (secret, quote(secret, ""), quote_plus(secret), json.dumps(secret)[1:-1]):
        assert scrubbed(f"{before}{form}{after}", [secret]) == f"{before}{REMOVED}{after}"
        assert scrubbed_bytes(f"{before}{form}{after}".encode(), [secret]).decode() == f"{before}{REMOVED}{after}"


@given(tree=trees)
def test_without_secrets_nothing_is_changed(tree):
    assert scrubbed(tree, []) == tree
    assert scrubbed(tree, ["short"]) == tree


@given(name=st.text("abcdefghijklmnopqrstuvwxyz-_ABC", max_size=30))
def test_whether_a_name_is_secret_does_not_depend_on_its_case(name):
    assert is_secret_name(name) == is_secret_name(name.upper()) == is_secret_name(name.lower())
