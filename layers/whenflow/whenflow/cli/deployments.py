"""`whenflow deployment`: flows that can be started."""

from typing import Any

from whenflow.cli.client import connect
from whenflow.cli.options import DEFAULTS, Options, group
from whenflow.cli.render import ago, print_json, say
from whenflow.cli.tables import Column, print_table

app = group("deployment", "Flows that can be started.")

MAX_SHOWN = 1000


@app.command
def ls(*, options: Options = DEFAULTS) -> None:
    """List the deployments."""
    with connect(options) as api:
        deployments = api.newest("deployments", MAX_SHOWN)
    if options.json:
        print_json(deployments)
    elif not deployments:
        say("No deployments yet. A deployment says where the code of a flow runs; `make demo` makes the first two.")
    else:
        columns = (Column("NAME"), Column("RUNS ON"), Column("CREATED"), Column("ID", wide=True))
        print_table(columns, (_row(deployment) for deployment in deployments))


def full_name(deployment: dict[str, Any]) -> str:
    """Return `flow/deployment`, as far as it is known.

    Args:
        deployment: As the API shows it.
    """
    name = str(deployment.get("name", "-"))
    return f"{deployment['flow_name']}/{name}" if deployment.get("flow_name") else name


def _row(deployment: dict[str, Any]) -> tuple[str, ...]:
    target = str(deployment.get("work_pool_name") or "-")
    return full_name(deployment), target, ago(deployment.get("created")), str(deployment.get("id", "-"))
