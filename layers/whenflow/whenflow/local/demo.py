"""The stories of the README, played on the running stack: what each causes, and what a million would cost."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from whenflow.local import price, samples, stories
from whenflow.local.bill import Counter
from whenflow.local.client import Api
from whenflow.local.errors import LocalError
from whenflow.local.room import Running
from whenflow.local.say import console, note, step
from whenflow.local.stack import aws_client
from whenflow.local.stage import Chain, Stage
from whenflow.local.watch import one_line

KNOWN_AFTER_SECONDS = 1.2  # functions look for new webhooks and automations once a second


@dataclass(frozen=True)
class Story:
    """One story.

    Attributes:
        title: What it is about.
        sets_off: What happens first, in words.
        play: Plays it and yields each chain of causes as it is complete.
        http_requests: How many requests it makes through the HTTP API.
    """

    title: str
    sets_off: str
    play: Callable[[], Iterator[Chain]]
    http_requests: int = 0


def play(running: Running, outputs: dict[str, str]) -> int:
    """Play all stories, print what each caused, and return the exit code: 0, for what goes wrong is an error."""
    with Api(running.api_url, running.api_key) as api:
        stage = Stage(api)
        with step("Setting up webhooks and automations", "Webhooks and automations"):
            told = set_up(stage, api, running, outputs)
            time.sleep(KNOWN_AFTER_SECONDS)
        for story in told:
            _tell(story)
        _say_prices(told, Counter(running, outputs))
    console.print()
    console.print(Text("All stories came out as they should.", style="bold green"))
    return 0


def set_up(stage: Stage, api: Api, running: Running, outputs: dict[str, str]) -> list[Story]:
    """Make what the stories need, and return them ready to be played."""
    api.post("/deployments/", stories.for_clients(outputs["FlowsFunctionArn"]))
    return [_customer_signs_up(stage), _file_arrives(stage, running), _pull_request_is_opened(stage)]


def _customer_signs_up(stage: Stage) -> Story:
    webhook = stage.put("webhooks", stories.SIGNUPS)
    deployment = stage.deployment("new_user_flow", "lambda")
    welcome = stage.put("automations", stories.welcome_customers(deployment["id"]))

    def sign_up() -> Iterator[Chain]:
        userid, known = f"u-{int(time.time() * 10) % 100_000}", _ids(stage)
        stage.call(webhook, stories.kafka_message(userid), {"content-type": "application/json"})
        yield stage.follow(stories.SIGNED_UP, f"customer.{userid}", welcome, known)

    message = stories.kafka_message("u-…").decode()
    return Story("A customer signs up", f"Kafka's HTTP sink connector posts {message}", sign_up, http_requests=1)


def _file_arrives(stage: Stage, running: Running) -> Story:
    machine = stage.deployment("process_new_file", "step-functions")
    process = stage.put("automations", stories.process_files(machine["id"], running.bucket))
    follow_up = stage.deployment("new_user_flow", "clients")
    react = stage.put("automations", stories.welcome_clients(follow_up["id"]))
    s3, uri = aws_client("s3", running.port), f"s3://{running.bucket}/{stories.KEY}"

    def upload() -> Iterator[Chain]:
        known = _ids(stage)
        s3.put_object(Bucket=running.bucket, Key=stories.KEY, Body=stories.CSV)
        yield stage.follow(stories.OBJECT_CREATED, uri, process, known)
        yield stage.follow(stories.FILE_PROCESSED, f"file.{stories.KEY}", react, known)

    return Story("A file arrives", f"aws s3 cp clients.csv {uri}", upload)


def _pull_request_is_opened(stage: Stage) -> Story:
    webhook = stage.put("webhooks", stories.GITHUB)
    deployment = stage.deployment("new_user_flow", "lambda")
    thank = stage.put("automations", stories.thank_contributors(deployment["id"]))
    body = samples.github_pull_request_opened()
    opened = json.loads(body)
    resource = f"github.pull-request.{opened['repository']['full_name']}/{opened['number']}"

    def deliver_twice() -> Iterator[Chain]:
        headers, known = stories.github_headers(), _ids(stage)
        for _ in range(2):
            stage.call(webhook, body, headers)
        chain = stage.follow(stories.PULL_REQUEST_OPENED, resource, thank, known)
        _expect_one(stage, chain, known)
        yield chain

    sets_off = "GitHub posts its example of pull_request.opened, and posts it again: still one event"
    return Story("A pull request is opened", sets_off, deliver_twice, http_requests=2)


def lines_of(chain: Chain, begun: float) -> Iterator[Text]:
    """Yield a line for each link of a chain, with the seconds since the story began."""
    event, firing, run = chain.event, chain.firing, chain.run
    where = f"{run['flow_name']} on {run['work_pool_name']}, {one_line(json.dumps(run['parameters']))}"
    yield _line(
        event["received"], begun, "event", event["event"], event["resource"]["prefect.resource.id"], "bold cyan"
    )
    yield _line(firing["triggered"], begun, "firing", firing["automation_name"], f"by event {event['id']}", "yellow")
    yield _line(run["created"], begun, "run", run["name"], where, "bold")
    for state in chain.states:
        style = "green" if state["type"] == "COMPLETED" else "blue"
        yield _line(state["timestamp"], begun, "state", state["name"], "", style)
    for said in chain.said:
        yield Text.assemble(" " * 13, ("print   ", "dim"), (one_line(said), "dim"))


def _tell(story: Story) -> None:
    console.print()
    console.print(Text(story.title, style="bold"))
    note(f"  {story.sets_off}")
    begun = time.time()
    for chain in story.play():
        for line in lines_of(chain, begun):
            console.print(line)


def _say_prices(told: list[Story], counter: Counter) -> None:
    console.print()
    with step("Playing each once more, to count what it takes", "Counted"):
        bills = [(story, counter.bill(story.play, story.http_requests)) for story in told]
    console.print()
    console.print(Text("What a million of each would cost on AWS", style="bold"))
    for story, (bill, tasks) in bills:
        parts = "  ".join(f"{item.what} {item.quantity:.3g}: ${item.dollars:.2f}" for item in bill)
        console.print(Text.assemble((f"  {story.title:<26}", ""), (f"${price.total(bill):7.2f}", "bold green")))
        note(f"    {parts}")
        if tasks.quantity:
            note(f"    of these, write units that tell of the flow's tasks {tasks.quantity:.3g}: ${tasks.dollars:.2f}")
    for assumption in price.ASSUMPTIONS:
        note(f"  * {assumption}")


def _line(moment: str, begun: float, kind: str, name: str, detail: str, style: str) -> Text:
    after = datetime.fromisoformat(moment).timestamp() - begun
    return Text.assemble((f"  {max(after, 0.0):7.3f} s  ", "dim"), f"{kind:<8}", (name, style), f"  {detail}")


def _ids(stage: Stage) -> set[str]:
    return {event["id"] for event in stage.events()}


def _expect_one(stage: Stage, chain: Chain, known: set[str]) -> None:
    """Check that a delivery that came twice is one event."""
    name, resource = chain.event["event"], chain.event["resource"]
    same: list[Any] = [
        event
        for event in stage.events()
        if event["id"] not in known and event["event"] == name and event["resource"] == resource
    ]
    if len(same) != 1:
        raise LocalError(f"The same delivery was posted twice and became {len(same)} events instead of one.")
