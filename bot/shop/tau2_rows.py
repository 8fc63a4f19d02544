"""The rows of the tau2 benchmark's database as they are in its file; ``bot.shop.tau2`` makes records of them."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bot.shop.records import Address

Price = Annotated[Decimal, Field(ge=0, le=Decimal(10**10), allow_inf_nan=False)]
Difference = Annotated[Decimal, Field(ge=-Decimal(10**10), le=Decimal(10**10), allow_inf_nan=False)]


class RawRow(BaseModel):
    """Any object of the source; fields that are not named are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class RawVariant(RawRow):
    """An item that can be bought."""

    item_id: str
    options: dict[str, str]
    available: bool
    price: Price


class RawProduct(RawRow):
    """A type of product."""

    product_id: str
    name: str
    variants: dict[str, RawVariant]


class RawName(RawRow):
    """A name in two parts."""

    first_name: str
    last_name: str


class RawAddress(RawRow):
    """An address."""

    address1: str
    address2: str = ""
    city: str = ""
    country: str = ""
    state: str = ""
    zip: str = ""

    def record(self) -> Address:
        """As the shop keeps it."""
        return Address(self.address1, self.address2, self.city, self.state, self.zip, self.country)


class RawMethod(RawRow):
    """A way to pay."""

    source: str
    id: str
    brand: str = ""
    last_four: str = ""
    balance: Price | None = None


class RawUser(RawRow):
    """A customer."""

    user_id: str
    name: RawName
    email: str = ""
    address: RawAddress
    payment_methods: dict[str, RawMethod] = {}


class RawItem(RawRow):
    """A piece of an order."""

    name: str
    product_id: str
    item_id: str
    price: Price
    options: dict[str, str] = {}


class RawPayment(RawRow):
    """A row of a payment history."""

    transaction_type: str
    amount: Price
    payment_method_id: str = ""


class RawFulfilment(RawRow):
    """Parcels of an order."""

    tracking_id: tuple[str, ...] = ()


class RawOrder(RawRow):
    """An order, with what was done to it."""

    order_id: str
    user_id: str
    address: RawAddress | None = None
    items: tuple[RawItem, ...]
    status: str
    fulfillments: tuple[RawFulfilment, ...] = ()
    payment_history: tuple[RawPayment, ...] = ()
    cancel_reason: str | None = None
    return_items: tuple[str, ...] | None = None
    return_payment_method_id: str | None = None
    exchange_items: tuple[str, ...] | None = None
    exchange_new_items: tuple[str, ...] | None = None
    exchange_payment_method_id: str | None = None
    exchange_price_difference: Difference | None = None
