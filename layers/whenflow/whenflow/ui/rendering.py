"""Templates into pages: an environment of the UI's own, shared with no template that a user wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from whenflow.ui.text import count_of, cut, legible

HERE = Path(__file__).parent
CONTENT_TYPES = {
    "style.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
SECTIONS = {
    "events": ("/ui", "Events"),
    "runs": ("/ui/runs", "Runs"),
    "automations": ("/ui/automations", "Automations"),
    "webhooks": ("/ui/webhooks", "Webhooks"),
    "deployments": ("/ui/deployments", "Deployments"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page to be shown.

    Attributes:
        template: The template's name without its ending.
        title: What the browser's tab says.
        section: The part of the navigation it belongs to; nothing for none.
        values: What the template needs.
        status: The answer's status.
    """

    template: str
    title: str
    section: str
    values: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file; `tag` changes with its content."""

    name: str
    content_type: str
    text: str
    tag: str


@lru_cache(maxsize=len(CONTENT_TYPES))
def asset(name: str) -> Asset | None:
    """Return the static file of this name, if there is one."""
    if name not in CONTENT_TYPES:
        return None
    text = (HERE / "static" / name).read_text(encoding="utf-8")
    return Asset(name, CONTENT_TYPES[name], text, sha256(text.encode()).hexdigest()[:12])


def render(page: Page, signed_in: bool) -> str:
    """Return a page as HTML."""
    template = _environment().get_template(f"{page.template}.html")
    return template.render(page.values, title=page.title, here=page.section, signed_in=signed_in)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"asset": _asset_path, "sections": SECTIONS, "count_of": count_of}
    environment.filters |= {"cut": cut}
    return environment


def _shown(value: Any) -> Any:
    """Make each text that comes from data legible; it is escaped after this."""
    return legible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset_path(name: str) -> str:
    found = asset(name)
    if found is None:
        raise ValueError(f"there is no static file {name}")
    return f"/ui/static/{name}?v={found.tag}"
