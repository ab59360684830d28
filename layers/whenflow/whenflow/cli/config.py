"""Find the API: options, then the environment, then the local stack of this directory or one above it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from whenflow.cli.errors import NotConnected, UsageError
from whenflow.cli.options import Options

LOCAL_FILE = Path(".whenflow") / "local.json"
URL_VARIABLE = "WHENFLOW_API_URL"
KEY_VARIABLE = "WHENFLOW_API_KEY"
AUTHORIZATION_VARIABLE = "WHENFLOW_API_AUTHORIZATION"
IAM = "iam"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API is and how to be let in.

    Attributes:
        api_url: The base of all calls, without a slash at the end.
        api_key: The bearer key; not shown in `repr`.
        url_source: Where the URL was found, in words.
        key_source: Where the key was found, in words.
        is_local: The URL is that of the stack `make up` runs here.
        is_signed: Requests are signed with AWS credentials, and no key is sent.
    """

    api_url: str
    api_key: str = field(repr=False)
    url_source: str
    key_source: str
    is_local: bool = False
    is_signed: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether the API is on this machine."""
        return urlsplit(self.api_url).hostname in LOOPBACK


def find_connection(
    options: Options, environ: Mapping[str, str] | None = None, start: Path | None = None
) -> Connection:
    """Find the API and its key.

    The key of the local stack is never sent anywhere but to the local stack.

    Args:
        options: What the command line says; it wins.
        environ: The environment; by default that of the process.
        start: Where the search for `.whenflow/local.json` begins; by default the working directory.

    Raises:
        NotConnected: No URL or no key is known.
        UsageError: The URL is none, or the local file cannot be read.
    """
    environ = os.environ if environ is None else environ
    given = _first(("--api-url", options.api_url), (URL_VARIABLE, environ.get(URL_VARIABLE)))
    key = _first(("--api-key", options.api_key), (KEY_VARIABLE, environ.get(KEY_VARIABLE)))
    if given and (options.iam or environ.get(AUTHORIZATION_VARIABLE) == IAM):
        return Connection(_checked_url(*given), "", given[0], "AWS credentials", is_signed=True)
    if given and key:
        return Connection(_checked_url(*given), key[1], given[0], key[0])
    path = find_local_file(start or Path.cwd())
    local = read_local(path) if path else {}
    local_url = str(local.get("api_url") or "").rstrip("/")
    url = _checked_url(*given) if given else local_url
    if not url:
        raise NotConnected(
            f"No Whenflow found: {URL_VARIABLE} is not set, and there is no {LOCAL_FILE} here or in a directory above.",
            hint=f"Start one on this machine with `make up`, or set {URL_VARIABLE} and {KEY_VARIABLE} for another.",
        )
    source = given[0] if given else str(path)
    is_local = bool(local_url) and url == local_url
    if key is None and is_local and local.get("api_key"):
        key = (str(path), str(local["api_key"]))
    if key is None:
        raise NotConnected(f"No API key for {url} (from {source}).", hint=f"Set {KEY_VARIABLE}, or give --api-key.")
    return Connection(url, key[1], source, key[0], is_local)


def find_local_file(start: Path) -> Path | None:
    """Return the `local.json` of the running stack nearest to a directory, looking upwards."""
    directory = start.resolve()
    return next((path for parent in (directory, *directory.parents) if (path := parent / LOCAL_FILE).is_file()), None)


def read_local(path: Path) -> dict[str, Any]:
    """Read what a running local stack wrote about itself.

    Raises:
        UsageError: The file cannot be read, or is not what `make up` writes.
    """
    hint = "Stop the local stack with `make down` and start it again with `make up`: it writes the file anew."
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.", hint=hint) from error
    except ValueError as error:
        raise UsageError(f"{path} is not valid JSON: {error}.", hint=hint) from error
    if not isinstance(document, dict):
        raise UsageError(f"{path} does not hold a JSON object.", hint=hint)
    return document


def _first(*candidates: tuple[str, str | None]) -> tuple[str, str] | None:
    """Return the first candidate (source, value) that says something."""
    return next(((source, value.strip()) for source, value in candidates if value and value.strip()), None)


def _checked_url(source: str, url: str) -> str:
    """Return a base URL without its last slash, or say why it is none."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or True)
    except ValueError:
        valid = False
    if not valid:
        raise UsageError(
            f"{source} is not a URL: {url!r}.",
            hint="It looks like https://abc123.execute-api.eu-central-1.amazonaws.com/api",
        )
    return url.rstrip("/")
