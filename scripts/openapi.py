"""Write the API's description of itself to docs/openapi.json."""

import json
from pathlib import Path

from whenflow.api.openapi.document import build

PATH = Path(__file__).parents[1] / "docs" / "openapi.json"


def text() -> str:
    """Return the file's text."""
    return json.dumps(build(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
