"""Build the real template and deploy it into the embedded AWS, with the real SAM CLI. Nothing is done twice."""

import contextlib
import hashlib
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from whenflow.local.errors import LocalError
from whenflow.local.process import CREDENTIALS, REGION, client_environment, endpoint
from whenflow.local.room import Room

STACK = "whenflow"
BUILD_TAG = "whenflow:build"
ARM_MACHINES = frozenset({"arm64", "aarch64"})
LINES_SHOWN = 25
SETTLE_SECONDS = 20.0
UNDER_WAY = frozenset(
    {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}
)
RUINS = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"})


@dataclass(frozen=True)
class Target:
    """What this machine can run."""

    runtime: str
    architecture: str

    @property
    def parameters(self) -> str:
        """The template's parameters for it."""
        return f"Runtime={self.runtime} Architecture={self.architecture} ProtectData=false"


def this_machine() -> Target:
    """Return the runtime and architecture of the Python that will run the functions: ours."""
    architecture = "arm64" if platform.machine() in ARM_MACHINES else "x86_64"
    return Target(f"python{sys.version_info.major}.{sys.version_info.minor}", architecture)


def sam_command(room: Room) -> str:
    """Return the path of the SAM CLI.

    Raises:
        LocalError: It is not installed.
    """
    path = Path(os.environ.get("WHENFLOW_SAM") or room.root / ".venv-sam" / "bin" / "sam")
    if not path.exists():
        raise LocalError(f"The SAM CLI is missing ({path}). `make up` installs it.")
    return str(path)


def build(room: Room, target: Target) -> str:
    """Build, unless the last build was of the same files; return what stands for the result.

    Raises:
        LocalError: With what the build said.
    """
    sam_command(room)
    script = [str(room.root / "scripts" / "build.sh"), target.runtime, target.architecture, "host"]
    _run(script, room, dict(os.environ), "The build failed")
    key = (room.root / ".aws-sam" / "build.key").read_bytes()
    return hashlib.sha256(key + target.parameters.encode()).hexdigest()[:32]


def deploy(room: Room, target: Target, port: int, build_id: str) -> None:
    """Deploy what was built, with `sam deploy`.

    Raises:
        LocalError: With what the deployment said.
    """
    _remove_ruins(port)
    template = room.root / ".aws-sam" / "build" / "template.yaml"
    environment = {**client_environment(port), "SAM_CLI_TELEMETRY": "0"}
    command = [sam_command(room), "deploy", "--template-file", str(template), "--stack-name", STACK]
    command += ["--region", REGION, "--resolve-s3", "--s3-prefix", STACK, "--capabilities", "CAPABILITY_IAM"]
    command += ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
    parameters = f"{target.parameters} UiAddress={endpoint(port)}/ui"
    command += ["--parameter-overrides", parameters, "--tags", f"{BUILD_TAG}={build_id}"]
    _run(command, room, environment, "The deployment failed")


def is_deployed(port: int, build_id: str) -> bool:
    """Say whether the emulator holds a whole stack made from this build."""
    try:
        stack = _stack(port)
    except ClientError:
        return False
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
    whole = stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    return bool(whole and tags.get(BUILD_TAG) == build_id)


def settle(port: int) -> None:
    """Wait until no deployment is under way: a stack that is saved halfway could not be deployed to again."""
    deadline = time.monotonic() + SETTLE_SECONDS
    with contextlib.suppress(ClientError, BotoCoreError):
        while _stack(port)["StackStatus"] in UNDER_WAY and time.monotonic() < deadline:
            time.sleep(0.2)


def outputs(port: int) -> dict[str, str]:
    """Return the outputs of the deployed stack."""
    return {output["OutputKey"]: output["OutputValue"] for output in _stack(port).get("Outputs", [])}


def aws_client(service: str, port: int) -> Any:
    """Return a client that talks to the emulator."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=endpoint(port),
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def _remove_ruins(port: int) -> None:
    """Delete a stack whose creation failed: CloudFormation updates none of those, and there is no data in it."""
    with contextlib.suppress(ClientError):
        if _stack(port)["StackStatus"] in RUINS:
            client = aws_client("cloudformation", port)
            client.delete_stack(StackName=STACK)
            client.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})


def _stack(port: int) -> dict[str, Any]:
    found: dict[str, Any] = aws_client("cloudformation", port).describe_stacks(StackName=STACK)["Stacks"][0]
    return found


def _run(command: list[str], room: Room, environment: dict[str, str], complaint: str) -> None:
    done = subprocess.run(
        command,
        cwd=room.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        start_new_session=True,  # Ctrl-C comes to us; a tool that is killed halfway leaves things half done
    )
    if done.returncode:
        said = "\n".join(f"  {line}" for line in done.stdout.splitlines()[-LINES_SHOWN:])
        raise LocalError(f"{complaint} ({Path(command[0]).name} ended with {done.returncode}):\n{said}")
