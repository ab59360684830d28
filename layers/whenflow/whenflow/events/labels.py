"""The labels that Whenflow gives a meaning to."""

from typing import TypeAlias

Labels: TypeAlias = dict[str, str]

RESOURCE_ID = "prefect.resource.id"
RESOURCE_NAME = "prefect.resource.name"
RESOURCE_ROLE = "prefect.resource.role"
