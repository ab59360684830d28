"""How the command finds the API."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import KEY

from whenflow.cli.config import Connection, find_connection
from whenflow.cli.errors import NotConnected, UsageError
from whenflow.cli.options import Options

LOCAL_URL = "http://127.0.0.1:4566/api"
REMOTE_URL = "https://abc.execute-api.eu-central-1.amazonaws.com/api"


@pytest.fixture
def local_file(tmp_path: Path) -> Path:
    path = tmp_path / ".whenflow" / "local.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"api_url": LOCAL_URL + "/", "api_key": "local-key", "pid": 1}))
    return path


def find(start: Path, options: Options | None = None, environ: dict[str, str] | None = None) -> Connection:
    return find_connection(options or Options(), environ or {}, start)


def test_options_win_over_the_environment_and_the_environment_over_the_local_stack(tmp_path, local_file):
    environ = {"WHENFLOW_API_URL": REMOTE_URL, "WHENFLOW_API_KEY": "env-key"}

    by_option = find(tmp_path, Options(api_url="http://other/api", api_key="option-key"), environ)
    by_environment = find(tmp_path, environ=environ)
    by_file = find(tmp_path)

    assert (by_option.api_url, by_option.api_key) == ("http://other/api", "option-key")
    assert (by_environment.api_url, by_environment.api_key) == (REMOTE_URL, "env-key")
    assert (by_file.api_url, by_file.api_key) == (LOCAL_URL, "local-key")


def test_the_local_stack_is_found_from_a_directory_below(tmp_path, local_file):
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)

    assert find(below).key_source == str(local_file)


def test_the_key_of_the_local_stack_is_not_sent_to_another_address(tmp_path, local_file):
    with pytest.raises(NotConnected, match="No API key") as caught:
        find(tmp_path, environ={"WHENFLOW_API_URL": REMOTE_URL})

    assert "WHENFLOW_API_KEY" in caught.value.hint


def test_the_address_of_the_local_stack_may_be_given_without_its_key(tmp_path, local_file):
    assert find(tmp_path, Options(api_url=LOCAL_URL + "/")).api_key == "local-key"


def test_an_empty_variable_counts_as_not_set(tmp_path, local_file):
    assert find(tmp_path, environ={"WHENFLOW_API_URL": "", "WHENFLOW_API_KEY": " "}).api_key == "local-key"


def test_without_any_api_the_error_says_how_to_get_one(cli):
    outcome = cli("event", "ls")

    assert outcome.code == 1
    assert "No Whenflow found" in outcome.err
    assert "make up" in outcome.err
    assert "WHENFLOW_API_URL" in outcome.err


@pytest.mark.parametrize(
    "url", ["127.0.0.1:4566/api", "ftp://host/api", "https://", "http://host:port/api", "nonsense"]
)
def test_what_is_no_url_is_refused_before_anything_is_sent(tmp_path, url):
    with pytest.raises(UsageError, match="is not a URL"):
        find(tmp_path, Options(api_url=url, api_key=KEY))


@pytest.mark.parametrize("content", ["{", "[]", ""])
def test_a_broken_local_file_is_named_with_the_way_out(tmp_path, local_file, content):
    local_file.write_text(content)

    with pytest.raises(UsageError, match=r"local\.json") as caught:
        find(tmp_path)

    assert "make up" in caught.value.hint


def test_the_key_is_not_in_the_representation_of_a_connection(tmp_path, local_file):
    assert "local-key" not in repr(find(tmp_path))
