"""`whenflow webhook test` and `requests`, against the product's own API over HTTP."""

import json

import pytest
from tests.cli.hooks import OTHER, names, post
from tests.stories import welcoming


def _stop():
    raise KeyboardInterrupt


def test_a_trial_shows_the_event_and_what_it_would_fire_and_stores_nothing(cli, product, hook, tmp_path):
    trigger = {"type": "event", "posture": "Reactive", "expect": ["customer.*"]}
    automation = product.automation(welcoming(product.deployment(), trigger=trigger))
    counting = product.automation(welcoming(product.deployment(), name="ten", trigger=trigger | {"threshold": 10}))
    (tmp_path / "body.json").write_text('{"userid": "u-17"}')

    out = cli("webhook", "test", "signups", "--body", "@body.json").out

    assert out.splitlines()[:2] == ["Event     customer.signed-up", "Resource  customer.u-17"]
    assert f"It would fire\n  {automation.name} ({automation.id})\n" in out
    assert f"It would count for\n  ten ({counting.id})\n" in out
    assert "headers" in out.partition("Payload")[2]
    assert names(product) == []


def test_a_trial_that_nothing_looks_at_says_so(cli, hook):
    assert "No automation looks at it." in cli("webhook", "test", "signups", "--body", "{}").out


def test_a_trial_has_headers_and_a_query_of_its_own(cli, product):
    template = """{"event": "{{ headers['x-kind'] }}.{{ query.q }}.{{ method }}",
        "resource": {"prefect.resource.id": "r"}}"""
    cli("webhook", "create", "w", "-t", template)

    out = cli("webhook", "test", "w", "-H", "X-Kind: a", "-H", "x-other: b", "--query", "q=1", "-X", "put").out

    assert out.startswith("Event     a.1.PUT\n")


def test_a_failed_trial_says_why_and_shows_what_the_template_made_of_it(cli, product):
    cli("webhook", "create", "w", "-t", '{"event": "x",\n"resource": {{ body.resource }}}')

    outcome = cli("webhook", "test", "w", "--body", '{"resource": "r"}')

    assert outcome.code == 1
    assert "Error: The template's result is not valid JSON" in outcome.err
    assert '    2  "resource": r}' in outcome.err


def test_a_draft_is_tried_and_its_fault_told_by_line_with_what_is_allowed(cli, product, hook):
    drafted = cli("webhook", "test", "signups", "--body", '{"userid": "u-1"}', "--template", OTHER)
    faulty = cli("webhook", "test", "signups", "--body", "{}", "--template", '{"event": \n"{{ body | format }}"}')

    assert drafted.out.startswith("Event     customer.came-back\n")
    assert faulty.code == 1
    assert "template: line 2: there is no filter 'format' here; there are abs, " in faulty.err


def test_a_trial_as_json_is_what_the_api_says(cli, hook):
    outcome = cli("webhook", "test", "signups", "--body", '{"userid": "u-1"}', "--json")

    assert set(outcome.document) == {"events", "errors", "rendered", "would_fire"}
    assert outcome.document["events"][0]["event"] == "customer.signed-up"


def test_a_body_that_is_no_text_is_tried_as_it_is(cli, product, tmp_path):
    (tmp_path / "body.bin").write_bytes(b"\xff\xfe")
    cli("webhook", "create", "w", "-t", '{"event": "x", "resource": {"prefect.resource.id": "{{ body | length }}"}}')

    assert "Resource  2" in cli("webhook", "test", "w", "--body", "@body.bin").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-H", "no-colon"], "--header must be 'NAME: VALUE'"),
        (["--body", "@missing"], "Cannot read the file missing"),
        (["--request", "r-1", "--body", "{}"], "Give either --request, or a request of your own."),
    ],
)
def test_a_trial_that_is_wrongly_called_is_not_sent(cli, hook, words, said):
    outcome = cli("webhook", "test", "signups", *words)

    assert outcome.code == 2
    assert said in outcome.err


def test_refused_requests_are_listed_and_accepted_ones_where_it_is_asked_for(cli, product, hook):
    assert "No requests to signups are listed." in cli("webhook", "requests", "signups").out
    assert f"whenflow webhook update {hook['id']} --log-requests" in cli("webhook", "requests", "signups").out
    cli("webhook", "update", "signups", "--log-requests", "--keep-bodies")
    post(hook["url"])
    cli("webhook", "update", "signups", "-t", "no JSON")
    post(hook["url"])

    lines = cli("webhook", "requests", "signups").out.splitlines()

    assert "400     POST" in lines[1] and "misread: " in lines[1]
    assert "204     POST" in lines[2] and "accepted: " in lines[2]
    assert [one["status"] for one in cli("webhook", "requests", "signups", "--json").document] == [400, 204]


def test_a_request_that_came_is_tried_again(cli, product, hook):
    cli("webhook", "update", "signups", "--log-requests", "--keep-bodies")
    post(hook["url"], {"userid": "u-99"})
    (logged,) = cli("webhook", "requests", "signups", "--json").document

    out = cli("webhook", "test", "signups", "--request", logged["id"], "--template", OTHER).out

    assert out.splitlines()[:2] == ["Event     customer.came-back", "Resource  customer.u-99"]


def test_new_requests_are_shown_as_they_come_until_somebody_stops_it(cli, product, hook, monkeypatch):
    cli("webhook", "update", "signups", "--log-requests")
    post(hook["url"])
    rounds = iter([lambda: post(hook["url"], {"userid": "u-2"}), lambda: None, _stop])
    monkeypatch.setattr("time.sleep", lambda _: next(rounds)())

    outcome = cli("webhook", "requests", "signups", "--follow")

    assert outcome.code == 130
    assert [line.count("accepted: ") for line in outcome.out.splitlines()] == [0, 1, 1]


def test_of_many_new_requests_none_slips_by_and_no_old_one_comes_after_all(cli, product, hook, monkeypatch):
    cli("webhook", "update", "signups", "--log-requests")
    for _ in range(3):
        post(hook["url"])
    rounds = iter([lambda: [post(hook["url"]) for _ in range(4)], _stop])
    monkeypatch.setattr("time.sleep", lambda _: next(rounds)())

    outcome = cli("webhook", "requests", "signups", "--follow", "--limit", "2")

    assert outcome.out.count("accepted: ") == 2 + 4


def test_followed_as_json_each_request_is_a_line_of_json_whatever_it_holds(cli, at_server, monkeypatch):
    id_ = "01a1fa01-3153-758d-b42c-3c4e2e77ea89"
    logged = {"id": "r-1", "reason": "odd: \x7f \u2028 \x1b[31m \u00e4", "outcome": "misread", "status": 400}
    at_server.expect_request(f"/api/webhooks/{id_}").respond_with_json({"id": id_, "name": "w"})
    at_server.expect_request(f"/api/webhooks/{id_}/requests").respond_with_json([logged])
    monkeypatch.setattr("time.sleep", lambda _: _stop())

    outcome = cli("webhook", "requests", id_, "--follow", "--json")

    assert outcome.code == 130
    assert [json.loads(line) for line in outcome.out.splitlines()] == [logged]
    assert outcome.out.isascii() and outcome.out.strip().isprintable()
