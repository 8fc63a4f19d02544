"""What a shop allows, as data that code enforces: ``rules.toml`` of the shop folder. Its policy pages say it in words.

A shop without the file has the rules below. A table or field that is left out has its value from here; a table
that is there is read alone: ``[returns]`` without ``days`` has no limit.

>>> ShopRules().returns.days
14
"""

import tomllib
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from bot.shop.checked import adapter, reason_of
from bot.shop.errors import ShopFolderError
from bot.shop.records import Address, Minor, OrderStatus, Text
from bot.shop.toml import toml

RULES: Final = "rules.toml"
RefundTo = Literal["original_or_gift_card", "original", "any"]
Days = Annotated[int, Field(ge=0, le=36_500)]
_UNPACKED: Final[tuple[OrderStatus, ...]] = ("pending", "paid")
_CLOSED: Final = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class WriteRule:
    """When one kind of write is allowed.

    Attributes:
        when: Statuses of an order that allow it; no order: no matter.
        topic: The policy page that says so.
        days: At most so many days after the day of delivery, which is day 0; ``None`` is no limit.
        days_abroad: The same for orders delivered abroad; ``None`` is as at home.
        abroad: Whether orders delivered abroad may have it.
        fee_minor: What the way back costs at home when the shop made no mistake.
    """

    __pydantic_config__ = _CLOSED
    when: tuple[OrderStatus, ...] = ()
    topic: Annotated[str, Field(max_length=64)] = ""
    days: Days | None = None
    days_abroad: Days | None = None
    abroad: bool = True
    fee_minor: Minor = 0


@dataclass(frozen=True, slots=True)
class ShopRules:
    """All rules of one shop.

    Attributes:
        cancel_reasons: The only reasons that count; none: no reason is asked, and none is kept.
        cancel_reasons_zh: The same in Chinese, in the same order, for showing.
        refund_to: Where the refund of a return may go.
        difference_to: Where the money may go when a new item costs less; paying more may be by any way.
        items_once: Items of an order can be changed once only.
        cancel_after_items: An order whose items were changed can still be cancelled.
        exchange_same_item: A piece can be exchanged for the same one, such as a faulty one.
        count_stock: Writes change stock, and no more can be had than there is; else stock only tells sold out.
        sealed: Tags and categories of goods that cannot come back once they are opened, unless they are faulty.
        home_countries: Spellings of the country that is not abroad; none: nothing is abroad.
        fee_free_levels: Member levels that pay no ``fee_minor``.
        stands_at: A shop of examples whose time does not pass; ``None``: now is now.
    """

    __pydantic_config__ = _CLOSED
    cancel: WriteRule = WriteRule(_UNPACKED, "shipping")
    address: WriteRule = WriteRule(_UNPACKED, "shipping")
    items: WriteRule = WriteRule(_UNPACKED, "shipping")
    payment: WriteRule = WriteRule(("paid",), "payment")
    account: WriteRule = WriteRule((), "privacy")
    returns: WriteRule = WriteRule(("delivered",), "returns", days=14)
    exchange: WriteRule = WriteRule(("delivered",), "exchanges", days=14)
    cancel_reasons: tuple[Text, ...] = ()
    cancel_reasons_zh: tuple[Text, ...] = ()
    refund_to: RefundTo = "original"
    difference_to: RefundTo = "original"
    items_once: bool = True
    cancel_after_items: bool = True
    exchange_same_item: bool = False
    count_stock: bool = True
    sealed: tuple[Text, ...] = ()
    home_countries: tuple[Text, ...] = ()
    fee_free_levels: tuple[Text, ...] = ()
    stands_at: datetime | None = None

    def is_abroad(self, address: Address | None) -> bool:
        """Whether a parcel to there leaves the country; an address without country does not."""
        if not self.home_countries or address is None or not address.country.strip():
            return False
        return address.country.strip().casefold() not in {country.casefold() for country in self.home_countries}


def read_rules(folder: Path) -> ShopRules:
    """``rules.toml`` of a shop folder; without one the defaults.

    Raises:
        ShopFolderError: it is no TOML, or a rule is unknown or ill-formed.
    """
    path = folder / RULES
    try:
        rules: ShopRules = adapter(ShopRules).validate_python(tomllib.loads(path.read_text("utf-8-sig")))
    except FileNotFoundError:
        return ShopRules()
    except ValidationError as error:
        raise ShopFolderError(f"{path}: {reason_of(error)}") from None
    except ValueError as error:
        raise ShopFolderError(f"{path}: expected TOML in UTF-8: {error}") from error
    if rules.cancel_reasons_zh and len(rules.cancel_reasons_zh) != len(rules.cancel_reasons):
        raise ShopFolderError(f"{path}: expected as many cancel_reasons_zh as cancel_reasons")
    if rules.stands_at and rules.stands_at.tzinfo is None:
        raise ShopFolderError(f"{path}: expected stands_at with a zone, such as 2026-11-20T18:00:00+08:00")
    return rules


def rules_text(rules: ShopRules) -> str:
    """The rules as the text of ``rules.toml``."""
    return toml(asdict(rules))
