"""Every test: no network beyond this machine, a home of its own, no settings from the environment."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Machines are shared: how long one example takes says nothing. `make fuzz` takes the nightly profile; the option
# --hypothesis-profile wins over the variable.
_LENIENT = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
settings.register_profile("shared", deadline=None, suppress_health_check=_LENIENT)
settings.register_profile("nightly", deadline=None, suppress_health_check=_LENIENT, max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shared"))

_CONNECT = socket.socket.connect
_CONNECT_EX = socket.socket.connect_ex
_SENDTO = socket.socket.sendto
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


def _send_locally(self: socket.socket, data: Any, *args: Any) -> Any:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _check(args[-1][0])
    return _SENDTO(self, data, *args)


def _look_up_locally(host: Any, *args: Any, **kwargs: Any) -> Any:
    _check(host)
    return _LOOKUP(host, *args, **kwargs)


def _look_up_name_locally(host: str) -> str:
    _check(host)
    return "127.0.0.1"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse sockets and name look-ups that leave this machine."""
    monkeypatch.setattr(socket.socket, "connect", _guarded(_CONNECT))
    monkeypatch.setattr(socket.socket, "connect_ex", _guarded(_CONNECT_EX))
    monkeypatch.setattr(socket.socket, "sendto", _send_locally)
    monkeypatch.setattr(socket, "getaddrinfo", _look_up_locally)
    monkeypatch.setattr(socket, "gethostbyname", _look_up_name_locally)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of its own, and no TACTFUL_* variables."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith("TACTFUL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    yield home
