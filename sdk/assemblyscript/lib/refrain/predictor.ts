// Predictors: predictions from a model that was trained elsewhere.

import { Params } from "./params";
import { Schema } from "./schema";
import { Mapper } from "./session";

export { Mapper } from "./session";

/** What the predictor will do, known before it sees a row. */
export class Description {
  constructor(
    /** Indices of the input columns that `model` is handed, in that order. */
    public reads: u32[],
    /** The columns that `model` returns. */
    public prediction: Schema,
  ) {}
}

/** A predictor. */
export abstract class Predictor {
  /** Checks the model and the parameters against the schema. */
  abstract describe(params: Params, input: Schema, model: Uint8Array): Description;

  /** Loads a model. `input` is the schema of the columns read. */
  abstract model(params: Params, input: Schema, model: Uint8Array): Mapper;
}

let registered: Predictor | null = null;

/** Makes `plugin` the component's predictor. */
export function register(plugin: Predictor): void {
  registered = plugin;
}

/** What was registered. */
export function plugin(): Predictor {
  return registered!;
}
