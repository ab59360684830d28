"""Each AWS call on the way from a request to a run that is over fails once, in each way: nothing is lost or doubled.

Functions, adapters and clients are the real ones. Streams and queues deliver again what failed, as AWS would. A flow
whose process dies is for `tests/e2e`: here its code would see the end coming, and say so.
"""

from collections import Counter
from collections.abc import Sequence

import pytest
from tests.functions.ordeal import KINDS, Ordeal, until
from tests.functions.stack import Stack
from tests.stories import ANN, welcoming

from whenflow.aws import wiring
from whenflow.events import Event
from whenflow.runs import FlowRun

OK = 204
TOLD = {
    "user.signed-up": 1,
    "prefect.automation.triggered": 1,
    "prefect.automation.action.triggered": 1,
    "prefect.automation.action.executed": 1,
}


@pytest.mark.parametrize("kind", KINDS)
def test_whichever_call_fails_there_is_one_event_one_firing_and_one_run_that_completes(stack: Stack, kind: str) -> None:
    stack.automation(welcoming(stack.deployment()))
    slug = stack.webhook(delivery_id="{{ body.userid }}")
    ordeal = Ordeal(stack, kind)

    def story(person: str) -> None:
        """Somebody signs up."""
        until(lambda: stack.hook(slug, ANN | {"userid": person, "name": person}).status == OK)
        ordeal.settle(streams=True)

    failed = ordeal.told(story)
    events, runs = wiring.events().newest(10_000).events, wiring.runs().newest(1_000)
    for person, what in failed.items():
        assert_done_once(events, runs, person, (person, what))


def assert_done_once(events: Sequence[Event], runs: Sequence[FlowRun], person: str, what: object) -> None:
    """Look for one event, one firing, one run that completed, and each state of it told."""
    signed_up = [one for one in events if one.payload.get("name") == person]
    made = [one for one in runs if one.parameters.get("name") == person]
    assert (len(signed_up), len(made)) == (1, 1), what
    about = {made[0].resource_id, f"prefect.event.{signed_up[0].id}"}
    told = Counter(
        one.event
        for one in events
        if one is signed_up[0] or about & {labels["prefect.resource.id"] for labels in one.involved()}
    )
    assert {name: told[name] for name in TOLD} == TOLD, (what, told)
    assert not told["prefect.automation.action.failed"], what
    states = [state.name for state in made[0].states]
    assert [name for name in states if name != "Retrying"] == ["Scheduled", "Pending", "Running", "Completed"], what
    assert all(told[f"prefect.flow-run.{name}"] == states.count(name) for name in states), (what, told)
