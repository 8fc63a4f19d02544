"""The OpenAPI document in the repository is the one that is served."""

from serving.app import Parts, create_app
from tests.serving.write_openapi import FILE, document


def test_the_kept_document_is_the_served_one(parts: Parts) -> None:
    kept = FILE.read_text("utf-8")
    assert kept == document(parts), "the API has changed: run `python -m tests.serving.write_openapi`"


def test_every_operation_has_a_name_and_a_sentence(parts: Parts) -> None:
    paths = create_app(parts, chat_page=False).openapi()["paths"].values()
    operations = [operation for path in paths for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(operation["description"].endswith(".") for operation in operations)
