// The mean absolute error.

import { Batch, Kind, Params, Reader, Schema, Writer } from "refrain";
import { Description, Evaluation, Evaluator, Metric, register } from "refrain/evaluator";

class AbsoluteError extends Evaluator {
  describe(params: Params, input: Schema): Description {
    // In this order the fold is handed them, wherever they stand in the input.
    const label = input.indexOfKind(params.text("label"), [Kind.Float64]);
    const name = params.textOr("prediction", "prediction");
    const prediction = input.indexOfKind(name, [Kind.Float64]);
    return new Description([label, prediction], true);
  }

  start(_params: Params, _input: Schema): Evaluation {
    return new Errors();
  }
}

/** The sum of the errors, of rows that have both a label and a prediction. */
class Errors extends Evaluation {
  private n: u64 = 0;
  private sum: f64 = 0;

  update(rows: Batch): void {
    const labels = rows.column(0), predictions = rows.column(1);
    const label = labels.float64s(), prediction = predictions.float64s();
    for (let row = 0; row < rows.rows; row++) {
      if (!labels.isValid(row) || !predictions.isValid(row)) continue;
      this.n += 1;
      this.sum += Math.abs(prediction[row] - label[row]);
    }
  }

  save(): Uint8Array {
    const writer = new Writer();
    writer.u64(this.n);
    writer.f64(this.sum);
    return writer.finish();
  }

  merge(saved: Uint8Array): void {
    const reader = new Reader(saved);
    this.n += reader.u64();
    this.sum += reader.f64();
    reader.end();
  }

  finish(): Metric[] {
    // Of no rows there is none: NaN says so.
    return [new Metric("mean_absolute_error", this.sum / <f64>this.n, this.n)];
  }
}

register(new AbsoluteError());
