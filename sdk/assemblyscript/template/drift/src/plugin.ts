// Drift by how far the share of nulls moved.

import { Batch, Kind, Params, Reader, Schema, Writer } from "refrain";
import {
  Comparison, Description, Drift, register, Score, Verdict, Window,
} from "refrain/drift";

const ANY: Kind[] = [
  Kind.Boolean, Kind.Int64, Kind.Float64, Kind.TimestampUs, Kind.Utf8, Kind.Binary, Kind.Vector,
];

class NullShare extends Drift {
  describe(params: Params, input: Schema): Description {
    const columns = params.someTexts("columns");
    params.numberOr("threshold", 0.1);
    return new Description(input.indicesOfKind(columns, ANY), true);
  }

  start(params: Params, input: Schema): Comparison {
    return new Counts(params.numberOr("threshold", 0.1), input);
  }
}

/** Rows and nulls of each column, of the reference window and then of the current one. */
class Counts extends Comparison {
  private rows: StaticArray<u64>;
  private nulls: StaticArray<u64>;

  constructor(private threshold: f64, private input: Schema) {
    super();
    this.rows = new StaticArray<u64>(2 * input.fields.length);
    this.nulls = new StaticArray<u64>(2 * input.fields.length);
  }

  updateWindow(window: Window, rows: Batch): void {
    const n = this.input.fields.length;
    const first = window == Window.Current ? n : 0;
    for (let i = 0; i < n; i++) {
      const column = rows.column(i);
      this.rows[first + i] += rows.rows;
      for (let row = 0; row < rows.rows; row++) {
        if (!column.isValid(row)) this.nulls[first + i] += 1;
      }
    }
  }

  save(): Uint8Array {
    const writer = new Writer();
    for (let i = 0; i < this.rows.length; i++) {
      writer.u64(this.rows[i]);
      writer.u64(this.nulls[i]);
    }
    return writer.finish();
  }

  merge(saved: Uint8Array): void {
    const reader = new Reader(saved);
    for (let i = 0; i < this.rows.length; i++) {
      this.rows[i] += reader.u64();
      this.nulls[i] += reader.u64();
    }
    reader.end();
  }

  finish(): Score[] {
    const n = this.input.fields.length;
    const scores: Score[] = [];
    for (let i = 0; i < n; i++) {
      const nReference = this.rows[i] - this.nulls[i];
      const nCurrent = this.rows[n + i] - this.nulls[n + i];
      // Of no rows there is no share: NaN says so.
      const value = Math.abs(this.share(n + i) - this.share(i));
      const name = this.input.fields[i].name, verdict = this.verdict(value);
      scores.push(
        new Score(name, "null_share", value, this.threshold, verdict, nReference, nCurrent),
      );
    }
    return scores;
  }

  private share(i: i32): f64 {
    return <f64>this.nulls[i] / <f64>this.rows[i];
  }

  private verdict(value: f64): Verdict {
    if (isNaN(value)) return Verdict.Inconclusive;
    return value >= this.threshold ? Verdict.Drifted : Verdict.Stable;
  }
}

register(new NullShare());
