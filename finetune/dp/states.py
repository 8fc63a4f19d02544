"""The frozen lower layers, computed once an example: what goes into the first layer that is trained.

A run sees an example several times and only the upper layers change, so the lower two thirds of the work need not be
repeated. The states stand in a file of the work folder (they are as private as the examples) and are made when they are
first asked for; those of other examples or another model are not taken. Works for any model whose decoder layers take
and return hidden states.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from finetune.errors import BadBase
from finetune.examples import Encoded
from finetune.loss import pad

_WORDS: Final = {torch.bfloat16: np.uint16, torch.float32: np.uint32, torch.float16: np.uint16}
_INTS: Final = {torch.bfloat16: torch.int16, torch.float32: torch.int32, torch.float16: torch.int16}
TOLERANCE: Final = 0.02


class _Reached(Exception):
    def __init__(self, hidden: torch.Tensor) -> None:
        self.hidden = hidden


class _Switched(nn.Module):
    """A frozen layer that can be passed by."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.passed_by = True

    def forward(self, hidden_states: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        """What the layer makes of it, or the same."""
        return hidden_states if self.passed_by else self.layer(hidden_states, *args, **kwargs)


class LowerStates:
    """States of ``examples`` below layer ``depth`` of ``model``, whose lower layers are passed by from here on."""

    def __init__(self, model: Any, depth: int, examples: Sequence[Encoded], file: Path, identity: str = "") -> None:
        self._model, self._examples = model, examples
        self._stack: nn.ModuleList = model.model.layers
        if not 0 < depth < len(self._stack):
            raise BadBase(f"expected a depth between 1 and {len(self._stack) - 1}, got {depth}")
        self._lower = [
            layer if isinstance(layer, _Switched) else _Switched(layer) for layer in list(self._stack)[:depth]
        ]
        for place, layer in enumerate(self._lower):
            self._stack[place] = layer
        self._dtype = model.dtype
        self._starts = np.cumsum([0, *(len(e.ids) for e in examples)])
        shape = (int(self._starts[-1]), int(model.config.hidden_size))
        _forget_others(file, _digest(identity, depth, examples))
        self._there = _open(file.with_suffix(".done"), (len(examples),), np.uint8)
        self._states = _open(file, shape, _WORDS[self._dtype])
        self._depth = depth

    def of(self, places: Sequence[int]) -> torch.Tensor:
        """States (n, longest, hidden) of the examples at ``places``, padded on the right with zeros."""
        missing = [place for place in places if not self._there[place]]
        if missing:
            self._make(missing)
        longest = max(len(self._examples[place].ids) for place in places)
        batch = torch.zeros(len(places), longest, self._states.shape[1], dtype=self._dtype)
        for row, place in enumerate(places):
            words = np.array(self._states[self._starts[place] : self._starts[place + 1]])
            batch[row, : len(words)] = torch.from_numpy(words.view(_signed(words))).view(self._dtype)
        return batch.to(self._model.device)

    def check(self, losses_of: Any, places: Sequence[int]) -> None:
        """Compares losses with and without kept states.

        Raises:
            BadBase: they differ; such a model is trained with ``top_layers=0``.
        """
        batch = [self._examples[place] for place in places]
        with torch.no_grad():
            kept = losses_of(self._model, batch, self.of(places))
            with self._whole():
                direct = losses_of(self._model, batch, None)
        if float((kept - direct).abs().max()) > TOLERANCE * float(direct.abs().max()):
            raise BadBase("kept states of the lower layers give another loss with this model: train all layers")

    def _make(self, places: Sequence[int]) -> None:
        batch = [self._examples[place] for place in places]
        ids, _ = pad(batch, self._model.device)
        with torch.no_grad(), self._whole(), self._stop_above():
            try:
                self._model.model(input_ids=ids)
            except _Reached as reached:
                hidden = reached.hidden
        words = hidden.to("cpu").contiguous().view(_INTS[self._dtype]).numpy()
        for row, (place, example) in enumerate(zip(places, batch, strict=True)):
            self._states[self._starts[place] : self._starts[place + 1]] = words[row, : len(example.ids)].view(
                self._states.dtype
            )
            self._there[place] = 1

    @contextlib.contextmanager
    def _whole(self) -> Iterator[None]:
        for layer in self._lower:
            layer.passed_by = False
        try:
            yield
        finally:
            for layer in self._lower:
                layer.passed_by = True

    @contextlib.contextmanager
    def _stop_above(self) -> Iterator[None]:
        def stop(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            raise _Reached(args[0] if args else kwargs["hidden_states"])

        handle = self._stack[self._depth].register_forward_pre_hook(stop, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()


def unwrap(model: Any) -> None:
    """Puts the lower layers back as they were."""
    for place, layer in enumerate(model.model.layers):
        if isinstance(layer, _Switched):
            model.model.layers[place] = layer.layer


def _digest(identity: str, depth: int, examples: Sequence[Encoded]) -> str:
    digest = hashlib.sha256(f"{identity}\0{depth}".encode())
    for example in examples:
        digest.update(repr(example.ids).encode())
    return digest.hexdigest()


def _forget_others(file: Path, digest: str) -> None:
    """Deletes states that were made of other examples, another model or another depth."""
    note = file.with_suffix(".of")
    if not note.exists() or note.read_text("utf-8") != digest:
        file.unlink(missing_ok=True)
        file.with_suffix(".done").unlink(missing_ok=True)
        note.write_text(digest, "utf-8")


def _signed(words: Any) -> Any:
    return np.int16 if words.dtype == np.uint16 else np.int32


def _open(file: Path, shape: tuple[int, ...], dtype: Any) -> Any:
    """A mapped file of this shape; one of another size is replaced by an empty one."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    fits = file.exists() and file.stat().st_size == size
    return np.memmap(file, dtype=dtype, mode="r+" if fits else "w+", shape=shape)
