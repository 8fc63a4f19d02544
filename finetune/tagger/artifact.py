"""The artifact folder of a tagger, as ``guardrails.tagger`` reads it: model, tokenizer, config with hashes, card.

It appears whole or not at all.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from finetune.passport import sha256_file
from finetune.tagger.card import card
from finetune.tagger.export import write_onnx
from finetune.tagger.labels import LABELS
from finetune.tagger.model import Tagger
from guardrails.tagger import CONFIG, FORMAT, MODEL, TOKENIZER, AttackLimits, Thresholds

CARD = "README.md"


def write(
    out: Path,
    model: Tagger,
    tokenizer: Tokenizer,
    thresholds: Mapping[str, Thresholds],
    attack: Mapping[str, AttackLimits],
    recipe: dict[str, Any],
) -> dict[str, Any]:
    """Writes the folder ``out``, replacing it; its config."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder = Path(temporary) / out.name
        folder.mkdir()
        write_onnx(model, folder / MODEL)
        (folder / TOKENIZER).write_text(tokenizer.to_str(), "utf-8")
        config = {
            "format": FORMAT,
            "labels": list(LABELS),
            "thresholds": {name: asdict(limits) for name, limits in thresholds.items()},
            "attack": {lang: asdict(limits) for lang, limits in attack.items()},
            "recipe": recipe | {"shape": asdict(model.shape)},
            "sha256": {name: sha256_file(folder / name) for name in (MODEL, TOKENIZER)},
            "measured": {},
        }
        _write_documents(folder, config)
        shutil.rmtree(out, ignore_errors=True)
        folder.replace(out)
    return config


def update(
    folder: Path,
    thresholds: Mapping[str, Thresholds],
    attack: Mapping[str, AttackLimits],
    measured: dict[str, Any],
) -> dict[str, Any]:
    """Puts thresholds and measured quality into the config and the card."""
    config: dict[str, Any] = json.loads((folder / CONFIG).read_text("utf-8"))
    config["thresholds"] = {name: asdict(limits) for name, limits in thresholds.items()}
    config["attack"] = {lang: asdict(limits) for lang, limits in attack.items()}
    config["measured"] |= measured
    _write_documents(folder, config)
    return config


def _write_documents(folder: Path, config: dict[str, Any]) -> None:
    (folder / CONFIG).write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (folder / CARD).write_text(card(config), "utf-8")
