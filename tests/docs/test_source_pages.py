"""What docs/sources.md and docs/kafka.md show is what the product takes."""

import json
import re
import shlex

import pytest
from tests.cli.product import running_product
from tests.sources.test_eventbridge import ORDER
from tests.template.loading import ROOT, template

from whenflow.cli.app import main
from whenflow.sources import source_from_document
from whenflow.templating.drafts import check_draft

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("sources", "kafka")}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page."""
    return [text for kind, text in BLOCK.findall(PAGES[page]) if kind == language]


@pytest.mark.parametrize("page", PAGES)
def test_a_source_on_the_page_is_a_source(page):
    shown = [json.loads(text) for text in blocks(page, "json") if '"pattern"' in text]

    assert shown
    for document in shown:
        source_from_document(document)


def test_the_template_for_a_sink_is_a_template():
    [text] = [text for text in blocks("kafka", "json") if '"pattern"' not in text]

    check_draft(text)


def test_the_commands_on_the_page_work(monkeypatch, tmp_path, capsys):
    order = json.loads(blocks("sources", "json")[0])["template"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "order.json").write_text(json.dumps(order))
    (tmp_path / "notification.json").write_text(json.dumps(ORDER))
    [commands] = blocks("sources", "sh")
    with running_product() as (_, url):
        monkeypatch.setenv("WHENFLOW_API_URL", f"{url}/api")
        monkeypatch.setenv("WHENFLOW_API_KEY", "wfk_tests")

        codes = [main(shlex.split(line)[1:]) for line in commands.splitlines()]

    assert codes == [0, 0, 0, 0]
    listed = capsys.readouterr().out.rpartition("NAME")[2]
    assert "orders" in listed and "files" in listed


@pytest.mark.parametrize("page", PAGES)
def test_the_parameters_on_the_page_are_the_templates(page):
    named = re.findall(r"`((?:Incoming|Notification|Kafka|Msk)[A-Za-z]+)`", PAGES[page])
    known = template()["Parameters"].keys() | template()["Resources"].keys()

    assert named
    assert set(named) <= known
