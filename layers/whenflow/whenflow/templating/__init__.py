"""User templates: Jinja2 by an allow-list, over plain data; one engine for all of Whenflow. Pure."""

from whenflow.templating.clock import TimeUp, watched_by
from whenflow.templating.context import Context
from whenflow.templating.engine import check, evaluate, is_lone_expression, is_template, mentioned, render, sharing
from whenflow.templating.errors import TemplateError
from whenflow.templating.links import ObjectView
from whenflow.templating.views import CaseInsensitive, Dotted, ResourceView, View, Word

__all__ = [
    "CaseInsensitive",
    "Context",
    "Dotted",
    "ObjectView",
    "ResourceView",
    "TemplateError",
    "TimeUp",
    "View",
    "Word",
    "check",
    "evaluate",
    "is_lone_expression",
    "is_template",
    "mentioned",
    "render",
    "sharing",
    "watched_by",
]
