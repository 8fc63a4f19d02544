"""Parts that are slow to build, once for all tests of the bot. Nothing here is changed by a test."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.bot.tool_samples import Wired


@pytest.fixture(scope="session")
def wired(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Wired]":
    """The small shop of ``tool_samples``, wired as the product does it."""
    from tests.bot.tool_samples import wire  # local: seconds of imports that the other tests do without

    with wire(tmp_path_factory.mktemp("tools")) as parts:
        yield parts
