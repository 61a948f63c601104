// The plugin without the component around it.

import { Batch, Column, Field, Kind, Params, Schema } from "refrain";
import { plugin, Verdict, Window } from "refrain/drift";
import { expectNumber, expectText, refusal } from "refrain/testing";

import "../src/plugin";

export function half_of_a_column_became_null(): void {
  const input = new Schema([new Field("x", Kind.Utf8, true)]);
  const params = new Params('{"columns":["x"],"threshold":0.5}');
  const fold = plugin().start(params, input), merged = plugin().start(params, input);
  fold.updateWindow(Window.Reference, new Batch(2, [Column.utf8(["a", "b"])]));
  fold.updateWindow(Window.Current, new Batch(2, [Column.utf8(["a", null])]));
  merged.merge(fold.save());
  const score = merged.finish()[0];
  expectNumber(score.value, 0.5);
  assert(score.verdict == Verdict.Drifted && score.nReference == 2 && score.nCurrent == 1);
  expectText(refusal(), "");
}
