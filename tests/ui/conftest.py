"""A world and a signed-in browser for each test."""

import pytest
from tests.ui.world import Browser, World


@pytest.fixture
def world() -> World:
    """An empty Whenflow."""
    return World()


@pytest.fixture
def browser(world: World) -> Browser:
    """A browser with a good key."""
    return Browser(world)
