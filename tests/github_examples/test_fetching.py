"""`make test-github-examples` where npm, or what it fetched, is not what it should be."""

import io
import json
import tarfile

import pytest
from tests.github_examples import __main__ as examples


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Where the package would be kept; nothing is there yet."""
    monkeypatch.setattr(examples, "CACHE", tmp_path)
    monkeypatch.setattr(examples, "ARCHIVE", tmp_path / "package.tgz")
    return tmp_path / "package.tgz"


def test_where_npm_is_missing_that_is_said_and_no_failure(archive, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda _: None)

    assert examples.main() == 0
    assert "npm is not on this machine" in capsys.readouterr().err


def test_a_package_that_is_not_the_known_one_is_refused_and_removed(archive, capsys):
    archive.write_bytes(b"something else")

    assert examples.main() == 1
    assert "is not what it should be" in capsys.readouterr().err
    assert not archive.exists()


def test_an_example_that_does_not_become_its_event_is_a_failure_that_names_it(archive, monkeypatch, capsys):
    definition = {"name": "push", "examples": [{"repository": {"full_name": "octo-org/hello-world"}}]}
    data = json.dumps([definition]).encode()
    with tarfile.open(archive, "w:gz") as package:
        member = tarfile.TarInfo("package/api.github.com/index.json")
        member.size = len(data)
        package.addfile(member, io.BytesIO(data))
    monkeypatch.setattr(examples, "SHA512", examples.hash_of(archive))

    assert examples.main() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "examples=1 events=1 failed=0 event_names=1"

    monkeypatch.setattr(examples, "fault_of", lambda *_: "it has a fault")
    assert examples.main() == 1
    assert "api.github.com push: it has a fault" in capsys.readouterr().out
