"""A shop's API in a thread, over real sockets: answers as ``bot/shop/README.md`` says, from an imported shop.

``faults`` are played first, one a request; ``seen`` is what was asked.
"""

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bot.session import CustomerId
from bot.shop.checked import adapter
from bot.shop.keys import email_key, name_key, postal_key
from bot.shop.store import SqliteShop
from bot.shop.writes import Receipt, write_named

TOKEN = "token-of-the-stub"


@dataclass(frozen=True)
class Fault:
    """What is answered instead. ``pause_s`` before it; ``drip_s`` between its bytes."""

    status: int = 200
    body: bytes = b""
    pause_s: float = 0.0
    drip_s: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()
    after: bool = False
    """The request is carried out first, and its answer thrown away."""


@dataclass
class Stub:
    """The server's state, shared with the test."""

    shop: SqliteShop
    faults: deque[Fault] = field(default_factory=deque)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    page_size: int = 1
    url: str = ""


def _json(record: Any) -> Any:
    return json.loads(adapter(type(record)).dump_json(record))


def answer(stub: Stub, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
    """Status and JSON of a request."""
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    match method, [unquote(part) for part in parts.path.strip("/").split("/")]:
        case "GET", ["shop"]:
            shop = stub.shop
            return 200, {"info": _json(shop.info), "rules": _json(shop.rules),
                         "policies": [_json(page) for page in shop.policies()]}  # fmt: skip
        case "GET", ["products"]:
            at = int(query.get("after", "0"))
            products = stub.shop.products()
            following = at + stub.page_size
            return 200, {"items": [_json(p) for p in products[at:following]],
                         "next": str(following) if following < len(products) else None}  # fmt: skip
        case "POST", ["customers", "find"]:
            return 200, {"items": [_json(c) for c in _found(stub.shop, json.loads(body))]}
        case "GET", ["customers", customer_id]:
            customer = stub.shop.customer(CustomerId(customer_id))
            return (200, _json(customer)) if customer else (404, None)
        case "GET", ["customers", customer_id, "orders"]:
            return 200, {"items": [_json(o) for o in _orders(stub.shop, CustomerId(customer_id), query)]}
        case "POST", ["customers", customer_id, "writes"]:
            return 200, _written(stub.shop, CustomerId(customer_id), json.loads(body), headers)
    return 404, None


def _found(shop: SqliteShop, said: dict[str, str]) -> list[Any]:
    fits = []
    for one in shop.contents().customers:
        place = postal_key(one.address.postal_code) if one.address else ""
        by_name = name_key(said.get("name", "")) in {name_key(one.name), name_key(one.latin_name)}
        if email_key(said.get("email", "")) == email_key(one.email) or (
            by_name and place == postal_key(said.get("postal_code", ""))
        ):
            fits.append(one)
    return fits


def _orders(shop: SqliteShop, customer_id: CustomerId, query: dict[str, str]) -> list[Any]:
    if "order_id" in query:
        order = shop.order(customer_id, query["order_id"])
        return [order] if order else []
    return list(shop.orders(customer_id, int(query["limit"])))


def _written(shop: SqliteShop, customer_id: CustomerId, said: dict[str, Any], headers: dict[str, str]) -> Any:
    write = write_named(said["kind"], said["args"])
    if said["preview"]:
        outcome = shop.preview(customer_id, write)
    else:
        outcome = shop.apply(customer_id, write, headers["idempotency-key"])
    if not isinstance(outcome, Receipt):
        return {"refused": _json(outcome)}
    receipt = {name: getattr(outcome, name) for name in
               ("refund_minor", "charge_minor", "fee_minor", "method_id", "repeated")}  # fmt: skip
    return {"receipt": receipt | {"customer": _json(outcome.customer), "order": outcome.order and _json(outcome.order)}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def stub(self) -> Stub:
        return self.server.stub  # type: ignore[attr-defined,no-any-return]

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_GET

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.stub.seen.append((self.command, self.path, headers, body))
        if self.stub.faults:
            fault = self.stub.faults.popleft()
            if fault.after:
                answer(self.stub, self.command, self.path, headers, body)
            time.sleep(fault.pause_s)
            self._send(fault.status, fault.body, dict(fault.headers), fault.drip_s)
            return
        if headers.get("authorization") != f"Bearer {TOKEN}":
            self._send(401, b"{}", {})
            return
        status, data = answer(self.stub, self.command, self.path, headers, body)
        text = json.dumps(data).encode()
        tag = f'"{hashlib.sha256(text).hexdigest()[:12]}"'
        if headers.get("if-none-match") == tag:
            self._send(304, b"", {"ETag": tag})
        else:
            self._send(status, text, {"ETag": tag})

    def _send(self, status: int, body: bytes, headers: dict[str, str], drip_s: float = 0.0) -> None:
        try:
            self.send_response(status)
            for name, value in (
                {"Content-Length": str(len(body)), "Content-Type": "application/json"} | headers
            ).items():
                self.send_header(name, value)
            self.end_headers()
            for start in range(0, len(body), 1 if drip_s else max(1, len(body))):
                self.wfile.write(body[start : start + 1] if drip_s else body)
                self.wfile.flush()
                time.sleep(drip_s)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has given up


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


@contextmanager
def serving(shop: SqliteShop) -> Iterator[Stub]:
    """The API of ``shop`` on a free port."""
    stub = Stub(shop)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.stub = stub  # type: ignore[attr-defined]
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
