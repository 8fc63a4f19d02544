"""The words of one catalogue that a query may ask for: brands, categories, materials, colours, option values, features.

Each ``Term`` names the products, and of each the variants, that are so. Built from the products' own fields in both
languages; colours and materials also go by the families of ``properties``, so that "蓝色" finds "Navy".
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bot.catalogue import properties
from bot.catalogue.words import normalise, stem, words
from bot.shop.records import Product, Variant

WishKind = Literal["category", "price", "brand", "material", "colour", "size", "option", "feature", "stock"]
Fulfilled = Mapping[int, frozenset[int]]
"""Product number -> numbers of its variants that fulfil a wish. Numbers are places in the catalogue."""

LONGEST_ZH: Final = 10
_VAGUE: Final = frozenset({"standard", "default", "regular", "one size", "set", "标准", "默认", "均码", "常规", "通用"})
_NO: Final = frozenset(
    {"no", "none", "not supported", "not included", "n/a", "-", "否", "无", "不支持", "没有", "不含", "不带", "不需要"}
)
_YES: Final = frozenset({"yes", "true", "supported", "是", "有", "支持"})


@dataclass(frozen=True, slots=True)
class Term:
    """Something the catalogue can say of a thing, in both languages."""

    kind: WishKind
    label_en: str
    label_zh: str
    fulfilled: Fulfilled
    keep: bool  # whether the words also help to find the thing by its text


TOKEN: Final = re.compile(r"[a-z0-9%.]*[a-z0-9%]")
HAN: Final = re.compile(r"[\u3400-\u9fff0-9a-z.%*]+")
_UNIT: Final = re.compile(r"(?<=\d)\s+(?=(?:g|kg|ml|l|gb|tb|cm|mm|m|w|inch)\b)")


def lookup_key(phrase: str) -> str:
    """How a phrase is looked up: plain, English without plurals, no gap between number and unit."""
    text = _UNIT.sub("", normalise(phrase))
    if not text.isascii():
        return text.replace(" ", "")
    return " ".join(stem(token) for token in TOKEN.findall(text))


def of_variants(products: Sequence[Product], fits: Callable[[Product, Variant], bool]) -> dict[int, frozenset[int]]:
    """The variants that fit, per product that has any."""
    found: dict[int, frozenset[int]] = {}
    for number, product in enumerate(products):
        variants = frozenset(at for at, variant in enumerate(product.variants) if fits(product, variant))
        if variants:
            found[number] = variants
    return found


def _of_products(products: Sequence[Product], numbers: Iterable[int]) -> dict[int, frozenset[int]]:
    return {number: frozenset(range(len(products[number].variants))) for number in sorted(set(numbers))}


def _options(variant: Variant) -> Iterator[tuple[str, str]]:
    yield from variant.options.items()
    yield from variant.options_zh.items()


def _attributes(product: Product) -> Iterator[tuple[str, str]]:
    yield from product.attributes_en.items()
    yield from product.attributes_zh.items()


def catalogue_sizes(products: Sequence[Product]) -> dict[str, Fulfilled]:
    """Which variants have which size, by ``properties.size_name``."""
    found: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for number, product in enumerate(products):
        for at, variant in enumerate(product.variants):
            for key, value in _options(variant):
                if normalise(key) in properties.SIZE_KEYS:
                    for size in properties.sizes_said(value):
                        found[size][number].add(at)
    return {size: {n: frozenset(ats) for n, ats in where.items()} for size, where in found.items()}


def catalogue_terms(products: Sequence[Product]) -> Iterator[tuple[Sequence[str], Term]]:
    """Words and what they mean here. Earlier ones win over later ones of the same words."""
    yield from _brands(products)
    yield from _categories(products)
    yield from _families(products)
    yield from _option_values(products)
    yield from _features(products)


def _brands(products: Sequence[Product]) -> Iterator[tuple[Sequence[str], Term]]:
    of_brand: dict[str, set[int]] = defaultdict(set)
    for number, product in enumerate(products):
        if product.brand.strip():
            of_brand[product.brand.strip()].add(number)
    for brand, numbers in of_brand.items():
        yield (brand, *_halves(brand)), Term("brand", brand, brand, _of_products(products, numbers), keep=True)


def _halves(name: str) -> tuple[str, ...]:
    """The Latin and the Chinese part of a name that is written in both."""
    latin = " ".join(re.findall(r"[A-Za-z0-9&'.]+", name))
    chinese = "".join(re.findall(r"[\u3400-\u9fff]+", name))
    return (latin, chinese) if len(latin) > 2 and len(chinese) > 1 else ()


def _categories(products: Sequence[Product]) -> Iterator[tuple[Sequence[str], Term]]:
    """Categories by their name, and by parts of it ("bags" of "Bags & Luggage") that name no single product."""
    in_names = {word for product in products for word in words(f"{product.name_en} {product.name_zh}")}
    for field in ("category", "category_zh"):
        groups: dict[str, set[int]] = defaultdict(set)
        for number, product in enumerate(products):
            if value := str(getattr(product, field)).strip():
                groups[value].add(number)
        for value, numbers in groups.items():
            first = products[min(numbers)]
            term = Term(
                "category", first.category_in("en"), first.category_in("zh"), _of_products(products, numbers), keep=True
            )
            parts = [part.strip() for part in re.split(r"\s*(?:[&/,，、]|\band\b|[与和])\s*", value)]
            yield (value, *(part for part in parts if not in_names.intersection(words(part)))), term


def _families(products: Sequence[Product]) -> Iterator[tuple[Sequence[str], Term]]:
    groups: tuple[tuple[WishKind, frozenset[str], tuple[properties.Family, ...], bool], ...] = (
        ("material", properties.MATERIAL_KEYS, properties.MATERIALS, True),
        ("colour", properties.COLOUR_KEYS, properties.COLOURS, False),
    )
    for kind, keys, families, keep in groups:
        fields = [_fields(product, keys) for product in products]
        for family in families:
            where = _family_holds(fields, family)
            yield (*family.asked_en, *family.asked_zh), Term(kind, family.en, family.zh, where, keep)


_Fields = tuple[tuple[str, ...], list[tuple[str, ...]], str]


def _fields(product: Product, keys: frozenset[str]) -> _Fields:
    """Cleaned values of the product, of each variant, and the names."""
    own = tuple(properties.clean(value) for key, value in _attributes(product) if normalise(key) in keys)
    variants = [
        tuple(properties.clean(value) for key, value in _options(variant) if normalise(key) in keys)
        for variant in product.variants
    ]
    return own, variants, properties.clean(f"{product.name_en} {product.name_zh}")


def _family_holds(fields: Sequence[_Fields], family: properties.Family) -> Fulfilled:
    found: dict[int, frozenset[int]] = {}
    for number, (own, variants, names) in enumerate(fields):
        whole = any(family.said_in(value) for value in own)
        named = family.asked_in(names)
        # A variant that states its own value is judged by it; one that does not is what the product is.
        fits = frozenset(
            at
            for at, values in enumerate(variants)
            if (any(family.said_in(value) for value in values) if values else whole or named)
        )
        if fits:
            found[number] = fits
    return found


def _option_values(products: Sequence[Product]) -> Iterator[tuple[Sequence[str], Term]]:
    """Every option value that says something, as the shop writes it. Some are everyday words ("Cream", "Medium")."""
    groups: dict[tuple[str, str], dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for number, product in enumerate(products):
        for at, variant in enumerate(product.variants):
            pairs = zip(variant.options_in("en").values(), variant.options_in("zh").values(), strict=False)
            for pair in pairs:
                groups[pair][number].add(at)
    for (en, zh), where in groups.items():
        said = [word for word in {en, zh} if _telling(word)]
        fulfilled = {number: frozenset(ats) for number, ats in where.items()}
        yield said, Term("option", en, zh, fulfilled, keep=True)


def _features(products: Sequence[Product]) -> Iterator[tuple[Sequence[str], Term]]:
    """Attribute values, and attributes that a product simply has, said in one or two words."""
    groups: dict[tuple[str, str], set[int]] = defaultdict(set)
    for number, product in enumerate(products):
        for (key_en, en), (key_zh, zh) in zip(
            product.attributes("en").items(), product.attributes("zh").items(), strict=False
        ):
            if normalise(en) in _NO or normalise(zh) in _NO:
                continue
            simply = normalise(en) in _YES or normalise(zh) in _YES
            groups[(key_en, key_zh) if simply else (en, zh)].add(number)
    for (en, zh), numbers in groups.items():
        said = [word for word in {en, zh} if _telling(word) and len(TOKEN.findall(normalise(word))) <= 3]
        yield said, Term("feature", en, zh, _of_products(products, numbers), keep=True)


def _telling(word: str) -> bool:
    plain = normalise(word)
    if plain in _VAGUE or plain in _NO or plain in _YES or plain.isdigit():
        return False
    return 2 < len(plain) <= 30 if plain.isascii() else 2 <= len(plain) <= LONGEST_ZH
