"""`whenflow dlq`: dead letters, and doing again what could not be done."""

from datetime import UTC, datetime
from typing import Any

from whenflow.cli.client import connect
from whenflow.cli.errors import FAILED, UsageError
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, complain, print_json, say
from whenflow.cli.tables import Column, print_table

app = group("dlq", "Dead letters: what could not be done, and doing it again.")

MOST = 10_000
AT_ONCE = 50
MAX_SHOWN = 200


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the queues of dead letters, and how much still waits to be tried in the queues that they belong to."""
    with connect(options) as api:
        queues = api.get("/dead-letters")
    if options.json:
        print_json(queues)
        return
    columns = (Column("QUEUE"), Column("MESSAGES"), Column("WAITING"), Column("WHAT", elastic=True))
    print_table(columns, (_queue(one) for one in queues))


@app.command
def show(queue: str, /, *, limit: int = 10, options: Options = DEFAULTS) -> None:
    """Show messages of a queue; they stay in it.

    Args:
        queue: Its name, as `whenflow dlq ls` shows it.
        limit: How many at most.
        options: Common to all commands.
    """
    if not 1 <= limit <= MAX_SHOWN:
        raise UsageError(f"--limit must be 1 to {MAX_SHOWN}.")
    with connect(options) as api:
        messages = api.get(f"/dead-letters/{queue}", {"limit": limit})
    if options.json:
        print_json(messages)
    elif not messages:
        say(f"There are no dead letters in {queue}.")
    else:
        for message in messages:
            say(*_told(message))
        say("", f"Do it again: whenflow dlq redrive {queue}")


@app.command
def redrive(queue: str, /, *, limit: int = MOST, options: Options = DEFAULTS) -> int:
    """Put messages back to where they belong, so that what they stand for is done again.

    Args:
        queue: Its name, as `whenflow dlq ls` shows it.
        limit: How many at most.
        options: Common to all commands.
    """
    if limit < 1:
        raise UsageError("--limit must be at least 1.")
    done, failed = 0, []
    with connect(options) as api:
        while done < limit:
            outcome = api.post(f"/dead-letters/{queue}/redrive", {"limit": min(AT_ONCE, limit - done)})
            done += int(outcome["redriven"])
            failed += outcome["failed"]
            if outcome["failed"] or not outcome["redriven"]:
                break
    if options.json:
        print_json({"redriven": done, "failed": failed})
    else:
        say(f"Put back {done} message{'' if done == 1 else 's'}.")
        complain(*(f"{one['id']} stays: {one['reason']}" for one in failed))
    return FAILED if failed else 0


def _queue(queue: dict[str, Any]) -> tuple[str, ...]:
    waiting = queue.get("waiting")
    return str(queue["name"]), str(queue["messages"]), "-" if waiting is None else str(waiting), str(queue["what"])


def _told(message: dict[str, Any]) -> tuple[str, str]:
    """Return a message in two lines: a reason is as long as it is, and no table cuts it."""
    sent = datetime.fromtimestamp(float(message["sent"]), UTC).isoformat()
    return f"{message['id']}  {ago(sent)}", f"  {message['summary']}"
