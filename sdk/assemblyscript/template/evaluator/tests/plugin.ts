// The plugin without the component around it.

import { Batch, Field, Kind, Params, Schema } from "refrain";
import { plugin } from "refrain/evaluator";
import { column, expectNumber, expectText, refusal } from "refrain/testing";

import "../src/plugin";

export function rows_without_a_label_do_not_count(): void {
  const input = new Schema([
    new Field("y", Kind.Float64, true), new Field("prediction", Kind.Float64),
  ]);
  const params = new Params('{"label":"y"}');
  const fold = plugin().start(params, input), merged = plugin().start(params, input);
  fold.update(new Batch(3, [column([2, NaN, 0.5]), column([1, 1, 1])]));
  merged.merge(fold.save());
  const metric = merged.finish()[0];
  expectNumber(metric.value, 0.75);
  assert(metric.nRows == 2);
  expectText(refusal(), "");
}
