"""The composition root's half for the engine: from settings to what answers the model's requests.

Apart from ``compose`` because it imports neither bot nor guards: vLLM takes most of a start, so it is begun before
the seconds that those take.
"""

import sys
from pathlib import Path
from typing import Final

import structlog

from serving.endpoint import EngineState, ExternalEngine, ModelEndpoint
from serving.engine import Engine, free_port
from serving.hardware import detect, engine_build
from serving.launch import plan
from serving.merging import merge
from serving.model import fetch
from serving.model_folder import PassportRefused
from serving.passport.gate import admit, trusted_keys
from serving.settings import Settings

ARTIFACTS: Final = Path(__file__).parent.parent / "finetune" / "artifacts"
ADAPTER: Final = ARTIFACTS / "default"
_log = structlog.get_logger("tactful.compose")


class Reporter:
    """Logs the engine's state where it has changed; that a stage still lasts is no news."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, state: EngineState) -> None:
        """Log it, unless only the seconds in brackets differ from the state before."""
        news = f"{state.phase}: {state.detail.partition(' (')[0]}"
        if news != self._last:
            self._last = news
            _log.info("engine", phase=state.phase, ready=state.ready, detail=state.detail)


def keys_of(settings: Settings) -> dict[str, str]:
    """The public keys whose adapters may be served.

    Raises:
        PassportRefused: a file that the settings name holds no key.
    """
    return trusted_keys(settings.data_dir, map(Path, settings.privacy.trusted_keys))


def build_model_folder(settings: Settings) -> Path:
    """The weights that vLLM serves: those of the settings, or the default model with our adapter merged in.

    Raises:
        PassportRefused: the adapter's passport does not verify, or the settings bring an adapter past this check.
        ModelError: the model could not be made ready.
    """
    if any(flag.startswith("--lora-modules") for flag in settings.engine.extra_flags):
        raise PassportRefused(
            "engine.extra_flags has --lora-modules, an adapter without a verified passport: remove it"
        )
    if settings.model.folder:
        return settings.model.folder
    admit(ADAPTER, keys_of(settings))
    base = fetch(settings.data_dir, progress=lambda message, _: print(f"  {message}", file=sys.stderr))  # noqa: T201
    return merge(base.path, ADAPTER, settings.models_dir / "tactful")


def build_engine(settings: Settings) -> ModelEndpoint:
    """VLLM here, or a watcher of the endpoint that the settings name."""
    if settings.model.url:
        key = settings.model.api_key.get_secret_value() if settings.model.api_key else None
        return ExternalEngine(settings.model.url, settings.model.name, key, report=Reporter())
    port = settings.engine.port or free_port()
    launch = plan(build_model_folder(settings), settings.model.name, settings.engine, detect(), engine_build(), port)
    return Engine(launch, settings.logs_dir / "engine.log", report=Reporter())
