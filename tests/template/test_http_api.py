"""The HTTP API: these routes, limits, and no secret in its log."""

import json
import re

import pytest
from tests.template.loading import names_in, of_type, template

ROUTES = {
    "ANY /hooks/{slug}": "WebhookFunction",
    "ANY /api/{proxy+}": "ApiFunction",
    "GET /": "UiFunction",
    "ANY /ui": "UiFunction",
    "ANY /ui/{proxy+}": "UiFunction",
}
# The slug of a webhook is a secret and stands in the path; addresses are people's.
UNSPEAKABLE = ["path", "querystring", "sourceip", "identity", "authorizer", "useragent"]


def test_every_route_leads_to_its_function() -> None:
    integrations = of_type("AWS::ApiGatewayV2::Integration")
    led = {}
    for route in of_type("AWS::ApiGatewayV2::Route").values():
        [integration] = re.findall(r"\$\{(\w+)\}", route["Target"]["Fn::Sub"])
        [led[route["RouteKey"]]] = names_in(integrations[integration]["IntegrationUri"])

    assert led == ROUTES


@pytest.mark.parametrize("name", sorted(of_type("AWS::ApiGatewayV2::Integration")))
def test_integrations_speak_payload_format_2(name: str) -> None:
    integration = of_type("AWS::ApiGatewayV2::Integration")[name]

    assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0")


@pytest.mark.parametrize("function", sorted(set(ROUTES.values())))
def test_only_this_api_may_invoke_its_functions(function: str) -> None:
    [permission] = [
        one for one in of_type("AWS::Lambda::Permission").values() if one["FunctionName"] == {"Ref": function}
    ]

    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert ":${AWS::AccountId}:${HttpApi}/" in permission["SourceArn"]["Fn::Sub"]


def test_the_stage_deploys_itself_and_is_throttled() -> None:
    [stage] = of_type("AWS::ApiGatewayV2::Stage").values()

    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0


def test_the_access_log_is_one_line_of_json_with_the_route_and_nothing_secret() -> None:
    [stage] = of_type("AWS::ApiGatewayV2::Stage").values()
    written = stage["AccessLogSettings"]["Format"]
    logged = json.loads(written)

    assert "\n" not in written.strip()
    assert logged["routeKey"] == "$context.routeKey"
    assert [value for value in logged.values() for word in UNSPEAKABLE if word in value.lower()] == []


def test_the_access_log_forgets() -> None:
    assert template()["Resources"]["HttpApiLogGroup"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_iam_guards_the_rest_api_where_a_parameter_says_so_and_nothing_else() -> None:
    routes = {one["RouteKey"]: one.get("AuthorizationType") for one in of_type("AWS::ApiGatewayV2::Route").values()}

    assert routes.pop("ANY /api/{proxy+}") == {"Fn::If": ["ApiByIam", "AWS_IAM", "NONE"]}
    assert set(routes.values()) == {None}  # whoever calls a webhook, or looks at a page, signs nothing
    assert template()["Parameters"]["ApiAuthorization"]["Default"] == "keys"


def test_the_function_is_told_who_guards_it() -> None:
    variables = template()["Resources"]["ApiFunction"]["Properties"]["Environment"]["Variables"]

    assert variables["WHENFLOW_API_AUTHORIZATION"] == {"Ref": "ApiAuthorization"}
    assert variables["WHENFLOW_API_REQUESTS_PER_SECOND"] == {"Ref": "ApiRequestsPerSecond"}
