"""The whole way from a seed to an artifact folder: messages, training, 8 bits, thresholds."""

import json
import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from finetune.tagger import artifact, choose
from finetune.tagger.encoder import E5File, build_tokenizer, load_encoder, open_e5
from finetune.tagger.labels import LABELS
from finetune.tagger.read_back import read_back
from finetune.tagger.synthesis.attacks import attack_messages
from finetune.tagger.synthesis.messages import messages
from finetune.tagger.synthesis.people import in_half
from finetune.tagger.train import (
    Encoded,
    Report,
    TaggerSettings,
    encode,
    encode_attack,
    encode_harmless,
    masked,
    second,
    train,
)
from finetune.tagger.vocabulary import keep, select
from guardrails.tagger import MODEL, Thresholds

DEV_MESSAGES = 3000
_BEFORE = {f"{lang}.{kind}": Thresholds(0.5, 0.3) for lang in ("en", "zh") for kind in choose.KINDS}


def build(
    out: Path,
    settings: TaggerSettings,
    *,
    work: Path | None = None,
    report: Report = lambda line: None,
    file: E5File | None = None,
    dev_messages: int = DEV_MESSAGES,
    start: Path | None = None,
    trained: Path | None = None,
) -> dict[str, Any]:
    """Trains a tagger in two runs and writes its artifact folder; the config.

    ``start`` is an artifact folder that the first run, or an earlier one, has made: only the second run is made then.
    ``trained`` is the ``checkpoint.pt`` that a run with the same settings left at its end: then the rest is done anew.

    Raises:
        BadBase: the encoder's weights are not there or of another format.
        Diverged: the loss is no longer a number; ``out`` is left as it was.
    """
    file = file or open_e5()
    kept = keep(file.pieces, settings.latin_pieces, settings.chinese_pieces)
    tokenizer = build_tokenizer(select(file.pieces, kept))
    model = load_encoder(file, kept, settings.layers, len(LABELS), settings.dropout)
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
    if trained is not None:
        model.load_state_dict(torch.load(trained))
    else:
        if start is not None:
            read_back(start / MODEL, model)
        for run in (second(settings),) if start else (settings, second(settings)):
            train(model, _examples(run, tokenizer), run, work=work, report=_logged(report, work))
    recipe = asdict(settings) | {"second": asdict(second(settings))}
    artifact.write(out, model, tokenizer, _BEFORE, choose.ANY_ATTACK, recipe)
    return choose_limits(out, settings.seed, dev_messages)


def choose_limits(folder: Path, seed: int, dev_messages: int = DEV_MESSAGES) -> dict[str, Any]:
    """Chooses from which share a word is a name or an address and a text an attack, for an artifact; its config.

    Raises:
        GuardError: the folder is missing, damaged or of another format.
    """
    thresholds, measured = choose.choose(folder, seed + 1, dev_messages)
    attack, attack_measured = choose.choose_attack(folder, seed + 1, dev_messages)
    return artifact.update(folder, thresholds, attack, measured | attack_measured)


def _examples(settings: TaggerSettings, tokenizer: Tokenizer) -> list[Encoded]:
    """Messages, attacks with what looks like them, customers' turns: of the halves that are not for development."""
    rng = random.Random(settings.seed)
    made = [*messages("en", settings.seed, settings.messages_en), *messages("zh", settings.seed, settings.messages_zh)]
    examples = [masked(encode(message, tokenizer), settings.masked, rng) for message in made]
    examples += [
        masked(encode_attack(message, tokenizer), settings.masked, rng)
        for lang in ("en", "zh")
        for message in attack_messages(lang, settings.seed, settings.attacks, settings.collections)
        if in_half(message.family, "train")
    ]
    return examples + [
        masked(encode_harmless(text, tokenizer), settings.masked, rng)
        for lang in ("en", "zh")
        for text in choose.customers_turns(lang, settings.seed, settings.turns, "train")
    ]


def toy(settings: TaggerSettings) -> TaggerSettings:
    """The same in seconds: to see that all parts fit, not to use."""
    return replace(
        settings, layers=1, messages_en=120, messages_zh=60, attacks=40, latin_pieces=2000, chinese_pieces=500
    )


def _logged(report: Report, work: Path | None) -> Report:
    def tell(line: dict[str, Any]) -> None:
        if work is not None:
            with (work / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
        report(line)

    return tell
