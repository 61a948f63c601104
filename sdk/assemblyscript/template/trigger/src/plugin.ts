// Trains again when there are enough new rows.

import { Params, refuse } from "refrain";
import {
  Decision, Evidence, Fact, FactKind, register, Trigger, Verdict,
} from "refrain/trigger";

const NEW_ROWS = "rows.since_training";

class NewRows extends Trigger {
  describe(params: Params): string[] {
    params.integer("rows");
    return [NEW_ROWS];
  }

  decide(params: Params, facts: Fact[]): Decision {
    const bound = params.integer("rows");
    const rule = `${NEW_ROWS} >= ${bound}`;
    const fact = Fact.find(facts, NEW_ROWS);
    if (fact === null) {
      const detail = `${NEW_ROWS} is not known`;
      return one(rule, Verdict.Inconclusive, "nobody knows how many rows are new", detail);
    }
    if (fact.kind != FactKind.Integer) refuse.invalidInput(`${NEW_ROWS} is not a count`);
    const n = fact.integer, detail = `${NEW_ROWS} is ${n}`;
    if (n >= bound) return one(rule, Verdict.Fire, `${n} rows are new`, detail);
    return one(rule, Verdict.Hold, `only ${n} rows are new`, detail);
  }
}

/** A decision by one rule. */
function one(rule: string, verdict: Verdict, reason: string, detail: string): Decision {
  return new Decision(verdict, reason, [new Evidence(rule, verdict, detail)]);
}

register(new NewRows());
