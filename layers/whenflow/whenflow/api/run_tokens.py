"""What a list of flow runs says besides the runs, in headers, since its body is the plain list that clients know."""

import json
from collections.abc import Mapping
from hashlib import sha256

from whenflow.api.filters import Query
from whenflow.api.page_keys import PageKey
from whenflow.api.run_lists import NEWEST, Extent
from whenflow.api.services import Services
from whenflow.errors import Fault, Forbidden, Rejected
from whenflow.events import iso, parse_iso
from whenflow.events.tokens import make_token, read_token
from whenflow.runs.summaries import RunPosition

NEXT_PAGE = "whenflow-next-page"
STOPPED_EARLY = "whenflow-stopped-early"
LOOKED_UNTIL = "whenflow-looked-until"
RUNS = "runs"
MARK_CHARS = 16
POSITIONS = frozenset({"sort", "limit", "offset", "page_token"})


class RunTokens:
    """Makes and reads the tokens of pages of flow runs."""

    def __init__(self, services: Services) -> None:
        """Sign with the key of this stack."""
        self._clock = services.clock
        self._key = PageKey(services.config, services.ids)

    def headers(self, extent: Extent, query: Query) -> Mapping[str, str]:
        """Return the headers of an answer.

        `whenflow-next-page`: the `page_token` of the next page. `whenflow-stopped-early: true`: reading met its bound;
        `whenflow-looked-until`: no run made before was looked at.
        """
        headers = {}
        if extent.next:
            place = [iso(extent.next.created), extent.next.id]
            content = {"of": RUNS, "filter": _mark(query), "after": place}
            headers[NEXT_PAGE] = make_token(self._key.get(), content, self._clock.now())
        if extent.stopped:
            headers[STOPPED_EARLY] = "true"
            headers |= {LOOKED_UNTIL: iso(extent.looked_until)} if extent.looked_until else {}
        return headers

    def read(self, query: Query) -> RunPosition:
        """Return behind which run the page of a query's token begins.

        Raises:
            Forbidden: The token is none of this API's, has expired, or is of another list.
            Rejected: There are no pages in the order that is asked for.
        """
        if query.sort not in (None, NEWEST):
            reason = f"page_token goes with sort {NEWEST}; use offset"
            raise Rejected("This is not a valid filter.", [Fault(("body", "page_token"), reason)])
        content = read_token(self._key.get(), query.page_token or "", self._clock.now())
        if content["of"] != RUNS:
            raise Forbidden("This token is of another kind of list.")
        if content["filter"] != _mark(query):
            raise Forbidden("This token is of a list with another filter: start again at the first page.")
        created, id_ = content["after"]
        return RunPosition(parse_iso(created), id_)


def _mark(query: Query) -> str:
    """Return what tells the filter of a list apart from others."""
    asked = query.model_dump(mode="json", exclude=set(POSITIONS), exclude_none=True)
    return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:MARK_CHARS]
