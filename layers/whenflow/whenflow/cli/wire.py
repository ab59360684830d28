"""Label names on the wire. `whenflow.events` has them too, but costs a command a tenth of a second to load."""

RESOURCE_ID = "prefect.resource.id"
RESOURCE_NAME = "prefect.resource.name"
RESOURCE_ROLE = "prefect.resource.role"
