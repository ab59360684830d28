"""What the API says of itself."""

from whenflow.api.openapi.operation import Operation, anything
from whenflow.api.openapi.schemas import TEXT, record

SERVER = "Server"

OPERATIONS: tuple[Operation, ...] = (
    Operation("get", "/health", SERVER, "Say whether the API answers.", {200: {"const": True}}, is_open=True),
    Operation("get", "/ready", SERVER, "Say whether the API is ready.", {200: record({"message": TEXT})}, is_open=True),
    Operation("get", "/hello", SERVER, "Greet whoever has a key.", {200: TEXT}),
    Operation("get", "/version", SERVER, "Tell Whenflow's version.", {200: record({"whenflow": TEXT})}),
    Operation("get", "/admin/version", SERVER, "Tell which Prefect server the API is like.", {200: TEXT}, is_open=True),
    Operation("get", "/admin/storage", SERVER, "Tell where results are stored: nowhere of its own.", {200: anything()}),
    Operation("get", "/csrf-token", SERVER, "Tell that no CSRF token is needed: always 422.", {}, errors=(422,)),
    Operation("get", "/openapi.json", SERVER, "Describe the API.", {200: anything()}),
)
