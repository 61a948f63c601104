// The library's own tests.

import { Batch, Column, Field, Kind, Moments, Params, Reader, Schema, sum, Writer } from "refrain";
import { Json } from "refrain/json";
import { nearest } from "refrain/number";
import { column, expectNumber, expectText, refusal } from "refrain/testing";

function expectRefusal(json: string, expected: string): void {
  const params = new Params(json);
  params.texts("columns");
  params.numberOr("rate", 0.5);
  params.integerOr("limit", 0);
  params.booleanOr("exact", false);
  const failure = params.failure(true);
  expectText(failure === null ? refusal() : failure.message, expected);
}

export function parameters_are_read(): void {
  const params = new Params('{"columns":["a","\\u00e9\\ud83d\\ude00\\n"],"limit":-7}');
  const columns = params.texts("columns");
  expectNumber(columns.length, 2);
  expectText(columns[1], "é😀\n");
  expectNumber(<f64>params.integer("limit"), -7);
  expectNumber(params.numberOr("rate", 0.5), 0.5);
  assert(params.failure(true) === null && refusal() == "");
}

export function parameters_are_refused(): void {
  expectRefusal("", "missing parameter `columns`");
  expectRefusal("null", "the parameters must be an object");
  expectRefusal("[]", "the parameters must be an object");
  expectRefusal('{"columns":[1]}', "parameter `columns[0]` is a number, and must be a string");
  expectRefusal(
    '{"columns":[],"limit":1.5}', "parameter `limit` is a number, and must be an integer",
  );
  expectRefusal(
    '{"columns":[],"exact":1}', "parameter `exact` is a number, and must be a boolean",
  );
  expectRefusal(
    '{"colums":[]}', "unknown parameter `colums`; known: `columns`, `rate`, `limit`, `exact`",
  );
  const broken = ['{"columns":[}', '{"columns":[]} x', '"\\', '{"columns":[],"rate":-}', "{", '"\\u12'];
  for (let i = 0; i < broken.length; i++) expectRefusal(broken[i], "the parameters are not JSON");
  assert(Json.read("[".repeat(300)) === null);
}

export function numbers_are_rounded_correctly(): void {
  expectNumber(nearest("1", -1), 0.1);
  expectNumber(nearest("17976931348623157", 292), f64.MAX_VALUE);
  expectNumber(nearest("17976931348623159", 292), Infinity);
  expectNumber(nearest("5", -324), reinterpret<f64>(<u64>1));
  expectNumber(nearest("2", -324), 0);
  expectNumber(nearest("22250738585072011", -324), reinterpret<f64>(<u64>0x000fffffffffffff));
  expectNumber(nearest("22250738585072014", -324), reinterpret<f64>(<u64>0x0010000000000000));
  expectNumber(nearest("9007199254740993", 0), 9007199254740992); // a tie, to even
  expectNumber(nearest("9007199254740995", 0), 9007199254740996);
  expectNumber(nearest("72057594037927928", 0), 72057594037927928);
  expectNumber(nearest("1", 400), Infinity);
  expectNumber(nearest("1", -400), 0);
}

export function columns_are_found_by_name(): void {
  const schema = new Schema([
    new Field("x", Kind.Float64), new Field("at", Kind.TimestampUs), new Field("y", Kind.Float64),
  ]);
  const indices = schema.indicesOfKind(["y", "x"], [Kind.Float64]);
  assert(indices.length == 2 && indices[0] == 0 && indices[1] == 2);
  schema.indexOfKind("at", [Kind.Int64, Kind.Float64]);
  expectText(refusal(), "column `at` is timestamp-us, and must be int64 or float64");
  schema.indexOf("z");
  expectText(refusal(), "no column `z` in the input; there are `x`, `at`, `y`");
  schema.indicesOfKind(["y", "y"], [Kind.Float64]);
  expectText(refusal(), "column `y` is named twice");
}

export function every_kind_holds_its_nulls(): void {
  const columns = [
    Column.boolean(new Uint8Array(9).fill(1)),
    Column.int64(new Int64Array(9).fill(1)),
    Column.float64(new Float64Array(9).fill(1)),
    Column.timestampUs(new Int64Array(9).fill(1)),
    Column.vector(new Float32Array(27).fill(1), 3),
  ];
  for (let i = 0; i < columns.length; i++) {
    columns[i].setNull(8);
    assert(columns[i].rows == 9 && columns[i].validity.length == 2);
    assert(columns[i].validity[0] == 0xff && columns[i].validity[1] == 0);
    assert(columns[i].isValid(7) && !columns[i].isValid(8));
    assert(columns[i].data[columns[i].data.length - 1] == 0);
  }
  const texts = Column.utf8(["late", null, "on time"]);
  expectText(texts.utf8At(0), "late");
  expectText(texts.utf8At(1), "");
  expectText(texts.utf8At(2), "on time");
  assert(texts.validity[0] == 5 && texts.offsets[3] == 11);
}

export function another_kind_is_refused_not_read(): void {
  const column = Column.int64(new Int64Array(3).fill(7));
  assert(column.float64s().length == 3);
  expectText(refusal(), "a column of int64 was handed over where float64 was expected");
  expectNumber(column.numbers()[2], 7);
  const rows = new Batch(3, [column]);
  assert(rows.column(1).float64s().length == 3);
  expectText(refusal(), "the batch has 1 columns, and column 1 is needed");
}

export function states_come_back_and_nothing_else_does(): void {
  const writer = new Writer();
  writer.u64(258);
  writer.f64(-1.5);
  writer.text("late");
  const bytes = writer.finish();
  assert(bytes[0] == 2 && bytes[1] == 1 && bytes.length == 28);
  const reader = new Reader(bytes);
  assert(reader.u64() == 258 && reader.f64() == -1.5);
  expectText(reader.text(), "late");
  reader.end();
  expectText(refusal(), "");
  assert(reader.u64() == 0);
  expectText(
    refusal(), "the state cannot be read: it is not of this plugin, or of another version",
  );
}

export function parts_merge_into_the_whole(): void {
  const whole = new Moments(), parts = new Moments();
  whole.update(column([1, 2, NaN, 6]));
  const ones = [1.0, 2.0, 6.0];
  for (let i = 0; i < ones.length; i++) {
    const part = new Moments();
    part.add(ones[i]);
    parts.merge(part);
  }
  assert(whole.n == 3 && whole.mean == 3 && whole.m2 == 14);
  assert(parts.n == 3 && parts.mean == 3 && parts.m2 == 14);
  const sizes = [0, 1, 15, 16, 17, 83]; // around one round of the lanes
  for (let i = 0; i < sizes.length; i++) {
    expectNumber(sum(new Float64Array(sizes[i]).fill(1)), sizes[i]);
  }
}
