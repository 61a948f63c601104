// The plugin without the component around it.

import { Batch, Field, Kind, Params, Schema, Writer } from "refrain";
import { plugin } from "refrain/predictor";
import { column, expectNumber, expectText, refusal } from "refrain/testing";

import "../src/plugin";

export function multiplies_and_leaves_nulls_alone(): void {
  const writer = new Writer();
  writer.f64(2.5);
  const input = new Schema([new Field("x", Kind.Float64, true)]);
  const mapper = plugin().model(new Params('{"feature":"x"}'), input, writer.finish());
  const out = mapper.map(new Batch(2, [column([2, NaN])]))[0];
  expectNumber(out.float64s()[0], 5);
  assert(out.isValid(0) && !out.isValid(1));
  expectText(refusal(), "");
}
