"""The demo shop's own texts: JSON and Markdown beside this module, written for this project."""

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> Any:
    """A JSON file of ``data/``, by its name without ending."""
    return json.loads((files(__package__) / "data" / f"{name}.json").read_text("utf-8"))


def shelves() -> list[dict[str, Any]]:
    """The product files, by file name: one category each."""
    folder = files(__package__) / "products"
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".json")), key=lambda path: path.name)
    return [json.loads(path.read_text("utf-8")) for path in paths]


def policies() -> dict[str, str]:
    """File name → Markdown with front matter."""
    folder = files(__package__) / "policies"
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".md")), key=lambda path: path.name)
    return {path.name: path.read_text("utf-8") for path in paths}
