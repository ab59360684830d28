"""What earlier releases stored is read by this one: `stored/` holds config rows as their own code wrote them."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.calls import call, read
from tests.stories import ann_signs_up, order_placed
from tests.world import World

from whenflow.api.app import build_api
from whenflow.api.audit import AuditedConfig
from whenflow.api.keyring import KIND, Keyring, key_hash
from whenflow.api.openapi.document import build
from whenflow.aws.config_store import DynamoConfigStore
from whenflow.aws.directories import LoadedEngine
from whenflow.upgrades import upgraded

STORED = Path(__file__).parent / "stored"
RELEASES = ("first", "second", "third")
LOOPING = "00000000-0000-7000-8000-000000000007"


def rows(release):
    return json.loads((STORED / f"{release}.json").read_text())


def only(release, kind):
    return [row["document"]["id"] for row in rows(release) if row["kind"] == kind]


class Office(World):
    """The world as it is after an update: with rows of an earlier release, and keys that count."""

    def __init__(self, release):
        super().__init__()
        for row in rows(release):
            self.config.create(row["kind"], row["id"], row["document"])
        for _ in range(100):  # the rows have the first of the ids that tests count out
            self.ids.new()
        self.keyring = Keyring(self.config, self.clock, self.ids)
        self.first = self.keyring.create({"name": "today", "scopes": ["admin"]})[1]
        config = AuditedConfig(self.config, self.clock, self.ids)
        services = replace(self.services, config=config, find_key=self.keyring.find, note_use=self.keyring.note_use)
        self.handler = build_api(services)

    def ask(self, method, path, body=None, key=None):
        headers = {"authorization": f"Bearer {key or self.first}"}
        return read(self.handler(call(method, f"/api{path}", body, headers=headers), None))


@pytest.fixture(params=RELEASES)
def release(request):
    """One of the releases before this one."""
    return request.param


@pytest.fixture
def office(release):
    """The world after an update from that release."""
    return Office(release)


LISTS = [
    path
    for path, operations in build()["paths"].items()
    if path.endswith("/filter") and "{" not in path and "post" in operations and path != "/logs/filter"  # of one run
]


@pytest.mark.parametrize("path", LISTS)
def test_every_list_shows_what_is_stored(office, path):
    answer = office.ask("POST", path, {})

    assert answer.status == 200, answer.text
    assert office.ask("GET", "/openapi.json").status == 200


@pytest.mark.parametrize(
    ("kind", "path"), [("webhook", "webhooks"), ("automation", "automations"), ("deployment", "deployments")]
)
def test_what_was_set_up_is_shown_changed_and_removed(office, release, kind, path):
    change: dict[str, dict[str, Any]] = {
        "webhook": {"description": "new"},
        "automation": {"enabled": False},
        "deployment": {"description": "new"},
    }

    assert only(release, kind)
    for id_ in only(release, kind):
        assert office.ask("GET", f"/{path}/{id_}").document["id"] == id_
        assert office.ask("PATCH", f"/{path}/{id_}", change[kind]).status == 204
        assert office.ask("GET", f"/{path}/{id_}").document.items() >= change[kind].items()
        assert office.ask("DELETE", f"/{path}/{id_}").status == 204


def test_a_deployment_runs_is_paused_and_gets_a_schedule(office, release):
    for id_ in only(release, "deployment"):
        path = f"/deployments/{id_}"
        assert office.ask("POST", f"{path}/create_flow_run", {}).status == 201
        assert office.ask("POST", f"{path}/pause_deployment").status == 200
        added = office.ask("POST", f"{path}/schedules", [{"schedule": {"cron": "0 6 * * *"}, "slug": "mornings"}])
        assert added.status == 201
        assert office.ask("DELETE", f"{path}/schedules/{added.document[0]['id']}").status == 204
    assert office.schedule.sweep() is not None


def test_an_automation_fires_and_its_deployment_runs(office):
    (firing, *_) = office.happens(ann_signs_up())

    assert firing.automation_name == "welcome"
    (run,) = office.runs.newest(10)
    assert run.parameters == {"name": "Ann"}


def test_a_source_goes_on_where_there_was_one(office, release):
    for id_ in only(release, "source"):
        assert office.ask("PATCH", f"/sources/{id_}", {"enabled": False}).status == 200


def test_a_webhook_takes_requests_and_gets_a_secret(office, release):
    for id_ in only(release, "webhook"):
        assert office.ask("POST", f"/webhooks/{id_}/test", {"request": {"body": {"userid": "u-1"}}}).status == 200
        assert office.ask("POST", f"/webhooks/{id_}/rotate").status == 200


def test_a_key_from_before_there_were_scopes_may_do_everything_as_it_could_then(office, release):
    (row,) = [row for row in rows(release) if row["kind"] == KIND]
    secret, id_ = "wfk_" + "s" * 22, "00000000-0000-7000-8000-00000000beef"
    office.config.create(KIND, key_hash(secret), row["document"] | {"id": id_})

    assert office.ask("POST", "/keys/filter", {}, key=secret).status == 200
    shown = office.ask("GET", f"/keys/{id_}", key=secret).document
    assert shown["scopes"] == ["admin"]
    assert shown["last_used"] is not None


def test_a_key_from_before_there_were_scopes_can_be_revoked_unused(office, release):
    (row,) = [row for row in rows(release) if row["kind"] == KIND]

    assert office.ask("DELETE", f"/keys/{row['document']['id']}").status == 204

    assert office.config.get(KIND, row["id"]) is None


def test_the_table_of_an_earlier_release_is_read_as_well(dynamodb, release):
    store = DynamoConfigStore(dynamodb, "ConfigTable")
    for row in rows(release):
        store.create(row["kind"], row["id"], row["document"])
    for kind in ("automation", "webhook"):  # the first release noted no ids beside a version
        dynamodb.update_item(
            TableName="ConfigTable",
            Key={"kind": {"S": "version"}, "id": {"S": kind}},
            UpdateExpression="REMOVE ids",
        )

    assert store.version("automation") == len(only(release, "automation"))
    assert LoadedEngine(store).engine().watching(ann_signs_up())
    assert store.all(KIND)[0]["scopes"] == ["admin"]
    assert store.all("deployment")[0]["schedules"] == []


def test_what_changes_after_the_update_is_noted(dynamodb):
    store = DynamoConfigStore(dynamodb, "ConfigTable")
    store.create("webhook", "tea", {"id": "tea"})
    key = {"kind": {"S": "version"}, "id": {"S": "webhook"}}
    dynamodb.update_item(TableName="ConfigTable", Key=key, UpdateExpression="REMOVE ids")
    store.create("webhook", "cups", {"id": "cups"})

    assert store.changes("webhook", 1).ids == ["cups"]
    assert store.changes("webhook", 0).ids is None


def test_an_automation_that_would_be_refused_today_stops_no_other():
    office = Office("first")

    assert office.ask("GET", f"/automations/{LOOPING}").document["enabled"] is True
    assert office.ask("PATCH", f"/automations/{LOOPING}", {"enabled": False}).status == 204
    assert office.ask("PATCH", f"/automations/{LOOPING}", {"enabled": True}).status == 422


def unreadable(config):
    config.create("automation", LOOPING, {"id": LOOPING, "name": "of tomorrow", "updated": "x", "created": "x"})


def test_an_automation_that_nobody_can_read_is_told_in_the_log_and_stops_no_other(caplog):
    office = Office("second")
    unreadable(office.config)

    with caplog.at_level(logging.ERROR, "whenflow"):
        engine = LoadedEngine(office.config).engine()
        listed = office.ask("POST", "/automations/filter", {})

    assert engine.watching(ann_signs_up())
    assert not engine.watching(order_placed())
    assert [one["name"] for one in listed.document] == ["welcome"]
    assert caplog.text.count(f"The automation {LOOPING} was stored by another version") == 2


def test_an_automation_that_nobody_can_read_says_so_and_can_be_deleted():
    office = Office("second")
    unreadable(office.config)

    answer = office.ask("GET", f"/automations/{LOOPING}")
    assert answer.status == 404
    assert "Delete it, and make it anew" in answer.document["detail"]
    assert office.ask("DELETE", f"/automations/{LOOPING}").status == 204
    assert office.config.get("automation", LOOPING) is None


def test_a_document_of_today_stays_as_it_is():
    office = Office("third")
    for kind in (KIND, "deployment", "flow"):
        for document in office.config.all(kind):
            assert upgraded(kind, "x", document) is document
