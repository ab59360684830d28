"""Keys, lineage and replay, through the real functions over real stores."""

from tests.calls import call, read
from tests.functions.stack import later
from tests.stories import signup_webhook, welcoming

from whenflow.aws import wiring


def test_what_a_message_caused_is_told_hop_by_hop(stack):
    slug = stack.welcomes_new_users()
    stack.hook(slug, {"name": "Ann", "userid": "u-1"})
    stack.settle()
    (signup,) = (event for event in stack.events() if event.event == "user.signed-up")

    found = stack.api("GET", f"/lineage/event/{signup.id}").document

    edges = {(one["cause"].partition(":")[0], one["effect"].partition(":")[0], one["how"]) for one in found["edges"]}
    assert {("event", "firing", "closed"), ("firing", "flow-run", "started"), ("flow-run", "event", "told")} <= edges
    assert f"flow-run:{stack.run().id}" in {node["key"] for node in found["nodes"]}


def test_a_replay_starts_what_nobody_thought_of_in_time_and_does_it_once(stack):
    slug = stack.webhook()
    for name in ("Ann", "Bob"):
        stack.hook(slug, {"name": name, "userid": name})
    stack.settle()
    since, until = (event.occurred.isoformat() for event in (stack.events()[0], stack.events()[-1]))
    with later(60):
        stack.automation(welcoming(stack.deployment()))
        span = {"since": since}
        ids = [firing["id"] for firing in stack.api("POST", "/replay", span).document["firings"]]

        fired = [stack.api("POST", "/replay/fire", span | {"firings": ids}).document["fired"] for _ in range(2)]
        stack.settle()

    assert until > since
    assert fired == [ids, []]
    assert sorted(run.parameters["name"] for run in wiring.runs().newest(10)) == ["Ann", "Bob"]


def test_who_changed_what_is_in_the_feed(stack):
    made = stack.api("POST", "/webhooks", signup_webhook()).document
    stack.api("DELETE", f"/webhooks/{made['id']}")

    told = [event for event in stack.all_events() if event.event.startswith("whenflow.webhook.")]
    assert [event.event for event in told] == ["whenflow.webhook.created", "whenflow.webhook.deleted"]
    assert {labels["prefect.resource.name"] for event in told for labels in event.related} == {"tests"}


def test_a_key_does_what_it_may_until_it_is_revoked(stack):
    made = stack.api("POST", "/keys", {"name": "ci", "scopes": ["read"]}).document
    headers = {"authorization": f"Bearer {made['key']}"}

    def ask(method, path, body=None):
        return read(stack.invoke("api", call(method, f"/api{path}", body, headers=headers))).status

    assert (ask("GET", "/events"), ask("POST", "/webhooks", signup_webhook())) == (200, 403)
    assert stack.api("GET", f"/keys/{made['id']}").document["last_used"]
    stack.api("DELETE", f"/keys/{made['id']}")
    with later(2):
        assert ask("GET", "/events") == 401
