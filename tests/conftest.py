"""Every test: no network beyond this machine, a home of its own, no settings from the environment."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Machines are shared: how long one example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

_CONNECT = socket.socket.connect
_CONNECT_EX = socket.socket.connect_ex
_LOOKUP = socket.getaddrinfo
_LOCAL = {"localhost", "127.0.0.1", "::1", "0.0.0.0", ""}  # noqa: S104


def _check(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name not in _LOCAL and not name.startswith("127."):
        raise OSError(f"a test reached for the network: {name!r}")


def _guarded(connect: Any) -> Any:
    def connect_locally(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _check(address[0])
        return connect(self, address)

    return connect_locally


def _look_up_locally(host: Any, *args: Any, **kwargs: Any) -> Any:
    _check(host)
    return _LOOKUP(host, *args, **kwargs)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse sockets and name look-ups that leave this machine."""
    monkeypatch.setattr(socket.socket, "connect", _guarded(_CONNECT))
    monkeypatch.setattr(socket.socket, "connect_ex", _guarded(_CONNECT_EX))
    monkeypatch.setattr(socket, "getaddrinfo", _look_up_locally)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own, and no TACTFUL_* variables."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith("TACTFUL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    yield home
