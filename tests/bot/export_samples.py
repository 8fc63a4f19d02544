"""Invented exports of shop systems, with the headers that those systems write."""

from pathlib import Path

_FOLDER = Path(__file__).parent / "exports"
SHOPIFY_OLD = (_FOLDER / "shopify_old.csv").read_text("utf-8")
SHOPIFY_NEW = (_FOLDER / "shopify_new.csv").read_text("utf-8")
SHOPIFY_CUSTOMERS = (_FOLDER / "shopify_customers.csv").read_text("utf-8")
SHOPIFY_ORDERS = (_FOLDER / "shopify_orders.csv").read_text("utf-8")
WOOCOMMERCE = (_FOLDER / "woocommerce.csv").read_text("utf-8")
