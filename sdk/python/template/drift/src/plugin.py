"""Drift by how far the share of nulls moved."""

from dataclasses import dataclass

from refrain_sdk import Batch, Column, Schema, drift
from refrain_sdk.drift import Score, Verdict, Window
from refrain_sdk.params import not_empty
from refrain_sdk.state import Reader, Writer


@dataclass(frozen=True)
class Params:
    columns: list[str]
    threshold: float = 0.1

    def __post_init__(self) -> None:
        not_empty("columns", self.columns)


class NullShare:
    Params = Params

    def describe(self, params: Params, schema: Schema) -> drift.Description:
        return drift.Description(schema.indices_of(params.columns), mergeable=True)

    def start(self, params: Params, schema: Schema) -> "Counts":
        return Counts(params.threshold, [field.name for field in schema.fields])


@dataclass
class Count:
    rows: int = 0
    nulls: int = 0

    def update(self, column: Column, rows: int) -> None:
        self.rows += rows
        self.nulls += sum(not column.is_valid(row) for row in range(rows))


class Counts:
    """Rows and nulls of each column, in each window."""

    def __init__(self, threshold: float, columns: list[str]) -> None:
        self.threshold = threshold
        self.columns = columns
        self.counts = {window: [Count() for _ in columns] for window in Window}

    def update(self, window: Window, rows: Batch) -> None:
        for count, column in zip(self.counts[window], rows.columns):
            count.update(column, rows.rows)

    def save(self) -> bytes:
        out = Writer()
        for window in Window:
            for count in self.counts[window]:
                out.u64(count.rows).u64(count.nulls)
        return out.bytes()

    def merge(self, saved: bytes) -> None:
        source = Reader(saved)
        for window in Window:
            for count in self.counts[window]:
                count.rows += source.u64()
                count.nulls += source.u64()
        source.end()

    def finish(self) -> list[Score]:
        windows = (self.counts[Window.REFERENCE], self.counts[Window.CURRENT])
        return [self.score(*of) for of in zip(self.columns, *windows)]

    def score(self, column: str, reference: Count, current: Count) -> Score:
        value, verdict = None, Verdict.INCONCLUSIVE
        if reference.rows and current.rows:
            value = abs(current.nulls / current.rows - reference.nulls / reference.rows)
            verdict = Verdict.DRIFTED if value >= self.threshold else Verdict.STABLE
        n_reference = reference.rows - reference.nulls
        n_current = current.rows - current.nulls
        of = (column, "null_share", value, None, self.threshold, verdict)
        return Score(*of, n_reference, n_current)


Plugin = drift.export(NullShare())
