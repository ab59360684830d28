"""Requests and answers of API Gateway."""

import pytest
from tests.calls import hook_call, read

from whenflow.aws.http import request_of, response_of, slug_of
from whenflow.webhooks import Answer


def test_a_text_body_arrives_as_its_bytes():
    assert request_of(hook_call("s", '{"name": "Zoë"}')).body == '{"name": "Zoë"}'.encode()


def test_a_body_in_base_64_arrives_as_its_bytes():
    assert request_of(hook_call("s", b"\x00\xff\xfe")).body == b"\x00\xff\xfe"


def test_a_body_that_is_no_base_64_is_no_body():
    assert request_of(hook_call("s", "a") | {"isBase64Encoded": True}).body == b""


def test_no_body_is_no_bytes():
    assert request_of(hook_call("s")).body == b""


def test_names_of_headers_arrive_in_lower_case():
    request = request_of(hook_call("s", headers={"X-Event": "Signup"}))

    assert request.headers["x-event"] == "Signup"


def test_the_query_arrives_by_name():
    assert request_of(hook_call("s", query={"a": "1", "b": ""})).query == {"a": "1", "b": ""}


def test_a_request_without_headers_or_query_has_none():
    event = hook_call("s") | {"headers": None, "queryStringParameters": None}

    request = request_of(event)

    assert (request.headers, request.query) == ({}, {})


def test_the_method_arrives_in_capitals():
    assert request_of(hook_call("s", method="post")).method == "POST"


@pytest.mark.parametrize(("path", "slug"), [("abc", "abc"), ("a%2Fb", "a/b"), ("%E2%98%83", "☃")])
def test_the_slug_is_what_the_path_says(path, slug):
    assert slug_of(hook_call(path)) == slug


def test_a_path_without_a_slug_has_the_empty_one():
    assert slug_of({"pathParameters": None}) == ""


def test_an_answer_without_a_reason_has_no_body():
    response = response_of(Answer(204))

    assert response["statusCode"] == 204
    assert "body" not in response


def test_a_reason_is_the_detail_of_a_json_body():
    answer = read(response_of(Answer(400, 'it said "no" ☹')))

    assert (answer.status, answer.document) == (400, {"detail": 'it said "no" ☹'})


def test_an_answer_may_bring_headers_and_a_body_of_its_own():
    answer = read(response_of(Answer(200, headers={"allow": "GET"}, body={"challenge": "☹"})))

    assert (answer.status, answer.document, answer.headers["allow"]) == (200, {"challenge": "☹"}, "GET")


def test_no_answer_may_be_kept_by_caches():
    assert response_of(Answer(204))["headers"]["cache-control"] == "no-store"
