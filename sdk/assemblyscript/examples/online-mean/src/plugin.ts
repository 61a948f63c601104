// Predicts the mean of the label for every row: the trainer that every other one has to beat.

import { Batch, Column, Field, Kind, Moments, Params, Reader, refuse, Schema, Writer } from "refrain";
import { Description, Mapper, Measure, Pass, PassEnd, register, Trainer } from "refrain/trainer";

class OnlineMean extends Trainer {
  describe(params: Params, input: Schema): Description {
    const label = input.indexOfKind(params.text("label"), [Kind.Float64]);
    const prediction = new Field(params.textOr("prediction", "prediction"), Kind.Float64);
    // Only the number of rows matters, and some column has to carry it.
    const other: u32 = label == 0 ? 1 : 0;
    const predictionReads: u32[] = input.fields.length > 1 ? [other] : [];
    return new Description([label], predictionReads, new Schema([prediction]), true);
  }

  pass(_params: Params, _input: Schema, _seed: u64, state: Uint8Array): Pass {
    if (state.length != 0) refuse.failed("there is no second pass");
    return new Mean();
  }

  /** The model: the mean, and nothing else. */
  finish(_params: Params, _input: Schema, state: Uint8Array): Uint8Array {
    const writer = new Writer();
    writer.f64(load(state).mean);
    return writer.finish();
  }

  model(_input: Schema, model: Uint8Array): Mapper {
    const reader = new Reader(model);
    const mean = reader.f64();
    reader.end();
    return new Constant(mean);
  }
}

/** One pass is enough. */
class Mean extends Pass {
  private moments: Moments = new Moments();

  update(rows: Batch): void {
    this.moments.update(rows.column(0));
  }

  save(): Uint8Array {
    const writer = new Writer();
    this.moments.write(writer);
    return writer.finish();
  }

  merge(saved: Uint8Array): void {
    this.moments.merge(load(saved));
  }

  finish(): PassEnd {
    return new PassEnd(this.save(), true, [new Measure("mean", this.moments.mean)]);
  }
}

/** What predicts. */
class Constant extends Mapper {
  constructor(private mean: f64) {
    super();
  }

  map(rows: Batch): Column[] {
    return [Column.float64(new Float64Array(rows.rows).fill(this.mean))];
  }
}

/** What `save` wrote. */
function load(bytes: Uint8Array): Moments {
  const reader = new Reader(bytes);
  const moments = Moments.read(reader);
  reader.end();
  return moments;
}

register(new OnlineMean());
