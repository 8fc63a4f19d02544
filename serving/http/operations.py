"""For whoever runs the server: is it alive, is it ready and what is missing, what does it count, what does it keep."""

import asyncio
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from bot.commands import GRAMMAR_VERSION
from guardrails.findings import KINDS
from serving.http.adapter import adapter_facts
from serving.http.notices import NOTICE_VERSION
from serving.http.parts import Parts
from serving.metrics import CONTENT_TYPE

_FRESH_S: Final = 10.0


def package_version() -> str:
    """The installed version of this project."""
    try:
        return version("tactful")
    except PackageNotFoundError:
        return "0+source"


def router(parts: Parts) -> APIRouter:
    """The routes over ``parts``."""
    api = _Api(parts)
    routes = APIRouter(tags=["operations"])
    add = routes.add_api_route
    add("/livez", api.livez, methods=["GET"], operation_id="livez")
    add("/readyz", api.readyz, methods=["GET"], operation_id="readyz", response_model=None)
    add("/health", api.readyz, methods=["GET"], include_in_schema=False, response_model=None)
    add("/metrics", api.metrics, methods=["GET"], operation_id="metrics", response_class=Response)
    add("/version", api.version, methods=["GET"], operation_id="version")
    add("/v1/privacy", api.privacy, methods=["GET"], operation_id="privacy")
    return routes


class _Api:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._known: tuple[float, dict[str, Any]] = (-_FRESH_S, {})

    async def livez(self) -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    async def readyz(self) -> Response:
        """200 when everything works, 503 with what is missing otherwise."""
        at, checks = self._known
        if time.monotonic() - at >= _FRESH_S or not all(check["ok"] for check in checks.values()):
            checks = await asyncio.to_thread(self._checks)
            self._known = (time.monotonic(), checks)
        state = self._parts.engine.state
        checks = {"engine": {"ok": state.ready, "phase": state.phase, "detail": state.detail}, **checks}
        missing = [name for name, check in checks.items() if not check["ok"]]
        body = {"ready": not missing, "missing": missing, "checks": checks}
        return JSONResponse(body, 503 if missing else 200, {"Cache-Control": "no-store"})

    def _checks(self) -> dict[str, Any]:
        parts = self._parts
        return {
            "guards": _try(parts.guardrails.self_test, "planted values are found", "the guards do not work"),
            "sessions": _try(parts.sessions.check, "can be written", "cannot be written: disk full or read-only?"),
            "transcripts": _try(
                parts.transcripts.check, "can be written", "cannot be written: disk full or read-only?"
            ),
            "audit": _try(parts.audit.check, "can be written", "cannot be written: disk full or read-only?"),
            "shop": _try(lambda: parts.shop.products()[0], "has products", "no products: tactful shop import"),
        }

    async def metrics(self) -> Response:
        """Counters in Prometheus' text format."""
        state = self._parts.engine.state
        return Response(self._parts.metrics.render(state.phase, state.ready), media_type=CONTENT_TYPE)

    async def version(self) -> dict[str, Any]:
        """Versions of the program and of its contracts."""
        return {"name": "tactful", "version": package_version(), "grammar": GRAMMAR_VERSION, "notice": NOTICE_VERSION}

    async def privacy(self) -> dict[str, Any]:
        """What can be proved about the adapter, what is hidden, and what is kept for how long."""
        settings = self._parts.settings
        return {
            "adapter": await asyncio.to_thread(adapter_facts, settings),
            "redaction": {"version": package_version(), "kinds": list(KINDS), "try": "/privacy/try"},
            "retention": {
                "values_days": settings.value_days,
                "transcripts": settings.transcripts,
                "transcripts_days": settings.transcript_days if settings.transcripts else 0,
                "session_minutes": settings.session_minutes,
            },
            "notice_version": NOTICE_VERSION,
        }


def _try(check: Callable[[], object], good: str, bad: str) -> dict[str, Any]:
    try:
        check()
    except Exception as error:
        return {"ok": False, "detail": f"{bad} ({type(error).__name__})"}
    return {"ok": True, "detail": good}
