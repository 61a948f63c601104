"""Reads every column and makes it anew: how each kind is read and made."""

from refrain_sdk import Batch, Column, Kind, Schema, transform
from refrain_sdk.params import NoParams


class EveryKind:
    Params = NoParams

    def describe(self, params: NoParams, schema: Schema) -> transform.Description:
        reads = list(range(len(schema)))
        return transform.Description.stateless(reads).replacing(schema, schema.fields)

    def apply(self, params: NoParams, schema: Schema, state: bytes) -> "Anew":
        return Anew()


class Anew:
    def map(self, rows: Batch) -> list[Column]:
        return [anew(column) for column in rows.columns]


def anew(column: Column) -> Column:
    match column.kind:
        case Kind.BOOLEAN:
            return Column.boolean(column.booleans())
        case Kind.INT64:
            return Column.int64(column.int64s())
        case Kind.FLOAT64:
            return Column.float64(column.float64s())
        case Kind.TIMESTAMP_US:
            return Column.timestamp_us(column.timestamps_us())
        case Kind.UTF8:
            return Column.utf8(column.utf8s())
        case Kind.BINARY:
            return Column.binary(column.binaries())
        case Kind.VECTOR:
            return Column.vector(column.width, column.vectors())


Plugin = transform.export(EveryKind())
