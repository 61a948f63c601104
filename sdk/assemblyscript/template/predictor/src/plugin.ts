// Multiplies a column by the model, which is one number.

import { Batch, Column, Field, Kind, Params, Reader, Schema } from "refrain";
import { Description, Mapper, Predictor, register } from "refrain/predictor";

class Scale extends Predictor {
  describe(params: Params, input: Schema, model: Uint8Array): Description {
    load(model);
    const feature = input.indexOfKind(params.text("feature"), [Kind.Float64]);
    const name = params.textOr("prediction", "prediction");
    const prediction = new Field(name, Kind.Float64, input.field(feature).nullable);
    return new Description([feature], new Schema([prediction]));
  }

  model(_params: Params, _input: Schema, model: Uint8Array): Mapper {
    return new Scaling(load(model));
  }
}

/** What predicts, in place. */
class Scaling extends Mapper {
  constructor(private weight: f64) {
    super();
  }

  map(rows: Batch): Column[] {
    const column = rows.column(0), values = column.float64s();
    for (let row = 0; row < values.length; row++) values[row] *= this.weight;
    return [Column.float64(values).withNullsOf(column)];
  }
}

/** The model: one number. */
function load(model: Uint8Array): f64 {
  const reader = new Reader(model);
  const weight = reader.f64();
  reader.end();
  return weight;
}

register(new Scale());
