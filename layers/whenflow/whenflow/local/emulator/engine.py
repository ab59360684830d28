"""The one way to ministack's insides. They are private, so exactly one version is accepted."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

ACCEPTED_VERSION = "1.5.33"


class WrongEngine(Exception):
    """The installed ministack is not the one these adaptations were written for."""


def check_version(installed: str | None = None) -> None:
    """Refuse any ministack but the accepted one.

    Args:
        installed: The version found; looked up when not given.

    Raises:
        WrongEngine: With a sentence that says what to do.
    """
    found = installed if installed is not None else _installed_version()
    if found != ACCEPTED_VERSION:
        what = f"ministack {found} is installed" if found else "ministack is not installed"
        raise WrongEngine(
            f"Whenflow's local AWS needs ministack {ACCEPTED_VERSION} exactly, but {what}. "
            f"Install the pinned requirements again: pip install -r requirements/local.txt"
        )


def engine(name: str) -> Any:
    """Return a module of ministack by its name below the package, untyped as it is."""
    return import_module(f"ministack.{name}")


def enter_scope(account: str, region: str) -> None:
    """Make what this thread does from now on count for an account and a region."""
    responses = engine("core.responses")
    responses._request_account_id.set(account)
    responses._request_region.set(region)


def _installed_version() -> str:
    try:
        return version("ministack")
    except PackageNotFoundError:
        return ""
