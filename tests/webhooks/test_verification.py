"""Who is believed: each scheme with its own known examples, at its limits, and under attack."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from pydantic import TypeAdapter
from tests.stories import NOON
from tests.webhooks.signing import (
    GENERIC,
    KEY,
    SECRET,
    WHSEC,
    a_request,
    generic,
    github,
    seconds,
    shopify,
    slack,
    standard,
    stripe,
)

from whenflow.webhooks.auth import Auth, Scheme
from whenflow.webhooks.verify import verify

ED25519 = SigningKey(KEY)
PUBLIC = "whpk_" + base64.b64encode(bytes(ED25519.verify_key)).decode()
BODY = b'{"name": "Zo\xc3\xab"}\n'
SIGNED: dict[str, tuple[Callable[..., dict[str, str]], dict[str, Any], str]] = {
    "github": (github, {"type": "github"}, SECRET),
    "stripe": (stripe, {"type": "stripe"}, SECRET),
    "slack": (slack, {"type": "slack"}, SECRET),
    "shopify": (shopify, {"type": "shopify"}, SECRET),
    "standard-webhooks": (standard, {"type": "standard-webhooks"}, WHSEC),
    "hmac": (generic, GENERIC, SECRET),
}
TIMED = ["stripe", "slack", "standard-webhooks", "hmac"]
EVERY = [
    {"type": "bearer"},
    {"type": "basic", "username": "ann"},
    *(auth for _, auth, _ in SIGNED.values()),
]
READ = ["authorization", "x-hub-signature-256", "stripe-signature", "x-slack-request-timestamp", "x-slack-signature"]
READ += ["x-shopify-hmac-sha256", "webhook-id", "webhook-timestamp", "webhook-signature", "svix-signature"]
READ += ["x-time", "x-shop", "x-proof"]


def scheme(auth: Any) -> Scheme:
    """Return the settings that a document says."""
    made: Scheme = TypeAdapter(Auth).validate_python(auth)
    return made


def is_believed(auth: Any, headers: dict[str, str], *secrets: str, body: bytes = BODY, now: datetime = NOON) -> bool:
    return verify(scheme(auth), a_request(headers, body), secrets or (SECRET,), now) is None


def reason(auth: Any, headers: dict[str, str], *secrets: str, body: bytes = BODY) -> str:
    refused = verify(scheme(auth), a_request(headers, body), secrets or (SECRET,), NOON)
    assert refused
    return refused.reason


def test_githubs_own_example_is_believed():
    headers = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}

    assert is_believed({"type": "github"}, headers, "It's a Secret to Everybody", body=b"Hello, World!")
    assert not is_believed({"type": "github"}, headers, "It's a Secret to Everybody", body=b"Hello, World?")


def test_slacks_own_example_is_believed():
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    sent = datetime.fromtimestamp(1531420618, UTC)

    assert is_believed({"type": "slack"}, headers, "8f742231b10e8888abcd99yyyzzz85a5", body=body, now=sent)


def test_the_example_of_standard_webhooks_is_believed():
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret, sent = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", datetime.fromtimestamp(1614265330, UTC)

    assert is_believed("standard-webhooks", headers, secret, body=b'{"test": 2432232314}', now=sent)


@pytest.mark.parametrize("name", SIGNED)
def test_what_was_signed_is_believed_and_what_was_changed_is_not(name):
    sign, auth, secret = SIGNED[name]

    assert is_believed(auth, sign(BODY), secret)
    assert not is_believed(auth, sign(BODY), secret, body=BODY + b" ")
    assert not is_believed(auth, sign(BODY), secret, body=b"")


@pytest.mark.parametrize("name", SIGNED)
def test_bytes_that_are_no_text_can_be_signed(name):
    sign, auth, secret = SIGNED[name]

    assert is_believed(auth, sign(b"\x00\xff\xfe"), secret, body=b"\x00\xff\xfe")


@pytest.mark.parametrize("name", SIGNED)
def test_either_of_two_secrets_will_do(name):
    sign, auth, secret = SIGNED[name]
    other = "whsec_" + base64.b64encode(b"another key of many bytes").decode()

    assert is_believed(auth, sign(BODY), other, secret)
    assert is_believed(auth, sign(BODY), secret, other)
    assert not is_believed(auth, sign(BODY), other)


@pytest.mark.parametrize("name", SIGNED)
def test_without_a_secret_nobody_is_believed(name):
    _, auth, _ = SIGNED[name]
    sign = SIGNED[name][0]
    headers = sign(BODY, "") if name != "standard-webhooks" else sign(BODY, "whsec_")

    assert verify(scheme(auth), a_request(headers, BODY), [], NOON)
    assert verify(scheme(auth), a_request(headers, BODY), [""], NOON)


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize(("off", "believed"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_the_time_may_be_five_minutes_off_either_way(name, off, believed):
    sign, auth, secret = SIGNED[name]

    assert is_believed(auth, sign(BODY, secret, off=off), secret) is believed


@pytest.mark.parametrize("name", TIMED)
def test_how_far_the_time_may_be_off_is_a_setting(name):
    sign, auth, secret = SIGNED[name]

    assert not is_believed({**auth, "tolerance_seconds": 10}, sign(BODY, secret, off=-11), secret)
    assert is_believed({**auth, "tolerance_seconds": 600}, sign(BODY, secret, off=-599), secret)


def test_the_time_may_be_in_milliseconds():
    auth = {"type": "hmac", "header": "x-proof", "timestamp_header": "x-time"}
    headers = {"x-time": seconds() + "000", "x-proof": generic_signature(BODY)}

    assert is_believed(auth, headers)
    assert not is_believed(auth, headers | {"x-time": seconds(off=-301) + "000"})


def generic_signature(body: bytes) -> str:
    return github(body)["x-hub-signature-256"].removeprefix("sha256=")


@pytest.mark.parametrize("time", ["", "soon", "１２３", "1e9", "-1", "9" * 5000, "0x10", "NaN", " ", "1795176000.5"])
def test_a_time_that_is_none_is_refused(time):
    headers = standard(BODY) | {"webhook-timestamp": time}

    assert not is_believed("standard-webhooks", headers, WHSEC)


def test_a_list_of_signatures_needs_one_that_fits():
    good = standard(BODY)["webhook-signature"]
    wrong = "v1," + base64.b64encode(b"x" * 32).decode()

    for listed in (f"{wrong} {good}", f"{good} {wrong}", f"v1,%%% v2,abc {good}"):
        assert is_believed("standard-webhooks", standard(BODY) | {"webhook-signature": listed}, WHSEC)


def test_a_list_without_end_is_not_read_to_its_end():
    wrong = "v1," + base64.b64encode(b"x" * 32).decode() + " "
    headers = standard(BODY)

    assert not is_believed(
        "standard-webhooks", headers | {"webhook-signature": wrong * 100 + headers["webhook-signature"]}, WHSEC
    )


def test_a_signature_of_another_version_is_none():
    headers = standard(BODY)

    assert not is_believed(
        "standard-webhooks", headers | {"webhook-signature": headers["webhook-signature"].replace("v1", "v1a")}, WHSEC
    )


def test_the_older_names_of_the_standard_are_understood():
    headers = {name.replace("webhook-", "svix-"): value for name, value in standard(BODY).items()}

    assert is_believed("standard-webhooks", headers, WHSEC)


def asymmetric(body: bytes, key: SigningKey = ED25519) -> dict[str, str]:
    content = f"msg_1.{seconds()}.".encode() + body
    signature = base64.b64encode(key.sign(content).signature).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": seconds(), "webhook-signature": f"v1a,{signature}"}


def test_a_public_key_believes_what_its_private_key_signed():
    assert is_believed("standard-webhooks", asymmetric(BODY), PUBLIC)
    assert not is_believed("standard-webhooks", asymmetric(BODY), PUBLIC, body=b"other")
    assert not is_believed("standard-webhooks", asymmetric(BODY, SigningKey(b"x" * 32)), PUBLIC)


def test_a_public_key_is_no_secret_to_sign_with():
    forged = standard(BODY, "whsec_" + PUBLIC.removeprefix("whpk_"))

    assert not is_believed("standard-webhooks", forged, PUBLIC)


def test_a_signature_of_the_wrong_length_is_refused():
    headers = asymmetric(BODY) | {"webhook-signature": "v1a,AAAA"}

    assert not is_believed("standard-webhooks", headers, PUBLIC)


def test_a_bearer_is_believed_by_the_whole_secret_only():
    assert is_believed("bearer", {"authorization": f"Bearer {SECRET}"})
    assert is_believed("bearer", {"authorization": f"bearer  {SECRET} "})
    for given_ in (f"Basic {SECRET}", SECRET, f"Bearer {SECRET[:-1]}", f"Bearer {SECRET}x", "Bearer", "Bearer ", ""):
        assert not is_believed("bearer", {"authorization": given_})
    assert not is_believed("bearer", {})


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_basic_needs_name_and_password():
    auth = {"type": "basic", "username": "ann"}

    assert is_believed(auth, basic(f"ann:{SECRET}"))
    for text in (f"bob:{SECRET}", "ann:", f"ann{SECRET}", f":{SECRET}", ""):
        assert not is_believed(auth, basic(text))
    assert not is_believed(auth, {"authorization": "Basic ä%%"})
    assert not is_believed(auth, {"authorization": basic(f"ann:{SECRET}")["authorization"].replace("Basic", "Bearer")})


@pytest.mark.parametrize(("auth", "challenge"), [("bearer", "Bearer"), ({"type": "basic", "username": "a"}, "Basic")])
def test_who_lacks_credentials_is_told_which(auth, challenge):
    refused = verify(scheme(auth), a_request({}), [SECRET], NOON)

    assert refused
    assert refused.headers["www-authenticate"].startswith(f'{challenge} realm="whenflow"')


def test_a_webhook_without_auth_believes_everybody():
    assert verify(scheme("none"), a_request({}), [], NOON) is None


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64", "base64url"])
def test_a_generic_signature_of_any_making_is_checked(algorithm, encoding):
    import hmac

    digest = hmac.new(SECRET.encode(), BODY, algorithm).digest()
    written = {
        "hex": digest.hex(),
        "base64": base64.b64encode(digest).decode(),
        "base64url": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    }
    auth = {"type": "hmac", "header": "x-proof", "algorithm": algorithm, "encoding": encoding}

    assert is_believed(auth, {"x-proof": written[encoding]})
    assert is_believed(auth, {"x-proof": f"00ff, {written[encoding]}"})
    assert not is_believed(auth, {"x-proof": written[encoding]}, body=b"other")


@pytest.mark.parametrize("missing", ["x-proof", "x-time", "x-shop"])
def test_a_header_that_is_missing_is_named(missing):
    headers = {name: value for name, value in generic(BODY).items() if name != missing}

    assert reason(GENERIC, headers) == f"The header {missing} is missing."


@pytest.mark.parametrize("name", SIGNED)
def test_the_reason_does_not_tell_what_would_be_right(name):
    sign, auth, secret = SIGNED[name]
    right = sign(BODY)
    told = reason(auth, sign(b"other"), secret)

    assert told == "The signature does not match."
    assert not any(value in told for value in (secret, *right.values()))


hostile = st.text(max_size=60) | st.sampled_from(
    [
        "v1,",
        "v1a,AAAA",
        "t=,v1=",
        "t=1,t=2",
        "sha256=",
        "sha256=zz",
        "v0=",
        "Basic",
        "Basic =",
        "Bearer",
        "\ud800",
        "\0",
    ]
)


@given(auth=st.sampled_from(EVERY), headers=st.dictionaries(st.sampled_from(READ), hostile), body=st.binary(max_size=9))
@example(auth=EVERY[0], headers={"authorization": "Bearer \udc80"}, body=b"")
def test_no_header_breaks_the_check_and_none_is_believed(auth, headers, body):
    for secret in (SECRET, WHSEC, PUBLIC, "no base64!"):
        assert verify(scheme(auth), a_request(headers, body), [secret], NOON)
