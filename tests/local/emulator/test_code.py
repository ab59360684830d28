"""Code and layers are unpacked once."""

import io
import os
import zipfile
from pathlib import Path

from tests.local.emulator.cloud import RUNTIME, Cloud, unique

from whenflow.local.emulator.code import prune, unpacked


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return path


def test_functions_share_one_unpacked_layer(cloud: Cloud) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as layer:
        layer.writestr("python/shared_by_all.py", "WHERE = __file__")
    content = {"ZipFile": packed.getvalue()}
    made = cloud.client("lambda").publish_layer_version(
        LayerName=unique("layer"), Content=content, CompatibleRuntimes=[RUNTIME]
    )
    source = """
        import os
        import shared_by_all

        def handler(event, context):
            return os.path.realpath(shared_by_all.WHERE)
    """
    one, other = (cloud.function(source, Layers=[made["LayerVersionArn"]]) for _ in range(2))

    assert cloud.invoke(one, {}) == cloud.invoke(other, {})


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    first = unpacked(archive(tmp_path / "a.zip", app="one"), tmp_path / "store")
    (first / "mark").touch()

    assert unpacked(archive(tmp_path / "b.zip", app="two"), tmp_path / "store") != first
    assert (unpacked(tmp_path / "a.zip", tmp_path / "store") / "mark").exists()


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    for age, name in enumerate(("newest", "older", "oldest", "draft-unfinished")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))

    prune(tmp_path, kept=2)

    assert {place.name for place in tmp_path.iterdir()} == {"newest", "older"}
