"""What every run store does with what runs log."""

from dataclasses import replace

from tests.contract.runs import a_line
from tests.stories import NOBODY


def test_a_run_that_logged_nothing_has_no_lines(runs):
    assert list(runs.logs(NOBODY)) == []


def test_log_lines_come_back_oldest_first(runs, clock):
    first, second, third = (a_line(text, second) for second, text in enumerate(("hello", "Zoë 😀\nagain", "bye")))
    runs.add_logs(NOBODY, [first, second])
    clock.advance(1)
    runs.add_logs(NOBODY, [third])

    assert list(runs.logs(NOBODY)) == [first, second, third]


def test_a_line_says_which_task_logged_it(runs):
    lines = [a_line("of the flow"), replace(a_line("of a task", 1), task_run_id=NOBODY)]
    runs.add_logs(NOBODY, lines)

    assert list(runs.logs(NOBODY)) == lines


def test_lines_added_twice_in_one_moment_are_all_kept(runs):
    runs.add_logs(NOBODY, [a_line("from one task")])
    runs.add_logs(NOBODY, [a_line("from another")])

    assert [line.message for line in runs.logs(NOBODY)] == ["from one task", "from another"]


def test_thousands_of_lines_are_kept_in_order(runs):
    lines = [a_line(f"line {number}", number / 1000) for number in range(2_500)]

    runs.add_logs(NOBODY, lines)

    assert list(runs.logs(NOBODY)) == lines


def test_long_lines_that_do_not_compress_are_kept(runs):
    import random

    chance = random.Random(7)
    lines = [a_line(chance.randbytes(5_000).hex(), number) for number in range(100)]

    runs.add_logs(NOBODY, lines)

    assert list(runs.logs(NOBODY)) == lines


def test_the_lines_of_two_runs_are_apart(runs, ids):
    one, other = ids.new(), ids.new()
    runs.add_logs(one, [a_line("mine")])
    runs.add_logs(other, [a_line("yours")])

    assert [line.message for line in runs.logs(one)] == ["mine"]


def test_no_lines_are_no_lines(runs):
    runs.add_logs(NOBODY, [])

    assert list(runs.logs(NOBODY)) == []
