// The plugin without the component around it.

import { Batch, Field, Kind, Params, Schema } from "refrain";
import { column, expectNumber, expectText, refusal } from "refrain/testing";
import { plugin } from "refrain/trainer";

import "../src/plugin";

export function predicts_the_mean_of_the_labels_that_are_there(): void {
  const input = new Schema([new Field("y", Kind.Float64, true)]);
  const params = new Params('{"label":"y"}');
  const pass = plugin().pass(params, input, 0, new Uint8Array(0));
  pass.update(new Batch(3, [column([1, NaN, 3])]));
  const end = pass.finish();
  assert(end.done && end.measures.length == 1);
  expectNumber(end.measures[0].value, 2);
  const mapper = plugin().model(new Schema(), plugin().finish(params, input, end.state));
  const found = mapper.map(new Batch(2, []))[0].float64s();
  expectNumber(found[0], 2);
  expectNumber(found[1], 2);
  expectText(refusal(), "");
}
