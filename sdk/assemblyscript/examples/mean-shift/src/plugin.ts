// How far the mean of each column has moved, in standard deviations of the reference.

import { Batch, Kind, Moments, Params, Reader, Schema, Writer } from "refrain";
import {
  Comparison, Description, Drift, register, Score, Verdict, Window,
} from "refrain/drift";

class MeanShift extends Drift {
  describe(params: Params, input: Schema): Description {
    const columns = params.someTexts("columns");
    params.numberOr("threshold", 0.1);
    return new Description(input.indicesOfKind(columns, [Kind.Float64]), true);
  }

  start(params: Params, input: Schema): Comparison {
    return new Means(params.numberOr("threshold", 0.1), input);
  }
}

/** Moments of the reference window, then of the current one; one of each a column. */
class Means extends Comparison {
  private moments: Moments[];

  constructor(private threshold: f64, private input: Schema) {
    super();
    this.moments = Moments.list(2 * input.fields.length);
  }

  updateWindow(window: Window, rows: Batch): void {
    const n = this.input.fields.length;
    const first = window == Window.Current ? n : 0;
    for (let i = 0; i < n; i++) this.moments[first + i].update(rows.column(i));
  }

  save(): Uint8Array {
    const writer = new Writer();
    for (let i = 0; i < this.moments.length; i++) this.moments[i].write(writer);
    return writer.finish();
  }

  merge(saved: Uint8Array): void {
    const reader = new Reader(saved);
    for (let i = 0; i < this.moments.length; i++) this.moments[i].merge(Moments.read(reader));
    reader.end();
  }

  finish(): Score[] {
    const n = this.input.fields.length;
    const scores: Score[] = [];
    for (let i = 0; i < n; i++) {
      const reference = this.moments[i], current = this.moments[n + i];
      const shift = Math.abs(current.mean - reference.mean) / reference.deviationOrOne();
      const verdict = shift >= this.threshold ? Verdict.Drifted : Verdict.Stable;
      const name = this.input.fields[i].name;
      scores.push(
        new Score(name, "mean_shift", shift, this.threshold, verdict, reference.n, current.n),
      );
    }
    return scores;
  }
}

register(new MeanShift());
