"""Sources over HTTP."""

import pytest
from tests.sources.test_eventbridge import ORDER
from tests.sources.test_s3 import record
from tests.stories import NOBODY

TEMPLATE = {"event": "order.placed", "resource": {"prefect.resource.id": "order.{{ detail.number }}"}}


def orders(**changes):
    """A source, as a client creates it."""
    return {"name": "orders", "pattern": {"source": ["shop"]}, "template": TEMPLATE, **changes}


def test_a_source_is_created_and_shown(api):
    made = api("POST", "/sources", orders())

    assert made.status == 201
    assert made.document.items() >= orders(enabled=True, drop=False, description="").items()
    assert api("GET", f"/sources/{made.document['id']}").document == made.document


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, ["name"]),
        ({"template": "{{ broken"}, ["template"]),
        ({"pattern": {"source": [{"starts": "a"}]}}, ["pattern", "source", 0]),
        ({"colour": "blue"}, ["colour"]),
    ],
)
def test_a_source_that_is_wrong_is_refused_by_its_place(world, api, changes, place):
    answer = api("POST", "/sources", orders(**changes))

    assert answer.status == 422
    assert [fault["loc"] for fault in answer.document["exception_detail"]] == [place]
    assert world.config.all("source") == []


def test_sources_are_listed_in_the_order_in_which_they_are_asked(api):
    for name in ("b", "c", "a"):
        api("POST", "/sources", orders(name=name))

    assert [one["name"] for one in api("POST", "/sources/filter", {}).document] == ["a", "b", "c"]
    assert [one["name"] for one in api("POST", "/sources/filter", {"limit": 1, "offset": 1}).document] == ["b"]


def test_a_source_is_replaced_whole(world, api):
    made = api("POST", "/sources", orders(description="old")).document
    world.clock.advance(5)

    after = api("PUT", f"/sources/{made['id']}", made | {"name": "new", "description": ""}).document

    assert (after["name"], after["description"], after["created"]) == ("new", "", made["created"])
    assert after["updated"] > made["updated"]
    assert api("GET", f"/sources/{made['id']}").document == after
    assert api("PUT", f"/sources/{made['id']}", {"name": "new"}).status == 422


def test_a_part_of_a_source_is_changed(api):
    made = api("POST", "/sources", orders()).document

    after = api("PATCH", f"/sources/{made['id']}", {"enabled": False}).document

    assert {name: value for name, value in after.items() if value != made[name]} == {"enabled": False}
    assert api("PATCH", f"/sources/{made['id']}", {"pattern": {}}).status == 422
    assert api("PATCH", f"/sources/{made['id']}", {"id": "other"}).status == 422


def test_a_source_is_removed(api):
    made = api("POST", "/sources", orders()).document

    assert api("DELETE", f"/sources/{made['id']}").status == 204
    assert api("GET", f"/sources/{made['id']}").status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_a_source_that_is_not_there_is_not_found(api, method, id_):
    answer = api(method, f"/sources/{id_}", orders() if method in ("PUT", "PATCH") else None)

    assert answer.status == 404
    assert answer.document["detail"].startswith("There is no source")


def tried(api, **request):
    """Try a notification; return what would become of it."""
    (result,) = api("POST", "/sources/test", {"notification": ORDER, **request}).document["results"]
    return result


def test_a_draft_is_tried_and_nothing_is_stored(world, api):
    result = tried(api, source={"pattern": {"source": ["shop"]}, "template": TEMPLATE})

    assert result["event"]["event"] == "order.placed"
    assert result["event"]["resource"] == {"prefect.resource.id": "order.7"}
    assert world.events.names() == []
    assert world.config.all("source") == []


def test_a_stored_source_is_tried(api):
    made = api("POST", "/sources", orders()).document

    assert tried(api, source_id=made["id"])["source"] == {"id": made["id"], "name": "orders"}


def test_a_source_that_is_off_can_be_tried(api):
    made = api("POST", "/sources", orders(enabled=False)).document

    assert tried(api, source_id=made["id"])["event"]["event"] == "order.placed"
    assert tried(api)["event"]["event"] == "shop.order-placed"


def test_the_sources_as_they_are_are_tried(api):
    assert tried(api)["event"]["event"] == "shop.order-placed"
    api("POST", "/sources", orders())
    assert tried(api)["event"]["event"] == "order.placed"
    api("POST", "/sources", orders(name="a", template=None, drop=True))
    assert (tried(api)["dropped"], tried(api)["event"]) == (True, None)


def test_a_pattern_that_does_not_match_says_so(api):
    result = tried(api, source={"pattern": {"source": ["depot"]}, "template": TEMPLATE})

    assert (result["source"], result["event"]["event"]) == (None, "shop.order-placed")


def test_a_template_that_fails_says_why_and_what_it_gave(api):
    result = tried(api, source={"pattern": {"source": ["shop"]}, "template": '{"event": "{{ detail.number }}"}'})

    assert result["event"] is None
    assert "resource: Field required" in result["error"]
    assert '"event": "7"' in result["rendered"]


def test_each_notification_of_an_invocation_is_tried(api):
    answer = api("POST", "/sources/test", {"notification": {"Records": [record("a.csv"), record("b.csv")]}})

    assert [one["event"]["payload"]["key"] for one in answer.document["results"]] == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({}, ["body", "notification"]),
        ({"notification": "text"}, ["body", "notification"]),
        ({"notification": {}}, ["source"]),
        ({"notification": ORDER, "source": orders(), "source_id": NOBODY}, ["body", "source_id"]),
        ({"notification": ORDER, "source": {"pattern": {}}}, ["pattern"]),
        ({"notification": ORDER, "source": 7}, []),
    ],
)
def test_a_try_that_is_wrong_is_refused_by_its_place(api, request_, place):
    answer = api("POST", "/sources/test", request_)

    assert answer.status == 422
    assert place in [fault["loc"] for fault in answer.document["exception_detail"]]
