"""The benchmark's events are always the same, and it measures what it says."""

from benchmarks import backtest

from whenflow.templating import watched_by


def test_the_events_are_always_the_same():
    assert list(backtest.lines(200)) == list(backtest.lines(200))


def test_a_small_run_plays_every_event_and_gives_its_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(backtest, "CACHE", tmp_path / "cache")

    found = backtest.play(str(backtest.prepared(2_000)))

    assert found["events"] == 2_000
    assert found["firings"] > 0
    assert found["evaluations"] > 0
    assert found["seconds"] > 0
    assert found["peak_rss_mb"] > 0


def test_no_timer_of_templates_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(backtest, "CACHE", tmp_path / "cache")
    rendered = []

    def watch(work):
        rendered.append(work)
        return work()

    before = watched_by(watch)
    try:
        assert backtest.play(str(backtest.prepared(2_000)))["firings"] > 0
        assert rendered == []
        assert watched_by(before) is watch
    finally:
        watched_by(before)


def test_there_are_twenty_automations_of_every_kind():
    kinds = [document["trigger"]["type"] for document in backtest.automations()]

    assert len(kinds) == 20
    assert set(kinds) == {"event", "compound", "sequence"}
