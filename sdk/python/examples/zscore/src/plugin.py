"""Standardizes columns: subtracts the mean, divides by the population standard deviation."""

from dataclasses import dataclass

from refrain_sdk import Batch, Column, Field, Kind, Moments, Schema, transform
from refrain_sdk.params import not_empty
from refrain_sdk.state import Reader, Writer


@dataclass(frozen=True)
class Params:
    columns: list[str]

    def __post_init__(self) -> None:
        not_empty("columns", self.columns)


class ZScore:
    Params = Params

    def describe(self, params: Params, schema: Schema) -> transform.Description:
        reads = schema.indices_of(params.columns, [Kind.FLOAT64])
        fields = (schema.fields[index] for index in reads)
        computed = [Field(field.name, Kind.FLOAT64, field.nullable) for field in fields]
        return transform.Description.fitted(reads).replacing(schema, computed)

    def fit(self, params: Params, schema: Schema, seed: int) -> "Scales":
        return Scales([Moments() for _ in schema.fields])

    def apply(self, params: Params, schema: Schema, state: bytes) -> "Scales":
        return Scales.read(state, len(schema))


class Scales:
    """The moments of each column read."""

    def __init__(self, moments: list[Moments]) -> None:
        self.moments = moments

    @staticmethod
    def read(state: bytes, n_columns: int) -> "Scales":
        source = Reader(state)
        moments = [Moments.read(source) for _ in range(n_columns)]
        source.end()
        return Scales(moments)

    def update(self, rows: Batch) -> None:
        for moments, column in zip(self.moments, rows.columns):
            moments.update(column.float64s())

    def save(self) -> bytes:
        out = Writer()
        for moments in self.moments:
            moments.write(out)
        return out.bytes()

    def merge(self, saved: bytes) -> None:
        there = Scales.read(saved, len(self.moments))
        for moments, other in zip(self.moments, there.moments):
            moments.merge(other)

    def finish(self) -> bytes:
        return self.save()

    def map(self, rows: Batch) -> list[Column]:
        return [scaled(column, m) for column, m in zip(rows.columns, self.moments)]


def scaled(column: Column, moments: Moments) -> Column:
    mean, sd = moments.mean, moments.deviation()
    return Column.float64(None if x is None else (x - mean) / sd for x in column.float64s())


Plugin = transform.export(ZScore())
