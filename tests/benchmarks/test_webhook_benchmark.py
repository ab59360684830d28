"""The benchmark of webhooks runs, and measures what it says it does."""

import pytest
from benchmarks.webhook.__main__ import main
from benchmarks.webhook.steps import measure
from benchmarks.webhook.world import KINDS, World


def test_it_runs_through_and_ends_with_one_line_of_figures(capsys):
    main(["--requests", "5", "--rounds", "1", "--stack-requests", "0"])

    *table, last = capsys.readouterr().out.splitlines()
    figures = dict(pair.split("=") for pair in last.split())
    assert list(figures) == [f"{figure}_{kind}" for kind in KINDS for figure in ("requests_per_second", "render_us")]
    assert all(int(value) > 0 for value in figures.values())
    assert sum(line.split()[0] == "verify" for line in table) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_delivery_is_verified_and_stored_as_an_event_of_its_own(kind):
    world = World(kind)
    measure(world, 3)

    first, second = world.request(), world.request()
    assert world.webhook.auth.has_secret
    assert first.headers != second.headers
    assert world.receiver.receive(world.slug, first).status == 204
    forged = world.request()
    assert world.receiver.receive(world.slug, type(forged)(forged.method, forged.headers, {}, b"{}")).status == 401


def test_where_no_stack_runs_its_figure_is_left_out_and_that_is_said(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("WHENFLOW_API_URL", "WHENFLOW_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    main(["--requests", "1", "--rounds", "1", "--stack-requests", "10"])

    out = capsys.readouterr().out
    assert "The local stack does not run here" in out
    assert "stack_requests" not in out
