// The plugin without the component around it.

import { Batch, Field, Kind, Params, Schema } from "refrain";
import { plugin, Verdict, Window } from "refrain/drift";
import { column, expectNumber, expectText, refusal } from "refrain/testing";

import "../src/plugin";

export function a_mean_that_moved_by_two_deviations_has_drifted(): void {
  const input = new Schema([new Field("x", Kind.Float64, true)]);
  const fold = plugin().start(new Params('{"columns":["x"]}'), input);
  fold.updateWindow(Window.Reference, new Batch(3, [column([-1, 1, NaN])]));
  fold.updateWindow(Window.Current, new Batch(3, [column([2, 2, 2])]));
  const merged = plugin().start(new Params('{"columns":["x"]}'), input);
  merged.merge(fold.save());
  const score = merged.finish()[0];
  expectNumber(score.value, 2);
  expectNumber(score.threshold, 0.1);
  assert(score.verdict == Verdict.Drifted && score.nReference == 2 && score.nCurrent == 3);
  expectText(refusal(), "");
}
