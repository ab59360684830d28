"""Webhooks over HTTP."""

import json
import re

import pytest
from tests.calls import HOST
from tests.stories import ANN, NOBODY, signup_webhook

from whenflow.webhooks import HttpRequest, WebhookReceiver
from whenflow.webhooks.model import SLUG_KIND, slug_hash, webhook_from_stored


def test_a_webhook_is_created_and_its_address_is_told(api):
    answer = api("POST", "/webhooks", signup_webhook())

    assert answer.status == 201
    assert answer.document["name"] == "signup"
    assert answer.document["url"] == f"https://{HOST}/hooks/{answer.document['slug']}"
    assert len(answer.document["slug"]) == 22


def test_the_address_is_the_one_that_the_caller_came_by(api):
    answer = api("POST", "/webhooks", signup_webhook(), headers={"host": "localhost:4000", "x-forwarded-proto": "http"})

    assert re.fullmatch(r"http://localhost:4000/hooks/\S{22}", answer.document["url"])


def test_of_the_slug_only_a_hash_is_kept(world, api):
    slug = api("POST", "/webhooks", signup_webhook()).document["slug"]

    assert slug not in repr(world.config.all("webhook")) + repr(world.config.all(SLUG_KIND))
    assert world.config.get(SLUG_KIND, slug_hash(slug)) is not None


def test_every_webhook_has_an_address_of_its_own(api):
    assert len({api("POST", "/webhooks", signup_webhook()).document["slug"] for _ in range(5)}) == 5


def test_the_address_is_told_only_once(api):
    created = api("POST", "/webhooks", signup_webhook()).document

    shown = api("GET", f"/webhooks/{created['id']}")

    assert shown.document == {name: created[name] for name in created if name not in ("slug", "url")}
    assert "slug" not in shown.text


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, ["name"]),
        ({"template": "{{ broken"}, ["template"]),
        ({"colour": "blue"}, ["colour"]),
        ({"enabled": "perhaps"}, ["enabled"]),
    ],
)
def test_a_webhook_that_is_wrong_is_refused_by_its_place(world, api, changes, place):
    answer = api("POST", "/webhooks", signup_webhook(**changes))

    assert answer.status == 422
    assert [fault["loc"] for fault in answer.document["exception_detail"]] == [place]
    assert world.config.all("webhook") == []


def test_webhooks_are_listed_newest_first(world, api):
    for name in ("first", "second", "third"):
        api("POST", "/webhooks", signup_webhook(name=name))
        world.clock.advance(1)

    answer = api("POST", "/webhooks/filter", {})

    assert [webhook["name"] for webhook in answer.document] == ["third", "second", "first"]
    assert "slug" not in answer.text


def test_a_part_of_the_list_can_be_asked_for(world, api):
    for name in ("first", "second", "third"):
        api("POST", "/webhooks", signup_webhook(name=name))
        world.clock.advance(1)

    answer = api("POST", "/webhooks/filter", {"limit": 1, "offset": 1})

    assert [webhook["name"] for webhook in answer.document] == ["second"]


def test_a_webhook_is_removed_with_its_address(world, api):
    created = api("POST", "/webhooks", signup_webhook()).document

    assert api("DELETE", f"/webhooks/{created['id']}").status == 204

    assert api("GET", f"/webhooks/{created['id']}").status == 404
    assert world.config.get(SLUG_KIND, slug_hash(created["slug"])) is None


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("id_", [NOBODY, "nope"])
def test_a_webhook_that_is_not_there_is_not_found(api, method, id_):
    answer = api(method, f"/webhooks/{id_}")

    assert answer.status == 404
    assert answer.document["detail"].startswith("There is no webhook")


GITHUB = {"type": "github"}


def created(api, **changes):
    """Create the signup webhook, or one that differs from it."""
    return api("POST", "/webhooks", signup_webhook(**changes)).document


def faults(answer) -> list[list[str]]:
    assert answer.status == 422, answer.text
    return [fault["loc"] for fault in answer.document["exception_detail"]]


def test_a_secret_is_made_and_told_once_and_only_a_reference_is_kept(world, api):
    made = created(api, auth=GITHUB)

    reference = made["secrets"]["current"]
    assert reference.startswith(f"ssm:/whenflow/webhooks/{made['id']}/")
    assert world.secrets.kept == {reference: made["secret"]}
    assert made["secret"] not in api("GET", f"/webhooks/{made['id']}").text + repr(world.config.all("webhook"))


def test_a_secret_that_was_given_is_kept_and_not_told(world, api):
    made = created(api, auth={**GITHUB, "secret": "It's a Secret to Everybody"})

    assert list(world.secrets.kept.values()) == ["It's a Secret to Everybody"]
    assert "Everybody" not in repr(made) + repr(world.config.all("webhook"))
    assert made["auth"] == {"type": "github"}


@pytest.mark.parametrize("reference", ["ssm:/team/github", "secretsmanager:hooks#github"])
def test_a_secret_that_the_user_keeps_himself_is_only_referred_to(world, api, reference):
    made = created(api, auth={**GITHUB, "secret": reference})

    assert made["secrets"]["current"] == reference
    assert world.secrets.kept == {}
    assert "secret" not in made


@pytest.mark.parametrize("kind", ["stripe", "slack", "shopify"])
def test_a_secret_that_the_sender_makes_must_be_given(api, kind):
    assert faults(api("POST", "/webhooks", signup_webhook(auth={"type": kind}))) == [["auth", "secret"]]
    assert "secret" not in created(api, auth={"type": kind, "secret": "a secret of theirs"})


@pytest.mark.parametrize("kind", ["bearer", "github", "standard-webhooks", {"type": "hmac", "header": "x-proof"}])
def test_a_secret_that_is_made_suits_its_scheme(api, kind):
    made = created(api, auth=kind)

    again = api("POST", "/webhooks", signup_webhook(auth=made["auth"] | {"secret": made["secret"]}))
    assert again.status == 201
    assert len(made["secret"]) >= 32


def test_without_auth_there_is_no_secret(world, api):
    made = created(api)

    assert made["auth"] == {"type": "none"}
    assert made["secrets"] is None
    assert "secret" not in made


@pytest.mark.parametrize(
    ("auth", "place"),
    [
        ("nope", ["auth"]),
        ({"type": "basic"}, ["auth", "username"]),
        ({"type": "basic", "username": "a:b"}, ["auth", "username"]),
        ({"type": "github", "secret": "short"}, ["auth", "secret"]),
        ({"type": "github", "tolerance_seconds": 3}, ["auth", "tolerance_seconds"]),
        ({"type": "standard-webhooks", "secret": "whsec_%%%%%%"}, ["auth", "secret"]),
        ({"type": "standard-webhooks", "secret": "whpk_AAAAAAAA"}, ["auth", "secret"]),
        ({"type": "slack", "secret": "long enough", "tolerance_seconds": 0}, ["auth", "tolerance_seconds"]),
        ({"type": "hmac"}, ["auth", "header"]),
        ({"type": "hmac", "header": "x y"}, ["auth", "header"]),
        ({"type": "hmac", "header": "x", "encoding": "rot13"}, ["auth", "encoding"]),
        ({"type": "hmac", "header": "x", "algorithm": "md5"}, ["auth", "algorithm"]),
        ({"type": "hmac", "header": "x", "content": "{timestamp}"}, ["auth", "content"]),
        ({"type": "hmac", "header": "x", "content": "{body}{nope}"}, ["auth", "content"]),
        ({"type": "hmac", "header": "x", "content": "{timestamp}.{body}"}, ["auth", "timestamp_header"]),
    ],
)
def test_what_is_wrong_with_the_auth_is_told_by_its_field(world, api, auth, place):
    assert faults(api("POST", "/webhooks", signup_webhook(auth=auth))) == [place]
    assert world.secrets.kept == {}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"template": {"event": "{{ broken"}}, ["template"]),
        ({"template": 7}, ["template"]),
        ({"max_body_bytes": 0}, ["max_body_bytes"]),
        ({"max_body_bytes": 1024 * 1024 + 1}, ["max_body_bytes"]),
        ({"keep_bodies": "perhaps"}, ["keep_bodies"]),
    ],
)
def test_what_is_wrong_with_other_settings_is_told_by_its_field(api, changes, place):
    assert faults(api("POST", "/webhooks", signup_webhook(**changes))) == [place]


def test_webhooks_are_found_by_name(api):
    for name in ("one", "other", "one"):
        created(api, name=name)

    found = api("POST", "/webhooks/filter", {"webhooks": {"name": {"any_": ["one"]}}}).document
    assert [webhook["name"] for webhook in found] == ["one", "one"]
    assert api("POST", "/webhooks/filter", {"webhooks": {"name": {"any_": []}}}).document == []
    assert len(api("POST", "/webhooks/filter", {"webhooks": {"name": None}}).document) == 3


@pytest.mark.parametrize(
    ("webhooks", "place"),
    [
        (7, ["body", "webhooks"]),
        ({"colour": {}}, ["body", "webhooks", "colour"]),
        ({"name": "one"}, ["body", "webhooks", "name"]),
        ({"name": {"like_": "o"}}, ["body", "webhooks", "name", "like_"]),
        ({"name": {"any_": "one"}}, ["body", "webhooks", "name", "any_"]),
    ],
)
def test_a_filter_that_is_wrong_is_refused_by_its_place(api, webhooks, place):
    assert faults(api("POST", "/webhooks/filter", {"webhooks": webhooks})) == [place]


def test_a_webhook_is_replaced_as_a_whole_and_keeps_its_address_and_secret(world, api):
    made = created(api, auth=GITHUB, description="old")
    before = api("GET", f"/webhooks/{made['id']}").document
    world.clock.advance(1)

    answer = api("PUT", f"/webhooks/{made['id']}", before | {"name": "renamed", "description": ""})

    assert (answer.status, answer.text) == (204, "")
    after = api("GET", f"/webhooks/{made['id']}").document
    assert (after["name"], after["description"], after["secrets"]) == ("renamed", "", before["secrets"])
    assert after["updated"] > before["updated"]
    assert after["created"] == before["created"]
    assert world.config.get(SLUG_KIND, slug_hash(made["slug"])) == {"id": made["id"]}
    assert world.secrets.kept == {before["secrets"]["current"]: made["secret"]}


def test_another_scheme_has_a_secret_of_its_own_and_the_old_one_is_forgotten(world, api):
    made = created(api, auth=GITHUB)

    answer = api("PUT", f"/webhooks/{made['id']}", signup_webhook(auth="bearer"))

    assert answer.status == 200
    assert list(world.secrets.kept.values()) == [answer.document["secret"]] != [made["secret"]]


def test_without_auth_the_secret_is_forgotten(world, api):
    made = created(api, auth=GITHUB)

    assert api("PUT", f"/webhooks/{made['id']}", signup_webhook()).status == 204
    assert world.secrets.kept == {}


def test_a_secret_given_with_the_settings_replaces_the_present_one(world, api):
    made = created(api, auth=GITHUB)

    api("PUT", f"/webhooks/{made['id']}", signup_webhook(auth={**GITHUB, "secret": "another secret"}))

    assert list(world.secrets.kept.values()) == ["another secret"]


def test_a_replacement_that_is_wrong_changes_nothing(world, api):
    made = created(api, auth=GITHUB)
    before = world.config.all("webhook"), dict(world.secrets.kept)

    assert faults(api("PUT", f"/webhooks/{made['id']}", signup_webhook(template="{{ broken"))) == [["template"]]
    assert faults(api("PUT", f"/webhooks/{made['id']}", signup_webhook(auth="slack"))) == [["auth", "secret"]]
    assert (world.config.all("webhook"), world.secrets.kept) == before


def test_a_webhook_is_switched_off_and_on(api):
    made = created(api)

    for enabled in (False, True):
        assert api("PATCH", f"/webhooks/{made['id']}", {"enabled": enabled}).status == 204
        assert api("GET", f"/webhooks/{made['id']}").document["enabled"] is enabled


def test_name_and_description_can_be_changed_alone(api):
    made = created(api)

    assert api("PATCH", f"/webhooks/{made['id']}", {"name": "renamed", "description": "new"}).status == 204

    after = api("GET", f"/webhooks/{made['id']}").document
    assert (after["name"], after["description"], after["template"]) == ("renamed", "new", made["template"])


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, ["enabled"]),
        ({"enabled": "perhaps"}, ["enabled"]),
        ({"template": "x"}, ["template"]),
        ({"name": ""}, ["name"]),
    ],
)
def test_a_change_that_is_wrong_is_refused_by_its_place(api, changes, place):
    made = created(api)

    assert faults(api("PATCH", f"/webhooks/{made['id']}", changes)) == [place]


def test_a_new_address_is_told_once_and_the_old_one_is_gone(world, api):
    made = created(api)

    answer = api("POST", f"/webhooks/{made['id']}/rotate")

    assert answer.status == 200
    assert answer.document["id"] == made["id"]
    assert answer.document["url"] == f"https://{HOST}/hooks/{answer.document['slug']}"
    assert world.config.get(SLUG_KIND, slug_hash(made["slug"])) is None
    assert world.config.get(SLUG_KIND, slug_hash(answer.document["slug"])) == {"id": made["id"]}
    assert answer.document["slug"] not in repr(world.config.all("webhook")) + repr(world.config.all(SLUG_KIND))


def test_who_rotates_and_who_changes_at_the_same_time_both_have_their_way(world, api, monkeypatch):
    made = created(api, auth=GITHUB)
    put = world.secrets.put
    rotated: list[str] = []

    def interrupted(name, value):
        if not rotated:
            rotated.append("")
            rotated[0] = api("POST", f"/webhooks/{made['id']}/rotate").document["slug"]
            api("PATCH", f"/webhooks/{made['id']}", {"name": "renamed"})
        return put(name, value)

    monkeypatch.setattr(world.secrets, "put", interrupted)
    secret = api("POST", f"/webhooks/{made['id']}/rotate-secret").document["secret"]

    [stored] = world.config.all("webhook")
    assert (stored["name"], stored["slug_hash"]) == ("renamed", slug_hash(rotated[0]))
    assert world.secrets.kept[stored["secrets"]["current"]] == secret


@pytest.mark.parametrize("dies_at", ["create", "replace", "delete"])
def test_a_rotation_that_dies_half_way_leaves_an_address_that_works(world, api, monkeypatch, dies_at):
    made = created(api)

    def die(*_arguments, **_options):
        raise RuntimeError("died")

    with monkeypatch.context() as broken:
        broken.setattr(world.config, dies_at, die)
        assert api("POST", f"/webhooks/{made['id']}/rotate").status == 500

    [stored] = world.config.all("webhook")
    assert world.config.get(SLUG_KIND, stored["slug_hash"]) == {"id": made["id"]}
    again = api("POST", f"/webhooks/{made['id']}/rotate").document
    assert world.config.get("webhook", made["id"])["slug_hash"] == slug_hash(again["slug"])


def test_a_secret_is_rotated_and_the_one_before_lives_on_for_a_day(world, api):
    made = created(api, auth=GITHUB)

    answer = api("POST", f"/webhooks/{made['id']}/rotate-secret")

    secrets = answer.document["secrets"]
    assert world.secrets.kept == {secrets["previous"]: made["secret"], secrets["current"]: answer.document["secret"]}
    assert secrets["previous_until"] == "2026-11-21T12:00:00Z"
    assert answer.document["secret"] != made["secret"]


def test_a_secret_can_be_given_and_the_one_before_stopped_at_once(world, api):
    made = created(api, auth=GITHUB)

    answer = api("POST", f"/webhooks/{made['id']}/rotate-secret", {"secret": "a given secret", "grace_seconds": 0})

    assert "a given secret" not in answer.text
    assert answer.document["secrets"]["previous"] is None
    assert list(world.secrets.kept.values()) == ["a given secret"]


def test_of_secrets_rotated_often_only_two_are_kept(world, api):
    made = created(api, auth=GITHUB)

    for _ in range(4):
        newest = api("POST", f"/webhooks/{made['id']}/rotate-secret").document

    assert len(world.secrets.kept) == 2
    assert world.secrets.kept[newest["secrets"]["current"]] == newest["secret"]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"secret": "short"}, ["secret"]),
        ({"grace_seconds": -1}, ["grace_seconds"]),
        ({"grace_seconds": 10**9}, ["grace_seconds"]),
        ({"colour": "blue"}, ["colour"]),
    ],
)
def test_a_new_secret_that_is_wrong_is_refused_by_its_place(world, api, body, place):
    made = created(api, auth=GITHUB)

    assert faults(api("POST", f"/webhooks/{made['id']}/rotate-secret", body)) == [place]
    assert list(world.secrets.kept.values()) == [made["secret"]]


def test_a_webhook_without_auth_has_no_secret_to_rotate(api):
    assert faults(api("POST", f"/webhooks/{created(api)['id']}/rotate-secret")) == [["auth"]]


def test_a_new_secret_of_the_senders_making_must_be_given(api):
    made = created(api, auth={"type": "stripe", "secret": "whsec_theirs"})

    assert faults(api("POST", f"/webhooks/{made['id']}/rotate-secret")) == [["secret"]]
    assert api("POST", f"/webhooks/{made['id']}/rotate-secret", {"secret": "whsec_next"}).status == 200


def test_with_a_webhook_go_its_secrets_but_not_those_that_the_user_keeps(world, api):
    own, kept = created(api, auth=GITHUB), created(api, auth={**GITHUB, "secret": "ssm:/team/github"})
    world.secrets.kept["ssm:/team/github"] = "theirs"
    api("POST", f"/webhooks/{own['id']}/rotate-secret")

    for made in (own, kept):
        assert api("DELETE", f"/webhooks/{made['id']}").status == 204

    assert world.secrets.kept == {"ssm:/team/github": "theirs"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", ""),
        ("PATCH", ""),
        ("POST", "/rotate"),
        ("POST", "/rotate-secret"),
        ("POST", "/test"),
        ("GET", "/requests"),
    ],
)
def test_nothing_can_be_done_to_a_webhook_that_is_not_there(api, method, path):
    answer = api(method, f"/webhooks/{NOBODY}{path}", signup_webhook() if method == "PUT" else {"enabled": True})

    assert answer.status == 404


def tried(api, document, **changes):
    """Try a request on the signup webhook."""
    return api("POST", f"/webhooks/{created(api, **changes)['id']}/test", document)


def test_a_request_is_tried_and_nothing_is_stored(world, api):
    answer = tried(api, {"request": {"body": ANN, "headers": {"X-Event": "signup"}}})

    assert answer.status == 200
    [event] = answer.document["events"]
    assert (event["event"], event["payload"]) == ("user.signed-up", ANN)
    assert (answer.document["errors"], answer.document["rendered"]) == ([], None)
    assert world.events.stored == {}
    assert world.requests.entries == []


def test_a_trial_needs_no_signature(api):
    assert tried(api, {"request": {"body": ANN}}, auth=GITHUB).document["errors"] == []


def test_a_trial_tells_what_is_wrong_and_what_was_rendered(api):
    answer = tried(api, {"request": {"body": ANN}}, template='{"event": "user.{{ body.name }}"')

    assert answer.document["events"] == []
    assert "not valid JSON" in answer.document["errors"][0]["message"]
    assert answer.document["rendered"] == '{"event": "user.Ann"'


def test_a_body_that_the_webhook_would_not_take_is_told(api):
    answer = tried(api, {"request": {"body": "x" * 11}}, max_body_bytes=10)

    assert answer.document["errors"] == [{"message": "The body has 11 bytes; the limit is 10."}]


def test_a_draft_is_tried_in_place_of_the_template(world, api):
    draft = {"event": "draft.{{ body.name }}", "resource": {"prefect.resource.id": "r"}}

    answer = tried(api, {"request": {"body": ANN}, "template": draft})

    assert answer.document["events"][0]["event"] == "draft.Ann"
    assert world.config.all("webhook")[0]["template"] == signup_webhook()["template"]


def test_a_draft_that_is_no_template_is_told_with_its_line(api):
    answer = tried(api, {"request": {}, "template": "one\n{{ x | nope }}"})

    [error] = answer.document["errors"]
    assert (answer.status, error["line"], error["loc"]) == (200, 2, ["template"])
    assert "there is no filter 'nope'" in error["message"].lower()


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        ({"body": {"a": 1}}, {"a": 1}),
        ({"body": '{"a": 1}'}, {"a": 1}),
        ({"body": "plain"}, "plain"),
        ({"body_base64": "eyJhIjogMX0="}, {"a": 1}),
        ({"body": "a=1", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, {"a": "1"}),
        ({"method": "get", "body": "x"}, ""),
        ({}, ""),
    ],
)
def test_a_body_is_given_as_json_as_text_or_as_bytes(api, request_, body):
    answer = tried(api, {"request": request_}, template={"event": "e", "resource": {"prefect.resource.id": "r"}})

    assert answer.document["events"][0]["payload"]["body"] == body


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"request": 7}, ["request"]),
        ({"request": {"colour": 1}}, ["request", "colour"]),
        ({"request": {"method": "G T"}}, ["request", "method"]),
        ({"request": {"headers": {"a": 1}}}, ["request", "headers", "a"]),
        ({"request": {"body_base64": "%"}}, ["request", "body_base64"]),
        ({"request": {"body": "a", "body_base64": "YQ=="}}, ["request"]),
        ({"request": {}, "template": 7}, ["body", "template"]),
        ({"request": {}, "request_id": "x"}, ["body", "request"]),
        ({"request_id": 7}, ["body", "request_id"]),
        ({"colour": "blue"}, ["body", "colour"]),
    ],
)
def test_a_trial_that_is_wrong_is_refused_by_its_place(api, document, place):
    assert faults(tried(api, document)) == [place]


def test_a_trial_tells_which_automations_would_look_at_it_and_which_would_fire_at_once(world, api):
    at_once = world.welcomes_new_users()
    third = {"type": "event", "posture": "Reactive", "expect": ["user.*"], "threshold": 3, "within": 60}
    counting = world.automation({"name": "three", "trigger": third, "actions": [{"type": "do-nothing"}]})
    world.automation({"name": "off", "enabled": False, "trigger": third, "actions": [{"type": "do-nothing"}]})
    other = third | {"expect": ["order.placed"]}
    world.automation({"name": "other", "trigger": other, "actions": [{"type": "do-nothing"}]})

    answer = tried(api, {"request": {"body": ANN}})

    assert answer.document["would_fire"] == [
        {"id": at_once.id, "name": at_once.name, "at_once": True},
        {"id": counting.id, "name": "three", "at_once": False},
    ]
    assert world.firings.stored == {}


def received(world, made, *bodies, **headers):
    """Call a webhook that was created, through the receiver."""
    config = world.config

    class Directory:
        def find(self, slug):
            return webhook_from_stored(config.get("webhook", made["id"]))

    receiver = WebhookReceiver(Directory(), world.events, world.clock, world.ids, world.secrets, world.requests)
    for body in bodies:
        world.clock.advance(1)
        receiver.receive(made["slug"], HttpRequest("POST", headers, {}, body))


def test_the_requests_of_a_webhook_are_listed_newest_first(world, api):
    made = created(api, log_requests=True)
    received(world, created(api, log_requests=True), b"{}")
    received(world, made, json.dumps(ANN).encode(), b"{")

    listed = api("GET", f"/webhooks/{made['id']}/requests").document

    assert [(one["status"], one["outcome"]) for one in listed] == [(400, "misread"), (204, "accepted")]
    assert listed[0]["received"] > listed[1]["received"]
    assert len(api("GET", f"/webhooks/{made['id']}/requests", query={"limit": "1"}).document) == 1


def test_a_request_that_was_kept_can_be_tried_again(world, api):
    made = created(api, keep_bodies=True, log_requests=True)
    received(world, made, json.dumps(ANN | {"name": "Bob"}).encode())
    [kept] = api("GET", f"/webhooks/{made['id']}/requests").document

    answer = api("POST", f"/webhooks/{made['id']}/test", {"request_id": kept["id"]})

    assert answer.document["events"][0]["resource"]["prefect.resource.name"] == "Bob"


def test_a_request_whose_body_was_not_kept_cannot_be_tried(world, api):
    made = created(api, log_requests=True)
    received(world, made, b"{}")
    [logged] = api("GET", f"/webhooks/{made['id']}/requests").document

    answer = api("POST", f"/webhooks/{made['id']}/test", {"request_id": logged["id"]})

    assert answer.status == 422
    assert "keep_bodies" in answer.text


def test_a_request_that_nobody_logged_is_not_found(api):
    assert tried(api, {"request_id": NOBODY}).status == 404
