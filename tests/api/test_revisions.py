"""Two people who change the same thing at the same time."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.stories import NOBODY, order_placed, welcome_deployment, welcoming

from whenflow.actions.switches import DEPLOYMENT
from whenflow.aws.directories import CachedWebhooks
from whenflow.deployments.pools import pool_id_of
from whenflow.ports import Stored

Made = tuple[str, str, dict[str, Any], str]
HOOK = {"name": "hook", "template": {"event": "x", "resource": {"prefect.resource.id": "x"}}}
SOURCE = {"name": "shop", "pattern": {"source": ["shop"]}, "template": HOOK["template"]}


class Between:
    """Lets somebody else act between the moment something is read and the moment it is stored over."""

    def __init__(self, config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._config = config
        self._patch = monkeypatch

    def reading(self, kind: str, act: Callable[[], object], times: int = 1) -> None:
        """Let somebody act right after each of the next reads of a kind."""
        read, left = self._config.read, [times]

        def interrupted(wanted: str, id_: str) -> Stored | None:
            found: Stored | None = read(wanted, id_)
            if wanted == kind and left[0]:
                left[0] -= 1
                act()
            return found

        self._patch.setattr(self._config, "read", interrupted)


@pytest.fixture
def between(world, monkeypatch):
    """Somebody else."""
    return Between(world.config, monkeypatch)


@pytest.fixture(params=["automation", "deployment", "webhook", "variable", "work-pool"])
def made(request, api, world) -> Made:
    """Something that is set up: its kind, where it is, a change of it, and the field that changes."""
    match request.param:
        case "automation":
            document = welcoming(world.deployment())
            made = api("POST", "/automations", document).document
            return "automation", f"/automations/{made['id']}", {"enabled": False}, "enabled"
        case "deployment":
            id_ = world.deployment()["id"]
            return "deployment", f"/deployments/{id_}", {"description": "mine"}, "description"
        case "webhook":
            made = api("POST", "/webhooks", HOOK).document
            return "webhook", f"/webhooks/{made['id']}", {"description": "mine"}, "description"
        case "variable":
            api("POST", "/variables", {"name": "city", "value": "Oslo"})
            return "variable", "/variables/name/city", {"value": "Rome"}, "value"
    api("POST", "/work_pools", {"name": "few", "type": "lambda"})
    return "work-pool", "/work_pools/few", {"description": "mine"}, "description"


def tag(api, path):
    return api("GET", path).headers["etag"]


def test_an_answer_tells_its_revision_which_changes_with_each_change(api, made):
    _, path, change, _ = made
    first = tag(api, path)
    assert tag(api, path) == first

    assert api("PATCH", path, change).status == 204

    assert tag(api, path) != first


def test_a_change_of_what_was_seen_is_made(api, made):
    _, path, change, field = made

    assert api("PATCH", path, change, headers={"if-match": tag(api, path)}).status == 204

    assert api("GET", path).document[field] == change[field]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_of_what_somebody_changed_since_is_refused_and_says_when_and_what_to_do(api, world, made, method):
    _, path, change, field = made
    seen = tag(api, path)
    world.clock.advance(60)
    api("PATCH", path, change)

    refused = api(method, path, change, headers={"if-match": seen})

    assert refused.status == 409
    assert "was changed at 2026-11-20T12:01:00" in refused.document["detail"]
    assert "Read it again" in refused.document["detail"]
    assert api("GET", path).document[field] == change[field]


@pytest.mark.parametrize("given", ["*", ""])
def test_who_does_not_say_what_he_has_seen_changes_whatever_is_there(api, made, given):
    _, path, change, _ = made

    assert api("PATCH", path, change, headers={"if-match": given}).status == 204


def test_a_tag_that_was_weakened_on_the_way_is_the_same(api, made):
    _, path, change, _ = made

    assert api("PATCH", path, change, headers={"if-match": f"W/{tag(api, path)}"}).status == 204


@pytest.mark.parametrize("given", ["abc", '"a", "b"', '"', "W/"])
def test_a_header_that_is_no_single_tag_is_refused(api, made, given):
    _, path, change, _ = made

    assert api("PATCH", path, change, headers={"if-match": given}).status == 422


def test_changes_of_two_at_the_same_time_both_hold(api, world, between, made):
    kind, path, change, field = made
    others: dict[str, Any] = {
        "deployment": {"version": "theirs"},
        "webhook": {"name": "theirs"},
        "variable": {"tags": ["theirs"]},
        "work-pool": {"is_paused": True},
    }
    if kind == "automation":
        whole = api("GET", path).document
        their = {name: whole[name] for name in ("name", "trigger", "actions")} | {"description": "theirs"}
        between.reading(kind, lambda: api("PUT", path, their))
        others[kind] = {"description": "theirs"}
    else:
        between.reading(kind, lambda: api("PATCH", path, others[kind]))

    assert api("PATCH", path, change).status == 204

    after = api("GET", path).document
    assert after[field] == change[field]
    assert {name: after[name] for name in others[kind]} == others[kind]


def test_what_changes_every_time_is_told_to_be_busy(api, world, between, made):
    kind, path, change, _ = made
    stored = {"work-pool": pool_id_of("few"), "variable": "city"}.get(kind) or path.rpartition("/")[2]

    def touched():
        world.config.replace(kind, stored, world.config.get(kind, stored))

    between.reading(kind, touched, times=100)

    assert api("PATCH", path, change).status == 503


def test_who_removes_what_another_changes_removes_it_for_good(api, between, made):
    kind, path, change, _ = made
    between.reading(kind, lambda: api("DELETE", path))

    assert api("PATCH", path, change).status == 404

    assert api("GET", path).status == 404


def test_a_whole_automation_is_not_put_over_one_that_changed_since_it_was_read(api, world):
    document = welcoming(world.deployment())
    path = f"/automations/{api('POST', '/automations', document).document['id']}"
    seen = tag(api, path)
    api("PATCH", path, {"enabled": False})
    whole = {**document, "name": "mine"}

    assert api("PUT", path, whole, headers={"if-match": seen}).status == 409
    assert api("PUT", path, {**whole, "enabled": False}, headers={"if-match": tag(api, path)}).status == 204
    assert api("GET", path).document["name"] == "mine"


def test_a_whole_webhook_is_not_put_over_one_that_changed_since_it_was_read(api):
    path = f"/webhooks/{api('POST', '/webhooks', HOOK).document['id']}"
    seen = tag(api, path)
    api("PATCH", path, {"description": "theirs"})

    assert api("PUT", path, HOOK, headers={"if-match": seen}).status == 409
    assert api("GET", path).document["description"] == "theirs"
    assert api("PUT", path, HOOK).status == 204, "the stock client does not say what it has seen"


def test_schedules_that_two_add_at_the_same_time_are_both_there(api, world, between):
    path = f"/deployments/{world.deployment()['id']}"

    def schedule(slug):
        return [{"schedule": {"cron": "0 0 * * *", "timezone": "UTC"}, "active": True, "slug": slug}]

    between.reading("deployment", lambda: api("POST", f"{path}/schedules", schedule("theirs")))
    assert api("POST", f"{path}/schedules", schedule("mine")).status == 201

    assert {one["slug"] for one in api("GET", f"{path}/schedules").document} == {"mine", "theirs"}


def test_a_pause_and_a_change_at_the_same_time_both_hold(api, world, between):
    path = f"/deployments/{world.deployment()['id']}"
    between.reading("deployment", lambda: api("POST", f"{path}/pause_deployment"))

    api("PATCH", path, {"description": "mine"})

    after = api("GET", path).document
    assert (after["paused"], after["description"]) == (True, "mine")


def test_a_deployment_that_two_make_at_the_same_time_is_one(api, world, between):
    present = world.deployment()
    between.reading("deployment", lambda: api("PATCH", f"/deployments/{present['id']}", {"tags": ["theirs"]}))

    assert world.desk.registry.upsert(welcome_deployment(description="mine"))[0]["id"] == present["id"]


@pytest.mark.parametrize("what", ["deployment", "work-pool"])
def test_an_action_that_pauses_and_a_person_who_changes_at_the_same_time_both_hold(api, world, between, what):
    id_ = world.deployment()["id"] if what == DEPLOYMENT else pool_id_of("lambda")
    path = f"/deployments/{id_}" if what == DEPLOYMENT else "/work_pools/lambda"
    action = {"type": f"pause-{what}", "source": "selected", f"{what.replace('-', '_')}_id": id_}
    between.reading(what, lambda: api("PATCH", path, {"description": "theirs"}))

    trigger = {"posture": "Reactive", "expect": ["order.placed"]}
    world.automation({"name": "on order", "trigger": trigger, "actions": [action]})
    world.happens(order_placed())

    after = api("GET", path).document
    assert after["description"] == "theirs"
    assert after["paused" if what == DEPLOYMENT else "is_paused"] is True
    assert world.events.names()[-1] == "prefect.automation.action.executed"


def test_a_slug_that_two_rotate_at_the_same_time_leaves_one_that_works(api, world, between):
    made = api("POST", "/webhooks", HOOK).document
    rotated = []
    path = f"/webhooks/{made['id']}/rotate"
    between.reading("webhook", lambda: rotated.append(api("POST", path).document["slug"]), times=1)
    rotated.append(api("POST", path).document["slug"])

    known = [slug for slug in (made["slug"], *rotated) if CachedWebhooks(world.config).find(slug)]
    assert known == [rotated[-1]]
    assert len(world.config.all("webhook-slug")) == 1


def test_a_variable_that_one_renames_and_another_changes_has_both(api, between):
    made = api("POST", "/variables", {"name": "city", "value": "Oslo"}).document
    between.reading("variable", lambda: api("PATCH", "/variables/name/city", {"value": "Rome"}))

    assert api("PATCH", "/variables/name/city", {"name": "town"}).status == 204

    after = api("GET", f"/variables/{made['id']}").document
    assert (after["name"], after["value"]) == ("town", "Rome")
    assert api("GET", "/variables/name/city").status == 404


def test_a_variable_is_not_renamed_over_one_that_changed_since_it_was_read(api):
    api("POST", "/variables", {"name": "city", "value": "Oslo"})
    seen = tag(api, "/variables/name/city")
    api("PATCH", "/variables/name/city", {"value": "Rome"})

    assert api("PATCH", "/variables/name/city", {"name": "town"}, headers={"if-match": seen}).status == 409

    assert api("GET", "/variables/name/city").document["value"] == "Rome"


@pytest.mark.parametrize("name", ["db", "database"])
def test_changes_of_two_to_a_concurrency_limit_both_hold_though_one_renames_it(api, between, name):
    made = api("POST", "/v2/concurrency_limits", {"name": "db", "limit": 2}).document
    path = f"/v2/concurrency_limits/{made['id']}"
    between.reading("concurrency-limit", lambda: api("PATCH", path, {"active": False}))

    assert api("PATCH", path, {"limit": 3, "name": name}).status == 204

    after = api("GET", path).document
    assert (after["name"], after["limit"], after["active"]) == (name, 3, False)


@pytest.mark.parametrize("queue", ["default", "urgent"])
def test_changes_of_two_to_a_work_queue_both_hold(api, between, queue):
    api("POST", "/work_pools/lambda/queues", {"name": "urgent"})
    path = f"/work_pools/lambda/queues/{queue}"
    between.reading("work-queue", lambda: api("PATCH", path, {"is_paused": True}))

    assert api("PATCH", path, {"priority": 7}).status == 204

    after = api("GET", path).document
    assert (after["is_paused"], after["priority"]) == (True, 7)


def test_a_work_queue_that_was_removed_meanwhile_is_not_made_again(api, between):
    path = "/work_pools/lambda/queues/urgent"
    api("POST", "/work_pools/lambda/queues", {"name": "urgent"})
    between.reading("work-queue", lambda: api("DELETE", path))

    assert api("PATCH", path, {"priority": 7}).status == 404

    assert api("GET", path).status == 404


def test_what_is_not_there_has_nothing_to_be_changed(api):
    for path in (f"/automations/{NOBODY}", f"/deployments/{NOBODY}", "/variables/name/none", "/work_pools/none"):
        assert (
            api("PATCH", path, {"enabled": False} if "auto" in path else {}, headers={"if-match": '"x"'}).status == 404
        )


def test_changes_of_two_to_a_source_both_hold_and_a_whole_one_asks_what_was_seen(api, between):
    made = api("POST", "/sources", SOURCE).document
    path = f"/sources/{made['id']}"
    seen = tag(api, path)
    between.reading("source", lambda: api("PATCH", path, {"enabled": False}))

    assert api("PATCH", path, {"name": "mine"}).status == 200

    after = api("GET", path).document
    assert (after["name"], after["enabled"]) == ("mine", False)
    assert api("PUT", path, SOURCE, headers={"if-match": seen}).status == 409
    assert api("DELETE", path, headers={"if-match": seen}).status == 409
    assert api("DELETE", path, headers={"if-match": tag(api, path)}).status == 204


def test_changes_of_two_to_a_notification_target_both_hold(api, world, between):
    data = {"url": "https://shop.example/", "headers": {"x-shop": "7"}}
    path = f"/notification-targets/{world.targets.create({'name': 't', 'type': 'webhook', 'data': data})['id']}"
    between.reading("block-document", lambda: api("PATCH", path, {"data": {"method": "PUT"}}))

    assert api("PATCH", path, {"name": "mine"}).status == 200

    after = api("GET", path).document
    assert (after["name"], after["data"]["method"]) == ("mine", "PUT")


def test_changes_of_two_to_a_flow_both_hold(api, world, between):
    path = f"/flows/{world.deployment()['flow_id']}"
    between.reading("flow", lambda: api("PATCH", path, {"labels": {"theirs": "1"}}))

    assert api("PATCH", path, {"tags": ["mine"]}).status == 204

    after = api("GET", path).document
    assert (after["tags"], after["labels"]) == (["mine"], {"theirs": "1"})


@pytest.mark.parametrize("is_done", [False, True], ids=["before it was stored", "after it was stored"])
def test_a_variable_that_is_renamed_loses_nothing_though_the_process_dies(api, world, monkeypatch, is_done):
    made = api("POST", "/variables", {"name": "city", "value": "Oslo"}).document
    move = world.config.move

    def crash(*given: Any, **named: Any) -> None:
        if is_done:
            move(*given, **named)
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(world.config, "move", crash)
        assert api("PATCH", "/variables/name/city", {"name": "town"}).status == 500
    assert api("GET", f"/variables/{made['id']}").document["value"] == "Oslo"
    assert len(world.config.all("variable")) == 1

    assert api("PATCH", f"/variables/{made['id']}", {"name": "town"}).status == 204

    assert api("GET", "/variables/name/city").status == 404
    assert api("GET", f"/variables/{made['id']}").document["name"] == "town"
