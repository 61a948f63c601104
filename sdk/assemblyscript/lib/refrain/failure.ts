// Refusals. AssemblyScript has no exceptions, so a refusal is remembered, the call goes on with
// zeros and empty lists, and the host gets the first refusal instead of the answer.

export enum FailureKind {
  InvalidParams,
  InvalidInput,
  Failed,
  Other,
}

/** The contract's `error`: whose mistake it is, and a text for that person. */
export class Failure {
  constructor(public kind: FailureKind, public message: string, public code: u32 = 0) {}
}

let first: Failure | null = null;

function remember(failure: Failure): void {
  // What follows a refusal may be no more than its consequence.
  if (first === null) first = failure;
}

/** Whether this call has refused. Loops over zeros do no harm, but may be left early. */
export function hasFailed(): bool {
  return first !== null;
}

/** The first refusal since the last time that somebody asked. */
export function takeFailure(): Failure | null {
  const failure = first;
  first = null;
  return failure;
}

export namespace refuse {
  /** The parameters are wrong. Name the parameter and say what it may be. */
  export function invalidParams(message: string): void {
    remember(new Failure(FailureKind.InvalidParams, message));
  }

  /** The parameters are right, the data is not. Name the column and say what it lacks. */
  export function invalidInput(message: string): void {
    remember(new Failure(FailureKind.InvalidInput, message));
  }

  /** Parameters and data are right, and still it did not work. */
  export function failed(message: string): void {
    remember(new Failure(FailureKind.Failed, message));
  }

  /** An error of the plugin's own numbering. */
  export function other(code: u32, message: string): void {
    remember(new Failure(FailureKind.Other, message, code));
  }
}
