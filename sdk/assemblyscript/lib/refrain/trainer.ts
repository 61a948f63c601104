// Trainers: rows in, a model out, and predictions from that model.

import { Params } from "./params";
import { Schema } from "./schema";
import { Fold, Mapper } from "./session";

export { Mapper } from "./session";

/** What the trainer will do, known before it sees a row. */
export class Description {
  constructor(
    /** Indices of the input columns that a pass is handed, in that order. */
    public trainingReads: u32[],
    /** Indices of the input columns that `model` is handed. A label is not among them. */
    public predictionReads: u32[],
    /** The columns that `model` returns. */
    public prediction: Schema,
    public mergeable: bool,
  ) {}
}

/** A number worth watching: loss, gradient norm, trees grown. */
export class Measure {
  constructor(public name: string, public value: f64) {}
}

/** The end of a pass. */
export class PassEnd {
  constructor(
    /** What the next pass, or `finish`, starts from. */
    public state: Uint8Array,
    /** Whether training has ended. */
    public done: bool,
    /** For people. */
    public measures: Measure[] = [],
  ) {}
}

/** One pass over all rows. */
export abstract class Pass extends Fold {
  /** Ends the pass. */
  abstract finish(): PassEnd;
}

/** A trainer. */
export abstract class Trainer {
  /** Checks the parameters against the schema, and says what the trainer will do. */
  abstract describe(params: Params, input: Schema): Description;

  /** Begins a pass. `state` is empty on the first, then what the pass before it ended in. */
  abstract pass(params: Params, input: Schema, seed: u64, state: Uint8Array): Pass;

  /** The model, from the state of the last pass. */
  abstract finish(params: Params, input: Schema, state: Uint8Array): Uint8Array;

  /** Loads a model. `input` is the schema of the prediction columns. */
  abstract model(input: Schema, model: Uint8Array): Mapper;
}

let registered: Trainer | null = null;

/** Makes `plugin` the component's trainer. */
export function register(plugin: Trainer): void {
  registered = plugin;
}

/** What was registered. */
export function plugin(): Trainer {
  return registered!;
}
