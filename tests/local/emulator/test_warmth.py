"""Processes that are started ahead of the first call."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.local.emulator.cloud import Cloud, eventually, lines

from whenflow.local import process

SAYS_WHEN_IT_STARTS = """
    import os

    with open(os.environ["DIARY"], "a") as diary:
        diary.write("started\\n")

    def handler(event, context):
        with open(os.environ["DIARY"], "a") as diary:
            diary.write("called\\n")
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """An embedded AWS with no functions but those of one test: all are started."""
    emulator = process.start(tmp_path / "home", process.listen(0))
    yield Cloud(emulator)
    emulator.stop()


def test_a_warmed_function_has_started_before_it_is_called(cloud: Cloud, diary: Path) -> None:
    function = cloud.function(SAYS_WHEN_IT_STARTS, Environment={"Variables": {"DIARY": str(diary)}})

    process.warm(cloud.port)

    assert eventually(lambda: lines(diary)) == ["started"]
    cloud.invoke(function, {})
    assert lines(diary)[-1] == "called"


def test_a_function_that_cannot_start_says_so_when_it_is_called(cloud: Cloud, diary: Path) -> None:
    broken = cloud.function("import nothing_of_this_name")
    whole = cloud.function(SAYS_WHEN_IT_STARTS, Environment={"Variables": {"DIARY": str(diary)}})

    process.warm(cloud.port)

    assert eventually(lambda: lines(diary)) == ["started"]
    answer, error = cloud.invoke(broken, {})
    assert error and "nothing_of_this_name" in json.dumps(answer)
    assert cloud.invoke(whole, {}) == (None, None)


def test_what_nobody_offers_is_not_found(cloud: Cloud) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404") as refused:
        urllib.request.urlopen(process.endpoint(cloud.port) + "/_whenflow/unknown", timeout=5)
    refused.value.close()
