"""One HTTP client for all commands. What goes wrong on the way comes out as an error that a person understands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx2

import whenflow
from whenflow.cli.answers import error_for, stranger
from whenflow.cli.config import Connection, find_connection
from whenflow.cli.errors import CliError, NotConnected, NotFound, ServerFault, UsageError
from whenflow.cli.options import Options

TIMEOUT_SECONDS = 30
PAGE = 200
MAX_EARLY = 20
NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class EventList:
    """Events that were listed.

    Attributes:
        events: As the API shows them.
        stopped: Whether reading stopped before as many were found as were asked for.
        total: How many there are in all; None where the API does not say.
        is_exact: Whether there are exactly as many; at least as many if not.
    """

    events: list[dict[str, Any]]
    stopped: bool = False
    total: int | None = None
    is_exact: bool = False


class Api:
    """The API of one Whenflow."""

    def __init__(self, connection: Connection) -> None:
        """Prepare a client; nothing is sent yet."""
        self.connection = connection
        self._http = httpx2.Client(
            auth=_signature() if connection.is_signed else None,
            headers={
                "user-agent": f"whenflow-cli/{whenflow.__version__}",
                "accept": "application/json",
                **({} if connection.is_signed else {"authorization": f"Bearer {connection.api_key}"}),
            },
            timeout=TIMEOUT_SECONDS,
            trust_env=not connection.is_loopback,  # a proxy for the world is no way to this machine
        )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """Return what the API has at a path.

        Args:
            path: Below the base URL, starting with a slash.
            params: Query parameters.

        Raises:
            CliError: Any of its kinds; `NotFound` for a 404.
        """
        return self._call("GET", path, params=params)

    def find(self, path: str) -> dict[str, Any] | None:
        """Return the object at a path, or None where there is none.

        Args:
            path: Below the base URL, starting with a slash.

        Raises:
            CliError: Any of its kinds but `NotFound`.
        """
        try:
            return self._object(self.get(path))
        except NotFound:
            return None

    def read(self, path: str) -> tuple[dict[str, Any], str]:
        """Return the object at a path, and the ETag of it as it is now.

        Args:
            path: Below the base URL, starting with a slash.

        Raises:
            CliError: Any of its kinds; `NotFound` for a 404.
        """
        response = self._answer("GET", path)
        return self._object(self._document(response)), response.headers.get("etag", "")

    def post(self, path: str, body: Any) -> Any:
        """Send a JSON document and return the answer.

        Args:
            path: Below the base URL, starting with a slash.
            body: The document.

        Raises:
            CliError: Any of its kinds; `Refused` where the document is at fault.
        """
        return self._send("POST", path, body)

    def patch(self, path: str, body: Any, over: str = "") -> Any:
        """Change some fields of the object at a path.

        Args:
            path: Below the base URL, starting with a slash.
            body: The fields.
            over: The ETag that it must still have; empty for any.

        Raises:
            CliError: Any of its kinds; `Refused` where the document is at fault, or the object has changed.
        """
        return self._send("PATCH", path, body, over)

    def put(self, path: str, body: Any, over: str = "") -> Any:
        """Replace the object at a path.

        Args:
            path: Below the base URL, starting with a slash.
            body: What takes its place.
            over: The ETag that it must still have; empty for any.

        Raises:
            CliError: Any of its kinds; `Refused` where the document is at fault, or the object has changed.
        """
        return self._send("PUT", path, body, over)

    def delete(self, path: str, over: str = "") -> None:
        """Remove the object at a path.

        Args:
            path: Below the base URL, starting with a slash.
            over: The ETag that it must still have; empty for any.

        Raises:
            CliError: Any of its kinds; `NotFound` for a 404, `Refused` where the object has changed.
        """
        self._call("DELETE", path, headers=_if_match(over))

    def create(self, collection: str, body: Any) -> dict[str, Any]:
        """Add an object to a collection and return it as the API made it.

        Args:
            collection: `webhooks`, `automations` or `deployments`.
            body: The object.
        """
        return self._object(self.post(f"/{collection}/", body))

    def newest(self, collection: str, limit: int, wanted: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return up to `limit` objects of a collection, page by page, in the API's order.

        Args:
            collection: `webhooks`, `automations`, `deployments` or `flow_runs`.
            limit: How many at most.
            wanted: What else the request says: filters, and the order.
        """
        found: list[dict[str, Any]] = []
        while (size := min(PAGE, limit - len(found))) > 0:
            request = {**(wanted or {}), "limit": size, "offset": len(found)}
            page = self._list(self.post(f"/{collection}/filter", request))
            found.extend(page)
            if len(page) < size:
                break
        return found[:limit]

    def runs(self, wanted: Mapping[str, Any], limit: int) -> tuple[list[dict[str, Any]], str | None]:
        """Return up to `limit` flow runs, newest first, and where the API stopped looking before it had found as many.

        Args:
            wanted: What the request says: filters.
            limit: How many at most.

        Returns:
            The runs; and None where there are no more, else the time before which no run was looked at.
        """
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        early = 0
        while True:
            request = {**wanted, "limit": min(PAGE, limit - len(found)), **token}
            page, headers = self._sent("POST", "/flow_runs/filter", request)
            found.extend(self._list(page))
            stopped = headers.get("whenflow-stopped-early") == "true"
            early += stopped
            following = headers.get("whenflow-next-page")
            if not following or len(found) >= limit or early > MAX_EARLY:
                is_short = stopped and len(found) < limit
                return found, headers.get("whenflow-looked-until", "now") if is_short else None
            token = {"page_token": following}

    def newest_events(self, limit: int) -> "EventList":
        """Return up to `limit` events, newest first.

        Args:
            limit: How many at most.
        """
        found: list[dict[str, Any]] = []
        params: dict[str, str | int] = {}
        told: dict[str, Any] = {}
        while (size := min(PAGE, limit - len(found))) > 0:
            page = self._object(self.get("/events", {"limit": size, **params}))
            told = told or page
            found.extend(self._list(page.get("events")))
            if not (token := page.get("next_page")):
                break
            params["page_token"] = str(token)
        return EventList(found[:limit], False, *_total_of(told))

    def events(self, given: Mapping[str, Any], limit: int) -> "EventList":
        """Return up to `limit` events that a filter lets through.

        Args:
            given: The filter.
            limit: How many at most.
        """
        found: list[dict[str, Any]] = []
        page = first = self._object(self.post("/events/filter", {"filter": given, "limit": min(PAGE, limit)}))
        early = 0
        while True:
            found.extend(self._list(page.get("events")))
            early += bool(page.get("stopped_early"))
            address = page.get("next_page")
            if not address or len(found) >= limit or early > MAX_EARLY:
                stopped = bool(address) and len(found) < limit
                return EventList(found[:limit], stopped, *_total_of(first))
            token = parse_qs(urlsplit(str(address)).query).get("page-token", [""])[0]
            page = self._object(self.get("/events/filter/next", {"page-token": token}))

    def states(self, run_id: str) -> list[dict[str, Any]]:
        """Return all states of a flow run.

        Args:
            run_id: The id of the run.
        """
        return self.listed("/flow_run_states/", {"flow_run_id": run_id})

    def listed(self, path: str, params: Mapping[str, str | int]) -> list[dict[str, Any]]:
        """Return the list of objects at a path.

        Args:
            path: Below the base URL, starting with a slash.
            params: Query parameters.
        """
        return self._list(self.get(path, params))

    def _send(self, method: str, path: str, body: Any, over: str = "") -> Any:
        return self._sent(method, path, body, over)[0]

    def _sent(self, method: str, path: str, body: Any, over: str = "") -> tuple[Any, Mapping[str, str]]:
        """Send a JSON document; return the answer and its headers."""
        try:
            content = json.dumps(body, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise UsageError(f"It cannot be written as JSON: {error}.") from error
        headers = {"content-type": "application/json", **_if_match(over)}
        response = self._answer(method, path, content=content, headers=headers)
        return self._document(response), response.headers

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        return self._document(self._answer(method, path, **arguments))

    def _answer(self, method: str, path: str, **arguments: Any) -> httpx2.Response:
        url = self.connection.api_url + path
        try:
            response = self._http.request(method, url, **arguments)
        except httpx2.RequestError as error:
            raise self._unreachable(error) from error
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise CliError(f"{url} cannot be called: {error}.") from error
        if not response.is_success:
            raise error_for(response, self.connection)
        return response

    def _document(self, response: httpx2.Response) -> Any:
        if response.status_code == NO_CONTENT:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise stranger(self.connection, "an answer that is not JSON") from error

    def _unreachable(self, error: httpx2.RequestError) -> CliError:
        where = self.connection
        if isinstance(error, httpx2.ReadTimeout | httpx2.WriteTimeout):
            return ServerFault(f"{where.api_url} did not answer within {TIMEOUT_SECONDS} seconds.", hint="Try again.")
        source = f"The address comes from {where.url_source}."
        if where.is_loopback:
            return NotConnected(f"Nothing answers at {where.api_url}; is `make up` running?", hint=source)
        reason = str(error) or type(error).__name__
        return NotConnected(f"Nothing answers at {where.api_url}: {reason}.", hint=f"{source} Is it right?")

    def _object(self, document: Any) -> dict[str, Any]:
        if not isinstance(document, dict):
            raise stranger(self.connection, "something unexpected")
        return document

    def _list(self, document: Any) -> list[dict[str, Any]]:
        if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
            raise stranger(self.connection, "something unexpected")
        return document


def _total_of(page: Mapping[str, Any]) -> tuple[int | None, bool]:
    total = page.get("total")
    return total if isinstance(total, int) else None, page.get("total_is_exact") is True


def _if_match(tag: str) -> dict[str, str]:
    return {"if-match": tag} if tag else {}


def _signature() -> httpx2.Auth:
    from whenflow.cli.signing import SignedByAws

    return SignedByAws()


def connect(options: Options) -> Api:
    """Return a client for the API that the options, the environment or the local stack name.

    Args:
        options: What the command line says.

    Raises:
        CliError: No API or no key is known.
    """
    return Api(find_connection(options))
