"""The presets of webhooks over HTTP."""

import pytest

from whenflow.webhooks.presets import PRESETS


def test_the_presets_are_listed(api):
    answer = api("GET", "/webhooks/presets")

    assert answer.status == 200
    assert [preset["name"] for preset in answer.document] == list(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_webhook_is_made_of_a_preset_and_a_secret(api, name):
    (preset,) = (one for one in api("GET", "/webhooks/presets").document if one["name"] == name)
    auth = preset["auth"] | ({"secret": "a-secret-of-theirs"} if name in ("stripe", "slack", "shopify") else {})
    fields = {key: preset[key] for key in ("template", "delivery_id")}

    assert api("POST", "/webhooks", {"name": name, "auth": auth, **fields}).status == 201
