"""Columns and batches, in the layout that crosses the component boundary.

Invariant: `values` holds a zero, or an empty value, in a null row, so equal columns are equal bytes.
"""

from dataclasses import dataclass, field
from typing import Callable, Iterable, Sequence, TypeVar

from .errors import Failed, InvalidInput
from .schema import Kind, Schema

T = TypeVar("T")


@dataclass
class Variable:
    """Values of variable length, laid end to end: row i is `data[offsets[i]:offsets[i + 1]]`."""

    offsets: Sequence[int]
    data: bytes

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def row(self, index: int) -> bytes:
        return self.data[self.offsets[index] : self.offsets[index + 1]]


@dataclass
class Column:
    """One column. `values` is `bytes` (boolean, 0 or 1), a list of numbers, or a `Variable`.

    `validity` is a bitmap, least significant bit first; empty where every row has a value.
    """

    kind: Kind
    values: "bytes | Sequence[int] | Sequence[float] | Variable"
    validity: bytes = b""
    width: int = 0
    name: str = field(default="", compare=False)

    def __len__(self) -> int:
        if self.kind is Kind.VECTOR:
            return len(self.values) // self.width if self.width else 0
        return len(self.values)

    def is_valid(self, row: int) -> bool:
        """Whether this row has a value."""
        return not self.validity or bool(self.validity[row >> 3] >> (row & 7) & 1)

    # Reading: one value a row, `None` where there is none.

    def booleans(self) -> Sequence[bool | None]:
        return self._rows(Kind.BOOLEAN, bool)

    def int64s(self) -> Sequence[int | None]:
        return self._rows(Kind.INT64)

    def float64s(self) -> Sequence[float | None]:
        return self._rows(Kind.FLOAT64)

    def timestamps_us(self) -> Sequence[int | None]:
        """Microseconds since the epoch."""
        return self._rows(Kind.TIMESTAMP_US)

    def utf8s(self) -> Sequence[str | None]:
        return self._variable(Kind.UTF8, lambda value: value.decode())

    def binaries(self) -> Sequence[bytes | None]:
        return self._variable(Kind.BINARY, lambda value: value)

    def vectors(self) -> Sequence[Sequence[float] | None]:
        """`width` numbers a row."""
        self._expect(Kind.VECTOR)
        width = self.width
        return self._nulls([self.values[i * width : i * width + width] for i in range(len(self))])

    def numbers(self) -> Sequence[float | None]:
        """Any kind of number as float: float64, int64, boolean."""
        self._expect(Kind.FLOAT64, Kind.INT64, Kind.BOOLEAN)
        return self._rows(self.kind, None if self.kind is Kind.FLOAT64 else float)

    # Making: from one value a row, `None` for a row that has none.

    @staticmethod
    def boolean(rows: Iterable[bool | None]) -> "Column":
        values, validity = _split(rows, False)
        return Column(Kind.BOOLEAN, bytes(map(bool, values)), validity)

    @staticmethod
    def int64(rows: Iterable[int | None]) -> "Column":
        return _int64(Kind.INT64, rows)

    @staticmethod
    def float64(rows: Iterable[float | None]) -> "Column":
        values, validity = _split(rows, 0.0)
        return Column(Kind.FLOAT64, values, validity)

    @staticmethod
    def timestamp_us(rows: Iterable[int | None]) -> "Column":
        return _int64(Kind.TIMESTAMP_US, rows)

    @staticmethod
    def utf8(rows: Iterable[str | None]) -> "Column":
        values, validity = _split(rows, "")
        return Column(Kind.UTF8, _lay([value.encode() for value in values]), validity)

    @staticmethod
    def binary(rows: Iterable[bytes | None]) -> "Column":
        values, validity = _split(rows, b"")
        return Column(Kind.BINARY, _lay(values), validity)

    @staticmethod
    def vector(width: int, rows: Iterable[Sequence[float] | None]) -> "Column":
        values, validity = _split(rows, [0.0] * width)
        for value in values:
            if len(value) != width:
                raise Failed(f"a vector of {len(value)} in a column of width {width}")
        return Column(Kind.VECTOR, [x for value in values for x in value], validity, width)

    def _expect(self, *kinds: Kind) -> None:
        if self.kind not in kinds:
            wanted = " or ".join(kind.value for kind in kinds)
            column = f"column `{self.name}`" if self.name else "a column"
            raise InvalidInput(f"{column} is {self.kind.value}, and was read as {wanted}")

    def _rows(self, kind: Kind, of: Callable[[T], T] | None = None) -> Sequence:
        self._expect(kind)
        return self._nulls(self.values if of is None else [of(value) for value in self.values])

    def _variable(self, kind: Kind, of: Callable[[bytes], T]) -> Sequence[T | None]:
        self._expect(kind)
        return self._nulls([of(self.values.row(row)) for row in range(len(self.values))])

    def _nulls(self, values: Sequence[T]) -> Sequence[T | None]:
        if not self.validity:
            return values  # no copy
        return [value if self.is_valid(row) else None for row, value in enumerate(values)]


@dataclass
class Batch:
    """Some rows. The columns know their names where the host has said them."""

    rows: int
    columns: list[Column]

    def named(self, schema: Schema) -> "Batch":
        """The same batch, its columns named for error messages, and of the kinds promised."""
        if len(self.columns) != len(schema):
            found = f"{len(self.columns)} columns where {len(schema)} were described"
            raise InvalidInput(found)
        for column, known in zip(self.columns, schema.fields):
            column.name, column.width = known.name, known.width
            column._expect(known.kind)
        return self


def bitmap(valid: Sequence[bool]) -> bytes:
    """The validity of these rows: empty where every one has a value."""
    if all(valid):
        return b""
    bits = bytearray((len(valid) + 7) // 8)
    for row, is_valid in enumerate(valid):
        if is_valid:
            bits[row >> 3] |= 1 << (row & 7)
    return bytes(bits)


def _split(rows: Iterable[T | None], null: T) -> tuple[list[T], bytes]:
    rows = list(rows)
    validity = bitmap([row is not None for row in rows])
    return (rows, b"") if not validity else ([null if r is None else r for r in rows], validity)


def _int64(kind: Kind, rows: Iterable[int | None]) -> Column:
    values, validity = _split(rows, 0)
    if values and not -(1 << 63) <= min(values) <= max(values) < 1 << 63:
        raise Failed(f"a number beyond 64 bits in a column of {kind.value}")
    return Column(kind, values, validity)


def _lay(values: Sequence[bytes]) -> Variable:
    offsets, end = [0], 0
    for value in values:
        end += len(value)
        offsets.append(end)
    return Variable(offsets, b"".join(values))
