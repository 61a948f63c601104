// Trigger policies: facts in, a decision to retrain or not out, with its reason.

import { Params } from "./params";

/** What a fact says. */
export enum FactKind {
  /** A count. */
  Integer,
  /** A measure. */
  Number,
  /** A yes or a no. */
  Boolean,
  /** Microseconds since the epoch, UTC. */
  TimestampUs,
  /** Seconds between two times. */
  Seconds,
  /** Anything else. */
  Text,
}

/** One thing that the host knows. A fact that the host cannot know now is not in the list. */
export class Fact {
  /** Of an integer or a timestamp. */
  integer: i64 = 0;
  /** Of a number or of seconds. */
  number: f64 = 0;
  boolean: bool = false;
  text: string = "";

  constructor(
    /** Dotted: `rows.since_training`, `drift.share`, `metric.roc_auc`. */
    public name: string,
    public kind: FactKind,
  ) {}

  /** The fact `name`, or null if it is not known. */
  static find(facts: Fact[], name: string): Fact | null {
    for (let i = 0; i < facts.length; i++) {
      if (facts[i].name == name) return facts[i];
    }
    return null;
  }
}

/** Three-valued: what is not known decides nothing. */
export enum Verdict {
  Fire,
  Hold,
  Inconclusive,
}

/** What one rule made of the facts. */
export class Evidence {
  constructor(
    /** The rule, as a person would write it. */
    public rule: string,
    public verdict: Verdict,
    /** What it saw: the fact's value beside the bound. */
    public detail: string,
  ) {}
}

/** The answer. */
export class Decision {
  constructor(
    public verdict: Verdict,
    /** One sentence. */
    public reason: string,
    /** Every rule that was weighed, in the order of the parameters. */
    public evidence: Evidence[],
  ) {}
}

/** A trigger policy. */
export abstract class Trigger {
  /** Checks the parameters; the names of the facts that the policy looks at. */
  abstract describe(params: Params): string[];

  /** Weighs the facts. */
  abstract decide(params: Params, facts: Fact[]): Decision;
}

let registered: Trigger | null = null;

/** Makes `plugin` the component's trigger. */
export function register(plugin: Trigger): void {
  registered = plugin;
}

/** What was registered. */
export function plugin(): Trigger {
  return registered!;
}
