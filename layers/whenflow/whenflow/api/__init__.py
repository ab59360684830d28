"""The REST API: routes, answers, errors. Each route turns a request into one use case and its result into an answer."""

from whenflow.api.app import build_api
from whenflow.api.services import Services

__all__ = ["Services", "build_api"]
