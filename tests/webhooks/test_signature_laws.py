"""Standard Webhooks, with the standard's own library as the judge, both ways."""

import base64
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from tests.stories import NOON
from tests.webhooks.signing import a_request, standard

from whenflow.webhooks.auth import StandardWebhooksAuth
from whenflow.webhooks.verify import verify

keys = st.binary(min_size=24, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode())
ids = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=30)
bodies = st.text(max_size=100)
AUTH = StandardWebhooksAuth(type="standard-webhooks")


@given(secret=keys, id_=ids, body=bodies, off=st.integers(-290, 290))
def test_what_the_library_signs_is_believed(secret, id_, body, off):
    sent = datetime.fromtimestamp(int(NOON.timestamp()) + off, UTC)
    signature = Webhook(secret).sign(msg_id=id_, timestamp=sent, data=body)
    headers = {"webhook-id": id_, "webhook-timestamp": str(int(sent.timestamp())), "webhook-signature": signature}

    assert verify(AUTH, a_request(headers, body.encode()), [secret], NOON) is None


@given(secret=keys, id_=ids, body=st.sampled_from(["{}", '{"a": "ä"}', "[1, 2]"]), off=st.integers(-290, 290))
def test_what_is_believed_here_is_believed_by_the_library(secret, id_, body, off):
    headers = standard(body.encode(), secret, off=off, id_=id_)

    assert verify(AUTH, a_request(headers, body.encode()), [secret], NOON) is None
    with time_machine.travel(NOON, tick=False):
        Webhook(secret).verify(body, headers)


@given(secret=keys, other=keys, off=st.sampled_from([0, -400, 400]), body=st.sampled_from(["{}", "[]"]))
def test_what_the_library_refuses_is_refused_here(secret, other, off, body):
    headers = standard(b"{}", secret, off=off)
    refused = verify(AUTH, a_request(headers, body.encode()), [other], NOON)

    with time_machine.travel(NOON, tick=False):
        try:
            Webhook(other).verify(body, headers)
        except WebhookVerificationError:
            assert refused
        else:
            assert refused is None


def test_the_judge_knows_wrong_from_right():
    with time_machine.travel(NOON, tick=False), pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify("{}", standard(b"{}"))
