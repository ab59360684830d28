"""Page tokens (SPEC 8.8: F8): what was not made here, was changed, or is too old is refused."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stories import NOON

from whenflow.errors import Forbidden, Rejected
from whenflow.events.tokens import KEPT, make_token, read_token

KEY = b"a key of this stack"
DOCUMENT = {"filter": {"event": {"name": ["order.placed"]}}, "after": ["2026-11-20T12:00:00.000000Z", "id"]}


@given(document=st.dictionaries(st.text(max_size=5).filter(lambda key: key != "expires"), st.text() | st.integers()))
def test_a_token_gives_back_what_it_was_made_of(document):
    assert read_token(KEY, make_token(KEY, document, NOON), NOON) == document


def test_f8_a_token_of_another_key_is_refused():
    with pytest.raises(Forbidden):
        read_token(KEY, make_token(b"another key", DOCUMENT, NOON), NOON)


def test_f8_a_token_that_was_changed_anywhere_is_refused():
    token = make_token(KEY, DOCUMENT, NOON)
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))

    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(Forbidden):
            read_token(KEY, base64.urlsafe_b64encode(changed).decode(), NOON)


@pytest.mark.parametrize("token", ["", "nonsense", "☃", "bm9uc2Vuc2U=", "a" * 100, "?", "AAAA AAAA"])
def test_f8_what_is_no_token_is_refused(token):
    with pytest.raises(Forbidden):
        read_token(KEY, token, NOON)


def test_f8_a_token_expires():
    token = make_token(KEY, DOCUMENT, NOON)

    assert read_token(KEY, token, NOON + KEPT - timedelta(seconds=1)) == DOCUMENT
    with pytest.raises(Forbidden):
        read_token(KEY, token, NOON + KEPT)


def test_a_token_can_be_part_of_an_address():
    token = make_token(KEY, DOCUMENT, NOON)

    assert token.isascii()
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_what_is_too_long_for_an_address_is_refused_with_advice():
    import random

    long = {"id": [random.Random(n).randbytes(16).hex() for n in range(1_000)]}

    with pytest.raises(Rejected, match="ask for less"):
        make_token(KEY, long, NOON)
