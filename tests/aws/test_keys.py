"""The key that whoever may write the table makes."""

import pytest

from whenflow.api.keyring import Keyring
from whenflow.aws.keys import create_api_key
from whenflow.testing import MemoryConfigStore


@pytest.fixture
def config() -> MemoryConfigStore:
    """Where keys are kept."""
    return MemoryConfigStore()


@pytest.fixture
def keyring(config, clock, ids):
    """What knows keys."""
    return Keyring(config, clock, ids)


def test_a_key_that_was_made_is_known_and_may_do_everything(config, keyring, clock, ids):
    key = create_api_key(config, "laptop", clock, ids)

    found = keyring.find(key)

    assert found is not None
    assert (found.name, list(found.scopes), found.created) == ("laptop", ["admin"], clock.now())


@pytest.mark.parametrize("guess", ["", "wfk_", "wfk_0000000000000000000000", "\udcff"])
def test_a_key_that_nobody_made_is_not_known(config, keyring, clock, ids, guess):
    create_api_key(config, "laptop", clock, ids)

    assert keyring.find(guess) is None


def test_the_key_itself_is_not_kept(config, clock, ids):
    key = create_api_key(config, "laptop", clock, ids)

    assert key not in str(config.all("api-key"))


def test_keys_are_told_apart_from_other_secrets_by_how_they_begin(config, clock, ids):
    assert create_api_key(config, "laptop", clock, ids).startswith("wfk_")
