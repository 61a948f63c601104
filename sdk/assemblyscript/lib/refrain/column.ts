// Columns: reading them with their nulls, and making them.
//
// Invariant: a null row holds a zero or an empty value, and unused validity bits are 0. Whoever
// makes a column through this file keeps that; the host checks it.

import { refuse } from "./failure";
import { Kind, kindName } from "./schema";

/** One column of a batch. Its memory is the plugin's own: a map may work in place. */
export class Column {
  constructor(
    public kind: Kind,
    public rows: i32,
    /** The values; of utf8 and binary the bytes, end to end. */
    public data: Uint8Array,
    /** Of utf8 and binary: one more than there are rows, ascending. */
    public offsets: Uint32Array = new Uint32Array(0),
    /** A bitmap, least significant bit first. Empty: every row has a value. */
    public validity: Uint8Array = new Uint8Array(0),
  ) {}

  /** Whether a row has a value. */
  isValid(row: i32): bool {
    if (this.validity.length == 0) return true;
    return ((this.validity[row >> 3] >> <u8>(row & 7)) & 1) == 1;
  }

  /** One byte a row, 0 or 1; zeros for nulls, and for every row of a column of another kind. */
  booleans(): Uint8Array {
    return this.is(Kind.Boolean) ? this.data : new Uint8Array(this.rows);
  }

  /** One a row; zeros for nulls, and for every row of a column of another kind. */
  int64s(): Int64Array {
    return this.is(Kind.Int64) ? int64sOf(this.data) : new Int64Array(this.rows);
  }

  /** One a row; zeros for nulls, and for every row of a column of another kind. */
  float64s(): Float64Array {
    if (!this.is(Kind.Float64)) return new Float64Array(this.rows);
    return Float64Array.wrap(this.data.buffer, this.data.byteOffset, this.data.length / 8);
  }

  /** Microseconds since 1970; zeros for nulls, and for every row of a column of another kind. */
  timestampsUs(): Int64Array {
    return this.is(Kind.TimestampUs) ? int64sOf(this.data) : new Int64Array(this.rows);
  }

  /** The text of a row; empty for a null, and for a column of another kind. */
  utf8At(row: i32): string {
    if (!this.is(Kind.Utf8)) return "";
    const start = this.offsets[row];
    return String.UTF8.decodeUnsafe(this.data.dataStart + start, this.offsets[row + 1] - start);
  }

  /** The bytes of a row; empty for a null, and for a column of another kind. */
  binaryAt(row: i32): Uint8Array {
    if (!this.is(Kind.Binary)) return new Uint8Array(0);
    return this.data.subarray(this.offsets[row], this.offsets[row + 1]);
  }

  /** `rows * width` numbers, row after row; zeros for nulls, none for a column of another kind. */
  vectors(): Float32Array {
    if (!this.is(Kind.Vector)) return new Float32Array(0);
    return Float32Array.wrap(this.data.buffer, this.data.byteOffset, this.data.length / 4);
  }

  /** A float64, int64 or boolean column as numbers; zeros for nulls. */
  numbers(): Float64Array {
    if (this.kind == Kind.Float64) return this.float64s();
    const out = new Float64Array(this.rows);
    if (this.kind == Kind.Int64) {
      const values = this.int64s();
      for (let row = 0; row < this.rows; row++) out[row] = <f64>values[row];
    } else if (this.kind == Kind.Boolean) {
      for (let row = 0; row < this.rows; row++) out[row] = <f64>this.data[row];
    } else {
      const found = kindName(this.kind);
      refuse.invalidInput(`a column of ${found} was handed over where numbers were expected`);
    }
    return out;
  }

  static boolean(values: Uint8Array): Column {
    return new Column(Kind.Boolean, values.length, values);
  }

  static int64(values: Int64Array): Column {
    return new Column(Kind.Int64, values.length, bytes(values));
  }

  static float64(values: Float64Array): Column {
    return new Column(Kind.Float64, values.length, bytes(values));
  }

  static timestampUs(values: Int64Array): Column {
    return new Column(Kind.TimestampUs, values.length, bytes(values));
  }

  /** One text a row, or null. */
  static utf8(values: (string | null)[]): Column {
    const encoded: (Uint8Array | null)[] = [];
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      encoded.push(value === null ? null : utf8(value));
    }
    const column = Column.binary(encoded);
    column.kind = Kind.Utf8;
    return column;
  }

  /** Some bytes a row, or null. */
  static binary(values: (Uint8Array | null)[]): Column {
    const offsets = new Uint32Array(values.length + 1);
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      offsets[row + 1] = offsets[row] + (value === null ? 0 : value.length);
    }
    const data = new Uint8Array(offsets[values.length]);
    const column = new Column(Kind.Binary, values.length, data, offsets);
    for (let row = 0; row < values.length; row++) {
      const value = values[row];
      if (value === null) column.setNull(row);
      else data.set<Uint8Array>(value, offsets[row]);
    }
    return column;
  }

  /** `width` numbers a row, row after row. */
  static vector(values: Float32Array, width: i32): Column {
    const rows = width == 0 ? 0 : values.length / width;
    return new Column(Kind.Vector, rows, bytes(values));
  }

  /** Takes a row's value away. Of utf8 and binary it has to be empty already. */
  setNull(row: i32): void {
    if (this.validity.length == 0) {
      this.validity = new Uint8Array((this.rows + 7) >> 3);
      for (let i = 0; i < this.rows; i++) this.validity[i >> 3] |= 1 << <u8>(i & 7);
    }
    this.validity[row >> 3] &= ~(1 << <u8>(row & 7));
    this.zero(row);
  }

  /** The nulls of `other`, for numbers computed from another column's. Zeroes those rows. */
  withNullsOf(other: Column): Column {
    this.validity = other.validity;
    if (this.validity.length == 0) return this;
    for (let row = 0; row < this.rows; row++) {
      if (!other.isValid(row)) this.zero(row);
    }
    return this;
  }

  private zero(row: i32): void {
    if (this.offsets.length > 0) return;
    const n = this.data.length / this.rows;
    this.data.fill(0, row * n, (row + 1) * n);
  }

  private is(kind: Kind): bool {
    if (this.kind == kind) return true;
    const found = kindName(this.kind), expected = kindName(kind);
    refuse.invalidInput(`a column of ${found} was handed over where ${expected} was expected`);
    return false;
  }
}

/** Some rows. */
export class Batch {
  constructor(
    /** The length of every column. */
    public rows: i32,
    /** In schema order. */
    public columns: Column[],
  ) {}

  /** The column at `index`; refuses a batch that has fewer, and answers nulls. */
  column(index: i32): Column {
    if (index < this.columns.length) return this.columns[index];
    const n = this.columns.length;
    refuse.invalidInput(`the batch has ${n} columns, and column ${index} is needed`);
    return Column.float64(new Float64Array(this.rows));
  }
}

/** UTF-8 of a text; half a surrogate pair, which UTF-8 has no form for, becomes U+FFFD. */
export function utf8(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text, false, String.UTF8.ErrorMode.REPLACE));
}

/** The bytes of numbers, in place. */
function bytes<T extends ArrayBufferView>(values: T): Uint8Array {
  return Uint8Array.wrap(values.buffer, values.byteOffset, values.byteLength);
}

function int64sOf(data: Uint8Array): Int64Array {
  return Int64Array.wrap(data.buffer, data.byteOffset, data.length / 8);
}
