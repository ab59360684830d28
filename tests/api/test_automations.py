"""Automations over HTTP."""

import pytest
from tests.stories import NOBODY, ann_signs_up, welcoming

AN_ID = {"id": NOBODY}


def test_an_automation_is_created_and_shown_with_all_its_defaults(api):
    answer = api("POST", "/automations", welcoming(AN_ID))

    assert answer.status == 201
    assert answer.document == {
        "id": answer.document["id"],
        "created": "2026-11-20T12:00:00Z",
        "updated": "2026-11-20T12:00:00Z",
        "name": "welcome new users",
        "description": "",
        "enabled": True,
        "tags": [],
        "trigger": {
            "type": "event",
            "id": answer.document["trigger"]["id"],
            "match": {},
            "match_related": {},
            "after": [],
            "expect": ["user.signed-up"],
            "for_each": [],
            "posture": "Reactive",
            "threshold": 1,
            "within": 0.0,
        },
        "actions": [
            {
                "type": "run-deployment",
                "source": "selected",
                "deployment_id": NOBODY,
                "parameters": {"name": "{{ event.payload.name }}"},
                "job_variables": None,
                "schedule_after": 0.0,
            }
        ],
        "actions_on_trigger": [],
        "actions_on_resolve": [],
        "owner_resource": None,
    }


def test_an_automation_that_was_created_fires(world, api):
    deployment = world.deployment()
    api("POST", "/automations", welcoming(deployment))

    world.happens(ann_signs_up())

    assert [run.parameters for run in world.launcher.launched] == [{"name": "Ann"}]


def test_an_automation_that_was_removed_does_not_fire(world, api):
    deployment = world.deployment()
    created = api("POST", "/automations", welcoming(deployment)).document

    assert api("DELETE", f"/automations/{created['id']}").status == 204

    assert world.happens(ann_signs_up()) == []


def test_an_automation_is_shown_by_its_id(api):
    created = api("POST", "/automations", welcoming(AN_ID)).document

    answer = api("GET", f"/automations/{created['id']}")

    assert (answer.status, answer.document) == (200, created)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"foo": 1}, ["foo"]),
        ({"name": None}, ["name"]),
        ({"trigger": {"type": "event"}}, ["trigger", "posture"]),
        ({"trigger": {"type": "event", "posture": "Reactive", "foo": 1}}, ["trigger", "foo"]),
        ({"actions": [{"type": "sing"}]}, ["actions", 0]),
        ({"actions": None}, ["actions"]),
    ],
)
def test_an_automation_that_is_wrong_is_refused_by_its_place(world, api, changes, place):
    answer = api("POST", "/automations", welcoming(AN_ID, **changes))

    assert answer.status == 422
    assert place in [fault["loc"] for fault in answer.document["exception_detail"]]
    assert world.config.all("automation") == []


def test_a_refusal_shows_what_was_sent(api):
    answer = api("POST", "/automations", {"name": 7})

    assert answer.document["request_body"] == {"name": 7}


def test_automations_are_listed_newest_first(world, api):
    for name in ("first", "second"):
        api("POST", "/automations", welcoming(AN_ID, name=name))
        world.clock.advance(1)

    answer = api("POST", "/automations/filter", {})

    assert [automation["name"] for automation in answer.document] == ["second", "first"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_an_automation_that_is_not_there_is_not_found(api, method, id_):
    answer = api(method, f"/automations/{id_}")

    assert answer.status == 404
    assert answer.document["detail"].startswith("There is no automation")
