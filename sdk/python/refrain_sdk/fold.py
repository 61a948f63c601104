"""The two shapes that carry every role: folds over rows, and maps from rows to columns."""

from typing import Protocol

from .column import Batch, Column
from .errors import Failed, out_of_order
from .schema import Kind, Schema


class Fold(Protocol):
    """A fold over rows. The host runs it in parts and merges what they saved, in row order."""

    def update(self, rows: Batch) -> None:
        """Takes in the next rows."""
        ...

    def save(self) -> bytes:
        """The fold so far. Needed where the description says `mergeable`."""
        ...

    def merge(self, saved: bytes) -> None:
        """Takes in what another part saved."""
        ...

    def finish(self):
        """The outcome."""
        ...


class Map(Protocol):
    """From rows to columns: as many rows out as in, none depending on another."""

    def map(self, rows: Batch) -> list[Column]:
        """The computed columns, in the order of the description."""
        ...


class Stage:
    """What an instance of a role is doing: folding, mapping, or nothing yet."""

    def __init__(self) -> None:
        self._schema = Schema()
        self._fold = None
        self._map: Map | None = None

    def begin_fold(self, fold, schema: Schema) -> None:
        self._fold, self._map, self._schema = fold, None, schema

    def begin_map(self, mapping: Map, schema: Schema) -> None:
        self._fold, self._map, self._schema = None, mapping, schema

    def fold(self, call: str, before: str):
        if self._fold is None:
            raise out_of_order(call, before)
        return self._fold

    def rows(self, batch: Batch) -> Batch:
        return batch.named(self._schema)

    def finish(self, call: str, before: str):
        fold, self._fold = self.fold(call, before), None
        return fold.finish()

    def map(self, batch: Batch, call: str, before: str) -> Batch:
        if self._map is None:
            raise out_of_order(call, before)
        columns = self._map.map(self.rows(batch))
        for index, column in enumerate(columns):
            # A vector without rows of its own does not know its width; the host checks it.
            if len(column) != batch.rows and not (column.kind is Kind.VECTOR and not column.width):
                raise Failed(f"computed column {index} has {len(column)} rows of {batch.rows}")
        return Batch(batch.rows, columns)
