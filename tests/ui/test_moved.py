"""Links in messages have Prefect's addresses; they lead to the pages that there are."""

import pytest

ID = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("path", "query", "page"),
    [
        (f"/ui/runs/flow-run/{ID}", {}, f"/ui/runs/{ID}"),
        (f"/ui/runs/task-run/{ID}", {}, "/ui/runs"),
        (f"/ui/automations/automation/{ID}", {}, f"/ui/automations/{ID}"),
        (f"/ui/deployments/deployment/{ID}", {}, f"/ui/deployments/{ID}"),
        (f"/ui/events/event/2026-11-20/{ID}", {}, f"/ui/events/{ID}"),
        (f"/ui/flows/flow/{ID}", {}, "/ui/deployments"),
        ("/ui/work-pools/work-pool/lambda", {}, "/ui/deployments"),
        ("/ui/events", {"resource": f"prefect.flow-run.{ID}"}, f"/ui/runs/{ID}"),
        ("/ui/events", {"resource": "order.7"}, "/ui"),
        ("/ui/events", {"resource": "https://evil.example"}, "/ui"),
    ],
)
def test_an_address_of_prefect_s_leads_to_the_page(browser, path, query, page):
    seen = browser.get(path, query)

    assert (seen.status, seen.headers["location"]) == (303, page)


@pytest.mark.parametrize(
    "path",
    [
        "/ui/runs/flow-run/x",
        f"/ui/runs/flow-run/{ID}/more",
        "/ui/runs/flow-run//evil.example",
        f"/ui/blocks/block/{ID}",
    ],
)
def test_an_address_that_means_no_page_is_not_found(browser, path):
    assert browser.get(path).status == 404
