"""Puts the UI together: which path is which page, who may see it, and what is shown when something is wrong."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from whenflow.errors import NotFound, Rejected, Transient
from whenflow.ui import events, firings, runs, setup
from whenflow.ui.answers import Answer, redirect, response_of
from whenflow.ui.moved import page_meant
from whenflow.ui.rendering import Page, asset, render
from whenflow.ui.requests import Request, request_of
from whenflow.ui.session import COOKIE, HOME, Standing, cookie_with, from_own_page, own_page, standing_of

if TYPE_CHECKING:
    from whenflow.api.services import Services

Handler: TypeAlias = Callable[[dict[str, Any], Any], dict[str, Any]]
LISTS: Mapping[str, Callable[["Services", Request], Page]] = {
    "": events.feed,
    "runs": runs.all_runs,
    "automations": lambda services, _request: setup.automations(services),
    "webhooks": lambda services, _request: setup.webhooks(services),
    "deployments": lambda services, _request: setup.deployments(services),
}
DETAILS: Mapping[str, Callable[["Services", str], Page]] = {
    "events": events.one_event,
    "runs": runs.one_run,
    "firings": firings.one_firing,
    "automations": setup.one_automation,
    "webhooks": setup.one_webhook,
    "deployments": setup.one_deployment,
}
LOGIN, LOGOUT, STATIC = f"{HOME}/login", f"{HOME}/logout", f"{HOME}/static/"
FOREVER = "public, max-age=31536000, immutable"
logger = logging.getLogger("whenflow.ui")


def build_ui(services: "Services") -> Handler:
    """Return a Lambda handler for the UI over these services."""

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        request = request_of(event)
        try:
            answer = _answer(services, request)
        except Transient:
            answer = _trouble(503, "Busy", "The database asks for a moment. Try again.", {"retry-after": "1"})
        except Exception:  # the process edge: whoever looks at the page learns that it is our fault, and no more
            logger.exception("page failed")
            answer = _trouble(500, "Something broke", "This page could not be made. The log of the function says why.")
        return response_of(answer, request.method)

    return handler


def _answer(services: "Services", request: Request) -> Answer:
    if request.path == "/":
        return redirect(HOME)
    if request.path.startswith(STATIC):
        return _static(request)
    if request.method == "POST" and request.path in (LOGIN, LOGOUT):
        return _signing(services, request)
    if request.method not in ("GET", "HEAD"):
        return _trouble(405, "Not that way", "Pages can only be looked at.", {"allow": "GET, HEAD"})
    if page := page_meant(request):
        return redirect(page)
    match standing_of(request.cookies.get(COOKIE), services.find_key):
        case Standing.SIGNED_IN:
            return redirect(_next(request)) if request.path == LOGIN else _page(services, request)
        case Standing.WRONG_KEY:
            return _login(request, "The key you signed in with is no longer valid.", cookie_with("", request))
        case Standing.NO_KEY:
            return _login(request) if request.path == LOGIN else redirect(_login_for(request.path))


def _page(services: "Services", request: Request) -> Answer:
    """Return the page of a path, or one that says why there is none."""
    try:
        page = _found(services, request)
    except NotFound as error:
        page = _notice("Not found", str(error), 404)
    except Rejected as error:
        page = _notice("That does not work", error.reason, 400)
    return Answer(page.status, render(page, signed_in=True))


def _found(services: "Services", request: Request) -> Page:
    area, _, id_ = request.path.removeprefix(HOME).removeprefix("/").partition("/")
    if not id_ and area in LISTS:
        return LISTS[area](services, request)
    if area in DETAILS and id_:
        return DETAILS[area](services, _known_id(id_))
    raise NotFound("There is no such page.")


def _known_id(given: str) -> str:
    try:
        return str(UUID(given))
    except ValueError:
        raise NotFound("There is nothing under this address: ids are UUIDs.") from None


def _static(request: Request) -> Answer:
    found = asset(request.path.removeprefix(STATIC))
    if found is None:
        return _trouble(404, "Not found", "There is no such file.")
    # under another tag it is another version's file, which must not be kept
    headers = {"cache-control": FOREVER} if request.query.get("v") == found.tag else {}
    return Answer(200, found.text, found.content_type, headers)


def _signing(services: "Services", request: Request) -> Answer:
    if not from_own_page(request):
        return _trouble(403, "Refused", "This form was not sent from a page of Whenflow.")
    if request.path == LOGOUT:
        return redirect(LOGIN, cookie_with("", request))
    key = request.form.get("key", "").strip()
    match standing_of(key, services.find_key):
        case Standing.SIGNED_IN:
            return redirect(_next(request), cookie_with(key, request))
        case Standing.WRONG_KEY:
            return _login(request, "This is not a valid API key.")
        case Standing.NO_KEY:
            return _login(request, "Enter an API key.")


def _login(request: Request, complaint: str = "", cookie: str | None = None) -> Answer:
    """Ask for the key; after a wrong one with a complaint and status 401."""
    page = Page("login", "Sign in", "", {"complaint": complaint, "next": _next(request)})
    return Answer(401 if complaint else 200, render(page, signed_in=False), cookie=cookie)


def _login_for(path: str) -> str:
    wanted = own_page(path)
    return LOGIN if wanted == HOME else f"{LOGIN}?next={wanted}"


def _next(request: Request) -> str:
    """Return the page that was wanted before the key was asked for."""
    given = request.form.get("next") or request.query.get("next")
    return own_page(given or request.path)


def _notice(title: str, text: str, status: int) -> Page:
    return Page("notice", title, "", {"text": text}, status)


def _trouble(status: int, title: str, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return a page for where nobody's key was looked at, or nothing can be relied on."""
    return Answer(status, render(_notice(title, text, status), signed_in=False), headers=headers or {})
