"""The options that every command takes."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import App, Group, Parameter

_GROUP = Group("On every command", sort_key=9)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Options:
    """Where the API is, and in which form answers are written."""

    json: Annotated[
        bool,
        Parameter(
            group=_GROUP, negative="", show_default=False, help="Write what the API answers, as JSON, and nothing else."
        ),
    ] = False
    api_url: Annotated[
        str | None, Parameter(group=_GROUP, help="Where the API is. Else WHENFLOW_API_URL, else what runs here.")
    ] = None
    api_key: Annotated[
        str | None,
        Parameter(group=_GROUP, help="Key for the API. Better in WHENFLOW_API_KEY: others can see command lines."),
    ] = None
    iam: Annotated[
        bool,
        Parameter(
            group=_GROUP,
            negative="",
            show_default=False,
            help="Sign requests with AWS credentials instead of a key; also by WHENFLOW_API_AUTHORIZATION=iam.",
        ),
    ] = False


DEFAULTS = Options()


def group(name: str, text: str) -> App:
    """Return an empty group of commands.

    Args:
        name: The word after `whenflow`.
        text: What the group is about.
    """
    return App(name=name, help=text, help_format="plaintext", help_epilogue="")
