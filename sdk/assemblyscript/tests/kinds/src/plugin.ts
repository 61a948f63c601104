// Copies every column, value by value: shows that all kinds cross the boundary both ways.

import { Batch, Column, Field, Kind, Params, refuse, Schema } from "refrain";
import { Description, Mapper, register, Transform } from "refrain/transform";

class Kinds extends Transform {
  describe(params: Params, input: Schema): Description {
    params.integerOr("refuse", 0);
    params.booleanOr("misread", false);
    const reads: u32[] = [];
    const copies: Field[] = [];
    for (let i = 0; i < input.fields.length; i++) {
      const field = input.fields[i];
      reads.push(i);
      copies.push(new Field(field.name + "_copy", field.kind, field.nullable, field.width));
    }
    return new Description(reads, Description.adding(input, copies), false, false);
  }

  apply(params: Params, input: Schema, _state: Uint8Array): Mapper {
    return new Copier(params.integerOr("refuse", 0), params.booleanOr("misread", false), input);
  }
}

class Copier extends Mapper {
  constructor(private refused: i64, private misread: bool, private input: Schema) {
    super();
  }

  map(rows: Batch): Column[] {
    if (this.refused != 0) refuse.other(<u32>this.refused, `refused with ${this.refused}`);
    if (this.misread) rows.column(0).float64s();
    const copies: Column[] = [];
    for (let i = 0; i < rows.columns.length; i++) {
      copies.push(copyOf(rows.column(i), this.input.fields[i]));
    }
    return copies;
  }
}

function copyOf(from: Column, field: Field): Column {
  switch (field.kind) {
    case Kind.Boolean:
      return withNulls(Column.boolean(from.booleans().slice()), from);
    case Kind.Int64:
      return withNulls(Column.int64(from.int64s().slice()), from);
    case Kind.Float64:
      return withNulls(Column.float64(from.float64s().slice()), from);
    case Kind.TimestampUs:
      return withNulls(Column.timestampUs(from.timestampsUs().slice()), from);
    case Kind.Vector:
      return withNulls(Column.vector(from.vectors().slice(), field.width), from);
    case Kind.Utf8:
      return copyOfTexts(from);
    default:
      return copyOfBinary(from);
  }
}

function withNulls(to: Column, from: Column): Column {
  for (let row = 0; row < from.rows; row++) {
    if (!from.isValid(row)) to.setNull(row);
  }
  return to;
}

function copyOfTexts(from: Column): Column {
  const values: (string | null)[] = [];
  for (let row = 0; row < from.rows; row++) {
    values.push(from.isValid(row) ? from.utf8At(row) : null);
  }
  return Column.utf8(values);
}

function copyOfBinary(from: Column): Column {
  const values: (Uint8Array | null)[] = [];
  for (let row = 0; row < from.rows; row++) {
    values.push(from.isValid(row) ? from.binaryAt(row) : null);
  }
  return Column.binary(values);
}

register(new Kinds());
