// Subtracts the mean and divides by the population standard deviation, column by column.

import { Batch, Column, Kind, Moments, Params, Reader, Schema, Writer } from "refrain";
import { Description, Fit, Mapper, register, Transform } from "refrain/transform";

class ZScore extends Transform {
  describe(params: Params, input: Schema): Description {
    const reads = input.indicesOfKind(params.someTexts("columns"), [Kind.Float64]);
    const computed = input.select(reads).fields;
    return new Description(reads, Description.replacing(input, reads, computed), true, true);
  }

  fit(_params: Params, input: Schema, _seed: u64): Fit {
    return new Fitting(input.fields.length);
  }

  apply(_params: Params, input: Schema, state: Uint8Array): Mapper {
    return new Scaling(load(state, input.fields.length));
  }
}

/** One set of moments a column. */
class Fitting extends Fit {
  private moments: Moments[];

  constructor(n: i32) {
    super();
    this.moments = Moments.list(n);
  }

  update(rows: Batch): void {
    for (let i = 0; i < this.moments.length; i++) this.moments[i].update(rows.column(i));
  }

  save(): Uint8Array {
    const writer = new Writer();
    for (let i = 0; i < this.moments.length; i++) this.moments[i].write(writer);
    return writer.finish();
  }

  merge(saved: Uint8Array): void {
    const others = load(saved, this.moments.length);
    for (let i = 0; i < others.length; i++) this.moments[i].merge(others[i]);
  }

  finish(): Uint8Array {
    return this.save();
  }
}

/** What computes columns, in place. */
class Scaling extends Mapper {
  constructor(private moments: Moments[]) {
    super();
  }

  map(rows: Batch): Column[] {
    const out: Column[] = [];
    for (let i = 0; i < this.moments.length; i++) {
      const column = rows.column(i), values = column.float64s();
      const mean = this.moments[i].mean, deviation = this.moments[i].deviationOrOne();
      for (let row = 0; row < values.length; row++) values[row] = (values[row] - mean) / deviation;
      out.push(Column.float64(values).withNullsOf(column));
    }
    return out;
  }
}

/** What `save` wrote. */
function load(bytes: Uint8Array, nColumns: i32): Moments[] {
  const reader = new Reader(bytes);
  const moments: Moments[] = [];
  for (let i = 0; i < nColumns; i++) moments.push(Moments.read(reader));
  reader.end();
  return moments;
}

register(new ZScore());
