"""The clock that breaks off a template's rendering."""

import contextlib
import signal
import threading

import pytest

from whenflow.aws.template_clock import TemplateClock
from whenflow.templating import TemplateError, TimeUp, render, watched_by

SOON = 0.02


def for_ever() -> None:
    while True:
        pass


@pytest.fixture
def clock():
    clock = TemplateClock(SOON)
    before = signal.getsignal(signal.SIGPROF)
    yield clock
    assert signal.getsignal(signal.SIGPROF) == before
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def test_work_that_ends_gives_its_result(clock):
    assert clock(lambda: 7) == 7


def test_work_that_does_not_end_is_broken_off(clock):
    with pytest.raises(TimeUp):
        clock(for_ever)


def test_work_that_fails_fails_as_it_does(clock):
    with pytest.raises(ZeroDivisionError):
        clock(lambda: 1 / 0)


def test_no_catch_of_the_works_own_keeps_it_running(clock):
    def stubborn() -> None:
        while True:
            with contextlib.suppress(Exception):
                for_ever()

    with pytest.raises(TimeUp):
        clock(stubborn)


def test_what_drops_the_first_stop_is_stopped_again(clock):
    """As Python does with whatever is raised while it collects garbage."""

    def deaf() -> None:
        try:
            for_ever()
        except TimeUp:
            for_ever()

    with pytest.raises(TimeUp):
        clock(deaf)


def test_another_thread_has_no_clock_and_is_left_alone(clock):
    results = []
    thread = threading.Thread(target=lambda: results.append(clock(lambda: sum(range(1000)))))
    thread.start()
    thread.join()

    assert results == [499500]


def test_a_timer_that_runs_already_is_left_alone():
    signal.setitimer(signal.ITIMER_PROF, 100)
    try:
        assert TemplateClock(SOON)(lambda: 7) == 7
        assert signal.getitimer(signal.ITIMER_PROF)[0] > 90
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def test_a_template_that_takes_too_long_is_refused_with_a_reason():
    before = watched_by(TemplateClock(SOON))
    loops = "{% for i in range(100) %}{% for j in range(100) %}"
    source = loops + "{{ body | length }}{{ body | first }}{% endfor %}{% endfor %}"
    try:
        with pytest.raises(TemplateError, match="takes too long"):
            render(source * 5, {"body": [1, 2, 3]})
        assert render("{{ 1 }}", {}) == "1"
    finally:
        watched_by(before)
