"""User templates: Jinja2 by an allow-list, over plain data; one engine for all of Whenflow. Pure."""

from whenflow.templating.engine import TemplateError, check, evaluate, is_lone_expression, is_template, render
from whenflow.templating.views import CaseInsensitive, ResourceView

__all__ = [
    "CaseInsensitive",
    "ResourceView",
    "TemplateError",
    "check",
    "evaluate",
    "is_lone_expression",
    "is_template",
    "render",
]
