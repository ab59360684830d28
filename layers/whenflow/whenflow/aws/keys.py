"""Keys made by whoever may write the table itself: the first one of a stack, and one for when all are lost."""

from whenflow.api.keyring import KIND, Keyring, key_hash
from whenflow.api.scopes import Scope
from whenflow.ports import Clock, ConfigStore, Ids

__all__ = ["KIND", "create_api_key", "key_hash"]


def create_api_key(config: ConfigStore, name: str, clock: Clock, ids: Ids) -> str:
    """Make a key that may do everything and return it; this is the only time it can be seen."""
    return Keyring(config, clock, ids).create({"name": name, "scopes": [Scope.ADMIN]})[1]
