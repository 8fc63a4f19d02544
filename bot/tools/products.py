"""Tools for products: find some that fit, show one. READ, no personal data; catalogue text is public."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bot.catalogue.prices import read_price
from bot.catalogue.words import normalise, words
from bot.facts import Facts, ProductCard
from bot.formats import money
from bot.service.values import hits as values_named
from bot.service.wants import options_of
from bot.session import Lang
from bot.shop.records import Product
from bot.shop.store import ShopStore
from bot.state import Mention
from bot.tools.toolbox import Call, Found, Miss, Outcome, Told, ToolContext
from guardrails.findings import Concealed

MAX_OFFERED = 3
MAX_TEXT_CHARS = 180
MAX_DETAILS = 8
MAX_VERSIONS = 12
_HOW_MANY: Final = re.compile(
    r"\bhow\smany\b[^.?]{0,40}\b(?:options?|versions?|variants?|kinds?|types?|colou?rs?|sizes?)\b|(?:多少|几)(?:种|款|个颜色|个尺码)"
)
_CHEAPEST: Final = re.compile(r"\bcheapest\b|\blowest\sprice|最便宜|最低价")
_DEAREST: Final = re.compile(r"\bmost\sexpensive\b|\bhighest\sprice|最贵")
_PRICES: Final = re.compile(
    r"\boptions\b[^.?]{0,30}\bprices?\b|\bprices?\b[^.?]{0,30}\boptions\b|各?(?:款式|规格|版本)[^。？]{0,8}(?:价格|多少钱)"
)
_IN_STOCK: Final = re.compile(
    r"\b(?:do|have)\syou\b|\bin\sstock\b|\bsold\sout\b|\bavailable\b|\b(?:is|are)\s(?:there|it|they)\b|\bany\sleft\b|\bgot\b|\bcome\sin\b"
    r"|有货|有没有|有吗|还有|没货|缺货|售罄|有[^。？]{0,12}[吗么]"
)
_STOCK = {"en": ("in stock", "sold out"), "zh": ("有货", "售罄")}
_NTH: Final = re.compile(
    r"第\s?([一二三123])\s?[个款件条种]"
    r"|\b(?:the|number|no\.?)\s(first|second|third|1st|2nd|3rd|1|2|3)\b(?!\s(?:day|week|time|month))"
)
_COUNT: Final = ("一 1 first 1st", "二 2 second 2nd", "三 3 third 3rd")
_ORDINALS: Final = {word: n for n, same in enumerate(_COUNT, 1) for word in same.split()}


class Hit(Protocol):
    """A product found, and which wishes it meets."""

    @property
    def product(self) -> Product:
        """The product."""
        ...

    @property
    def why(self) -> tuple[str, ...]:
        """Wishes met, in the customer's language."""
        ...

    @property
    def missed(self) -> tuple[str, ...]:
        """Wishes not met."""
        ...


class ProductSearch(Protocol):
    """What these tools ask of the catalogue."""

    def search(self, query: str, lang: Lang, limit: int = 3) -> Sequence[Hit]:
        """The products that fit best, best first."""
        ...

    def lookup(self, query: str, lang: Lang) -> Product | None:
        """The one product that the query names."""
        ...


@dataclass(frozen=True, slots=True)
class ProductTools:
    """The product tools over one catalogue."""

    shop: ShopStore
    catalogue: ProductSearch

    def find(self, context: ToolContext, call: Call) -> Outcome:
        """Up to three products that fit the query."""
        query = call.query or context.text.text
        if _names_a_price(context.text.text) and not _names_a_price(query):
            query = context.text.text  # the model dropped what it may cost
        found = self.catalogue.search(query, context.lang, limit=MAX_OFFERED)
        named = self.catalogue.lookup(query, context.lang) or self.catalogue.lookup(context.text.text, context.lang)
        if named and (version := self._version(named, context)):
            return Told(version, _mention(named, context.lang))
        hits = [hit for hit in found if not hit.missed] or found
        if not hits:
            return Miss("nothing_found", "product")
        comma = ", " if context.lang == "en" else "，"
        rows = [comma.join(self._offer(hit.product, hit.why, context.lang)) for hit in hits]
        lines = tuple(Concealed.fixed(f"product {n}: {row}") for n, row in enumerate(rows, 1))
        intro = "These might suit you:" if context.lang == "en" else "为您推荐："
        plain = Concealed.fixed("\n".join([intro, *(f"{n}. {row}" for n, row in enumerate(rows, 1))]))
        products = [hit.product for hit in hits]
        facts = Facts("products", lines, plain, products=tuple(self._card(p, context.lang) for p in products))
        offered = tuple(_mention(p, context.lang) for p in products)
        return Found(facts, offered=offered, topic=offered[0] if len(offered) == 1 else None)

    def show(self, context: ToolContext, call: Call) -> Outcome:
        """One product: the one named, the one counted out, the one talked about, one of those offered, the best fit."""
        lang, query = context.lang, call.query or ""
        counted = _nth_offered(context)
        product = (
            (self.catalogue.lookup(query, lang) if query else None)
            or (self.shop.product(counted) if counted else None)
            or (self.shop.product(call.product_id) if call.product_id else None)
            or self._meant(query, context)
        )
        if product is None:
            return Miss("product_unknown" if query else "ask_product", "product")
        if versions := self._versions(product, context) or self._version(product, context):
            return Told(versions, _mention(product, lang))
        facts = self._facts(product, lang)
        return Found(facts, topic=_mention(product, lang))

    def _versions(self, product: Product, context: ToolContext) -> Concealed | None:
        """How many versions there are, or what they cost: counted and compared by code, not by the model."""
        text, lang = normalise(context.text.text).lower(), context.lang
        stocked = sorted((v for v in product.variants if v.stock), key=lambda v: v.price_minor)
        if not stocked:
            return None
        cheapest, dearest = _CHEAPEST.search(text), _DEAREST.search(text)
        if _HOW_MANY.search(text):
            said = (
                "{name}: {n} versions in stock, {low} to {high}."
                if lang == "en"
                else "{name}：有货{n}款，{low}至{high}。"
            )
            shown = stocked[:0]
        elif cheapest or dearest:
            said = "{name}: {list}." if lang == "en" else "{name}：{list}。"
            shown = stocked[:1] if cheapest else stocked[-1:]
        elif _PRICES.search(text):
            said = "{name}: {list}." if lang == "en" else "{name}：{list}。"
            shown = stocked[:MAX_VERSIONS]
        else:
            return None
        listed = [f"{' / '.join(v.options_in(lang).values())} ({self._minor(v.price_minor)})" for v in shown]
        return Concealed.fixed(said).fill(
            name=Concealed.fixed(product.name(lang)),
            n=Concealed.fixed(str(len(stocked))),
            low=Concealed.fixed(self._minor(stocked[0].price_minor)),
            high=Concealed.fixed(self._minor(stocked[-1].price_minor)),
            list=Concealed.fixed(("; " if lang == "en" else "；").join(listed)),
        )

    def _version(self, product: Product, context: ToolContext) -> Concealed | None:
        """Whether there is one with the options that the message names: looked up by code, not worded by the model."""
        text, lang = normalise(context.text.text).lower(), context.lang
        wished: dict[str, list[str]] = {}
        for hit in values_named(text, options_of(product, lang)):
            if not hit.negated:
                wished.setdefault(hit.option, []).append(hit.value)
        if not wished or not _IN_STOCK.search(text):
            return None
        fits = [v for v in product.variants if all(v.options_in(lang).get(o) in some for o, some in wished.items())]
        stocked = [v for v in fits if v.stock]
        name = f"{product.name(lang)} ({', '.join(value for some in wished.values() for value in some)})"
        if stocked:
            low, high = (f(v.price_minor for v in stocked) for f in (min, max))
            price = self._minor(low) if low == high else f"{self._minor(low)}–{self._minor(high)}"
            said = "{name}: in stock, {price}." if lang == "en" else "{name}：有货，{price}。"
            return Concealed.fixed(said).fill(name=Concealed.fixed(name), price=Concealed.fixed(price))
        others = [" / ".join(v.options_in(lang).values()) for v in product.variants if v.stock][:MAX_VERSIONS]
        said = "{name}: sold out." if lang == "en" else "{name}：售罄。"
        more = (" In stock: {list}." if lang == "en" else "现有：{list}。") if others else ""
        listed = Concealed.fixed((", " if lang == "en" else "、").join(others))
        return Concealed.fixed(said + more).fill(name=Concealed.fixed(name), **({"list": listed} if others else {}))

    def _minor(self, minor: int) -> str:
        return money(minor, self.shop.info.currency)

    def _meant(self, query: str, context: ToolContext) -> Product | None:
        """By words of its name: one of those offered, else any. Without such words the first offered, else any."""
        said, offered = set(words(f"{query} {context.text.text}")), _offered(context)
        shared = [len(said & set(words(mention.name))) for mention in offered]
        if most := max(shared, default=0):
            return self.shop.product(offered[shared.index(most)].id)
        hits = self.catalogue.search(query, context.lang, limit=1) if query else ()
        found = hits[0].product if hits else None
        if offered and not (found and _half_named(found.name(context.lang), said)):
            return self.shop.product(offered[0].id)
        return found

    def _offer(self, product: Product, why: Sequence[str], lang: Lang) -> list[str]:
        return [product.name(lang), self._price(product), _stock(product, lang), *why]

    def _price(self, product: Product) -> str:
        low, high = (money(minor, self.shop.info.currency) for minor in product.price_range)
        return low if low == high else f"{low}–{high}"

    def _card(self, product: Product, lang: Lang) -> ProductCard:
        url = f"/demo?product={product.product_id}"
        return ProductCard(product.product_id, product.name(lang), self._price(product), _stock(product, lang), url)

    def _facts(self, product: Product, lang: Lang) -> Facts:
        fields = {
            "product": product.name(lang),
            "price": self._price(product),
            "stock": _stock_by_option(product, lang),
            "options": _options(product, lang),
            "details": _details(product, lang),
            "about": _shortened(product.text(lang)),
        }
        lines = tuple(Concealed.fixed(f"{key}: {value}") for key, value in fields.items() if value)
        stop = ". " if lang == "en" else "。"
        head = (", " if lang == "en" else "，").join((fields["product"], fields["price"], fields["stock"]))
        parts = [part for part in (head, fields["options"], fields["details"], fields["about"]) if part]
        plain = Concealed.fixed(stop.join(parts))
        return Facts("product", lines, plain, products=(self._card(product, lang),))


def _half_named(name: str, said: set[str]) -> bool:
    """Whether the words are most of it: "machine washable" does not name the Washable Wool Jumper."""
    parts = set(words(name))
    return 2 * len(parts & said) >= len(parts)


def _offered(context: ToolContext) -> list[Mention]:
    return [mention for mention in context.state.offered if mention.type == "product"]


def _nth_offered(context: ToolContext) -> str | None:
    """The product that the message counts out of the last offers: "the second one", 第二款."""
    match = _NTH.search(normalise(context.text.text).casefold())
    n = _ORDINALS[next(filter(None, match.groups()))] if match else 0
    offered = _offered(context)
    return offered[n - 1].id if 1 <= n <= len(offered) else None


def _names_a_price(text: str) -> bool:
    return read_price(normalise(text)).bound is not None


def _mention(product: Product, lang: Lang) -> Mention:
    return Mention("product", product.product_id, product.name(lang))


def _stock(product: Product, lang: Lang) -> str:
    return _STOCK[lang][0 if product.stock else 1]


def _stock_by_option(product: Product, lang: Lang) -> str:
    """In stock or not, and which choices are sold out."""
    gone = [" ".join(v.options_in(lang).values()) for v in product.variants if not v.stock and v.options_in(lang)]
    if not product.stock or not gone:
        return _stock(product, lang)
    some = (", " if lang == "en" else "、").join(gone[:3])
    return f"in stock, sold out in {some}" if lang == "en" else f"有货，其中{some}售罄"


def _options(product: Product, lang: Lang) -> str:
    values: dict[str, dict[str, None]] = {}
    for variant in product.variants:
        for name, value in variant.options_in(lang).items():
            values.setdefault(name, {})[value] = None
    join = ", " if lang == "en" else "、"
    parts = (f"{name} {join.join(many)}" for name, many in values.items())
    return ("; " if lang == "en" else "；").join(parts)


def _details(product: Product, lang: Lang) -> str:
    pairs = list(product.attributes(lang).items())[:MAX_DETAILS]
    return ("; " if lang == "en" else "；").join(f"{name} {value}" for name, value in pairs)


def _shortened(text: str) -> str:
    """The sentences that fit into ``MAX_TEXT_CHARS``; at least the first."""
    if len(text) <= MAX_TEXT_CHARS:
        return text
    ends = [text.rfind(mark, 0, MAX_TEXT_CHARS) for mark in (". ", "。", "！", "! ")]
    return text[: max(ends) + 1] if max(ends) > 0 else text[:MAX_TEXT_CHARS].rsplit(" ", 1)[0]
