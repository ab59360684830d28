"""SPEC 8.6 over HTTP: the answers that clients see. What is taken and refused: tests/engine/test_validation.py."""

import pytest
from tests.stories import NOBODY, welcome_deployment
from tests.wire.asking import automation

MINE = "11111111-1111-4111-8111-111111111111"
OWNER = "prefect.deployment.0190163d-8694-7000-8000-00000000d001"
LOOP = "{% for a in x %}{% endfor %}"
DEEP = "{% for a in x %}{% for b in a %}{% for c in b %}{% endfor %}{% endfor %}{% endfor %}"


def ids_of(trigger):
    return [trigger["id"], *(id_ for child in trigger.get("triggers", ()) for id_ in ids_of(child))]


def test_V2_ids_of_triggers_that_a_client_gives_are_replaced_on_POST_and_on_PUT(api):
    child = automation()["trigger"] | {"id": MINE}
    given = automation(
        trigger={"type": "compound", "require": "all", "within": 60, "triggers": [child, child], "id": MINE}
    )

    made = api("POST", "/automations/", given).document
    assert api("PUT", f"/automations/{made['id']}", given | {"description": "new"}).status == 204
    for shown in (made, api("GET", f"/automations/{made['id']}").document):
        assert MINE not in ids_of(shown["trigger"])
        assert len(set(ids_of(shown["trigger"]))) == 3


def test_V3_an_unknown_key_is_refused_as_such(api):
    answer = api("POST", "/automations/", automation(foo=1))

    assert answer.status == 422
    (fault,) = answer.document["exception_detail"]
    assert (fault["loc"], fault["type"]) == (["foo"], "extra_forbidden")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_V4_what_is_not_there_is_not_found(api, method):
    body = {"PUT": automation(), "PATCH": {"enabled": True}}.get(method)

    assert api(method, f"/automations/{NOBODY}", body).status == 404


def test_V4_a_PUT_cannot_change_the_id(api):
    made = api("POST", "/automations/", automation()).document

    assert api("PUT", f"/automations/{made['id']}", automation(id=NOBODY)).status == 422
    assert api("GET", f"/automations/{NOBODY}").status == 404


def test_V9_what_an_owner_owns_goes_with_it_and_what_only_names_it_stays(api):
    deployment = api("POST", "/deployments/", welcome_deployment()).document["id"]
    owner = f"prefect.deployment.{deployment}"
    run = {"type": "run-deployment", "source": "selected", "deployment_id": deployment}
    owned = api("POST", "/automations/", automation(name="owned", owner_resource=owner)).document
    names_it = api("POST", "/automations/", automation(name="names it", actions=[run])).document
    api("POST", "/automations/", automation(name="other"))

    related = api("GET", f"/automations/related-to/{owner}").document
    assert {one["id"] for one in related} == {owned["id"], names_it["id"]}
    assert api("DELETE", f"/automations/owned-by/{owner}").status == 202
    assert api("GET", f"/automations/{owned['id']}").status == 404
    assert [one["id"] for one in api("GET", f"/automations/related-to/{owner}").document] == [names_it["id"]]


def test_V11_pages_and_counts_go_by_the_filter(api):
    for name in "abcd":
        api("POST", "/automations/", automation(name=name, tags=["red"] if name != "d" else []))
    red = {"automations": {"tags": {"all_": ["red"]}}}

    pages = [
        api("POST", "/automations/filter", red | {"sort": "NAME_ASC", "limit": 2, "offset": offset})
        for offset in (0, 2)
    ]
    assert [one["name"] for page in pages for one in page.document] == ["a", "b", "c"]
    assert api("POST", "/automations/count", red).document == 3


@pytest.mark.parametrize("path", ["/templates/validate", "/automations/templates/validate"])
@pytest.mark.parametrize(
    ("source", "line"),
    [("{{ a", 1), ("fine\n{{ a", 2), (LOOP * 11, 1), (DEEP, 1)],
    ids=["open", "line 2", "11", "deep"],
)
def test_V12_a_template_that_is_wrong_is_told_with_line_and_source(api, path, source, line):
    answer = api("POST", path, f'"{source}"'.replace("\n", "\\n"))

    assert answer.status == 422
    assert answer.document["error"]["message"]
    assert answer.document["error"]["line"] == line
    assert answer.document["error"]["source"] == source


@pytest.mark.parametrize("path", ["/templates/validate", "/automations/templates/validate"])
@pytest.mark.parametrize("source", ["plain", "{{ event.payload.n }}", LOOP * 10])
def test_V12_a_template_that_is_right_is_no_news(api, path, source):
    answer = api("POST", path, f'"{source}"')

    assert (answer.status, answer.text) == (204, "")


def test_V13_parameters_that_cannot_be_rendered_are_told_by_their_path(api):
    bad = {"x": {"y": "{{ nope"}, "z": {"__prefect_kind": "json", "value": "{oops"}}
    run = {"type": "run-deployment", "source": "inferred", "parameters": bad}

    answer = api("POST", "/automations/", automation(actions=[run]))

    assert answer.status == 422
    told = " ".join(fault["msg"] for fault in answer.document["exception_detail"])
    assert "x/y" in told
    assert answer.document["exception_detail"][0]["loc"] == ["actions", 0, "parameters"]


def test_V15_each_change_is_one_event(world, api):
    made = api("POST", "/automations/", automation()).document
    api("PUT", f"/automations/{made['id']}", automation(description="new"))
    api("DELETE", f"/automations/{made['id']}")

    assert [one.event for one in world.events.stored.values()] == [
        f"prefect.automation.{what}" for what in ("created", "updated", "deleted")
    ]
