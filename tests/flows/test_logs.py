"""What a flow logs."""

import io
import logging
import sys

from whenflow.flows.logs import MAX_LINE_CHARS, MAX_LINES, collecting, get_run_logger, prints_logged


def test_lines_are_collected_while_it_is_open():
    log = get_run_logger()
    log.warning("before")
    with collecting() as buffer:
        log.info("within %s", 1)
    log.warning("after")

    assert [line.message for line in buffer.lines] == ["within 1"]


def test_long_lines_are_kept_in_part():
    with collecting() as buffer:
        get_run_logger().info("x" * (MAX_LINE_CHARS + 1))

    assert len(buffer.lines[0].message) == MAX_LINE_CHARS


def test_of_too_many_lines_the_first_are_kept_and_the_rest_is_counted():
    with collecting() as buffer:
        for number in range(MAX_LINES + 3):
            get_run_logger().info("line %s", number)

    assert len(buffer.lines) == MAX_LINES
    assert (buffer.lines[-1].message, buffer.dropped) == (f"line {MAX_LINES - 1}", 3)


def test_the_level_of_the_logger_is_as_it_was():
    get_run_logger().setLevel(logging.ERROR)
    with collecting() as buffer:
        get_run_logger().info("heard")

    assert get_run_logger().level == logging.ERROR
    assert len(buffer.lines) == 1
    get_run_logger().setLevel(logging.NOTSET)


def test_prints_are_lines_even_if_the_last_has_no_end():
    with collecting() as buffer, prints_logged(True):
        print("a\n\nb", end="")

    assert [line.message for line in buffer.lines] == ["a", "", "b"]


def test_prints_with_percent_signs_are_taken_as_they_are():
    with collecting() as buffer, prints_logged(True):
        print("100% %s %d")

    assert [line.message for line in buffer.lines] == ["100% %s %d"]


class Sink(io.StringIO):
    """The standard output as Lambda's runtime client makes it: it tells no length."""

    def write(self, text):
        super().write(text)


class ToStdout(logging.Handler):
    """Writes to whatever is the standard output at the time, as Lambda's handler does."""

    def emit(self, record):
        sys.stdout.write(f"[{record.getMessage()}]\n")


def test_what_a_handler_writes_to_the_standard_output_is_no_print_of_the_flow(monkeypatch):
    sink, handler = Sink(), ToStdout()
    monkeypatch.setattr(sys, "stdout", sink)
    monkeypatch.setattr(get_run_logger(), "handlers", [handler])

    with collecting() as buffer, prints_logged(True):
        print("printed")
        get_run_logger().error("logged")

    assert [line.message for line in buffer.lines] == ["printed", "logged"]
    assert sink.getvalue() == "[printed]\n[logged]\n"
