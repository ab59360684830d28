"""Automations over HTTP."""

from typing import Any

import pytest
from tests.stories import NOBODY, ann_signs_up, order_placed, run_of, welcoming

AN_ID = {"id": NOBODY}
NOTHING = [{"type": "do-nothing"}]
OWNER = f"prefect.deployment.{NOBODY}"
LOOP = {"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Running"]}


def watching(**changes: Any) -> dict[str, Any]:
    """An automation that looks at orders and does nothing, as a client creates it."""
    trigger = {"type": "event", "posture": "Reactive", "expect": ["order.placed"]}
    return {"name": "on order", "trigger": trigger, "actions": NOTHING, **changes}


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
        ({"trigger": {"posture": "Proactive", "within": 9}}, ["trigger"]),
        ({"trigger": {"posture": "Reactive", "match": {"a": 7}}}, ["trigger", "match", "a"]),
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


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_an_automation_that_is_not_there_is_not_found(api, method, id_):
    body = {"PUT": welcoming(AN_ID), "PATCH": {"enabled": False}}.get(method)

    answer = api(method, f"/automations/{id_}", body)

    assert answer.status == 404
    assert answer.document["detail"].startswith("There is no automation")


# ---- replace and switch ----


def test_an_automation_is_replaced_as_a_whole(world, api):
    created = api("POST", "/automations", watching(description="old", tags=["old"])).document
    world.clock.advance(5)

    assert api("PUT", f"/automations/{created['id']}", watching(name="new")).status == 204

    shown = api("GET", f"/automations/{created['id']}").document
    assert shown == created | {"name": "new", "description": "", "tags": [], "updated": "2026-11-20T12:00:05Z"}


def test_an_owner_cannot_be_replaced(api):
    created = api("POST", "/automations", watching(owner_resource=OWNER)).document

    assert api("PUT", f"/automations/{created['id']}", watching(owner_resource="x")).status == 422
    assert api("PUT", f"/automations/{created['id']}", watching()).status == 204
    assert api("GET", f"/automations/{created['id']}").document["owner_resource"] == OWNER


def test_a_replacement_that_is_wrong_changes_nothing(world, api):
    created = api("POST", "/automations", watching()).document

    answer = api("PUT", f"/automations/{created['id']}", watching(name=7))

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, ["name"])
    assert api("GET", f"/automations/{created['id']}").document == created


def test_an_automation_is_switched_off_and_on(world, api):
    created = api("POST", "/automations", watching()).document

    assert api("PATCH", f"/automations/{created['id']}", {"enabled": False}).status == 204
    assert world.happens(order_placed(1)) == []

    assert api("PATCH", f"/automations/{created['id']}", {"enabled": True}).status == 204
    assert len(world.happens(order_placed(2))) == 1


@pytest.mark.parametrize("body", [{"name": "new"}, {"enabled": "perhaps"}, {"enabled": None}])
def test_only_the_switch_can_be_patched(api, body):
    created = api("POST", "/automations", watching()).document

    assert api("PATCH", f"/automations/{created['id']}", body).status == 422
    assert api("GET", f"/automations/{created['id']}").document == created


def test_v5_an_automation_that_would_start_itself_cannot_be_switched_on(api):
    document = watching(trigger=LOOP, actions=[{"type": "run-deployment", "source": "inferred"}], enabled=False)
    created = api("POST", "/automations", document).document

    answer = api("PATCH", f"/automations/{created['id']}", {"enabled": True})

    assert answer.status == 422
    assert "start run after run" in answer.document["exception_detail"][0]["msg"]
    assert api("GET", f"/automations/{created['id']}").document["enabled"] is False


# ---- warnings ----


@pytest.mark.parametrize("expect", [[], ["prefect.*"], ["order.placed", "prefect.flow-run.*"]])
def test_who_may_see_the_runs_that_it_starts_is_warned(api, expect):
    document = watching(
        trigger={"type": "sequence", "within": 60, "triggers": [{"posture": "Reactive", "expect": expect}]},
        actions=[run_of(AN_ID)],
    )

    (warning,) = api("POST", "/automations", document).document["warnings"]

    assert (", ".join(expect) or "every event") in warning


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": NOTHING},
        {"enabled": False},
        {"trigger": {"posture": "Reactive", "expect": ["order.placed"]}},
        {"trigger": {"posture": "Reactive", "expect": [], "match": {"prefect.resource.id": "order.*"}}},
        {"trigger": {"posture": "Reactive", "expect": [], "match_related": {"prefect.resource.role": "shop"}}},
        {"trigger": {"posture": "Proactive", "expect": []}},
    ],
    ids=["no run", "off", "name", "match", "related", "absence"],
)
def test_who_cannot_is_not(api, changes):
    document = watching(**{"trigger": {"posture": "Reactive", "expect": []}, "actions": [run_of(AN_ID)], **changes})

    assert "warnings" not in api("POST", "/automations", document).document


def test_warnings_are_not_stored(world, api):
    created = api("POST", "/automations", watching(trigger={"posture": "Reactive"}, actions=[run_of(AN_ID)])).document

    assert "warnings" in created
    assert "warnings" not in (world.config.get("automation", created["id"]) or {})


# ---- find ----


@pytest.fixture
def three(world, api) -> None:
    """Three automations, made in the order b, a, c; then b is renewed."""
    made = {}
    for name, tags in (("b", ["red", "blue"]), ("a", ["red"]), ("c", [])):
        made[name] = api("POST", "/automations", watching(name=name, tags=tags)).document
        world.clock.advance(1)
    api("PUT", f"/automations/{made['b']['id']}", watching(name="b", tags=["red", "blue"]))


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({}, "abc"),
        ({"automations": None, "sort": None}, "abc"),
        ({"automations": {}}, "abc"),
        ({"automations": {"name": {"any_": ["c", "a", "z"]}}}, "ac"),
        ({"automations": {"name": {"any_": None}}}, "abc"),
        ({"automations": {"name": {"any_": []}}}, ""),
        ({"automations": {"tags": {"all_": ["red", "blue"]}}}, "b"),
        ({"automations": {"tags": {"any_": ["blue", "green"]}}}, "b"),
        ({"automations": {"tags": {"is_null_": True}}}, "c"),
        ({"automations": {"tags": {"is_null_": False}}}, "ab"),
        ({"automations": {"tags": {"all_": ["red"]}, "name": {"any_": ["a", "c"]}}}, "a"),
        ({"automations": {"id": {"any_": [NOBODY]}}}, ""),
        ({"automations": {"id": None, "operator": "and_", "name": {"any_": ["a"]}}}, "a"),
        ({"automations": {"created": {"before_": "2026-11-20T12:00:01Z"}}}, "ab"),
        ({"automations": {"created": {"before_": "2026-11-20T13:00:00.5+01:00"}}}, "b"),
        ({"automations": {"created": {"before_": None}}}, "abc"),
        ({"automations": {"operator": "or_"}}, "abc"),
        ({"automations": {"operator": "or_", "name": {"any_": ["c"]}, "tags": {"any_": ["blue"]}}}, "bc"),
        ({"automations": {"operator": "or_", "name": {"any_": ["z"]}, "tags": {"all_": ["green"]}}}, ""),
        ({"automations": {"operator": "or_", "name": {"any_": ["c"]}, "tags": {"any_": None}, "id": None}}, "c"),
        (
            {
                "automations": {
                    "operator": "or_",
                    "created": {"before_": "2026-11-20T12:00:00Z"},
                    "tags": {"is_null_": True},
                }
            },
            "bc",
        ),
        ({"automations": {"operator": "or_", "tags": {"all_": ["red"], "any_": ["blue"]}}}, "b"),
        ({"automations": {"tags": {"operator": "or_", "all_": ["red", "blue"], "is_null_": True}}}, "bc"),
        ({"automations": {"tags": {"operator": "or_"}}}, "abc"),
    ],
)
def test_automations_are_found_and_counted(api, three, request_, found):
    listed = api("POST", "/automations/filter", request_).document

    assert "".join(one["name"] for one in listed) == found
    assert api("POST", "/automations/count", request_).document == len(found)


@pytest.mark.parametrize(
    ("sort", "order"),
    [("NAME_ASC", "abc"), ("NAME_DESC", "cba"), ("CREATED_DESC", "cab"), ("UPDATED_DESC", "bca")],
)
def test_automations_are_listed_in_the_order_that_is_asked_for(api, three, sort, order):
    listed = api("POST", "/automations/filter", {"sort": sort}).document

    assert "".join(one["name"] for one in listed) == order


@pytest.mark.parametrize(("page", "found"), [({"limit": 2}, "ab"), ({"offset": 1}, "bc"), ({"limit": 0}, "")])
def test_automations_are_listed_page_by_page(api, three, page, found):
    assert "".join(one["name"] for one in api("POST", "/automations/filter", page).document) == found


def test_an_automation_is_found_by_its_id(api):
    created = api("POST", "/automations", watching()).document
    api("POST", "/automations", watching(name="another"))

    answer = api("POST", "/automations/filter", {"automations": {"id": {"any_": [created["id"]]}}})

    assert answer.document == [created]


@pytest.mark.parametrize("path", ["/automations/filter", "/automations/count"])
@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({"sort": "RANDOM"}, ["body", "sort"]),
        ({"sort": ["NAME_ASC"]}, ["body", "sort"]),
        ({"automations": []}, ["body", "automations"]),
        ({"automations": {"colour": {}}}, ["body", "automations", "colour"]),
        ({"automations": {"name": "a"}}, ["body", "automations", "name"]),
        ({"automations": {"name": {"any_": "a"}}}, ["body", "automations", "name", "any_"]),
        ({"automations": {"tags": {"all_": [7]}}}, ["body", "automations", "tags", "all_", 0]),
        ({"automations": {"tags": {"is_null_": "yes"}}}, ["body", "automations", "tags", "is_null_"]),
        ({"automations": {"tags": {"is_null_": 1}}}, ["body", "automations", "tags", "is_null_"]),
        ({"automations": {"tags": {"none_": ["red"]}}}, ["body", "automations", "tags", "none_"]),
        ({"automations": {"tags": {"operator": "xor_"}}}, ["body", "automations", "tags", "operator"]),
        ({"automations": {"operator": "not_"}}, ["body", "automations", "operator"]),
        ({"automations": {"operator": ["or_"]}}, ["body", "automations", "operator"]),
        ({"automations": {"created": {"before_": "yesterday"}}}, ["body", "automations", "created", "before_"]),
        ({"automations": {"created": {"before_": 7}}}, ["body", "automations", "created", "before_"]),
        ({"automations": {"created": {"after_": "2026-11-20"}}}, ["body", "automations", "created", "after_"]),
        ({"automations": {"created": "2026-11-20"}}, ["body", "automations", "created"]),
        ({"automations": {"id": {"any_": [7]}}}, ["body", "automations", "id", "any_", 0]),
    ],
)
def test_what_is_asked_for_in_a_wrong_way_is_refused_by_its_place(api, path, request_, place):
    answer = api("POST", path, request_)

    assert (answer.status, answer.document["exception_detail"][0]["loc"]) == (422, place)


# ---- what belongs together ----


def test_automations_related_to_a_deployment_are_those_it_owns_and_those_that_run_it(api):
    api("POST", "/automations", watching(name="owned", owner_resource=OWNER))
    api("POST", "/automations", watching(name="runs it", actions=[run_of(AN_ID)]))
    api("POST", "/automations", watching(name="runs it on trigger", actions_on_trigger=[run_of(AN_ID)]))
    api("POST", "/automations", watching(name="another"))

    answer = api("GET", f"/automations/related-to/{OWNER}")

    assert answer.status == 200
    assert sorted(one["name"] for one in answer.document) == ["owned", "runs it", "runs it on trigger"]


@pytest.mark.parametrize(
    ("owner", "path"),
    [
        ("s3://incoming/clients.csv", "s3://incoming/clients.csv"),
        ("s3://incoming/clients.csv", "s3%3A%2F%2Fincoming%2Fclients.csv"),
        ('order/7 & "Köln"', "order%2F7%20%26%20%22K%C3%B6ln%22"),
        ('order/7 & "Köln"', 'order/7 & "Köln"'),
        ("100%", "100%25"),
        ("a%2Fb", "a%252Fb"),
        ("a/related-to/b/owned-by/c", "a/related-to/b/owned-by/c"),
        ("two\nlines", "two%0Alines"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_automations_of_any_resource_are_found_and_removed_whatever_its_id_is(world, api, owner, path):
    api("POST", "/automations", watching(name="owned", owner_resource=owner))
    api("POST", "/automations", watching(name="another", owner_resource="another"))

    found = api("GET", f"/automations/related-to/{path}")
    removed = api("DELETE", f"/automations/owned-by/{path}")

    assert [one["name"] for one in found.document] == ["owned"]
    assert removed.status == 202
    assert [one["name"] for one in world.config.all("automation")] == ["another"]


@pytest.mark.parametrize(("method", "path"), [("GET", "related-to"), ("DELETE", "owned-by")])
def test_without_a_resource_there_is_nothing_to_find_or_remove(world, api, method, path):
    api("POST", "/automations", watching())

    assert api(method, f"/automations/{path}/").status == 404
    assert len(world.config.all("automation")) == 1


def test_automations_go_with_their_owner(world, api):
    api("POST", "/automations", watching(name="owned", owner_resource=OWNER))
    api("POST", "/automations", watching(name="another"))

    assert api("DELETE", f"/automations/owned-by/{OWNER}").status == 202

    assert [one["name"] for one in world.config.all("automation")] == ["another"]
    assert len(world.events.named("prefect.automation.deleted")) == 1


def test_an_owner_without_automations_takes_nothing_with_it(api):
    api("POST", "/automations", watching())

    assert api("DELETE", "/automations/owned-by/prefect.deployment.nobody").status == 202
    assert api("POST", "/automations/count", {}).document == 1


# ---- templates ----


@pytest.mark.parametrize("path", ["/automations/templates/validate", "/templates/validate"])
def test_a_template_that_is_right_is_no_news(api, path):
    answer = api("POST", path, '"{{ event.payload.name }}"')

    assert (answer.status, answer.text) == (204, "")


@pytest.mark.parametrize("path", ["/automations/templates/validate", "/templates/validate"])
def test_a_template_that_is_wrong_is_told_with_its_line(api, path):
    answer = api("POST", path, '"Dear\\n{{ broken"')

    assert answer.status == 422
    error = answer.document["error"]
    assert (error["line"], error["source"]) == (2, "Dear\n{{ broken")
    assert error["message"]


@pytest.mark.parametrize("body", ["{}", "7", "null", "[]"])
def test_what_is_no_text_is_no_template(api, body):
    assert api("POST", "/templates/validate", body).status == 422


# ---- events (V15) ----


def test_v15_each_change_is_an_event_with_the_automation(world, api):
    created = api("POST", "/automations", watching()).document
    world.clock.advance(1)
    api("PUT", f"/automations/{created['id']}", watching(name="renamed"))
    world.clock.advance(1)
    api("PATCH", f"/automations/{created['id']}", {"enabled": False})
    last = api("GET", f"/automations/{created['id']}").document
    api("DELETE", f"/automations/{created['id']}")

    told = [(event.event, event.payload["name"], event.payload["enabled"]) for event in world.events.stored.values()]
    assert told == [
        ("prefect.automation.created", "on order", True),
        ("prefect.automation.updated", "renamed", True),
        ("prefect.automation.updated", "renamed", False),
        ("prefect.automation.deleted", "renamed", False),
    ]
    (deleted,) = world.events.named("prefect.automation.deleted")
    assert deleted.payload == last
    assert deleted.resource == {
        "prefect.resource.id": f"prefect.automation.{created['id']}",
        "prefect.resource.name": "renamed",
    }


def test_what_was_refused_is_no_event(world, api):
    api("POST", "/automations", watching(name=7))
    api("PATCH", f"/automations/{NOBODY}", {"enabled": True})

    assert world.events.names() == []


def test_a_switch_that_changes_nothing_is_no_event(world, api):
    created = api("POST", "/automations", watching()).document

    assert api("PATCH", f"/automations/{created['id']}", {"enabled": True}).status == 204

    assert world.events.names() == ["prefect.automation.created"]


def test_an_automation_can_look_at_the_life_of_automations(world, api):
    trigger = {"type": "event", "posture": "Reactive", "expect": ["prefect.automation.deleted"]}
    api("POST", "/automations", watching(name="guard", trigger=trigger))
    created = api("POST", "/automations", watching()).document
    api("DELETE", f"/automations/{created['id']}")

    world.settle()

    assert [firing.automation_name for firing in world.firings.stored.values()] == ["guard"]
