"""Revisions over HTTP: `ETag` says which one an answer shows, `If-Match` that a change is meant for that one alone.

Neither is needed: a change without `If-Match` is made to whatever is there.
"""

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from whenflow.errors import Fault, Rejected
from whenflow.ports import Stored

ANY = "*"
WEAK = "W/"


def tagged(found: Stored) -> dict[str, str]:
    """Return the header that tells the revision of what is shown; of what is not stored yet that of nothing."""
    return {"ETag": f'"{found.revision or ""}"'}


def if_match(app: APIGatewayHttpResolver) -> str | None:
    """Return the revision that the caller has seen; None where he does not say.

    Raises:
        Rejected: The header is no single ETag.
    """
    given = (app.current_event.headers.get("if-match") or "").strip()
    if given in {"", ANY}:
        return None
    tag = given.removeprefix(WEAK)
    if len(tag) < 2 or tag[0] != '"' or tag[-1] != '"' or '"' in tag[1:-1]:  # noqa: PLR2004 - a pair of quotes
        reason = "If-Match holds one ETag, in double quotes, as the answer to a GET has it."
        raise Rejected(reason, [Fault(("header", "if-match"), reason)])
    return tag[1:-1]
