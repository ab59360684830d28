"""Templates may take only so much processor time: that of collecting what other tests left behind is not theirs."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def alone_in_the_process() -> Iterator[None]:
    """Keep what is there already out of the garbage collector's sight: in a function that renders there is little."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
