"""Concurrency limits over HTTP, as Prefect's client asks for them."""

import pytest
from tests.stories import NOBODY

V2 = "/v2/concurrency_limits"


@pytest.fixture
def limit(api):
    """A limit called `db`, of two slots."""
    return api("POST", f"{V2}/", {"name": "db", "limit": 2}).document


def take(api, *names, slots=1, **more):
    return api("POST", f"{V2}/increment-with-lease", {"names": list(names or ["db"]), "slots": slots, **more})


def test_a_limit_is_made_found_by_name_and_id_listed_changed_and_removed(api, limit):
    assert limit | {"id": "", "created": "", "updated": ""} == {
        "id": "",
        "created": "",
        "updated": "",
        "name": "db",
        "limit": 2,
        "active": True,
        "active_slots": 0,
        "slot_decay_per_second": 0.0,
    }
    api("POST", f"{V2}/", {"name": "api calls", "limit": 9, "slot_decay_per_second": 1.5})
    assert api("GET", f"{V2}/db").document == api("GET", f"{V2}/{limit['id']}").document == limit
    assert api("GET", f"{V2}/api%20calls").document["slot_decay_per_second"] == 1.5
    assert [one["name"] for one in api("POST", f"{V2}/filter", {"limit": 10}).document] == ["api calls", "db"]
    assert [one["name"] for one in api("POST", f"{V2}/filter", {"offset": 1}).document] == ["db"]

    assert api("PATCH", f"{V2}/db", {"limit": 5, "active": False}).status == 204
    assert api("PATCH", f"{V2}/{limit['id']}", {"name": "database"}).status == 204
    changed = api("GET", f"{V2}/database").document
    assert (changed["limit"], changed["active"], changed["id"]) == (5, False, limit["id"])

    assert api("DELETE", f"{V2}/database").status == 204
    assert api("GET", f"{V2}/database").status == api("DELETE", f"{V2}/{limit['id']}").status == 404


def test_a_second_limit_of_a_name_is_a_conflict(api, limit):
    assert api("POST", f"{V2}/", {"name": "db", "limit": 1}).status == 409


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "x", "limit": -1},
        {"name": "x", "limit": "2"},
        {"name": "a/b", "limit": 1},
        {"name": "x", "limit": 1, "slot_decay_per_second": -0.1},
        {"name": "x", "limit": 1, "active_slots": -1},
    ],
)
def test_a_limit_that_is_none_is_refused_with_the_field(api, body):
    answer = api("POST", f"{V2}/", body)

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"]


def test_slots_are_taken_by_a_lease_renewed_and_given_back(api, limit):
    taken = take(api, slots=2)
    assert taken.status == 200
    assert taken.document["limits"] == [{"id": limit["id"], "name": "db", "limit": 2}]
    lease = taken.document["lease_id"]
    assert api("GET", f"{V2}/db").document["active_slots"] == 2
    assert api("POST", f"{V2}/leases/{lease}/renew", {"lease_duration": 600}).status == 204

    assert api("POST", f"{V2}/decrement-with-lease", {"lease_id": lease}).status == 204
    assert api("POST", f"{V2}/decrement-with-lease", {"lease_id": lease}).status == 204

    assert api("GET", f"{V2}/db").document["active_slots"] == 0
    assert api("POST", f"{V2}/leases/{lease}/renew", {}).status == 410
    assert api("POST", f"{V2}/decrement-with-lease", {"lease_id": NOBODY}).status == 204


def test_who_finds_no_slot_is_told_when_to_ask_again(api, limit):
    take(api, slots=2)

    answer = take(api)

    assert answer.status == 423
    assert float(answer.headers["retry-after"]) > 0
    assert "db" in answer.document["detail"]


def test_limits_that_are_not_there_hold_nobody_up(api):
    answer = take(api, "tag:a", "tag:b", holder={"type": "task_run", "id": NOBODY})

    assert (answer.status, answer.document["limits"]) == (200, [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"names": [], "slots": 1},
        {"names": ["db"], "slots": 0},
        {"names": ["db"], "slots": 3},
        {"names": ["db"], "slots": 1, "mode": "rate_limit"},
        {"names": ["db"], "slots": 1, "mode": "other"},
        {"names": ["db"], "slots": 1, "lease_duration": 59},
        {"names": ["db"], "slots": 1, "lease_duration": "300"},
        {"names": ["db"], "slots": 1, "lease_duration": True},
        {"names": ["db"], "slots": 1, "lease_duration": 86_401},
        {"names": ["db"], "slots": 1, "holder": {"type": "dog", "id": NOBODY}},
    ],
)
def test_a_request_for_slots_that_can_never_be_met_is_refused_with_the_field(api, limit, body):
    answer = api("POST", f"{V2}/increment-with-lease", body)

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["msg"]


@pytest.mark.parametrize("name", ["", "a" * 1_100, "☃" * 400])
def test_what_can_be_no_name_is_the_name_of_no_limit(api, name):
    assert take(api, name).document["limits"] == []
    assert api("POST", f"{V2}/increment", {"names": [name], "slots": 1}).document == []
    assert api("GET", f"{V2}/{name or '%20'}").status == 404


def test_slots_without_a_lease_are_given_back_by_number(api, limit):
    body = {"names": ["db"], "slots": 2}
    assert api("POST", f"{V2}/increment", body).document == [{"id": limit["id"], "name": "db", "limit": 2}]
    assert api("POST", f"{V2}/increment", body | {"slots": 1}).status == 423
    assert api("POST", f"{V2}/decrement", body | {"occupancy_seconds": 1.5}).status == 200

    assert api("GET", f"{V2}/db").document["active_slots"] == 0


def test_a_rate_limit_lets_pass_what_has_decayed(api, world):
    api("POST", f"{V2}/", {"name": "calls", "limit": 1, "slot_decay_per_second": 0.1})
    body = {"names": ["calls"], "slots": 1, "mode": "rate_limit"}
    assert api("POST", f"{V2}/increment", body).status == 200
    assert api("POST", f"{V2}/increment", body).status == 423

    world.clock.advance(10)

    assert api("POST", f"{V2}/increment", body).status == 200


def test_each_change_is_told_with_who_made_it(api, world, limit):
    api("PATCH", f"{V2}/db", {"limit": 3})
    api("DELETE", f"{V2}/db")

    names = world.events.names()
    assert [one for one in names if one.startswith("prefect.concurrency-limit.")] == [
        "prefect.concurrency-limit.created",
        "prefect.concurrency-limit.updated",
        "prefect.concurrency-limit.deleted",
    ]
    (told,) = world.events.named("prefect.concurrency-limit.updated")
    assert told.payload == {"name": "db", "limit": 3, "active": True, "slot_decay_per_second": 0.0}


# ---- limits of tags, as older clients ask ----


def test_the_limit_of_a_tag_is_made_changed_listed_and_removed(api):
    made = api("POST", "/concurrency_limits/", {"tag": "db", "concurrency_limit": 1})
    again = api("POST", "/concurrency_limits/", {"tag": "db", "concurrency_limit": 2})
    api("POST", f"{V2}/", {"name": "no tag", "limit": 1})

    assert (made.status, again.status, again.document["id"]) == (201, 200, made.document["id"])
    assert (again.document["tag"], again.document["concurrency_limit"], again.document["active_slots"]) == ("db", 2, [])
    assert api("GET", "/concurrency_limits/tag/db").document == again.document
    assert api("GET", f"/concurrency_limits/{made.document['id']}").document == again.document
    assert api("POST", "/concurrency_limits/filter", {"limit": 15, "offset": 0}).document == [again.document]
    assert api("GET", f"{V2}/tag:db").document["limit"] == 2

    assert api("DELETE", "/concurrency_limits/tag/db").status == 200
    assert api("GET", "/concurrency_limits/tag/db").status == 404
    assert api("DELETE", f"/concurrency_limits/{made.document['id']}").status == 404


def test_a_limit_of_no_tag_is_not_shown_as_one(api, limit):
    assert api("GET", f"/concurrency_limits/{limit['id']}").status == 404


def test_task_runs_take_slots_of_their_tags_and_are_shown(api):
    api("POST", "/concurrency_limits/", {"tag": "db", "concurrency_limit": 1})
    body = {"names": ["db", "other"], "task_run_id": NOBODY}
    taken = api("POST", "/concurrency_limits/increment", body)

    assert [one["name"] for one in taken.document] == ["tag:db"]
    assert api("GET", "/concurrency_limits/tag/db").document["active_slots"] == [NOBODY]
    other = api("POST", "/concurrency_limits/increment", body | {"task_run_id": "33333333-3333-4333-8333-333333333333"})
    assert (other.status, "retry-after" in other.headers) == (423, True)

    assert api("POST", "/concurrency_limits/decrement", body | {"occupancy_seconds": 1.0}).status == 200
    assert api("GET", "/concurrency_limits/tag/db").document["active_slots"] == []


def test_a_limit_of_zero_is_not_waited_for(api):
    api("POST", "/concurrency_limits/", {"tag": "never", "concurrency_limit": 0})

    answer = api("POST", "/concurrency_limits/increment", {"names": ["never"], "task_run_id": NOBODY})

    assert (answer.status, "retry-after" in answer.headers) == (423, False)


def test_a_reset_frees_all_but_the_task_runs_it_names(api):
    api("POST", "/concurrency_limits/", {"tag": "db", "concurrency_limit": 2})
    body = {"names": ["db"], "task_run_id": NOBODY}
    api("POST", "/concurrency_limits/increment", body)
    kept = "33333333-3333-4333-8333-333333333333"

    assert api("POST", "/concurrency_limits/tag/db/reset", {"slot_override": [kept]}).status == 200
    assert api("GET", "/concurrency_limits/tag/db").document["active_slots"] == [kept]
    assert api("POST", "/concurrency_limits/tag/db/reset", {"slot_override": None}).status == 200
    assert api("GET", "/concurrency_limits/tag/db").document["active_slots"] == []
    assert api("POST", "/concurrency_limits/tag/x/reset", {}).status == 404
