// The two shapes that carry every role.

import { Batch, Column } from "./column";
import { refuse } from "./failure";

/**
 * Rows in, something out at the end: a role's own class says what. The host runs a fold in parts,
 * one instance a group of rows, and merges what they saved into a fresh one, in row order.
 */
export abstract class Fold {
  /** Takes in the next rows. */
  update(_rows: Batch): void {
    unreachable();
  }

  /** The fold so far, for `merge` in another instance. */
  save(): Uint8Array {
    doesNotMerge();
    return new Uint8Array(0);
  }

  /** Takes in what another instance saved. */
  merge(_saved: Uint8Array): void {
    doesNotMerge();
  }
}

/** Rows in, as many rows out, none depending on another. */
export abstract class Mapper {
  /** The columns of these rows, in the order of the description. */
  abstract map(rows: Batch): Column[];
}

function doesNotMerge(): void {
  refuse.failed("this fold does not merge: its description says `mergeable: false`");
}

/** A host that calls out of order: its mistake, not the user's. */
export function wasNotStarted(call: string): void {
  refuse.failed(`\`${call}\` was called before it was started`);
}
