"""Dates, money and counts as a customer of each language reads them. Source: Unicode CLDR, through babel."""

from datetime import date, datetime

from babel.dates import format_date
from babel.numbers import format_currency

from bot.session import Lang

_LOCALE = {"en": "en_GB", "zh": "zh_CN"}
_SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£"}


def money(minor: int, currency: str) -> str:
    """``¥1,299.00`` from 129900 minor units; the same in both languages, so that it can be compared.

    >>> money(129900, "CNY")
    '¥1,299.00'
    """
    if currency in _SYMBOLS:
        return f"{_SYMBOLS[currency]}{minor / 100:,.2f}"
    return str(format_currency(minor / 100, currency, locale="en_GB"))


def day(when: date | datetime, lang: Lang) -> str:
    """``28 November`` or ``11月28日``.

    >>> day(date(2026, 11, 28), "en"), day(date(2026, 11, 28), "zh")
    ('28 November', '11月28日')
    """
    pattern = "d MMMM" if lang == "en" else "M月d日"
    return str(format_date(when, pattern, locale=_LOCALE[lang]))
