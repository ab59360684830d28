"""Write those samples in events/ that carry a stored document: stream records, with `body` packed as in the tables.

    .venv/bin/python scripts/sample_events.py

The other samples are plain JSON and written by hand. The ids here are the ones that the others refer to.
"""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whenflow.automations import Firing
from whenflow.documents import pack
from whenflow.events import Event
from whenflow.events.ids import addressed_id, shard_of

EVENTS = Path(__file__).parent.parent / "events"
NOW = datetime(2026, 11, 20, 21, 0, 0, 123456, tzinfo=UTC)
SHARDS = 4
WEBHOOK = "0e6f2c41-9d0e-5b7f-8a52-5f3f6f1d8c11"
AUTOMATION = "6d1f3f0a-52f5-5c0e-9f6c-2b8f7a4e9d22"
TRIGGER = "b7a9c1d2-3e4f-5a6b-8c7d-9e0f1a2b3c33"
FIRING = "c2d4e6f8-1a3b-5c5d-8e7f-0a1b2c3d4e44"
DEPLOYMENT = "d3e5f7a9-2b4c-5d6e-9f80-1b2c3d4e5f55"


def signup() -> Event:
    """Return the event that the webhook of events/webhook_signup.json stores."""
    resource = {"prefect.resource.id": "user.u-4711", "prefect.resource.name": "Ada Lovelace"}
    return Event(
        id=addressed_id(NOW, shard_of(resource["prefect.resource.id"], SHARDS), 4711),
        occurred=NOW,
        event="user.signed-up",
        resource=resource,
        related=(
            {
                "prefect.resource.id": f"prefect-cloud.webhook.{WEBHOOK}",
                "prefect.resource.role": "webhook",
                "prefect.resource.name": "signups",
            },
        ),
        payload={"userid": "u-4711", "name": "Ada Lovelace"},
        received=NOW,
    )


def welcome(event: Event) -> Firing:
    """Return the firing of an automation that welcomes a new user."""
    action = {
        "type": "run-deployment",
        "source": "selected",
        "deployment_id": DEPLOYMENT,
        "parameters": {"name": "{{ event.payload.userid }}"},
        "job_variables": {},
    }
    return Firing(
        id=FIRING,
        automation_id=AUTOMATION,
        automation_name="welcome new users",
        trigger_id=TRIGGER,
        triggered=NOW,
        time=event.occurred,
        event=event,
        actions=[action],
        on_event=1,
        labels={},
        posture="Reactive",
    )


def record(table: str, keys: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    """Return a stream's batch of one new item, as Lambda hands it over."""
    named = {name: {"S": value} for name, value in keys.items()}
    stored = {"B": base64.b64encode(pack(body)).decode()}
    image = {**named, "body": stored, "expires": {"N": str(int(NOW.timestamp()) + 30 * 86400)}}
    stream = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{table}/stream/2026-11-20T20:15:30.000"
    return {
        "Records": [
            {
                "eventID": "5f1b3f6c8a8f4e0d9a6d1c2b3a495867",
                "eventName": "INSERT",
                "eventVersion": "1.1",
                "eventSource": "aws:dynamodb",
                "awsRegion": "eu-west-1",
                "dynamodb": {
                    "ApproximateCreationDateTime": int(NOW.timestamp()),
                    "Keys": named,
                    "NewImage": image,
                    "SequenceNumber": "4421584500000000017450439091",
                    "SizeBytes": len(json.dumps(image)),
                    "StreamViewType": "NEW_IMAGE",
                },
                "eventSourceARN": stream,
            }
        ]
    }


def main() -> None:
    """Write the files."""
    event = signup()
    written = event.as_document()["occurred"]
    bucket = f"{written[:13]}#{shard_of(event.resource_id, SHARDS)}"
    keys = {"bucket": bucket, "key": f"{written}#{event.id}"}
    write("matcher_event_inserted.json", record("whenflow-EventsTable-1A2B3C4D5E6F", keys, event.as_document()))
    firing = welcome(event)
    write(
        "action_firing_inserted.json",
        record("whenflow-FiringsTable-1A2B3C4D5E6F", {"id": firing.id}, firing.as_stored()),
    )


def write(name: str, sample: dict[str, Any]) -> None:
    """Write one sample."""
    (EVENTS / name).write_text(json.dumps(sample, indent=2) + "\n")


if __name__ == "__main__":
    main()
