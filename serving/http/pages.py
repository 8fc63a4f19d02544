"""Pages and files for browsers: demo shop, embedded chat, the widget's script, the officer's try-out, the API's page.

Everything comes from this host; scripts and styles are files, never inline, so that a strict policy holds.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader

from bot.formats import money
from bot.session import Lang
from bot.shop.records import Product
from serving.http.notices import AI_MARK, KIND_WORDS, NOTICE_VERSION, notice
from serving.http.page_texts import DEMO, EMBED
from serving.http.parts import Parts
from serving.http.problems import Problem, language
from serving.http.try_texts import EXAMPLES, TRY, page_data

FOLDER: Final = Path(__file__).parent.parent / "widget"
_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_SELF: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'self'"
)
_HUES: Final = 8
_ICONS: Final = (  # the first word that the category's English name holds; the rest are boxes
    ("tea", "tea"), ("coffee", "tea"), ("kitchen", "kitchen"), ("cook", "kitchen"), ("bedding", "bedding"),
    ("textile", "textiles"), ("light", "lamp"), ("lamp", "lamp"), ("appliance", "appliance"), ("phone", "phone"),
    ("audio", "audio"), ("bag", "bag"), ("luggage", "bag"), ("outdoor", "outdoor"), ("sport", "shoe"), ("shoe", "shoe"),
    ("cloth", "clothes"), ("child", "children"), ("baby", "children"), ("beauty", "beauty"), ("care", "beauty"),
    ("station", "pen"), ("office", "pen"), ("pet", "pet"),
)  # fmt: skip


def router(parts: Parts) -> APIRouter:
    """The routes over ``parts``."""
    pages = _Pages(parts)
    routes = APIRouter(include_in_schema=False)
    add = routes.add_api_route
    add("/demo", pages.demo, methods=["GET"], response_class=HTMLResponse)
    add("/embed/{widget_id}", pages.embed, methods=["GET"], response_class=HTMLResponse)
    add("/widget/v1/{name}", pages.file, methods=["GET"], response_class=Response)
    add("/privacy/try", pages.try_out, methods=["GET"], response_class=HTMLResponse)
    add("/docs", pages.docs, methods=["GET"], response_class=HTMLResponse)
    return routes


class _Pages:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        loader = FileSystemLoader(FOLDER)
        # select_autoescape() goes by the file's last ending, which is .jinja here: nothing would be escaped
        self._templates = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
        self._files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in _TYPES}

    async def file(self, request: Request, name: str) -> Response:
        """The widget's scripts, styles and pictures."""
        content = self._files.get(name)
        if content is None:
            raise Problem("not_found")
        tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        headers = {"Cache-Control": "public, max-age=3600", "ETag": tag, "Cross-Origin-Resource-Policy": "cross-origin"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=_TYPES[Path(name).suffix], headers=headers)

    async def embed(self, request: Request, widget_id: str, lang: Annotated[str | None, Query()] = None) -> Response:
        """The chat inside the widget's frame. An unknown widget gets an empty page, whatever the reason."""
        origins = self._parts.settings.widgets.get(widget_id)
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        if origins is None:
            headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors *"
            return HTMLResponse("<!doctype html><title>Not available</title>", 404, headers)
        headers["Content-Security-Policy"] = f"{_SELF}; frame-ancestors {' '.join(origins) if origins else '*'}"
        at: Lang = _lang(request, lang)
        settings = self._parts.settings
        shops = {code: self._parts.shop.info.name(code) for code in ("en", "zh")}
        texts = {
            code: {
                **EMBED[code],
                "shop": shops[code],
                "title": EMBED[code]["title"].format(shop=shops[code]),
                "hello": EMBED[code]["hello"].format(shop=shops[code]),
                "notice": notice(code, shops[code], settings.transcript_days, kept=settings.transcripts),
                "mark": AI_MARK[code],
                "kinds": {kind: words[code] for kind, words in KIND_WORDS.items()},
            }
            for code in ("en", "zh")
        }
        data = {"widget": widget_id, "lang": at, "max": settings.max_chars, "notice": NOTICE_VERSION, "texts": texts}
        return HTMLResponse(self._render("embed.html.jinja", lang=at, t=texts[at], data=data), headers=headers)

    async def demo(
        self,
        request: Request,
        lang: Annotated[str | None, Query()] = None,
        product: Annotated[str | None, Query()] = None,
        category: Annotated[str | None, Query()] = None,
    ) -> Response:
        """A page of the demo shop, with the widget in it."""
        at = _lang(request, lang)
        shop = self._parts.shop
        products = shop.products()
        shelves = {item.category: item.category_in(at) for item in products}
        one = shop.product(product) if product else None
        hues = {name: place % _HUES for place, name in enumerate(shelves)}
        chosen = [item for item in products if category is None or item.category == category] or list(products)
        context = {
            "lang": at, "t": DEMO[at], "shop": shop.info.name(at), "shelves": shelves, "category": category,
            "missing": product is not None and one is None,
            "product": _shown(one, at, shop.info.currency, hues) if one else None,
            "products": [_shown(item, at, shop.info.currency, hues) for item in _varied(chosen, category)],
            "policies": [{"topic": page.topic, "title": page.title} for page in shop.policies(at)][:8],
        }  # fmt: skip
        headers = {
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"{_SELF}; frame-src 'self'; frame-ancestors 'none'",
        }
        return HTMLResponse(self._render("demo.html.jinja", **context), headers=headers)

    async def try_out(self, request: Request, lang: Annotated[str | None, Query()] = None) -> Response:
        """The data-protection officer's page: what the guard finds in a text, by which rule, how sure."""
        at = _lang(request, lang)
        headers = {
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "Content-Security-Policy": f"{_SELF}; frame-ancestors 'none'",
        }
        data = page_data(at, self._parts.settings.max_chars)
        page = self._render("try.html.jinja", lang=at, t=TRY[at], data=data, examples=EXAMPLES)
        return HTMLResponse(page, headers=headers)

    async def docs(self) -> Response:
        """The API as a readable page, made from the OpenAPI document."""
        headers = {"Content-Security-Policy": f"{_SELF}; frame-ancestors 'none'"}
        return HTMLResponse(self._render("docs.html.jinja"), headers=headers)

    def _render(self, name: str, **context: Any) -> str:
        return self._templates.get_template(name).render(**context)


def _lang(request: Request, asked: str | None) -> Lang:
    if asked and asked.lower().startswith("zh"):
        return "zh"
    return "en" if asked and asked.lower().startswith("en") else language(request)


def _varied(products: list[Product], category: str | None, limit: int = 24) -> list[Product]:
    """The first of each category, then the second…: a front page shows what there is."""
    if category is not None:
        return products[:limit]
    seen: dict[str, int] = {}
    ranked = []
    for place, product in enumerate(products):
        seen[product.category] = seen.get(product.category, 0) + 1
        ranked.append((seen[product.category], place, product))
    return [product for _, _, product in sorted(ranked, key=lambda row: row[:2])[:limit]]


def _shown(product: Product, lang: Lang, currency: str, hues: dict[str, int]) -> dict[str, Any]:
    low, high = product.price_range
    return {
        "id": product.product_id,
        "name": product.name(lang),
        "icon": next((icon for word, icon in _ICONS if word in product.category.lower()), "box"),
        "category": product.category_in(lang),
        "brand": product.brand,
        "price": money(low, currency) if low == high else f"{money(low, currency)}–{money(high, currency)}",
        "stock": product.stock,
        "text": product.text(lang),
        "attributes": dict(product.attributes(lang)),
        "hue": hues.get(product.category, 0),
    }
