"""A Gemma of a few thousand weights and a tokenizer of characters, made in a second."""

import json
from pathlib import Path
from typing import Any

BASE_HASH = "b" * 64
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "<start_of_turn>{{ m['role'] }}\n{{ m['content'] }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
CHARS = 'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]{}":,_<>?.!-\n退换货订单在哪里的吗我'


def tiny_tokenizer() -> dict[str, Any]:
    """The content of a tokenizer.json: specials, then one token a character."""
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    vocab = {token: n for n, token in enumerate([*specials, *CHARS])}
    added = [
        {
            "id": n,
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for n, token in enumerate(specials)
    ]
    model = {
        "type": "BPE",
        "unk_token": "<unk>",
        "fuse_unk": True,
        "byte_fallback": False,
        "vocab": vocab,
        "merges": [],
    }
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": model,
    }


def tiny_model(folder: Path, hidden_size: int = 16, head_dim: int = 8) -> Path:
    """Writes a model folder as ``tactful model fetch`` would, with random weights."""
    import torch
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    from serving.model_folder import write_manifest

    folder.mkdir(parents=True)
    tokenizer = tiny_tokenizer()
    size = len(tokenizer["model"]["vocab"])
    torch.manual_seed(0)
    config = Gemma3TextConfig(
        vocab_size=size,
        hidden_size=hidden_size,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=head_dim,
        query_pre_attn_scalar=head_dim,
        layer_types=["sliding_attention", "full_attention"],
        tie_word_embeddings=True,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    Gemma3ForCausalLM(config).save_pretrained(str(folder))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": TEMPLATE, **names}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    write_manifest(folder, name="tiny", base_hash=BASE_HASH, vocab_size=size, adapter_hash=None, more={})
    return folder


def write_examples(path: Path, count: int = 24) -> Path:
    """Made-up examples in both languages."""
    asked = [("where is my order", "en", "track_order"), ("订单在哪里", "zh", "track_order"), ("退货", "zh", "service")]
    with path.open("w", encoding="utf-8") as out:
        for n in range(count):
            text, lang, name = asked[n % len(asked)]
            row = {
                "task": "understand",
                "lang": lang,
                "messages": [{"role": "user", "content": f"{text} {n}"}],
                "completion": f'[{{"name":"{name}"}}]\n',
            }
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path
