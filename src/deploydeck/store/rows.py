"""Domain values to rows and back: the column names are the field names, so one pair of functions serves every table."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import RowMapping, Table

from deploydeck.domain import Value
from deploydeck.store.tables import UtcDateTime

V = TypeVar("V", bound=Value)


def to_row(value: Value, table: Table, **extra: Any) -> dict[str, Any]:
    """The columns of `table` that the value has; datetimes stay datetimes, everything nested becomes JSON."""
    content = value.model_dump(mode="json")
    row = {
        column.name: getattr(value, column.name) if isinstance(column.type, UtcDateTime) else content[column.name]
        for column in table.columns
        if column.name in content
    }
    return row | extra


def from_row(kind: type[V], row: RowMapping) -> V:
    """The value a row holds; columns that the value does not know are bookkeeping of the table."""
    return kind.model_validate({name: row[name] for name in kind.model_fields if name in row})
