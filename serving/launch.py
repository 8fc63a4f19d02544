"""How vLLM is started here: command line, environment and reasons, from the settings and the machine.

LaunchError    vLLM cannot run on this machine (user-fixable); the message names the ways out

A pure function of its arguments; it starts nothing. Flags are those of vLLM 0.32.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from serving.hardware import Build, Dtype, Hardware, best_dtype
from serving.settings import EngineSettings

_OUTSIDE: Final = (
    "name a running OpenAI-compatible endpoint instead: --model-url http://host:port/v1 "
    "(or TACTFUL_MODEL__URL, or [model] url in tactful.toml)"
)
_SPECULATION: Final = {
    "method": "ngram",
    "num_speculative_tokens": 4,
    "prompt_lookup_max": 4,
    "prompt_lookup_min": 2,
}
# JSON without white space: a small model left free to write blanks runs on in them until the token limit.
_STRUCTURED: Final = {"backend": "xgrammar", "disable_any_whitespace": True}

# Nothing of the engine may reach out: no hub, no usage statistics. No request text in its log at any level.
_QUIET_ENV: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_DEBUG_LOG_API_SERVER_RESPONSE": "0",
    "VLLM_LOGGING_LEVEL": "INFO",
    "PYTHONWARNINGS": "ignore",
}


class LaunchError(RuntimeError):
    """vLLM cannot be started on this machine."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run. ``env`` is added to the process's own; ``summary`` is one line for people."""

    argv: tuple[str, ...]
    env: dict[str, str]
    port: int
    dtype: Dtype
    summary: str

    @property
    def base_url(self) -> str:
        """The OpenAI-compatible base URL of the engine."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def health_url(self) -> str:
        """Answers 200 when the engine can decode."""
        return f"http://127.0.0.1:{self.port}/health"


def plan(
    model: Path, served_name: str, settings: EngineSettings, hardware: Hardware, build: Build | None, port: int
) -> Launch:
    """Decide the flags.

    Args:
        model: folder with weights, config and tokenizer.
        served_name: the name requests will use.
        settings: the engine's section.
        hardware: this machine.
        build: the installed vLLM.
        port: a free port of the loopback address.

    Raises:
        LaunchError: no vLLM for this machine, no model in the folder, or flags that would log what customers write.
    """
    kind = _usable(hardware, build)
    if logging := [flag for flag in settings.extra_flags if flag.startswith("--enable-log")]:
        raise LaunchError(f"expected engine.extra_flags that log no requests, got {', '.join(logging)}; remove them")
    if not (model / "config.json").is_file():
        raise LaunchError(
            f"expected a model folder with config.json at {model}; run `tactful model fetch`, or {_OUTSIDE}"
        )
    dtype: Dtype = best_dtype(hardware, kind) if settings.dtype == "auto" else settings.dtype
    argv = (sys.executable, "-m", "vllm.entrypoints.openai.api_server", *_common(model, served_name, settings, port))
    argv += ("--dtype", dtype)
    env = dict(_QUIET_ENV)
    if kind == "cpu":
        # Compiling takes a minute more at every start and decodes no faster.
        argv += ("--enforce-eager",)
        env |= {"VLLM_CPU_KVCACHE_SPACE": str(settings.kv_cache_gib), **_processes(hardware)}
        where = f"CPU, {hardware.cpus} cores, {hardware.vector_width}"
    else:
        argv += ("--gpu-memory-utilization", str(settings.gpu_memory))
        where = ", ".join(gpu.name for gpu in hardware.gpus)
    argv += settings.extra_flags
    return Launch(argv, env, port, dtype, f"vLLM on {where}, {dtype}, model {model.name}")


def _usable(hardware: Hardware, build: Build | None) -> Build:
    if hardware.system != "Linux":
        raise LaunchError(f"vLLM runs on Linux, this is {hardware.system or 'an unknown system'}; {_OUTSIDE}")
    if build is None:
        raise LaunchError(
            "vLLM is not installed; install requirements.lock (no GPU) or requirements-gpu.lock (GPU) "
            f"with `pip install --no-deps -r`, or {_OUTSIDE}"
        )
    if build == "gpu" and not hardware.gpus:
        raise LaunchError(
            "vLLM's GPU build is installed, but no NVIDIA GPU answers nvidia-smi; "
            f"install requirements.lock for its CPU build, or {_OUTSIDE}"
        )
    return build


def _common(model: Path, served_name: str, settings: EngineSettings, port: int) -> tuple[str, ...]:
    flags: dict[str, Any] = {
        "--model": model,
        "--served-model-name": served_name,
        "--host": "127.0.0.1",
        "--port": port,
        "--max-model-len": settings.max_model_len,
        "--max-num-seqs": settings.max_num_seqs,
        "--structured-outputs-config": json.dumps(_STRUCTURED),
    }
    if settings.speculative:
        flags["--speculative-config"] = json.dumps(_SPECULATION)
    words = tuple(str(word) for pair in flags.items() for word in pair)
    return (*words, "--enable-prefix-caching", "--disable-uvicorn-access-log", "--no-enable-log-requests")


def _processes(hardware: Hardware) -> dict[str, str]:
    """On few cores one process less: the worker runs inside the engine's core, and no core is kept back.

    Measured on 2 cores: ready in 47 instead of 65 s, 1.3 to 1.6 times the tokens per second.
    """
    if hardware.cpus > 4:
        return {"VLLM_CPU_OMP_THREADS_BIND": "auto"}
    threads = {"OMP_NUM_THREADS": str(hardware.cpus), "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    return {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", **threads}
