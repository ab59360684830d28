"""Several files of events read as one."""

import gzip
import json

import pytest
from tests.stories import NOON, order_placed

from whenflow.cli.errors import CliError
from whenflow.cli.event_files import EventFile


def lines(*numbers, end="\n"):
    return ("\n".join(json.dumps(order_placed(number).as_document()) for number in numbers) + end).encode()


def read(name):
    with EventFile(str(name), strict=True) as file:
        return [event.payload["number"] for event in file]


def test_compressed_files_that_fit_a_pattern_are_one(tmp_path):
    for hour, numbers in (("10", (1, 2)), ("09", (0,)), ("11", (3,))):
        (tmp_path / f"hour={hour}").mkdir()
        (tmp_path / f"hour={hour}" / "events-0.jsonl.gz").write_bytes(gzip.compress(lines(*numbers)))

    assert read(tmp_path / "**" / "*.jsonl.gz") == [0, 1, 2, 3]


def test_plain_files_are_one_even_without_a_last_line_end(tmp_path):
    for name, number in (("a.jsonl", 0), ("b.jsonl", 1), ("c.jsonl", 2)):
        (tmp_path / name).write_bytes(lines(number, end=""))

    assert read(tmp_path / "*.jsonl") == [0, 1, 2]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    (tmp_path / "a[1].jsonl").write_bytes(lines(7))
    (tmp_path / "a1.jsonl").write_bytes(lines(8))

    assert read(tmp_path / "a[1].jsonl") == [7]


def test_the_size_is_that_of_all_files(tmp_path):
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(lines(7))

    with EventFile(str(tmp_path / "*.jsonl")) as file:
        assert file.size == 2 * len(lines(7))


def test_a_pattern_that_no_file_fits_is_told(tmp_path):
    with pytest.raises(CliError, match="No file fits"):
        EventFile(str(tmp_path / "*.jsonl"))


def test_times_are_kept(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(7))

    with EventFile(str(tmp_path / "a.jsonl")) as file:
        assert [event.occurred for event in file] == [NOON]
