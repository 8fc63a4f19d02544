"""``tactful scenarios`` as a function: tasks over the project's own bot, with an engine here or elsewhere."""

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from bot.shop.errors import ShopStoreError
from bot.shop.store import SqliteShop
from bot.turn import Bot
from serving.assembly import Warmed, warm_up
from serving.compose import ShopParts, build_bot, build_model, build_shop
from serving.compose_engine import build_engine
from serving.endpoint import EngineError, ModelEndpoint
from serving.evaluation.manifest import git_commit
from serving.scenarios.figures import summary
from serving.scenarios.play import Result, play_all
from serving.scenarios.report import result_json, write_report
from serving.scenarios.tasks import Task, TaskFile
from serving.settings import Settings, StorageSettings

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ScenarioRun:
    """What came of a run: the figures and the single results."""

    figures: dict[str, Any]
    results: tuple[Result, ...]

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {**self.figures, "results": [result_json(result) for result in self.results]}


async def run(
    settings: Settings,
    source: Path,
    tasks: TaskFile,
    out: Path,
    *,
    wording: str,
    workers: int = 1,
    without_model: bool = False,
    say: Say = lambda line: None,
) -> ScenarioRun:
    """Plays the tasks against the shop of ``settings`` and writes the report to ``out``.

    The vault lies in a folder that is deleted afterwards; dialogue state is kept in memory. ``without_model``
    plays the degraded mode: no engine is started or asked.

    Raises:
        one of ``serving.assembly.START_ERRORS`` or of the engine's: the message says what to do.
    """
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="scenarios-") as folder:
        vault = StorageSettings.model_validate({"vault_url": f"sqlite:///{Path(folder) / 'vault.db'}"})
        folder_only = settings.shop.model_copy(update={"api_url": None})  # a shop system's orders are real ones
        own = settings.model_copy(update={"storage": vault, "shop": folder_only})
        engine = None if without_model else build_engine(settings)
        try:
            if engine:
                await engine.start()
            parts = await asyncio.to_thread(build_shop, own)
            results = await _play(own, parts, engine, tasks.tasks, workers, say)
        finally:
            if engine:
                await engine.stop()
    figures = summary(results, tasks.skipped)
    write_report(out, results, figures, _made_from(source, wording, settings, without_model), began)
    return ScenarioRun(figures, tuple(results))


async def _play(
    settings: Settings,
    parts: ShopParts,
    engine: ModelEndpoint | None,
    tasks: Sequence[Task],
    workers: int,
    say: Say,
) -> list[Result]:
    shop = parts.shop
    if not isinstance(shop, SqliteShop):
        raise ShopStoreError(
            "expected a shop folder to play on copies of; a shop system's own orders are not played with"
        )
    url = engine.base_url if engine else "http://127.0.0.1:9"  # the discard port: nothing answers there
    model = build_model(settings, url)

    def make(copy: SqliteShop) -> Bot:
        return build_bot(settings, replace(parts, shop=copy), url, InMemorySaver(), model)

    try:
        if engine:
            await _warm(make(shop), engine, say)
        return await play_all(
            tasks,
            shop.path,
            make,
            workers=workers,
            progress=lambda done, of: say(f"{done} of {of}"),
        )
    finally:
        shop.close()
        parts.guard.close()


async def _warm(bot: Bot, engine: ModelEndpoint, say: Say) -> None:
    try:
        await warm_up(bot, Warmed(engine))
    except EngineError as error:
        say(f"The model is not ready: {error}\nAnswers come from the degraded mode.")


def _made_from(source: Path, wording: str, settings: Settings, without_model: bool) -> dict[str, str]:
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return {
        "tasks · 任务": f"{source.name} (sha256 {digest[:12]}, wording {wording})",
        "model · 模型": "none · 无" if without_model else settings.model.name,
        "commit · 版本": git_commit() or "–",
    }
