from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from serving.app import Parts
from tests.serving.web_fakes import make_parts, served


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return make_parts(tmp_path)


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    async with served(parts) as client:
        yield client
