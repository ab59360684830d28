"""API keys: made, used, over, revoked; never told twice, never kept."""

import json
from datetime import timedelta

import pytest
from tests.calls import call, read
from tests.stories import NOBODY, signup_webhook
from tests.world import World

from whenflow.api.app import build_api
from whenflow.api.audit import AuditedConfig
from whenflow.api.keyring import KIND, USE_NOTED_EVERY, Keyring, key_hash
from whenflow.errors import Transient
from whenflow.events import iso, parse_iso


class Office(World):
    """The world with keys of its own, and every change told."""

    def __init__(self):
        from dataclasses import replace

        super().__init__()
        self.keyring = Keyring(self.config, self.clock, self.ids)
        self.first = self.keyring.create({"name": "first", "scopes": ["admin"]})[1]
        config = AuditedConfig(self.config, self.clock, self.ids)
        services = replace(self.services, config=config, find_key=self.keyring.find, note_use=self.keyring.note_use)
        self.handler = build_api(services)

    def ask(self, method, path, body=None, key=None):
        headers = {"authorization": f"Bearer {key or self.first}"}
        return read(self.handler(call(method, f"/api{path}", body, headers=headers), None))

    def made(self, **changes):
        return self.ask("POST", "/keys", {"name": "laptop", "scopes": ["read"]} | changes).document


@pytest.fixture
def office():
    """A world with keys."""
    return Office()


def test_a_key_is_told_once_and_only_its_hash_is_kept(office):
    made = office.made()

    assert made["key"].startswith("wfk_")
    assert office.config.get(KIND, key_hash(made["key"]))["id"] == made["id"]
    assert made["key"] not in json.dumps(office.config.all(KIND))
    shown = office.ask("GET", f"/keys/{made['id']}").document
    assert shown == {name: value for name, value in made.items() if name != "key"}
    assert "hash" not in shown


def test_a_key_that_was_made_lets_in(office):
    assert office.ask("GET", "/events", key=office.made()["key"]).status == 200


def test_keys_are_listed_by_name_without_what_would_open_anything(office):
    made = office.made(name="ci")

    listed = office.ask("POST", "/keys/filter", {})

    assert [one["name"] for one in listed.document] == ["ci", "first"]
    assert made["key"] not in listed.text
    assert key_hash(made["key"]) not in listed.text


def test_a_key_that_has_expired_opens_nothing_any_more(office):
    made = office.made(expires=iso(office.clock.now() + timedelta(minutes=5)))
    assert office.ask("GET", "/events", key=made["key"]).status == 200

    office.clock.advance(300)

    assert office.ask("GET", "/events", key=made["key"]).status == 401
    assert office.ask("GET", f"/keys/{made['id']}").document["expires"] == made["expires"]


def test_a_revoked_key_opens_nothing_any_more(office):
    made = office.made()
    office.ask("GET", "/events", key=made["key"])

    assert office.ask("DELETE", f"/keys/{made['id']}").status == 204
    office.clock.advance(1)

    assert office.ask("GET", "/events", key=made["key"]).status == 401
    assert office.ask("DELETE", f"/keys/{made['id']}").status == 404


def test_another_process_knows_of_a_revocation_within_a_second(office):
    made = office.made()
    elsewhere = Keyring(office.config, office.clock, office.ids)
    assert elsewhere.find(made["key"]) is not None
    office.keyring.revoke(made["id"])

    office.clock.advance(1)

    assert elsewhere.find(made["key"]) is None


def test_a_key_is_looked_up_once_a_second(office):
    office.ask("GET", "/hello")
    reads = []
    office.config.get = lambda *asked: reads.append(asked)

    office.ask("GET", "/hello")
    office.ask("GET", "/hello")

    assert reads == []


def test_when_a_key_was_last_used_is_known_to_a_quarter_of_an_hour_and_rarely_written(office):
    made = office.made()
    writes = []
    replace = office.config.replace

    def written(*given):
        writes.append(given)
        replace(*given)

    office.config.replace = written
    began = office.clock.now()

    for _ in range(40):
        office.ask("GET", "/hello", key=made["key"])
        office.clock.advance(60)

    used = parse_iso(office.keyring.get(made["id"]).as_document()["last_used"])
    assert office.clock.now() - used <= USE_NOTED_EVERY + timedelta(minutes=1)
    assert used >= began
    assert len(writes) == 3


def test_a_use_that_cannot_be_noted_is_no_reason_to_refuse(office):
    made = office.made()

    def busy(*_given):
        raise Transient("busy")

    office.config.replace = busy

    assert office.ask("GET", "/events", key=made["key"]).status == 200


def test_a_use_that_is_noted_late_does_not_bring_a_revoked_key_back(office):
    made = office.made()
    key = office.keyring.find(made["key"])
    office.keyring.revoke(made["id"])

    office.keyring.note_use(key)

    assert office.keyring.find(made["key"]) is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"scopes": ["root"]}, ["body", "scopes"]),
        ({"scopes": ["webhook:mine"]}, ["body", "scopes"]),
        ({"scopes": []}, ["body", "scopes"]),
        ({"scopes": "admin"}, ["body", "scopes"]),
        ({"name": ""}, ["body", "name"]),
        ({"expires": "2020-01-01T00:00:00Z"}, ["body", "expires"]),
        ({"expires": "soon"}, ["body", "expires"]),
        ({"hash": "x"}, ["body", "hash"]),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_by_its_place(office, changes, place):
    answer = office.ask("POST", "/keys", {"name": "laptop", "scopes": ["read"]} | changes)

    assert answer.status == 422
    assert answer.document["exception_detail"][0]["loc"][: len(place)] == place
    assert len(office.config.all(KIND)) == 1


def test_a_key_that_is_not_there_is_not_found(office):
    assert office.ask("GET", f"/keys/{NOBODY}").status == 404
    assert office.ask("DELETE", f"/keys/{NOBODY}").status == 404


def test_making_and_revoking_a_key_is_told_and_by_whom_and_no_secret_with_it(office):
    made = office.made()
    office.ask("DELETE", f"/keys/{made['id']}")

    told = [event for event in office.events.stored.values() if event.event.startswith("whenflow.")]
    first = office.keyring.find(office.first)
    assert [event.event for event in told] == ["whenflow.api-key.created", "whenflow.api-key.deleted"]
    assert {event.resource_id for event in told} == {f"whenflow.api-key.{made['id']}"}
    assert {event.related[0]["prefect.resource.id"] for event in told} == {f"whenflow.api-key.{first.id}"}
    text = json.dumps([event.as_document() for event in told])
    assert made["key"] not in text
    assert key_hash(made["key"]) not in text


def test_every_change_of_a_webhook_is_told_with_what_changed_and_no_value(office):
    made = office.ask("POST", "/webhooks", signup_webhook()).document
    office.ask("PATCH", f"/webhooks/{made['id']}", {"enabled": False})
    office.ask("PATCH", f"/webhooks/{made['id']}", {"enabled": False})
    office.ask("DELETE", f"/webhooks/{made['id']}")

    told = [event for event in office.events.stored.values() if event.event.startswith("whenflow.webhook.")]
    assert [event.event.rpartition(".")[2] for event in told] == ["created", "updated", "deleted"]
    assert told[1].payload == {"changed": ["enabled"]}
    assert made["slug"] not in json.dumps([event.as_document() for event in told])
    assert told[0].resource["prefect.resource.name"] == made["name"]


def test_what_a_refused_change_would_have_been_is_not_told(office):
    office.ask("POST", "/webhooks", {"name": "x", "template": "{% for %}"})
    office.ask("DELETE", f"/webhooks/{NOBODY}")

    assert [event.event for event in office.events.stored.values()] == []


def test_who_iam_lets_in_needs_no_key_and_is_told_by_name(office):
    from dataclasses import replace

    arn = "arn:aws:sts::123456789012:assumed-role/Ops/ann"
    signed = call("POST", "/api/webhooks", signup_webhook())
    signed["requestContext"]["authorizer"] = {"iam": {"userArn": arn}}
    config = AuditedConfig(office.config, office.clock, office.ids)

    trusted = build_api(replace(office.services, config=config, trusts_iam=True))

    assert read(office.handler(json.loads(json.dumps(signed)), None)).status == 401  # keys only: no such word counts
    assert read(trusted(signed, None)).status == 201
    (told,) = (one for one in office.events.stored.values() if one.event == "whenflow.webhook.created")
    assert told.related[0]["prefect.resource.id"] == f"aws.iam.{arn}"


def test_where_iam_guards_nobody_comes_in_unsigned(office):
    from dataclasses import replace

    trusted = build_api(replace(office.services, find_key=office.keyring.find, trusts_iam=True))

    for headers in ({}, {"authorization": f"Bearer {office.first}"}):
        assert read(trusted(call("GET", "/api/events", headers=headers), None)).status == 401
