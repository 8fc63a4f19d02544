"""From one GGUF file to a Hugging Face folder in bf16, with or without a cut vocabulary.

Needs transformers, gguf and accelerate; takes about a minute and 3 GB for Gemma 3 270M on two cores.
It does not know where the GGUF file comes from.
"""

import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from serving import vocabulary
from serving.model_folder import WEIGHTS

if TYPE_CHECKING:
    import torch

RECIPE: Final = 1
"""Raise when a change here makes other weights or token ids from the same source."""

Progress = Callable[[str, float], None]
Dialect = Literal["gemma", "chatml"]

# The converted tokenizer adds no <bos>, and without it the model's output is junk: the template sets it.
GEMMA_TEMPLATE: Final = (
    "{{ bos_token }}"
    "{% set system = messages[0]['content'] + '\n\n' if messages[0]['role'] == 'system' else '' %}"
    "{% set rest = messages[1:] if messages[0]['role'] == 'system' else messages %}"
    "{% for message in rest %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{% if loop.first %}{{ system }}{% endif %}{{ message['content'] | trim }}<end_of_turn>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
CHATML_TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] | trim }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_TEMPLATES: Final[dict[Dialect, str]] = {"gemma": GEMMA_TEMPLATE, "chatml": CHATML_TEMPLATE}
_TURN_ENDS: Final[dict[Dialect, str]] = {"gemma": "<end_of_turn>", "chatml": "<|im_end|>"}


def base_hash(gguf_sha256: str, tokenizer: dict[str, Any]) -> str:
    """What names a base model on every machine: its source, its token ids and the recipe."""
    content = json.dumps([RECIPE, gguf_sha256, vocabulary.fingerprint(tokenizer)])
    return hashlib.sha256(content.encode()).hexdigest()


def convert(gguf: Path, out: Path, *, dialect: Dialect, pruned: bool, progress: Progress) -> tuple[int, dict[str, Any]]:
    """Writes config, generation config, tokenizer with chat template, and weights into the empty folder ``out``.

    Returns:
        The number of tokens and the content of tokenizer.json.
    """
    with _quiet():
        progress("converting the tokenizer", 0.0)
        tokenizer = _save_tokenizer(gguf, out, dialect)
        old_ids: tuple[int, ...] | None = None
        if pruned:
            cut = vocabulary.prune(tokenizer)
            tokenizer, old_ids = cut.tokenizer, cut.old_ids
            (out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), "utf-8")
        progress("converting the weights", 0.4)
        size = _save_weights(gguf, out, tokenizer, old_ids, _TURN_ENDS[dialect])
        progress("converted", 1.0)
    return size, tokenizer


def _save_tokenizer(gguf: Path, out: Path, dialect: Dialect) -> dict[str, Any]:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(str(out))
    config_file = out / "tokenizer_config.json"
    config = json.loads(config_file.read_text("utf-8"))
    for local in ("is_local", "local_files_only", "name_or_path"):
        config.pop(local, None)
    config["chat_template"] = _TEMPLATES[dialect]
    config_file.write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", "utf-8")
    content: dict[str, Any] = json.loads((out / "tokenizer.json").read_text("utf-8"))
    return content


def _save_weights(
    gguf: Path, out: Path, tokenizer: dict[str, Any], old_ids: tuple[int, ...] | None, turn_end: str
) -> int:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(str(gguf.parent), gguf_file=gguf.name, dtype=torch.bfloat16)
    config = model.config
    # transformers refuses to save a model that remembers its GGUF: a fresh one of the same shape is filled instead
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config._name_or_path = ""
    state: dict[str, torch.Tensor] = {name: tensor.to(torch.bfloat16) for name, tensor in model.state_dict().items()}
    if old_ids is not None:
        state = {name: _rows(name, tensor, old_ids, config.vocab_size) for name, tensor in state.items()}
        config.vocab_size = len(old_ids)
    fresh = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)  # type: ignore[no-untyped-call]
    fresh.load_state_dict(state)
    _set_special_ids(fresh, tokenizer["model"]["vocab"], turn_end)
    fresh.save_pretrained(str(out))
    (out / WEIGHTS).chmod(0o644)
    return int(config.vocab_size)


def _rows(name: str, tensor: "torch.Tensor", old_ids: tuple[int, ...], vocab_size: int) -> "torch.Tensor":
    # the embedding and, where the state lists it too, the head tied to it
    if tensor.shape[0] != vocab_size or not name.endswith(("embed_tokens.weight", "lm_head.weight")):
        return tensor
    return tensor[list(old_ids)].contiguous()


def _set_special_ids(model: Any, vocab: dict[str, int], turn_end: str) -> None:
    # ids of frequent special tokens keep their place (they come first), but nothing relies on that
    names = {
        "pad_token_id": ("<pad>", "<|im_end|>"),
        "bos_token_id": ("<bos>", "<|im_start|>"),
        "eos_token_id": ("<eos>", "<|im_end|>"),
    }
    for field, candidates in names.items():
        token_id = next(vocab[token] for token in candidates if token in vocab)
        setattr(model.config, field, token_id)
        setattr(model.generation_config, field, token_id)
    if "<unk>" in vocab:
        model.config.unk_token_id = vocab["<unk>"]
    ends = {model.config.eos_token_id, vocab[turn_end]}
    model.generation_config.eos_token_id = sorted(ends)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the bars and advice of transformers: progress is reported by the caller, faults are raised."""
    from transformers.utils import logging as transformers_logging

    level = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.ERROR)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with redirect_stderr(io.StringIO()):  # the bar of the GGUF reader has no other switch
            yield
    finally:
        transformers_logging.set_verbosity(level)
        transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
