// The plugin without the component around it.

import { Params } from "refrain";
import { expectText, refusal } from "refrain/testing";
import { Fact, FactKind, plugin, Verdict } from "refrain/trigger";

import "../src/plugin";

function expectVerdict(n: i64, verdict: Verdict, detail: string): void {
  const fact = new Fact("rows.since_training", FactKind.Integer);
  fact.integer = n;
  const facts = n < 0 ? new Array<Fact>() : [fact];
  const found = plugin().decide(new Params('{"rows":100}'), facts);
  assert(found.verdict == verdict);
  expectText(found.evidence[0].detail, detail);
  expectText(refusal(), "");
}

export function fires_from_the_bound_on_and_says_what_it_saw(): void {
  expectVerdict(100, Verdict.Fire, "rows.since_training is 100");
  expectVerdict(99, Verdict.Hold, "rows.since_training is 99");
  expectVerdict(-1, Verdict.Inconclusive, "rows.since_training is not known");
}
