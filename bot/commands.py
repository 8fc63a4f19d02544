"""The closed grammar between understanding and dialogue: what a customer's turn can ask for.

Version 3. A turn is one to three commands. ``SCHEMA`` is what the engine decodes under
(no free keys, bounded strings); ``parse`` is the one way from model output to commands.
What is looked for is no part of it: the customer's own words are, and code takes those
(``bot.slots``), so that a small model need not copy them. It knows nothing of prompts, tools or shops.
"""

import json
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, Final, Literal, get_args

from jsonschema import Draft202012Validator, ValidationError

GRAMMAR_VERSION: Final = 3
MAX_COMMANDS: Final = 3
MAX_QUERY_CHARS: Final = 80
MAX_VALUE_CHARS: Final = 48

Name = Literal[
    "track_order",  # where is my order; slot order
    "list_orders",  # which orders do I have
    "service",  # something done to an order or account; slots kind, order
    "find_product",  # suggest, recommend, search
    "ask_product",  # a question about a product: price, stock, size, material
    "ask_policy",  # a rule of the shop; slot topic
    "ask_account",  # a question about what is the customer's own: paid, refunded, bought, on its way
    "give",  # the answer to a question of the bot; slots slot, value
    "choose",  # the n-th of what was offered; slot n
    "affirm",
    "deny",
    "greet",
    "thanks",
    "goodbye",
    "repeat",
    "stop",  # never mind
    "human",  # wants a person
    "unclear",  # no request can be read from it
    "out_of_scope",  # a clear request that no shop serves
]
ServiceKind = Literal[
    "return", "exchange", "cancel", "change", "refund", "invoice", "warranty", "account", "payment", "complaint"
]
Topic = Literal["returns", "exchanges", "shipping", "payment", "invoices", "warranty", "privacy", "membership"]
Slot = Literal[
    "order", "email", "name", "postal_code", "product", "items", "options", "reason", "payment", "address"
]  # fmt: skip

NAMES: Final[tuple[Name, ...]] = get_args(Name)
SERVICE_KINDS: Final[tuple[ServiceKind, ...]] = get_args(ServiceKind)
TOPICS: Final[tuple[Topic, ...]] = get_args(Topic)
SLOTS: Final[tuple[Slot, ...]] = get_args(Slot)


@dataclass(frozen=True, slots=True)
class Command:
    """One thing the customer wants or says. Slots that do not belong to ``name`` stay ``None``.

    ``query``: what is looked for or asked, in the customer's words; filled by code, never by a model.
    """

    name: Name
    order: str | None = None
    kind: ServiceKind | None = None
    query: str | None = None
    topic: Topic | None = None
    slot: Slot | None = None
    value: str | None = None
    n: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The command with the slots that are set only."""
        return {key: value for key, value in asdict(self).items() if value is not None}


class CommandError(ValueError):
    """Model output that is not of the grammar. The message holds lengths and names, never the text."""


def _object(name: str, required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": name}, **required, **(optional or {})},
        "required": ["name", *required],
        "additionalProperties": False,
    }


def _text(limit: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": limit}


_ORDER: Final = {"order": _text(24)}
_SHAPES: Final[dict[str, dict[str, Any]]] = {
    "track_order": _object("track_order", {}, _ORDER),
    "service": _object("service", {"kind": {"enum": list(SERVICE_KINDS)}}, _ORDER),
    "ask_policy": _object("ask_policy", {"topic": {"enum": list(TOPICS)}}),
    "give": _object("give", {"slot": {"enum": list(SLOTS)}, "value": _text(MAX_VALUE_CHARS)}),
    "choose": _object("choose", {"n": {"type": "integer", "minimum": 1, "maximum": 9}}),
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "array",
    "minItems": 1,
    "maxItems": MAX_COMMANDS,
    "items": {"anyOf": [_SHAPES.get(name, _object(name, {})) for name in NAMES]},
}


def dumps(commands: "tuple[Command, ...] | list[Command]") -> str:
    """The grammar's own spelling: JSON without white space, slots in the order of ``Command``, no ``query``."""
    written = [replace(command, query=None).to_json() for command in commands]
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


@cache
def _validator() -> Draft202012Validator:
    """Made once: checking the schema itself takes ten times as long as checking commands."""
    return Draft202012Validator(SCHEMA)


def parse(text: str) -> tuple[Command, ...]:
    """Commands from model output.

    Raises:
        CommandError: not JSON, not of the grammar, or more than ``MAX_COMMANDS``.
    """
    try:
        data = json.loads(text)
        _validator().validate(data)
    except json.JSONDecodeError as error:
        raise CommandError(
            f"expected a JSON array of commands, got {len(text)} characters that are not JSON"
        ) from error
    except ValidationError as error:
        path = "/".join(str(part) for part in error.absolute_path)
        raise CommandError(f"expected commands of grammar {GRAMMAR_VERSION}, mismatch at {path!r}") from None
    return tuple(Command(**item) for item in data)
