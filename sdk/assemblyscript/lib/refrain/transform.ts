// Transforms: new columns from columns, row by row, after an optional fit.

import { refuse } from "./failure";
import { Params } from "./params";
import { Field, Schema } from "./schema";
import { Fold, Mapper } from "./session";

export { Mapper } from "./session";

/** Where a column of the output comes from. */
export class OutputColumn {
  private constructor(
    /** The input column at this index, untouched; -1 for a computed column. */
    public kept: i32,
    /** A column that `map` computes, in the order in which these stand. */
    public computed: Field | null,
  ) {}

  static keep(index: i32): OutputColumn {
    return new OutputColumn(index, null);
  }

  static compute(field: Field): OutputColumn {
    return new OutputColumn(-1, field);
  }
}

/** What the transform will do, known before it sees a row. */
export class Description {
  constructor(
    /** Indices of the input columns that `fit` and `apply` are handed, in that order. */
    public reads: u32[],
    /** The output's columns in order. */
    public outputs: OutputColumn[],
    public needsFit: bool,
    public mergeable: bool,
  ) {}

  /**
   * Keeps all columns of `input` in order, but replaces those at `reads[i]` by `computed[i]`.
   * `reads` is in schema order, so `map` answers in the order in which it reads.
   */
  static replacing(input: Schema, reads: u32[], computed: Field[]): OutputColumn[] {
    const outputs = Description.adding(input, []);
    for (let i = 0; i < computed.length; i++) {
      outputs[reads[i]] = OutputColumn.compute(computed[i]);
    }
    return outputs;
  }

  /** Keeps all columns of `input` in order, then adds `computed`. */
  static adding(input: Schema, computed: Field[]): OutputColumn[] {
    const outputs: OutputColumn[] = [];
    for (let i = 0; i < input.fields.length; i++) outputs.push(OutputColumn.keep(i));
    for (let i = 0; i < computed.length; i++) outputs.push(OutputColumn.compute(computed[i]));
    return outputs;
  }
}

/** A fold that fits a transform. */
export abstract class Fit extends Fold {
  /** The fitted state, for `apply`. */
  abstract finish(): Uint8Array;
}

/** A transform. */
export abstract class Transform {
  /** Checks the parameters against the schema, and says what the transform will do. */
  abstract describe(params: Params, input: Schema): Description;

  /** Begins a fit. `input` is the schema of the columns read. */
  fit(_params: Params, _input: Schema, _seed: u64): Fit | null {
    refuse.failed("this transform needs no fit");
    return null;
  }

  /** Prepares to compute. `state` is what the fit ended in, or empty. */
  abstract apply(params: Params, input: Schema, state: Uint8Array): Mapper;
}

let registered: Transform | null = null;

/** Makes `plugin` the component's transform. */
export function register(plugin: Transform): void {
  registered = plugin;
}

/** What was registered. */
export function plugin(): Transform {
  return registered!;
}
