"""Two states of a shop: every difference is named once, the order of rows and lines is none."""

from dataclasses import replace

from bot.shop.compare import Change, changes
from tests.bot import write_samples as sample

FIRST = sample.ORDERS[0]


def test_equal_states_differ_in_nothing_however_rows_and_lines_are_ordered() -> None:
    turned = replace(FIRST, items=FIRST.items[::-1])
    other = replace(sample.CONTENTS, orders=(*sample.ORDERS[1:], turned), customers=sample.CONTENTS.customers[::-1])
    assert changes(sample.CONTENTS, sample.CONTENTS) == changes(sample.CONTENTS, other) == []


def test_every_changed_field_of_every_row_is_named() -> None:
    moved = replace(sample.OTHER, address=sample.ABROAD)
    cancelled = replace(FIRST, status="cancelled", cancel_reason="ordered by mistake")
    after = replace(sample.CONTENTS, customers=(sample.CUSTOMER, moved), orders=(cancelled, *sample.ORDERS[2:]))
    found = changes(sample.CONTENTS, after)
    assert [(change.table, change.row_id, change.name) for change in found] == [
        ("customers", "C2", "address"),
        ("orders", "TF10000001", "cancel_reason"),
        ("orders", "TF10000001", "status"),
        ("orders", "TF10000002", ""),
    ]
    assert found[2] == Change("orders", "TF10000001", "status", "paid", "cancelled")
    assert found[3].after is None
    assert [(c.row_id, c.before, c.after) for c in changes(after, sample.CONTENTS)] == [
        (c.row_id, c.after, c.before) for c in found
    ]


def test_a_line_more_is_a_difference() -> None:
    more = replace(FIRST, items=(*FIRST.items, sample.line("SH-1-X")))
    (change,) = changes(sample.CONTENTS, replace(sample.CONTENTS, orders=(more, *sample.ORDERS[1:])))
    assert (change.name, len(change.before), len(change.after)) == ("items", 2, 3)


def test_values_are_not_shown_in_repr() -> None:
    after = replace(sample.CONTENTS, customers=(replace(sample.CUSTOMER, name="Nora Vale"), sample.OTHER))
    assert "Vale" not in repr(changes(sample.CONTENTS, after))
