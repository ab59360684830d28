"""Keys made by whoever may write the table itself."""

import pytest

from whenflow.api.keyring import Keyring
from whenflow.aws.keys import create_api_key
from whenflow.testing import MemoryConfigStore


@pytest.fixture
def config() -> MemoryConfigStore:
    """Where keys are kept."""
    return MemoryConfigStore()


def test_a_key_that_was_made_is_known_and_may_do_everything(config, clock, ids):
    key = create_api_key(config, "laptop", clock, ids)

    found = Keyring(config, clock, ids).find(key)

    assert found is not None
    assert (found.name, list(found.scopes)) == ("laptop", ["admin"])


@pytest.mark.parametrize("guess", ["", "wfk_", "wfk_wrong", "☃", "\ud83d"])
def test_a_key_that_nobody_made_is_not_known(config, clock, ids, guess):
    create_api_key(config, "laptop", clock, ids)

    assert Keyring(config, clock, ids).find(guess) is None


def test_the_key_itself_is_not_kept(config, clock, ids):
    key = create_api_key(config, "laptop", clock, ids)

    assert key not in repr(vars(config))


def test_a_key_can_be_told_by_its_beginning(config, clock, ids):
    assert create_api_key(config, "laptop", clock, ids).startswith("wfk_")
