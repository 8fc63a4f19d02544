"""Writes ``serving/openapi.json`` anew: ``python -m tests.serving.write_openapi``."""

import json
import tempfile
from pathlib import Path

from serving.app import Parts, create_app
from tests.serving.web_fakes import make_parts

FILE = Path(__file__).parents[2] / "serving" / "openapi.json"


def document(parts: Parts) -> str:
    app = create_app(parts, chat_page=False)
    return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(document(make_parts(Path(folder))), "utf-8")
