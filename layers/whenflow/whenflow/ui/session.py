"""Signing in: the API key, asked for once, stays in a cookie that no script and no other site can use."""

import re
from collections.abc import Callable
from enum import Enum
from urllib.parse import urlsplit

from whenflow.api.keyring import ApiKey
from whenflow.api.scopes import Scope
from whenflow.ui.requests import Request

COOKIE = "whenflow_key"
KEPT_SECONDS = 7 * 24 * 3600
HOME = "/ui"
# What a key is made of: nothing that could end a cookie's value.
KEY = re.compile(r"[A-Za-z0-9._~+/=-]{1,512}\Z")
OWN_PAGE = re.compile(r"/ui(?!/(?:login|logout|static)\b)(?:/[A-Za-z0-9/_-]*)?(?:\?[A-Za-z0-9=&%._~-]*)?\Z")
FindKey = Callable[[str], ApiKey | None]


class Standing(Enum):
    """How a request stands."""

    SIGNED_IN = "signed in"
    NO_KEY = "no key"
    WRONG_KEY = "wrong key"


def standing_of(key: str | None, find_key: FindKey) -> Standing:
    """Tell what a key is worth."""
    if not key:
        return Standing.NO_KEY
    known = find_key(key) if KEY.match(key) else None
    return Standing.SIGNED_IN if known and known.caller.may(Scope.READ) else Standing.WRONG_KEY


def cookie_with(key: str, request: Request) -> str:
    """Return the cookie that keeps a good key; an empty one takes it away again."""
    secure = "; Secure" if request.headers.get("x-forwarded-proto") == "https" else ""
    age = KEPT_SECONDS if key else 0
    return f"{COOKIE}={key}; Path=/ui; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"


def from_own_page(request: Request) -> bool:
    """Tell whether a form was sent from one of our pages, as far as the browser says where it was."""
    origin, host = request.headers.get("origin"), request.headers.get("host")
    if origin is not None and (not host or urlsplit(origin).netloc.lower() != host.lower()):
        return False
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def own_page(path: str | None) -> str:
    """Return the path if it is that of a page of ours, or else the first page's: no way leads to another site."""
    return path if path and OWN_PAGE.match(path) else HOME
