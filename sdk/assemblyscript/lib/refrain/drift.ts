// Drift detectors: how far a current window has moved from a reference window.

import { Batch } from "./column";
import { Params } from "./params";
import { Schema } from "./schema";
import { Fold } from "./session";

/** What the detector will read, known before it sees a row. */
export class Description {
  constructor(
    /** Indices of the input columns that the fold is handed, in that order. */
    public reads: u32[],
    public mergeable: bool,
  ) {}
}

/** Which window some rows belong to. All reference rows come before the first current row. */
export enum Window {
  Reference,
  Current,
}

/** Three-valued: too few rows prove nothing. */
export enum Verdict {
  Drifted,
  Stable,
  Inconclusive,
}

/** One measure on one column. */
export class Score {
  constructor(
    public column: string,
    /** In `snake_case`: `psi`, `ks`, `jensen_shannon`. */
    public measure: string,
    /** The distance or statistic; NaN where the windows do not define it. */
    public value: f64,
    /** What `value` (or, for a test, `pValue`) was compared with, after correction. */
    public threshold: f64,
    public verdict: Verdict,
    /** Non-null rows in the reference window. */
    public nReference: u64,
    /** Non-null rows in the current window. */
    public nCurrent: u64,
    /** For a hypothesis test; NaN for none. */
    public pValue: f64 = NaN,
  ) {}
}

/** A fold over two windows: it has `updateWindow` where others have `update`. */
export abstract class Comparison extends Fold {
  /** Takes in the next rows of a window. */
  abstract updateWindow(window: Window, rows: Batch): void;

  /** The scores, by column in schema order, then by measure. */
  abstract finish(): Score[];
}

/** A drift detector. */
export abstract class Drift {
  /** Checks the parameters against the schema. */
  abstract describe(params: Params, input: Schema): Description;

  /** Begins the fold. `input` is the schema of the columns read. */
  abstract start(params: Params, input: Schema): Comparison;
}

let registered: Drift | null = null;

/** Makes `plugin` the component's drift detector. */
export function register(plugin: Drift): void {
  registered = plugin;
}

/** What was registered. */
export function plugin(): Drift {
  return registered!;
}
