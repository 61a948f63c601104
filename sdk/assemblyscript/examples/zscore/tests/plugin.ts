// The plugin without the component around it.

import { Field, Kind, Params, Schema, Batch } from "refrain";
import { column, expectNumber, expectText, refusal } from "refrain/testing";
import { plugin } from "refrain/transform";

import "../src/plugin";

const INPUT = new Schema([new Field("x", Kind.Float64, true), new Field("id", Kind.Int64)]);

function params(): Params {
  return new Params('{"columns":["x"]}');
}

/** What a fit of these rows saves. */
function fitted(values: f64[]): Uint8Array {
  const fit = plugin().fit(params(), INPUT.select([0]), 0)!;
  fit.update(new Batch(values.length, [column(values)]));
  return fit.save();
}

export function whole_and_in_parts_give_the_same(): void {
  const values: f64[] = [1, NaN, 3];
  const merged = plugin().fit(params(), INPUT.select([0]), 0)!;
  for (let row = 0; row < values.length; row++) merged.merge(fitted([values[row]]));
  const states = [fitted(values), merged.finish()];
  for (let i = 0; i < states.length; i++) {
    const mapper = plugin().apply(params(), INPUT.select([0]), states[i]);
    const out = mapper.map(new Batch(3, [column(values)]))[0];
    const found = out.float64s();
    expectNumber(found[0], -1);
    expectNumber(found[1], 0);
    expectNumber(found[2], 1);
    assert(out.isValid(0) && !out.isValid(1));
  }
  expectText(refusal(), "");
}

function expectRefusal(json: string, expected: string): void {
  const params = new Params(json);
  plugin().describe(params, INPUT);
  const found = refusal(), failure = params.failure(true);
  expectText(failure === null ? found : failure.message, expected);
}

export function refusals_name_what_is_wrong(): void {
  expectRefusal('{"columns":[]}', "parameter `columns` is empty");
  expectRefusal("{}", "missing parameter `columns`");
  expectRefusal('{"columns":["x"],"x":1}', "unknown parameter `x`; known: `columns`");
  expectRefusal('{"columns":["y"]}', "no column `y` in the input; there are `x`, `id`");
  expectRefusal('{"columns":["id"]}', "column `id` is int64, and must be float64");
  expectRefusal('{"columns":["x","x"]}', "column `x` is named twice");
}
