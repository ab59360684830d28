"""Make the contents of a Lambda layer: third-party wheels or a package of ours, with byte code. Standard library only.

`sam build` comes here through layers.mk. A layer is for one runtime and one architecture, whatever machine builds it.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

# Wheels for Lambda. Amazon Linux 2 (python3.11) has glibc 2.26, Amazon Linux 2023 (from python3.12) has glibc 2.34.
MANYLINUX = ["manylinux_2_17_{0}", "manylinux2014_{0}"]
MANYLINUX_AL2023 = ["manylinux_2_34_{0}", "manylinux_2_28_{0}", *MANYLINUX]
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


def main() -> int:
    """Build one layer; return the exit code."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--target", required=True, help="<runtime>-<architecture>, such as python3.13-arm64")
    options.add_argument("--out", required=True, type=Path)
    options.add_argument("--requirements", type=Path, help="a hash-locked list of wheels to install")
    options.add_argument("--package", type=Path, help="a package to copy")
    chosen = options.parse_args()
    runtime, _, architecture = chosen.target.partition("-")
    chosen.out.mkdir(parents=True, exist_ok=True)
    if chosen.requirements:
        install(chosen.requirements, chosen.out, runtime, architecture)
    if chosen.package:
        shutil.copytree(
            chosen.package, chosen.out / chosen.package.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    compile_all(chosen.out, runtime)
    return 0


def install(requirements: Path, out: Path, runtime: str, architecture: str) -> None:
    """Install exactly the wheels of the lock, each checked against its hash."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--root-user-action=ignore", "--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:"]
    command += ["--requirement", str(requirements), "--target", str(out)]
    if for_this_machine():
        here, wanted = f"{this_runtime()} on {this_machine()}", f"{runtime} on {MACHINES[architecture]}"
        if here != wanted:
            sys.exit(f"A build for this machine is for {here}, not for {wanted}.")
    else:
        command += ["--implementation", "cp", "--python-version", runtime.removeprefix("python")]
        for tag in MANYLINUX if runtime == "python3.11" else MANYLINUX_AL2023:
            command += ["--platform", tag.format(MACHINES[architecture])]
    subprocess.run(command, check=True)
    shutil.rmtree(out / "bin", ignore_errors=True)


def compile_all(out: Path, runtime: str) -> None:
    """Compile the byte code into the layer: where it runs it is read-only, so each cold start would compile it anew.

    Unchecked, because the layer never changes; and as if under /opt, where it will be, so that all machines build the
    same.
    """
    python = interpreter(runtime)
    if python is None:
        print(
            f"warning: no {runtime} on this machine, so the layer is built without byte code: it works, "
            "but a cold start takes about half a second longer."
        )
        return
    command = [python, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, "-s", str(out), "-p", "/opt/python", str(out)], check=True)


def interpreter(runtime: str) -> str | None:
    """Return an interpreter of exactly this minor version, which byte code needs."""
    if runtime == this_runtime():
        return sys.executable
    found = shutil.which(runtime)
    # a version manager may have the name on PATH with nothing behind it
    works = found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
    return found if works else None


def for_this_machine() -> bool:
    """Whether the local stack asked: it runs the functions right here, be this Linux on glibc or not."""
    return os.environ.get("WHENFLOW_BUILD_FOR") == "host"


def this_runtime() -> str:
    """Return the Lambda runtime that this interpreter corresponds to."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def this_machine() -> str:
    """Return the machine type in the words of MACHINES: macOS calls aarch64 arm64."""
    return MACHINES.get(platform.machine(), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
