"""Every kind of column, with and without nulls; schemas; batches."""

import unittest

from refrain_sdk import Batch, Column, Failed, Field, InvalidInput, InvalidParams, Kind, Schema

# Nine rows: one beyond the first byte of the bitmap.
ROWS = {
    Kind.BOOLEAN: [True, None, False] * 3,
    Kind.INT64: [1, None, -(1 << 63)] * 3,
    Kind.FLOAT64: [0.5, None, float("inf")] * 3,
    Kind.TIMESTAMP_US: [0, None, 1_577_836_800_000_000] * 3,
    Kind.UTF8: ["é", None, ""] * 3,
    Kind.BINARY: [b"\xff\0", None, b""] * 3,
    Kind.VECTOR: [[1.0, 2.0], None, [0.0, -1.0]] * 3,
}


def made(kind: Kind, rows: list) -> Column:
    if kind is Kind.VECTOR:
        return Column.vector(2, rows)
    return getattr(Column, kind.name.lower())(rows)


def read(kind: Kind, column: Column) -> list:
    names = {Kind.TIMESTAMP_US: "timestamps_us", Kind.BINARY: "binaries"}
    return list(getattr(column, names.get(kind, f"{kind.name.lower()}s"))())


class Columns(unittest.TestCase):
    def test_every_kind_reads_back_what_it_was_made_of(self) -> None:
        for kind, rows in ROWS.items():
            column = made(kind, rows)
            self.assertEqual(read(kind, column), rows, kind)
            self.assertEqual(len(column), 9, kind)
            # Rows 1, 4 and 7 are null; unused bits are 0.
            self.assertEqual(column.validity, bytes([0b0110_1101, 1]), kind)

    def test_without_nulls_there_is_no_bitmap(self) -> None:
        for kind, rows in ROWS.items():
            valid = [row for row in rows if row is not None]
            self.assertEqual(made(kind, valid).validity, b"", kind)
            self.assertEqual(read(kind, made(kind, valid)), valid, kind)
            self.assertEqual(read(kind, made(kind, [])), [], kind)

    def test_a_null_row_holds_a_zero(self) -> None:
        self.assertEqual(Column.float64([None, 1.0]).values, [0.0, 1.0])
        self.assertEqual(Column.boolean([None, True]).values, b"\0\1")
        self.assertEqual(Column.utf8([None, "a"]).values.offsets, [0, 0, 1])
        self.assertEqual(Column.vector(2, [None]).values, [0.0, 0.0])

    def test_another_kind_is_the_inputs_fault_and_named(self) -> None:
        batch = Batch(1, [Column.int64([1])]).named(Schema([Field("n", Kind.INT64)]))
        for kind in set(ROWS) - {Kind.INT64}:
            with self.assertRaises(InvalidInput) as caught:
                read(kind, batch.columns[0])
            expected = f"column `n` is int64, and was read as {kind.value}"
            self.assertEqual(caught.exception.message, expected)

    def test_any_number_reads_as_float(self) -> None:
        self.assertEqual(list(Column.int64([2, None]).numbers()), [2.0, None])
        self.assertEqual(list(Column.boolean([True, None]).numbers()), [1.0, None])
        self.assertEqual(list(Column.float64([0.5]).numbers()), [0.5])
        with self.assertRaises(InvalidInput):
            Column.utf8(["1"]).numbers()

    def test_what_does_not_fit_is_refused(self) -> None:
        with self.assertRaises(Failed):
            Column.int64([1 << 63])
        with self.assertRaises(Failed):
            Column.vector(2, [[1.0]])

    def test_a_batch_is_what_was_described(self) -> None:
        schema = Schema([Field("n", Kind.INT64)])
        for columns in ([], [Column.utf8([""])]):
            with self.assertRaises(InvalidInput):
                Batch(1, columns).named(schema)


class Schemas(unittest.TestCase):
    SCHEMA = Schema([Field("a", Kind.INT64), Field("b", Kind.FLOAT64), Field("c", Kind.FLOAT64)])

    def test_columns_are_found_in_schema_order(self) -> None:
        self.assertEqual(self.SCHEMA.indices_of(["c", "b"], [Kind.FLOAT64]), [1, 2])
        self.assertEqual(self.SCHEMA.select([2, 0]).fields[0].name, "c")

    def test_errors_say_what_is_there(self) -> None:
        cases = {
            ("d",): "no column `d` in the input; there are `a`, `b`, `c`",
            ("a",): "column `a` is int64, and must be float64",
            ("b", "b"): "column `b` is named twice",
        }
        for names, expected in cases.items():
            with self.assertRaises(InvalidParams) as caught:
                self.SCHEMA.indices_of(names, [Kind.FLOAT64])
            self.assertEqual(caught.exception.message, expected)
