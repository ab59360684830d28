"""`whenflow init`: a file to begin with, and its schema."""

import json
import re
from pathlib import Path

from whenflow.cli.errors import CliError, UsageError
from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import print_json, say

FILE, SCHEMA = "whenflow.yaml", "whenflow.schema.json"
FLOW_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
AN_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:flows"
TEXT = """\
# yaml-language-server: $schema={schema}
# whenflow deploy                            makes the deployments, with their schedules and triggers
# whenflow automation test whenflow.yaml     runs the tests of the automations
# whenflow automation apply whenflow.yaml    makes the automations and the variables
project: {project}

deployments:
  - name: main
    flow_name: {flow}
    work_pool:
      name: lambda
      job_variables:
        function_arn: {arn}  # of a function made with serve_lambda
    parameters: {{name: nobody}}
    # schedules:
    #   - {{slug: mornings, cron: "0 6 * * 1-5", timezone: Europe/Berlin}}
    triggers:
      - name: {flow} on a sign-up
        expect: [user.signed-up]
        parameters: {{name: "{{{{ event.payload.name }}}}"}}

variables:
  greeting: Hello

automations:
  - key: retries
    name: three failed payments within a minute
    trigger:
      posture: Reactive
      expect: [payment.failed]
      for_each: [prefect.resource.id]
      threshold: 3
      within: 60
    actions:
      - type: run-deployment
        deployment: {flow}/main
        parameters: {{name: "{{{{ variables.greeting }}}}, {{{{ event.resource.id }}}}"}}
    tests:
      - name: the third failure starts a run
        given:
          - {{event: payment.failed, resource: shop.17}}
          - {{at: +20s, event: payment.failed, resource: shop.17}}
          - {{at: +40s, event: payment.failed, resource: shop.17}}
        expect: [{{event: 3}}]
      - name: two are no alarm
        given:
          - {{event: payment.failed, resource: shop.17}}
          - {{at: +20s, event: payment.failed, resource: shop.17}}
        until: +1h
        expect: nothing
"""


def init(
    directory: str = ".",
    /,
    *,
    flow: str = "new_user_flow",
    function_arn: str = AN_ARN,
    options: Options = DEFAULTS,
) -> None:
    """Write a whenflow.yaml to begin with, and beside it the schema by which editors complete it.

    A whenflow.yaml that is there stays as it is; its schema is written anew.

    Args:
        directory: Where; it is made if it is not there.
        flow: The flow of its deployment.
        function_arn: Of the Lambda function that serves it.
        options: Common to all commands.
    """
    if not FLOW_NAME.fullmatch(flow):
        raise UsageError(f"--flow must be a name of letters, digits, - or _, and is {flow!r}.")
    if not function_arn.startswith("arn:") or any(one.isspace() for one in function_arn):
        raise UsageError(f"--function-arn must look like {AN_ARN}, and is {function_arn!r}.")
    from whenflow.flows.schema import project_schema

    folder = Path(directory).expanduser()
    file, schema = folder / FILE, folder / SCHEMA
    text = TEXT.format(schema=SCHEMA, project=_project(folder), flow=flow, arn=function_arn)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_new = _write_new(file, text)
        schema.write_text(json.dumps(project_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise CliError(f"Cannot write {error.filename or folder}: {error.strerror}.") from error
    if options.json:
        print_json({"written": [str(file), str(schema)] if is_new else [str(schema)]})
    elif is_new:
        say(f"Wrote {file} and {schema}.", f"Say in it which function runs your flow, then: whenflow deploy {file}")
    else:
        say(f"{file} is there already and stays as it is. Wrote {schema}.")


def _write_new(file: Path, text: str) -> bool:
    """Write a file unless it is there; tell whether it was written."""
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        return False
    return True


def _project(folder: Path) -> str:
    """Return a name for the project: that of its directory, as far as it can be one."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", folder.resolve().name).strip("-")[:64]
    return name or "default"
