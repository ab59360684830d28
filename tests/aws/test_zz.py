"""stress"""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.aws.test_hour_layers import *


@pytest.mark.parametrize("seed", range(12))
def test_zz(stores, clock, seed):
    rnd = random.Random(seed)
    keepers = [keeper_of(stores, clock), keeper_of(stores, clock)]
    told = []
    for i in range(90):
        clock.advance(rnd.choice([0, 1, 5, 20, 60, 90]))
        ago = rnd.choice([0] * 8 + [3, 29, 31, 200, 4000, -20, -3])
        n = rnd.randint(1, 3)
        order = order_placed(
            n, id=None if rnd.random() < 0.7 else None, occurred=clock.now() - timedelta(seconds=ago, microseconds=i)
        )
        rec = clock.now()
        clock.advance(rnd.choice([0] * 10 + [5, 29, 45]))
        if stores.events.put(replace(order, received=rec)):
            told.append(order)
        if rnd.random() < 0.3:
            stores.events.put(replace(rnd.choice(told), received=clock.now()))
        if rnd.random() < 0.7:
            rnd.choice(keepers).look()
        if rnd.random() < 0.1:
            keepers[0] = keeper_of(stores, clock)
        if rnd.random() < 0.05:
            HourKeeper(stores.events.reader, stores.events.digests, None, clock).close_hours(60)
    clock.advance(30)
    L = [stores.events.layers.usable(h) for h in ("2026-11-20T12", "2026-11-20T13")]
    until = clock.now() + HOUR
    print(seed, [(sum(l.events for l in x.layers), [l.tier for l in x.layers]) if x else None for x in L])
    assert total(stores, until) == {"order.placed": len(told)}
    for n in range(1, 4):
        mine = sorted(one.id for one in told if one.resource_id == f"order.{n}")
        found = stores.events.scan(Span(NOON - 9 * HOUR, until, resources=(f"order.{n}",)))
        assert sorted(one.id for one in found if isinstance(one, Event) and one.resource_id == f"order.{n}") == mine
