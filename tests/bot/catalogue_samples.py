"""A small bilingual catalogue and an encoder without a model, for the catalogue's tests."""

import hashlib
from collections.abc import Sequence

import numpy as np

from bot.catalogue.encoder import TextKind, Vectors
from bot.catalogue.words import words
from bot.shop.records import Product, ProductId, Variant


class WordEncoder:
    """Texts that share words are near; counts what it encodes."""

    fingerprint = "words"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        self.encoded.extend(texts)
        rows = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 1.0
            for word in words(text):
                row[int(hashlib.sha256(word.encode()).hexdigest(), 16) % 64] += 1.0
            row /= np.linalg.norm(row)
        return rows


def product(
    number: int,
    name: tuple[str, str],
    category: tuple[str, str],
    variants: Sequence[tuple[dict[str, str], dict[str, str], int, int]],
    attributes: tuple[dict[str, str], dict[str, str]] = ({}, {}),
    brand: str = "",
    text: tuple[str, str] = ("", ""),
) -> Product:
    return Product(
        ProductId(f"P{number}"),
        category=category[0],
        category_zh=category[1],
        name_en=name[0],
        name_zh=name[1],
        brand=brand,
        text_en=text[0],
        text_zh=text[1],
        attributes_en=attributes[0],
        attributes_zh=attributes[1],
        variants=tuple(
            Variant(f"SKU-{number}-{at}", en, zh, price * 100, stock)
            for at, (en, zh, price, stock) in enumerate(variants)
        ),
    )


def colour(en: str, zh: str, size: str = "") -> tuple[dict[str, str], dict[str, str]]:
    sizes = ({"size": size}, {"尺码": size}) if size else ({}, {})
    return {"color": en, **sizes[0]}, {"颜色": zh, **sizes[1]}


BEDDING = ("Bedding", "床品")
BAGS = ("Bags & Luggage", "箱包")
AUDIO = ("Headphones", "耳机")
SHIRTS = ("Shirts", "衬衫")

PRODUCTS = (
    product(
        1,
        ("Cloudrest Cotton Duvet Set", "云眠全棉四件套"),
        BEDDING,
        [(*colour("White", "白色"), 399, 5), (*colour("Navy", "藏青"), 429, 0)],
        ({"material": "100% cotton"}, {"材质": "100%棉"}),
        "Cloudrest",
    ),
    product(
        2,
        ("Cloudrest Silk Pillowcase", "云眠真丝枕套"),
        BEDDING,
        [(*colour("Pink", "粉色"), 169, 3)],
        ({"material": "mulberry silk"}, {"材质": "桑蚕丝"}),
        "Cloudrest",
    ),
    product(
        3,
        ("Trailhead Waterproof Backpack", "行山防水双肩背包"),
        BAGS,
        [(*colour("Black", "黑色"), 259, 8), (*colour("Forest Green", "森林绿"), 279, 2)],
        ({"material": "nylon", "waterproof": "yes"}, {"材质": "尼龙", "防水": "是"}),
        "Trailhead",
    ),
    product(
        4,
        ("City Canvas Backpack", "城市帆布背包"),
        BAGS,
        [(*colour("Grey", "灰色"), 129, 4)],
        ({"material": "cotton canvas", "waterproof": "no"}, {"材质": "棉帆布", "防水": "否"}),
        "Trailhead",
    ),
    product(
        5,
        ("Murmur Wireless Headphones", "低语无线耳机"),
        AUDIO,
        [(*colour("Black", "黑色"), 599, 6), (*colour("White", "白色"), 649, 1)],
        brand="Murmur",
        text=("Over-ear, quiet in the train.", "头戴式，地铁里也安静。"),
    ),
    product(
        6,
        ("Murmur Sport Earphones", "低语运动耳机"),
        AUDIO,
        [(*colour("Red", "红色"), 199, 0)],
        brand="Murmur",
        text=("In-ear headphones for running.", "跑步用入耳式耳机。"),
    ),
    product(
        7,
        ("Linden Linen Shirt", "林间亚麻衬衫"),
        SHIRTS,
        [
            (*colour("White", "白色", "M"), 219, 3),
            (*colour("White", "白色", "XL"), 219, 0),
            (*colour("Sky Blue", "天蓝", "XL"), 239, 2),
        ],
        ({"fabric": "linen"}, {"面料": "亚麻"}),
        "Linden",
    ),
    product(
        8,
        ("Linden Wool Shirt", "林间羊毛衬衫"),
        SHIRTS,
        [(*colour("Grey", "灰色", "L"), 459, 3)],
        ({"fabric": "merino wool"}, {"面料": "美利奴羊毛"}),
        "Linden",
    ),
)
