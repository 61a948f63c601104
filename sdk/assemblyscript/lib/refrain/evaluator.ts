// Evaluators: labels and predictions in, metrics out, overall and by slice.

import { Params } from "./params";
import { Schema } from "./schema";
import { Fold } from "./session";

/** What the evaluator will read, known before it sees a row. */
export class Description {
  constructor(
    /** Indices of the input columns that the fold is handed, in that order. */
    public reads: u32[],
    public mergeable: bool,
  ) {}
}

/** A name and a value that together narrow what a metric is about. */
export class Tag {
  constructor(public name: string, public value: string) {}
}

/** One number. */
export class Metric {
  constructor(
    /** The field's usual name in `snake_case`. */
    public name: string,
    /** NaN where the rows do not define it. */
    public value: f64,
    /** The number of rows it was computed on. */
    public nRows: u64,
    /** The rows that it was computed on: empty for all, else one tag a slicing column. */
    public slice: Tag[] = [],
    /** Which part of the metric it is; empty for a metric that is one number. */
    public part: Tag[] = [],
  ) {}
}

/** A fold that evaluates. */
export abstract class Evaluation extends Fold {
  /** The metrics, in an order that depends on nothing but the rows and the parameters. */
  abstract finish(): Metric[];
}

/** An evaluator. */
export abstract class Evaluator {
  /** Checks the parameters against the schema. */
  abstract describe(params: Params, input: Schema): Description;

  /** Begins the fold. `input` is the schema of the columns read. */
  abstract start(params: Params, input: Schema): Evaluation;
}

let registered: Evaluator | null = null;

/** Makes `plugin` the component's evaluator. */
export function register(plugin: Evaluator): void {
  registered = plugin;
}

/** What was registered. */
export function plugin(): Evaluator {
  return registered!;
}
