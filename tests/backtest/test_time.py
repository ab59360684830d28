"""Time passes between events as it did: windows close at their end, in order, and nothing is closed too early."""

from datetime import timedelta

from tests.backtest.worlds import at, automation, event, leaf

from whenflow.automations.backtest import Backtest

SILENCE = {"posture": "Proactive", "after": ["a.happened"], "expect": ["b.happened"], "within": 10}


def played(automations, events, **options):
    player = Backtest(automations, **options)
    return list(player.play(events)), player


def times(found):
    return [one.firing.time for one in found]


def test_an_absence_fires_at_the_end_of_its_window_and_not_when_the_next_event_comes():
    found, _ = played([automation(**SILENCE)], [event("a.happened", 0), event("c.happened", 500)])

    assert times(found) == [at(10)]
    assert found[0].firing.triggered == at(10)
    assert found[0].firing.event == event("a.happened", 0)


def test_an_answer_at_the_very_end_of_the_window_is_too_late():
    found, _ = played([automation(**SILENCE)], [event("a.happened", 0), event("b.happened", 10)])

    assert times(found) == [at(10)]


def test_an_answer_just_before_the_end_prevents_it():
    found, _ = played([automation(**SILENCE)], [event("a.happened", 0), event("b.happened", 9.999)], until=at(99))

    assert found == []


def test_windows_of_several_automations_close_in_order_of_their_ends():
    long, short = automation("long", **SILENCE | {"within": 30}), automation("short", **SILENCE)

    found, _ = played([long, short], [event("a.happened", 0), event("a.happened", 31)], until=at(100))

    assert [(one.firing.automation_name, one.firing.time) for one in found] == [
        *(("short", at(10)), ("long", at(30))),
        *(("short", at(41)), ("long", at(61))),
    ]


def test_a_window_that_closes_between_two_events_counts_in_a_sequence_between_them():
    silence = {"type": "event", "posture": "Proactive", "expect": ["b.happened"], "within": 10}
    sequence = {"type": "sequence", "within": None, "triggers": [leaf("a.happened"), silence, leaf("c.happened")]}

    found, _ = played([automation(**sequence)], [event("a.happened", 0), event("c.happened", 15)])

    assert times(found) == [at(15)]
    assert [child["time"][-10:] for child in found[0].firing.children] == ["00.000000Z", "10.000000Z", "15.000000Z"]


def test_time_stops_with_the_last_event_unless_told_to_go_on():
    events = [event("a.happened", 0)]

    assert played([automation(**SILENCE)], events)[0] == []
    assert times(played([automation(**SILENCE)], events, until=at(10))[0]) == [at(10)]


def test_what_was_received_after_the_end_is_left_out_and_counted():
    found, player = played([automation()], [event("a.happened", 0), event("a.happened", 5)], until=at(4))

    assert times(found) == [at(0)]
    assert player.tally.left_out == 1


def test_a_standing_window_begins_with_the_first_event_or_when_told():
    watching = automation(posture="Proactive", within=10)
    events = [event("c.happened", 0), event("a.happened", 12)]

    assert times(played([watching], events, until=at(30))[0]) == [at(10), at(30)]
    assert times(played([watching], events, start=at(-5), until=at(16))[0]) == [at(5)]


def test_every_window_of_a_long_silence_is_told_of():
    found, _ = played([automation(posture="Proactive", within=60)], [event("c.happened", 0), event("c.happened", 600)])

    assert times(found) == [at(60 * n) for n in range(1, 11)]


def test_a_heartbeat_keeps_one_look_at_its_window_waiting_and_not_one_for_each_beat():
    beating = automation(**SILENCE | {"after": ["a.happened"], "expect": ["a.happened"], "within": 3600})
    player = Backtest([beating])

    for second in range(1000):
        player.take(event("a.happened", second))

    assert len(player._due) == 1
    player.pass_time(at(999 + 3600))
    assert [one.fired.time for one in player._found] == [at(999 + 3600)]


def test_what_is_found_carries_the_wall_clock_of_the_reception():
    found, _ = played([automation()], [event("a.happened", 0, received=7)])

    assert (found[0].firing.time, found[0].firing.triggered) == (at(0), at(7))


def test_while_events_come_in_late_absence_waits_as_long_for_the_answer():
    events = [event("a.happened", 0, received=5), event("b.happened", 9, received=14)]

    assert played([automation(**SILENCE)], events, until=at(100))[0] == []


def test_the_clock_never_goes_back():
    found, player = played([automation()], [event("a.happened", 50), event("a.happened", 10), event("a.happened", 60)])

    assert [one.firing.triggered for one in found] == [at(50), at(50), at(60)]
    assert player.tally.backwards == 1


def test_an_event_that_follows_one_to_come_waits_for_it():
    leader = event("b.happened", 1, received=2)
    follower = event("a.happened", 0, received=1, follows=leader.id)

    found, player = played([automation(expect=["*.happened"])], [follower, leader])

    assert [one.firing.event.id for one in found] == [leader.id, follower.id]
    assert [one.firing.triggered for one in found] == [at(2), at(2)]
    assert (player.tally.waited, player.tally.lost) == (1, 0)


def test_an_event_that_follows_one_that_never_comes_is_let_go_after_fifteen_minutes():
    orphan = event("a.happened", 0, follows="00000000-0000-7000-8000-000000000001")

    found, player = played([automation()], [orphan], until=at(3600))

    assert [one.firing.triggered for one in found] == [at(900)]
    assert (player.tally.waited, player.tally.lost) == (1, 1)


def test_orphans_that_wait_together_are_let_go_within_a_minute_of_their_time():
    orphans = [event("a.happened", n, f"r.{n}", follows="00000000-0000-7000-8000-000000000001") for n in range(30)]

    found, player = played([automation()], orphans, until=at(3600))

    delays = [one.firing.triggered - one.firing.event.received for one in found]
    assert len(delays) == 30
    assert min(delays) == timedelta(minutes=15)
    assert max(delays) <= timedelta(minutes=16)
    assert player.order.waiting == {}


def test_a_selection_of_events_is_played_without_waiting():
    orphan = event("a.happened", 0, follows="00000000-0000-7000-8000-000000000001")

    found, _ = played([automation()], [orphan], may_wait=False)

    assert [one.firing.triggered for one in found] == [at(0)]


def test_an_event_that_comes_twice_counts_once_and_log_events_never():
    same = event("a.happened", 0)

    found, player = played([automation(expect=[])], [same, same, event("prefect.log.write", 1)])

    assert len(found) == 1
    assert (player.tally.duplicates, player.tally.ignored, player.tally.events) == (1, 1, 3)


def test_no_events_at_all_are_no_firings():
    found, player = played([automation(posture="Proactive", within=10)], [], start=at(0), until=at(25))

    assert times(found) == [at(10), at(20)]
    assert player.tally.events == 0
    assert played([automation()], [])[0] == []
